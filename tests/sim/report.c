/* SPDX-License-Identifier: ISC */
/* The promises, when a run is over or was cut short. */
#include "report.h"

#include <string.h>

#include "sim.h"

/* Success is said only of what the node really did. */
static void
check_update(struct sim *s, const struct sim_node *n,
    const struct engine_node *en, const struct engine_update *u)
{
	size_t offer = offer_of(s, n, &u->info);
	const struct sim_job *j = job_of_offer(n, offer);
	enum update_result said = u->result.result, truth = RESULT_NONE;

	if (!u->done)
		broken(s, P_END, "%s: %s has no result", n->name, u->info.id);
	if (j != NULL)
		truth = job_result(s, n, j);
	if (j == NULL && said == RESULT_ALREADY_INSTALLED &&
	    offer_is_installed(s, n, offer))
		return;
	if (j == NULL && said != RESULT_CANCELED && said != RESULT_UNKNOWN &&
	    !(said == RESULT_FAILED && u->refused != 0))
		broken(s, P_SEEN,
		    "%s: %s was never started and is said to be "
		    "%s",
		    n->name, u->info.id, update_result_name(said));
	if ((s->ledger.nodes[n - s->nodes].offered_again >> offer) & 1) {
		if (said != RESULT_FAILED)
			broken(s, P_SEEN, "%s: %s is offered again, and is %s",
			    n->name, u->info.id, update_result_name(said));
		return;
	}
	if (j != NULL && said != RESULT_UNKNOWN && said != truth)
		broken(s, P_SEEN, "%s: %s came to %s and is said to be %s",
		    n->name, u->info.id, update_result_name(truth),
		    update_result_name(said));
	if (said == RESULT_UNKNOWN && en->status == STATUS_SUCCEEDED)
		broken(s, P_SEEN, "%s succeeded with %s unknown", n->name,
		    u->info.id);
}

/* Asked for by an installer that is known to have ended, and not done. */
static bool
needs_restart(
    struct sim *s, const struct sim_node *n, const struct engine_node *en)
{
	const struct engine_update *u;
	const struct sim_job *j;
	size_t offer;

	if (s->ledger.nodes[n - s->nodes].waits && n->boot == 0)
		return true;
	for (size_t i = 0; i < en->n_updates; i++) {
		u = &en->updates[i];
		offer = offer_of(s, n, &u->info);
		j = job_of_offer(n, offer);
		if (j != NULL && j->heard && n->offers[offer].reboot &&
		    u->result.result != RESULT_UNKNOWN && j->boot == n->boot)
			return true;
	}
	return false;
}

static void
check_restarts(struct sim *s, const struct sim_node *n,
    const struct engine_node *en, const json_t *node)
{
	const json_t *list = json_object_get(node, "reboots"), *r;
	const char *before, *after;
	bool open = false;

	for (size_t i = 0; i < json_array_size(list); i++) {
		r = json_array_get(list, i);
		before = json_text(r, "boot_id_before");
		after = json_text(r, "boot_id_after");
		open |= *after == '\0';
		if (strcmp(before, after) == 0)
			broken(s, P_SEEN, "%s: a restart without another boot",
			    n->name);
	}
	if (json_array_size(list) > n->boot + 1)
		broken(s, P_SEEN, "%s: more restarts than there were", n->name);
	if (needs_restart(s, n, en) && !open &&
	    !json_flag(node, "restart_pending"))
		broken(s, P_SEEN, "%s needs a restart, and nobody says so",
		    n->name);
	if (open && strcmp(json_text(node, "status"), "Succeeded") == 0)
		broken(
		    s, P_SEEN, "%s succeeded, and did not come back", n->name);
}

/* Every error is kept, the first one in its place, and is shown unless another
 * attempt cured it. */
static void
check_errors(struct sim *s, const struct sim_node *n, const json_t *node)
{
	const struct ledger_node *l = &s->ledger.nodes[n - s->nodes];
	const json_t *list = json_object_get(node, "errors");
	const char *first = json_text(json_array_get(list, 0), "error");
	const json_t *error = json_object_get(node, "error");
	bool endless = s->g.nodes[n - s->nodes].endless;

	if (json_array_size(list) != l->n_errors + endless)
		broken(s, P_SEEN, "%s: %zu errors, and %zu were heard of",
		    n->name, json_array_size(list), l->n_errors);
	if (l->n_errors > 0 && !endless && hash_text(first) != l->first_error)
		broken(s, P_SEEN, "%s: its first error is lost", n->name);
	if (l->n_errors == 0 || l->passed)
		return;
	if (json_is_string(error) &&
	    strcmp(json_string_value(error), first) != 0)
		broken(s, P_SEEN, "%s: another error comes first", n->name);
	if (!json_is_string(error) && *first != '\0' &&
	    (node_went_badly(l) || l->flawed || l->restart_open))
		broken(s, P_SEEN, "%s: its error is not shown", n->name);
}

