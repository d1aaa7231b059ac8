/* SPDX-License-Identifier: ISC */
/*
 * Updating Runs of simulated clusters in virtual time: the shipped engine and
 * journal are driven as run.c and cmd_run.c drive them, and everything that
 * can go wrong does. All that happens in a run follows from its seed.
 *
 *	sim.c       options, many runs, what is said of a run that fails
 *	scenario.c  what a seed means: options, nodes, updates, troubles
 *	driver.c    the coordinator: turns, crashes, recovery, orders to stop
 *	disk.c      the disk under its journal: full, torn, without power
 *	world.c     the nodes: what operations do to them
 *	jobs.c      installers and scripts on them
 *	ends.c      what the coordinator hears of it
 *	ledger.c    what the journal says happened, in few words
 *	check.c     the promises, after every event
 *	report.c    the promises, when a run is over
 *	damage.c    the journal read back, whole and damaged
 *	strange.c   events that nobody asked for
 */
#ifndef SIM_H
#define SIM_H

#include "journal.h"

#define SIM_T0	INT64_C(1769828400000) /* 2026-01-31T03:00:00Z */
#define FOREVER INT64_MAX

/* design.md 9 promises the first seven, engine.h the others. A mutant of the
 * engine names the one that it breaks. */
#define PROMISES(X)                                                        \
	X(P_ONCE, "1", "an update is started once, in its node's turn")    \
	X(P_DRAINED, "2", "none is left out in silence, or back in doubt") \
	X(P_AWAY, "3", "no more nodes out of service than allowed")        \
	X(P_SEEN, "4", "success is said only of what was seen")            \
	X(P_CRASH, "5", "nothing is lost, wherever the coordinator stops") \
	X(P_TEXT, "6", "hostile text stays text")                          \
	X(P_INPUT, "7", "bad input is refused")                            \
	X(P_ORDER, "order", "nodes and operations keep their order")       \
	X(P_END, "end", "every run comes to its end")

enum promise {
#define X(id, name, text) id,
	PROMISES(X)
#undef X
};

/* What goes wrong with an operation. */
enum trouble {
	T_NONE,
	T_BEFORE,  /* contact is lost before anything is done */
	T_DURING,  /* while it is done */
	T_AFTER,   /* before its end is heard */
	T_SLOW,	   /* it takes long */
	T_NEVER,   /* it does not end by itself */
	T_WRONG,   /* wrong code; one plug-in fails */
	T_REFUSED, /* nothing is done */
	T_VAGUE,   /* nobody can say whether it was done */
	T_FLAWED,  /* done, but not well */
	T_COUNT
};

/* An update that a node is offered once so many installers have ended. */
struct offer {
	struct update info;
	size_t plugin;
	unsigned after;
	enum update_result result; /* what its installer comes to */
	uint32_t code;
	bool reboot;
	bool installed; /* before the run */
	bool repeats;	/* is offered again when it is installed */
	bool lingers;	/* the same, until the node restarts */
	int64_t takes_ms;
	unsigned staged;	/* with the others of that stage, 0: not */
	const char *staged_job; /* what it was staged for */
};

enum job_way {
	WAY_RESULT,   /* ends with the result of its offer */
	WAY_WRONG,    /* with a code that nobody knows */
	WAY_TIMEOUT,  /* is ended by its node */
	WAY_STUCK,    /* cannot be ended */
	WAY_CUT,      /* by a restart of its node */
	WAY_CANCELED, /* ended on demand */
	WAY_NEVER,    /* not started, and never will */
	WAY_REFUSED   /* the same, because it could not be */
};

/* An installer or a script on a node: lives on whatever the coordinator
 * does. */
struct sim_job {
	const char *id;
	size_t offer; /* SIZE_MAX: a script */
	enum job_way way;
	int64_t ends_ms;
	const char *announced; /* boot id that cau knew then */
	unsigned boot;	       /* of the node when it was started */
	unsigned restarts;     /* by cau, until then */
	bool heard;	       /* its result is known to cau */
};

enum service { IN_SERVICE, HALF_DRAINED, DRAINED };

/* What a cluster says when one of its nodes is to be taken out of service. */
enum answer {
	ANSWER_TAKE, /* fit for it, and the node is in service */
	ANSWER_REFUSED,
	ANSWER_SKIPPED,
	ANSWER_ALREADY
};

/* An operation between its start and its end. */
struct flight {
	bool on, acted;
	bool again, look_only; /* as in work.h */
	bool canceled;	       /* by the coordinator */
	bool held;	       /* another one has the node */
	enum answer answer;
	struct event started;
	size_t offer;	/* install */
	size_t *wanted; /* stage: offers, and their jobs */
	const char **jobs;
	size_t n_wanted;
	enum trouble trouble;
	uint64_t failed; /* plug-ins, when T_WRONG is theirs */
	int64_t acts_ms, ends_ms;
};

