/* SPDX-License-Identifier: ISC */
/*
 * The driver of Pacemaker clusters. A node is taken out of service by standby,
 * which bears the name of the run, and is out when nothing that can move runs
 * there any more. It is back when it takes part in the cluster again, is not
 * in standby, and the cluster has nothing left to do.
 */
#include "pacemaker.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node_sh.h"
#include "text.h"

#define LOOK_MS 500
/* What keeps a node from being taken out may pass by itself: a fencing, an
 * election. It is waited for so long at the most. */
#define FIT_MS 60000

struct driver {
	struct pacemaker p;
	const struct run_info *run;
	/* From the question whether a node may go to its standby, so that two
	 * nodes that go at the same time know of each other. */
	pthread_mutex_t gate;
	bool *waiting; /* under gate, by number of node: it waits for it */
};

static void *
open_driver(const struct run_info *run, const struct node *nodes)
{
	struct driver *d = xcalloc(1, sizeof(*d));

	pacemaker_open(&d->p, nodes, run->n_nodes);
	d->run = run;
	d->waiting = xcalloc(run->n_nodes, sizeof(*d->waiting));
	(void)pthread_mutex_init(&d->gate, NULL);
	return d;
}

static void
close_driver(void *self)
{
	struct driver *d = self;

	pacemaker_close(&d->p);
	(void)pthread_mutex_destroy(&d->gate);
	free(d->waiting);
	free(d);
}

static bool
is_ours(const struct pcmk *m, const char *node, const struct run_info *run)
{
	const struct pcmk_node *n = pcmk_find_node(m, node);
	const char *owner = n == NULL ? NULL : pcmk_attr(n, PACEMAKER_OWNER);

	return owner != NULL && strcmp(owner, run->run_id) == 0;
}

static void
add_refusal(struct buf *b, const char *text)
{
	buf_addf(b, "%s\n", text);
}

/* Votes: of the nodes that this run has in standby, each may restart. */
static void
check_votes(const struct pacemaker_state *s, const struct run_info *run,
    const char *node, unsigned going, struct buf *lines)
{
	unsigned lost = 1 + going;
	const struct pcmk_node *n;

	for (size_t i = 0; i < s->pcmk.n_nodes; i++) {
		n = &s->pcmk.nodes[i];
		lost += n->type == PCMK_MEMBER && n->online &&
			strcmp(n->name, node) != 0 &&
			is_ours(&s->pcmk, n->name, run);
	}
	n = pcmk_find_node(&s->pcmk, node);
	if (n == NULL || n->type != PCMK_MEMBER ||
	    quorum_survives(&s->quorum, lost))
		return;
	buf_addf(lines,
	    "the cluster would lose quorum when %s restarts: it has %u of %u "
	    "votes and needs %u; bring back the nodes that are missing\n",
	    node, s->quorum.total, s->quorum.expected, s->quorum.needed);
}

/* What Pacemaker itself says would have nowhere to go. */
static int
check_proof(struct pacemaker *p, const char *node, struct buf *lines,
    struct arena *a, struct err *e)
{
	struct simulate_move *moves;
	struct simulate sim;
	size_t n;

	if (pacemaker_simulate(p, &node, 1, &sim, a, e) == -1)
		return err_wrap(e, "cannot prove that %s can be drained", node);
	n = simulate_moves(&sim, node, &moves, a);
	for (size_t i = 0; i < n; i++)
		if (simulate_is_loss(moves[i].fate))
			buf_addf(lines,
			    "%s; let it run on another node, or accept that "
			    "with --force-pause-and-drain\n",
			    moves[i].text);
	return 0;
}

int
pacemaker_refusals(struct pacemaker *p, const struct run_info *run,
    const struct pacemaker_state *s, const char *node, bool proof,
    enum pcmk_refusal_kind *kind, struct buf *lines, struct err *e)
{
	struct pcmk_ask ask = {node, is_ours(&s->pcmk, node, run),
	    (size_t)run->max_unavailable, *run->failed_resources != '\0'};
	struct pcmk_refusal *list;
	struct arena a = ARENA_INIT;
	size_t n = pcmk_refusals(&s->pcmk, &ask, &list, &a), kept = 0, i;
	int rc = 0;

