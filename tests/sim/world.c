/* SPDX-License-Identifier: ISC */
/* The nodes, and what operations do to them. */
#include "sim.h"

#include <string.h>

#define CALL_MS	   600000
#define INSTALL_MS 3600000

const char *
boot_of(struct sim *s, const struct sim_node *n)
{
	return arena_printf(&s->arena, "%s-b%u", n->name, n->boot);
}

bool
is_drained(const struct sim *s, const struct sim_node *n)
{
	return n->service == DRAINED || n->admin_ms > s->now_ms ||
	       s->ledger.nodes[n - s->nodes].others;
}

bool
answers(const struct sim *s, const struct sim_node *n)
{
	return n->up_ms <= s->now_ms && n->mute_ms <= s->now_ms;
}

/* The node goes down; what runs on it is cut. */
static void
reboot(struct sim *s, struct sim_node *n, int64_t down_ms)
{
	jobs_cut(s, n);
	n->boot++;
	if (n->up_ms < s->now_ms + down_ms)
		n->up_ms = s->now_ms + down_ms;
	trace(s, n, "goes down, back in %.0f s as boot %u",
	    (double)down_ms / 1000, n->boot);
}

void
world_incident(struct sim *s, const struct incident *i)
{
	struct sim_node *n = &s->nodes[i->node];

	switch (i->kind) {
	case NODE_DIES:
		trace(s, n, "dies by itself");
		n->restarting &= n->up_ms > s->now_ms;
		reboot(s, n, i->lasts_ms);
		break;
	case NODE_MUTE:
		trace(s, n, "cannot be reached for %.0f s",
		    (double)i->lasts_ms / 1000);
		n->mute_ms = s->now_ms + i->lasts_ms;
		break;
	case NODE_HELD:
		trace(s, n, "is locked by another coordinator");
		n->held_ms = s->now_ms + i->lasts_ms;
		break;
	case ADMIN_TAKES:
		if (n->service != IN_SERVICE)
			break; /* it is out already */
		n->admin_ms = s->now_ms + i->lasts_ms;
		trace(s, n, "an admin has it in standby for %.0f s",
		    (double)i->lasts_ms / 1000);
		break;
	case CLUSTER_UNFIT:
		trace(s, NULL, "the cluster may lose no node for %.0f s",
		    (double)i->lasts_ms / 1000);
		s->unfit_ms = s->now_ms + i->lasts_ms;
		break;
	case DISK_FULL:
		trace(s, NULL, "the disk of the coordinator is nearly full");
		s->disk.room = below(s, 3000);
		break;
	}
}

int64_t
limit_of(const struct sim *s, enum op_kind op)
{
	switch (op) {
	case OP_SUSPEND:
	case OP_RESUME:
		return s->run.suspend_timeout_ms == 0
			   ? CALL_MS
			   : s->run.suspend_timeout_ms;
	case OP_PRE_SCRIPT:
	case OP_POST_SCRIPT:
		return s->run.script_timeout_ms;
	case OP_RESTART:
		return s->run.reboot_timeout_ms;
	case OP_SCAN:
	case OP_STAGE:
	case OP_INSTALL:
	case OP_KIND_COUNT:
		break;
	}
	return op == OP_INSTALL ? INSTALL_MS : CALL_MS;
}

static void
act_stage(struct sim *s, struct sim_node *n)
{
	struct flight *f = &n->flight;
	struct offer *o;
	bool part;

	if (!answers(s, n))
		f->trouble = T_BEFORE;
	if (f->trouble == T_BEFORE || f->trouble == T_REFUSED)
		return;
	n->stages++;
	for (size_t i = 0; i < f->n_wanted; i++) {
		o = &n->offers[f->wanted[i]];
		part = f->trouble == T_DURING || f->trouble == T_NEVER ||
		       f->trouble == T_VAGUE;
		if (f->trouble == T_WRONG)
			part = f->failed == 0 || ((f->failed >> o->plugin) & 1);
		if (part && chance(s, 50))
			continue;
		o->staged = n->stages;
		o->staged_job = f->jobs[i];
	}
}