/* Its status follows from its updates and its errors. */
static void
check_node_status(struct sim *s, const struct sim_node *n, const json_t *node)
{
	const struct ledger_node *l = &s->ledger.nodes[n - s->nodes];
	const struct engine_node *en = &s->g.nodes[n - s->nodes];
	const char *status = json_text(node, "status");
	bool trouble = node_went_badly(l) || l->flawed || en->endless ||
		       l->restart_open || l->suspends_failed > 0 ||
		       json_number(node, "failed") > 0 ||
		       json_number(node, "unknown") > 0;
	size_t succeeded = 0;

	for (size_t i = 0; i < en->n_updates; i++)
		succeeded += en->updates[i].result.result == RESULT_SUCCEEDED;
	if ((int64_t)succeeded != json_number(node, "succeeded"))
		broken(
		    s, P_SEEN, "%s: %zu updates succeeded", n->name, succeeded);
	if (strcmp(status, "Succeeded") != 0 &&
	    (strcmp(status, "PartiallyFailed") == 0) != (succeeded > 0))
		broken(s, P_SEEN, "%s is %s with %zu updates installed",
		    n->name, status, succeeded);
	if (strcmp(status, "Failed") == 0 && !trouble)
		broken(s, P_SEEN, "%s failed without trouble", n->name);
	/* But for one that was to be tried again. */
	if (strcmp(status, "Canceled") == 0 && node_went_badly(l) && !l->held &&
	    (en->attempt == l->attempt || l->passed))
		broken(s, P_SEEN, "%s failed, and is said to be canceled",
		    n->name);
	if (strcmp(status, "Canceled") == 0 && !l->passed && !l->held &&
	    s->g.stop == ENGINE_STOP_NONE)
		broken(s, P_SEEN, "%s is canceled, and nobody asked for it",
		    n->name);
	if (en->endless && l->most_passes < ENGINE_MAX_PASSES)
		broken(s, P_END, "%s: the rest is left after %u passes",
		    n->name, l->most_passes);
	/* The unknown is left to people, and others' nodes to others. A node
	 * that its coordinator came to may have no turn any more. */
	if (node_went_badly(l) && l->attempt <= s->run.max_retries_per_node &&
	    s->g.stop == ENGINE_STOP_NONE && !en->unknown && !l->held &&
	    !l->passed && (l->turn || !l->waits || s->crashes == 0))
		broken(s, P_END, "%s is given up in attempt %u", n->name,
		    l->attempt);
}

/* All that is offered now has been dealt with. */
static void
check_complete(struct sim *s, const struct sim_node *n)
{
	const struct engine_node *en = &s->g.nodes[n - s->nodes];
	const struct ledger_node *l = &s->ledger.nodes[n - s->nodes];

	if (l->flawed || l->unknown || l->held || l->passed ||
	    l->failed_plugins != 0)
		broken(s, P_SEEN, "%s succeeded in spite of trouble", n->name);
	if (n->service != IN_SERVICE)
		broken(s, P_SEEN, "%s succeeded, out of service", n->name);
	if (*s->run.post_script != '\0' && l->post_due)
		broken(s, P_SEEN, "%s succeeded without its script", n->name);
	for (size_t i = 0; i < n->n_offers && s->g.stop == ENGINE_STOP_NONE;
	     i++)
		if (offer_is_shown(s, n, i) && !offer_is_installed(s, n, i) &&
		    job_of_offer(n, i) == NULL)
			broken(s, P_SEEN, "%s succeeded, and %s was not tried",
			    n->name, n->offers[i].info.id);
	/* Without leave on one of the machines that it was on. */
	if (l->waits && n->boot == 0 && s->crashes == 0 && may_restart(s, n))
		broken(s, P_SEEN, "%s succeeded, and waits for a restart",
		    n->name);
	if (en->scanned < s->run.n_plugins)
		broken(s, P_SEEN, "%s succeeded, and was not scanned", n->name);
}

