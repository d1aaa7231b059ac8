/* SPDX-License-Identifier: ISC */
/* What Pacemaker would do. */
#include "simulate.h"

#include <stdlib.h>
#include <string.h>

#include "pcmk_xml.h"

#define MAX_ACTIONS 20000

/* Instances of one primitive, before and after, as far as they are one: all
 * of an anonymous clone, or a single one. */
struct group {
	const struct pcmk_resource *first; /* of those before that run */
	const char **before;		   /* nodes */
	const char **after;
	const char **promoted_before;
	const char **promoted_after;
	size_t n_before, n_after, n_promoted_before, n_promoted_after;
};

/* Resources by id, those of one id as in the document. */
struct index {
	const struct pcmk_resource **v;
	size_t n;
};

struct moves {
	const struct simulate *s;
	struct index before, after;
	const char *node;
	struct simulate_move *list;
	size_t n, cap;
	struct arena *a;
};

static int
take_actions(
    struct simulate *s, const xmlNode *section, struct arena *a, struct err *e)
{
	struct simulate_action *out;
	const xmlNode *x;
	size_t n = 0;

	PCMK_EACH(x, section, "rsc_action")
	n++;
	if (n > MAX_ACTIONS)
		return err_set(
		    e, CAU_FAILED, "more than %d actions", MAX_ACTIONS);
	s->actions = arena_alloc(a, (n + 1) * sizeof(*s->actions));
	PCMK_EACH(x, section, "rsc_action")
	{
		out = &s->actions[s->n_actions++];
		out->action = pcmk_text(x, "action", a);
		out->resource = pcmk_text(x, "resource", a);
		out->node = pcmk_text(x, "source", a);
		if (*out->node == '\0')
			out->node = pcmk_text(x, "node", a);
		out->to = pcmk_text(x, "dest", a);
		out->reason = pcmk_text(x, "reason", a);
	}
	return 0;
}

static int
take_document(
    struct simulate *s, const xmlNode *root, struct arena *a, struct err *e)
{
	const xmlNode *before = pcmk_child(root, "cluster_status");
	const xmlNode *after = pcmk_child(root, "revised_cluster_status");
	const xmlNode *actions = pcmk_child(root, "actions");

	if (before == NULL)
		return err_set(e, CAU_FAILED, "no <cluster_status>");
	if (after == NULL)
		return err_set(e, CAU_FAILED,
		    "no <revised_cluster_status>: it was run without -S, or "
		    "gave up");
	if (pcmk_take(&s->before, before, a, e) == -1 ||
	    pcmk_take(&s->after, after, a, e) == -1)
		return -1;
	return actions == NULL ? 0 : take_actions(s, actions, a, e);
}

/* Of a version that knows no --output-as there is text, or, when it refused
 * the option, nothing. */
static bool
is_text(const char *s, size_t len)
{
	while (len > 0 && strchr(" \t\r\n", *s) != NULL) {
		s++;
		len--;
	}
	return len == 0 || (*s > ' ' && *s < 0x7f && *s != '<');
}

int
simulate_parse(struct simulate *s, const char *xml, size_t len, struct arena *a,
    struct err *e)
{
	xmlDoc *doc;
	const xmlNode *root;
	int rc;

	memset(s, 0, sizeof(*s));
	if (is_text(xml, len))
		return err_set(e, CAU_FAILED,
		    "crm_simulate there gives no XML: Pacemaker 2.1 or later "
		    "is needed to say beforehand what would move");
	root = pcmk_xml_open(&doc, "crm_simulate", xml, len, a, e);
	rc = root == NULL ? -1 : 0;
	if (root != NULL && take_document(s, root, a, e) == -1)
		rc = err_wrap(e, "output of crm_simulate");
	xmlFreeDoc(doc);
	return rc;
}

/* The same primitive, and, unless its clone is anonymous, the same instance:
 * the instances of such a clone share their id. */
