/* SPDX-License-Identifier: ISC */
/* Finds out what a run would do: scans nodes, asks the cluster. */
#include "survey.h"

#include <stdlib.h>
#include <string.h>

#include "pacemaker.h"
#include "scan.h"

/* One survey of a Pacemaker cluster. */
struct asking {
	struct survey *s;
	struct pacemaker p;
	struct pacemaker_state state;
	const struct run_info *run;
	struct arena *a;
};

/* The lines of a text. */
static size_t
take_lines(const char ***list, const char *text, struct arena *a)
{
	size_t n = 0, len;

	for (const char *p = text; *p != '\0'; p++)
		n += *p == '\n';
	*list = arena_alloc(a, (n + 1) * sizeof(**list));
	for (n = 0; *text != '\0'; text += len + 1) {
		len = strcspn(text, "\n");
		(*list)[n++] = arena_strndup(a, text, len);
	}
	return n;
}

/* What a run would make of the state of the node, as the driver does. */
static int
judge_node(struct asking *q, struct plan_node *n, struct err *e)
{
	enum pcmk_refusal_kind kind;
	struct buf lines = BUF_INIT;
	size_t k;
	int rc = pacemaker_refusals(
	    &q->p, q->run, &q->state, n->node->name, false, &kind, &lines, e);

	if (rc == 1) {
		k = take_lines(&n->refusals, lines.data, q->a);
		if (kind == PCMK_NODE_NOT_JOINED)
			n->skipped = n->refusals[0];
		else if (kind == PCMK_NOT_OURS &&
			 *q->run->standby_nodes == '\0')
			n->skipped = n->refusals[0];
		else if (kind == PCMK_NOT_OURS)
			n->kept = n->refusals[0];
		else
			n->n_refusals = k;
	}
	buf_release(&lines);
	return rc == -1 ? -1 : 0;
}

/* What becomes of the resources, and what of them has nowhere to go. */
static int
move_node(struct asking *q, struct plan_node *n, struct err *e)
{
	const char *name = n->node->name;
	struct simulate sim;
	const char **more;

	if (pacemaker_simulate(&q->p, &name, 1, &sim, q->a, e) == -1)
		return err_wrap(e, "cannot prove that %s can be drained", name);
	n->n_moves = simulate_moves(&sim, name, &n->moves, q->a);
	if (strcmp(q->run->suspend_mode, "ForceDrain") == 0)
		return 0;
	more =
	    arena_alloc(q->a, (n->n_refusals + n->n_moves + 1) * sizeof(*more));
	if (n->n_refusals > 0)
		memcpy(more, n->refusals, n->n_refusals * sizeof(*more));
	for (size_t i = 0; i < n->n_moves; i++)
		if (simulate_is_loss(n->moves[i].fate))
			more[n->n_refusals++] = arena_printf(q->a,
			    "%s; let it run on another node, or accept that "
			    "with --force-pause-and-drain",
			    n->moves[i].text);
	n->refusals = more;
	return 0;
}

static int
ask_stopped(void *ctx, const char *const *away, size_t n,
    const char *const **stopped, struct arena *a, struct err *e)
{
	struct asking *q = ctx;
	struct simulate_move *moves;
	struct simulate sim;
	const char **list;
	size_t total, k = 0;

	if (pacemaker_simulate(&q->p, away, n, &sim, a, e) == -1)
		return -1;
	total = simulate_moves(&sim, away[0], &moves, a);
	list = arena_alloc(a, (total + 1) * sizeof(*list));
	for (size_t i = 0; i < total; i++)
		if (simulate_is_loss(moves[i].fate))
			list[k++] = moves[i].resource;
	*stopped = list;
	return 0;
}

