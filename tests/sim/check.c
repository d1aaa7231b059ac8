/* SPDX-License-Identifier: ISC */
/* The promises, after every event. */
#include "engine_next.h"
#include "sim.h"

#include <inttypes.h>
#include <string.h>

bool
drains(const struct sim *s)
{
	return s->pacemaker || s->run.suspend_command[0] != NULL;
}

/* Nothing new is begun. */
static bool
is_stopping(const struct sim *s)
{
	return s->ledger.stop_asked || s->ledger.refused;
}

/* More operations than this on one node are a loop. */
static unsigned
most_starts(const struct sim *s, const struct sim_node *n)
{
	unsigned attempts = (unsigned)s->run.max_retries_per_node + 1;
	unsigned pass = 2 * (unsigned)s->run.n_plugins + 3;

	return attempts *
		   ((ENGINE_MAX_PASSES + 1) * pass + (unsigned)n->n_offers +
		       (unsigned)s->run.suspend_retries + 8) +
	       3 * s->crashes;
}

/* Whether its last attempt failed, for all that the journal says. */
bool
node_went_badly(const struct ledger_node *l)
{
	return l->bad || l->failed_plugins != 0;
}

/* Attempts: no more than allowed, each after its wait. */
static void
check_attempt(struct sim *s, const struct sim_node *n, const struct event *ev)
{
	const struct ledger_node *l = &s->ledger.nodes[n - s->nodes];
	bool again = ev->op == OP_SUSPEND && l->suspends_failed > 0;

	if (ev->attempt > s->run.max_retries_per_node + 1 ||
	    ev->attempt < l->attempt)
		broken(s, P_END, "%s: attempt %u", n->name, ev->attempt);
	if (((l->attempt > 0 && ev->attempt > l->attempt) || again) &&
	    ev->at_ms < l->last_end_ms + s->run.retry_wait_ms)
		broken(s, P_ORDER, "%s is tried again too early", n->name);
	if (again && ev->attempt == l->attempt &&
	    l->suspends_failed > s->run.suspend_retries)
		broken(s, P_END, "%s is drained once more", n->name);
	/* Unless it was for a restart that this coordinator may not do. */
	if (l->suspends_failed > 0 && ev->op != OP_SUSPEND && !l->held &&
	    !l->passed && (!l->waits || may_restart(s, n)) &&
	    l->last_op == OP_SUSPEND &&
	    l->suspend_tries <= s->run.suspend_retries &&
	    s->g.stop == ENGINE_STOP_NONE)
		broken(s, P_END, "%s is not drained once more", n->name);
	if (l->starts >= most_starts(s, n))
		broken(
		    s, P_END, "%s has had %u operations", n->name, l->starts);
}

/* A node's turn begins: all are prepared, and those before it have had
 * theirs. */
static void
check_begin(struct sim *s, const struct sim_node *n)
{
	const struct engine_node *en;
	const struct ledger_node *l;
	int64_t failed = 0;

	if (s->ledger.stop_asked)
		broken(s, P_END, "the turn of %s begins after a stop", n->name);
	if (s->ledger.refused)
		broken(s, P_ORDER, "the turn of %s begins after a refusal",
		    n->name);
	for (size_t i = 0; i < s->run.n_nodes; i++) {
		en = &s->g.nodes[i];
		l = &s->ledger.nodes[i];
		failed += en->finished &&
			  (en->status == STATUS_FAILED || node_went_badly(l));
		if (&s->nodes[i] < n && !l->turn && !en->finished)
			broken(s, P_ORDER, "%s comes before %s", n->name,
			    s->nodes[i].name);
		if (!l->turn && !en->finished && l->starts == 0)
			broken(s, P_ONCE,
			    "the turn of %s begins, and %s is not scanned",
			    n->name, s->nodes[i].name);
		if (l->held)
			broken(s, P_ORDER,
			    "the turn of %s begins, and another has %s",
			    n->name, s->nodes[i].name);
		if (s->run.require_all_nodes_online && !l->turn && l->lost &&
		    en->finished)
			broken(s, P_ORDER,
			    "the turn of %s begins, and %s is not online",
			    n->name, s->nodes[i].name);
	}
	if (failed > s->run.max_failed_nodes)
		broken(s, P_ORDER,
		    "the turn of %s begins, and %" PRId64 " nodes failed",
		    n->name, failed);
}

