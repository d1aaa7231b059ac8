/* SPDX-License-Identifier: ISC */
/* Operations on nodes in the state of a run: what their start and their end
 * change. */
#include "engine_next.h"

#include <stdlib.h>
#include <string.h>

/* The first step of a node's turn that changes anything on it. */
static void
open_turn(struct engine *g, struct engine_node *n)
{
	n->active = true;
	if (*g->run.pre_script == '\0')
		n->opened = true;
}

static void
restart_started(struct engine *g, struct engine_node *n, const struct event *ev)
{
	struct engine_reboot *r;

	/* A recovered coordinator, or a further attempt, goes on with the one
	 * that it finds. */
	if (engine_reboot_is_open(n))
		return;
	n->reboots = xgrow(
	    n->reboots, n->n_reboots, &n->cap_reboots, sizeof(*n->reboots));
	r = &n->reboots[n->n_reboots++];
	*r = (struct engine_reboot){n->restart_reason, "",
	    engine_copy(g, ev->boot_id == NULL ? n->boot_id : ev->boot_id), "",
	    ev->at_ms, 0, ""};
}

static void
mark_started(struct engine *g, struct engine_update *u, const struct event *ev,
    const char *job)
{
	u->started = true;
	u->started_ms = ev->at_ms;
	u->job = engine_copy(g, job);
	u->boot_id = engine_copy(g, ev->boot_id);
}

/* The whole transaction is under way with its first update. */
static void
start_joint(struct engine *g, struct engine_node *n, size_t first,
    const struct event *ev)
{
	struct engine_update *u;

	for (size_t i = first + 1; i < n->n_updates; i++) {
		u = &n->updates[i];
		if (!u->started && u->plugin == n->updates[first].plugin &&
		    engine_wants(g, n, u))
			mark_started(
			    g, u, ev, engine_job_id(g, n, i, &g->arena));
	}
}

int
engine_op_started(struct engine *g, struct engine_node *n,
    const struct event *ev, struct err *e)
{
	struct engine_update *u;
	enum op_kind op;
	size_t update;

	if (n->busy || n->finished || !engine_next_op(g, n, &op, &update) ||
	    op != ev->op || (op == OP_INSTALL && update != ev->update) ||
	    !engine_may_start(g, n, ev->at_ms))
		return err_set(e, CAU_USAGE, "%s does not start %s now",
		    n->info->name, op_name(ev->op));
	n->busy = true;
	n->was_active = n->active;
	n->was_opened = n->opened;
	n->was_suspended = n->suspended;
	n->op = op;
	n->op_update = update;
	n->op_since_ms = ev->at_ms;
	switch (op) {
	case OP_SCAN:
	case OP_STAGE:
	case OP_KIND_COUNT:
		break;
	case OP_RESUME:
		/* One that fails may have come half way. */
		n->drained = false;
		break;
	case OP_PRE_SCRIPT:
	case OP_POST_SCRIPT:
		n->active = true;
		n->script_running = true;
		break;
	case OP_SUSPEND:
		/* From now on: nobody knows how far a drain came that was cut
		 * or failed half way, so it is undone as well. */
		open_turn(g, n);
		if (!n->suspended)
			n->suspended_since_ms = ev->at_ms;
		if (n->suspended_at_ms == 0)
			n->suspended_at_ms = ev->at_ms;
		n->suspended = true;
		break;
	case OP_INSTALL:
		open_turn(g, n);
		u = &n->updates[update];
		if (!u->started)
			mark_started(g, u, ev, ev->job);
		if (u->info.joint)
			start_joint(g, n, update, ev);
		break;
	case OP_RESTART:
		open_turn(g, n);
		restart_started(g, n, ev);
		break;
	}
	return 0;
}

/* The number of a plug-in of the run, or n_plugins. */
static size_t
plugin_number(const struct engine *g, const char *name)
{
	size_t i = 0;

	while (
	    i < g->run.n_plugins && strcmp(g->run.plugins[i].name, name) != 0)
		i++;
	return i;
}

static void
plugins_failed(struct engine *g, struct engine_node *n, const struct event *ev)
{
	size_t plugin;

	for (size_t i = 0; i < ev->n_failures; i++) {
		plugin = plugin_number(g, ev->failures[i].plugin);
		if (plugin < g->run.n_plugins)
			n->failed_plugins |= UINT64_C(1) << plugin;
		engine_add_trouble(g, n, ev->op, OUTCOME_FAILED,
		    arena_printf(&g->arena, "%s: %s", ev->failures[i].plugin,
			ev->failures[i].error));
	}
}

