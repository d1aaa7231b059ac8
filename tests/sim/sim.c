/* SPDX-License-Identifier: ISC */
/*
 * Updating Runs of simulated clusters in virtual time: the engine and the
 * journal of cau run are driven as run.c drives them, and everything that can
 * go wrong does: installers and drains fail, contact is lost, nodes do not
 * come back, people stop the run, and the coordinator crashes between any two
 * events, with what it had not synced lost or cut in the middle of a line.
 * The promises of cau are checked after every event.
 *
 *	sim [SEED [COUNT]]	COUNT runs from SEED on; "sim SEED 1" replays
 *one
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal.h"
#include "report.h"

#define SEEDS	    2000
#define MAX_NODES   6
#define MAX_UPDATES 8 /* that a node can ever be offered */
#define MAX_JOBS    64
#define MAX_TURNS   5000
#define MAX_CRASHES 8
#define T0	    INT64_C(1769828400000)

/* An update that a node will be offered, from some number of installations
 * on: the first ones may bring more into sight. */
struct offer {
	char id[32];
	unsigned after;
	enum update_result result;
	bool reboot;
};

/* An installer on a node. It runs to its end whatever the coordinator does. */
struct job {
	char name[64];
	size_t offer;
};

struct sim_node {
	char name[32];
	bool local;
	struct offer offers[MAX_UPDATES];
	size_t n_offers;
	bool installed[MAX_UPDATES], seen[MAX_UPDATES], staged[MAX_UPDATES];
	struct job jobs[MAX_JOBS];
	size_t n_jobs;
	unsigned boot;
	bool drained;
	bool lost;	/* down, or nobody knows what runs there */
	size_t lost_at; /* length of the journal that knows it */
	/* The operation in flight; ends_ms 0: none. */
	int64_t ends_ms;
	struct event op;
};

struct sim {
	uint64_t seed, random;
	int64_t now_ms;
	struct arena arena; /* of the world: lives through crashes */
	struct run_info run;
	struct sim_node nodes[MAX_NODES];
	struct engine g;
	struct journal j;	  /* never written: all of it is in pending */
	size_t synced;		  /* what a crash leaves for sure */
	unsigned crashes, faults; /* faults: how much goes wrong, in percent */
	size_t stopped_at; /* length of the journal that knows of a stop */
};

/* splitmix64 */
static uint64_t
next_random(struct sim *s)
{
	uint64_t z = s->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static unsigned
below(struct sim *s, unsigned n)
{
	return (unsigned)(next_random(s) % n);
}

static bool
chance(struct sim *s, unsigned percent)
{
	return below(s, 100) < percent;
}

static _Noreturn void
    CAU_PRINTF(2, 3) broken(const struct sim *s, const char *fmt, ...)
{
	va_list ap;

	(void)fputs(s->j.pending.data, stderr);
	(void)fprintf(stderr, "\nseed %" PRIu64 ": ", s->seed);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fprintf(stderr, "\nsim %" PRIu64 " 1\n", s->seed);
	exit(1);
}

static struct coordinator
coordinator(struct sim *s)
{
	return (struct coordinator){"host", "root", CAU_VERSION,
	    arena_printf(&s->arena, "c%u", s->crashes), 100 + s->crashes};
}

static void
make_node(struct sim *s, struct sim_node *n, size_t number)
{
	static const enum update_result results[] = {RESULT_SUCCEEDED,
	    RESULT_SUCCEEDED, RESULT_SUCCEEDED, RESULT_SUCCEEDED, RESULT_FAILED,
	    RESULT_ALREADY_INSTALLED, RESULT_NOT_APPLICABLE};
	struct offer *o;

	(void)snprintf(n->name, sizeof(n->name), "n%zu", number);
	n->local = chance(s, 10);
	n->n_offers = chance(s, 20) ? 0 : below(s, MAX_UPDATES + 1);
	for (size_t i = 0; i < n->n_offers; i++) {
		o = &n->offers[i];
		(void)snprintf(o->id, sizeof(o->id), "u%zu", i);
		o->after = i < 3 || chance(s, 60) ? 0 : below(s, 5);
		o->result =
		    s->faults == 0
			? RESULT_SUCCEEDED
			: results[below(s, sizeof(results) / sizeof(*results))];
		o->reboot = chance(s, 20);
		n->installed[i] = chance(s, 10);
	}
}

static void
make_world(struct sim *s)
{
	static const char *const suspend[] = {"drain", NULL};
	static const char *const resume[] = {"undrain", NULL};
	static const char *const none[] = {NULL};
	static const char *const rsh[] = {"ssh", NULL};
	static struct run_plugin plugin = {"Microsoft.HotfixPlugin", ""};
	bool drain = chance(s, 70);
	size_t n = 1 + below(s, MAX_NODES);
	struct run_node *nodes = arena_alloc(&s->arena, n * sizeof(*nodes));

	s->now_ms = T0;
	s->faults = chance(s, 20) ? 0 : below(s, 30);
	for (size_t i = 0; i < n; i++) {
		make_node(s, &s->nodes[i], i);
		nodes[i] = (struct run_node){
		    s->nodes[i].name, s->nodes[i].name, s->nodes[i].local};
	}
	s->run = (struct run_info){
	    .run_id = arena_printf(
		&s->arena, "00000000-0000-4000-8000-%012" PRIx64, s->seed),
	    .cluster_type = "list",
	    .cluster_name = "sim",
	    .nodes = nodes,
	    .n_nodes = n,
	    .plugins = &plugin,
	    .n_plugins = 1,
	    .digest = "",
	    .rsh = rsh,
	    .suspend_command = drain ? suspend : none,
	    .resume_command = drain ? resume : none,
	    .node_state_dir = "/var/lib/cau/node",
	    .parallel = 1 + below(s, 6),
	    .max_unavailable = 1 + below(s, 3),
	    .max_failed_nodes = below(s, (unsigned)n + 1),
	    .allow_self_reboot = chance(s, 30)};
}

static size_t
number_of(const struct sim *s, const char *name)
{
	size_t i = 0;

	while (strcmp(s->nodes[i].name, name) != 0)
		i++;
	return i;
}

static bool
drains(const struct sim *s)
{
	return s->run.suspend_command[0] != NULL;
}

static char *
report_text(const struct engine *g)
{
	json_t *j = report_to_json(g);
	char *text = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);

	json_decref(j);
	return text;
}