/* The plug-ins that are known to ask for a restart which cau has not done;
 * still: and which has not happened by itself. */
static uint64_t
restart_wanted(const struct sim_node *n, bool still)
{
	const struct sim_job *j;
	uint64_t plugins = 0;

	for (size_t i = 0; i < n->n_jobs; i++) {
		j = &n->jobs[i];
		if (j->heard && n->offers[j->offer].reboot &&
		    j->restarts == n->restarts &&
		    (!still || j->boot == n->boot))
			plugins |= UINT64_C(1) << n->offers[j->offer].plugin;
	}
	return plugins;
}

bool
may_restart(const struct sim *s, const struct sim_node *n)
{
	return s->run.allow_self_reboot ||
	       (!n->local && s->home != (size_t)(n - s->nodes));
}

static void
check_install(struct sim *s, const struct sim_node *n, const struct event *ev)
{
	const struct ledger_node *l = &s->ledger.nodes[n - s->nodes];
	const struct flight *f = &n->flight;
	uint64_t self = UINT64_C(1) << n->offers[f->offer].plugin;
	uint64_t failed = ev->attempt == l->attempt ? l->failed_plugins : 0;
	uint64_t wanted = restart_wanted(n, true);

	if (f->again)
		return;
	if (is_stopping(s))
		broken(s, P_END, "%s: %s after a stop", n->name, ev->id);
	if (ev->attempt == l->attempt &&
	    ev->pass - l->first_pass >= ENGINE_MAX_PASSES)
		broken(s, P_END, "%s: %s in pass %u", n->name, ev->id,
		    ev->pass - l->first_pass + 1);
	if (*s->run.pre_script != '\0' && !l->pre_ok)
		broken(s, P_ORDER, "%s: %s without pre-update script", n->name,
		    ev->id);
	if (l->last_update != SIZE_MAX && ev->update <= l->last_update &&
	    ev->attempt == l->attempt && ev->pass == l->pass)
		broken(s, P_ORDER, "%s: %s out of order", n->name, ev->id);
	s->ledger.nodes[n - s->nodes].last_update = ev->update;
	if ((failed & self) != 0 ||
	    (s->run.stop_on_plugin_failure && (failed & (self - 1)) != 0))
		broken(s, P_ORDER, "%s: %s after a failed plug-in", n->name,
		    ev->id);
	if (s->run.separate_reboots && may_restart(s, n) && wanted != 0 &&
	    (wanted & self) == 0)
		broken(s, P_ORDER, "%s: %s before a restart", n->name, ev->id);
}

/* For a reason, and when all that can come before it has come. */
static void
check_restart(struct sim *s, const struct sim_node *n, const struct event *ev)
{
	const struct ledger_node *l = &s->ledger.nodes[n - s->nodes];
	const struct engine_node *en = &s->g.nodes[n - s->nodes];

	if (l->restart_open) {
		if (boot_number(ev->boot_id) != l->restart_boot)
			broken(s, P_SEEN, "%s: a restart of another boot",
			    n->name);
		return;
	}
	if (restart_wanted(n, false) == 0 && (!l->waits || n->restarts > 0))
		broken(s, P_ORDER, "%s is restarted for nothing", n->name);
	if (restart_wanted(n, false) == 0 && is_stopping(s))
		broken(s, P_END,
		    "%s is restarted for an old reason after a stop", n->name);
	for (size_t i = 0; i < en->n_updates && !s->run.separate_reboots &&
			   s->g.stop == ENGINE_STOP_NONE;
	     i++)
		if (engine_wants(&s->g, en, &en->updates[i]))
			broken(s, P_ORDER, "%s is restarted before %s", n->name,
			    en->updates[i].info.id);
}