/* One that cannot be offered any more if it is there, and is: it is not. No
 * further try would cure what the plug-in says. */
static void
check_again(const struct engine_node *n, struct engine_update *u,
    const struct update *in)
{
	if (!in->once || in->installed || n->restart_needed || !u->done ||
	    u->result.result != RESULT_SUCCEEDED)
		return;
	u->result.result = RESULT_FAILED;
	u->result.condition = COND_NONE;
	u->result.reason =
	    "it was said to be installed, and the next scan offers it again";
}

/* The updates of a node by plug-in and id: a hash table of their numbers + 1,
 * with room for more of them. */
struct index {
	uint32_t *slots;
	size_t mask;
};

/* Where the update stands in the table, or where it would. */
static uint32_t *
index_slot(const struct index *x, const struct engine_node *n, size_t plugin,
    const char *id)
{
	size_t at = ((size_t)engine_hash(id) + plugin) & x->mask;
	const struct engine_update *u;

	for (; x->slots[at] != 0; at = (at + 1) & x->mask) {
		u = &n->updates[x->slots[at] - 1];
		if (u->plugin == plugin && strcmp(u->info.id, id) == 0)
			break;
	}
	return &x->slots[at];
}

static void
index_init(struct index *x, const struct engine_node *n, size_t more)
{
	const struct engine_update *u;

	for (x->mask = 15; x->mask < 2 * (n->n_updates + more);)
		x->mask = 2 * x->mask + 1;
	x->slots = xcalloc(x->mask + 1, sizeof(*x->slots));
	for (size_t i = 0; i < n->n_updates; i++) {
		u = &n->updates[i];
		*index_slot(x, n, u->plugin, u->info.id) = (uint32_t)i + 1;
	}
}

static void
add_update(struct engine *g, struct engine_node *n, size_t plugin,
    const struct update *in)
{
	struct engine_update *u;

	n->updates = xgrow(
	    n->updates, n->n_updates, &n->cap_updates, sizeof(*n->updates));
	u = &n->updates[n->n_updates++];
	memset(u, 0, sizeof(*u));
	u->pass = n->pass;
	u->plugin = plugin;
	u->info = *in;
	u->info.id = engine_copy(g, in->id);
	u->info.title = engine_copy(g, in->title);
	u->info.description = engine_copy(g, in->description);
	u->info.plugin = g->run.plugins[plugin].name;
	u->info.rule = engine_copy(g, in->rule);
	u->info.path = engine_copy(g, in->path);
	u->info.version = engine_copy(g, in->version);
	u->info.kb = engine_copy(g, in->kb);
	u->info.sha256 = engine_copy(g, in->sha256);
	u->info.reason = engine_copy(g, in->reason);
	u->info.properties = engine_copy(g, in->properties);
	n->joint |= in->joint;
	if (in->installed) {
		u->done = true;
		u->result.result = RESULT_ALREADY_INSTALLED;
		u->result.reason = u->info.reason;
		u->result.log = "";
	}
}

/* Takes in what a scan found. What this run has met before is left out:
 * no update is tried twice in one run. */
static void
add_updates(struct engine *g, struct engine_node *n, const struct event *ev)
{
	const struct update *in;
	struct index known;
	uint32_t *slot;
	size_t plugin;

	index_init(&known, n, ev->scan.n_updates);
	for (size_t i = 0; i < ev->scan.n_updates; i++) {
		in = &ev->scan.updates[i];
		plugin = plugin_number(g, in->plugin);
		/* A plug-in that this run does not have is none of ours. */
		if (plugin == g->run.n_plugins)
			continue;
		slot = index_slot(&known, n, plugin, in->id);
		if (*slot != 0) {
			check_again(n, &n->updates[*slot - 1], in);
			continue;
		}
		add_update(g, n, plugin, in);
		*slot = (uint32_t)n->n_updates;
	}
	free(known.slots);
}

