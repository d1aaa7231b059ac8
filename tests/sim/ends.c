/* SPDX-License-Identifier: ISC */
/* What the coordinator hears of an operation in the end. */
#include "sim.h"

#include <string.h>

static void
fail(struct sim *s, struct event *end, enum op_outcome outcome)
{
	end->outcome = outcome;
	end->error = some_words(s, "trouble");
}

/* Whether the node's plug-in names it in this scan. A terse one leaves out
 * what is installed. */
static bool
is_named(const struct sim *s, const struct sim_node *n, size_t offer,
    const char *plugin, bool terse)
{
	const struct offer *o = &n->offers[offer];

	return offer_is_shown(s, n, offer) &&
	       ((n->flight.failed >> o->plugin) & 1) == 0 &&
	       (plugin == NULL || strcmp(plugin, o->info.plugin) == 0) &&
	       !(terse && offer_is_installed(s, n, offer));
}

/* Plug-in by plug-in; some say things twice. */
static void
scan_result(struct sim *s, const struct sim_node *n, struct event *end)
{
	struct scan_result *r = &end->scan;
	bool terse = chance(s, 50);

	r->n_ignored = below(s, 3);
	r->updates =
	    arena_alloc(&s->arena, (n->n_offers + 1) * sizeof(*r->updates));
	for (size_t p = 0; p < s->run.n_plugins; p++)
		for (size_t i = 0; i < n->n_offers; i++) {
			if (n->offers[i].plugin != p ||
			    !is_named(s, n, i, end->plugin, terse))
				continue;
			r->updates[r->n_updates] = n->offers[i].info;
			r->updates[r->n_updates++].installed =
			    offer_is_installed(s, n, i);
		}
	if (n->waits && n->boot == 0)
		r->restart = some_words(s, "x asked for it in run 1");
	if (r->n_updates > 0 && chance(s, 5)) {
		r->updates[r->n_updates] = r->updates[0];
		r->n_updates++;
	}
}

static void
add_failures(struct sim *s, const struct sim_node *n, struct event *end)
{
	end->failures =
	    arena_alloc(&s->arena, s->run.n_plugins * sizeof(*end->failures));
	for (size_t i = 0; i < s->run.n_plugins; i++)
		if ((n->flight.failed >> i) & 1)
			end->failures[end->n_failures++] =
			    (struct plugin_failure){s->run.plugins[i].name,
				some_words(s, "no such folder")};
}

static void
end_plugins(struct sim *s, struct sim_node *n, struct event *end)
{
	const struct flight *f = &n->flight;

	add_failures(s, n, end);
	if (end->op == OP_STAGE)
		end->bytes = (int64_t)f->n_wanted * 1000;
	if (f->canceled) {
		fail(s, end, OUTCOME_FAILED);
	} else if (end->op == OP_SCAN && answers(s, n) &&
		   (n->held_ms > s->now_ms ||
		       (f->trouble == T_REFUSED && chance(s, 15)))) {
		fail(s, end, OUTCOME_HELD);
	} else if (!answers(s, n) || f->trouble == T_BEFORE ||
		   f->trouble == T_DURING || f->trouble == T_AFTER ||
		   f->trouble == T_VAGUE) {
		fail(s, end, OUTCOME_LOST);
	} else if (f->trouble == T_REFUSED || f->trouble == T_NEVER ||
		   (f->trouble == T_WRONG && f->failed == 0)) {
		fail(s, end, OUTCOME_FAILED);
	}
	if (end->op != OP_SCAN || end->outcome != OUTCOME_OK)
		return;
	end->boot_id = boot_of(s, n);
	scan_result(s, n, end);
}

/* What the cluster says to it; false when it says nothing against it. */
static bool
end_answered(struct sim *s, const struct flight *f, struct event *end)
{
	switch (f->answer) {
	case ANSWER_TAKE:
		return false;
	case ANSWER_ALREADY:
		end->already = end->op == OP_SUSPEND;
		return false;
	case ANSWER_REFUSED:
		fail(s, end, OUTCOME_REFUSED);
		break;
	case ANSWER_SKIPPED:
		fail(s, end, OUTCOME_SKIPPED);
		break;
	}
	return true;
}

/* What the journal hears of a script: one of which nobody knows how it ended
 * did not succeed. */
static void
end_script(struct sim *s, struct sim_node *n, struct event *end)
{
	const struct flight *f = &n->flight;
	const struct sim_job *j = job_of(n, f->started.job);

	end->log = j == NULL ? NULL : some_words(s, "log/script.log");
	if (f->acted && !f->canceled && f->trouble != T_AFTER &&
	    end_answered(s, f, end))
		return;
	if (f->canceled && (j == NULL || j->way == WAY_CANCELED))
		fail(s, end, OUTCOME_FAILED);
	else if (f->trouble == T_REFUSED || (j != NULL && j->way == WAY_NEVER))
		fail(s, end, OUTCOME_FAILED);
	else if (j == NULL || !answers(s, n) || f->trouble == T_BEFORE ||
		 f->trouble == T_DURING || f->trouble == T_AFTER ||
		 f->trouble == T_VAGUE || job_runs(s, j) ||
		 job_result(s, n, j) == RESULT_UNKNOWN)
		fail(s, end, OUTCOME_LOST);
	else if (job_result(s, n, j) != RESULT_SUCCEEDED)
		fail(s, end, OUTCOME_FAILED);
	else if (f->trouble == T_FLAWED)
		fail(s, end, OUTCOME_FLAWED);
}