	/* That others have it out of service is told only when nothing else
	 * is in the way of an update: it may restart then. */
	if (*run->standby_nodes != '\0')
		while (kept < n && list[kept].kind == PCMK_NOT_OURS)
			kept++;
	for (i = kept; i < n; i++)
		add_refusal(lines, list[i].text);
	*kind = n > kept ? list[kept].kind : PCMK_NO_QUORUM;
	if (n == kept)
		check_votes(s, run, node, p->going, lines);
	if (kept > 0 && lines->len == 0) {
		*kind = PCMK_NOT_OURS;
		for (i = 0; i < kept; i++)
			add_refusal(lines, list[i].text);
	}
	if (n == 0 && lines->len == 0 && proof &&
	    strcmp(run->suspend_mode, "ForceDrain") != 0)
		rc = check_proof(p, node, lines, &a, e);
	arena_release(&a);
	return rc == -1 ? -1 : lines->len > 0;
}

/* The lines of a text as one. */
static void
one_line(struct err *e, enum cau_exit code, const struct buf *lines)
{
	struct buf b = BUF_INIT;

	for (const char *p = lines->data; *p != '\0'; p++)
		if (*p != '\n')
			buf_addc(&b, *p);
		else if (p[1] != '\0')
			buf_addstr(&b, "; ");
	(void)err_set(e, code, "%s", b.data);
	buf_release(&b);
}

/* Another node of the run has its turn, and has gone or may go by now. */
static bool
is_under_way(const struct driver *d, const struct cluster_order *o, size_t i)
{
	return i != o->number && atomic_load(&o->turns[i]) && !d->waiting[i];
}

/* Of those, members that do not bear our name: others have put them in
 * standby, but we may restart them. */
static unsigned
count_going(const struct driver *d, const struct pacemaker_state *s,
    const struct cluster_order *o)
{
	const struct pcmk_node *n;
	unsigned going = 0;

	for (size_t i = 0; i < d->run->n_nodes; i++) {
		n = pcmk_find_node(&s->pcmk, d->run->nodes[i].name);
		going += is_under_way(d, o, i) && n != NULL && n->online &&
			 n->type == PCMK_MEMBER &&
			 !is_ours(&s->pcmk, n->name, d->run);
	}
	return going;
}

/* Of a node that others have taken out of service: whether it may be updated
 * as it is. */
static enum cluster_rc
judge_kept(const struct driver *d, const struct pacemaker_state *s,
    const char *node, struct buf *lines)
{
	struct arena a = ARENA_INIT;
	enum cluster_rc rc = CLUSTER_ALREADY;
	struct pcmk_drain left;

	if (*d->run->standby_nodes == '\0')
		return CLUSTER_SKIPPED;
	pcmk_drain_state(&left, &s->pcmk, node, &a);
	if (left.n > 0 && strcmp(d->run->suspend_mode, "ForceDrain") != 0) {
		for (size_t i = 0; i < left.n; i++)
			add_refusal(lines, left.left[i].text);
		rc = CLUSTER_SKIPPED;
	}
	arena_release(&a);
	return rc;
}

/* Whether a node may go, and what if not. */
static enum cluster_rc
judge(struct driver *d, const struct pacemaker_state *s,
    const struct cluster_order *o, struct err *e)
{
	enum pcmk_refusal_kind kind;
	struct buf lines = BUF_INIT;
	enum cluster_rc rc = CLUSTER_OK;
	int found;

	d->p.going = count_going(d, s, o);
	found = pacemaker_refusals(
	    &d->p, d->run, s, o->node->name, true, &kind, &lines, e);
	if (found == 1) {
		rc = CLUSTER_REFUSED;
		if (kind == PCMK_NOT_OURS)
			rc = judge_kept(d, s, o->node->name, &lines);
		else if (kind == PCMK_NODE_NOT_JOINED ||
			 kind == PCMK_NO_SUCH_NODE)
			rc = CLUSTER_SKIPPED;
		one_line(e, CAU_REFUSED, &lines);
	}
	buf_release(&lines);
	return found == -1 ? CLUSTER_FAILED : rc;
}