/* What an earlier run left undone. A soft reboot may leave the node's mark. */
static void
take_pending_restart(
    struct engine *g, struct engine_node *n, const char *reason)
{
	if (reason == NULL || n->restart_needed || n->n_reboots > 0)
		return;
	n->restart_needed = n->restart_is_old = true;
	n->restart_reason = engine_copy(g, reason);
}

/* One plug-in at a time, or all at once. */
static int
scan_or_stage_ended(struct engine *g, struct engine_node *n,
    const struct event *ev, struct err *e)
{
	size_t done = g->run.n_plugins;

	if (ev->plugin != NULL) {
		done = plugin_number(g, ev->plugin) + 1;
		if (done > g->run.n_plugins)
			return err_set(e, CAU_USAGE, "no plug-in of this run");
	}
	n->in_doubt = false;
	plugins_failed(g, n, ev);
	if (ev->op == OP_STAGE) {
		n->bytes_staged += ev->bytes;
		n->staged = done;
	} else {
		add_updates(g, n, ev);
		take_pending_restart(g, n, ev->scan.restart);
		n->n_ignored = ev->scan.n_ignored;
		n->scanned = done;
	}
	/* Those behind one that failed are not scanned (facts on plug-ins, 5).
	 */
	if (g->run.stop_on_plugin_failure && n->failed_plugins != 0)
		n->scanned = g->run.n_plugins;
	return 0;
}

static void
refuse(const struct engine_node *n, struct engine_update *u)
{
	u->started = false;
	u->refused = n->attempt;
}

static void
install_ended(struct engine *g, struct engine_node *n, const struct event *ev)
{
	struct engine_update *u = &n->updates[n->op_update];

	u->result = ev->result;
	u->result.reason = engine_copy(g, ev->result.reason);
	u->result.log = engine_copy(g, ev->result.log);
	u->result.boot_id = NULL;
	if (ev->outcome == OUTCOME_FAILED || ev->outcome == OUTCOME_LOST ||
	    ev->outcome == OUTCOME_HELD) {
		/* It has certainly not been started: a further attempt may. */
		refuse(n, u);
		for (size_t i = n->op_update + 1;
		     u->info.joint && i < n->n_updates; i++)
			if (n->updates[i].plugin == u->plugin &&
			    n->updates[i].started && !n->updates[i].done) {
				n->updates[i].result = u->result;
				refuse(n, &n->updates[i]);
			}
		return;
	}
	n->tried = true;
	u->done = true;
	u->ended_ms = ev->at_ms;
	if (ev->result.reboot_required) {
		n->restart_plugin = u->plugin;
		if (!n->restart_needed || n->restart_is_old)
			n->restart_reason = arena_printf(&g->arena,
			    "%s asked for it", update_label(&u->info));
		n->restart_needed = true;
		n->restart_is_old = false;
	}
	if (ev->result.result == RESULT_UNKNOWN)
		n->unknown = true;
}

static void
restart_ended(struct engine *g, struct engine_node *n, const struct event *ev)
{
	struct engine_reboot *r = &n->reboots[n->n_reboots - 1];

	/* More may come into sight behind it, as behind an update. */
	n->tried |= n->restart_is_old;
	n->restart_needed = n->restart_is_old = n->in_doubt = false;
	r->ended_ms = ev->at_ms;
	r->boot_id_after = n->boot_id;
	r->kind = ev->kind == NULL ? "full" : engine_copy(g, ev->kind);
}

/* The suspend that ends did nothing. */
static void
not_suspended(struct engine_node *n)
{
	n->suspended = n->was_suspended;
	if (n->suspended_at_ms == n->op_since_ms)
		n->suspended_at_ms = 0;
}

/* What went well. */
static int
op_done(struct engine *g, struct engine_node *n, const struct event *ev,
    struct err *e)
{
	switch (ev->op) {
	case OP_SCAN:
	case OP_STAGE:
		return scan_or_stage_ended(g, n, ev, e);
	case OP_PRE_SCRIPT:
		n->opened = true;
		break;
	case OP_SUSPEND:
		n->drained = true;
		/* Nobody but who did it undoes it. */
		if (ev->already)
			not_suspended(n);
		break;
	case OP_RESTART:
		restart_ended(g, n, ev);
		break;
	case OP_RESUME:
		n->suspended_ms += ev->at_ms - n->suspended_since_ms;
		n->suspended = n->drained = false;
		break;
	case OP_POST_SCRIPT:
		n->opened = false;
		n->turns++;
		break;
	case OP_INSTALL:
	case OP_KIND_COUNT:
		break;
	}
	return 0;
}

