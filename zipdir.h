/* SPDX-License-Identifier: ISC */
/*
 * The directory at the end of a .zip: names, where the members start, and
 * the comment. Nothing is unpacked; input is hostile.
 */
#ifndef CAU_ZIPDIR_H
#define CAU_ZIPDIR_H

#include "arena.h"
#include "bytesrc.h"

#define ZIPDIR_NAME_SIZE 256

struct zipdir {
	const struct bytesrc *src;
	uint64_t at; /* the next entry */
	uint64_t end;
	char name[ZIPDIR_NAME_SIZE]; /* the last one, cut to fit */
	uint64_t off;		     /* of its local header */
	const char *comment;
};

/* Finds the directory; the comment lives in the arena. */
int zipdir_open(struct zipdir *z, const struct bytesrc *src, struct arena *a,
    struct err *e) CAU_MUSTCHECK;

/* 1 with name and off of the next member, 0 behind the last, -1. */
int zipdir_next(struct zipdir *z, struct err *e) CAU_MUSTCHECK;

#endif
