/* SPDX-License-Identifier: ISC */
/*
 * Bytes of a known size that can be read at any offset: a file or memory.
 * The readers of file formats work on one of these, so that they need no
 * more memory than what they look at, and tests can feed them bytes.
 */
#ifndef CAU_BYTESRC_H
#define CAU_BYTESRC_H

#include "cau.h"

struct bytesrc {
	int (*read)(
	    const struct bytesrc *s, uint64_t off, void *out, size_t len);
	uint64_t size;
	int fd;
	const unsigned char *data;
};

/* The regular file behind fd, which stays the caller's. Its offset is
 * neither used nor moved. */
int bytesrc_fd(struct bytesrc *s, int fd, struct err *e) CAU_MUSTCHECK;
/* len bytes at data, which must outlive s. */
void bytesrc_memory(struct bytesrc *s, const void *data, size_t len);

/* Reads exactly len bytes at off; fewer is an error. */
int bytesrc_read(const struct bytesrc *s, uint64_t off, void *out, size_t len,
    struct err *e) CAU_MUSTCHECK;

#endif
