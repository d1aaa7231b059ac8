/* SPDX-License-Identifier: ISC */
/* Why a node of a Pacemaker cluster may not be drained now. */
#include "pcmk_state.h"

#include <string.h>

#include "buf.h"

#define MAX_NAMES 8 /* in one text */

struct asked {
	const struct pcmk *p;
	const struct pcmk_ask *ask;
	const struct pcmk_node *node;
	const char *name; /* of node, printable */
	struct pcmk_refusal *list;
	size_t n;
	struct arena *a;
};

static void
refuse(struct asked *q, enum pcmk_refusal_kind kind, const char *text)
{
	q->list[q->n].kind = kind;
	q->list[q->n++].text = text;
}

static const char *
take_text(struct asked *q, struct buf *b)
{
	const char *text = arena_strdup(q->a, b->data);

	buf_release(b);
	return text;
}

/* "n1, n2 and 3 more", as long as one calls it for each in turn. */
static void
add_name(struct asked *q, struct buf *b, size_t nth, size_t total,
    const char *name, const char *what)
{
	if (nth < MAX_NAMES)
		buf_addf(b, "%s%s%s", nth == 0 ? "" : ", ",
		    pcmk_shown(q->a, name), what);
	else if (nth + 1 == total)
		buf_addf(b, " and %zu more", total - MAX_NAMES);
}

/* Nodes but the one that is asked about, for which is(n) holds. */
static size_t
count_others(const struct asked *q, bool (*is)(const struct pcmk_node *))
{
	size_t i, n = 0;

	for (i = 0; i < q->p->n_nodes; i++)
		n += &q->p->nodes[i] != q->node && is(&q->p->nodes[i]);
	return n;
}

static void
add_others(struct asked *q, struct buf *b, bool (*is)(const struct pcmk_node *),
    const char *(*what)(const struct pcmk_node *))
{
	size_t i, nth = 0, total = count_others(q, is);
	const struct pcmk_node *n;

	for (i = 0; i < q->p->n_nodes; i++) {
		n = &q->p->nodes[i];
		if (n != q->node && is(n))
			add_name(q, b, nth++, total, n->name,
			    what == NULL ? "" : what(n));
	}
}

static bool
is_unclean(const struct pcmk_node *n)
{
	return n->unclean;
}

static bool
is_pending(const struct pcmk_node *n)
{
	return n->pending && !n->unclean;
}

/* Out of service, and in no trouble that is told by itself. */
static bool
is_away(const struct pcmk_node *n)
{
	return pcmk_is_machine(n) && !n->unclean && !n->pending &&
	       (pcmk_not_joined(n) != NULL || pcmk_out_of_service(n) != NULL);
}

static bool
is_member(const struct pcmk_node *n)
{
	return n->type == PCMK_MEMBER;
}

static bool
is_down_member(const struct pcmk_node *n)
{
	return is_member(n) && !n->online;
}

static const char *
how_away(const struct pcmk_node *n)
{
	if (!n->online)
		return " (offline)";
	if (n->shutdown)
		return " (shutting down)";
	if (n->standby || n->standby_onfail)
		return " (standby)";
	return " (maintenance)";
}

static void
judge_node(struct asked *q)
{
	const struct pcmk_node *n = q->node;
	const char *what = pcmk_not_joined(n);
	const char *owner = pcmk_attr(n, PACEMAKER_OWNER);

	if (what != NULL)
		refuse(q, PCMK_NODE_NOT_JOINED,
		    arena_printf(q->a, "%s %s: %s", q->name, what,
			n->unclean  ? "have it fenced and started again"
			: n->online ? "wait until that is over"
				    : "start its cluster stack"));
	/* While it joins, standby means nothing. */
	if (n->pending)
		return;
	if (n->standby_onfail && !q->ask->ours)
		refuse(q, PCMK_NOT_OURS,
		    arena_printf(q->a,
			"%s is in standby because a resource failed there: "
			"repair it, then crm_resource --cleanup --node %s",
			q->name, q->name));
	else if (n->standby && !q->ask->ours && owner == NULL)
		refuse(q, PCMK_NOT_OURS,
		    arena_printf(q->a,
			"%s is in standby, set by somebody else: end it with "
			"crm_standby -N %s -D",
			q->name, q->name));
	else if (n->standby && !q->ask->ours)
		refuse(q, PCMK_NOT_OURS,
		    arena_printf(q->a,
			"%s is in standby, set by Updating Run %s: end it with "
			"crm_standby -N %s -D and crm_attribute -N %s "
			"-n " PACEMAKER_OWNER " -D",
			q->name, pcmk_shown(q->a, owner), q->name, q->name));
	if (n->maintenance)
		refuse(q, PCMK_NOT_OURS,
		    arena_printf(q->a,
			"%s is in maintenance mode, set by somebody else: end "
			"it with crm_attribute -N %s -n maintenance -D",
			q->name, q->name));
}

