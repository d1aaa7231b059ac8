/* SPDX-License-Identifier: ISC */
/* An Updating Run as a pure state machine. */
#include "engine_next.h"

#include <stdlib.h>
#include <string.h>

/* Added to any point in time, it is still far from any limit. */
#define MAX_TIME_MS (INT64_C(1) << 53)

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
		free(g->nodes[i].troubles);
	}
	arena_release(&g->arena);
	engine_init(g);
}

static const char *
copy(struct engine *g, const char *s)
{
	return s == NULL ? NULL : arena_strdup(&g->arena, s);
}

static void
add_trouble(struct engine *g, struct engine_node *n, enum op_kind op,
    enum op_outcome outcome, const char *error)
{
	n->troubles = xgrow(
	    n->troubles, n->n_troubles, &n->cap_troubles, sizeof(*n->troubles));
	n->troubles[n->n_troubles++] = (struct engine_trouble){n->attempt, op,
	    outcome, error == NULL ? "" : copy(g, error), g->last_ms};
	n->error = n->troubles[0].error;
}

static bool
has_trouble(const struct engine_node *n)
{
	return n->broken || n->flawed || n->unknown || n->failed_plugins != 0 ||
	       engine_reboot_is_open(n);
}

static enum summary_status
node_status(const struct engine *g, const struct engine_node *n)
{
	struct engine_counts c = engine_count(n);

	if (n->held && !n->active)
		return STATUS_CANCELED;
	if (has_trouble(n) || c.failed + c.unknown > 0)
		return c.succeeded > 0 ? STATUS_PARTIALLY_FAILED
				       : STATUS_FAILED;
	if (n->passed || c.pending + c.canceled > 0 ||
	    (g->stop != ENGINE_STOP_NONE &&
		(n->scanned < g->run.n_plugins ||
		    (n->opened && *g->run.post_script != '\0'))))
		return c.succeeded > 0 ? STATUS_PARTIALLY_FAILED
				       : STATUS_CANCELED;
	return STATUS_SUCCEEDED;
}

static void
stop(struct engine *g, enum engine_stop why, const char *reason)
{
	if (g->stop != ENGINE_STOP_NONE)
		return;
	g->stop = why;
	g->stop_reason = reason;
}

/* Updates that were not installed get their result. */
static void
cancel_rest(struct engine_node *n)
{
	struct engine_update *u;

	for (size_t i = 0; i < n->n_updates; i++) {
		u = &n->updates[i];
		if (u->done)
			continue;
		u->done = true;
		if (u->started) {
			/* With others, and contact was lost with theirs. */
			u->result.result = RESULT_UNKNOWN;
			u->result.log = "";
			u->result.reason = "nobody looked after it to its end";
			n->unknown = true;
			continue;
		}
		if (u->refused != 0)
			continue; /* it has one: it could not be started */
		u->result.result = RESULT_CANCELED;
		u->result.log = "";
		u->result.reason = n->passed ? "the node was left alone"
				   : n->broken
				       ? "not tried after the trouble with "
					 "the node"
				   : n->failed_plugins != 0
				       ? "not tried after the failure of a "
					 "plug-in"
				   : n->endless ? "left to the next run"
						: "the run was stopped";
	}
}

/* Why it was passed over. */
static const char *
passed_error(const struct engine_node *n)
{
	const struct engine_trouble *t = &n->troubles[n->n_troubles - 1];

	while (t > n->troubles && !outcome_passes_over(t->outcome))
		t--;
	return t->error;
}

static void
finish(struct engine *g, struct engine_node *n)
{
	cancel_rest(n);
	n->finished = true;
	n->status = node_status(g, n);
	/* What a further attempt cured stays in the list only. */
	if (!has_trouble(n) && !n->held)
		n->error = n->passed ? passed_error(n) : NULL;
	if (!n->active && n->lost && g->run.require_all_nodes_online)
		stop(g, ENGINE_STOP_OFFLINE,
		    arena_printf(&g->arena,
			"RequireAllNodesOnline: %s is not reachable",
			n->info->name));
}

static void
next_attempt(struct engine *g, struct engine_node *n)
{
	n->attempt++;
	n->pass++;
	n->first_pass = n->pass;
	n->broken = n->lost = n->tried = false;
	n->failed_plugins = 0;
	n->scanned = n->staged = n->cursor = 0;
	n->suspend_tries = 0;
	/* By others: maybe not any more. */
	n->drained = n->drained && n->suspended;
	n->retry_at_ms = g->last_ms + g->run.retry_wait_ms;
	if (!n->suspended && *g->run.post_script == '\0')
		n->opened = false;
}

