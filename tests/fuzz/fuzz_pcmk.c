/* SPDX-License-Identifier: ISC */
/* What crm_mon says: any bytes give a cluster or an error, and decisions on
 * that cluster hold together. */
#include <stdlib.h>
#include <string.h>

#include "pcmk_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(const char *s)
{
	if (*s == '\0' || strpbrk(s, "\n\r\x1b") != NULL)
		abort();
}

static void
check_node(const struct pcmk *p, const char *name, struct arena *a)
{
	struct pcmk_ask ask = {.node = name, .max_unavailable = 1};
	struct pcmk_refusal *refusals;
	struct pcmk_failed *failed;
	struct pcmk_drain d;
	const char *why;
	size_t i, n;

	pcmk_drain_state(&d, p, name, a);
	if (d.n != d.n_leaving + d.n_kept + d.n_stuck ||
	    d.n < pcmk_count_running(p, name))
		abort();
	for (i = 0; i < d.n; i++)
		check_text(d.left[i].text);
	n = pcmk_failed_on(p, name, &failed, a);
	for (i = 0; i < n; i++)
		check_text(failed[i].text);
	n = pcmk_refusals(p, &ask, &refusals, a);
	for (i = 0; i < n; i++)
		check_text(refusals[i].text);
	if (pcmk_is_back(p, name, &why, a)) {
		if (*why != '\0' || !pcmk_has_joined(p, name, &why, a))
			abort();
	} else {
		check_text(why);
		/* What is no member of the cluster is never drained. */
		if (!pcmk_has_joined(p, name, &why, a) && n == 0)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	const struct pcmk_node **order;
	struct pcmk p;
	struct err e;
	size_t i, n;

	e.text[0] = '\0';
	if (pcmk_parse(&p, (const char *)data, size, &a, &e) == -1) {
		check_text(e.text);
	} else {
		n = pcmk_node_order(&p, &order, &a);
		for (i = 1; i < n; i++)
			if (pcmk_count_running(&p, order[i - 1]->name) >
			    pcmk_count_running(&p, order[i]->name))
				abort();
		/* A few stand for all: their number is squared otherwise. */
		for (i = 0; i < p.n_nodes && i < 8; i++)
			check_node(&p, p.nodes[i].name, &a);
		check_node(&p, "nobody", &a);
	}
	arena_release(&a);
	return 0;
}