/* One look: whether the node may go; with take, it goes. */
static enum cluster_rc
pass_gate(
    struct driver *d, const struct cluster_order *o, bool take, struct err *e)
{
	struct arena a = ARENA_INIT;
	struct pacemaker_state s;
	enum cluster_rc rc = CLUSTER_FAILED;

	(void)pthread_mutex_lock(&d->gate);
	d->waiting[o->number] = true;
	if (pacemaker_state(&d->p, o->node->name, false, &s, &a, e) == 0)
		rc = judge(d, &s, o, e);
	if (rc == CLUSTER_OK && take &&
	    pacemaker_standby(&d->p, o->node->name, d->run->run_id, e) == -1) {
		(void)err_wrap(e, "cannot put it in standby");
		rc = CLUSTER_FAILED;
	}
	d->waiting[o->number] = rc == CLUSTER_REFUSED;
	(void)pthread_mutex_unlock(&d->gate);
	arena_release(&a);
	return rc;
}

static bool
others_under_way(struct driver *d, const struct cluster_order *o)
{
	bool found = false;

	(void)pthread_mutex_lock(&d->gate);
	for (size_t i = 0; i < d->run->n_nodes; i++)
		found |= is_under_way(d, o, i);
	(void)pthread_mutex_unlock(&d->gate);
	return found;
}

static bool
is_canceled(const struct cluster_order *o, struct err *e)
{
	if (o->cancel == NULL || !atomic_load(o->cancel))
		return false;
	(void)err_set(e, CAU_CANCELED, "ended because the run was stopped");
	return true;
}

/* Other nodes of the run come back by themselves, or are given up: they have
 * limits of their own. */
static enum cluster_rc
wait_gate(
    struct driver *d, const struct cluster_order *o, bool take, struct err *e)
{
	int64_t limit = d->run->suspend_timeout_ms;
	int64_t deadline;
	enum cluster_rc rc;
	/* One that is stopping already wants it nevertheless. */
	bool wanted = atomic_load(o->stopping);

	/* Another machine would be restarted than the one that is drained. */
	if (!o->again && pacemaker_is_itself(o->node, e) == -1)
		return CLUSTER_REFUSED;
	if (limit > FIT_MS)
		limit = FIT_MS;
	deadline = clock_ms() + limit;
	for (;;) {
		rc = pass_gate(d, o, take, e);
		if (rc != CLUSTER_REFUSED)
			break;
		if (others_under_way(d, o))
			deadline = clock_ms() + limit;
		else if (clock_ms() >= deadline)
			break;
		clock_sleep(LOOK_MS);
		if (is_canceled(o, e))
			break;
		if (!wanted && atomic_load(o->stopping)) {
			(void)err_set(e, CAU_CANCELED, "the run was stopped");
			break;
		}
	}
	/* What has been begun is not undone by saying that nothing was. */
	if (o->again && (rc == CLUSTER_REFUSED || rc == CLUSTER_SKIPPED))
		rc = CLUSTER_FAILED;
	return rc;
}

static enum cluster_rc
may_suspend(void *self, const struct cluster_order *o, struct err *e)
{
	return wait_gate(self, o, false, e);
}

/* What still runs there, in words. */
static void
say_left(struct err *e, const struct pcmk_drain *left, const char *why)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < left->n; i++)
		buf_addf(&b, "%s%s", i == 0 ? "" : ", ", left->left[i].text);
	(void)err_set(e, CAU_FAILED, "%s: %s", why, b.data);
	buf_release(&b);
}

/* One look at a node that is being drained: OK, FAILED, or neither, when it
 * is to be looked again. quiet counts the looks at a cluster at rest. */
static bool
is_drained(struct driver *d, const struct cluster_order *o, unsigned *quiet,
    enum cluster_rc *rc, struct err *e)
{
	bool force = strcmp(d->run->suspend_mode, "ForceDrain") == 0;
	struct arena a = ARENA_INIT;
	struct pacemaker_state s;
	struct pcmk_drain left;
	bool done = false, ours, standby;

