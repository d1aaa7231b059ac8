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

const char *
engine_copy(struct engine *g, const char *s)
{
	return s == NULL ? NULL : arena_strdup(&g->arena, s);
}

void
engine_add_trouble(struct engine *g, struct engine_node *n, enum op_kind op,
    enum op_outcome outcome, const char *error)
{
	n->troubles = xgrow(
	    n->troubles, n->n_troubles, &n->cap_troubles, sizeof(*n->troubles));
	n->troubles[n->n_troubles++] = (struct engine_trouble){n->attempt, op,
	    outcome, error == NULL ? "" : engine_copy(g, error), g->last_ms};
	n->error = n->troubles[0].error;
}

static bool
has_trouble(const struct engine_node *n)
{
	return n->broken || n->flawed || n->unknown || n->failed_plugins != 0 ||
	       engine_reboot_is_open(n);
}

/* The run was stopped before all was done that was begun here. */
static bool
is_cut(const struct engine *g, const struct engine_node *n)
{
	struct engine_counts c = engine_count(n);

	return c.pending + c.canceled > 0 ||
	       (g->stop != ENGINE_STOP_NONE &&
		   (n->scanned < g->run.n_plugins ||
		       (n->restart_is_old && engine_may_restart(g, n)) ||
		       (n->opened && *g->run.post_script != '\0')));
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
	if (n->passed || is_cut(g, n))
		return c.succeeded > 0 ? STATUS_PARTIALLY_FAILED
				       : STATUS_CANCELED;
	return STATUS_SUCCEEDED;
}

void
engine_stop_run(struct engine *g, enum engine_stop why, const char *reason)
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
	/* What a further attempt cured stays in the list only. One that was
	 * stopped cured nothing. */
	if (!has_trouble(n) && (n->passed || !is_cut(g, n)))
		n->error = n->passed ? passed_error(n) : NULL;
	if (!n->active && n->lost && g->run.require_all_nodes_online)
		engine_stop_run(g, ENGINE_STOP_OFFLINE,
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
	n->suspend_tries = n->turns = 0;
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
	    n->cursor == n->n_updates)
		return;
	n->endless = n->flawed = true;
	engine_add_trouble(g, n, OP_SCAN, OUTCOME_FLAWED,
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
		engine_stop_run(g, ENGINE_STOP_FAILED,
		    arena_printf(&g->arena,
			"MaxFailedNodesExceeded: %zu node%s failed, %d allowed",
			c->failed, c->failed == 1 ? "" : "s",
			(int)g->run.max_failed_nodes));
	else if (c->finished < g->run.n_nodes &&
		 c->left_out >= (size_t)g->run.max_unavailable)
		engine_stop_run(g, ENGINE_STOP_AWAY,
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
		out[i] = engine_copy(g, words[i]);
	return out;
}

static void
copy_coordinator(struct engine *g, const struct coordinator *c)
{
	g->coordinator = (struct coordinator){engine_copy(g, c->host),
	    engine_copy(g, c->user), engine_copy(g, c->version),
	    c->boot_id == NULL ? "" : engine_copy(g, c->boot_id), c->pid};
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

/* FNV-1a. */
uint64_t
engine_hash(const char *s)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(1099511628211);
	return h;
}

/* Where the name stands in the hash table, or where it would. */
static uint32_t *
name_slot(const struct engine *g, const char *name)
{
	size_t at;

	for (at = (size_t)engine_hash(name) & (g->n_names - 1);
	     g->names[at] != 0; at = (at + 1) & (g->n_names - 1))
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
	r->run_id = engine_copy(g, in->run_id);
	r->cluster_type = engine_copy(g, in->cluster_type);
	r->cluster_name = engine_copy(g, in->cluster_name);
	r->digest = engine_copy(g, in->digest);
#define X(name) r->name = in->name == NULL ? "" : engine_copy(g, in->name);
	RUN_TEXTS(X)
#undef X
	r->rsh = copy_words(g, in->rsh);
	r->suspend_command = copy_words(g, in->suspend_command);
	r->resume_command = copy_words(g, in->resume_command);
	r->nodes = nodes = arena_alloc(&g->arena, r->n_nodes * sizeof(*nodes));
	g->nodes = arena_alloc(&g->arena, r->n_nodes * sizeof(*g->nodes));
	for (size_t i = 0; i < r->n_nodes; i++) {
		nodes[i] = in->nodes[i];
		nodes[i].name = engine_copy(g, in->nodes[i].name);
		nodes[i].address = engine_copy(g, in->nodes[i].address);
		g->nodes[i].info = &nodes[i];
		g->nodes[i].attempt = 1;
		g->nodes[i].pass = g->nodes[i].first_pass = 1;
		g->nodes[i].boot_id = "";
	}
	for (size_t i = 0; i < PLACE_COUNT; i++)
		g->places[i] =
		    arena_alloc(&g->arena, words * sizeof(*g->places[i]));
	r->plugins = plugins =
	    arena_alloc(&g->arena, r->n_plugins * sizeof(*plugins));
	for (size_t i = 0; i < r->n_plugins; i++)
		plugins[i] =
		    (struct run_plugin){engine_copy(g, in->plugins[i].name),
			engine_copy(g, in->plugins[i].args)};
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
		rc = ev->type == EV_OP_STARTED ? engine_op_started(g, n, ev, e)
					       : engine_op_ended(g, n, ev, e);
		break;
	case EV_WARNED:
		g->warned = true;
		return 0;
	case EV_STOP_REQUESTED:
		g->stop_now = g->stop_now || ev->now;
		engine_stop_run(g,
		    ev->cause == STOP_TIME ? ENGINE_STOP_TIME
					   : ENGINE_STOP_PERSON,
		    engine_copy(g, ev->error));
		break;
	case EV_RUN_FINISHED:
		if (g->census.finished < g->run.n_nodes)
			return err_set(e, CAU_USAGE,
			    "the run ends while there is work on a node");
		g->finished = true;
		g->status = ev->status;
		g->error = engine_copy(g, ev->error);
		return 0;
	}
	if (rc == 0)
		settle_after(g, n, before);
	return rc;
}
