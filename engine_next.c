/* SPDX-License-Identifier: ISC */
/* What a run does next: questions about its state, which nothing here changes.
 */
#include "engine_next.h"

#include <string.h>

static const char *const phase_names[] = {
#define X(id, name) name,
    NODE_PHASES(X)
#undef X
};

const char *
node_phase_name(enum node_phase p)
{
	return phase_names[p];
}

struct engine_counts
engine_count(const struct engine_node *n)
{
	struct engine_counts c = {0};

	for (size_t i = 0; i < n->n_updates; i++) {
		if (!n->updates[i].done) {
			c.pending++;
			continue;
		}
		switch (n->updates[i].result.result) {
		case RESULT_NONE:
			break;
		case RESULT_SUCCEEDED:
			c.succeeded++;
			break;
		case RESULT_FAILED:
			c.failed++;
			break;
		case RESULT_CANCELED:
			c.canceled++;
			break;
		case RESULT_ALREADY_INSTALLED:
		case RESULT_NOT_APPLICABLE:
			c.skipped++;
			break;
		case RESULT_UNKNOWN:
			c.unknown++;
			break;
		}
	}
	return c;
}

/* The next update to install, or n_updates. While the run is stopping only
 * one that may have been started already is still looked after. */
size_t
engine_next_update(const struct engine *g, const struct engine_node *n)
{
	size_t i;

	for (i = 0; i < n->n_updates; i++)
		if (!n->updates[i].done &&
		    (!g->stopping || n->updates[i].started))
			break;
	return i;
}

bool
engine_is_self(const struct engine *g, const struct engine_node *n)
{
	return n->info->local ||
	       (*n->boot_id != '\0' &&
		   strcmp(n->boot_id, g->coordinator.boot_id) == 0);
}

bool
engine_may_restart(const struct engine *g, const struct engine_node *n)
{
	return !engine_is_self(g, n) || g->run.allow_self_reboot;
}

bool
engine_has_words(const char *const *words)
{
	return words != NULL && words[0] != NULL;
}

static bool
can_suspend(const struct engine *g)
{
	return engine_has_words(g->run.suspend_command);
}

/*
 * What the node needs next, leaving aside whether it is its turn. Returns
 * false when nothing is left to do for it.
 */
bool
engine_next_op(const struct engine *g, const struct engine_node *n,
    enum op_kind *op, size_t *update)
{
	*update = 0;
	if (n->broken || g->abandoned) {
		*op = OP_RESUME;
		return n->suspended && !n->keep_out;
	}
	if (!n->scanned) {
		*op = OP_SCAN;
		return !g->stopping || n->active;
	}
	*update = engine_next_update(g, n);
	if (*update < n->n_updates) {
		if (!n->staged)
			*op = OP_STAGE;
		else if (can_suspend(g) && !n->drained)
			*op = OP_SUSPEND;
		else
			*op = OP_INSTALL;
		return true;
	}
	*op = n->restart_needed && engine_may_restart(g, n) ? OP_RESTART
							    : OP_RESUME;
	return *op == OP_RESTART || n->suspended;
}

/* Out of service through this run: under way, or left out for safety. */
bool
engine_is_away(const struct engine_node *n)
{
	return n->active && (!n->finished || n->suspended || n->keep_out);
}

/* Prepared: its first scan and stage are behind it. */
static bool
is_prepared(const struct engine *g, const struct engine_node *n)
{
	enum op_kind op;
	size_t update;

	return n->finished || n->active ||
	       (!n->busy && engine_next_op(g, n, &op, &update) &&
		   op != OP_SCAN && op != OP_STAGE);
}

/* What is under way, and how many nodes are out of service. */
struct engine_census
engine_take_census(const struct engine *g)
{
	struct engine_census c = {0};

	for (size_t i = 0; i < g->run.n_nodes; i++) {
		c.busy += g->nodes[i].busy;
		c.finished += g->nodes[i].finished;
		c.prepared += is_prepared(g, &g->nodes[i]);
		c.out += engine_is_away(&g->nodes[i]);
	}
	return c;
}

/* Whether what the node needs next may start: scans and stages while there
 * is room for more, the rest when it is the node's turn. */
bool
engine_may_start(const struct engine *g, const struct engine_node *n,
    enum op_kind op, const struct engine_census *c)
{
	if (n->active)
		return true;
	if (op == OP_SCAN || op == OP_STAGE)
		return c->busy < (size_t)g->run.parallel;
	return c->prepared == g->run.n_nodes &&
	       c->out < (size_t)g->run.max_unavailable;
}