/* Of the nodes that do their part now. */
static int
prove(struct asking *q, struct err *e)
{
	struct plan_node *nodes = q->s->plan.nodes, *n;
	const struct pcmk_node *known;
	const char **names = arena_alloc(q->a, (q->s->n + 1) * sizeof(*names));
	struct proof *list = arena_alloc(q->a, (q->s->n + 1) * sizeof(*list));
	unsigned spare = quorum_spare(&q->state.quorum);
	size_t k = 0, i;

	for (i = 0; i < q->s->n; i++)
		if (nodes[i].skipped == NULL && nodes[i].kept == NULL)
			names[k++] = nodes[i].node->name;
	if (proof_make(list, names, k, PROOF_BUDGET, ask_stopped, q, q->a, e) ==
	    -1)
		return err_wrap(e, "cannot prove what the cluster survives");
	for (i = k = 0; i < q->s->n; i++) {
		n = &nodes[i];
		if (n->skipped != NULL || n->kept != NULL)
			continue;
		known = pcmk_find_node(&q->state.pcmk, n->node->name);
		n->proof = list[k++];
		n->proven = true;
		/* A remote node has no vote to miss. */
		n->votes = spare;
		if (spare > 0 && (known == NULL || known->type == PCMK_MEMBER))
			n->votes--;
	}
	return 0;
}

static int
ask_cluster(struct asking *q, bool proof, struct err *e)
{
	struct plan_node *n;

	if (pacemaker_who(&q->p, &q->state, q->a, e) == -1)
		return -1;
	q->s->plan.config = q->state.config;
	for (size_t i = 0; proof && i < q->s->n; i++) {
		n = &q->s->plan.nodes[i];
		if (judge_node(q, n, e) == -1)
			return -1;
		if (n->skipped == NULL && n->kept == NULL &&
		    move_node(q, n, e) == -1)
			return -1;
		q->s->plan.refused |= n->n_refusals > 0;
	}
	return proof ? prove(q, e) : 0;
}

static int
survey_cluster(struct survey *s, struct work *w, bool proof, struct err *e)
{
	struct asking q = {.s = s, .run = w->run, .a = &s->arena};
	int rc;

	if (strcmp(w->cluster->type, pacemaker_cluster.type) != 0)
		return 0;
	pacemaker_open(&q.p, w->nodes, w->run->n_nodes);
	rc = ask_cluster(&q, proof, e);
	pacemaker_close(&q.p);
	if (rc == -1)
		e->code = CAU_REFUSED;
	return rc;
}

int
survey_make(struct survey *s, struct work *w, const struct options *o,
    bool proof, struct err *e)
{
	struct run_info *run = arena_alloc(&s->arena, sizeof(*run));

	s->n = w->run->n_nodes;
	s->results = xcalloc(s->n, sizeof(*s->results));
	*run = *w->run;
	run->run_id = "";
	run->digest = work_digest(w);
	s->plan.run = run;
	s->plan.arguments = o->arguments;
	s->plan.config = "";
	s->plan.nodes = arena_alloc(&s->arena, s->n * sizeof(*s->plan.nodes));
	if (scan_nodes(w, s->results, e) == -1)
		return -1;
	for (size_t i = 0; i < s->n; i++) {
		s->plan.nodes[i].node = &run->nodes[i];
		s->plan.nodes[i].scan = &s->results[i]->ended;
	}
	return survey_cluster(s, w, proof, e);
}

void
survey_release(struct survey *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->results[i] != NULL)
			order_free(s->results[i]);
	free(s->results);
	arena_release(&s->arena);
}

int
survey_compare(
    struct work *w, const struct options *o, struct buf *lines, struct err *e)
{
	struct survey s = {.n = 0};
	json_t *now;
	size_t n = 0;
	int rc = survey_make(&s, w, o, false, e);

	if (rc == 0) {
		now = plan_to_json(&s.plan, 0);
		n = plan_drift(lines, o->sealed, now);
		json_decref(now);
	}
	if (n > 0)
		rc = err_set(e, CAU_REFUSED,
		    "%s is out of date (%zu thing%s above); nothing was "
		    "touched: make a new plan",
		    o->plan, n, n == 1 ? "" : "s");
	survey_release(&s);
	return rc;
}