/* Folds the journal into a fresh engine. */
static void
fold(struct sim *s, struct engine *g)
{
	size_t good;
	struct err e;

	engine_init(g);
	if (journal_fold(g, s->j.pending.data, s->j.pending.len, &good, &e) ==
	    -1)
		broken(s, "its journal does not fold: %s", e.text);
	buf_setlen(&s->j.pending, good);
}

/* Promise: the journal tells what the engine that wrote it knows. */
static void
check_replay(struct sim *s)
{
	struct engine again;
	char *a, *b;

	fold(s, &again);
	a = report_text(&s->g);
	b = report_text(&again);
	if (strcmp(a, b) != 0)
		broken(s, "the journal tells another story:\n%s\n%s", a, b);
	free(a);
	free(b);
	engine_release(&again);
}

/* Promise: never more nodes out of service than allowed. */
static void
check_away(const struct sim *s)
{
	const struct engine_node *n;
	int64_t away = 0;

	for (size_t i = 0; i < s->run.n_nodes; i++) {
		n = &s->g.nodes[i];
		if ((n->active && !n->finished) || s->nodes[i].drained ||
		    s->nodes[i].lost)
			away++;
	}
	if (away > s->run.max_unavailable)
		broken(s, "%" PRId64 " nodes are out of service", away);
}

static void
record(struct sim *s, const struct event *ev)
{
	struct err e;

	journal_add(&s->j, ev, NULL);
	if (engine_apply(&s->g, ev, &e) == -1)
		broken(s, "the engine refuses what it asked for: %s", e.text);
	check_away(s);
	if (below(s, 500) == 0)
		check_replay(s);
}

static void
end_scan(struct sim *s, struct sim_node *n, struct event *end)
{
	const struct offer *o;
	struct update *u;

	end->boot_id = arena_printf(&s->arena, "%s-%u", n->name, n->boot);
	end->scan.updates =
	    arena_alloc(&s->arena, (n->n_offers + 1) * sizeof(*u));
	for (size_t i = 0; i < n->n_offers; i++) {
		o = &n->offers[i];
		if (o->after > n->n_jobs)
			continue;
		n->seen[i] = true;
		u = &end->scan.updates[end->scan.n_updates++];
		*u = (struct update){o->id, o->id, "", "Microsoft.HotfixPlugin",
		    "", o->id, "", "", "", 1, n->installed[i], ""};
	}
	/* A plug-in that says things twice. */
	if (end->scan.n_updates > 0 && chance(s, 5)) {
		u = &end->scan.updates[end->scan.n_updates++];
		*u = end->scan.updates[0];
	}
}

