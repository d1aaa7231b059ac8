/* SPDX-License-Identifier: ISC */
/* Journals: any bytes are refused with a reason or fold into a run that can
 * be reported and taken up again. */
#include <stdlib.h>

#include "journal.h"
#include "report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The engine accepts what it asks for itself. */
static void
take_up(struct engine *g)
{
	struct arena a = ARENA_INIT;
	struct engine_plan plan;
	struct event ev = {.type = EV_RUN_RECOVERED, .at_ms = g->last_ms};
	struct err e;

	if (g->finished)
		return;
	ev.coordinator = (struct coordinator){"", "", "", "", 0};
	if (engine_apply(g, &ev, &e) == -1)
		abort();
	engine_next(g, g->last_ms, &plan, &a);
	for (size_t i = 0; i < plan.n_events; i++)
		if (engine_apply(g, &plan.events[i], &e) == -1)
			abort();
	arena_release(&a);
}

static void
show(const struct engine *g)
{
	json_t *j = report_to_json(g);
	char *text = json_dumps(j, JSON_COMPACT);
	struct buf b = BUF_INIT;

	if (text == NULL)
		abort();
	free(text);
	json_decref(j);
	report_to_text(&b, g, "/runs/x", true);
	report_line(&b, g);
	for (size_t i = 0; i < g->run.n_nodes; i++)
		report_node_line(&b, g, &g->nodes[i], g->last_ms);
	buf_release(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = {CAU_OK, ""};
	struct engine g;
	size_t good;

	engine_init(&g);
	if (journal_fold(&g, (const char *)data, size, &good, &e) == -1) {
		if (e.text[0] == '\0')
			abort();
	} else {
		if (good > size)
			abort();
		if (g.run.run_id != NULL) {
			show(&g);
			take_up(&g);
			show(&g);
		}
	}
	engine_release(&g);
	return 0;
}
