/* SPDX-License-Identifier: ISC */
/*
 * The events of an Updating Run: what its journal is made of, one JSON
 * object a line (cau-report(5)). Pure.
 */
#ifndef CAU_EVENT_H
#define CAU_EVENT_H

#include "finding.h"
#include "update.h"

#define EVENT_TYPES(X)                         \
	X(EV_RUN_STARTED, "run_started")       \
	X(EV_RUN_RECOVERED, "run_recovered")   \
	X(EV_RUN_ABANDONED, "run_abandoned")   \
	X(EV_OP_STARTED, "op_started")         \
	X(EV_OP_ENDED, "op_ended")             \
	X(EV_WARNED, "warned")                 \
	X(EV_STOP_REQUESTED, "stop_requested") \
	X(EV_RUN_FINISHED, "run_finished")

enum event_type {
#define X(id, name) id,
	EVENT_TYPES(X)
#undef X
};

/* What is done to a node, one operation at a time. */
#define OP_KINDS(X)                         \
	X(OP_SCAN, "Scan")                  \
	X(OP_STAGE, "Stage")                \
	X(OP_PRE_SCRIPT, "PreUpdateScript") \
	X(OP_SUSPEND, "Suspend")            \
	X(OP_INSTALL, "Install")            \
	X(OP_RESTART, "Restart")            \
	X(OP_RESUME, "Resume")              \
	X(OP_POST_SCRIPT, "PostUpdateScript")

enum op_kind {
#define X(id, name) id,
	OP_KINDS(X)
#undef X
	    OP_KIND_COUNT
};

/*
 * Flawed: done, but something is wrong that no further try would cure. Lost:
 * no contact, but nothing can have happened. Unknown: contact was lost for good
 * and nobody can say what happened. Held: another run has locked the node.
 * Refused: the cluster is not fit to lose a node now; nothing was done.
 * Skipped: someone else has taken the node out of service; nothing was done.
 */
#define OP_OUTCOMES(X)                \
	X(OUTCOME_OK, "ok")           \
	X(OUTCOME_FLAWED, "flawed")   \
	X(OUTCOME_FAILED, "failed")   \
	X(OUTCOME_LOST, "lost")       \
	X(OUTCOME_UNKNOWN, "unknown") \
	X(OUTCOME_HELD, "held")       \
	X(OUTCOME_REFUSED, "refused") \
	X(OUTCOME_SKIPPED, "skipped")

enum op_outcome {
#define X(id, name) id,
	OP_OUTCOMES(X)
#undef X
};

/* Why a run was asked to stop. What the engine finds out by itself needs no
 * event. */
#define STOP_CAUSES(X)              \
	X(STOP_PERSON, "requested") \
	X(STOP_TIME, "StopAfter")

enum stop_cause {
#define X(id, name) id,
	STOP_CAUSES(X)
#undef X
};

/* SummaryStatus of a run and of a node (facts on the run, 10). */
#define SUMMARY_STATUSES(X)                           \
	X(STATUS_SUCCEEDED, "Succeeded")              \
	X(STATUS_PARTIALLY_FAILED, "PartiallyFailed") \
	X(STATUS_FAILED, "Failed")                    \
	X(STATUS_CANCELED, "Canceled")

enum summary_status {
	STATUS_NONE, /* not over yet */
#define X(id, name) id,
	SUMMARY_STATUSES(X)
#undef X
};

struct run_node {
	const char *name;
	const char *address;
	bool local; /* this very machine: not restarted without permission */
};

struct run_plugin {
	const char *name;
	const char *args; /* as given with -a */
};

struct coordinator {
	const char *host;
	const char *user;
	const char *version;
	const char *boot_id;
	int64_t pid;
};

/* Options of a run that are numbers and flags; the names are those of the
 * journal. Times in milliseconds. */
