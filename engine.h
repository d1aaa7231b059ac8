/* SPDX-License-Identifier: ISC */
/*
 * An Updating Run as a pure state machine. The state is a fold over events:
 * engine_apply is the only function that changes it, engine_next says what
 * to do now. No I/O, no clock. The driver of cau run, recovery, the status
 * and report commands and the simulator of the tests use the same two.
 *
 * Way of a node: Scan and Stage of all nodes come first; then nodes take
 * turns: PreUpdateScript, Suspend, Install one update after the other, Restart
 * when an update asked for it, Scan again until nothing new is applicable,
 * Resume, PostUpdateScript. When any of that but an update fails, the attempt
 * fails: the node is put back where that is safe, and the whole way is gone
 * again, as often as max_retries_per_node permits.
 *
 * Both functions cost the same however many nodes there are, but for the few
 * events that concern all of them.
 */
#ifndef CAU_ENGINE_H
#define CAU_ENGINE_H

#include "event.h"

/* More passes than this over one node are a loop (facts on the run, 3). */
#define ENGINE_MAX_PASSES 8

/* What a node is doing, in CAU's words. */
#define NODE_PHASES(X)                                  \
	X(PHASE_WAITING, "Waiting")                     \
	X(PHASE_SCANNING, "Scanning")                   \
	X(PHASE_STAGING, "Staging")                     \
	X(PHASE_PRE_SCRIPT, "RunningPreUpdateScript")   \
	X(PHASE_SUSPENDING, "Suspending")               \
	X(PHASE_INSTALLING, "Installing")               \
	X(PHASE_RESTARTING, "Restarting")               \
	X(PHASE_RESUMING, "Resuming")                   \
	X(PHASE_POST_SCRIPT, "RunningPostUpdateScript") \
	X(PHASE_DONE, "Done")

enum node_phase {
#define X(id, name) id,
	NODE_PHASES(X)
#undef X
};

struct engine_update {
	struct update info;
	size_t plugin;	  /* its number in the run */
	unsigned pass;	  /* in which it was found */
	unsigned refused; /* attempt in which it could not be started */
	bool started;	  /* an installer may have been started */
	bool done;	  /* result holds what became of it */
	const char *job;
	const char *boot_id; /* of the node when it was started */
	struct install_result result;
	int64_t started_ms;
	int64_t ended_ms;
};

struct engine_reboot {
	const char *reason;
	const char *kind; /* full, kexec, soft; "" until it is back */
	const char *boot_id_before;
	const char *boot_id_after; /* "" until it is back */
	int64_t started_ms;
	int64_t ended_ms; /* 0: it is still to be seen back */
	/* What the last attempt at it came to; "" as long as none has ended. */
	const char *result;
};

/* Something went wrong with a node; none is ever dropped. */
struct engine_trouble {
	unsigned attempt;
	enum op_kind op;
	enum op_outcome outcome;
	const char *error;
	int64_t at_ms;
};

/* Where a node stands in the queue for the next operation. */
enum engine_place {
	PLACE_NOWHERE, /* busy or finished */
	PLACE_PREPARE, /* first scan and stage */
	PLACE_TURN,    /* prepared, waits for its turn */
	PLACE_ACTIVE,  /* goes on with its turn */
	PLACE_COUNT
};

/* What a node adds to the counts of the run. */
struct engine_share {
	enum engine_place place;
	bool busy, out, prepared, finished, failed;
};

struct engine_node {
	const struct run_node *info;
	struct engine_update *updates;
	size_t n_updates, cap_updates;
	size_t cursor; /* no update before it is left to do */
	struct engine_reboot *reboots;
	size_t n_reboots, cap_reboots;
	struct engine_trouble *troubles;
	size_t n_troubles, cap_troubles;
	size_t n_ignored;
	const char *boot_id; /* last one seen, "" before the first scan */
	const char *error;   /* the first trouble, or NULL when it was cured */
	const char *restart_reason;
	size_t restart_plugin;	 /* the last one that asked for a restart */
	uint64_t failed_plugins; /* in this attempt */
	unsigned attempt;
	unsigned pass, first_pass; /* first_pass: of this attempt */
	unsigned suspend_tries;	   /* that failed, in this attempt */
	size_t scanned;		   /* plug-ins done in this pass */
	size_t staged;
	bool tried;	/* an update, in this pass, or a restart that waited */
	bool prepared;	/* first scan and stage are over */
	bool active;	/* has had its turn */
	bool suspended; /* by this run; maybe not to its end */
	bool drained;	/* suspended to its end */
	bool broken;	/* this attempt failed: only putting back is left */
	bool in_doubt;	/* not to be resumed before it was seen again */
	bool lost;	/* the last trouble was the contact */
	bool held;	/* locked by another run */
	bool passed;	/* refused or skipped: at most put back */
	bool endless;	/* new updates came into sight for ever */
	bool joint;	/* has updates that are installed together */
	bool flawed;	/* trouble that no further try cures */
	bool unknown;	/* an outcome is unknown */
	bool script_running; /* pre or post, may have been started */
	unsigned turns; /* brought to an end by that script, in this attempt */
	bool opened;	/* its turn began; ends with the post-update script */
	bool restart_needed;
	bool restart_is_old; /* only an earlier run has left it undone */
	bool finished;
	enum summary_status status; /* once finished */
	int64_t retry_at_ms;	    /* nothing is started before */
	/* The operation in flight. */
	bool busy;
	enum op_kind op;
	size_t op_update;
	int64_t op_since_ms;
	bool was_active, was_opened, was_suspended; /* before it */
	/* For the report. */
	int64_t suspended_at_ms;    /* for the first time */
	int64_t suspended_since_ms; /* the last time */
	int64_t suspended_ms;
	int64_t timing_ms[OP_KIND_COUNT];
	int64_t bytes_staged;
	struct engine_share share;
};

