/* SPDX-License-Identifier: ISC */
/*
 * The edge of a run: operations that the engine announced are carried out
 * here, each on a thread of its own, and come back as the event that ends
 * them.
 */
#ifndef CAU_WORK_H
#define CAU_WORK_H

#include <pthread.h>

#include "cluster.h"
#include "nodelock.h"
#include "plugin.h"
#include "script.h"

/* Orders that are no operation of the engine. */
enum order_lock { ORDER_OPERATION, ORDER_LOCK, ORDER_UNLOCK, ORDER_CALL };

/* One operation: what was announced, and what came of it. */
struct order {
	struct event started;	      /* strings live as long as the order */
	const struct update *updates; /* stage: those to bring over */
	const char *const *jobs;      /* stage: the job of each update */
	size_t n_updates;	      /* install: one */
	bool again;		      /* a job: may have been started */
	enum order_lock lock;	      /* instead of an operation */
	bool look_only;		      /* install: not to be started any more */
	void (*call)(struct order *); /* ORDER_CALL: what is done */
	void *ctx;		      /* for it */
	struct event ended;	      /* strings live in the arena */
	struct arena arena;
	struct work *work;
	struct node *node;
	size_t number; /* of the node */
	struct order *next;
	pthread_t thread;
};

struct work {
	struct arena arena;
	const struct run_info *run;
	struct transport transport;
	struct node *nodes;
	struct plugin_set known; /* what a run could use */
	struct plugin *plugins;
	size_t n_plugins;
	bool no_metadata;
	const struct cluster_ops *cluster;
	void *cluster_self;
	struct program pre_script, post_script;
	const char *run_dir; /* NULL: a scan, nothing is kept */
	struct nodelock lock;
	_Atomic bool *locked;  /* by number of node: we have its lock */
	_Atomic bool *turns;   /* its turn has begun and is not over */
	_Atomic bool cancel;   /* what runs is to be ended */
	_Atomic bool stopping; /* the run is */
	bool keeping;	       /* keeper runs: */
	pthread_t keeper;      /* shows the nodes that the run goes on */
	pthread_cond_t ending; /* of the run: */
	_Atomic bool ended;
	char *control_dir;
	struct buf warnings; /* of the configuration of the plug-ins */
	pthread_mutex_t mutex;
	struct order *done; /* under mutex */
	int done_fd;	    /* readable while done may hold something */
	size_t in_flight;
	void *ctx; /* for the make of work_each */
};

/*
 * Configures the plug-ins (2 or 7: nothing was contacted), which are named in
 * run as they name themselves from then on, and prepares its nodes. refuse:
 * problems of access are errors. On failure warnings is filled all the same,
 * and work_release is still to be called.
 */
int work_init(struct work *w, struct run_info *run, const char *state_dir,
    bool no_metadata, bool refuse, struct err *e) CAU_MUSTCHECK;
/* Waits for what is still in flight. */
void work_release(struct work *w);

/*
 * For a run, after work_init: where it is kept and who makes it. From now on
 * the nodes are locked by their first scan; run_dir and self must stay.
 */
int work_begin(struct work *w, const char *run_dir,
    const struct coordinator *self, struct err *e) CAU_MUSTCHECK;

/* Locks the nodes that can be reached; CAU_LOCKED when another run has one. */
int work_lock(struct work *w, struct err *e) CAU_MUSTCHECK;
/* Takes the locks away, on as many nodes at a time as are scanned. */
void work_unlock(struct work *w);

/* Ends installers and scripts that run, and waiting of all kinds. */
void work_cancel(struct work *w);

/* "PLUGIN DIGEST;PreUpdateScript DIGEST;": of all that decides what is run.
 * Lives in w. */
const char *work_digest(struct work *w);
/* The names in it whose digests are others than before, or "". */
const char *work_changes(struct work *w, const char *before);

/*
 * Makes an order for each node (none where make returns NULL), parallel at a
 * time, and gives those that ended to take, which frees them.
 */
int work_each(struct work *w, struct order *(*make)(struct work *, size_t),
    void (*take)(void *, struct order *), void *ctx,
    struct err *e) CAU_MUSTCHECK;

/* Starts an operation. The order is work's until work_take gives it back. */
int work_start(struct work *w, struct order *o, struct err *e) CAU_MUSTCHECK;
/* An order that has ended, or NULL. The caller frees it with order_free. */
struct order *work_take(struct work *w);
void order_free(struct order *o);

#endif
