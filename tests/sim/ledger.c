/* SPDX-License-Identifier: ISC */
/* What the events so far say, folded without the engine. */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

size_t
node_number(const struct sim *s, const char *name)
{
	size_t i = (size_t)strtoul(name + 1, NULL, 10);

	return i < s->run.n_nodes ? i : 0;
}

void
ledger_init(struct ledger *l, const struct sim *s)
{
	memset(l, 0, sizeof(*l));
	l->nodes = xcalloc(s->run.n_nodes, sizeof(*l->nodes));
	for (size_t i = 0; i < s->run.n_nodes; i++)
		l->nodes[i].last_update = l->nodes[i].installing = SIZE_MAX;
}

bool
ledger_begins_turn(enum op_kind op)
{
	return op != OP_SCAN && op != OP_STAGE;
}

/* Of "n3-b2". */
unsigned
boot_number(const char *boot_id)
{
	return (unsigned)strtoul(strstr(boot_id, "-b") + 2, NULL, 10);
}

static void
op_started(struct ledger *l, struct ledger_node *n, const struct sim *s,
    const struct event *ev)
{
	n->was_suspended = n->suspended;
	n->was_post_due = n->post_due;
	if (!n->suspended && !n->restart_open &&
	    (ev->attempt != n->attempt || ev->op == OP_SUSPEND))
		n->others = false;
	if (ev->attempt != n->attempt) {
		n->suspends_failed = n->suspend_tries = 0;
		n->failed_plugins = 0;
		n->bad = false;
		n->first_pass = ev->pass;
		if (!n->suspended && *s->run.post_script == '\0')
			n->pre_ok = false;
	}
	if (ev->attempt != n->attempt || ev->pass != n->pass)
		n->last_update = SIZE_MAX;
	n->attempt = ev->attempt;
	n->pass = ev->pass;
	if (n->pass - n->first_pass > n->most_passes)
		n->most_passes = n->pass - n->first_pass;
	n->busy = true;
	n->starts++;
	if (ledger_begins_turn(ev->op))
		n->turn = l->turns_begun = true;
	if (ev->op == OP_SUSPEND)
		n->suspended = true;
	if (ev->op == OP_RESTART) {
		n->n_restarts += !n->restart_open;
		n->restart_open = true;
		n->restart_boot = boot_number(ev->boot_id);
	}
	if (ev->op == OP_INSTALL)
		n->installing = ev->update;
	n->post_due |= ev->op == OP_INSTALL || ev->op == OP_SUSPEND;
}

static uint64_t
plugins_failed(const struct sim *s, const struct event *ev)
{
	uint64_t failed = 0;

	for (size_t i = 0; i < ev->n_failures; i++)
		for (size_t k = 0; k < s->run.n_plugins; k++)
			if (strcmp(ev->failures[i].plugin,
				s->run.plugins[k].name) == 0)
				failed |= UINT64_C(1) << k;
	return failed;
}

/* A bit for each offer that an update may be. */
static uint64_t
bit_of(const struct sim_node *n, const char *id, const char *plugin)
{
	for (size_t i = 0; i < n->n_offers; i++)
		if (strcmp(n->offers[i].info.id, id) == 0 &&
		    strcmp(n->offers[i].info.plugin, plugin) == 0)
			return UINT64_C(1) << i;
	return 0;
}

/* What cannot be offered any more if it is there, is offered. */
static void
scanned(
    struct ledger_node *n, const struct sim_node *node, const struct event *ev)
{
	const struct update *u;
	uint64_t bit;

	for (size_t i = 0; i < ev->scan.n_updates; i++) {
		u = &ev->scan.updates[i];
		bit = bit_of(node, u->id, u->plugin);
		if (u->once && !u->installed && !n->restart_due)
			n->offered_again |= n->well & bit;
	}
	n->waits |= ev->scan.restart != NULL;
	n->restart_due |= ev->scan.restart != NULL && n->n_restarts == 0;
}

/* It was brought to an end. */
static void
installed(struct ledger_node *n, const struct sim *s,
    const struct sim_node *node, const struct event *ev)
{
	const struct update *u =
	    &s->g.nodes[node - s->nodes].updates[ev->update].info;

	n->restart_due |= ev->result.reboot_required;
	if (ev->result.result == RESULT_SUCCEEDED)
		n->well |= bit_of(node, u->id, u->plugin);
}

static void
went_well(struct ledger_node *n, const struct sim *s,
    const struct sim_node *node, const struct event *ev)
{
	n->lost = false;
	switch (ev->op) {
	case OP_SCAN:
		scanned(n, node, ev);
		n->in_doubt = false;
		break;
	case OP_STAGE:
		n->in_doubt = false;
		break;
	case OP_PRE_SCRIPT:
		n->pre_ok = n->post_due = true;
		break;
	case OP_POST_SCRIPT:
		n->pre_ok = n->post_due = false;
		break;
	case OP_RESTART:
		n->in_doubt = n->restart_open = n->restart_due = false;
		break;
	case OP_RESUME:
		n->suspended = n->resume_failed = false;
		break;
	case OP_SUSPEND:
		n->suspends_failed = 0;
		n->suspended &= n->was_suspended || !ev->already;
		n->others = ev->already;
		break;
	case OP_INSTALL:
		installed(n, s, node, ev);
		break;
	case OP_KIND_COUNT:
		break;
	}
}

