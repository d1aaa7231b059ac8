/* SPDX-License-Identifier: ISC */
/* A journal that is read event by event, also while a run writes it. */
#ifndef CAU_FOLLOW_H
#define CAU_FOLLOW_H

#include <sys/types.h>

#include "buf.h"
#include "engine.h"

struct follow {
	char *path;
	int fd;
	int notify;	  /* readable when the file has changed, or -1 */
	struct buf text;  /* from the journal, where it was last read */
	size_t used;	  /* bytes of it that were events */
	off_t at;	  /* where it begins in the file */
	size_t line;	  /* number of the last event */
	const char *json; /* its text, without the newline */
	size_t json_len;
	struct event event; /* strings live until the next one */
	struct arena arena;
};

/* So that follow_close may be called. */
void follow_init(struct follow *f);

int
follow_open(struct follow *f, const char *path, struct err *e) CAU_MUSTCHECK;

/*
 * Takes the next event and applies it to g: 1, or 0 when no whole line is
 * there. What has no newline yet does not count. -1: the line is damaged; g
 * must not be used further.
 */
int
follow_next(struct follow *f, struct engine *g, struct err *e) CAU_MUSTCHECK;

/* Bytes behind the last whole line. */
size_t follow_rest(const struct follow *f);

/*
 * Waits until the journal has changed, fd (-1: none) is readable, or some time
 * has passed. It may also return for nothing.
 */
void follow_wait(const struct follow *f, int fd, int timeout_ms);

void follow_close(struct follow *f);

#endif