	*rc = CLUSTER_FAILED;
	if (pacemaker_state(&d->p, o->node->name, true, &s, &a, e) == -1) {
		arena_release(&a);
		return false; /* until the limit: it may be heard of again */
	}
	pcmk_drain_state(&left, &s.pcmk, o->node->name, &a);
	*quiet = s.idle ? *quiet + 1 : 0;
	/* Who ends it with crm_standby leaves our name there. */
	ours = is_ours(&s.pcmk, o->node->name, d->run);
	standby = ours && pcmk_find_node(&s.pcmk, o->node->name)->standby;
	if (!s.pcmk.with_quorum) {
		(void)err_set(e, CAU_FAILED,
		    "the cluster lost quorum while it was drained");
	} else if (!standby) {
		(void)err_set(e, CAU_FAILED,
		    "someone else took it out of standby while it was drained");
		done = !ours || *quiet > 1;
	} else if (left.n == 0 || (left.n == left.n_kept && force)) {
		*rc = CLUSTER_OK;
		done = true;
	} else if (*quiet > 1 || (left.n == left.n_kept)) {
		/* Nothing more will happen by itself. */
		say_left(e, &left, "the drain is stuck");
		*rc = force ? CLUSTER_FLAWED : CLUSTER_FAILED;
		done = true;
	} else {
		say_left(e, &left, "the drain did not end in time");
	}
	arena_release(&a);
	return done;
}

static enum cluster_rc
suspend(void *self, const struct cluster_order *o, struct err *e)
{
	struct driver *d = self;
	enum cluster_rc rc = wait_gate(d, o, true, e);
	int64_t deadline = clock_ms() + d->run->suspend_timeout_ms;
	unsigned quiet = 0;

	if (rc != CLUSTER_OK)
		return rc;
	while (!is_drained(d, o, &quiet, &rc, e)) {
		if (clock_ms() >= deadline || is_canceled(o, e))
			return CLUSTER_FAILED;
		clock_sleep(LOOK_MS);
	}
	return rc;
}

/* Waits until the node takes part in the cluster again. */
static int
wait_joined(struct driver *d, const char *node, int64_t deadline, struct err *e)
{
	struct pacemaker_state s;
	struct arena a = ARENA_INIT;
	const char *why;
	bool joined;

	for (;;) {
		joined = pacemaker_state(&d->p, node, false, &s, &a, e) == 0;
		why = "it has no quorum";
		if (joined && (!s.pcmk.with_quorum ||
				  !pcmk_has_joined(&s.pcmk, node, &why, &a))) {
			(void)err_set(e, CAU_FAILED,
			    "it has not come back into the cluster: %s", why);
			joined = false;
		}
		arena_release(&a);
		if (joined)
			return 0;
		if (clock_ms() >= deadline)
			return -1;
		clock_sleep(LOOK_MS);
	}
}

/* One look at a node that was put back. */
static bool
is_settled(struct driver *d, const char *node, unsigned *quiet,
    enum cluster_rc *rc, struct err *e)
{
	struct arena a = ARENA_INIT;
	struct pacemaker_state s;
	struct pcmk_failed *failed;
	struct buf b = BUF_INIT;
	const char *why = "";
	size_t n;
	bool done = false;

	*rc = CLUSTER_FLAWED;
	if (pacemaker_state(&d->p, node, true, &s, &a, e) == -1) {
		arena_release(&a);
		return false;
	}
	*quiet = s.idle ? *quiet + 1 : 0;
	if (!s.pcmk.with_quorum)
		why = "it has no quorum";
	if (!s.pcmk.with_quorum || !pcmk_is_back(&s.pcmk, node, &why, &a) ||
	    !pcmk_is_settled(&s.pcmk, &why, &a) || *quiet < 2) {
		(void)err_set(e, CAU_FAILED,
		    "it was put back, and the cluster did not come to rest in "
		    "time: %s",
		    *why == '\0' ? "it has more to do" : why);
	} else {
		n = pcmk_failed_on(&s.pcmk, node, &failed, &a);
		for (size_t i = 0; i < n; i++)
			buf_addf(
			    &b, "%s%s", i == 0 ? "" : ", ", failed[i].text);
		(void)err_set(e, CAU_FAILED,
		    "it was put back, and not all is well there: %s", b.data);
		*rc = n == 0 ? CLUSTER_OK : CLUSTER_FLAWED;
		done = true;
	}
	buf_release(&b);
	arena_release(&a);
	return done;
}

