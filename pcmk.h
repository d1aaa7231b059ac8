/* SPDX-License-Identifier: ISC */
/*
 * What Pacemaker says of its cluster: the XML of crm_mon, of any 2.x schema,
 * as structs. Pure.
 *
 * The caller runs
 *
 *	crm_mon -1 --output-as=xml
 *
 * which shows every section, node attributes and bans too; no section may be
 * left out with --exclude, and resources not be grouped by node. Its exit
 * status is not needed, the document has it. Texts are as the cluster has
 * them: printable is what pcmk_state.h makes of them.
 *
 * Strings are never NULL, what the document does not have is "". Everything
 * lives in the arena that was given.
 */
#ifndef CAU_PCMK_H
#define CAU_PCMK_H

#include <stdbool.h>

#include "arena.h"

enum pcmk_node_type {
	PCMK_MEMBER, /* runs the cluster stack and has a vote */
	PCMK_REMOTE, /* a machine with pacemaker_remoted only */
	PCMK_GUEST,  /* a virtual machine or bundle that is itself a resource */
	PCMK_OTHER   /* ping nodes and the like: run nothing */
};

struct pcmk_attr {
	const char *name;
	const char *value;
};

/*
 * Flags are what crm_mon prints. Beware: a node that is just joining
 * (pending) has standby set though nobody put it there.
 */
struct pcmk_node {
	const char *name;
	const char *id;
	enum pcmk_node_type type;
	const char *container;	 /* resource that is this guest */
	const char *health;	 /* green, yellow, red */
	const char *feature_set; /* "<3.15.1" while not known yet */
	bool online;
	bool standby;
	bool standby_onfail;
	bool maintenance;
	bool pending;
	bool unclean;
	bool shutdown;
	bool expected_up;
	bool is_dc;
	size_t resources_running; /* as the cluster counts */
	struct pcmk_attr *attrs;
	size_t n_attrs;
};

/*
 * One primitive, or one instance of a cloned one. Instances of an anonymous
 * clone have the same id; those of a unique one end in ":0" and so on.
 */
struct pcmk_resource {
	const char *id;
	const char *path;   /* parents from the outside in: "c1-clone/g1" */
	const char *group;  /* "" when in none */
	const char *clone;  /* the same */
	const char *bundle; /* the same */
	const char *replica;
	const char *agent; /* "ocf:heartbeat:IPaddr2" */
	const char *role;  /* Started, Stopped, Promoted, Master, Starting... */
	const char *target_role;
	const char *pending; /* the action under way: "Starting" */
	bool promotable;     /* of such a clone */
	bool active;
	bool orphaned;
	bool blocked;
	bool managed;
	bool maintenance;
	bool failed;
	bool failure_ignored;
	const char **nodes; /* names of those it runs on */
	size_t n_nodes;
};

/* One line of failed actions; they stay until somebody cleans up. */
struct pcmk_failure {
	const char *op_key;   /* "bad_start_0" */
	const char *resource; /* "bad", from op_key */
	const char *task;     /* "start" */
	const char *node;
	const char *status; /* of the operation: "complete", "Timed Out" */
	const char *rc_text;
	int rc;
	const char *reason;
	const char *when;
};

/* A location constraint that keeps a resource off a node. */
struct pcmk_ban {
	const char *id;
	const char *resource;
	const char *node;
	int weight; /* -1000000 is minus infinity */
	bool promoted_only;
};

struct pcmk {
	const char *api_version; /* "2.25" */
	const char *version;	 /* Pacemaker's, of the DC */
	const char *dc;		 /* name, "" for none */
	const char *no_quorum_policy;
	bool with_quorum;
	bool maintenance_mode;
	bool stonith_enabled;
	bool stop_all_resources;
	bool symmetric;
	bool has_attributes; /* some node has attributes */
	struct pcmk_node *nodes;
	size_t n_nodes;
	struct pcmk_resource *resources;
	size_t n_resources;
	struct pcmk_failure *failures;
	size_t n_failures;
	struct pcmk_ban *bans;
	size_t n_bans;
};

/*
 * Reads a document of crm_mon. Elements and attributes that are not known
 * are passed over. Errors: what is not such a document or lacks something
 * that decisions need (CAU_FAILED), with the line; a cluster that does not
 * run there, see pcmk_is_down.
 */
int pcmk_parse(struct pcmk *p, const char *xml, size_t len, struct arena *a,
    struct err *e) CAU_MUSTCHECK;

/*
 * Whether the document says that the cluster stack does not run on the node
 * that was asked: normal while that one restarts. pcmk_parse fails with
 * CAU_UNHEALTHY then, and with nothing else.
 */
bool pcmk_is_down(const struct err *e);

const struct pcmk_node *pcmk_find_node(const struct pcmk *p, const char *name);
/* The value of a node attribute, NULL when it has none of this name. */
const char *pcmk_attr(const struct pcmk_node *n, const char *name);
/* Whether an instance runs on a node of this name. */
bool pcmk_runs_on(const struct pcmk_resource *r, const char *node);

/* Text from the cluster as messages show it: printable, and not long. */
const char *pcmk_shown(struct arena *a, const char *s);

#endif
