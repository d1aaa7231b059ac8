/* SPDX-License-Identifier: ISC */
/*
 * Memory with one lifetime: parse results and folds are built in an arena,
 * read-only afterwards, and freed at once. Nothing in it is freed alone.
 */
#ifndef CAU_ARENA_H
#define CAU_ARENA_H

#include "cau.h"

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first */
	size_t used;		    /* bytes used of the newest */
};

#define ARENA_INIT      \
	{               \
		NULL, 0 \
	}

/* Zeroed memory, aligned for any type. */
void *arena_alloc(struct arena *a, size_t size);
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t len);
char *arena_printf(struct arena *a, const char *fmt, ...) CAU_PRINTF(2, 3);
/* Moves everything that from holds into a; from is empty afterwards. */
void arena_join(struct arena *a, struct arena *from);
/* Frees everything; the arena is empty and usable again. */
void arena_release(struct arena *a);

#endif