/* Back into service only what is known to be well. */
static void
check_resume(struct sim *s, const struct sim_node *n)
{
	const struct ledger_node *l = &s->ledger.nodes[n - s->nodes];

	if (!l->suspended && l->others)
		broken(s, P_DRAINED, "%s is resumed, and others drained it",
		    n->name);
	if (!l->suspended)
		broken(
		    s, P_ORDER, "%s is resumed, and was not drained", n->name);
	if (l->in_doubt || l->restart_open)
		broken(s, P_DRAINED, "%s is resumed in doubt", n->name);
	if (n->restarting && n->up_ms > s->now_ms)
		broken(s, P_DRAINED, "%s is resumed while it is down", n->name);
	if (installer_runs(s, n))
		broken(s, P_DRAINED, "%s is resumed while an installer runs",
		    n->name);
}

static void
check_op(struct sim *s, const struct sim_node *n, const struct event *ev)
{
	const struct ledger_node *l = &s->ledger.nodes[n - s->nodes];
	bool pre = *s->run.pre_script != '\0';

	switch (ev->op) {
	case OP_SCAN:
	case OP_STAGE:
		if (s->ledger.turns_begun && !l->turn)
			broken(s, P_ONCE, "%s: %s, and a turn has begun",
			    n->name, op_name(ev->op));
		if (is_stopping(s) && (ev->op == OP_STAGE || !l->suspended))
			broken(s, P_END, "%s: %s after a stop", n->name,
			    op_name(ev->op));
		break;
	case OP_PRE_SCRIPT:
		if (l->suspended || n->service != IN_SERVICE)
			broken(s, P_ORDER, "%s: script while drained", n->name);
		break;
	case OP_SUSPEND:
		if (is_stopping(s))
			broken(s, P_END, "%s is drained after a stop", n->name);
		if (pre && !l->pre_ok)
			broken(s, P_ORDER, "%s is drained without script",
			    n->name);
		break;
	case OP_INSTALL:
		check_install(s, n, ev);
		break;
	case OP_RESTART:
		check_restart(s, n, ev);
		break;
	case OP_RESUME:
		check_resume(s, n);
		break;
	case OP_POST_SCRIPT:
		if (l->passed && !l->post_due)
			broken(s, P_ORDER,
			    "%s: post-update script, and it was passed over",
			    n->name);
		if (l->suspended || n->service != IN_SERVICE ||
		    (pre && !l->pre_ok))
			broken(s, P_ORDER, "%s: post-update script too early",
			    n->name);
		break;
	case OP_KIND_COUNT:
		break;
	}
}

/* An operation is announced; its flight is made. */
void
check_start(struct sim *s, const struct event *ev)
{
	const struct sim_node *n = &s->nodes[node_number(s, ev->node)];
	const struct ledger_node *l = &s->ledger.nodes[n - s->nodes];
	const struct sim_job *j;

	if (l->busy || n->flight.on)
		broken(s, P_ORDER, "%s has two operations at once", n->name);
	if (l->unknown || s->g.nodes[n - s->nodes].finished)
		broken(s, P_DRAINED,
		    "%s: %s, though nobody knows what runs there", n->name,
		    op_name(ev->op));
	if (l->held)
		broken(s, P_ORDER, "%s: %s, and another has it", n->name,
		    op_name(ev->op));
	if (l->passed && ev->op != OP_RESUME && ev->op != OP_POST_SCRIPT)
		broken(s, P_ORDER, "%s: %s, and it was passed over", n->name,
		    op_name(ev->op));
	if (s->ledger.stop_now && ev->op != OP_RESUME &&
	    !(n->flight.again && ev->job != NULL) && ev->op != OP_POST_SCRIPT)
		broken(s, P_END, "%s: %s after all was to stop now", n->name,
		    op_name(ev->op));
	if (s->ledger.abandoned && (ev->op != OP_RESUME || l->given_up))
		broken(s, P_ORDER, "%s: %s, and the run was given up", n->name,
		    op_name(ev->op));
	/* Or it would be taken for one that runs, after a restart. */
	j = ev->job == NULL ? NULL : job_of(n, ev->job);
	if (j != NULL && !n->flight.again)
		broken(s, P_ORDER, "%s: %s, and %s has run already", n->name,
		    op_name(ev->op), ev->job);
	if (j != NULL && strcmp(ev->boot_id, j->announced) != 0)
		broken(s, P_SEEN, "%s: %s, as if it had begun under %s",
		    n->name, op_name(ev->op), ev->boot_id);
	if (s->g.stop != ENGINE_STOP_NONE && n->flight.again &&
	    !n->flight.look_only &&
	    (ev->op == OP_INSTALL || ev->op == OP_PRE_SCRIPT))
		broken(s, P_END, "%s: %s may begin after a stop", n->name,
		    op_name(ev->op));
	if (l->in_doubt && ev->op != OP_SCAN && !n->flight.again &&
	    !(ev->op == OP_RESTART && l->restart_open))
		broken(
		    s, P_DRAINED, "%s: %s in doubt", n->name, op_name(ev->op));
	check_attempt(s, n, ev);
	if (ledger_begins_turn(ev->op) && !l->turn)
		check_begin(s, n);
	check_op(s, n, ev);
}