/* Promise: no update is started twice, and none outside its node's turn. */
static struct job *
start_job(struct sim *s, struct sim_node *n)
{
	struct job *j;
	size_t offer = 0;

	if (drains(s) && !n->drained)
		broken(s, "%s: %s is installed while it is in service", n->name,
		    n->op.id);
	while (strcmp(n->offers[offer].id, n->op.id) != 0)
		offer++;
	if (!n->staged[offer])
		broken(s, "%s: %s is not there yet", n->name, n->op.id);
	for (size_t i = 0; i < n->n_jobs; i++) {
		j = &n->jobs[i];
		if (strcmp(j->name, n->op.job) == 0 && j->offer == offer)
			return j; /* it has been started before: find it */
		if (strcmp(j->name, n->op.job) == 0 || j->offer == offer)
			broken(s, "%s: %s is started twice, as %s and %s",
			    n->name, n->op.id, j->name, n->op.job);
	}
	if (n->installed[offer])
		broken(s, "%s: %s is installed already", n->name, n->op.id);
	j = &n->jobs[n->n_jobs++];
	(void)snprintf(j->name, sizeof(j->name), "%s", n->op.job);
	j->offer = offer;
	return j;
}

static void
end_install(struct sim *s, struct sim_node *n, struct event *end)
{
	struct install_result *r = &end->result;
	const struct offer *o;
	const struct job *j;

	end->update = n->op.update;
	end->id = n->op.id;
	r->reason = r->log = "";
	if (end->outcome == OUTCOME_FAILED || end->outcome == OUTCOME_LOST) {
		/* Contact was lost before it could be started. */
		r->result = RESULT_FAILED;
		return;
	}
	j = start_job(s, n);
	o = &n->offers[j->offer];
	if (end->outcome == OUTCOME_UNKNOWN) {
		r->result = RESULT_UNKNOWN;
		return;
	}
	r->result = o->result;
	r->reboot_required = o->reboot;
	r->has_code = true;
	r->exit_code = o->result == RESULT_FAILED ? 0x80240017 : 0;
	n->installed[j->offer] = o->result == RESULT_SUCCEEDED;
}

/* What an operation did to its node in the end. half: nobody was there any
 * more to see it to its end. */
static void
take_effect(
    struct sim *s, struct sim_node *n, enum op_outcome outcome, bool half)
{
	bool ok = outcome == OUTCOME_OK && !half;
	char boot[64];

	switch (n->op.op) {
	case OP_SCAN:
	case OP_KIND_COUNT:
		break;
	case OP_STAGE:
		for (size_t i = 0; ok && i < n->n_offers; i++)
			n->staged[i] = n->seen[i];
		break;
	case OP_SUSPEND:
		n->drained = ok || chance(s, 50);
		break;
	case OP_INSTALL:
		if (half && chance(s, 70))
			(void)start_job(s, n);
		break;
	case OP_RESTART:
		if (n->local && !s->run.allow_self_reboot)
			broken(s, "%s is restarted without leave", n->name);
		(void)snprintf(boot, sizeof(boot), "%s-%u", n->name, n->boot);
		if (strcmp(boot, n->op.boot_id) == 0 && (ok || chance(s, 50)))
			n->boot++;
		n->lost = !ok && !half;
		break;
	case OP_RESUME:
		n->drained = !ok && chance(s, 50);
		break;
	}
	if ((outcome == OUTCOME_UNKNOWN || outcome == OUTCOME_LOST) &&
	    n->op.op == OP_INSTALL)
		n->lost = true;
}

/* An operation comes to its end under the eyes of the coordinator. */
static void
end_op(struct sim *s, struct sim_node *n)
{
	struct event end = {.type = EV_OP_ENDED,
	    .at_ms = s->now_ms,
	    .node = n->name,
	    .op = n->op.op,
	    .pass = n->op.pass};

	if (chance(s, s->faults / 2))
		end.outcome = chance(s, 15)   ? OUTCOME_UNKNOWN
			      : chance(s, 15) ? OUTCOME_LOST
					      : OUTCOME_FAILED;
	if (end.outcome != OUTCOME_OK)
		end.error = "trouble";
	n->ends_ms = 0;
	take_effect(s, n, end.outcome, false);
	if (n->op.op == OP_SCAN && end.outcome == OUTCOME_OK)
		end_scan(s, n, &end);
	if (n->op.op == OP_INSTALL)
		end_install(s, n, &end);
	if (n->op.op == OP_RESTART && end.outcome == OUTCOME_OK)
		end.boot_id =
		    arena_printf(&s->arena, "%s-%u", n->name, n->boot);
	record(s, &end);
	n->lost_at = n->lost ? s->j.pending.len : 0;
}

