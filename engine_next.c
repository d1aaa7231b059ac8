/* SPDX-License-Identifier: ISC */
/* What a run does next: questions about its state, which nothing here changes.
 */
#include "engine_next.h"

#include <string.h>

#include "text.h"

static bool
plugin_failed(const struct engine_node *n, size_t plugin)
{
	return ((n->failed_plugins >> plugin) & 1) != 0;
}

/* StopOnPluginFailure: one before it failed on this node. */
static bool
plugin_skipped(
    const struct engine *g, const struct engine_node *n, size_t plugin)
{
	return g->run.stop_on_plugin_failure &&
	       (n->failed_plugins & ((UINT64_C(1) << plugin) - 1)) != 0;
}

bool
engine_wants(const struct engine *g, const struct engine_node *n,
    const struct engine_update *u)
{
	return !u->done && !n->endless && u->refused != n->attempt &&
	       !plugin_failed(n, u->plugin) && !plugin_skipped(g, n, u->plugin);
}

/* While the run is stopping only an update that may have been started already
 * is still looked after. */
static size_t
next_update(
    const struct engine *g, const struct engine_node *n, size_t i, bool started)
{
	const struct engine_update *u;

	for (; i < n->n_updates; i++) {
		u = &n->updates[i];
		if (g->stop != ENGINE_STOP_NONE
			? u->started && !u->done
			: engine_wants(g, n, u) && (u->started || !started))
			break;
	}
	return i;
}

/* What was started together with another one comes before what was not. */
size_t
engine_next_update(const struct engine *g, const struct engine_node *n)
{
	size_t first = next_update(g, n, n->cursor, false), started;

	if (!n->joint || first == n->n_updates || n->updates[first].started)
		return first;
	started = next_update(g, n, first, true);
	return started < n->n_updates ? started : first;
}

