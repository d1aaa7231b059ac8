/* SPDX-License-Identifier: ISC */
/*
 * The health check (cau-healthcheck(8)): the checks that cau has built in,
 * which of them are wanted, what was found, and what of that was
 * acknowledged. Pure.
 */
#ifndef CAU_HEALTH_H
#define CAU_HEALTH_H

#include "finding.h"

/* What a check needs to know. */
enum health_need {
	NEED_CONTACT, /* nothing but an answer */
	NEED_PROBE,   /* a probe of node/health.sh */
	NEED_HERE,    /* found out by the coordinator */
	NEED_CLUSTER  /* the cluster's own view */
};

struct health_check {
	const char *id;
	enum health_need need;
	const char *probe; /* NEED_PROBE */
	enum {
		CHECK_ALWAYS,
		/* Before a run: only if it uses the package managers. */
		CHECK_PACKAGES,
		/* A run finds it out by itself, and says it by its exit code.
		 */
		CHECK_NO_RUN
	} when;
	const char *summary;
	const char *remedy;
};

/* By id; ends with a NULL id. */
extern const struct health_check health_checks[];
const struct health_check *health_check_find(const char *id);

/* Ids of checks that others bring: "monitor/NAME", "alert/NAME". */
#define HEALTH_MONITOR "monitor"
#define HEALTH_ALERT   "alert"

/* A finding that somebody knows of: until the end of a day it stops nothing. */
struct acknowledgement {
	const char *id;
	const char *node; /* NULL: of any node */
	const char *until;
	int64_t until_ms;
	const char *reason;
};

/* What was asked for; nothing of it is written to. */
struct health_options {
	const char *const *only; /* ids; end with NULL. NULL: all */
	const char *const *skip;
	const struct acknowledgement *acks;
	size_t n_acks;
	uint64_t min_free_kb; /* a tenth of it is critical */
	int64_t limit_ms;     /* for each program that is asked */
	const char *checks_dir;
	const char *node_checks_dir;
	const char *alertmanager; /* URL, or NULL */
	const char *alert_filter;
};

struct health {
	struct arena arena;
	const struct health_options *options;
	bool gate;	     /* the first step of a run */
	bool packages;	     /* it has the nodes' package managers install */
	bool cluster;	     /* Pacemaker rules it */
	const char *own_run; /* in progress on this coordinator, or "" */
	int64_t now_ms;
	size_t n_nodes;
	struct finding *findings;
	size_t n, cap;
};

void health_init(struct health *h, const struct health_options *options);
void health_release(struct health *h);

/* Whether a check (or "monitor", "alert/NAME") is wanted. */
bool health_wants(const struct health *h, const char *id);
/* Whether a check of that probe is. */
bool health_wants_probe(const struct health *h, const char *probe);

/* Adds what a built-in check found, with its remedy. */
void health_add(struct health *h, const char *id, const char *node,
    enum severity severity, const char *fmt, ...) CAU_PRINTF(5, 6);
/* Adds any finding, copied, made printable, unless it is not wanted. */
void health_add_finding(struct health *h, const struct finding *f);

/* After the last finding: acknowledges, and sorts by severity, node and id.
 * findings is then not NULL. */
void health_finish(struct health *h);

/* The numbers of findings: what counts, and what was acknowledged. */
struct health_counts {
	size_t critical, warnings, acknowledged;
};
struct health_counts health_count(const struct finding *f, size_t n);

/* "ID[@NODE] DATE REASON". Strings go to the arena. */
int acknowledgement_parse(struct acknowledgement *k, const char *text,
    struct arena *a, struct err *e) CAU_MUSTCHECK;
/* A list of ids, apart by commas; ends with NULL. */
const char *const *health_parse_ids(
    const char *list, struct arena *a, struct err *e) CAU_MUSTCHECK;

/* One fact that a node told: node/health.sh. */
struct health_fact {
	const char *key;
	const char *text;
	int64_t at_ms; /* when it came, on our wall clock */
};

struct health_node {
	const char *name;
	const char *error; /* NULL: it answered to the end */
	bool reached;
	bool key_changed; /* the ssh host key is another one than before */
	struct health_fact *facts;
	size_t n_facts;
};

/* From facts to findings. */
void health_judge_node(struct health *h, const struct health_node *n);
/* What is to be compared between nodes. */
void
health_judge_nodes(struct health *h, const struct health_node *nodes, size_t n);

/*
 * What a monitoring plug-in came to (Monitoring Plugins development
 * guidelines): 0 OK, 1 WARNING, 2 CRITICAL; anything else, "died" and "no
 * answer" too, is UNKNOWN, which is critical. output is cut at its first line;
 * perfdata is kept.
 */
enum monitor_how { MONITOR_EXITED, MONITOR_DIED, MONITOR_TIMEOUT };
void health_add_monitor(struct health *h, const char *name, const char *node,
    enum monitor_how how, int code, const char *output);

/* For people: a table by severity, then one line that sums up. */
void health_to_text(struct buf *b, const struct health *h, bool color);
/* Lines "WARNING  n1  disk-space  ...". */
void findings_to_text(
    struct buf *b, const struct finding *f, size_t n, const char *indent);
/* The document of cau healthcheck --json. A new reference. */
json_t *health_to_json(const struct health *h);
/* One line as monitoring plug-ins print it; returns 0, 1 or 2. */
int health_to_nagios(struct buf *b, const struct health *h, int64_t took_ms);

#endif
