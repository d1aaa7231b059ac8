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
/* True while some process holds the lock. */
bool state_is_locked(const char *state_dir);

/* The run in progress or cut short: its id in out; -1 when there is none. */
int state_current(const char *state_dir, char out[RUN_ID_SIZE]);
int state_set_current(
    const char *state_dir, const char *run_id, struct err *e) CAU_MUSTCHECK;
void state_clear_current(const char *state_dir);

/* "DIR/runs/ID", "DIR/runs/ID/journal.jsonl"; the caller frees. */
char *state_run_dir(const char *state_dir, const char *run_id);
char *state_journal(const char *state_dir, const char *run_id);

/* The ids of all runs, newest first by the time of their folders. The
 * array ends with NULL; the caller frees it with state_runs_free. */
char **state_runs(const char *state_dir);
void state_runs_free(char **ids);

/* Who and where we are. Strings live in the arena. */
void coordinator_self(struct coordinator *c, struct arena *a);

#endif