/* What is left out of service is left so for a reason, and said loudly. */
static void
check_left(struct sim *s, const struct sim_node *n, const json_t *node)
{
	const struct ledger_node *l = &s->ledger.nodes[n - s->nodes];
	bool said = json_flag(node, "left_suspended");

	if (n->service != IN_SERVICE && !said)
		broken(s, P_DRAINED,
		    "%s is left out of service, and nobody "
		    "says so",
		    n->name);
	if (said && !l->resume_failed && !l->in_doubt && !l->restart_open &&
	    !l->held && !s->g.nodes[n - s->nodes].unknown)
		broken(s, P_DRAINED, "%s is left out of service for nothing",
		    n->name);
	if (said && l->attempt <= s->run.max_retries_per_node &&
	    !s->ledger.stop_now && !s->ledger.abandoned && !l->held &&
	    !l->passed && !s->g.nodes[n - s->nodes].unknown)
		broken(s, P_DRAINED,
		    "%s is left out of service with attempts left", n->name);
}

/* Lines of printable text, and every node that is left out in one of them. */
static void
check_text(struct sim *s, size_t left)
{
	struct buf b = BUF_INIT;
	const char *p;

	report_to_text(&b, &s->g, "/runs/x", false);
	for (p = b.data; *p != '\0'; p++)
		if (((unsigned char)*p < 0x20 && *p != '\n' && *p != '\t') ||
		    *p == 0x7f)
			broken(s, P_TEXT,
			    "control character 0x%02x in the "
			    "report",
			    (unsigned char)*p);
	for (p = b.data; (p = strstr(p, "    LEFT OUT OF SERVICE: ")) != NULL;
	     p++)
		left--;
	if (left != 0)
		broken(s, P_DRAINED,
		    "%zu nodes are left out of service in "
		    "silence",
		    left);
	buf_release(&b);
}

/* Nothing was done to a node that was passed over, and nothing else said. */
static void
check_passed(struct sim *s, const struct sim_node *n, const json_t *node)
{
	const struct ledger_node *l = &s->ledger.nodes[n - s->nodes];
	const char *status = json_text(node, "status");

	if (!l->passed)
		return;
	if (*json_text(node, "error") == '\0' && !s->hostile)
		broken(s, P_SEEN, "%s was passed over, and nobody says why",
		    n->name);
	if (outcome_passes_over(l->last_outcome) && !l->suspended &&
	    l->failed_plugins == 0 && !l->flawed && !l->unknown &&
	    !l->restart_open && n->n_jobs == 0 &&
	    json_number(node, "failed") == 0 && strcmp(status, "Canceled") != 0)
		broken(s, P_SEEN, "%s was passed over, and is said to be %s",
		    n->name, status);
}

/* Refused for safety, and for that alone. */
static void
check_refused(struct sim *s, size_t bad, bool held)
{
	enum cau_exit code = engine_exit_code(&s->g);

	if (code == CAU_REFUSED && !s->ledger.refused)
		broken(s, P_SEEN, "refused, and nobody did");
	if (s->ledger.refused && code != CAU_REFUSED && code != CAU_UNKNOWN &&
	    !s->ledger.stop_asked && !held && bad == 0)
		broken(s, P_SEEN, "exit code %d, and a node was refused",
		    (int)code);
	if (s->g.stop == ENGINE_STOP_FAILED &&
	    (int64_t)bad <= s->run.max_failed_nodes)
		broken(s, P_SEEN, "MaxFailedNodesExceeded by %zu nodes", bad);
}

static void
check_exit(struct sim *s, size_t good, size_t bad, size_t failed, size_t left,
    bool unknown)
{
	enum cau_exit code = engine_exit_code(&s->g);
	bool held = false;

	for (size_t i = 0; i < s->run.n_nodes; i++)
		held |= s->ledger.nodes[i].held;
	check_refused(s, bad, held);
	if (unknown != (code == CAU_UNKNOWN))
		broken(
		    s, P_SEEN, "exit code %d, unknown: %d", (int)code, unknown);
	if (code == CAU_OK && good != s->run.n_nodes)
		broken(s, P_SEEN, "exit code 0 with %zu good nodes", good);
	if (good == s->run.n_nodes && code != CAU_OK)
		broken(s, P_SEEN, "exit code %d, and all is good", (int)code);
	if (code == CAU_FAILED && s->g.stop == ENGINE_STOP_NONE &&
	    bad + good > failed)
		broken(s, P_SEEN, "the run failed with %zu nodes that did not",
		    bad + good - failed);
	if (s->g.stop == ENGINE_STOP_AWAY &&
	    (int64_t)left < s->run.max_unavailable)
		broken(
		    s, P_SEEN, "stopped with %zu nodes out of service", left);
	if (code == CAU_CANCELED && !s->ledger.stop_asked)
		broken(s, P_SEEN, "canceled, and nobody asked for it");
	if (code == CAU_UNHEALTHY && s->ledger.turns_begun)
		broken(s, P_SEEN, "not online, and nodes were touched");
	if (code == CAU_LOCKED && !held)
		broken(s, P_SEEN, "locked, and nobody else was there");
	if (code == CAU_PARTIAL && (int64_t)failed > s->run.max_failed_nodes)
		broken(s, P_SEEN, "%zu failed nodes are within the budget",
		    failed);
	if (s->calm && code != CAU_OK)
		broken(s, P_SEEN, "exit code %d, and nothing went wrong",
		    (int)code);
}

