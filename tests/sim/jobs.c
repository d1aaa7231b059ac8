/* SPDX-License-Identifier: ISC */
/* Installers and scripts on the nodes. */
#include "sim.h"

#include <string.h>

size_t
offer_of(struct sim *s, const struct sim_node *n, const struct update *u)
{
	size_t i = 0;

	while (i < n->n_offers &&
	       (strcmp(n->offers[i].info.id, u->id) != 0 ||
		   strcmp(n->offers[i].info.plugin, u->plugin) != 0))
		i++;
	if (i == n->n_offers)
		broken(s, P_TEXT, "%s: nobody offered %s", n->name, u->id);
	return i;
}

struct sim_job *
job_of(const struct sim_node *n, const char *id)
{
	for (size_t i = 0; i < n->n_jobs; i++)
		if (strcmp(n->jobs[i].id, id) == 0)
			return &n->jobs[i];
	return NULL;
}

struct sim_job *
job_of_offer(const struct sim_node *n, size_t offer)
{
	for (size_t i = 0; i < n->n_jobs; i++)
		if (n->jobs[i].offer == offer && n->jobs[i].way < WAY_NEVER)
			return &n->jobs[i];
	return NULL;
}

bool
job_runs(const struct sim *s, const struct sim_job *j)
{
	return j->way < WAY_NEVER && j->ends_ms > s->now_ms;
}

bool
installer_runs(const struct sim *s, const struct sim_node *n)
{
	for (size_t i = 0; i < n->n_jobs; i++)
		if (n->jobs[i].offer != SIZE_MAX && job_runs(s, &n->jobs[i]))
			return true;
	return false;
}

enum update_result
job_result(
    const struct sim *s, const struct sim_node *n, const struct sim_job *j)
{
	if (j->way >= WAY_NEVER)
		return RESULT_CANCELED;
	if (job_runs(s, j))
		return RESULT_NONE;
	switch (j->way) {
	case WAY_RESULT:
		return j->offer == SIZE_MAX ? RESULT_SUCCEEDED
					    : n->offers[j->offer].result;
	case WAY_WRONG:
	case WAY_TIMEOUT:
		return RESULT_FAILED;
	case WAY_STUCK:
	case WAY_CUT:
	case WAY_CANCELED:
	case WAY_NEVER:
	case WAY_REFUSED:
		break;
	}
	return RESULT_UNKNOWN;
}

bool
offer_is_installed(const struct sim *s, const struct sim_node *n, size_t offer)
{
	const struct sim_job *j = job_of_offer(n, offer);

	return n->offers[offer].installed ||
	       (j != NULL && !n->offers[offer].repeats &&
		   (!n->offers[offer].lingers || j->boot != n->boot) &&
		   job_result(s, n, j) == RESULT_SUCCEEDED);
}

bool
offer_is_shown(const struct sim *s, const struct sim_node *n, size_t offer)
{
	unsigned ended = 0;

	for (size_t i = 0; i < n->n_jobs; i++)
		ended += n->jobs[i].offer != SIZE_MAX &&
			 n->jobs[i].way < WAY_NEVER &&
			 !job_runs(s, &n->jobs[i]);
	return n->offers[offer].after <= ended;
}

/* By a restart of the node. */
void
jobs_cut(struct sim *s, struct sim_node *n)
{
	struct sim_job *j;

	for (size_t i = 0; i < n->n_jobs; i++) {
		j = &n->jobs[i];
		if (!job_runs(s, j))
			continue;
		j->way = WAY_CUT;
		j->ends_ms = s->now_ms;
	}
}

static struct sim_job *
add_job(struct sim_node *n, const char *id, size_t offer)
{
	struct sim_job *j;

	n->jobs = xgrow(n->jobs, n->n_jobs, &n->cap_jobs, sizeof(*n->jobs));
	j = &n->jobs[n->n_jobs++];
	*j = (struct sim_job){.id = id,
	    .offer = offer,
	    .announced = n->flight.started.boot_id,
	    .boot = n->boot,
	    .restarts = n->restarts};
	return j;
}

