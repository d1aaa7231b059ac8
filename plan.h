/* SPDX-License-Identifier: ISC */
/*
 * What a run would do: as text, as JSON (cau-report(5)), sealed for a later
 * run, and compared with what is found then. Pure.
 */
#ifndef CAU_PLAN_H
#define CAU_PLAN_H

#include "event.h"
#include "proof.h"
#include "simulate.h"

/* One node of the run. Lists and texts live in an arena of the caller. */
struct plan_node {
	const struct run_node *node;
	const struct event *scan; /* that ended */
	const char *skipped;	  /* why it is passed over, or NULL */
	const char *kept;	  /* why it is updated as it is, or NULL */
	const char **refusals;
	size_t n_refusals;
	struct simulate_move *moves;
	size_t n_moves;
	bool proven;	    /* the next three were found out */
	struct proof proof; /* of the resources */
	unsigned votes;	    /* further nodes whose votes are not needed */
};

struct plan {
	const struct run_info *run;
	const json_t *arguments; /* as options.h has them, or NULL */
	const char *config;	 /* of the cluster: its version, "" if none */
	struct plan_node *nodes; /* in the order of the run */
	bool refused;		 /* some node has refusals */
};

/* Whether the node is to be restarted, for what is to be installed or because
 * it waits for that already. */
enum plan_restart { PLAN_NO_RESTART, PLAN_RESTART, PLAN_RESTART_UNKNOWN };
enum plan_restart plan_restart(const struct plan *p, const struct plan_node *n);

void plan_to_text(struct buf *b, const struct plan *p);
/* A new reference; at_ms is when it was made. */
json_t *plan_to_json(const struct plan *p, int64_t at_ms);

/* Adds the seal to the document. */
void plan_seal(json_t *doc);
/*
 * A sealed document, as a new reference; NULL with CAU_USAGE when it is none,
 * or CAU_REFUSED when it is not as it was sealed.
 */
json_t *plan_open(const char *text, size_t len, struct err *e);

/* A line for each thing that is not as in the plan; how many. Both are
 * documents of plan_to_json. */
size_t plan_drift(struct buf *lines, const json_t *plan, const json_t *now);

/* Puts nodes in the order of the plan; those it does not know stay behind. */
void plan_order(const json_t *plan, struct run_node *nodes, size_t n);

#endif