/* An installer really starts. */
void
check_job(struct sim *s, const struct sim_node *n, size_t offer, const char *id)
{
	const struct offer *o = &n->offers[offer];
	const struct sim_job *j = job_of_offer(n, offer);

	if (j != NULL)
		broken(s, P_ONCE, "%s: %s is started twice, as %s and %s",
		    n->name, o->info.id, j->id, id);
	if (drains(s) && !is_drained(s, n))
		broken(s, P_ONCE, "%s: %s is installed while it is in service",
		    n->name, o->info.id);
	if (o->installed)
		broken(s, P_ONCE, "%s: %s was installed before the run",
		    n->name, o->info.id);
	if (o->staged == 0 || strcmp(o->staged_job, id) != 0)
		broken(s, P_ORDER, "%s: %s is not staged for %s", n->name,
		    o->info.id, id);
	if (s->ledger.abandoned || s->g.nodes[n - s->nodes].finished)
		broken(s, P_ONCE, "%s: %s after its turn", n->name, o->info.id);
}

/* Out of service through cau. */
static bool
is_out(const struct sim *s, const struct sim_node *n)
{
	const struct engine_node *en = &s->g.nodes[n - s->nodes];

	return n->service != IN_SERVICE || (en->active && !en->finished) ||
	       (n->restarting && n->up_ms > s->now_ms) || installer_runs(s, n);
}

/* The engine's own counts, again. */
static void
check_census(struct sim *s)
{
	const struct engine_census *c = &s->g.census;
	size_t places[PLACE_COUNT] = {0};
	struct engine_census sum = {0};
	const struct engine_node *n;
	struct engine_share is;

	for (size_t i = 0; i < s->run.n_nodes; i++) {
		n = &s->g.nodes[i];
		is = engine_share_of(&s->g, n);
		places[is.place]++;
		sum.busy += n->busy;
		sum.finished += n->finished;
		sum.prepared += n->prepared;
		sum.failed += is.failed;
		sum.out += is.out;
		sum.left_out += n->finished && is.out;
		if (is.place != n->share.place ||
		    (is.place != PLACE_NOWHERE &&
			(s->g.places[is.place][i / 64] >> i % 64 & 1) == 0))
			broken(s, P_END, "%s stands in another queue",
			    s->nodes[i].name);
	}
	for (size_t i = PLACE_NOWHERE + 1; i < PLACE_COUNT; i++)
		if (places[i] != s->g.n_places[i])
			broken(s, P_END, "the engine counts its queues wrong");
	if (memcmp(&sum, c, sizeof(sum)) != 0)
		broken(s, P_END, "the engine counts wrong");
}

/* Why a run stopped first is why it stopped. */
static void
check_stop(struct sim *s)
{
	enum engine_stop *first = &s->ledger.stop;

	if (*first == ENGINE_STOP_NONE || s->ledger.abandoned)
		*first = s->g.stop;
	if (s->g.stop != *first)
		broken(s, P_SEEN, "the run stopped, and for another reason");
}

