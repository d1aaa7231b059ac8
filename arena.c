/* SPDX-License-Identifier: ISC */
/* Memory with one lifetime. */
#include "arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In sanitizer builds every allocation is a block of its own, or an
 * overflow from one into the next would go unseen. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define BLOCK_SIZE 0
#else
#define BLOCK_SIZE 65536
#endif
#define FIRST_SIZE 1024

struct arena_block {
	struct arena_block *next;
	size_t size;
	alignas(max_align_t) char data[];
};

void *
arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *b = a->blocks;
	size_t align = alignof(max_align_t), room;
	void *p;

	if (size > SIZE_MAX / 4)
		return xmalloc(SIZE_MAX);
	size = size == 0 ? align : (size + align - 1) / align * align;
	if (b == NULL || b->size - a->used < size) {
		/* Small ones stay small. */
		room = b == NULL ? FIRST_SIZE : 2 * b->size;
		if (room > BLOCK_SIZE)
			room = BLOCK_SIZE;
		if (room < size)
			room = size;
		b = xcalloc(1, sizeof(*b) + room);
		b->size = room;
		b->next = a->blocks;
		a->blocks = b;
		a->used = 0;
	}
	p = b->data + a->used;
	a->used += size;
	return p;
}

char *
arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *p = arena_alloc(a, len + 1);

	memcpy(p, s, len);
	return p;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return arena_strdup(a, "");
	p = arena_alloc(a, (size_t)n + 1);
	va_start(ap, fmt);
	(void)vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}

void
arena_join(struct arena *a, struct arena *from)
{
	struct arena_block *last = from->blocks;

	if (a->blocks == NULL) {
		*a = *from;
	} else if (last != NULL) {
		/* Behind the newest of a, which may have room left. */
		while (last->next != NULL)
			last = last->next;
		last->next = a->blocks->next;
		a->blocks->next = from->blocks;
	}
	*from = (struct arena)ARENA_INIT;
}

void
arena_release(struct arena *a)
{
	struct arena_block *b, *next;

	for (b = a->blocks; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	a->blocks = NULL;
	a->used = 0;
}