/* A plug-in that offers something new after every installation does so for
 * ever (facts on the run, 3). */
static void
check_passes(struct engine *g, struct engine_node *n)
{
	if (n->endless || n->pass - n->first_pass < ENGINE_MAX_PASSES ||
	    n->cursor == n->n_updates || n->updates[n->cursor].started)
		return;
	n->endless = n->flawed = true;
	add_trouble(g, n, OP_SCAN, OUTCOME_FLAWED,
	    arena_printf(&g->arena,
		"new updates came into sight after each of %d passes; the "
		"rest is left to the next run",
		ENGINE_MAX_PASSES));
}

/* Ends the pass of a node, its attempt, and the node, when nothing is left to
 * do in them. */
static void
settle(struct engine *g, struct engine_node *n)
{
	enum op_kind op;
	size_t update;

	if (n->busy || n->finished)
		return;
	while (n->cursor < n->n_updates &&
	       !engine_wants(g, n, &n->updates[n->cursor]))
		n->cursor++;
	if (!n->broken && g->stop == ENGINE_STOP_NONE && n->tried &&
	    n->scanned == g->run.n_plugins &&
	    (!engine_next_op(g, n, &op, &update) || op == OP_RESUME ||
		op == OP_POST_SCRIPT)) {
		n->tried = false;
		n->pass++;
		n->scanned = n->staged = 0;
	}
	check_passes(g, n);
	if (engine_next_op(g, n, &op, &update))
		return;
	if ((n->broken || n->failed_plugins != 0) && engine_may_retry(g, n)) {
		next_attempt(g, n);
		if (engine_next_op(g, n, &op, &update))
			return;
	}
	finish(g, n);
}

/* Keeps the counts and sets right after a change of a node. */
static void
account(struct engine *g, struct engine_node *n)
{
	struct engine_share *was = &n->share, is;
	struct engine_census *c = &g->census;
	size_t i = (size_t)(n - g->nodes);
	uint64_t bit = UINT64_C(1) << (i % 64);

	if (!n->busy && !n->prepared) {
		is = engine_share_of(g, n);
		n->prepared = n->finished || is.place > PLACE_PREPARE;
	}
	is = engine_share_of(g, n);
	if (is.place != was->place) {
		if (was->place != PLACE_NOWHERE) {
			g->places[was->place][i / 64] &= ~bit;
			g->n_places[was->place]--;
		}
		if (is.place != PLACE_NOWHERE) {
			g->places[is.place][i / 64] |= bit;
			g->n_places[is.place]++;
		}
	}
	c->busy += (size_t)is.busy - (size_t)was->busy;
	c->out += (size_t)is.out - (size_t)was->out;
	c->prepared += (size_t)is.prepared - (size_t)was->prepared;
	c->finished += (size_t)is.finished - (size_t)was->finished;
	c->failed += (size_t)is.failed - (size_t)was->failed;
	c->left_out += (size_t)(is.finished && is.out) -
		       (size_t)(was->finished && was->out);
	*was = is;
}

/*
 * Stops the run where it must not go on: more nodes failed than allowed, or as
 * many stay out of service as may be out at all.
 */
static void
check_limits(struct engine *g, const struct engine_node *last)
{
	const struct engine_census *c = &g->census;

	if (c->failed > (size_t)g->run.max_failed_nodes)
		stop(g, ENGINE_STOP_FAILED,
		    arena_printf(&g->arena,
			"MaxFailedNodesExceeded: %zu node%s failed, %d allowed",
			c->failed, c->failed == 1 ? "" : "s",
			(int)g->run.max_failed_nodes));
	else if (c->finished < g->run.n_nodes &&
		 c->left_out >= (size_t)g->run.max_unavailable)
		stop(g, ENGINE_STOP_AWAY,
		    arena_printf(&g->arena,
			"%s stays out of service, so no other node may be "
			"taken out",
			last->info->name));
}

static void
settle_all(struct engine *g)
{
	for (size_t i = 0; i < g->run.n_nodes; i++) {
		settle(g, &g->nodes[i]);
		account(g, &g->nodes[i]);
	}
}