/* The promises of job.h: what is LOST or FAILED has not been started. */
static void
end_unstarted(struct sim *s, struct sim_node *n, struct event *end)
{
	const struct flight *f = &n->flight;
	const struct sim_job *j = job_of(n, f->started.job);
	struct install_result *r = &end->result;

	r->result = RESULT_FAILED;
	if (f->canceled && !f->again) {
		r->result = RESULT_CANCELED;
	} else if (f->trouble == T_REFUSED || j != NULL) {
		fail(s, end, OUTCOME_FAILED);
		if (j == NULL && chance(s, 50))
			job_refused(n, f->started.job, f->offer);
	} else if (f->again || f->trouble == T_VAGUE) {
		fail(s, end, OUTCOME_UNKNOWN);
		r->result = RESULT_UNKNOWN;
	} else {
		fail(s, end, OUTCOME_LOST);
	}
}

/* A plug-in may know that nothing runs any more, and not more. */
static void
end_unknown(struct sim *s, const struct sim_node *n, struct sim_job *j,
    struct event *end)
{
	bool runs = job_runs(s, j) || !answers(s, n);

	/* By a coordinator that died before it wrote it down, maybe. */
	j->heard = false;
	end->result.result = RESULT_UNKNOWN;
	end->result.reason = some_words(s, "contact was lost");
	if (runs || chance(s, 80))
		fail(s, end, OUTCOME_UNKNOWN);
}

static void
end_install(struct sim *s, struct sim_node *n, struct event *end)
{
	const struct flight *f = &n->flight;
	struct sim_job *j = job_of(n, f->started.job);
	struct install_result *r = &end->result;
	const struct offer *o;

	r->reason = some_words(s, "");
	r->log = some_words(s, "log/x");
	if (j == NULL ||
	    (j->way == WAY_REFUSED && answers(s, n) && f->trouble == T_NONE)) {
		end_unstarted(s, n, end);
		return;
	}
	r->result = job_result(s, n, j);
	if (j->way == WAY_NEVER && answers(s, n) && f->trouble != T_BEFORE)
		return;
	if (r->result == RESULT_NONE || r->result == RESULT_UNKNOWN ||
	    !answers(s, n) || f->trouble == T_BEFORE ||
	    f->trouble == T_DURING || f->trouble == T_AFTER ||
	    f->trouble == T_VAGUE) {
		end_unknown(s, n, j, end);
		return;
	}
	o = &n->offers[j->offer];
	if (j->way == WAY_RESULT) {
		j->heard = true;
		r->has_code = true;
		r->exit_code = o->code;
		r->reboot_required = o->reboot;
	}
	end->boot_id = arena_printf(&s->arena, "%s-b%u", n->name, j->boot);
	if (f->trouble == T_FLAWED)
		fail(s, end, OUTCOME_FLAWED);
}

static void
end_restart(struct sim *s, struct sim_node *n, struct event *end)
{
	static const char *const kinds[] = {"full", "kexec", "soft"};

	if (!answers(s, n) ||
	    strcmp(boot_of(s, n), n->flight.started.boot_id) == 0) {
		end->how = "NotBack";
		fail(s, end, OUTCOME_FAILED);
		return;
	}
	end->how = "Restarted";
	end->boot_id = boot_of(s, n);
	end->kind = kinds[below(s, 3)];
	if (n->flight.trouble == T_FLAWED)
		fail(s, end, OUTCOME_FLAWED);
}

/* A command on the coordinator: contact with the node is not its matter. */
static void
end_command(struct sim *s, struct sim_node *n, struct event *end)
{
	enum trouble t = n->flight.trouble;

	if (t == T_FLAWED && !n->flight.canceled &&
	    n->flight.answer == ANSWER_TAKE)
		fail(s, end, OUTCOME_FLAWED);
	else if ((t != T_NONE && t != T_SLOW) || n->flight.canceled)
		fail(s, end, OUTCOME_FAILED);
	else
		(void)end_answered(s, &n->flight, end);
}

/* An installer that may have been started runs on, for all that is known. */
static void
end_held(struct sim *s, const struct flight *f, struct event *end)
{
	bool unknown = end->op == OP_INSTALL && f->again;

	fail(s, end, unknown ? OUTCOME_UNKNOWN : OUTCOME_HELD);
	end->result.result = unknown ? RESULT_UNKNOWN : RESULT_FAILED;
	end->result.reason = end->error;
	end->result.log = "";
}

void
world_end(struct sim *s, struct sim_node *n, struct event *end)
{
	const struct event *started = &n->flight.started;

	*end = (struct event){.type = EV_OP_ENDED,
	    .node = started->node,
	    .op = started->op,
	    .attempt = started->attempt,
	    .pass = started->pass,
	    .plugin = started->plugin,
	    .update = started->update,
	    .id = started->id};
	n->flight.on = false;
	if (n->flight.held) {
		end_held(s, &n->flight, end);
		return;
	}
	switch (end->op) {
	case OP_SCAN:
	case OP_STAGE:
		end_plugins(s, n, end);
		break;
	case OP_PRE_SCRIPT:
	case OP_POST_SCRIPT:
		end_script(s, n, end);
		break;
	case OP_INSTALL:
		end_install(s, n, end);
		break;
	case OP_RESTART:
		end_restart(s, n, end);
		break;
	case OP_SUSPEND:
	case OP_RESUME:
		end_command(s, n, end);
		break;
	case OP_KIND_COUNT:
		break;
	}
}