void
check_state(struct sim *s)
{
	int64_t out = 0, preparing = 0;

	for (size_t i = 0; i < s->run.n_nodes; i++) {
		out += is_out(s, &s->nodes[i]);
		preparing += s->g.nodes[i].busy && !s->ledger.nodes[i].turn;
	}
	if (out > s->run.max_unavailable)
		broken(s, P_AWAY, "%" PRId64 " nodes are out of service", out);
	if (preparing > s->run.parallel)
		broken(s, P_ORDER, "%" PRId64 " nodes are prepared at once",
		    preparing);
	check_census(s);
	check_stop(s);
}

/* What the engine does about time comes in time, and once. */
static void
check_time_event(struct sim *s, const struct event *ev)
{
	const struct run_info *r = &s->run;

	if (ev->type == EV_WARNED &&
	    (s->ledger.warned > 0 || r->warn_after_ms <= 0 ||
		ev->at_ms < SIM_T0 + r->warn_after_ms))
		broken(s, P_END, "a warning without cause");
	if (ev->type == EV_STOP_REQUESTED &&
	    (is_stopping(s) || r->stop_after_ms <= 0 ||
		ev->at_ms < SIM_T0 + r->stop_after_ms))
		broken(s, P_END, "a stop without cause");
}

/* When there is nothing to do, no node could go on. */
static void
check_idle(struct sim *s)
{
	const struct run_info *r = &s->run;
	int64_t now = s->now_ms + s->offset_ms;
	size_t busy = 0, out = 0, prepared = 0;
	const struct engine_node *n;
	const struct ledger_node *l;

	for (size_t i = 0; i < r->n_nodes; i++) {
		n = &s->g.nodes[i];
		busy += n->busy;
		prepared += n->prepared;
		out += engine_is_away(n);
	}
	for (size_t i = 0; i < r->n_nodes; i++) {
		n = &s->g.nodes[i];
		l = &s->ledger.nodes[i];
		if (n->busy || n->finished ||
		    l->last_end_ms + r->retry_wait_ms > now ||
		    s->ledger.taken_up_ms + r->retry_wait_ms > now)
			continue;
		if (n->active)
			broken(
			    s, P_END, "%s waits for nothing", s->nodes[i].name);
		if (n->share.place == PLACE_PREPARE &&
		    (int64_t)busy < r->parallel)
			broken(
			    s, P_END, "%s could be prepared", s->nodes[i].name);
		if (n->share.place == PLACE_TURN && prepared == r->n_nodes &&
		    (int64_t)out < r->max_unavailable)
			broken(s, P_END, "%s could have its turn",
			    s->nodes[i].name);
	}
}

/* Limits of time are kept, and nothing is waited for in vain. */
void
check_plan(struct sim *s, const struct engine_plan *plan, bool waiting)
{
	const struct run_info *r = &s->run;
	int64_t now = s->now_ms + s->offset_ms, due = FOREVER;

	if (plan->idle != (plan->n_events == 0))
		broken(s, P_END, "a plan that is idle and is not");
	for (size_t i = 0; i < plan->n_events; i++)
		check_time_event(s, &plan->events[i]);
	if (!plan->idle)
		return;
	check_idle(s);
	if (plan->wake_ms <= now)
		broken(s, P_END, "nothing to do, and no time to wait");
	if (!waiting && plan->wake_ms == INT64_MAX)
		broken(s, P_END, "the run stands still");
	if (r->warn_after_ms > 0 && s->ledger.warned == 0)
		due = SIM_T0 + r->warn_after_ms;
	if (r->stop_after_ms > 0 && s->g.stop == ENGINE_STOP_NONE &&
	    SIM_T0 + r->stop_after_ms < due)
		due = SIM_T0 + r->stop_after_ms;
	if (plan->wake_ms > due)
		broken(s, P_END, "WarnAfter or StopAfter is slept over");
}
