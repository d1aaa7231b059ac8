/* SPDX-License-Identifier: ISC */
/*
 * The lock that a run has on each of its nodes (the file "lock" in the node's
 * state folder), so that coordinators on different machines keep out of each
 * other's way. It survives everything but its run: it is taken away at the
 * end, broken by the coordinator that knows that its run is over, and void
 * after an hour without activity (facts on the run, 9).
 */
#ifndef CAU_NODELOCK_H
#define CAU_NODELOCK_H

#include <pthread.h>

#include "event.h"
#include "node.h"

/* How often a lock that is held shows that it is. */
#define NODELOCK_TOUCH_MS 600000

/* Whose lock it is to be. */
struct nodelock {
	const char *run_id;
	const struct coordinator *self;
	const char *runs_dir; /* runs in there that are not ours are over */
};

enum nodelock_rc { NODELOCK_OK, NODELOCK_HELD, NODELOCK_FAILED, NODELOCK_LOST };

/* HELD: e names the holder. A lock of this very run is taken over. */
enum nodelock_rc nodelock_take(
    const struct nodelock *l, struct node *n, struct err *e) CAU_MUSTCHECK;

/* Best effort: a node that cannot be reached keeps its lock for an hour. */
void nodelock_release(const struct nodelock *l, struct node *n);
/* Shows that the run goes on. */
void nodelock_touch(const struct nodelock *l, struct node *n);

#endif