#define RUN_NUMBERS(X)          \
	X(parallel)             \
	X(max_unavailable)      \
	X(max_failed_nodes)     \
	X(max_retries_per_node) \
	X(retry_wait_ms)        \
	X(warn_after_ms)        \
	X(stop_after_ms)        \
	X(connect_timeout_ms)   \
	X(contact_timeout_ms)   \
	X(reboot_timeout_ms)    \
	X(settle_ms)            \
	X(script_timeout_ms)    \
	X(suspend_timeout_ms)   \
	X(suspend_retries)

#define RUN_FLAGS(X)                \
	X(allow_self_reboot)        \
	X(attempt_soft_reboot)      \
	X(reinstall)                \
	X(require_all_nodes_online) \
	X(run_plugins_serially)     \
	X(separate_reboots)         \
	X(stop_on_plugin_failure)   \
	X(sudo)

/* Texts, "" when they were not given. Scripts are paths here. */
#define RUN_TEXTS(X)        \
	X(node_state_dir)   \
	X(pre_script)       \
	X(post_script)      \
	X(standby_nodes)    \
	X(failed_resources) \
	X(suspend_mode)     \
	X(failback_mode)

/* A plug-in is a bit of a word. */
#define RUN_MAX_PLUGINS 64

/* Everything a run was asked to do: enough to take it up again. */
struct run_info {
	const char *run_id;
	const char *cluster_type;
	const char *cluster_name;
	struct run_node *nodes;
	size_t n_nodes;
	struct run_plugin *plugins;
	size_t n_plugins;
	const char *digest;	/* of what the plug-ins were configured with */
	const char *const *rsh; /* these three end with NULL */
	const char *const *suspend_command;
	const char *const *resume_command;
#define X(name) const char *name;
	RUN_TEXTS(X)
#undef X
#define X(name) int64_t name;
	RUN_NUMBERS(X)
#undef X
#define X(name) bool name;
	RUN_FLAGS(X)
#undef X
};

/* A plug-in that could not do its part on a node, while others could. */
struct plugin_failure {
	const char *plugin;
	const char *error;
};

/* Which members mean something depends on type and op; the others are 0. */
struct event {
	enum event_type type;
	int64_t at_ms;
	struct run_info run;		/* run started */
	struct coordinator coordinator; /* run started, recovered, abandoned */
	const char *node;		/* op started, ended */
	enum op_kind op;
	size_t update;	     /* install: number in the node's list */
	const char *id;	     /* install: the id of that update */
	const char *job;     /* install and script started */
	const char *boot_id; /* scan and restart ended; install started */
	const char *plugin;  /* scan and stage of this one only, or NULL */
	unsigned attempt;    /* at the whole node */
	unsigned pass;
	enum op_outcome outcome; /* op ended */
	const char *error;	 /* op ended, run finished, stop, warned */
	enum stop_cause cause;	 /* stop */
	bool now;		 /* stop: installers are ended too */
	struct plugin_failure *failures; /* scan and stage ended */
	size_t n_failures;
	const char *kind;		/* restart ended: full, kexec, soft */
	const char *how;		/* restart ended: what came of it */
	bool already;			/* suspend ended: others had done it */
	const char *log;		/* script ended */
	struct scan_result scan;	/* scan ended */
	int64_t bytes;			/* stage ended: bytes sent */
	struct install_result result;	/* install ended */
	enum summary_status status;	/* run finished */
	const struct finding *findings; /* run started; NULL: not looked for */
	size_t n_findings;
};

/* A new reference; never NULL. */
json_t *event_to_json(const struct event *ev);
/* Strings go to the arena. -1 with a reason when the object is none. */
int event_from_json(struct event *ev, const json_t *j, struct arena *a,
    struct err *e) CAU_MUSTCHECK;

/* Adds what a run was asked to do to an object, as the journal has it. */
void run_to_json(const struct run_info *r, json_t *object);

/* Members for both: {"type","name"} and so on, as in scan and report. */
json_t *coordinator_to_json(const struct coordinator *c);

const char *op_name(enum op_kind op);
const char *op_outcome_name(enum op_outcome o);
/* Refused or skipped. */
bool outcome_passes_over(enum op_outcome o);
const char *summary_status_name(enum summary_status s);

#endif