/* Nothing was done. */
static void
passed_over(struct ledger_node *n)
{
	n->passed = true;
	n->lost = false;
	n->suspended = n->was_suspended;
	n->post_due = n->was_post_due;
}

static void
went_badly(
    const struct ledger *l, struct ledger_node *n, const struct event *ev)
{
	if (ev->op == OP_SUSPEND) {
		n->suspends_failed++;
		n->suspend_tries++;
	} else
		n->bad = true;
	if (ev->op == OP_RESUME)
		n->resume_failed = true;
	if (n->turn && (ev->op == OP_RESTART || ev->outcome == OUTCOME_LOST ||
			   ev->outcome == OUTCOME_UNKNOWN))
		n->in_doubt = true;
	n->given_up |= l->abandoned;
	n->held |= ev->outcome == OUTCOME_HELD;
	n->lost = ev->outcome == OUTCOME_LOST;
}

uint64_t
hash_text(const char *text)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (const char *p = text; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * UINT64_C(1099511628211);
	return h;
}

/* Everything that goes wrong is told to the end; the first cause above all. */
static void
note_errors(struct ledger_node *n, const struct event *ev)
{
	const char *first = ev->error == NULL ? "" : ev->error;
	struct buf b = BUF_INIT;

	if (ev->n_failures > 0 && ev->outcome != OUTCOME_FLAWED) {
		buf_addf(&b, "%s: %s", ev->failures[0].plugin,
		    ev->failures[0].error);
		first = b.data;
	} else if (ev->outcome == OUTCOME_OK) {
		return;
	}
	if (n->n_errors == 0)
		n->first_error = hash_text(first);
	n->n_errors += ev->n_failures + (ev->outcome != OUTCOME_OK);
	buf_release(&b);
}

/* Of an update that could not be started. */
static size_t
plugin_of(const struct sim *s, const struct sim_node *node, size_t update)
{
	return s->g.nodes[node - s->nodes].updates[update].plugin;
}

static void
op_ended(const struct ledger *l, struct ledger_node *n, const struct sim *s,
    const struct event *ev)
{
	const struct sim_node *node = &s->nodes[node_number(s, ev->node)];

	note_errors(n, ev);
	n->busy = false;
	n->last_end_ms = ev->at_ms;
	n->last_op = ev->op;
	n->last_outcome = ev->outcome;
	n->failed_plugins |= plugins_failed(s, ev);
	if (ev->op == OP_INSTALL) {
		n->installing = SIZE_MAX;
		n->unknown |= ev->outcome == OUTCOME_UNKNOWN;
		if (ev->outcome == OUTCOME_FAILED)
			n->failed_plugins |= UINT64_C(1)
					     << plugin_of(s, node, ev->update);
	}
	n->flawed |= ev->outcome == OUTCOME_FLAWED;
	if (ev->outcome == OUTCOME_OK || ev->outcome == OUTCOME_FLAWED)
		went_well(n, s, node, ev);
	else if (outcome_passes_over(ev->outcome))
		passed_over(n);
	else
		went_badly(l, n, ev);
}

/* On a node that was to be restarted: it has not been, or its coordinator
 * would run under another boot. It is not without leave. */
static void
recovered(struct ledger *l, const struct sim *s, const struct event *ev)
{
	const char *boot_id = ev->coordinator.boot_id;
	struct ledger_node *n;

	l->taken_up_ms = ev->at_ms;
	for (size_t i = 0; i < s->run.n_nodes; i++) {
		n = &l->nodes[i];
		n->busy = false;
		/* Whoever had it out may have put it back meanwhile; what may
		 * have been started is brought to its end all the same. */
		n->others &= n->suspended || n->restart_open ||
			     n->installing != SIZE_MAX;
	}
	if (*boot_id != 'n' || s->run.allow_self_reboot)
		return;
	n = &l->nodes[node_number(s, boot_id)];
	if (n->restart_open && n->restart_boot == boot_number(boot_id)) {
		n->restart_open = false;
		n->n_restarts--;
	}
}

static void
abandoned(struct ledger *l, const struct sim *s)
{
	struct ledger_node *n;

	l->abandoned = l->stop_asked = true;
	for (size_t i = 0; i < s->run.n_nodes; i++) {
		n = &l->nodes[i];
		n->busy = false;
		n->in_doubt |= n->restart_open || n->installing != SIZE_MAX;
		n->unknown |= n->installing != SIZE_MAX;
	}
}

void
ledger_apply(struct ledger *l, const struct sim *s, const struct event *ev)
{
	l->n_events++;
	switch (ev->type) {
	case EV_RUN_STARTED:
		break;
	case EV_RUN_ABANDONED:
		abandoned(l, s);
		break;
	case EV_RUN_RECOVERED:
		recovered(l, s, ev);
		break;
	case EV_OP_STARTED:
		op_started(l, &l->nodes[node_number(s, ev->node)], s, ev);
		break;
	case EV_OP_ENDED:
		l->refused |= ev->outcome == OUTCOME_REFUSED;
		op_ended(l, &l->nodes[node_number(s, ev->node)], s, ev);
		break;
	case EV_WARNED:
		l->warned++;
		break;
	case EV_STOP_REQUESTED:
		l->stop_asked = true;
		l->stop_now |= ev->now;
		break;
	case EV_RUN_FINISHED:
		l->finished = true;
		break;
	}
}
