/* SPDX-License-Identifier: ISC */
/*
 * The state folder of the coordinator: runs, the link to the one in
 * progress, and the lock that lets only one be in progress.
 */
#ifndef CAU_STATE_H
#define CAU_STATE_H

#include <stdbool.h>

#include "event.h"

/* Random, as RFC 9562 version 4. */
#define RUN_ID_SIZE 37
void run_id_new(char out[RUN_ID_SIZE]);

struct state_lock {
	int fd;
};

/*
 * Takes the lock of the state folder, which is made if needed. The kernel
 * drops it with the process, so a dead holder never blocks. CAU_LOCKED when
 * it is held: the text names the holder.
 */
int state_lock(struct state_lock *l, const char *state_dir, const char *run_id,
    const struct coordinator *c, struct err *e) CAU_MUSTCHECK;
void state_unlock(struct state_lock *l);
/* Who holds the lock, by what they wrote into it. Strings live in an arena. */
struct state_holder {
	char run_id[RUN_ID_SIZE]; /* "" while it is not written yet */
	struct coordinator who;
};

/* True while some process holds the lock. */
bool
state_holder(const char *state_dir, struct state_holder *h, struct arena *a);

/*
 * The same, and opens a pidfd of the process, which is certainly the one that
 * holds the lock: 1, or 0 when nobody does. -1 when it cannot be reached from
 * here: the text says why.
 */
int state_holder_open(const char *state_dir, struct state_holder *h, int *pidfd,
    struct arena *a, struct err *e) CAU_MUSTCHECK;

/* The run in progress or cut short: its id in out; -1 when there is none. */
int state_current(const char *state_dir, char out[RUN_ID_SIZE]);
/* Puts aside what stands in the place of the link and is none to a run; text
 * gets a line that says so. */
int state_mend_current(
    const char *state_dir, struct buf *text, struct err *e) CAU_MUSTCHECK;
int state_set_current(
    const char *state_dir, const char *run_id, struct err *e) CAU_MUSTCHECK;
void state_clear_current(const char *state_dir);

/* The same, but not one whose journal says that it has come to its end: only
 * the link to it was left. */
int state_left_over(const char *state_dir, char out[RUN_ID_SIZE]);

/* Whether somebody works on that run. */
bool state_is_driven(const char *state_dir, const char *run_id);

/* -1 when the folder is there and may not be looked into. */
int state_check(const char *state_dir, struct err *e) CAU_MUSTCHECK;

/* "DIR/runs/ID", "DIR/runs/ID/journal.jsonl"; the caller frees. */
char *state_run_dir(const char *state_dir, const char *run_id);
char *state_journal(const char *state_dir, const char *run_id);

/* Behind the id in the name of a folder that was put aside. */
#define STATE_ASIDE ".damaged"
/* The ids of all runs, or (aside) the names of the folders that were put aside,
 * newest first by the time of their folders. The array ends with NULL; the
 * caller frees it with state_runs_free. */
char **state_runs(const char *state_dir, bool aside);
void state_runs_free(char **ids);
/* The run that a person means: a whole id, its beginning; "last" or NULL for
 * the last one. */
int state_find_run(const char *state_dir, const char *word,
    char out[RUN_ID_SIZE], struct err *e) CAU_MUSTCHECK;

/* Who and where we are. Strings live in the arena. */
void coordinator_self(struct coordinator *c, struct arena *a);

#endif