static bool
plugin_wants(const struct engine *g, const struct engine_node *n, size_t plugin)
{
	for (size_t i = n->cursor; i < n->n_updates; i++)
		if (n->updates[i].plugin == plugin &&
		    engine_wants(g, n, &n->updates[i]))
			return true;
	return false;
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

bool
engine_drains(const struct engine *g)
{
	return engine_has_words(g->run.suspend_command) ||
	       strcmp(g->run.cluster_type, "pacemaker") == 0;
}

bool
engine_reboot_is_open(const struct engine_node *n)
{
	return n->n_reboots > 0 && n->reboots[n->n_reboots - 1].ended_ms == 0;
}

static bool
is_in_doubt(const struct engine_node *n)
{
	return n->in_doubt || engine_reboot_is_open(n);
}

/* What failed last in this attempt is not tried again in it. */
static bool
just_failed(const struct engine_node *n, enum op_kind op)
{
	return n->broken && n->troubles[n->n_troubles - 1].op == op;
}

/* The way back into service, as far as it is safe. */
static bool
next_back(const struct engine *g, const struct engine_node *n, enum op_kind *op)
{
	if (n->suspended) {
		*op = OP_RESUME;
		return !is_in_doubt(n) && !just_failed(n, OP_RESUME);
	}
	*op = OP_POST_SCRIPT;
	return n->opened && *g->run.post_script != '\0' && !g->abandoned &&
	       !is_in_doubt(n) && !just_failed(n, OP_POST_SCRIPT);
}

static bool
wants_restart(const struct engine *g, const struct engine_node *n)
{
	return n->restart_needed && !g->stop_now && engine_may_restart(g, n);
}

/* The way out of service, as far as it is not gone. */
static bool
next_out(const struct engine *g, const struct engine_node *n, enum op_kind *op)
{
	bool script = *g->run.pre_script != '\0' && !n->opened;

	*op = script ? OP_PRE_SCRIPT : OP_SUSPEND;
	return script || (engine_drains(g) && !n->drained);
}

/* The run is stopping: what was begun is brought to an end, but for a restart
 * that was wanted before it. */
static bool
next_while_stopping(const struct engine *g, const struct engine_node *n,
    enum op_kind *op, size_t *update)
{
	*update = engine_next_update(g, n);
	if (*update < n->n_updates) {
		*op = OP_INSTALL;
		return true;
	}
	if (n->in_doubt && n->suspended && !g->stop_now) {
		*op = OP_SCAN; /* to see it again */
		return true;
	}
	if (n->restart_is_old || !wants_restart(g, n) || next_out(g, n, op))
		return next_back(g, n, op);
	*op = OP_RESTART;
	return !n->in_doubt;
}

/* Scans and stages of a pass; in the order of the plug-ins if they are to go
 * one after the other. */
static bool
next_preparation(
    const struct engine *g, const struct engine_node *n, enum op_kind *op)
{
	size_t plugins = g->run.n_plugins;

	*op = OP_STAGE;
	if (g->run.run_plugins_serially)
		for (size_t k = n->staged; k < n->scanned; k++)
			if (plugin_wants(g, n, k))
				return true;
	if (n->scanned < plugins) {
		*op = OP_SCAN;
		return true;
	}
	return n->staged < plugins && !g->run.run_plugins_serially &&
	       engine_next_update(g, n) < n->n_updates;
}

bool
engine_next_op(const struct engine *g, const struct engine_node *n,
    enum op_kind *op, size_t *update)
{
	const struct engine_update *u;

	*update = 0;
	if (n->script_running && !g->abandoned) {
		*op = n->opened ? OP_POST_SCRIPT : OP_PRE_SCRIPT;
		return true;
	}
	if (n->broken || n->passed || g->abandoned)
		return next_back(g, n, op);
	if (engine_reboot_is_open(n) && !g->stop_now) {
		*op = OP_RESTART;
		return true;
	}
	if (g->stop != ENGINE_STOP_NONE)
		return next_while_stopping(g, n, op, update);
	if (next_preparation(g, n, op))
		return true;
	*update = engine_next_update(g, n);
	if (*update < n->n_updates) {
		u = &n->updates[*update];
		if (!u->started && next_out(g, n, op))
			return true;
		if (g->run.separate_reboots && wants_restart(g, n) &&
		    !u->started && u->plugin != n->restart_plugin)
			*op = OP_RESTART;
		else
			*op = OP_INSTALL;
		return true;
	}
	if (!wants_restart(g, n))
		return next_back(g, n, op);
	if (!next_out(g, n, op))
		*op = OP_RESTART;
	return true;
}

/* A run that stops still brings back what it took out of service. A node that
 * waited for a turn which is not needed any more is not prepared anew; one that
 * was passed over is only put back, unless it is in doubt. */
bool
engine_may_retry(const struct engine *g, const struct engine_node *n)
{
	return (n->active || !n->prepared) &&
	       n->attempt <= (unsigned)g->run.max_retries_per_node &&
	       !n->unknown && !n->held &&
	       (!n->passed || (n->broken && !is_in_doubt(n))) &&
	       !g->abandoned &&
	       (g->stop == ENGINE_STOP_NONE || (n->suspended && !g->stop_now));
}

bool
engine_is_away(const struct engine_node *n)
{
	return n->active && (!n->finished || n->suspended || is_in_doubt(n));
}

struct engine_share
engine_share_of(const struct engine *g, const struct engine_node *n)
{
	struct engine_share s = {PLACE_NOWHERE, n->busy, engine_is_away(n),
	    n->prepared, n->finished, false};
	enum op_kind op = OP_SCAN;
	size_t update;

	s.failed = n->finished ? n->status == STATUS_FAILED || n->broken ||
				     n->failed_plugins != 0
			       : n->broken && !engine_may_retry(g, n);
	if (n->busy || n->finished)
		return s;
	if (n->active)
		s.place = PLACE_ACTIVE;
	else if (engine_next_op(g, n, &op, &update) && op != OP_SCAN &&
		 op != OP_STAGE)
		s.place = PLACE_TURN;
	else
		s.place = PLACE_PREPARE;
	return s;
}

bool
engine_may_start(
    const struct engine *g, const struct engine_node *n, int64_t now_ms)
{
	if (n->retry_at_ms > now_ms)
		return false;
	switch (n->share.place) {
	case PLACE_PREPARE:
		return g->census.busy < (size_t)g->run.parallel;
	case PLACE_TURN:
		return g->census.prepared == g->run.n_nodes &&
		       g->census.out < (size_t)g->run.max_unavailable;
	case PLACE_ACTIVE:
		return true;
	case PLACE_NOWHERE:
	case PLACE_COUNT:
		break;
	}
	return false;
}

static enum summary_status
run_status(const struct engine *g)
{
	size_t count[STATUS_CANCELED + 1] = {0};

	for (size_t i = 0; i < g->run.n_nodes; i++)
		count[g->nodes[i].status]++;
	if (count[STATUS_SUCCEEDED] == g->run.n_nodes)
		return STATUS_SUCCEEDED;
	switch (g->stop) {
	case ENGINE_STOP_PERSON:
	case ENGINE_STOP_TIME:
	case ENGINE_STOP_HELD:
	case ENGINE_STOP_UNSAFE:
		return STATUS_CANCELED;
	case ENGINE_STOP_FAILED:
	case ENGINE_STOP_AWAY:
	case ENGINE_STOP_OFFLINE:
		return STATUS_FAILED;
	case ENGINE_STOP_NONE:
		break;
	}
	return count[STATUS_FAILED] + count[STATUS_CANCELED] == g->run.n_nodes
		   ? STATUS_FAILED
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

/* An update that could not be started in an earlier attempt gets a new job:
 * the node may keep a mark that says that the old one never runs. */
const char *
engine_job_id(const struct engine *g, const struct engine_node *n,
    size_t update, struct arena *a)
{
	size_t node = (size_t)(n - g->nodes);

	return n->attempt == 1
		   ? arena_printf(a, "%s.%zu.%zu", g->run.run_id, node, update)
		   : arena_printf(a, "%s.%zu.%zu.%u", g->run.run_id, node,
			 update, n->attempt);
}

/* The same for a script: once in an attempt, or once in each turn of it. */
static const char *
script_job_id(const struct engine *g, const struct engine_node *n,
    enum op_kind op, struct arena *a)
{
	const char *id = arena_printf(a, "%s.%zu.%s.%u", g->run.run_id,
	    (size_t)(n - g->nodes), op == OP_PRE_SCRIPT ? "pre" : "post",
	    n->attempt);

	return n->turns == 0 ? id : arena_printf(a, "%s.%u", id, n->turns + 1);
}

/* The plug-in that a scan or stage is for, when they go one by one. */
static const char *
serial_plugin(
    const struct engine *g, const struct engine_node *n, enum op_kind op)
{
	size_t k = n->scanned;

	if (!g->run.run_plugins_serially)
		return NULL;
	if (op == OP_STAGE)
		for (k = n->staged; k < n->scanned; k++)
			if (plugin_wants(g, n, k))
				break;
	return k < g->run.n_plugins ? g->run.plugins[k].name : NULL;
}

bool
engine_again(const struct engine *g, const struct event *ev)
{
	const struct engine_node *n = engine_find(g, ev->node);

	if (ev->op == OP_INSTALL)
		return n->updates[ev->update].started;
	return ev->op == OP_SUSPEND ? n->suspended : n->script_running;
}

bool
engine_look_only(const struct engine *g, const struct event *ev)
{
	return g->stop != ENGINE_STOP_NONE && engine_again(g, ev) &&
	       (ev->op == OP_INSTALL || ev->op == OP_PRE_SCRIPT);
}

bool
engine_stages(const struct engine *g, const struct engine_node *n,
    const struct engine_update *u, const char *plugin)
{
	return engine_wants(g, n, u) &&
	       (plugin == NULL || strcmp(plugin, u->info.plugin) == 0);
}

static void
add_op(const struct engine *g, const struct engine_node *n,
    struct engine_plan *plan, int64_t now_ms, struct arena *a)
{
	struct event *ev = add_event(plan, EV_OP_STARTED, now_ms);
	const struct engine_update *u;
	size_t update;

	ev->node = n->info->name;
	ev->attempt = n->attempt;
	ev->pass = n->pass;
	(void)engine_next_op(g, n, &ev->op, &update);
	switch (ev->op) {
	case OP_SCAN:
	case OP_STAGE:
		ev->plugin = serial_plugin(g, n, ev->op);
		break;
	case OP_PRE_SCRIPT:
	case OP_POST_SCRIPT:
		ev->boot_id = n->boot_id;
		ev->job = script_job_id(g, n, ev->op, a);
		break;
	case OP_RESTART:
		ev->boot_id = engine_reboot_is_open(n)
				  ? n->reboots[n->n_reboots - 1].boot_id_before
				  : n->boot_id;
		break;
	case OP_INSTALL:
		u = &n->updates[update];
		ev->update = update;
		ev->id = u->info.id;
		ev->boot_id = u->started ? u->boot_id : n->boot_id;
		ev->job = u->started ? u->job : engine_job_id(g, n, update, a);
		break;
	case OP_SUSPEND:
	case OP_RESUME:
	case OP_KIND_COUNT:
		break;
	}
}

/* The first node of a set from a number on; there must be one. */
static size_t
next_in(const uint64_t *set, size_t from)
{
	size_t i = from / 64;
	uint64_t w = set[i] & (UINT64_MAX << (from % 64));

	while (w == 0)
		w = set[++i];
	return i * 64 + (size_t)__builtin_ctzll(w);
}

/* Starts up to most nodes of a set, in their order. */
static void
add_ops(const struct engine *g, enum engine_place place, size_t most,
    struct engine_plan *plan, int64_t now_ms, struct arena *a)
{
	const struct engine_node *n;
	size_t left = g->n_places[place];

	for (size_t i = 0; left > 0 && most > 0; left--, i++) {
		i = next_in(g->places[place], i);
		n = &g->nodes[i];
		if (n->retry_at_ms > now_ms) {
			if (n->retry_at_ms < plan->wake_ms)
				plan->wake_ms = n->retry_at_ms;
			continue;
		}
		add_op(g, n, plan, now_ms, a);
		most--;
	}
}

/* When a limit of time has passed since the run began: 0 for no limit. */
static bool
is_over(const struct engine *g, int64_t limit_ms, int64_t now_ms,
    struct engine_plan *plan)
{
	int64_t at = g->started_ms + limit_ms;

	if (limit_ms <= 0)
		return false;
	if (at > now_ms && at < plan->wake_ms)
		plan->wake_ms = at;
	return at <= now_ms;
}

static bool
add_time_events(const struct engine *g, int64_t now_ms,
    struct engine_plan *plan, struct arena *a)
{
	char span[TEXT_SMALL_SIZE];
	struct event *ev;

	if (!g->warned && is_over(g, g->run.warn_after_ms, now_ms, plan)) {
		ev = add_event(plan, EV_WARNED, now_ms);
		text_span(span, g->run.warn_after_ms);
		ev->error = arena_printf(
		    a, "WarnAfter: the run has taken longer than %s", span);
	}
	if (g->stop == ENGINE_STOP_NONE &&
	    is_over(g, g->run.stop_after_ms, now_ms, plan)) {
		ev = add_event(plan, EV_STOP_REQUESTED, now_ms);
		ev->cause = STOP_TIME;
		text_span(span, g->run.stop_after_ms);
		ev->error = arena_printf(
		    a, "StopAfter: the run has taken longer than %s", span);
	}
	return plan->n_events > 0;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

void
engine_next(const struct engine *g, int64_t now_ms, struct engine_plan *plan,
    struct arena *a)
{
	const struct engine_census *c = &g->census;
	size_t busy_most = (size_t)g->run.parallel;
	size_t out_most = (size_t)g->run.max_unavailable, most;
	struct event *ev;

	most = g->n_places[PLACE_ACTIVE] + 3 +
	       least(g->n_places[PLACE_PREPARE], busy_most) +
	       least(g->n_places[PLACE_TURN], out_most);
	*plan = (struct engine_plan){
	    arena_alloc(a, most * sizeof(*plan->events)), 0, true, INT64_MAX};
	if (g->finished)
		return;
	if (now_ms < g->last_ms)
		now_ms = g->last_ms;
	if (c->finished == g->run.n_nodes) {
		ev = add_event(plan, EV_RUN_FINISHED, now_ms);
		ev->status = run_status(g);
		if (ev->status != STATUS_SUCCEEDED)
			ev->error = g->stop_reason;
	} else if (!add_time_events(g, now_ms, plan, a)) {
		add_ops(g, PLACE_ACTIVE, SIZE_MAX, plan, now_ms, a);
		most = c->busy + plan->n_events;
		if (most < busy_most)
			add_ops(g, PLACE_PREPARE, busy_most - most, plan,
			    now_ms, a);
		if (c->prepared == g->run.n_nodes && c->out < out_most)
			add_ops(
			    g, PLACE_TURN, out_most - c->out, plan, now_ms, a);
	}
	plan->idle = plan->n_events == 0;
}
