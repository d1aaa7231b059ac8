/* SPDX-License-Identifier: ISC */
/*
 * What Pacemaker would do, from the XML of crm_simulate, and so what becomes
 * of the resources of a node that is put in standby. Pure.
 *
 * The caller takes a copy of the CIB, puts the node in standby there and
 * runs, on that copy,
 *
 *	crm_simulate -S -x COPY --output-as=xml
 *
 * (-S shows the state afterwards, -R only the actions). Pacemaker has had
 * XML for it since 2.1.
 */
#ifndef CAU_SIMULATE_H
#define CAU_SIMULATE_H

#include "pcmk.h"

/* One line of what would be done. */
struct simulate_action {
	const char *action;   /* move, migrate, stop, start, restart, promote */
	const char *resource; /* an instance with ":0" */
	const char *node;     /* where it is, "" for a start */
	const char *to;
	const char *reason;
};

/* Of before and after only what nodes and resources say is there. */
struct simulate {
	struct pcmk before; /* as in the CIB that was given */
	struct pcmk after;
	struct simulate_action *actions;
	size_t n_actions;
};

/* CAU_FAILED for what has no state afterwards in it, and says why; of an
 * old Pacemaker that prints text, that 2.1 is needed. */
int simulate_parse(struct simulate *s, const char *xml, size_t len,
    struct arena *a, struct err *e) CAU_MUSTCHECK;

enum simulate_fate {
	SIMULATE_MOVES,		 /* is stopped, and started elsewhere */
	SIMULATE_MIGRATES,	 /* moves without a stop */
	SIMULATE_STAYS,		 /* the cluster leaves it alone */
	SIMULATE_INSTANCE_STOPS, /* others of the same clone or bundle run on */
	SIMULATE_STOPS,		 /* has nowhere to go */
	SIMULATE_RESTARTS,	 /* stays where it is, with an outage */
	SIMULATE_PROMOTED_MOVES, /* another instance is promoted instead */
	SIMULATE_PROMOTED_STOPS	 /* no instance is promoted any more */
};

struct simulate_move {
	enum simulate_fate fate;
	const char *resource; /* the id of the primitive */
	const char *path;     /* its parents, as in struct pcmk_resource */
	bool elsewhere;	      /* was not on the node that is asked about */
	const char *from;     /* the node it leaves or is restarted on */
	const char *to;	      /* "n2", "n2, n3"; "" for none */
	const char *reason;   /* Pacemaker's, "" for none */
	const char *text;     /* "d1 moves to n2" */
};

/*
 * What becomes of each primitive that ran on the node, and of those elsewhere
 * that do not stay as they were. Orphans, which Pacemaker stops in any case,
 * are left out. What ran on the node comes first, else the order is that of
 * the document. Returns their number.
 */
size_t simulate_moves(const struct simulate *s, const char *node,
    struct simulate_move **list, struct arena *a);
/* Whether a fate means that a service is gone for as long as the node is
 * away: SIMULATE_STOPS and SIMULATE_PROMOTED_STOPS. */
bool simulate_is_loss(enum simulate_fate fate);

#endif