/* A cluster that lost nodes by itself refuses to lose its quorum. */
static bool
loses_quorum(const struct sim *s)
{
	const struct sim_node *n;
	size_t dead = 0, out = 1;

	for (size_t i = 0; i < s->run.n_nodes; i++) {
		n = &s->nodes[i];
		if (n->up_ms > s->now_ms && !n->restarting)
			dead++;
		else if (n->service != IN_SERVICE || n->up_ms > s->now_ms)
			out++;
	}
	return dead > 0 && 2 * (dead + out) >= s->run.n_nodes;
}

static enum answer
ask_cluster(const struct sim *s, const struct sim_node *n)
{
	if (s->pacemaker && n->admin_ms > s->now_ms)
		return s->update_standby ? ANSWER_ALREADY : ANSWER_SKIPPED;
	return s->unfit_ms > s->now_ms || loses_quorum(s) ? ANSWER_REFUSED
							  : ANSWER_TAKE;
}

/*
 * A drain that this run may have begun just fails. The engine is to cope with
 * the other answers all the same.
 */
static void
act_suspend(struct sim *s, struct sim_node *n)
{
	struct flight *f = &n->flight;
	enum answer answer = ask_cluster(s, n);

	if (f->trouble != T_BEFORE && answer != ANSWER_TAKE) {
		if (!s->pacemaker || (f->again && chance(s, 50)))
			f->trouble = T_REFUSED;
		else
			f->answer = answer;
		return;
	}
	switch (f->trouble) {
	case T_BEFORE:
	case T_REFUSED:
		return;
	case T_DURING:
	case T_NEVER:
	case T_WRONG:
	case T_VAGUE:
		if (n->service == IN_SERVICE)
			n->service = (enum service)below(s, 3);
		break;
	case T_NONE:
	case T_AFTER:
	case T_SLOW:
	case T_FLAWED:
	case T_COUNT:
		n->service = DRAINED;
		break;
	}
}

static void
act_resume(struct sim *s, struct sim_node *n)
{
	switch (n->flight.trouble) {
	case T_BEFORE:
	case T_REFUSED:
		return;
	case T_DURING:
	case T_NEVER:
	case T_WRONG:
	case T_VAGUE:
		if (n->service != IN_SERVICE)
			n->service = (enum service)below(s, 3);
		break;
	case T_NONE:
	case T_AFTER:
	case T_SLOW:
	case T_FLAWED:
	case T_COUNT:
		n->service = IN_SERVICE;
		break;
	}
}

/* How long it is down because of a restart, and when it answers again. */
static void
go_down(struct sim *s, struct sim_node *n)
{
	int64_t down = 5000 + some_time(s, 120000);

	if (n->flight.trouble == T_SLOW)
		down = s->run.reboot_timeout_ms - 60000;
	if (n->flight.trouble == T_DURING)
		down = s->run.reboot_timeout_ms + some_time(s, 900000);
	if (n->flight.trouble == T_NEVER)
		down = FOREVER / 4;
	if (installer_runs(s, n))
		broken(s, P_ORDER, "%s is restarted while an installer runs",
		    n->name);
	if (!may_restart(s, n))
		broken(s, P_ORDER, "%s is restarted without leave", n->name);
	if (drains(s) && !is_drained(s, n))
		broken(s, P_ORDER, "%s is restarted while it is in service",
		    n->name);
	n->restarting = true;
	n->restarts++;
	reboot(s, n, down);
	/* Another host key, or no network. */
	if (n->flight.trouble == T_AFTER || n->flight.trouble == T_VAGUE)
		n->mute_ms = chance(s, 50) ? FOREVER / 4
					   : n->up_ms + some_time(s, 3600000);
}