struct sim_node {
	const char *name;
	bool local;
	struct offer *offers;
	size_t n_offers;
	struct sim_job *jobs;
	size_t n_jobs, cap_jobs;
	unsigned boot, restarts, stages;
	bool waits; /* since its first boot, for a restart of an earlier run */
	int64_t up_ms;	      /* down until then */
	int64_t mute_ms;      /* no contact until then, though it is up */
	bool restarting;      /* down because cau asked for it */
	int64_t held_ms;      /* another coordinator has it until then */
	int64_t admin_ms;     /* an admin has it in standby until then */
	enum service service; /* as far as cau has to do with it */
	struct flight flight;
};

/* What happens to a node, whatever cau does. */
struct incident {
	int64_t at_ms, lasts_ms;
	size_t node;
	enum {
		NODE_DIES,
		NODE_MUTE,
		NODE_HELD,
		DISK_FULL,
		ADMIN_TAKES,
		CLUSTER_UNFIT
	} kind;
};

/* What the events so far say, without the engine. */
struct ledger_node {
	unsigned attempt, pass, first_pass, starts;
	/* Failed: since the last that did not; tries: in this attempt. */
	unsigned suspends_failed, suspend_tries;
	unsigned most_passes; /* of an attempt */
	int64_t last_end_ms;
	bool turn; /* has begun */
	bool busy;
	enum op_kind last_op;
	enum op_outcome last_outcome;
	bool in_doubt, unknown, flawed, held, lost;
	bool suspended, resume_failed;
	bool given_up; /* something failed after the run was given up */
	bool passed;   /* refused or skipped */
	bool waits;    /* it said that it waits for a restart */
	bool others;   /* this attempt found it taken out by others */
	bool was_suspended, was_post_due; /* before the operation in flight */
	bool restart_open;		  /* asked for, not seen back: */
	unsigned restart_boot, n_restarts;
	bool pre_ok;		 /* a pre-update script not yet answered */
	bool post_due;		 /* something is to be followed by the other */
	size_t last_update;	 /* of this pass, SIZE_MAX: none */
	size_t installing;	 /* SIZE_MAX: none */
	uint64_t failed_plugins; /* in this attempt */
	bool bad;		 /* something else failed in it */
	bool restart_due;	 /* asked for, and not done */
	/* Offers by their numbers: said to be installed, and those that may not
	 * be offered then and were. */
	uint64_t well, offered_again;
	size_t n_errors;
	uint64_t first_error;
};

struct ledger {
	struct ledger_node *nodes;
	size_t n_events;
	bool stop_asked, stop_now, abandoned, finished;
	bool refused;	       /* a node, by its cluster */
	enum engine_stop stop; /* of the engine, as it first was */
	unsigned warned;
	bool turns_begun;
	int64_t taken_up_ms; /* by a recovery */
};

struct disk {
	struct buf bytes; /* what a reader sees */
	size_t durable;	  /* what a loss of power leaves */
	size_t room;	  /* until it is full */
	bool broken;	  /* the next fdatasync fails */
	bool stubborn;	  /* the journal is not opened, or not cut */
	uint64_t random;
};

struct sim {
	uint64_t seed, random;
	uint64_t random_cluster; /* what a seed means does not change by it */
	bool trace;
	struct arena arena;
	/* The scenario. */
	struct run_info run;
	struct sim_node *nodes;
	bool calm; /* nothing goes wrong */
	bool hostile, coarse, all_local;
	uint64_t joint; /* plug-ins that install all in one transaction */
	unsigned trouble_percent, crash_percent, abandon_percent;
	unsigned most_crashes;
	enum op_kind focus; /* of the troubles; OP_KIND_COUNT: all kinds */
	bool late_crashes;  /* none before the first turn */
	struct finding *findings;
	size_t n_findings;
	enum trouble troubles[T_COUNT];
	unsigned n_troubles;
	struct incident incidents[6 + 6];
	size_t n_incidents, next_incident;
	int64_t stop_ms, stop_now_ms;
	bool pacemaker;	     /* a cluster that has a say */
	bool update_standby; /* nodes that others took out are updated */
	/* The world. */
	int64_t now_ms;
	int64_t unfit_ms; /* the cluster is not fit to lose a node until then */
	struct disk disk;
	/* The coordinator. */
	size_t home; /* the node that it runs on, SIZE_MAX: none */
	unsigned home_boot;
	int64_t offset_ms; /* of its clock */
	struct coordinator self;
	struct engine g;
	struct journal j;
	unsigned crashes, turns;
	bool canceled;
	/* What the checks remember. */
	struct ledger ledger, synced; /* synced: when it last was on disk */
	size_t synced_bytes;
	uint64_t *hashes; /* of the engine after each event */
	size_t n_hashes, cap_hashes;
};

