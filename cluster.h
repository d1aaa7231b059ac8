/* SPDX-License-Identifier: ISC */
/*
 * How nodes are taken out of service and put back: a driver for each kind of
 * cluster. Blocking; suspend and resume run on a thread per node.
 */
#ifndef CAU_CLUSTER_H
#define CAU_CLUSTER_H

#include "event.h"
#include "node.h"

enum cluster_rc {
	CLUSTER_OK,
	CLUSTER_FLAWED,	 /* done, but something is wrong with it */
	CLUSTER_ALREADY, /* suspend: others have done it, and undo it */
	CLUSTER_FAILED,
	CLUSTER_SKIPPED, /* others have done it: nothing is done to the node */
	CLUSTER_REFUSED	 /* the cluster is not fit for it; nothing was done */
};

/* One node to be taken out of service, or put back. */
struct cluster_order {
	const struct run_info *run;
	const struct node *node;
	bool again;    /* this run may have begun to take it out before */
	size_t number; /* of the node in the run */
	/* By number of node: its turn has begun and is not over. */
	const _Atomic bool *turns;
	const _Atomic bool *cancel; /* once true: suspend gives up */
	/* Once true: what has not been begun is not begun any more. */
	const _Atomic bool *stopping;
	int log_dir; /* of the node in the folder of the run; -1: none */
};

/*
 * All but OK and ALREADY have a reason in e. suspend and resume find out what
 * was done before, so they can be called again after anything.
 */
struct cluster_ops {
	const char *type;
	/* Programs of node/ that its requests call, or NULL. */
	const char *node_script;
	/* run and nodes (one each of run's) outlive self. NULL: needs none. */
	void *(*open)(const struct run_info *run, const struct node *nodes);
	void (*close)(void *self);
	/* Before a run: 0, or -1 when no run may begin (CAU_REFUSED). Lines
	 * that say why go to problems. NULL: nothing to check. */
	int (*check)(void *self, struct buf *problems, struct err *e);
	/* Whether the node may be taken out now. NULL: always. */
	enum cluster_rc (*may_suspend)(
	    void *self, const struct cluster_order *o, struct err *e);
	enum cluster_rc (*suspend)(
	    void *self, const struct cluster_order *o, struct err *e);
	enum cluster_rc (*resume)(
	    void *self, const struct cluster_order *o, struct err *e);
};

/* Never NULL: what is not known is a list of nodes. */
const struct cluster_ops *cluster_find(const char *type);

/* Single nodes and lists: two commands that run here. */
extern const struct cluster_ops list_cluster;
extern const struct cluster_ops pacemaker_cluster;

#endif