/* After an event of one node, or of the whole run (NULL). */
static void
settle_after(struct engine *g, struct engine_node *n, enum engine_stop before)
{
	if (n == NULL) {
		settle_all(g);
		before = g->stop;
	} else {
		settle(g, n);
		account(g, n);
		if (g->stop == ENGINE_STOP_NONE)
			check_limits(g, n);
	}
	if (g->stop != before)
		settle_all(g);
}

static const char *const *
copy_words(struct engine *g, const char *const *words)
{
	const char **out;
	size_t n = 0;

	while (words != NULL && words[n] != NULL)
		n++;
	out = arena_alloc(&g->arena, (n + 1) * sizeof(*out));
	for (size_t i = 0; i < n; i++)
		out[i] = copy(g, words[i]);
	return out;
}

static void
copy_coordinator(struct engine *g, const struct coordinator *c)
{
	g->coordinator = (struct coordinator){copy(g, c->host),
	    copy(g, c->user), copy(g, c->version),
	    c->boot_id == NULL ? "" : copy(g, c->boot_id), c->pid};
}

/* Runs that could never end, or not in one way only. */
static int
check_run(const struct run_info *r, struct err *e)
{
	if (r->parallel < 1 || r->max_unavailable < 1 ||
	    r->max_failed_nodes < 0 || r->max_retries_per_node < 0 ||
	    r->max_retries_per_node > 64 || r->retry_wait_ms < 0 ||
	    r->retry_wait_ms > MAX_TIME_MS || r->warn_after_ms > MAX_TIME_MS ||
	    r->stop_after_ms > MAX_TIME_MS || r->suspend_retries < 0 ||
	    r->suspend_retries > INT32_MAX || r->n_plugins > RUN_MAX_PLUGINS ||
	    r->n_nodes > UINT32_MAX / 4)
		return err_set(
		    e, CAU_USAGE, "an option of the run is out of range");
	if (engine_has_words(r->suspend_command) &&
	    !engine_has_words(r->resume_command))
		return err_set(e, CAU_USAGE,
		    "a command to suspend nodes without one to resume them");
	if (!engine_has_words(r->rsh))
		return err_set(e, CAU_USAGE, "no remote shell command");
	for (size_t i = 0; i < r->n_nodes; i++)
		if (*r->nodes[i].name == '\0')
			return err_set(e, CAU_USAGE, "a node without a name");
	return 0;
}