static void
start_op(struct sim *s, const struct event *ev)
{
	struct sim_node *n = &s->nodes[number_of(s, ev->node)];

	if (n->ends_ms != 0)
		broken(s, "%s has two operations at once", n->name);
	if (n->lost)
		broken(s, "%s is touched though nobody knows what runs there",
		    n->name);
	n->op = *ev;
	if (ev->id != NULL)
		n->op.id = arena_strdup(&s->arena, ev->id);
	if (ev->job != NULL)
		n->op.job = arena_strdup(&s->arena, ev->job);
	if (ev->boot_id != NULL)
		n->op.boot_id = arena_strdup(&s->arena, ev->boot_id);
	n->ends_ms = s->now_ms + 1 + below(s, 60000);
}

/*
 * The coordinator dies: what it had not synced is lost from some byte on,
 * its operations take effect or not, and another one takes the run up.
 */
static void
crash(struct sim *s)
{
	struct event ev = {.type = EV_RUN_RECOVERED};
	size_t unsynced = s->j.pending.len - s->synced;

	buf_setlen(&s->j.pending, s->synced + below(s, (unsigned)unsynced + 1));
	for (size_t i = 0; i < s->run.n_nodes; i++) {
		if (s->nodes[i].ends_ms == 0)
			continue;
		s->nodes[i].ends_ms = 0;
		take_effect(s, &s->nodes[i], OUTCOME_OK, true);
	}
	engine_release(&s->g);
	fold(s, &s->g);
	for (size_t i = 0; i < s->run.n_nodes; i++)
		if (s->nodes[i].lost_at > s->j.pending.len)
			s->nodes[i].lost = false;
	if (s->stopped_at > s->j.pending.len)
		s->stopped_at = 0;
	s->crashes++;
	s->now_ms += below(s, 100000);
	if (s->g.finished)
		return;
	ev.at_ms = s->now_ms > s->g.last_ms ? s->now_ms : s->g.last_ms;
	ev.coordinator = coordinator(s);
	record(s, &ev);
	s->synced = s->j.pending.len;
}

static bool
crashes_now(struct sim *s)
{
	if (s->crashes >= MAX_CRASHES || !chance(s, s->faults / 4))
		return false;
	crash(s);
	return true;
}

static void
stop(struct sim *s)
{
	struct event ev = {.type = EV_STOP_REQUESTED,
	    .at_ms = s->now_ms,
	    .error = "interrupted"};

	if (s->g.finished)
		return;
	record(s, &ev);
	s->stopped_at = s->j.pending.len;
}

/* One turn of the loop of run.c. */
static void
turn(struct sim *s)
{
	struct arena a = ARENA_INIT;
	struct sim_node *n = NULL;
	struct engine_plan plan;
	bool waiting = false;

	engine_next(&s->g, s->now_ms, &plan, &a);
	for (size_t i = 0; i < plan.n_events; i++)
		record(s, &plan.events[i]);
	if (crashes_now(s))
		goto out;
	s->synced = s->j.pending.len;
	if (crashes_now(s))
		goto out;
	for (size_t i = 0; i < plan.n_events; i++)
		if (plan.events[i].type == EV_OP_STARTED)
			start_op(s, &plan.events[i]);
	for (size_t i = 0; i < s->run.n_nodes; i++) {
		if (s->nodes[i].ends_ms == 0)
			continue;
		waiting = true;
		if (n == NULL || s->nodes[i].ends_ms < n->ends_ms)
			n = &s->nodes[i];
	}
	if (s->g.finished)
		goto out;
	if (!waiting)
		broken(s, "the run stands still");
	if (crashes_now(s))
		goto out;
	if (chance(s, s->faults == 0 ? 0 : 1))
		stop(s);
	s->now_ms = n->ends_ms;
	end_op(s, n);
	(void)crashes_now(s);
out:
	arena_release(&a);
}

