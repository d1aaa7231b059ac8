/* SPDX-License-Identifier: ISC */
/*
 * A plug-in is three verbs: scan, stage, install (facts on plug-ins, 6). The
 * engine knows nothing of file types or package managers; built-in ones and
 * registered programs stand behind the same struct.
 */
#ifndef CAU_PLUGIN_H
#define CAU_PLUGIN_H

#include "event.h"
#include "node.h"
#include "pluginargs.h"
#include "registry.h"

struct plugin_ops;

/* What a plug-in is configured with, once per command. */
struct plugin_config {
	const struct plugin_ops *ops; /* the one that is configured */
	const char *state_dir;	      /* of the coordinator */
	const char *args;	      /* as given with -a */
	const struct run_node *nodes;
	size_t n_nodes;
	bool no_metadata; /* names and sizes only: nothing is opened */
	bool refuse;	  /* access problems are errors, else warnings */
	bool advise;	  /* what is doubtful, too, goes to warnings */
};

/* What an installation needs to know beside the update. */
struct install_order {
	const char *run_id;
	const char *job;
	const char *boot_id;	    /* of the node when the job was announced */
	bool again;		    /* it may have been started before */
	bool look_only;		    /* then it is not started any more */
	int64_t contact_ms;	    /* how long a lost node is looked for */
	int log_dir;		    /* descriptor of the node's log folder */
	const char *log_name;	    /* name of the log in it */
	const _Atomic bool *cancel; /* once true: the installer is ended */
};

/*
 * scan, stage and install run on a thread per node and must not write to
 * self. They return NODE_FAILED or NODE_LOST with a reason when the node,
 * not an update, is the trouble; install tells what became of the update in
 * its result in every case. jobs are the ids that the installations of the
 * staged updates will have.
 */
struct plugin_ops {
	const char *name;
	const char *version;
	const char *summary;
	const struct plugin_argument *arguments; /* ends with a NULL name */
	/* Programs of node/ that its requests call; ends with NULL. They are
	 * sent to the nodes of a run that has the plug-in. NULL: none. */
	const char *const *node_scripts;
	/* Checks arguments and prepares; 2 or 7 when it must not go on. What
	 * should be said without stopping goes to warnings, a line each. */
	int (*configure)(void **self, const struct plugin_config *config,
	    struct buf *warnings, struct err *e);
	void (*release)(void *self);
	/* A hex digest of everything that decides what is run; behind it, each
	 * as ";NAME DIGEST", those of what is to be told apart. */
	const char *(*digest)(const void *self);
	enum node_rc (*scan)(const void *self, struct node *n,
	    bool ignore_receipts, struct scan_result *result, struct arena *a,
	    struct err *e);
	enum node_rc (*stage)(const void *self, struct node *n,
	    const struct update *updates, const char *const *jobs,
	    size_t n_updates, int64_t *bytes, struct err *e);
	enum node_rc (*install)(const void *self, struct node *n,
	    const struct update *update, const struct install_order *order,
	    struct install_result *result, struct arena *a, struct err *e);
};

struct plugin {
	const struct plugin_ops *ops;
	void *self;
};

/* The built-in ones; ends with NULL. */
extern const struct plugin_ops *const plugin_builtins[];

/* Found by name without case, or NULL. */
const struct plugin_ops *plugin_builtin(const char *name);

/* All that can be used: built-in ones, then registered ones by name. */
struct plugin_set {
	struct registry registry;
	const struct plugin_ops **all;
	size_t n;
};

void plugin_set_load(struct plugin_set *s, const char *state_dir);
void plugin_set_release(struct plugin_set *s);
/* Found by name without case, or NULL. */
const struct plugin_ops *
plugin_find(const struct plugin_set *s, const char *name);

/* Whether a run has the nodes' package managers install. */
bool plugins_use_packages(const struct run_info *r);

extern const struct plugin_ops hotfix_plugin;
extern const struct plugin_ops wua_plugin;

#endif