/* Why the run ends early. */
enum engine_stop {
	ENGINE_STOP_NONE,
	ENGINE_STOP_PERSON,
	ENGINE_STOP_TIME,    /* StopAfter */
	ENGINE_STOP_FAILED,  /* MaxFailedNodes */
	ENGINE_STOP_AWAY,    /* as many nodes as may be out stay out */
	ENGINE_STOP_OFFLINE, /* RequireAllNodesOnline */
	ENGINE_STOP_HELD,    /* another run has a node */
	ENGINE_STOP_UNSAFE   /* the cluster is not fit to lose a node */
};

/* Sums over the nodes, kept up to date by every event. */
struct engine_census {
	size_t busy, out, prepared, finished, failed;
	size_t left_out; /* finished and out of service */
};

struct engine {
	struct arena arena;
	struct run_info run; /* run_id NULL before the first event */
	struct coordinator coordinator;
	struct engine_node *nodes;
	uint32_t *names; /* hash table: number of a node + 1 */
	size_t n_names;
	uint64_t *places[PLACE_COUNT]; /* sets of nodes by their numbers */
	size_t n_places[PLACE_COUNT];
	struct engine_census census;
	int64_t started_ms;
	int64_t last_ms; /* time of the last event */
	unsigned recoveries;
	bool warned; /* WarnAfter */
	enum engine_stop stop;
	bool stop_now;	/* installers are ended too */
	bool abandoned; /* nodes are put back, nothing else is done */
	const char *stop_reason;
	struct finding *health; /* before it began; NULL: not looked for */
	size_t n_health;
	bool finished;
	enum summary_status status;
	const char *error;
};

void engine_init(struct engine *g);
void engine_release(struct engine *g);

/*
 * Applies one event. What the event points to is copied. -1: the event does
 * not fit the state (a damaged journal); the state must not be used further.
 */
int engine_apply(
    struct engine *g, const struct event *ev, struct err *e) CAU_MUSTCHECK;

/*
 * What to do now. Events are to be recorded and applied in this order, then
 * the operations that they announce are to be started. Without events: wait
 * for an operation to end, or until wake_ms, and ask again.
 */
struct engine_plan {
	struct event *events;
	size_t n_events;
	bool idle;	 /* no events */
	int64_t wake_ms; /* INT64_MAX: nothing is due by itself */
};

/* Strings and array live in the arena. now_ms stamps the events. */
void engine_next(const struct engine *g, int64_t now_ms,
    struct engine_plan *plan, struct arena *a);

/* The id of the job that installs an update in this attempt: the same whenever
 * it is asked for, so that nothing is started twice. */
const char *engine_job_id(const struct engine *g, const struct engine_node *n,
    size_t update, struct arena *a);

/* The node of that name, or NULL. */
struct engine_node *engine_find(const struct engine *g, const char *name);

/* Whether the update is still to be installed in this attempt. */
bool engine_wants(const struct engine *g, const struct engine_node *n,
    const struct engine_update *u);

/*
 * What the edges have to know of an operation that engine_next announces, to
 * be asked before its event is applied. Again: it may have been started before.
 * Look only: it must not be started any more, only be seen to its end.
 */
bool engine_again(const struct engine *g, const struct event *ev);
bool engine_look_only(const struct engine *g, const struct event *ev);

/* Whether a stage for that plug-in (NULL: for all) brings the update over. */
bool engine_stages(const struct engine *g, const struct engine_node *n,
    const struct engine_update *u, const char *plugin);

/* What the node is doing. */
enum node_phase engine_phase(const struct engine_node *n);
const char *node_phase_name(enum node_phase p);

/* Numbers of the node's updates by result. */
struct engine_counts {
	size_t succeeded, failed, skipped, unknown, canceled, pending;
};
struct engine_counts engine_count(const struct engine_node *n);

/* Whether the node is the machine that cau runs on: known by its boot id too,
 * whatever its address. */
bool engine_is_self(const struct engine *g, const struct engine_node *n);

/* True when the node waits for a restart that cau did not do. */
bool
engine_restart_pending(const struct engine *g, const struct engine_node *n);

/* The exit code of cau run for a finished run. */
enum cau_exit engine_exit_code(const struct engine *g);

#endif
