/* SPDX-License-Identifier: ISC */
/* How many nodes may fail while another one is away. */
#include "proof.h"

#include <string.h>

struct prover {
	struct proof *list;
	const char *const *nodes;
	size_t n;
	const char *const **alone; /* by node: what stops without it */
	bool *open;		   /* no set that stops more was found yet */
	proof_ask *ask;
	void *ctx;
	size_t asked;
	size_t *set; /* numbers of nodes, ascending */
	const char **away;
	struct arena *a;
	struct err *e;
};

static bool
holds(const char *const *list, const char *id)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, id) == 0)
			return true;
	return false;
}

static bool
first_set(struct prover *p, size_t size)
{
	for (size_t i = 0; i < size; i++)
		p->set[i] = i;
	return size <= p->n;
}

/* The next set of this size; false when there is none. */
static bool
next_set(struct prover *p, size_t size)
{
	size_t i = size;

	while (i > 0 && p->set[i - 1] == p->n - size + i - 1)
		i--;
	if (i == 0)
		return false;
	p->set[i - 1]++;
	for (; i < size; i++)
		p->set[i] = p->set[i - 1] + 1;
	return true;
}

static bool
matters(const struct prover *p, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (p->open[p->set[i]])
			return true;
	return false;
}

/* Whether all sets of this size may be asked about. */
static bool
affordable(struct prover *p, size_t size, size_t budget)
{
	size_t n = 0;
	bool more;

	for (more = first_set(p, size); more && p->asked + n <= budget;
	     more = next_set(p, size))
		n += matters(p, size);
	return p->asked + n <= budget;
}

/* The others of the set, of which node number one is away anyway. */
static const char *const *
others(struct prover *p, size_t size, size_t one)
{
	const char **list = arena_alloc(p->a, size * sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < size; i++)
		if (p->set[i] != one)
			list[n++] = p->nodes[p->set[i]];
	return list;
}

static int
try_set(struct prover *p, size_t size)
{
	const char *const *stopped;
	struct proof *at;
	size_t i, k, one;

	for (i = 0; i < size; i++)
		p->away[i] = p->nodes[p->set[i]];
	p->asked++;
	if (p->ask(p->ctx, p->away, size, &stopped, p->a, p->e) == -1)
		return -1;
	for (i = 0; i < size; i++) {
		one = p->set[i];
		at = &p->list[one];
		for (k = 0; stopped[k] != NULL && at->with == NULL; k++)
			if (!holds(p->alone[one], stopped[k])) {
				at->with = others(p, size, one);
				at->stops = stopped[k];
			}
	}
	return 0;
}

static int
try_size(struct prover *p, size_t size)
{
	bool more;

	for (more = first_set(p, size); more; more = next_set(p, size))
		if (matters(p, size) && try_set(p, size) == -1)
			return -1;
	for (size_t i = 0; i < p->n; i++) {
		if (p->open[i] && p->list[i].with == NULL)
			p->list[i].survives++;
		p->open[i] = p->list[i].with == NULL;
	}
	return 0;
}

static bool
any_open(const struct prover *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->open[i])
			return true;
	return false;
}

int
proof_make(struct proof *list, const char *const *nodes, size_t n,
    size_t budget, proof_ask *ask, void *ctx, struct arena *a, struct err *e)
{
	struct prover p = {.list = list,
	    .nodes = nodes,
	    .n = n,
	    .ask = ask,
	    .ctx = ctx,
	    .a = a,
	    .e = e};
	size_t size, i;

	p.alone = arena_alloc(a, (n + 1) * sizeof(const char *const *));
	p.open = arena_alloc(a, (n + 1) * sizeof(*p.open));
	p.set = arena_alloc(a, (n + 1) * sizeof(*p.set));
	p.away = arena_alloc(a, (n + 1) * sizeof(*p.away));
	for (i = 0; i < n; i++) {
		list[i] = (struct proof){.node = nodes[i]};
		p.open[i] = true;
		p.asked++;
		if (ask(ctx, &nodes[i], 1, &p.alone[i], a, e) == -1)
			return -1;
	}
	for (size = 2; size <= n && any_open(&p); size++) {
		if (size > 2 && !affordable(&p, size, budget)) {
			for (i = 0; i < n; i++)
				list[i].at_least = p.open[i];
			break;
		}
		if (try_size(&p, size) == -1)
			return -1;
	}
	return 0;
}
