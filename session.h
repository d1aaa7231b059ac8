/* SPDX-License-Identifier: ISC */
/* What cau run and cau recover have in common: all that belongs to a run while
 * it is driven, and how it ends. */
#ifndef CAU_SESSION_H
#define CAU_SESSION_H

#include "examine.h"
#include "options.h"
#include "run.h"
#include "state.h"

struct session {
	const struct options *o;
	const char *command;
	char run_id[RUN_ID_SIZE];
	char *run_dir;
	struct coordinator self;
	struct arena arena;
	struct state_lock lock;
	struct journal journal;
	struct engine engine;
	struct run_info run; /* that of a run taken up, as work has it */
	struct work work;
	bool has_work;
	struct view view;
	struct health health;
};

/* o must outlive it. */
void session_init(struct session *s, const struct options *o);
/* s came from xcalloc. False when threads that were left still use it: then
 * all of it stays, and so must its options. */
bool session_free(struct session *s);
/* Frees them, too, unless a session that was left still uses them. */
void session_finish_options(struct options *o);

/* Records the first event of this process, on disk, and shows it. */
int session_record(
    struct session *s, const struct event *ev, struct err *e) CAU_MUSTCHECK;
/* Drives the run to its end, or until it is left, and tells how it ended:
 * report and remedies. Returns the exit code. */
int session_drive(struct session *s);
void session_report(const struct session *s);

/* Lines to stderr, each as "cau COMMAND: LINE", printable; lines is used up.
 * kept: gets them as well, or NULL. */
void session_tell(const char *command, struct buf *lines, struct buf *kept);
/* Puts a run aside whose journal, at path, nobody can go on with, and tells.
 * -1: it could not be, or we only may not read it (e is as it was then). */
int session_put_aside(const struct session *s, const char *id, const char *path,
    struct err *e) CAU_MUSTCHECK;

#endif
