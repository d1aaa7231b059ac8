/* SPDX-License-Identifier: ISC */
/* An Updating Run as a pure state machine. */
#include "engine_next.h"

#include <stdlib.h>
#include <string.h>

void
engine_init(struct engine *g)
{
	memset(g, 0, sizeof(*g));
}

void
engine_release(struct engine *g)
{
	for (size_t i = 0; g->nodes != NULL && i < g->run.n_nodes; i++) {
		free(g->nodes[i].updates);
		free(g->nodes[i].reboots);
	}
	arena_release(&g->arena);
	engine_init(g);
}

/* Some update of this pass was tried, so others may have become applicable. */
static bool
pass_did_something(const struct engine_node *n)
{
	for (size_t i = 0; i < n->n_updates; i++)
		if (n->updates[i].pass == n->pass && n->updates[i].started)
			return true;
	return false;
}

static enum summary_status
node_status(const struct engine *g, const struct engine_node *n)
{
	struct engine_counts c = engine_count(n);

	if (n->broken || c.failed + c.unknown > 0)
		return c.succeeded > 0 ? STATUS_PARTIALLY_FAILED
				       : STATUS_FAILED;
	if (c.pending + c.canceled > 0 || (g->stopping && !n->scanned))
		return c.succeeded > 0 ? STATUS_PARTIALLY_FAILED
				       : STATUS_CANCELED;
	return STATUS_SUCCEEDED;
}

/* Failed for the failure budget: no update succeeded, or the node itself
 * was in trouble (facts on the run, 5). */
static size_t
failed_nodes(const struct engine *g)
{
	size_t failed = 0;

	for (size_t i = 0; i < g->run.n_nodes; i++)
		if (g->nodes[i].broken ||
		    (g->nodes[i].finished &&
			g->nodes[i].status == STATUS_FAILED))
			failed++;
	return failed;
}

static void
stop(struct engine *g, const char *reason)
{
	if (g->stopping)
		return;
	g->stopping = true;
	g->stop_reason = reason;
}

/* Ends the pass of a node, and the node when nothing is left to do. */
static void
settle(struct engine *g, struct engine_node *n)
{
	enum op_kind op;
	size_t update;

	if (n->busy || n->finished)
		return;
	if (!n->broken && n->scanned && n->active && !g->stopping &&
	    engine_next_update(g, n) == n->n_updates &&
	    !(n->restart_needed && engine_may_restart(g, n)) &&
	    pass_did_something(n) && n->pass < ENGINE_MAX_PASSES) {
		n->pass++;
		n->scanned = n->staged = false;
	}
	if (engine_next_op(g, n, &op, &update))
		return;
	for (size_t i = 0; i < n->n_updates; i++) {
		if (n->updates[i].done)
			continue;
		n->updates[i].done = true;
		n->updates[i].result.result = RESULT_CANCELED;
		n->updates[i].result.reason =
		    n->broken ? "not tried after the trouble with the node"
			      : "the run was stopped";
		n->updates[i].result.log = "";
	}
	n->finished = true;
	n->status = node_status(g, n);
}

/*
 * Settles every node, then stops the run where it must not go on: more nodes
 * failed than allowed, or as many stay out of service as may be out at all.
 */
static void
settle_all(struct engine *g)
{
	const struct engine_node *last = NULL;
	size_t failed, left_out = 0, to_do = 0;

	for (size_t i = 0; i < g->run.n_nodes; i++) {
		settle(g, &g->nodes[i]);
		if (g->nodes[i].finished && engine_is_away(&g->nodes[i])) {
			last = &g->nodes[i];
			left_out++;
		}
		to_do += !g->nodes[i].finished;
	}
	failed = failed_nodes(g);
	if (!g->stopping && failed > (size_t)g->run.max_failed_nodes) {
		stop(g,
		    arena_printf(&g->arena,
			"MaxFailedNodesExceeded: %zu node%s failed, %d allowed",
			failed, failed == 1 ? "" : "s",
			(int)g->run.max_failed_nodes));
	} else if (!g->stopping && last != NULL && to_do > 0 &&
		   left_out >= (size_t)g->run.max_unavailable) {
		stop(g, arena_printf(&g->arena,
			    "%s stays out of service, so no other node may be "
			    "taken "
			    "out",
			    last->info->name));
	}
	for (size_t i = 0; g->stopping && i < g->run.n_nodes; i++)
		settle(g, &g->nodes[i]);
}