/* sim.c */
_Noreturn void
broken(struct sim *s, enum promise p, const char *fmt, ...) CAU_PRINTF(3, 4);
void trace(const struct sim *s, const struct sim_node *n, const char *fmt, ...)
    CAU_PRINTF(3, 4);

/* scenario.c */
uint64_t sim_random(uint64_t *state);
unsigned below(struct sim *s, unsigned n);
bool chance(struct sim *s, unsigned percent);
/* A time up to most_ms; coarse ones fall together. */
int64_t some_time(struct sim *s, unsigned most_ms);
/* A text from outside: plain, or anything. */
const char *some_text(struct sim *s, const char *plain);
/* The same, made printable as the edges of cau do before people see it. */
const char *some_words(struct sim *s, const char *plain);
void scenario_make(struct sim *s);
void scenario_show(const struct sim *s);
enum trouble scenario_trouble(struct sim *s, enum op_kind op);
struct coordinator scenario_coordinator(struct sim *s);

/* driver.c */
void drive(struct sim *s);
void crash(struct sim *s, const char *how);

/* disk.c */
void disk_init(struct disk *d, uint64_t random);
void disk_release(struct disk *d);
/* What lies under the journal from now on. */
void disk_use(struct disk *d);
void disk_lose_power(struct disk *d);
#define DISK_PATH "journal of the simulator"

/* jobs.c */
size_t
offer_of(struct sim *s, const struct sim_node *n, const struct update *u);
struct sim_job *job_of(const struct sim_node *n, const char *id);
/* The one that was started for it, or NULL. */
struct sim_job *job_of_offer(const struct sim_node *n, size_t offer);
bool job_runs(const struct sim *s, const struct sim_job *j);
bool installer_runs(const struct sim *s, const struct sim_node *n);
/* What became of it; RESULT_NONE while it runs. */
enum update_result job_result(
    const struct sim *s, const struct sim_node *n, const struct sim_job *j);
bool
offer_is_installed(const struct sim *s, const struct sim_node *n, size_t offer);
bool
offer_is_shown(const struct sim *s, const struct sim_node *n, size_t offer);
void jobs_act(struct sim *s, struct sim_node *n);
void job_refused(struct sim_node *n, const char *id, size_t offer);
void jobs_cut(struct sim *s, struct sim_node *n);

/* world.c */
const char *boot_of(struct sim *s, const struct sim_node *n);
bool answers(const struct sim *s, const struct sim_node *n);
/* Whether it is out of service as far as cau can know. */
bool is_drained(const struct sim *s, const struct sim_node *n);
/* For how long an operation is waited for. */
int64_t limit_of(const struct sim *s, enum op_kind op);
void world_start(struct sim *s, struct sim_node *n);
void world_act(struct sim *s, struct sim_node *n);
void world_cancel(struct sim *s, struct sim_node *n);
void world_leave(struct sim *s, struct sim_node *n);
void world_incident(struct sim *s, const struct incident *i);

/* ends.c */
void world_end(struct sim *s, struct sim_node *n, struct event *end);

/* ledger.c */
void ledger_init(struct ledger *l, const struct sim *s);
void
ledger_apply(struct ledger *l, const struct sim *s, const struct event *ev);
bool ledger_begins_turn(enum op_kind op);
uint64_t hash_text(const char *text);
unsigned boot_number(const char *boot_id);
size_t node_number(const struct sim *s, const char *name);

/* check.c */
void check_plan(struct sim *s, const struct engine_plan *plan, bool waiting);
void check_start(struct sim *s, const struct event *ev);
void check_state(struct sim *s);
bool node_went_badly(const struct ledger_node *l);
bool drains(const struct sim *s);
bool may_restart(const struct sim *s, const struct sim_node *n);
void check_job(
    struct sim *s, const struct sim_node *n, size_t offer, const char *id);

/* report.c */
void check_report(struct sim *s);
void check_status(struct sim *s);
void check_known(struct sim *s);

/* damage.c */
uint64_t state_hash(const struct engine *g);
void check_same(struct sim *s, const struct engine *g);
void check_constants(
    struct sim *s, const struct engine *live, const struct engine *g);
void check_fold(struct sim *s);
void check_damage(struct sim *s);
void use_state(struct sim *s, struct engine *g);

/* strange.c */
void check_strange(struct sim *s);

#endif
