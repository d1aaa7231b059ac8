/* SPDX-License-Identifier: ISC */
/* Decisions on what Pacemaker says of its cluster. */
#include "pcmk_state.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "text.h"

bool
pcmk_is_machine(const struct pcmk_node *n)
{
	return n->type == PCMK_MEMBER || n->type == PCMK_REMOTE;
}

size_t
pcmk_count_running(const struct pcmk *p, const char *node)
{
	size_t i, n = 0;

	for (i = 0; i < p->n_resources; i++)
		if (p->resources[i].active &&
		    pcmk_runs_on(&p->resources[i], node))
			n++;
	return n;
}

struct ranked {
	const struct pcmk_node *node;
	size_t running;
};

static int
compare_ranked(const void *x, const void *y)
{
	const struct ranked *a = x, *b = y;

	if (a->running != b->running)
		return a->running < b->running ? -1 : 1;
	return strcmp(a->node->name, b->node->name);
}

size_t
pcmk_node_order(
    const struct pcmk *p, const struct pcmk_node ***list, struct arena *a)
{
	struct ranked *ranks =
	    arena_alloc(a, (p->n_nodes + 1) * sizeof(*ranks));
	size_t i, n = 0;

	*list = arena_alloc(a, (p->n_nodes + 1) * sizeof(**list));
	for (i = 0; i < p->n_nodes; i++) {
		if (!pcmk_is_machine(&p->nodes[i]))
			continue;
		ranks[n].node = &p->nodes[i];
		ranks[n].running = pcmk_count_running(p, p->nodes[i].name);
		n++;
	}
	qsort(ranks, n, sizeof(*ranks), compare_ranked);
	for (i = 0; i < n; i++)
		(*list)[i] = ranks[i].node;
	return n;
}

/* Whether an operation of this name may be one of the resource: with or
 * without the ":0" of an instance. */
static bool
same_resource(const struct pcmk_resource *r, const char *name)
{
	size_t n = strcspn(r->id, ":");

	return strcmp(r->id, name) == 0 ||
	       (strncmp(r->id, name, n) == 0 &&
		   (name[n] == '\0' || (name[n] == ':' && r->id[n] == '\0')));
}

/* The newest failure of a resource, on one node or (NULL) on any. */
static const struct pcmk_failure *
failure_of(
    const struct pcmk *p, const struct pcmk_resource *r, const char *node)
{
	const struct pcmk_failure *f;
	size_t i;

	for (i = p->n_failures; i > 0; i--) {
		f = &p->failures[i - 1];
		if (same_resource(r, f->resource) &&
		    (node == NULL || strcmp(f->node, node) == 0))
			return f;
	}
	return NULL;
}

/* "start failed on n2 (not installed: no such file)" */
static void
add_failure(struct buf *b, const struct pcmk_failure *f, struct arena *a)
{
	const char *text =
	    strcmp(f->status, "complete") == 0 || *f->status == '\0'
		? f->rc_text
		: f->status;

	buf_addf(b, "%s failed on %s (%s",
	    *f->task == '\0' ? "an operation" : pcmk_shown(a, f->task),
	    pcmk_shown(a, f->node),
	    *text == '\0' ? "unknown" : pcmk_shown(a, text));
	if (*f->reason != '\0' && strcmp(f->reason, "none") != 0)
		buf_addf(b, ": %s", pcmk_shown(a, f->reason));
	buf_addc(b, ')');
}

static const char *
take_text(struct buf *b, struct arena *a)
{
	const char *text = arena_strdup(a, b->data);

	buf_release(b);
	return text;
}

static const char *
stuck_text(const struct pcmk *p, const struct pcmk_resource *r,
    const char *node, struct arena *a)
{
	const struct pcmk_failure *f = failure_of(p, r, node);
	struct buf b = BUF_INIT;

	buf_addf(&b, "%s is stuck: ", pcmk_shown(a, r->id));
	if (f != NULL)
		add_failure(&b, f, a);
	else
		buf_addstr(&b, r->failed ? "it failed" : "it is blocked");
	return take_text(&b, a);
}