/* The node keeps a mark that this job could not be started. */
void
job_refused(struct sim_node *n, const char *id, size_t offer)
{
	add_job(n, id, offer)->way = WAY_REFUSED;
}

/* A new job; how it goes on is decided now. */
static struct sim_job *
start_job(struct sim *s, struct sim_node *n, size_t offer, const char *id)
{
	const struct flight *f = &n->flight;
	struct sim_job *j;
	int64_t takes =
	    offer == SIZE_MAX ? some_time(s, 60000) : n->offers[offer].takes_ms;

	if (offer != SIZE_MAX)
		check_job(s, n, offer, id);
	j = add_job(n, id, offer);
	if (f->trouble == T_WRONG)
		j->way = WAY_WRONG;
	if (f->trouble == T_SLOW)
		takes *= 20;
	if (f->trouble == T_NEVER) {
		j->way = chance(s, 75) ? WAY_TIMEOUT : WAY_STUCK;
		takes = limit_of(s, f->started.op);
	}
	if (takes > limit_of(s, f->started.op)) {
		j->way = WAY_TIMEOUT;
		takes = limit_of(s, f->started.op);
	}
	j->ends_ms = j->way == WAY_STUCK ? FOREVER : s->now_ms + takes;
	trace(s, n, "begins %.40s",
	    offer == SIZE_MAX ? op_name(f->started.op)
			      : n->offers[offer].info.id);
	return j;
}

/* All updates of a plug-in that were staged together, in one transaction. */
static void
start_joint(struct sim *s, struct sim_node *n, size_t first)
{
	const struct offer *o = &n->offers[first], *other;

	for (size_t i = 0; i < n->n_offers; i++) {
		other = &n->offers[i];
		if (i != first && other->plugin == o->plugin &&
		    other->staged == o->staged && job_of_offer(n, i) == NULL)
			(void)start_job(s, n, i, other->staged_job);
	}
}

/* An installer or a script: started, or found. */
void
jobs_act(struct sim *s, struct sim_node *n)
{
	struct flight *f = &n->flight;
	struct sim_job *j = job_of(n, f->started.job);
	size_t offer = f->started.op == OP_INSTALL ? f->offer : SIZE_MAX;

	if (!answers(s, n) && f->trouble != T_BEFORE)
		f->trouble = T_BEFORE;
	if (j != NULL && j->way >= WAY_NEVER && !f->again)
		broken(s, P_ORDER, "%s: %s never runs, and is to be started",
		    n->name, f->started.job);
	if (j != NULL && (f->trouble == T_REFUSED ||
			     (j->way == WAY_REFUSED && f->trouble != T_BEFORE)))
		f->trouble = T_NONE;
	if (f->trouble == T_BEFORE || f->trouble == T_REFUSED ||
	    (f->trouble == T_VAGUE && chance(s, 50)))
		return;
	if (j == NULL && f->look_only) {
		add_job(n, f->started.job, offer)->way = WAY_NEVER;
		return;
	}
	if (j == NULL) {
		(void)start_job(s, n, offer, f->started.job);
		if (offer != SIZE_MAX && n->offers[offer].info.joint)
			start_joint(s, n, offer);
		j = job_of(n, f->started.job);
		if (j == NULL)
			return;
	}
	if (!job_runs(s, j))
		f->ends_ms = s->now_ms + 1000;
	else if (j->way == WAY_STUCK)
		f->ends_ms = s->now_ms + limit_of(s, f->started.op) + 30000;
	else if (f->trouble == T_DURING)
		f->ends_ms = s->now_ms + s->run.contact_timeout_ms;
	else
		f->ends_ms = j->ends_ms + some_time(s, 3000);
	if (f->trouble == T_AFTER)
		f->ends_ms += s->run.contact_timeout_ms;
}
