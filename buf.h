/* SPDX-License-Identifier: ISC */
/*
 * A byte string that grows. data is never NULL and data[len] is always
 * NUL, so an empty buf reads as "". Holds any bytes, NUL included.
 */
#ifndef CAU_BUF_H
#define CAU_BUF_H

#include "cau.h"

struct buf {
	char *data;
	size_t len;
	size_t cap;
};

extern char buf_empty[];
#define BUF_INIT                \
	{                       \
		buf_empty, 0, 0 \
	}

void buf_init(struct buf *b);
/* Frees the bytes; the buf is empty and usable again. */
void buf_release(struct buf *b);
/* Keeps the memory, drops the contents. */
void buf_reset(struct buf *b);
void buf_add(struct buf *b, const void *data, size_t len);
void buf_addstr(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) CAU_PRINTF(2, 3);
/* Drops the first n bytes (n <= len). */
void buf_consume(struct buf *b, size_t n);
/* Room for extra more bytes behind len; returns where they go. The caller
 * adds what it wrote to len and sets the new NUL by buf_setlen. */
char *buf_reserve(struct buf *b, size_t extra);
void buf_setlen(struct buf *b, size_t len);
/* Gives the NUL-terminated string to the caller, who frees it. */
char *buf_detach(struct buf *b);

#endif