/* Nothing was done: the node is as it was before, and this run leaves it so,
 * but for what it has to put back. */
static void
pass_over(struct engine *g, struct engine_node *n, const struct event *ev)
{
	n->passed = true;
	n->active = n->was_active;
	n->opened = n->was_opened;
	if (ev->op == OP_SUSPEND)
		not_suspended(n);
	if (ev->outcome == OUTCOME_REFUSED)
		engine_stop_run(g, ENGINE_STOP_UNSAFE,
		    arena_printf(&g->arena, "%s: %s", n->info->name,
			ev->error == NULL ? "" : ev->error));
}

/* What failed ends the attempt, but for a plug-in, beside which others may go
 * on, and a suspend that is to be tried again. */
static void
op_failed(struct engine *g, struct engine_node *n, const struct event *ev)
{
	bool lost =
	    ev->outcome == OUTCOME_LOST || ev->outcome == OUTCOME_UNKNOWN;

	plugins_failed(g, n, ev);
	if (ev->error != NULL || ev->n_failures == 0)
		engine_add_trouble(g, n, ev->op, ev->outcome, ev->error);
	n->lost = ev->outcome == OUTCOME_LOST;
	if (outcome_passes_over(ev->outcome)) {
		pass_over(g, n, ev);
		return;
	}
	if (ev->outcome == OUTCOME_HELD) {
		n->held = n->broken = true;
		n->in_doubt = n->active;
		engine_stop_run(g, ENGINE_STOP_HELD,
		    arena_printf(&g->arena, "%s: %s", n->info->name,
			ev->error == NULL ? "" : ev->error));
		return;
	}
	if (ev->op == OP_SUSPEND && g->stop == ENGINE_STOP_NONE &&
	    n->suspend_tries < (unsigned)g->run.suspend_retries) {
		n->suspend_tries++;
		n->retry_at_ms = ev->at_ms + g->run.retry_wait_ms;
		return;
	}
	if (ev->op == OP_INSTALL && ev->outcome == OUTCOME_FAILED) {
		n->failed_plugins |= UINT64_C(1)
				     << n->updates[n->op_update].plugin;
		return;
	}
	n->broken = true;
	/* A node that did not come back, is lost, or where nobody knows what
	 * runs, gets no work before it has been seen again. */
	if (n->active && (ev->op == OP_RESTART || lost))
		n->in_doubt = true;
	if (ev->op == OP_INSTALL && ev->outcome == OUTCOME_UNKNOWN)
		n->unknown = true;
}

int
engine_op_ended(struct engine *g, struct engine_node *n, const struct event *ev,
    struct err *e)
{
	if (!n->busy || n->op != ev->op ||
	    (ev->op == OP_INSTALL && n->op_update != ev->update))
		return err_set(e, CAU_USAGE, "%s did not start %s",
		    n->info->name, op_name(ev->op));
	if (outcome_passes_over(ev->outcome) && ev->op != OP_PRE_SCRIPT &&
	    ev->op != OP_SUSPEND)
		return err_set(e, CAU_USAGE, "%s may be %s no more at %s",
		    n->info->name, op_outcome_name(ev->outcome),
		    op_name(ev->op));
	n->busy = false;
	n->timing_ms[ev->op] += ev->at_ms - n->op_since_ms;
	if (ev->boot_id != NULL)
		n->boot_id = engine_copy(g, ev->boot_id);
	if (ev->op == OP_PRE_SCRIPT || ev->op == OP_POST_SCRIPT)
		n->script_running = false;
	if (ev->op == OP_INSTALL)
		install_ended(g, n, ev);
	if (ev->op == OP_RESTART && ev->how != NULL)
		n->reboots[n->n_reboots - 1].result = engine_copy(g, ev->how);
	if (ev->outcome != OUTCOME_OK && ev->outcome != OUTCOME_FLAWED) {
		op_failed(g, n, ev);
		return 0;
	}
	if (ev->outcome == OUTCOME_FLAWED) {
		n->flawed = true;
		engine_add_trouble(g, n, ev->op, ev->outcome, ev->error);
	}
	return op_done(g, n, ev, e);
}
