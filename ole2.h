/* SPDX-License-Identifier: ISC */
/*
 * OLE2 compound files ([MS-CFB]): the streams in the root storage. Reads
 * only the sectors it needs, so a large file costs little memory; input is
 * hostile.
 */
#ifndef CAU_OLE2_H
#define CAU_OLE2_H

#include "buf.h"
#include "bytesrc.h"

#define OLE2_NAME_MAX 31

struct ole2_stream {
	uint16_t name[OLE2_NAME_MAX];
	size_t name_len; /* UTF-16 units */
	uint32_t start;
	uint64_t size;
};

struct ole2 {
	const struct bytesrc *src;
	size_t sector_size;
	uint32_t nsectors; /* whole sectors that the file holds */
	uint32_t *fat;	   /* where the sectors of the FAT are */
	uint32_t nfat;
	unsigned char *cache; /* one sector of the FAT */
	uint32_t cached;
	/* The mini stream: its sectors, and the chains within. */
	uint32_t *mini;
	size_t nmini;
	uint32_t *minifat;
	size_t nminifat;
	unsigned char clsid[16]; /* of the root storage, as in the file */
	struct ole2_stream *streams;
	size_t nstreams;
};

/* Reads the directory. src is used until ole2_close, which is due after a
 * failure too. */
int ole2_open(
    struct ole2 *o, const struct bytesrc *src, struct err *e) CAU_MUSTCHECK;
void ole2_close(struct ole2 *o);

/* Whether the file holds every sector that its tables speak of: -1 when it
 * is cut off. */
int ole2_complete(struct ole2 *o, struct err *e) CAU_MUSTCHECK;

/* Appends the contents of a stream; more than max bytes is an error. */
int ole2_read(struct ole2 *o, const struct ole2_stream *s, size_t max,
    struct buf *out, struct err *e) CAU_MUSTCHECK;

#endif
