/* SPDX-License-Identifier: ISC */
/* Events that nobody asked for: refused, or such as the run could have had. */
#include <stdlib.h>
#include <string.h>

#include "sim.h"

/* What an event is judged by, from before it. */
struct before {
	bool known, busy, finished, active, suspended, drained, in_doubt;
	bool restart, started, done, all_finished, over;
	enum op_kind op;
	size_t update;
	int64_t last_ms;
};

static struct before
look(const struct engine *g, const struct event *ev)
{
	const struct engine_node *n =
	    ev->node == NULL ? NULL : engine_find(g, ev->node);
	struct before b = {.known = n != NULL,
	    .all_finished = g->census.finished == g->run.n_nodes,
	    .over = g->finished,
	    .last_ms = g->last_ms};

	if (n == NULL)
		return b;
	b.busy = n->busy;
	b.finished = n->finished;
	b.active = n->active;
	b.suspended = n->suspended;
	b.drained = n->drained;
	b.in_doubt = n->in_doubt;
	b.restart =
	    n->restart_needed ||
	    (n->n_reboots > 0 && n->reboots[n->n_reboots - 1].ended_ms == 0);
	b.started = ev->update < n->n_updates && n->updates[ev->update].started;
	b.done = ev->update >= n->n_updates || n->updates[ev->update].done;
	b.op = n->op;
	b.update = n->op_update;
	return b;
}

/* Why the event must have been refused, or NULL. */
static const char *
misfit_start(
    const struct engine *g, const struct event *ev, const struct before *b)
{
	if (!b->known || b->busy || b->finished)
		return "an operation on a node that takes none";
	if (ev->op == OP_INSTALL && b->done)
		return "an installation of what is done";
	if (ev->op == OP_INSTALL && !b->started && !b->drained &&
	    (g->run.suspend_command[0] != NULL ||
		strcmp(g->run.cluster_type, "pacemaker") == 0))
		return "an installation on a node in service";
	if (ev->op == OP_RESUME && (!b->suspended || b->in_doubt))
		return "a resume out of place";
	if (ev->op == OP_RESTART && !b->restart)
		return "a restart for nothing";
	if (ledger_begins_turn(ev->op) && !b->active &&
	    (g->census.prepared < g->run.n_nodes ||
		g->census.out > (size_t)g->run.max_unavailable))
		return "a turn that comes too early";
	return NULL;
}

static const char *
misfit(const struct engine *g, const struct event *ev, const struct before *b)
{
	if (b->over)
		return "an event after the end";
	if (ev->at_ms < b->last_ms)
		return "an event of the past";
	switch (ev->type) {
	case EV_RUN_STARTED:
		return "a second start";
	case EV_OP_STARTED:
		return misfit_start(g, ev, b);
	case EV_OP_ENDED:
		if (outcome_passes_over(ev->outcome) &&
		    ev->op != OP_PRE_SCRIPT && ev->op != OP_SUSPEND)
			return "a node that is passed over too late";
		return !b->known || !b->busy || b->op != ev->op ||
			       (ev->op == OP_INSTALL && b->update != ev->update)
			   ? "the end of what did not start"
			   : NULL;
	case EV_RUN_FINISHED:
		return b->all_finished ? NULL : "an end before the end";
	case EV_RUN_RECOVERED:
	case EV_RUN_ABANDONED:
	case EV_WARNED:
	case EV_STOP_REQUESTED:
		break;
	}
	return NULL;
}

/* The run of this seed with one thing in it that no run may have. */
static void
check_bad_run(struct sim *s)
{
	static const char *const drain[] = {"drain", NULL};
	static const char *const none[] = {NULL};
	struct event ev = {.type = EV_RUN_STARTED, .at_ms = SIM_T0};
	struct run_info *r = &ev.run;
	struct err e = {CAU_OK, ""};
	struct engine g;
	int64_t *const least_one[] = {&r->parallel, &r->max_unavailable};
	int64_t *const least_none[] = {&r->max_failed_nodes,
	    &r->max_retries_per_node, &r->retry_wait_ms, &r->suspend_retries};
	int64_t *const limited[] = {&r->max_retries_per_node, &r->retry_wait_ms,
	    &r->warn_after_ms, &r->stop_after_ms, &r->suspend_retries};
	struct run_node *nodes =
	    arena_alloc(&s->arena, (s->run.n_nodes + 1) * sizeof(*nodes));

	*r = s->run;
	ev.coordinator = s->self;
	memcpy(nodes, r->nodes, r->n_nodes * sizeof(*nodes));
	r->nodes = nodes;
	switch (below(s, 8)) {
	case 0:
		*least_one[below(s, 2)] = 0;
		break;
	case 1:
		*least_none[below(s, 4)] = -1;
		break;
	case 2:
		*limited[below(s, 5)] = INT64_MAX;
		break;
	case 3:
		r->n_plugins = RUN_MAX_PLUGINS + 1;
		break;
	case 4:
		r->suspend_command = drain;
		r->resume_command = none;
		break;
	case 5:
		r->rsh = none;
		break;
	case 6:
		nodes[below(s, (unsigned)r->n_nodes)].name = "";
		break;
	default:
		nodes[r->n_nodes++] = s->run.nodes[0];
		break;
	}
	engine_init(&g);
	if (engine_apply(&g, &ev, &e) == 0 || e.text[0] == '\0')
		broken(s, P_INPUT, "a run that cannot be is begun");
	engine_release(&g);
}