/* Promise: success is said only of what was seen. */
static void
check_update(const struct sim *s, const struct sim_node *n, const json_t *u)
{
	const char *id = json_text(u, "id");
	const char *result = json_text(u, "result");
	const struct job *found = NULL;

	for (size_t i = 0; i < n->n_jobs; i++)
		if (strcmp(n->offers[n->jobs[i].offer].id, id) == 0)
			found = &n->jobs[i];
	if (strcmp(result, "Succeeded") == 0 &&
	    (found == NULL ||
		n->offers[found->offer].result != RESULT_SUCCEEDED))
		broken(s, "%s: %s is said to have succeeded", n->name, id);
	if (strcmp(result, "Canceled") == 0 && found != NULL)
		broken(s, "%s: %s was started and is said to be canceled",
		    n->name, id);
	if (*result == '\0')
		broken(s, "%s: %s has no result", n->name, id);
}

static void
check_report(struct sim *s)
{
	json_t *r = report_to_json(&s->g), *nodes, *node, *updates;
	enum cau_exit code = engine_exit_code(&s->g);
	size_t good = 0, failed = 0;
	const struct sim_node *n;
	const char *status;
	bool unknown =
	    strstr(s->j.pending.data, "\"outcome\":\"unknown\"") != NULL;

	nodes = json_object_get(r, "nodes");
	for (size_t i = 0; i < json_array_size(nodes); i++) {
		node = json_array_get(nodes, i);
		n = &s->nodes[number_of(s, json_text(node, "name"))];
		/* Promise: no node stays drained without a word. */
		if (n->drained && !json_flag(node, "left_suspended"))
			broken(s, "%s is left out of service", n->name);
		status = json_text(node, "status");
		good += strcmp(status, "Succeeded") == 0;
		failed += strcmp(status, "Failed") == 0;
		if (*status == '\0')
			broken(s, "%s has no status", n->name);
		updates = json_object_get(node, "updates");
		for (size_t k = 0; k < json_array_size(updates); k++)
			check_update(s, n, json_array_get(updates, k));
	}
	if ((code == CAU_UNKNOWN) != unknown)
		broken(s, "exit code %d, unknown outcomes: %d", (int)code,
		    unknown);
	if (code == CAU_OK && good != s->run.n_nodes)
		broken(s, "exit code 0 with %zu good nodes", good);
	if (good == s->run.n_nodes && code != CAU_OK && code != CAU_UNKNOWN)
		broken(s, "exit code %d, and all nodes are good", (int)code);
	if (code == CAU_CANCELED && s->stopped_at == 0)
		broken(s, "canceled, and nobody asked for it");
	if (code == CAU_PARTIAL && (int64_t)failed > s->run.max_failed_nodes)
		broken(s, "%zu failed nodes are within the budget", failed);
	if (s->faults == 0 && code != CAU_OK)
		broken(s, "exit code %d, and nothing went wrong", (int)code);
	json_decref(r);
}

static void
simulate(uint64_t seed)
{
	struct sim *s = xcalloc(1, sizeof(*s));
	struct event ev = {.type = EV_RUN_STARTED, .at_ms = T0};
	struct buf text = BUF_INIT;
	unsigned turns = 0;

	s->seed = s->random = seed;
	s->j.fd = -1;
	buf_init(&s->j.pending);
	engine_init(&s->g);
	make_world(s);
	ev.run = s->run;
	ev.coordinator = coordinator(s);
	record(s, &ev);
	s->synced = s->j.pending.len;
	while (!s->g.finished) {
		if (++turns > MAX_TURNS)
			broken(s, "the run does not end");
		turn(s);
	}
	check_replay(s);
	check_report(s);
	report_to_text(&text, &s->g, true);
	buf_release(&text);
	journal_close(&s->j);
	engine_release(&s->g);
	arena_release(&s->arena);
	free(s);
}

static uint64_t
number(const char *s)
{
	char *end;
	uint64_t v;

	errno = 0;
	v = strtoull(s, &end, 10);
	if (errno != 0 || *s == '\0' || *end != '\0') {
		(void)fprintf(stderr, "usage: sim [SEED [COUNT]]\n");
		exit(2);
	}
	return v;
}

int
main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? number(argv[1]) : 1;
	uint64_t count = argc > 2 ? number(argv[2]) : SEEDS;

	for (uint64_t i = 0; i < count; i++)
		simulate(seed + i);
	(void)printf(
	    "%" PRIu64 " runs from seed %" PRIu64 " on\n", count, seed);
	return 0;
}