static bool
is_under_way(const struct pcmk_resource *r)
{
	static const char *const roles[] = {
	    "Starting", "Stopping", "Migrating", "Promoting", "Demoting"};
	size_t i;

	for (i = 0; i < sizeof(roles) / sizeof(*roles); i++)
		if (strcmp(r->role, roles[i]) == 0)
			return true;
	return *r->pending != '\0';
}

static const char *
under_way_text(const struct pcmk_resource *r, struct arena *a)
{
	return arena_printf(a, "%s is %s", pcmk_shown(a, r->id),
	    pcmk_shown(a, *r->pending == '\0' ? r->role : r->pending));
}

static void
judge(struct pcmk_left *left, const struct pcmk *p, const char *node,
    struct arena *a)
{
	const struct pcmk_resource *r = left->resource;
	const char *id = pcmk_shown(a, r->id);

	/* What is blocked also counts as unmanaged. */
	if (r->blocked || (r->failed && !r->managed)) {
		left->kind = PCMK_STUCK;
		left->text = stuck_text(p, r, node, a);
	} else if (r->maintenance || p->maintenance_mode) {
		left->kind = PCMK_KEPT;
		left->text = arena_printf(a, "%s is in maintenance mode", id);
	} else if (!r->managed) {
		left->kind = PCMK_KEPT;
		left->text = arena_printf(a, "%s is unmanaged", id);
	} else {
		left->kind = PCMK_LEAVING;
		left->text = is_under_way(r)
				 ? under_way_text(r, a)
				 : arena_printf(a, "%s runs there", id);
	}
}

void
pcmk_drain_state(struct pcmk_drain *d, const struct pcmk *p, const char *node,
    struct arena *a)
{
	struct pcmk_left *left;
	size_t i;

	memset(d, 0, sizeof(*d));
	d->left = arena_alloc(a, (p->n_resources + 1) * sizeof(*d->left));
	for (i = 0; i < p->n_resources; i++) {
		if (!pcmk_runs_on(&p->resources[i], node))
			continue;
		left = &d->left[d->n++];
		left->resource = &p->resources[i];
		judge(left, p, node, a);
		d->n_leaving += left->kind == PCMK_LEAVING;
		d->n_kept += left->kind == PCMK_KEPT;
		d->n_stuck += left->kind == PCMK_STUCK;
	}
}

const char *
pcmk_not_joined(const struct pcmk_node *n)
{
	if (n->unclean)
		return "is unclean";
	if (!n->online)
		return "is offline";
	if (n->pending)
		return "is still joining";
	if (n->shutdown)
		return "is shutting down";
	return NULL;
}

const char *
pcmk_out_of_service(const struct pcmk_node *n)
{
	/* Which shows as standby, too. */
	if (n->standby_onfail)
		return "is in standby after a failure";
	if (n->standby)
		return "is in standby";
	if (n->maintenance)
		return "is in maintenance mode";
	return NULL;
}

bool
pcmk_has_joined(
    const struct pcmk *p, const char *node, const char **why, struct arena *a)
{
	const struct pcmk_node *n = pcmk_find_node(p, node);
	const char *what =
	    n == NULL ? "is not known to the cluster" : pcmk_not_joined(n);

	*why = what == NULL
		   ? ""
		   : arena_printf(a, "%s %s", pcmk_shown(a, node), what);
	return what == NULL;
}

bool
pcmk_is_back(
    const struct pcmk *p, const char *node, const char **why, struct arena *a)
{
	const char *what;
	size_t i;

	if (!pcmk_has_joined(p, node, why, a))
		return false;
	what = pcmk_out_of_service(pcmk_find_node(p, node));
	if (what != NULL) {
		*why = arena_printf(a, "%s %s", pcmk_shown(a, node), what);
		return false;
	}
	for (i = 0; i < p->n_resources; i++) {
		if (!is_under_way(&p->resources[i]) ||
		    !pcmk_runs_on(&p->resources[i], node))
			continue;
		*why = under_way_text(&p->resources[i], a);
		return false;
	}
	return true;
}