static bool
is_same(const struct pcmk_resource *r, const struct pcmk_resource *t)
{
	return strcmp(r->id, t->id) == 0 && strcmp(r->clone, t->clone) == 0 &&
	       strcmp(r->bundle, t->bundle) == 0 &&
	       strcmp(r->replica, t->replica) == 0;
}

/* Another instance of the same unique clone, or in another replica. */
static bool
is_sibling(const struct pcmk_resource *r, const struct pcmk_resource *t)
{
	size_t n = strcspn(r->id, ":");

	if (*r->bundle != '\0')
		return strcmp(r->bundle, t->bundle) == 0 &&
		       strcmp(r->replica, t->replica) != 0 &&
		       strcmp(r->agent, t->agent) == 0;
	return *r->clone != '\0' && strcmp(r->clone, t->clone) == 0 &&
	       strcspn(t->id, ":") == n && strncmp(r->id, t->id, n) == 0;
}

static bool
is_promoted(const struct pcmk_resource *r)
{
	return strcmp(r->role, "Promoted") == 0 ||
	       strcmp(r->role, "Master") == 0;
}

static bool
has(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static void
add_names(const char **names, size_t *n, const struct pcmk_resource *r)
{
	for (size_t i = 0; i < r->n_nodes; i++)
		if (!has(names, *n, r->nodes[i]))
			names[(*n)++] = r->nodes[i];
}

static int
compare_ids(const void *x, const void *y)
{
	const struct pcmk_resource *const *a = x, *const *b = y;
	int order = strcmp((*a)->id, (*b)->id);

	if (order != 0)
		return order;
	return *a == *b ? 0 : *a < *b ? -1 : 1;
}

static void
make_index(struct index *x, const struct pcmk *p, struct arena *a)
{
	x->n = p->n_resources;
	x->v = arena_alloc(a, (x->n + 1) * sizeof(*x->v));
	for (size_t i = 0; i < x->n; i++)
		x->v[i] = &p->resources[i];
	qsort(x->v, x->n, sizeof(*x->v), compare_ids);
}

/* The first with this id, or where it would be. */
static size_t
find_id(const struct index *x, const char *id)
{
	size_t low = 0, high = x->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (strcmp(x->v[mid]->id, id) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Where the instances of r are; with promoted only those that are. */
static const char **
nodes_of(const struct index *x, const struct pcmk_resource *r, bool promoted,
    size_t *n, struct arena *a)
{
	size_t i, first = find_id(x, r->id), max = 0;
	const struct pcmk_resource *t;
	const char **names;

	*n = 0;
	for (i = first; i < x->n && strcmp(x->v[i]->id, r->id) == 0; i++)
		max += x->v[i]->n_nodes;
	names = arena_alloc(a, (max + 1) * sizeof(*names));
	for (i = first; i < x->n && strcmp(x->v[i]->id, r->id) == 0; i++) {
		t = x->v[i];
		if (t->active && is_same(t, r) && (!promoted || is_promoted(t)))
			add_names(names, n, t);
	}
	return names;
}

/* Instances that do not run say little: some are orphans. */
static const struct pcmk_resource *
first_active(const struct index *x, const struct pcmk_resource *r)
{
	size_t i = find_id(x, r->id);

	for (; i < x->n && strcmp(x->v[i]->id, r->id) == 0; i++)
		if (x->v[i]->active && is_same(x->v[i], r))
			return x->v[i];
	return r;
}

static void
take_group(
    struct group *g, const struct moves *m, const struct pcmk_resource *r)
{
	g->first = first_active(&m->before, r);
	g->before = nodes_of(&m->before, r, false, &g->n_before, m->a);
	g->after = nodes_of(&m->after, r, false, &g->n_after, m->a);
	g->promoted_before =
	    nodes_of(&m->before, r, true, &g->n_promoted_before, m->a);
	g->promoted_after =
	    nodes_of(&m->after, r, true, &g->n_promoted_after, m->a);
}

/* Whether r is the first of its instances: the others went with it. */
static bool
is_first(const struct index *x, const struct pcmk_resource *r)
{
	size_t i = find_id(x, r->id);

	while (i < x->n && x->v[i] != r && !is_same(x->v[i], r))
		i++;
	return i < x->n && x->v[i] == r;
}

static bool
siblings_run(const struct pcmk *p, const struct pcmk_resource *r)
{
	for (size_t i = 0; i < p->n_resources; i++)
		if (p->resources[i].active && is_sibling(r, &p->resources[i]))
			return true;
	return false;
}

/* Names that are in one list and not in the other: "n2, n3". */
static const char *
new_names(const struct moves *m, const char *const *now, size_t n_now,
    const char *const *then, size_t n_then)
{
	const char *text = "";

	for (size_t i = 0; i < n_now; i++)
		if (!has(then, n_then, now[i]))
			text = *text == '\0'
				   ? now[i]
				   : arena_printf(m->a, "%s, %s", text, now[i]);
	return text;
}

/* An action that was to be done to the primitive on this node. */
static const struct simulate_action *
action_on(const struct moves *m, const struct pcmk_resource *r,
    const char *node, const char *name)
{
	const struct simulate_action *x;
	size_t i, n = strlen(r->id);

	for (i = 0; i < m->s->n_actions; i++) {
		x = &m->s->actions[i];
		if (strncmp(x->resource, r->id, n) == 0 &&
		    (x->resource[n] == '\0' || x->resource[n] == ':') &&
		    strcmp(x->node, node) == 0 &&
		    (name == NULL || strcmp(x->action, name) == 0))
			return x;
	}
	return NULL;
}

static const char *
fate_text(const struct moves *m, const struct simulate_move *v)
{
	static const char *const formats[] = {"moves", "migrates", "stays",
	    "stops, other instances run on", "stops, it has nowhere to go",
	    "restarts", "loses the promoted role",
	    "loses the promoted role, no other instance takes it"};
	const char *id = pcmk_shown(m->a, v->resource);
	const char *at = v->elsewhere ? " on " : "";
	const char *from = v->elsewhere ? pcmk_shown(m->a, v->from) : "";
	const char *to = *v->to == '\0' ? "" : " to ";
	bool tell = *v->reason != '\0' && v->fate != SIMULATE_MOVES &&
		    v->fate != SIMULATE_MIGRATES;

	return arena_printf(m->a, "%s%s%s %s%s%s%s%s%s", id, at, from,
	    formats[v->fate], to, pcmk_shown(m->a, v->to), tell ? " (" : "",
	    tell ? pcmk_shown(m->a, v->reason) : "", tell ? ")" : "");
}

static const char *
reason_to_stay(const struct pcmk_resource *r)
{
	if (r->blocked)
		return "blocked";
	if (r->maintenance)
		return "in maintenance mode";
	return r->managed ? "" : "unmanaged";
}

static void
add_move(struct moves *m, const struct group *g, enum simulate_fate fate,
    const char *from, const char *to)
{
	const struct simulate_action *x = action_on(
	    m, g->first, from, fate == SIMULATE_RESTARTS ? "restart" : NULL);
	struct simulate_move v = {.fate = fate,
	    .resource = g->first->id,
	    .path = g->first->path,
	    .elsewhere = strcmp(from, m->node) != 0,
	    .from = from,
	    .to = to,
	    .reason = x == NULL ? "" : x->reason};

	if (fate == SIMULATE_STAYS)
		v.reason = reason_to_stay(g->first);
	v.text = fate_text(m, &v);
	m->list = xgrow(m->list, m->n, &m->cap, sizeof(*m->list));
	m->list[m->n++] = v;
}

/* One node on which the primitive ran. */
static void
judge(struct moves *m, const struct group *g, const char *from)
{
	const char *to =
	    new_names(m, g->after, g->n_after, g->before, g->n_before);
	bool here = strcmp(from, m->node) == 0;

	if (has(g->after, g->n_after, from)) {
		if (here)
			add_move(m, g, SIMULATE_STAYS, from, "");
		else if (action_on(m, g->first, from, "restart") != NULL)
			add_move(m, g, SIMULATE_RESTARTS, from, "");
	} else if (*to != '\0') {
		add_move(m, g,
		    action_on(m, g->first, from, "migrate") != NULL
			? SIMULATE_MIGRATES
			: SIMULATE_MOVES,
		    from, to);
	} else if (g->n_after > 0 || siblings_run(&m->s->after, g->first)) {
		add_move(m, g, SIMULATE_INSTANCE_STOPS, from, "");
	} else if (!g->first->orphaned) {
		add_move(m, g, SIMULATE_STOPS, from, "");
	}
}

/* A sibling that is promoted afterwards, and (in *before) whether it was. */
static const char *
promoted_sibling(
    const struct moves *m, const struct pcmk_resource *r, bool *before)
{
	const struct pcmk *then = &m->s->before, *now = &m->s->after;
	const struct pcmk_resource *t;
	size_t i, k;

	for (i = 0; i < now->n_resources; i++) {
		t = &now->resources[i];
		if (!is_sibling(r, t) || !is_promoted(t) || t->n_nodes == 0)
			continue;
		*before = false;
		for (k = 0; k < then->n_resources; k++)
			if (is_same(&then->resources[k], t) &&
			    is_promoted(&then->resources[k]))
				*before = true;
		return t->nodes[0];
	}
	return NULL;
}

static void
judge_promoted(struct moves *m, const struct group *g, const char *from)
{
	const char *to = new_names(m, g->promoted_after, g->n_promoted_after,
	    g->promoted_before, g->n_promoted_before);
	const char *sibling;
	bool before = false;

	if (has(g->promoted_after, g->n_promoted_after, from))
		return;
	sibling = promoted_sibling(m, g->first, &before);
	if (*to == '\0' && sibling != NULL && !before)
		to = sibling;
	if (*to != '\0')
		add_move(m, g, SIMULATE_PROMOTED_MOVES, from, to);
	else if (g->n_promoted_after == 0 && sibling == NULL &&
		 (g->n_after > 0 || siblings_run(&m->s->after, g->first)))
		add_move(m, g, SIMULATE_PROMOTED_STOPS, from, "");
}

/* What ran on the node, or what ran elsewhere. */
static void
judge_all(struct moves *m, bool here)
{
	const struct pcmk *p = &m->s->before;
	struct group g;
	size_t i, k;

	for (i = 0; i < p->n_resources; i++) {
		if (!is_first(&m->before, &p->resources[i]))
			continue;
		take_group(&g, m, &p->resources[i]);
		for (k = 0; k < g.n_before; k++)
			if ((strcmp(g.before[k], m->node) == 0) == here)
				judge(m, &g, g.before[k]);
		for (k = 0; k < g.n_promoted_before; k++)
			if ((strcmp(g.promoted_before[k], m->node) == 0) ==
			    here)
				judge_promoted(m, &g, g.promoted_before[k]);
	}
}

size_t
simulate_moves(const struct simulate *s, const char *node,
    struct simulate_move **list, struct arena *a)
{
	struct moves m = {.s = s, .node = node, .a = a};

	make_index(&m.before, &s->before, a);
	make_index(&m.after, &s->after, a);
	judge_all(&m, true);
	judge_all(&m, false);
	*list = arena_alloc(a, (m.n + 1) * sizeof(**list));
	if (m.n > 0)
		memcpy(*list, m.list, m.n * sizeof(**list));
	free(m.list);
	return m.n;
}

bool
simulate_is_loss(enum simulate_fate fate)
{
	return fate == SIMULATE_STOPS || fate == SIMULATE_PROMOTED_STOPS;
}