static void
judge_cluster(struct asked *q)
{
	const struct pcmk *p = q->p;

	if (*p->dc == '\0')
		refuse(q, PCMK_NO_DC,
		    "the cluster has no DC: wait until it has elected one");
	if (!p->with_quorum)
		refuse(q, PCMK_NO_QUORUM,
		    "the cluster has no quorum: bring more of its nodes "
		    "online");
	if (p->maintenance_mode)
		refuse(q, PCMK_CLUSTER_MAINTENANCE,
		    "the cluster is in maintenance mode, nothing would move: "
		    "end it with crm_attribute -n maintenance-mode -D");
	if (p->stop_all_resources)
		refuse(q, PCMK_STOP_ALL,
		    "the cluster has stop-all-resources set: end it with "
		    "crm_attribute -n stop-all-resources -D");
}

static void
judge_away(struct asked *q)
{
	size_t away = count_others(q, is_away);
	struct buf b = BUF_INIT;

	if (is_member(q->node) && count_others(q, is_member) == 1 &&
	    count_others(q, is_down_member) == 1) {
		add_others(q, &b, is_down_member, NULL);
		buf_addf(&b,
		    " is down and %s is the last of two nodes: bring the "
		    "other one back first",
		    q->name);
		refuse(q, PCMK_LAST_OF_TWO, take_text(q, &b));
		return;
	}
	if (away == 0 || away + 1 <= q->ask->max_unavailable)
		return;
	buf_addf(&b, "with %s, %zu nodes would be away, %zu may be: bring ",
	    q->name, away + 1, q->ask->max_unavailable);
	add_others(q, &b, is_away, how_away);
	buf_addstr(&b, " back, or raise --max-unavailable");
	refuse(q, PCMK_NODES_AWAY, take_text(q, &b));
}

static void
judge_others(struct asked *q)
{
	struct buf b = BUF_INIT;

	if (count_others(q, is_unclean) > 0) {
		buf_addstr(&b, "unclean: ");
		add_others(q, &b, is_unclean, NULL);
		buf_addstr(&b, "; have it fenced, or confirm that it is off: "
			       "stonith_admin --confirm NODE");
		refuse(q, PCMK_NODES_UNCLEAN, take_text(q, &b));
	}
	if (count_others(q, is_pending) > 0) {
		buf_addstr(&b, "still joining: ");
		add_others(q, &b, is_pending, NULL);
		buf_addstr(&b, "; wait until it is online");
		refuse(q, PCMK_NODES_PENDING, take_text(q, &b));
	}
	judge_away(q);
}

static void
judge_resources(struct asked *q)
{
	struct pcmk_failed *failed;
	size_t i, n = pcmk_failed_any(q->p, &failed, q->a);
	struct buf b = BUF_INIT;

	if (n == 0)
		return;
	buf_addstr(&b, "failed resources: ");
	for (i = 0; i < n; i++)
		add_name(q, &b, i, n, failed[i].text, "");
	buf_addf(&b, "; repair, then crm_resource --cleanup -r %s",
	    n > 1 ? "RESOURCE" : pcmk_shown(q->a, failed[0].id));
	refuse(q, PCMK_FAILED_RESOURCES, take_text(q, &b));
}

size_t
pcmk_refusals(const struct pcmk *p, const struct pcmk_ask *ask,
    struct pcmk_refusal **list, struct arena *a)
{
	struct asked q = {.p = p, .ask = ask, .a = a};

	q.node = pcmk_find_node(p, ask->node);
	q.name = pcmk_shown(a, ask->node);
	*list = q.list = arena_alloc(
	    a, ((size_t)PCMK_FAILED_RESOURCES + 4) * sizeof(**list));
	if (q.node == NULL) {
		refuse(&q, PCMK_NO_SUCH_NODE,
		    arena_printf(a,
			"the cluster knows no node %s: see crm_node -l",
			q.name));
		return q.n;
	}
	judge_node(&q);
	judge_cluster(&q);
	judge_others(&q);
	if (!ask->allow_failed)
		judge_resources(&q);
	return q.n;
}