bool
pcmk_is_settled(const struct pcmk *p, const char **why, struct arena *a)
{
	size_t i;

	*why = "";
	for (i = 0; i < p->n_resources; i++) {
		if (!is_under_way(&p->resources[i]))
			continue;
		*why = under_way_text(&p->resources[i], a);
		return false;
	}
	return true;
}

/* Whether it is well on this node, or (NULL) at all. */
static bool
is_well(const struct pcmk_resource *r, const char *node)
{
	return r->active && !r->failed && !r->blocked &&
	       (node == NULL || pcmk_runs_on(r, node));
}

static bool
is_disabled(const struct pcmk_resource *r)
{
	return strcmp(r->target_role, "Stopped") == 0;
}

static void
add_failed(struct pcmk_failed *list, size_t *n, const char *id,
    const struct pcmk_resource *r, const struct pcmk_failure *f,
    struct arena *a)
{
	struct buf b = BUF_INIT;
	size_t i;

	for (i = 0; i < *n; i++)
		if (strcmp(id, list[i].id) == 0)
			return;
	buf_addf(&b, "%s: ", pcmk_shown(a, id));
	if (f != NULL)
		add_failure(&b, f, a);
	else
		buf_addf(&b, "%s%s%s",
		    r != NULL && r->failed ? "failed" : "blocked",
		    r != NULL && r->n_nodes > 0 ? " on " : "",
		    r != NULL && r->n_nodes > 0 ? pcmk_shown(a, r->nodes[0])
						: "");
	list[*n].id = id;
	list[*n].resource = r;
	list[*n].failure = f;
	list[(*n)++].text = take_text(&b, a);
}

/* The resource that a failure is about: an instance that is well on that
 * node, if there is one. */
static const struct pcmk_resource *
resource_of(const struct pcmk *p, const struct pcmk_failure *f)
{
	const struct pcmk_resource *r, *found = NULL;
	size_t i;

	for (i = 0; i < p->n_resources; i++) {
		r = &p->resources[i];
		if (!same_resource(r, f->resource))
			continue;
		if (is_well(r, f->node))
			return r;
		if (found == NULL)
			found = r;
	}
	return found;
}

static const char *
failure_id(const struct pcmk_failure *f)
{
	return *f->resource == '\0' ? f->op_key : f->resource;
}

size_t
pcmk_failed_on(const struct pcmk *p, const char *node,
    struct pcmk_failed **list, struct arena *a)
{
	const struct pcmk_resource *r;
	const struct pcmk_failure *f;
	size_t i, n = 0;

	*list = arena_alloc(
	    a, (p->n_resources + p->n_failures + 1) * sizeof(**list));
	for (i = 0; i < p->n_resources; i++) {
		r = &p->resources[i];
		if (pcmk_runs_on(r, node) && (r->failed || r->blocked) &&
		    !r->failure_ignored)
			add_failed(
			    *list, &n, r->id, r, failure_of(p, r, node), a);
	}
	for (i = 0; i < p->n_failures; i++) {
		f = &p->failures[i];
		r = resource_of(p, f);
		if (strcmp(f->node, node) == 0 &&
		    (r == NULL || (!is_well(r, node) && !is_disabled(r))))
			add_failed(*list, &n, r != NULL ? r->id : failure_id(f),
			    r, f, a);
	}
	return n;
}

size_t
pcmk_failed_any(
    const struct pcmk *p, struct pcmk_failed **list, struct arena *a)
{
	const struct pcmk_resource *r;
	const struct pcmk_failure *f;
	size_t i, n = 0;

	*list = arena_alloc(a, (p->n_resources + 1) * sizeof(**list));
	for (i = 0; i < p->n_resources; i++) {
		r = &p->resources[i];
		f = failure_of(p, r, NULL);
		if (((r->failed || r->blocked) && !r->failure_ignored) ||
		    (f != NULL && !r->active && !is_disabled(r)))
			add_failed(*list, &n, r->id, r, f, a);
	}
	return n;
}
