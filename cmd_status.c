/* SPDX-License-Identifier: ISC */
/* cau status: the run in progress, or the last one. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "journal.h"
#include "options.h"
#include "report.h"
#include "scan.h"
#include "state.h"

static void
status_json(const struct engine *g, const char *state)
{
	json_t *doc = json_pack("{s:i, s:s, s:s}", "format", 1, "command",
	    "status", "state", state);

	json_set(doc, "run", g == NULL ? json_null() : report_to_json(g));
	json_print(stdout, doc, false);
}

static void
status_text(const struct engine *g, const char *state)
{
	struct buf b = BUF_INIT;
	int64_t now = g == NULL ? 0 : g->last_ms;
	struct timespec ts;
	size_t width = 0;

	if (g == NULL) {
		(void)puts("No run yet.");
		return;
	}
	/* Time stands still in a run that nobody works on. */
	if (strcmp(state, "running") == 0) {
		(void)clock_gettime(CLOCK_REALTIME, &ts);
		now = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
		(void)puts("A run is in progress:");
	} else if (strcmp(state, "idle") == 0) {
		(void)puts("No run is in progress. The last one:");
	} else {
		(void)puts("A run was cut short:");
	}
	for (size_t i = 0; i < g->run.n_nodes; i++)
		if (strlen(g->run.nodes[i].name) > width)
			width = strlen(g->run.nodes[i].name);
	report_line(&b, g);
	for (size_t i = 0; i < g->run.n_nodes; i++) {
		buf_addf(&b, "  %-*s  ", (int)width, g->run.nodes[i].name);
		report_node_line(&b, g, &g->nodes[i], now);
		buf_addc(&b, '\n');
	}
	if (strcmp(state, "interrupted") == 0)
		buf_addstr(
		    &b, "Nobody works on this run: cau recover takes it up.\n");
	(void)fputs(b.data, stdout);
	buf_release(&b);
}

static int
show(const struct options *o)
{
	char id[RUN_ID_SIZE], *path, **ids;
	const char *state = "idle";
	struct engine g;
	struct err e;
	int rc = CAU_OK;

	if (state_current(o->state_dir, id) == 0) {
		state =
		    state_is_locked(o->state_dir) ? "running" : "interrupted";
	} else {
		ids = state_runs(o->state_dir);
		id[0] = '\0';
		if (ids[0] != NULL)
			memcpy(id, ids[0], RUN_ID_SIZE);
		state_runs_free(ids);
	}
	if (id[0] == '\0') {
		if (o->json)
			status_json(NULL, state);
		else
			status_text(NULL, state);
		return CAU_OK;
	}
	path = state_journal(o->state_dir, id);
	engine_init(&g);
	if (journal_load(&g, path, NULL, &e) == -1) {
		if (o->json)
			print_json_error("status", &e, false);
		rc = command_fail("status", &e);
	} else if (o->json) {
		status_json(&g, state);
	} else {
		status_text(&g, state);
	}
	engine_release(&g);
	free(path);
	return rc;
}

int
cmd_status(int argc, char **argv)
{
	struct options o;
	int rc = options_parse(&o, CMD_STATUS, STATUS_SYNOPSIS, argc, argv);

	if (rc == -1 && o.n_operands > 0)
		rc = command_misuse("status", STATUS_SYNOPSIS,
		    "unexpected word '%s'", o.operands[0]);
	if (rc == -1)
		rc = command_done("status", show(&o));
	options_release(&o);
	return rc;
}
