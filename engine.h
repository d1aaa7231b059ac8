/* SPDX-License-Identifier: ISC */
/*
 * An Updating Run as a pure state machine. The state is a fold over events:
 * engine_apply is the only function that changes it, engine_next says what
 * to do now. No I/O, no clock. The driver of cau run, recovery, the status
 * and report commands and the simulator of the tests use the same two.
 *
 * Way of a node: Scan and Stage of all nodes come first; then nodes take
 * turns: Suspend, Install one update after the other, Restart when an update
 * asked for it, Scan again until nothing new is applicable, Resume.
 */
#ifndef CAU_ENGINE_H
#define CAU_ENGINE_H

#include "event.h"

/* More passes than this over one node are a loop (facts on the run, 3). */
#define ENGINE_MAX_PASSES 8

/* What a node is doing, in CAU's words. */
#define NODE_PHASES(X)                    \
	X(PHASE_WAITING, "Waiting")       \
	X(PHASE_SCANNING, "Scanning")     \
	X(PHASE_STAGING, "Staging")       \
	X(PHASE_SUSPENDING, "Suspending") \
	X(PHASE_INSTALLING, "Installing") \
	X(PHASE_RESTARTING, "Restarting") \
	X(PHASE_RESUMING, "Resuming")     \
	X(PHASE_DONE, "Done")

enum node_phase {
#define X(id, name) id,
	NODE_PHASES(X)
#undef X
};

struct engine_update {
	struct update info;
	unsigned pass; /* in which it was found */
	bool started;  /* an installer may have been started */
	bool done;     /* result holds what became of it */
	const char *job;
	const char *boot_id; /* of the node when it was started */
	struct install_result result;
	int64_t started_ms;
	int64_t ended_ms;
};

struct engine_reboot {
	const char *reason;
	const char *boot_id_before;
	const char *boot_id_after; /* "" until it is back */
	int64_t started_ms;
	int64_t ended_ms;
};

struct engine_node {
	const struct run_node *info;
	struct engine_update *updates;
	size_t n_updates, cap_updates;
	struct engine_reboot *reboots;
	size_t n_reboots, cap_reboots;
	size_t n_ignored;
	const char *boot_id; /* last one seen, "" before the first scan */
	const char *error;   /* the first trouble with the node, or NULL */
	const char *restart_reason;
	unsigned pass;
	bool scanned;	/* in this pass */
	bool staged;	/* in this pass */
	bool active;	/* has had its turn */
	bool suspended; /* by this run; maybe not to its end */
	bool drained;	/* suspended to its end */
	bool broken;	/* an operation failed: no further updates */
	bool keep_out;	/* not safe to resume */
	bool unknown;	/* an outcome is unknown */
	bool restart_needed;
	bool finished;
	enum summary_status status; /* once finished */
	/* The operation in flight. */
	bool busy;
	enum op_kind op;
	size_t op_update;
	int64_t op_since_ms;
	/* For the report. */
	int64_t suspended_at_ms;
	int64_t suspended_ms;
	int64_t timing_ms[OP_KIND_COUNT];
	int64_t bytes_staged;
};

struct engine {
	struct arena arena;
	struct run_info run; /* run_id NULL before the first event */
	struct coordinator coordinator;
	struct engine_node *nodes;
	int64_t started_ms;
	int64_t last_ms; /* time of the last event */
	unsigned recoveries;
	bool stopping;
	bool stop_requested; /* by a person; else by the engine itself */
	bool abandoned;	     /* nodes are put back, nothing else is done */
	const char *stop_reason;
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

/* What to do now. Events are to be recorded and applied in this order, then
 * the operations that they announce are to be started. */
struct engine_plan {
	struct event *events;
	size_t n_events;
	bool idle; /* nothing to start: wait for an operation to end */
};

/* Strings and array live in the arena. now_ms stamps the events. */
void engine_next(const struct engine *g, int64_t now_ms,
    struct engine_plan *plan, struct arena *a);

/* The id of the job that installs an update: the same whenever it is asked
 * for, so that nothing is started twice. */
const char *engine_job_id(const struct engine *g, const struct engine_node *n,
    size_t update, struct arena *a);

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