/* Where the name stands in the hash table, or where it would. FNV-1a. */
static uint32_t *
name_slot(const struct engine *g, const char *name)
{
	uint64_t h = UINT64_C(14695981039346656037);
	size_t at;

	for (const char *p = name; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * UINT64_C(1099511628211);
	for (at = h & (g->n_names - 1); g->names[at] != 0;
	     at = (at + 1) & (g->n_names - 1))
		if (strcmp(g->run.nodes[g->names[at] - 1].name, name) == 0)
			break;
	return &g->names[at];
}

struct engine_node *
engine_find(const struct engine *g, const char *name)
{
	uint32_t number = *name_slot(g, name);

	return number == 0 ? NULL : &g->nodes[number - 1];
}

static int
make_names(struct engine *g, struct err *e)
{
	uint32_t *slot;

	for (g->n_names = 16; g->n_names < 2 * g->run.n_nodes;)
		g->n_names *= 2;
	g->names = arena_alloc(&g->arena, g->n_names * sizeof(*g->names));
	for (size_t i = 0; i < g->run.n_nodes; i++) {
		slot = name_slot(g, g->run.nodes[i].name);
		if (*slot != 0)
			return err_set(e, CAU_USAGE, "node %s comes twice",
			    g->run.nodes[i].name);
		*slot = (uint32_t)i + 1;
	}
	return 0;
}

static void
copy_health(struct engine *g, const struct event *ev)
{
	if (ev->findings == NULL)
		return;
	g->n_health = ev->n_findings;
	g->health =
	    arena_alloc(&g->arena, (g->n_health + 1) * sizeof(*g->health));
	for (size_t i = 0; i < g->n_health; i++)
		g->health[i] = finding_copy(&ev->findings[i], &g->arena);
}

static int
apply_run_started(struct engine *g, const struct event *ev, struct err *e)
{
	const struct run_info *in = &ev->run;
	struct run_info *r = &g->run;
	struct run_node *nodes;
	struct run_plugin *plugins;
	size_t words = (in->n_nodes + 63) / 64;

	if (r->run_id != NULL)
		return err_set(e, CAU_USAGE, "the run starts twice");
	if (check_run(in, e) == -1)
		return -1;
	*r = *in;
	r->run_id = copy(g, in->run_id);
	r->cluster_type = copy(g, in->cluster_type);
	r->cluster_name = copy(g, in->cluster_name);
	r->digest = copy(g, in->digest);
#define X(name) r->name = in->name == NULL ? "" : copy(g, in->name);
	RUN_TEXTS(X)
#undef X
	r->rsh = copy_words(g, in->rsh);
	r->suspend_command = copy_words(g, in->suspend_command);
	r->resume_command = copy_words(g, in->resume_command);
	r->nodes = nodes = arena_alloc(&g->arena, r->n_nodes * sizeof(*nodes));
	g->nodes = arena_alloc(&g->arena, r->n_nodes * sizeof(*g->nodes));
	for (size_t i = 0; i < r->n_nodes; i++) {
		nodes[i] = in->nodes[i];
		nodes[i].name = copy(g, in->nodes[i].name);
		nodes[i].address = copy(g, in->nodes[i].address);
		g->nodes[i].info = &nodes[i];
		g->nodes[i].attempt = 1;
		g->nodes[i].pass = g->nodes[i].first_pass = 1;
		g->nodes[i].boot_id = g->nodes[i].script_boot = "";
	}
	for (size_t i = 0; i < PLACE_COUNT; i++)
		g->places[i] =
		    arena_alloc(&g->arena, words * sizeof(*g->places[i]));
	r->plugins = plugins =
	    arena_alloc(&g->arena, r->n_plugins * sizeof(*plugins));
	for (size_t i = 0; i < r->n_plugins; i++)
		plugins[i] = (struct run_plugin){
		    copy(g, in->plugins[i].name), copy(g, in->plugins[i].args)};
	copy_coordinator(g, &ev->coordinator);
	copy_health(g, ev);
	g->started_ms = ev->at_ms;
	if (make_names(g, e) == -1) {
		r->run_id = NULL;
		return -1;
	}
	return 0;
}

/* Operations in flight belonged to a coordinator that is gone: they are to
 * be started again, and find what is left of them. */
static void
apply_recovered(struct engine *g, const struct event *ev)
{
	struct engine_node *n;

	g->recoveries++;
	copy_coordinator(g, &ev->coordinator);
	for (size_t i = 0; i < g->run.n_nodes; i++) {
		n = &g->nodes[i];
		n->busy = false;
		/* By others: maybe not any more. */
		n->drained = n->drained && n->suspended;
		/* Taken up on the very node that was to be restarted: it has
		 * not been, and is not without permission. */
		if (engine_reboot_is_open(n) && !engine_may_restart(g, n))
			n->n_reboots--;
	}
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
			n->unknown = n->in_doubt = true;
		}
	}
	g->abandoned = true;
	g->stop = ENGINE_STOP_PERSON;
	g->stop_reason = "abandoned";
	copy_coordinator(g, &ev->coordinator);
}

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
	    copy(g, ev->boot_id == NULL ? n->boot_id : ev->boot_id), "",
	    ev->at_ms, 0};
}