void
check_report(struct sim *s)
{
	json_t *r = report_to_json(&s->g), *nodes, *node;
	size_t good = 0, bad = 0, failed = 0, left = 0, away = 0;
	const struct engine_node *en;
	bool unknown = false;
	const char *status;

	nodes = json_object_get(r, "nodes");
	for (size_t i = 0; i < s->run.n_nodes; i++) {
		node = json_array_get(nodes, i);
		en = &s->g.nodes[i];
		status = json_text(node, "status");
		if (*status == '\0')
			broken(s, P_END, "%s has no status", s->nodes[i].name);
		for (size_t k = 0; k < en->n_updates; k++)
			check_update(s, &s->nodes[i], en, &en->updates[k]);
		check_restarts(s, &s->nodes[i], en, node);
		check_left(s, &s->nodes[i], node);
		if (strcmp(status, "Succeeded") == 0)
			check_complete(s, &s->nodes[i]);
		check_passed(s, &s->nodes[i], node);
		check_errors(s, &s->nodes[i], node);
		check_node_status(s, &s->nodes[i], node);
		good += strcmp(status, "Succeeded") == 0;
		bad += strcmp(status, "Succeeded") != 0 &&
		       strcmp(status, "Canceled") != 0;
		failed += strcmp(status, "Failed") == 0;
		left += json_flag(node, "left_suspended");
		away += s->ledger.nodes[i].suspended ||
			s->ledger.nodes[i].in_doubt ||
			s->ledger.nodes[i].restart_open;
		unknown |= json_number(node, "unknown") > 0;
	}
	check_exit(s, good, bad, failed, away, unknown);
	check_text(s, left);
	json_decref(r);
}

/* What people are told while the run goes on. */
void
check_status(struct sim *s)
{
	static const char *const phases[OP_KIND_COUNT] = {"Scanning", "Staging",
	    "RunningPreUpdateScript", "Suspending", "Installing", "Restarting",
	    "Resuming", "RunningPostUpdateScript"};
	json_t *r = report_to_json(&s->g), *node;
	const struct engine_node *en;
	const char *phase, *said;
	struct buf b = BUF_INIT;

	if (json_is_string(json_object_get(r, "status")) != s->g.finished)
		broken(s, P_SEEN, "the run is said to be %s",
		    json_text(r, "status"));
	for (size_t i = 0; i < s->run.n_nodes; i++) {
		node = json_array_get(json_object_get(r, "nodes"), i);
		en = &s->g.nodes[i];
		said = json_text(node, "phase");
		phase = en->finished		   ? "Done"
			: !s->ledger.nodes[i].busy ? "Waiting"
						   : phases[en->op];
		if (strcmp(said, phase) != 0)
			broken(s, P_SEEN, "%s is %s, and said to be %s",
			    s->nodes[i].name, phase, said);
		if ((*json_text(node, "status") != '\0') != en->finished)
			broken(s, P_SEEN, "%s is said to be %s too early",
			    s->nodes[i].name, json_text(node, "status"));
		if (en->finished)
			check_left(s, &s->nodes[i], node);
	}
	report_to_text(&b, &s->g, "/runs/x", false);
	buf_release(&b);
	json_decref(r);
}

/* After a crash: what was begun on a node is on record, so that it is said
 * and looked after. */
void
check_known(struct sim *s)
{
	const struct engine_node *en;
	const struct engine_update *u;
	const struct sim_node *n;

	for (size_t i = 0; i < s->run.n_nodes; i++) {
		n = &s->nodes[i];
		en = &s->g.nodes[i];
		if (n->service != IN_SERVICE && !en->suspended)
			broken(s, P_CRASH,
			    "the journal does not say that %s "
			    "is drained",
			    n->name);
		for (size_t k = 0; k < en->n_updates; k++) {
			u = &en->updates[k];
			if (!u->started && u->refused == 0 &&
			    job_of_offer(n, offer_of(s, n, &u->info)) != NULL)
				broken(s, P_CRASH,
				    "the journal does not say "
				    "that %s was started on %s",
				    u->info.id, n->name);
		}
		if (n->restarting && n->up_ms > s->now_ms && en->n_reboots == 0)
			broken(s, P_CRASH,
			    "the journal does not say that %s "
			    "was restarted",
			    n->name);
	}
}