static enum summary_status
run_status(const struct engine *g)
{
	size_t succeeded = 0, failed = 0, canceled = 0;

	for (size_t i = 0; i < g->run.n_nodes; i++) {
		succeeded += g->nodes[i].status == STATUS_SUCCEEDED;
		failed += g->nodes[i].status == STATUS_FAILED;
		canceled += g->nodes[i].status == STATUS_CANCELED;
	}
	if (succeeded == g->run.n_nodes)
		return STATUS_SUCCEEDED;
	if (g->stopping && !g->stop_requested)
		return STATUS_FAILED;
	if (g->stop_requested)
		return STATUS_CANCELED;
	return failed + canceled == g->run.n_nodes ? STATUS_FAILED
						   : STATUS_PARTIALLY_FAILED;
}

static struct event *
add_event(struct engine_plan *plan, enum event_type type, int64_t now_ms)
{
	struct event *ev = &plan->events[plan->n_events++];

	ev->type = type;
	ev->at_ms = now_ms;
	return ev;
}

const char *
engine_job_id(const struct engine *g, const struct engine_node *n,
    size_t update, struct arena *a)
{
	return arena_printf(
	    a, "%s.%zu.%zu", g->run.run_id, (size_t)(n - g->nodes), update);
}

static void
add_op(const struct engine *g, const struct engine_node *n, enum op_kind op,
    size_t update, struct engine_plan *plan, int64_t now_ms, struct arena *a)
{
	struct event *ev = add_event(plan, EV_OP_STARTED, now_ms);
	const struct engine_update *u;

	ev->node = n->info->name;
	ev->op = op;
	ev->pass = n->pass;
	if (op == OP_RESTART)
		ev->boot_id = n->boot_id;
	if (op != OP_INSTALL)
		return;
	u = &n->updates[update];
	ev->update = update;
	ev->id = u->info.id;
	ev->boot_id = u->started ? u->boot_id : n->boot_id;
	ev->job = u->started ? u->job : engine_job_id(g, n, update, a);
}

void
engine_next(const struct engine *g, int64_t now_ms, struct engine_plan *plan,
    struct arena *a)
{
	struct engine_census c = engine_take_census(g);
	const struct engine_node *n;
	enum op_kind op;
	struct event *ev;
	size_t update;

	plan->events =
	    arena_alloc(a, (g->run.n_nodes + 1) * sizeof(*plan->events));
	plan->n_events = 0;
	if (now_ms < g->last_ms)
		now_ms = g->last_ms;
	if (!g->finished && c.finished == g->run.n_nodes) {
		ev = add_event(plan, EV_RUN_FINISHED, now_ms);
		ev->status = run_status(g);
		ev->error = g->stop_reason;
	}
	for (size_t i = 0; i < g->run.n_nodes && !g->finished; i++) {
		n = &g->nodes[i];
		if (n->busy || n->finished ||
		    !engine_next_op(g, n, &op, &update) ||
		    !engine_may_start(g, n, op, &c))
			continue;
		if (!n->active && op != OP_SCAN && op != OP_STAGE)
			c.out++;
		add_op(g, n, op, update, plan, now_ms, a);
		c.busy++;
	}
	plan->idle = plan->n_events == 0;
}

enum node_phase
engine_phase(const struct engine_node *n)
{
	if (n->finished)
		return PHASE_DONE;
	if (!n->busy)
		return PHASE_WAITING;
	switch (n->op) {
	case OP_SCAN:
		return PHASE_SCANNING;
	case OP_STAGE:
		return PHASE_STAGING;
	case OP_SUSPEND:
		return PHASE_SUSPENDING;
	case OP_INSTALL:
		return PHASE_INSTALLING;
	case OP_RESTART:
		return PHASE_RESTARTING;
	case OP_RESUME:
		return PHASE_RESUMING;
	case OP_KIND_COUNT:
		break;
	}
	return PHASE_WAITING;
}

bool
engine_restart_pending(const struct engine *g, const struct engine_node *n)
{
	return n->restart_needed && (n->finished || !engine_may_restart(g, n));
}

enum cau_exit
engine_exit_code(const struct engine *g)
{
	for (size_t i = 0; i < g->run.n_nodes; i++)
		if (g->nodes[i].unknown)
			return CAU_UNKNOWN;
	switch (g->status) {
	case STATUS_SUCCEEDED:
		return CAU_OK;
	case STATUS_PARTIALLY_FAILED:
		return CAU_PARTIAL;
	case STATUS_CANCELED:
		return CAU_CANCELED;
	case STATUS_NONE:
	case STATUS_FAILED:
		break;
	}
	return CAU_FAILED;
}
