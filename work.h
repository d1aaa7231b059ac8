/* SPDX-License-Identifier: ISC */
/*
 * The edge of a run: operations that the engine announced are carried out
 * here, each on a thread of its own, and come back as the event that ends
 * them.
 */
#ifndef CAU_WORK_H
#define CAU_WORK_H

#include <pthread.h>

#include "plugin.h"

/* One operation: what was announced, and what came of it. */
struct order {
	struct event started;	      /* strings live as long as the order */
	const struct update *updates; /* stage: those to bring over */
	const char *const *jobs;      /* stage: the job of each update */
	size_t n_updates;	      /* install: one */
	bool again;		      /* install: may have been started */
	bool look_only;		      /* install: not to be started any more */
	struct event ended;	      /* strings live in the arena */
	struct arena arena;
	struct work *work;
	struct node *node;
	struct order *next;
	pthread_t thread;
};

struct work {
	struct arena arena;
	const struct run_info *run;
	struct transport transport;
	struct node *nodes;
	struct plugin *plugins;
	size_t n_plugins;
	bool no_metadata;
	const char *run_dir; /* NULL: a scan, nothing is kept */
	char *control_dir;
	struct buf warnings; /* of the configuration of the plug-ins */
	pthread_mutex_t mutex;
	struct order *done; /* under mutex */
	int done_fd;	    /* readable while done may hold something */
	size_t in_flight;
};

/*
 * Configures the plug-ins (2 or 7: nothing was contacted) and prepares the
 * nodes of run. refuse: problems of access are errors. On failure warnings
 * is filled all the same, and work_release is still to be called.
 */
int work_init(struct work *w, const struct run_info *run, const char *run_dir,
    bool no_metadata, bool refuse, struct err *e) CAU_MUSTCHECK;
/* Waits for what is still in flight. */
void work_release(struct work *w);

/* One digest over those of all plug-ins; lives in w. */
const char *work_digest(struct work *w);

/* Starts an operation. The order is work's until work_take gives it back. */
int work_start(struct work *w, struct order *o, struct err *e) CAU_MUSTCHECK;
/* An order that has ended, or NULL. The caller frees it with order_free. */
struct order *work_take(struct work *w);
void order_free(struct order *o);

#endif