/* Who put it in standby takes it out of it; others have done what they want.
 * OK: nobody has. */
static enum cluster_rc
others_standby(struct driver *d, const char *node, struct err *e)
{
	struct arena a = ARENA_INIT;
	struct pacemaker_state s;
	const struct pcmk_node *n;
	const char *out = NULL;
	enum cluster_rc rc = CLUSTER_OK;

	if (pacemaker_state(&d->p, node, false, &s, &a, e) == -1) {
		arena_release(&a);
		return CLUSTER_FAILED;
	}
	n = pcmk_find_node(&s.pcmk, node);
	out = n == NULL ? NULL : pcmk_out_of_service(n);
	if (out != NULL) {
		(void)err_set(e, CAU_FAILED,
		    "it %s, and not through this run: it is left so", out);
		rc = CLUSTER_FLAWED;
	}
	arena_release(&a);
	return rc;
}

static enum cluster_rc
resume(void *self, const struct cluster_order *o, struct err *e)
{
	struct driver *d = self;
	const char *node = o->node->name;
	int64_t deadline = clock_ms() + d->run->suspend_timeout_ms;
	enum cluster_rc rc;
	unsigned quiet = 0;
	bool ours;

	if (wait_joined(d, node, deadline, e) == -1)
		return CLUSTER_FAILED;
	if (pacemaker_ready(&d->p, node, d->run->run_id, &ours, e) == -1) {
		(void)err_wrap(e, "cannot take it out of standby");
		return CLUSTER_FAILED;
	}
	if (!ours) {
		rc = others_standby(d, node, e);
		if (rc != CLUSTER_OK)
			return rc;
	}
	deadline = clock_ms() + d->run->suspend_timeout_ms;
	while (!is_settled(d, node, &quiet, &rc, e)) {
		if (clock_ms() >= deadline)
			return CLUSTER_FLAWED;
		clock_sleep(LOOK_MS);
	}
	return rc;
}

/* Of one node, what keeps it from being updated now; not what only means
 * that it is passed over. */
static int
check_node(struct driver *d, const struct pacemaker_state *s, const char *node,
    struct buf *problems, struct err *e)
{
	enum pcmk_refusal_kind kind;
	struct buf lines = BUF_INIT;
	int rc =
	    pacemaker_refusals(&d->p, d->run, s, node, true, &kind, &lines, e);

	if (rc == 1 && kind != PCMK_NOT_OURS && kind != PCMK_NODE_NOT_JOINED)
		for (char *p = lines.data, *end; *p != '\0'; p = end) {
			end = p + strcspn(p, "\n") + 1;
			end[-1] = '\0';
			if (strstr(problems->data, p) == NULL)
				buf_addf(problems, "%s\n", p);
		}
	buf_release(&lines);
	return rc == -1 ? -1 : 0;
}

static int
check(void *self, struct buf *problems, struct err *e)
{
	struct driver *d = self;
	struct arena a = ARENA_INIT;
	struct pacemaker_state s;
	int rc = pacemaker_state(&d->p, NULL, false, &s, &a, e);

	for (size_t i = 0; i < d->run->n_nodes && rc == 0; i++)
		rc = check_node(d, &s, d->run->nodes[i].name, problems, e);
	arena_release(&a);
	if (rc == -1) {
		e->code = CAU_REFUSED;
		return -1;
	}
	return problems->len == 0
		   ? 0
		   : err_set(e, CAU_REFUSED,
			 "the cluster is not fit for a run; no node was "
			 "touched");
}

const struct cluster_ops pacemaker_cluster = {
    .type = "pacemaker",
    .node_script = node_pacemaker_sh,
    .open = open_driver,
    .close = close_driver,
    .check = check,
    .may_suspend = may_suspend,
    .suspend = suspend,
    .resume = resume,
};