static void
some_end(struct sim *s, const struct sim_node *n, struct event *ev)
{
	ev->outcome = (enum op_outcome)below(s, OUTCOME_SKIPPED + 1);
	ev->already = chance(s, 20);
	ev->error = ev->type == EV_OP_ENDED && chance(s, 50)
			? NULL
			: some_words(s, "trouble");
	ev->bytes = below(s, 1000);
	if (chance(s, 10)) {
		ev->failures = arena_alloc(&s->arena, sizeof(*ev->failures));
		*ev->failures = (struct plugin_failure){
		    chance(s, 50) ? "nobody's" : s->run.plugins[0].name,
		    some_words(s, "no such folder")};
		ev->n_failures = 1;
	}
	ev->result = (struct install_result){
	    .result = (enum update_result)(1 + below(s, RESULT_UNKNOWN)),
	    .reboot_required = chance(s, 50),
	    .reason = "",
	    .log = ""};
	ev->scan.updates =
	    arena_alloc(&s->arena, n->n_offers * sizeof(*ev->scan.updates));
	for (size_t i = 0; i < n->n_offers; i++)
		if (chance(s, 50))
			ev->scan.updates[ev->scan.n_updates++] =
			    n->offers[i].info;
}

static void
some_event(struct sim *s, const struct engine *g, struct event *ev)
{
	const struct sim_node *n =
	    &s->nodes[below(s, (unsigned)s->run.n_nodes)];
	const struct engine_node *en = &g->nodes[n - s->nodes];

	*ev = (struct event){.type = EV_OP_STARTED,
	    .at_ms =
		g->last_ms - 1 + (chance(s, 90) ? 1 + below(s, 100000) : 0),
	    .run = s->run,
	    .coordinator = s->self,
	    .node = chance(s, 97) ? n->name : "nobody",
	    .op = (enum op_kind)below(s, OP_KIND_COUNT),
	    .update = below(s, (unsigned)en->n_updates + 2),
	    .id = "u",
	    .job = "j",
	    .boot_id = "x-b7",
	    .plugin = chance(s, 70)   ? NULL
		      : chance(s, 10) ? "nobody's"
				      : s->run.plugins[0].name,
	    .attempt = en->attempt,
	    .pass = en->pass,
	    .status = STATUS_SUCCEEDED,
	    .now = chance(s, 50)};
	if (chance(s, 40))
		ev->type = EV_OP_ENDED;
	else if (chance(s, 15))
		ev->type = (enum event_type)below(s, EV_RUN_FINISHED + 1);
	/* Near to what is possible, or most would be refused for one reason. */
	if (en->busy && chance(s, 60)) {
		ev->op = en->op;
		ev->update = en->op_update;
	}
	some_end(s, n, ev);
}

/* Random events in the middle of the run as its journal has it. */
void
check_strange(struct sim *s)
{
	struct buf part = BUF_INIT;
	struct engine g;
	struct event ev;
	struct before b;
	struct err e = {CAU_OK, ""};
	const char *why;
	size_t good;

	check_bad_run(s);
	buf_add(&part, s->disk.bytes.data,
	    1 + below(s, (unsigned)s->disk.bytes.len));
	engine_init(&g);
	if (journal_fold(&g, part.data, part.len, &good, &e) == -1)
		broken(s, P_CRASH, "part of the journal: %s", e.text);
	for (int i = 0; g.run.run_id != NULL && i < 3; i++) {
		some_event(s, &g, &ev);
		b = look(&g, &ev);
		if (engine_apply(&g, &ev, &e) == -1) {
			if (e.text[0] == '\0')
				broken(s, P_INPUT, "refused without a reason");
			break;
		}
		why = misfit(&g, &ev, &b);
		if (why != NULL)
			broken(s, P_INPUT, "accepted: %s", why);
		if (i == 2)
			use_state(s, &g);
	}
	engine_release(&g);
	buf_release(&part);
}
