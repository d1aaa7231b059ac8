/* SPDX-License-Identifier: ISC */
/* A byte string that grows. */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Shared by all empty bufs: always "", never written to. */
char buf_empty[1];

void
buf_init(struct buf *b)
{
	b->data = buf_empty;
	b->len = 0;
	b->cap = 0;
}

void
buf_release(struct buf *b)
{
	if (b->cap != 0)
		free(b->data);
	buf_init(b);
}

void
buf_setlen(struct buf *b, size_t len)
{
	b->len = len;
	if (b->cap != 0)
		b->data[len] = '\0';
}

void
buf_reset(struct buf *b)
{
	buf_setlen(b, 0);
}

char *
buf_reserve(struct buf *b, size_t extra)
{
	size_t need, cap = b->cap;

	if (extra > SIZE_MAX / 2 || b->len > SIZE_MAX / 4)
		return xmalloc(SIZE_MAX);
	need = b->len + extra + 1;
	if (need > cap) {
		cap = cap == 0 ? 64 : cap;
		while (cap < need)
			cap *= 2;
		b->data = xreallocarray(b->cap == 0 ? NULL : b->data, cap, 1);
		b->cap = cap;
		b->data[b->len] = '\0';
	}
	return b->data + b->len;
}

void
buf_add(struct buf *b, const void *data, size_t len)
{
	if (len == 0)
		return;
	memcpy(buf_reserve(b, len), data, len);
	buf_setlen(b, b->len + len);
}

void
buf_addstr(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n <= 0)
		return;
	(void)buf_reserve(b, (size_t)n);
	va_start(ap, fmt);
	(void)vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf_setlen(b, b->len + (size_t)n);
}

void
buf_consume(struct buf *b, size_t n)
{
	if (n == 0)
		return;
	memmove(b->data, b->data + n, b->len - n);
	buf_setlen(b, b->len - n);
}

char *
buf_detach(struct buf *b)
{
	char *s = b->cap == 0 ? xstrdup("") : b->data;

	buf_init(b);
	return s;
}