static void
mark_started(struct engine *g, struct engine_update *u, const struct event *ev,
    const char *job)
{
	u->started = true;
	u->started_ms = ev->at_ms;
	u->job = copy(g, job);
	u->boot_id = copy(g, ev->boot_id);
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

static int
apply_op_started(struct engine *g, struct engine_node *n,
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
		if (!n->script_running)
			n->script_boot = copy(g, n->boot_id);
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
		add_trouble(g, n, ev->op, OUTCOME_FAILED,
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

/* Takes in what a scan found. What this run has met before is left out:
 * no update is tried twice in one run. */
static void
add_updates(struct engine *g, struct engine_node *n, const struct event *ev)
{
	const struct update *in;
	struct engine_update *u;
	size_t k, plugin;

	for (size_t i = 0; i < ev->scan.n_updates; i++) {
		in = &ev->scan.updates[i];
		plugin = plugin_number(g, in->plugin);
		for (k = 0; k < n->n_updates; k++)
			if (n->updates[k].plugin == plugin &&
			    strcmp(n->updates[k].info.id, in->id) == 0)
				break;
		if (k < n->n_updates)
			check_again(n, &n->updates[k], in);
		/* A plug-in that this run does not have is none of ours. */
		if (k < n->n_updates || plugin == g->run.n_plugins)
			continue;
		n->updates = xgrow(n->updates, n->n_updates, &n->cap_updates,
		    sizeof(*n->updates));
		u = &n->updates[n->n_updates++];
		memset(u, 0, sizeof(*u));
		u->pass = n->pass;
		u->plugin = plugin;
		u->info = *in;
		u->info.id = copy(g, in->id);
		u->info.title = copy(g, in->title);
		u->info.description = copy(g, in->description);
		u->info.plugin = g->run.plugins[plugin].name;
		u->info.rule = copy(g, in->rule);
		u->info.path = copy(g, in->path);
		u->info.version = copy(g, in->version);
		u->info.kb = copy(g, in->kb);
		u->info.sha256 = copy(g, in->sha256);
		u->info.reason = copy(g, in->reason);
		u->info.properties = copy(g, in->properties);
		n->joint |= in->joint;
		if (in->installed) {
			u->done = true;
			u->result.result = RESULT_ALREADY_INSTALLED;
			u->result.reason = u->info.reason;
			u->result.log = "";
		}
	}
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
	u->result.reason = copy(g, ev->result.reason);
	u->result.log = copy(g, ev->result.log);
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
		if (!n->restart_needed)
			n->restart_reason = arena_printf(&g->arena,
			    "%s asked for it", update_label(&u->info));
		n->restart_needed = true;
	}
	if (ev->result.result == RESULT_UNKNOWN)
		n->unknown = true;
}

static void
restart_ended(struct engine *g, struct engine_node *n, const struct event *ev)
{
	struct engine_reboot *r = &n->reboots[n->n_reboots - 1];

	n->restart_needed = n->in_doubt = false;
	r->ended_ms = ev->at_ms;
	r->boot_id_after = n->boot_id;
	r->kind = ev->kind == NULL ? "full" : copy(g, ev->kind);
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
		stop(g, ENGINE_STOP_UNSAFE,
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
		add_trouble(g, n, ev->op, ev->outcome, ev->error);
	n->lost = ev->outcome == OUTCOME_LOST;
	if (outcome_passes_over(ev->outcome)) {
		pass_over(g, n, ev);
		return;
	}
	if (ev->outcome == OUTCOME_HELD) {
		n->held = n->broken = true;
		n->in_doubt = n->active;
		stop(g, ENGINE_STOP_HELD,
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

static int
apply_op_ended(struct engine *g, struct engine_node *n, const struct event *ev,
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
		n->boot_id = copy(g, ev->boot_id);
	if (ev->op == OP_PRE_SCRIPT || ev->op == OP_POST_SCRIPT)
		n->script_running = false;
	if (ev->op == OP_INSTALL)
		install_ended(g, n, ev);
	if (ev->outcome != OUTCOME_OK && ev->outcome != OUTCOME_FLAWED) {
		op_failed(g, n, ev);
		return 0;
	}
	if (ev->outcome == OUTCOME_FLAWED) {
		n->flawed = true;
		add_trouble(g, n, ev->op, ev->outcome, ev->error);
	}
	return op_done(g, n, ev, e);
}

int
engine_apply(struct engine *g, const struct event *ev, struct err *e)
{
	enum engine_stop before = g->stop;
	struct engine_node *n = NULL;
	int rc = 0;

	if (g->run.run_id == NULL && ev->type != EV_RUN_STARTED)
		return err_set(e, CAU_USAGE, "the run does not start");
	if (g->finished)
		return err_set(e, CAU_USAGE, "the run goes on after its end");
	if (ev->at_ms < g->last_ms)
		return err_set(e, CAU_USAGE, "time goes backwards");
	g->last_ms = ev->at_ms;
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
		n = engine_find(g, ev->node);
		if (n == NULL)
			return err_set(e, CAU_USAGE, "no node of this run");
		rc = ev->type == EV_OP_STARTED ? apply_op_started(g, n, ev, e)
					       : apply_op_ended(g, n, ev, e);
		break;
	case EV_WARNED:
		g->warned = true;
		return 0;
	case EV_STOP_REQUESTED:
		g->stop_now = g->stop_now || ev->now;
		stop(g,
		    ev->cause == STOP_TIME ? ENGINE_STOP_TIME
					   : ENGINE_STOP_PERSON,
		    copy(g, ev->error));
		break;
	case EV_RUN_FINISHED:
		if (g->census.finished < g->run.n_nodes)
			return err_set(e, CAU_USAGE,
			    "the run ends while there is work on a node");
		g->finished = true;
		g->status = ev->status;
		g->error = copy(g, ev->error);
		return 0;
	}
	if (rc == 0)
		settle_after(g, n, before);
	return rc;
}
