/* SPDX-License-Identifier: ISC */
/*
 * Decisions on what Pacemaker says of its cluster: may this node be drained,
 * is it drained, is it back. Pure. Texts are one printable line each, with
 * the names of nodes and resources in them; lists and texts live in the
 * arena, and point into the struct pcmk.
 */
#ifndef CAU_PCMK_STATE_H
#define CAU_PCMK_STATE_H

#include "pcmk.h"

/* The attribute of a node that names the run that took it out of service. */
#define PACEMAKER_OWNER "cau-run"

/* A machine of its own: a member or a remote node. */
bool pcmk_is_machine(const struct pcmk_node *n);
/* What keeps a node from taking part ("is offline"), or out of service ("is
 * in standby"); NULL for nothing. */
const char *pcmk_not_joined(const struct pcmk_node *n);
const char *pcmk_out_of_service(const struct pcmk_node *n);

/* How many primitives run on a node, by what the resources say. */
size_t pcmk_count_running(const struct pcmk *p, const char *node);

/*
 * The machines of the cluster, members and remote nodes (no guests), in the
 * order to update them: fewest running resources first, then by name, which
 * is compared as bytes. Returns their number.
 */
size_t pcmk_node_order(
    const struct pcmk *p, const struct pcmk_node ***list, struct arena *a);

/* A resource that still runs on a node that is to be drained. */
enum pcmk_left_kind {
	PCMK_LEAVING, /* it can move, or is about to */
	PCMK_KEPT,    /* an admin has taken it out of the cluster's hands */
	PCMK_STUCK    /* it failed and the cluster does not touch it any more */
};

struct pcmk_left {
	enum pcmk_left_kind kind;
	const struct pcmk_resource *resource;
	const char *text; /* "blk is stuck: monitor failed (not running)" */
};

struct pcmk_drain {
	struct pcmk_left *left;
	size_t n;
	size_t n_leaving;
	size_t n_kept;
	size_t n_stuck;
};

/*
 * What runs on a node. A node in standby is drained when n_leaving and
 * n_stuck are 0; a stuck one stays until somebody cleans it up. Resources
 * inside of guests that run on the node go with their guest and are not
 * listed.
 */
void pcmk_drain_state(struct pcmk_drain *d, const struct pcmk *p,
    const char *node, struct arena *a);

/* Whether a node takes part in the cluster: online, joined, clean. If not,
 * *why says so, as in "n1 is still joining". */
bool pcmk_has_joined(
    const struct pcmk *p, const char *node, const char **why, struct arena *a);
/* As pcmk_has_joined, and in service: not in standby, not in maintenance, no
 * action of a resource under way on it. */
bool pcmk_is_back(
    const struct pcmk *p, const char *node, const char **why, struct arena *a);
/* Whether no action is under way in the whole cluster. A resource that fails
 * for ever may keep it from that. */
bool pcmk_is_settled(const struct pcmk *p, const char **why, struct arena *a);

/* A resource that failed and has not recovered. */
struct pcmk_failed {
	const char *id; /* of the resource, or what the failure has */
	const struct pcmk_resource *resource; /* NULL: not configured now */
	const struct pcmk_failure *failure;   /* NULL: none is recorded */
	const char *text; /* "bad: start failed on n2 (not installed)" */
};

/*
 * Resources that failed on a node and are not well there now, each once: not
 * those whose failure is only history because they run there again. Returns
 * their number.
 */
size_t pcmk_failed_on(const struct pcmk *p, const char *node,
    struct pcmk_failed **list, struct arena *a);
/* Resources that are failed, blocked, or stopped after a failure, on any
 * node, though they are not meant to be stopped. */
size_t pcmk_failed_any(
    const struct pcmk *p, struct pcmk_failed **list, struct arena *a);

/* Why a node may not be drained now. */
enum pcmk_refusal_kind {
	PCMK_NO_SUCH_NODE,
	PCMK_NODE_NOT_JOINED, /* this node is offline, pending or unclean */
	PCMK_NOT_OURS,	      /* somebody else has this node in standby or
				 maintenance: skip it, or leave it as it is */
	PCMK_NO_DC,
	PCMK_NO_QUORUM,
	PCMK_CLUSTER_MAINTENANCE,
	PCMK_STOP_ALL,
	PCMK_NODES_UNCLEAN, /* others */
	PCMK_NODES_PENDING, /* others */
	PCMK_LAST_OF_TWO,   /* of two members the other one is down */
	PCMK_NODES_AWAY,    /* others, too many of them */
	PCMK_FAILED_RESOURCES
};

struct pcmk_refusal {
	enum pcmk_refusal_kind kind;
	const char *text; /* with the remedy */
};

struct pcmk_ask {
	const char *node;
	bool ours; /* its standby, if it is in standby, was set by this run */
	size_t max_unavailable; /* nodes away at once, this one included */
	bool allow_failed;	/* resources may have failed */
};

/*
 * All reasons not to drain the node, in the order of the enum; 0 when it may
 * be drained. A node that is still joining shows as in standby though nobody
 * set that, so it counts as joining only. Returns their number.
 */
size_t pcmk_refusals(const struct pcmk *p, const struct pcmk_ask *ask,
    struct pcmk_refusal **list, struct arena *a);

#endif
