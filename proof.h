/* SPDX-License-Identifier: ISC */
/*
 * How many nodes may fail while another one is away, before a service stops
 * that the node's own absence does not stop. Pure but for the question what
 * would stop, which the caller answers.
 */
#ifndef CAU_PROOF_H
#define CAU_PROOF_H

#include <stdbool.h>

#include "arena.h"

/* More questions are not asked for more than one failing node. */
#define PROOF_BUDGET 64

/* Ids of the services that stop when these n nodes are away: a list in the
 * arena that ends with NULL. */
typedef int proof_ask(void *ctx, const char *const *away, size_t n,
    const char *const **stopped, struct arena *a, struct err *e);

struct proof {
	const char *node;
	unsigned survives; /* so many others may fail, whichever they are */
	bool at_least;	   /* more was not tried */
	/* Else an example of what one more would be: with, the nodes that fail
	 * (ends with NULL), and what stops then. NULL: there are no more. */
	const char *const *with;
	const char *stops;
};

/*
 * One for each of the n nodes, in list. Each node with each other one is asked
 * about, larger sets only while that makes no more than budget questions.
 */
int proof_make(struct proof *list, const char *const *nodes, size_t n,
    size_t budget, proof_ask *ask, void *ctx, struct arena *a,
    struct err *e) CAU_MUSTCHECK;

#endif