static const char *
dup(struct engine *g, const char *s)
{
	return s == NULL ? NULL : arena_strdup(&g->arena, s);
}

static const char *const *
dup_words(struct engine *g, const char *const *words)
{
	const char **copy;
	size_t n = 0;

	while (words != NULL && words[n] != NULL)
		n++;
	copy = arena_alloc(&g->arena, (n + 1) * sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		copy[i] = dup(g, words[i]);
	return copy;
}

static void
copy_coordinator(struct engine *g, const struct coordinator *c)
{
	g->coordinator = (struct coordinator){dup(g, c->host), dup(g, c->user),
	    dup(g, c->version), c->boot_id == NULL ? "" : dup(g, c->boot_id),
	    c->pid};
}

/* Runs that could never end, or not in one way only. */
static int
check_run(const struct run_info *r, struct err *e)
{
	if (r->parallel < 1 || r->max_unavailable < 1 ||
	    r->max_failed_nodes < 0)
		return err_set(e, CAU_USAGE,
		    "parallel, max_unavailable or max_failed_nodes is out of "
		    "range");
	if (engine_has_words(r->suspend_command) &&
	    !engine_has_words(r->resume_command))
		return err_set(e, CAU_USAGE,
		    "a command to suspend nodes without one to resume them");
	if (!engine_has_words(r->rsh))
		return err_set(e, CAU_USAGE, "no remote shell command");
	for (size_t i = 0; i < r->n_nodes; i++) {
		if (*r->nodes[i].name == '\0')
			return err_set(e, CAU_USAGE, "a node without a name");
		for (size_t k = 0; k < i; k++)
			if (strcmp(r->nodes[i].name, r->nodes[k].name) == 0)
				return err_set(e, CAU_USAGE,
				    "node %s comes twice", r->nodes[i].name);
	}
	return 0;
}

static int
apply_run_started(struct engine *g, const struct event *ev, struct err *e)
{
	const struct run_info *in = &ev->run;
	struct run_info *r = &g->run;
	struct run_node *nodes;
	struct run_plugin *plugins;

	if (r->run_id != NULL)
		return err_set(e, CAU_USAGE, "the run starts twice");
	if (check_run(in, e) == -1)
		return -1;
	*r = *in;
	r->run_id = dup(g, in->run_id);
	r->cluster_type = dup(g, in->cluster_type);
	r->cluster_name = dup(g, in->cluster_name);
	r->digest = dup(g, in->digest);
	r->node_state_dir = dup(g, in->node_state_dir);
	r->rsh = dup_words(g, in->rsh);
	r->suspend_command = dup_words(g, in->suspend_command);
	r->resume_command = dup_words(g, in->resume_command);
	r->nodes = nodes = arena_alloc(&g->arena, r->n_nodes * sizeof(*nodes));
	g->nodes = arena_alloc(&g->arena, r->n_nodes * sizeof(*g->nodes));
	for (size_t i = 0; i < r->n_nodes; i++) {
		nodes[i] = in->nodes[i];
		nodes[i].name = dup(g, in->nodes[i].name);
		nodes[i].address = dup(g, in->nodes[i].address);
		g->nodes[i].info = &nodes[i];
		g->nodes[i].pass = 1;
		g->nodes[i].boot_id = "";
	}
	r->plugins = plugins =
	    arena_alloc(&g->arena, r->n_plugins * sizeof(*plugins));
	for (size_t i = 0; i < r->n_plugins; i++)
		plugins[i] = (struct run_plugin){
		    dup(g, in->plugins[i].name), dup(g, in->plugins[i].args)};
	copy_coordinator(g, &ev->coordinator);
	g->started_ms = ev->at_ms;
	return 0;
}

/* Operations in flight belonged to a coordinator that is gone: they are to
 * be started again, and find what is left of them. */
static void
apply_recovered(struct engine *g, const struct event *ev)
{
	for (size_t i = 0; i < g->run.n_nodes; i++)
		g->nodes[i].busy = false;
	g->recoveries++;
	copy_coordinator(g, &ev->coordinator);
}

/*
 * The run is given up: nothing is started any more, nodes are put back where
 * that is safe. It is not where an installer may still run, or a restart was
 * asked for.
 */
static void
apply_abandoned(struct engine *g, const struct event *ev)
{
	struct engine_node *n;
	struct engine_update *u;

	for (size_t i = 0; i < g->run.n_nodes; i++) {
		n = &g->nodes[i];
		if (n->busy && n->op == OP_RESTART)
			n->keep_out = true;
		n->busy = false;
		for (size_t k = 0; k < n->n_updates; k++) {
			u = &n->updates[k];
			if (!u->started || u->done)
				continue;
			u->done = true;
			u->result =
			    (struct install_result){.result = RESULT_UNKNOWN,
				.reason = "the run was abandoned while it ran",
				.log = ""};
			n->unknown = n->keep_out = true;
		}
	}
	g->abandoned = g->stop_requested = true;
	stop(g, "abandoned");
	copy_coordinator(g, &ev->coordinator);
}

static struct engine_node *
find_node(struct engine *g, const char *name)
{
	for (size_t i = 0; i < g->run.n_nodes; i++)
		if (strcmp(g->nodes[i].info->name, name) == 0)
			return &g->nodes[i];
	return NULL;
}

static int
apply_op_started(struct engine *g, struct engine_node *n,
    const struct event *ev, struct err *e)
{
	struct engine_census c = engine_take_census(g);
	struct engine_update *u;
	struct engine_reboot *r;
	enum op_kind op;
	size_t update;

	if (n->busy || n->finished || !engine_next_op(g, n, &op, &update) ||
	    op != ev->op || (op == OP_INSTALL && update != ev->update) ||
	    !engine_may_start(g, n, op, &c))
		return err_set(e, CAU_USAGE, "%s does not start %s now",
		    n->info->name, op_name(ev->op));
	n->busy = true;
	n->op = op;
	n->op_update = update;
	n->op_since_ms = ev->at_ms;
	switch (op) {
	case OP_SCAN:
	case OP_STAGE:
	case OP_RESUME:
	case OP_KIND_COUNT:
		break;
	case OP_SUSPEND:
		/* From now on: nobody knows how far a drain came that was cut
		 * or failed half way, so it is undone as well. */
		n->active = true;
		n->suspended = true;
		n->suspended_at_ms = ev->at_ms;
		break;
	case OP_INSTALL:
		n->active = true;
		u = &n->updates[update];
		if (!u->started) {
			u->started = true;
			u->started_ms = ev->at_ms;
			u->job = dup(g, ev->job);
			u->boot_id = dup(g, ev->boot_id);
		}
		break;
	case OP_RESTART:
		/* A recovered coordinator goes on with the one it finds. */
		if (n->n_reboots > 0 &&
		    n->reboots[n->n_reboots - 1].ended_ms == 0)
			break;
		n->reboots = xgrow(n->reboots, n->n_reboots, &n->cap_reboots,
		    sizeof(*n->reboots));
		r = &n->reboots[n->n_reboots++];
		*r = (struct engine_reboot){
		    n->restart_reason, n->boot_id, "", ev->at_ms, 0};
		break;
	}
	return 0;
}

/* Takes in what a scan found. What this run has met before is left out:
 * no update is tried twice in one run. */
static void
scan_ended(struct engine *g, struct engine_node *n, const struct event *ev)
{
	const struct update *in;
	struct engine_update *u;
	size_t k;

	for (size_t i = 0; i < ev->scan.n_updates; i++) {
		in = &ev->scan.updates[i];
		for (k = 0; k < n->n_updates; k++)
			if (strcmp(n->updates[k].info.id, in->id) == 0 &&
			    strcmp(n->updates[k].info.plugin, in->plugin) == 0)
				break;
		if (k < n->n_updates)
			continue;
		n->updates = xgrow(n->updates, n->n_updates, &n->cap_updates,
		    sizeof(*n->updates));
		u = &n->updates[n->n_updates++];
		memset(u, 0, sizeof(*u));
		u->pass = n->pass;
		u->info = *in;
		u->info.id = dup(g, in->id);
		u->info.title = dup(g, in->title);
		u->info.description = dup(g, in->description);
		u->info.plugin = dup(g, in->plugin);
		u->info.rule = dup(g, in->rule);
		u->info.path = dup(g, in->path);
		u->info.version = dup(g, in->version);
		u->info.kb = dup(g, in->kb);
		u->info.sha256 = dup(g, in->sha256);
		u->info.reason = dup(g, in->reason);
		if (in->installed) {
			u->done = true;
			u->result.result = RESULT_ALREADY_INSTALLED;
			u->result.reason = u->info.reason;
			u->result.log = "";
		}
	}
	n->n_ignored = ev->scan.n_ignored;
	n->scanned = true;
}

static void
install_ended(struct engine *g, struct engine_node *n, const struct event *ev)
{
	struct engine_update *u = &n->updates[n->op_update];

	u->done = true;
	u->ended_ms = ev->at_ms;
	u->result = ev->result;
	u->result.reason = dup(g, ev->result.reason);
	u->result.log = dup(g, ev->result.log);
	if (ev->result.reboot_required && !n->restart_needed) {
		n->restart_needed = true;
		n->restart_reason =
		    arena_printf(&g->arena, "%s asked for it", u->info.id);
	}
	if (ev->result.result == RESULT_UNKNOWN)
		n->unknown = true;
}

static int
apply_op_ended(struct engine *g, struct engine_node *n, const struct event *ev,
    struct err *e)
{
	bool ok = ev->outcome == OUTCOME_OK;

	if (!n->busy || n->op != ev->op ||
	    (ev->op == OP_INSTALL && n->op_update != ev->update))
		return err_set(e, CAU_USAGE, "%s did not start %s",
		    n->info->name, op_name(ev->op));
	n->busy = false;
	n->timing_ms[ev->op] += ev->at_ms - n->op_since_ms;
	if (ev->boot_id != NULL)
		n->boot_id = dup(g, ev->boot_id);
	switch (ev->op) {
	case OP_SCAN:
		if (ok)
			scan_ended(g, n, ev);
		break;
	case OP_STAGE:
		n->staged = ok;
		n->bytes_staged += ev->bytes;
		break;
	case OP_SUSPEND:
		n->drained = ok;
		break;
	case OP_INSTALL:
		install_ended(g, n, ev);
		break;
	case OP_RESTART:
		n->restart_needed = false;
		if (n->n_reboots > 0) {
			n->reboots[n->n_reboots - 1].ended_ms = ev->at_ms;
			n->reboots[n->n_reboots - 1].boot_id_after =
			    ok ? n->boot_id : "";
		}
		break;
	case OP_RESUME:
		n->suspended_ms += ev->at_ms - n->suspended_at_ms;
		n->suspended = !ok;
		n->keep_out = !ok;
		break;
	case OP_KIND_COUNT:
		break;
	}
	if (ok)
		return 0;
	n->broken = true;
	if (n->error == NULL)
		n->error = dup(g, ev->error == NULL ? "" : ev->error);
	/* A node that did not come back, is lost, or where nobody knows what
	 * runs, gets no work again. */
	if (n->active && (ev->op == OP_RESTART || ev->outcome == OUTCOME_LOST ||
			     ev->outcome == OUTCOME_UNKNOWN))
		n->keep_out = true;
	if (ev->outcome == OUTCOME_UNKNOWN)
		n->unknown = true;
	return 0;
}

int
engine_apply(struct engine *g, const struct event *ev, struct err *e)
{
	struct engine_node *n;
	int rc = 0;

	if (g->run.run_id == NULL && ev->type != EV_RUN_STARTED)
		return err_set(e, CAU_USAGE, "the run does not start");
	if (g->finished)
		return err_set(e, CAU_USAGE, "the run goes on after its end");
	if (ev->at_ms < g->last_ms)
		return err_set(e, CAU_USAGE, "time goes backwards");
	switch (ev->type) {
	case EV_RUN_STARTED:
		rc = apply_run_started(g, ev, e);
		break;
	case EV_RUN_RECOVERED:
		apply_recovered(g, ev);
		break;
	case EV_RUN_ABANDONED:
		apply_abandoned(g, ev);
		break;
	case EV_OP_STARTED:
	case EV_OP_ENDED:
		n = find_node(g, ev->node);
		if (n == NULL)
			return err_set(e, CAU_USAGE, "no node of this run");
		rc = ev->type == EV_OP_STARTED ? apply_op_started(g, n, ev, e)
					       : apply_op_ended(g, n, ev, e);
		break;
	case EV_STOP_REQUESTED:
		if (!g->stopping)
			g->stop_requested = true;
		stop(g, dup(g, ev->error));
		break;
	case EV_RUN_FINISHED:
		for (size_t i = 0; i < g->run.n_nodes; i++)
			if (!g->nodes[i].finished)
				return err_set(e, CAU_USAGE,
				    "the run ends while there is work on %s",
				    g->nodes[i].info->name);
		g->finished = true;
		g->status = ev->status;
		g->error = dup(g, ev->error);
		break;
	}
	if (rc == -1)
		return -1;
	g->last_ms = ev->at_ms;
	settle_all(g);
	return 0;
}
