/* SPDX-License-Identifier: ISC */
/* What crm_simulate says: any bytes give moves or an error. */
#include <stdlib.h>
#include <string.h>

#include "simulate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(const char *s)
{
	if (*s == '\0' || strpbrk(s, "\n\r\x1b") != NULL)
		abort();
}

/* Nothing that ran on the node is forgotten. */
static void
check_node(const struct simulate *s, const char *node, struct arena *a)
{
	struct simulate_move *list;
	const struct pcmk_resource *r;
	size_t i, k, n = simulate_moves(s, node, &list, a);

	for (i = 0; i < n; i++) {
		check_text(list[i].text);
		if (list[i].elsewhere != (strcmp(list[i].from, node) != 0))
			abort();
	}
	for (i = 0; i < s->before.n_resources; i++) {
		r = &s->before.resources[i];
		if (!r->active || r->orphaned || !pcmk_runs_on(r, node))
			continue;
		for (k = 0; k < n; k++)
			if (strcmp(list[k].resource, r->id) == 0 &&
			    !list[k].elsewhere)
				break;
		/* Unless other instances of it are orphans. */
		if (k == n && *r->clone == '\0')
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	struct simulate s;
	struct err e;

	e.text[0] = '\0';
	if (simulate_parse(&s, (const char *)data, size, &a, &e) == -1) {
		check_text(e.text);
	} else {
		/* A few stand for all: their number is squared otherwise. */
		for (size_t i = 0; i < s.before.n_nodes && i < 8; i++)
			check_node(&s, s.before.nodes[i].name, &a);
		check_node(&s, "nobody", &a);
	}
	arena_release(&a);
	return 0;
}