static void
act_restart(struct sim *s, struct sim_node *n)
{
	struct flight *f = &n->flight;
	int64_t deadline = s->now_ms + s->run.reboot_timeout_ms, back;

	if (strcmp(boot_of(s, n), f->started.boot_id) == 0) {
		if (f->trouble == T_WRONG || f->trouble == T_REFUSED)
			return;
		if (f->trouble == T_BEFORE || !answers(s, n)) {
			f->ends_ms = deadline;
			return;
		}
		go_down(s, n);
	}
	back = (n->up_ms > n->mute_ms ? n->up_ms : n->mute_ms) + 1000;
	if (back < s->now_ms)
		back = s->now_ms + 1000;
	f->ends_ms = back < deadline ? back : deadline;
}

/* The operation reaches its node, or what else it works on. */
void
world_act(struct sim *s, struct sim_node *n)
{
	struct flight *f = &n->flight;

	f->acted = true;
	f->held = f->started.op != OP_SCAN && f->started.op != OP_STAGE &&
		  answers(s, n) && n->held_ms > s->now_ms;
	if (f->held) {
		f->ends_ms = s->now_ms + 1000;
		return;
	}
	switch (f->started.op) {
	case OP_SCAN:
	case OP_KIND_COUNT:
		break;
	case OP_STAGE:
		act_stage(s, n);
		break;
	case OP_PRE_SCRIPT:
		if (s->pacemaker && !f->again && f->trouble != T_BEFORE)
			f->answer = ask_cluster(s, n);
		if (f->answer == ANSWER_TAKE || f->answer == ANSWER_ALREADY)
			jobs_act(s, n);
		break;
	case OP_POST_SCRIPT:
	case OP_INSTALL:
		jobs_act(s, n);
		break;
	case OP_SUSPEND:
		act_suspend(s, n);
		break;
	case OP_RESTART:
		act_restart(s, n);
		break;
	case OP_RESUME:
		act_resume(s, n);
		break;
	}
}

/* Plug-ins that fail while others go on. */
static uint64_t
some_plugins(struct sim *s, const struct event *started)
{
	uint64_t all = 0;

	if (s->run.n_plugins == 1)
		return 0;
	for (size_t i = 0; i < s->run.n_plugins; i++)
		if (started->plugin == NULL ||
		    strcmp(started->plugin, s->run.plugins[i].name) == 0)
			all |= UINT64_C(1) << i;
	return (all & (1 + below(s, 7))) == 0 ? all : all & (1 + below(s, 7));
}

void
world_start(struct sim *s, struct sim_node *n)
{
	struct flight *f = &n->flight;
	enum op_kind op = f->started.op;

	f->on = true;
	f->acted = f->canceled = false;
	f->trouble = scenario_trouble(s, op);
	f->failed = 0;
	if (f->trouble == T_WRONG && (op == OP_SCAN || op == OP_STAGE))
		f->failed = some_plugins(s, &f->started);
	f->acts_ms = s->now_ms + some_time(s, 3000);
	f->ends_ms = f->acts_ms + some_time(s, 60000);
	if (f->trouble == T_SLOW)
		f->ends_ms = f->acts_ms + limit_of(s, op) - 1000;
	if (f->trouble == T_NEVER)
		f->ends_ms = f->acts_ms + limit_of(s, op);
}

/* cau stop --now, or the second interrupt: what runs is ended, but for what
 * puts nodes back. */
void
world_cancel(struct sim *s, struct sim_node *n)
{
	struct flight *f = &n->flight;
	struct sim_job *j;

	if (!f->on || f->started.op == OP_RESUME ||
	    (f->started.op == OP_RESTART && chance(s, 50)))
		return;
	if (!f->acted && f->again && f->started.job != NULL) {
		f->look_only = true;
		world_act(s, n);
	}
	f->canceled = f->acted = true;
	f->ends_ms = s->now_ms + some_time(s, 20000);
	if (f->started.job == NULL)
		return;
	j = job_of(n, f->started.job);
	if (j == NULL || !job_runs(s, j) || !answers(s, n))
		return;
	j->way = WAY_CANCELED;
	j->ends_ms = s->now_ms;
}

/* The coordinator is gone: what is on its way arrives or does not. */
void
world_leave(struct sim *s, struct sim_node *n)
{
	if (n->flight.on && !n->flight.acted && chance(s, 50))
		world_act(s, n);
	n->flight.on = false;
}
