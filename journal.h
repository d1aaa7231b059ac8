/* SPDX-License-Identifier: ISC */
/*
 * The journal of a run: an append-only file of events, one JSON object a
 * line. It is the only truth: report, status and recovery are folds over it.
 */
#ifndef CAU_JOURNAL_H
#define CAU_JOURNAL_H

#include "buf.h"
#include "engine.h"

struct journal {
	int fd;
	struct buf pending; /* lines not yet written */
};

/* Makes a new journal, or opens one to go on after good_bytes of it; what
 * lies behind (a line cut by a crash) is dropped. */
int journal_create(
    struct journal *j, const char *path, struct err *e) CAU_MUSTCHECK;
int journal_continue(struct journal *j, const char *path, size_t good_bytes,
    struct err *e) CAU_MUSTCHECK;

/* Queues an event; on disk only after journal_sync. line (may be NULL) gets
 * the JSON text without newline. */
void journal_add(struct journal *j, const struct event *ev, struct buf *line);
/* Writes what is queued and waits until it is on disk. */
int journal_sync(struct journal *j, struct err *e) CAU_MUSTCHECK;
void journal_close(struct journal *j);

/*
 * Applies one line, without its newline, to an engine. The strings of the
 * event live in a. -1: it is damaged; g must not be used further. Pure.
 */
int journal_take(struct engine *g, const char *line, size_t len,
    struct event *ev, struct arena *a, struct err *e) CAU_MUSTCHECK;

/*
 * Folds the bytes of a journal into an engine. *good_bytes is the length of
 * the whole lines; an unfinished last line is left out without an error.
 * -1: line N is damaged. Pure.
 */
int journal_fold(struct engine *g, const char *data, size_t len,
    size_t *good_bytes, struct err *e) CAU_MUSTCHECK;

/* Reads and folds a file. good_bytes may be NULL. */
int journal_load(struct engine *g, const char *path, size_t *good_bytes,
    struct err *e) CAU_MUSTCHECK;

#endif
