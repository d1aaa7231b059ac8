/* SPDX-License-Identifier: ISC */
/* The engine of Updating Runs, by scripts of whole runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "report.h"
#include "script.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

/* "n1 Succeeded 2+0-0" and what sticks out, of every node. */
static void
describe(struct buf *b, const struct engine *g)
{
	const struct engine_node *n;
	struct engine_counts c;

	for (size_t i = 0; i < g->run.n_nodes; i++) {
		n = &g->nodes[i];
		c = engine_count(n);
		buf_addf(b, "%s%s %s", i == 0 ? "" : "; ", n->info->name,
		    summary_status_name(n->status));
		if (c.succeeded > 0)
			buf_addf(b, " %zu succeeded", c.succeeded);
		if (c.failed > 0)
			buf_addf(b, " %zu failed", c.failed);
		if (c.skipped > 0)
			buf_addf(b, " %zu skipped", c.skipped);
		if (c.unknown > 0)
			buf_addf(b, " %zu unknown", c.unknown);
		if (c.canceled > 0)
			buf_addf(b, " %zu canceled", c.canceled);
		if (engine_restart_pending(g, n))
			buf_addstr(b, " pending");
		if (n->suspended)
			buf_addstr(b, " OUT");
		assert_int_equal(c.pending, 0);
	}
}

struct run_case {
	const char *name;
	struct script_run run;
	const char *lines;
	enum cau_exit exit;
	const char *nodes;
	const char *error; /* NULL: none */
};

/* What the journal says must be what happened. */
static void
check_journal(struct script *s)
{
	struct engine again;
	struct err e = {CAU_OK, ""};
	size_t good;
	char *want, *got;
	json_t *j;

	engine_init(&again);
	if (journal_fold(&again, s->journal.pending.data,
		s->journal.pending.len, &good, &e) == -1)
		fail_msg("%s", e.text);
	j = report_to_json(&s->g);
	want = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	j = report_to_json(&again);
	got = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	assert_string_equal(got, want);
	free(want);
	free(got);
	engine_release(&again);
}

static void
play_case(const struct run_case *c)
{
	struct buf b = BUF_INIT;
	struct script s;

	script_begin(&s, &c->run);
	script_play(&s, c->lines);
	assert_true(s.g.finished);
	describe(&b, &s.g);
	assert_string_equal(b.data, c->nodes);
	assert_int_equal(engine_exit_code(&s.g), c->exit);
	assert_string_equal(s.g.error == NULL ? "" : s.g.error,
	    c->error == NULL ? "" : c->error);
	check_journal(&s);
	buf_release(&b);
	script_end(&s);
}

static void
play_cases(const struct run_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		print_message("  %s\n", cases[i].name);
		play_case(&cases[i]);
	}
}

static void
test_runs(void **state)
{
	static const struct run_case cases[] = {
	    {"the way of one node", {.n_nodes = 1, .drain = true},
		"n1 Scan -> n1 ok a b\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> n1 Succeeded\n"
		"n1 Install b -> n1 Succeeded\n"
		"n1 Scan -> n1 ok\n"
		"n1 Resume -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 2 succeeded", NULL},
	    {"without commands to drain", {.n_nodes = 1},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install a -> n1 NotApplicable\n"
		"n1 Scan -> n1 ok a\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 1 skipped", NULL},
	    {"nothing to do", {.n_nodes = 2, .drain = true},
		"n1 Scan, n2 Scan -> n2 ok a+\n"
		" -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded; n2 Succeeded 1 skipped", NULL},
	    {"three nodes in turn", {.n_nodes = 3, .drain = true},
		"n1 Scan, n2 Scan, n3 Scan -> n2 ok b\n"
		"n2 Stage -> n2 ok\n"
		" -> n1 ok a\n"
		"n1 Stage -> n3 ok c\n"
		"n3 Stage -> n3 ok\n"
		" -> n1 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> n1 Succeeded\n"
		"n1 Scan -> n1 ok\n"
		"n1 Resume -> n1 ok\n"
		"n2 Suspend -> n2 ok\n"
		"n2 Install b -> n2 Succeeded\n"
		"n2 Scan -> n2 ok\n"
		"n2 Resume -> n2 ok\n"
		"n3 Suspend -> n3 ok\n"
		"n3 Install c -> n3 Succeeded\n"
		"n3 Scan -> n3 ok\n"
		"n3 Resume -> n3 ok\n"
		"Succeeded",
		CAU_OK,
		"n1 Succeeded 1 succeeded; n2 Succeeded 1 succeeded; "
		"n3 Succeeded 1 succeeded",
		NULL},
	    {"two out at once",
		{.n_nodes = 3, .drain = true, .max_unavailable = 2},
		"n1 Scan, n2 Scan, n3 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		" -> n2 ok a\n"
		"n2 Stage -> n2 ok\n"
		" -> n3 ok a\n"
		"n3 Stage -> n3 ok\n"
		"n1 Suspend, n2 Suspend -> n2 ok\n"
		"n2 Install a -> n2 Succeeded\n"
		"n2 Scan -> n2 ok\n"
		"n2 Resume -> n2 ok\n"
		"n3 Suspend -> n1 ok\n"
		"n1 Install a -> n3 ok\n"
		"n3 Install a -> n3 Succeeded\n"
		"n3 Scan -> n3 ok\n"
		"n3 Resume -> n3 ok\n"
		" -> n1 Succeeded\n"
		"n1 Scan -> n1 ok\n"
		"n1 Resume -> n1 ok\n"
		"Succeeded",
		CAU_OK,
		"n1 Succeeded 1 succeeded; n2 Succeeded 1 succeeded; "
		"n3 Succeeded 1 succeeded",
		NULL},
	    {"one scan at a time", {.n_nodes = 3, .parallel = 1},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n2 Scan -> n2 ok\n"
		"n3 Scan -> n3 ok\n"
		"n1 Install a -> n1 Succeeded\n"
		"n1 Scan -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 1 succeeded; n2 Succeeded; n3 Succeeded",
		NULL},
	};

	(void)state;
	play_cases(cases, N_ELEMENTS(cases));
}

static void
test_restarts(void **state)
{
	static const struct run_case cases[] = {
	    {"one restart after all updates", {.n_nodes = 1, .drain = true},
		"n1 Scan -> n1 ok a b\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> n1 Succeeded reboot\n"
		"n1 Install b -> n1 Failed reboot\n"
		"n1 Restart -> n1 ok\n"
		"n1 Scan -> n1 ok\n"
		"n1 Resume -> n1 ok\n"
		"PartiallyFailed",
		CAU_PARTIAL, "n1 PartiallyFailed 1 succeeded 1 failed", NULL},
	    {"a node that does not come back",
		{.n_nodes = 2, .drain = true, .max_failed_nodes = 1},
		"n1 Scan, n2 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		" -> n2 ok a\n"
		"n2 Stage -> n2 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> n1 Succeeded reboot\n"
		"n1 Restart -> n1 failed\n"
		"Failed",
		CAU_FAILED,
		"n1 PartiallyFailed 1 succeeded OUT; n2 Canceled 1 canceled",
		"n1 stays out of service, so no other node may be taken out"},
	    {"this machine without permission",
		{.n_nodes = 1, .drain = true, .local = true},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> n1 Succeeded reboot\n"
		"n1 Scan -> n1 ok\n"
		"n1 Resume -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 1 succeeded pending", NULL},
	    {"this machine with permission",
		{.n_nodes = 1, .local = true, .allow_reboot = true},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install a -> n1 Succeeded reboot\n"
		"n1 Restart -> n1 ok\n"
		"n1 Scan -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 1 succeeded", NULL},
	    {"one that an earlier run left undone",
		{.n_nodes = 2, .drain = true},
		"n1 Scan, n2 Scan -> n1 ok a+ (restart)\n"
		" -> n2 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Restart -> n1 ok\n"
		"n1 Scan -> n1 ok a+ (restart)\n"
		"n1 Resume -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 1 skipped; n2 Succeeded", NULL},
	    {"the same, behind the updates", {.n_nodes = 1},
		"n1 Scan -> n1 ok a (restart)\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install a -> n1 Succeeded\n"
		"n1 Restart -> n1 ok\n"
		"n1 Scan -> n1 ok b\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install b -> n1 Succeeded\n"
		"n1 Scan -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 2 succeeded", NULL},
	    {"the same, on this machine",
		{.n_nodes = 1, .drain = true, .local = true},
		"n1 Scan -> n1 ok (restart)\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded pending", NULL},
	    {"the same, and the run is stopped before its turn",
		{.n_nodes = 2, .drain = true},
		"n1 Scan, n2 Scan -> n1 ok (restart)\n"
		" -> n2 ok (restart)\n"
		"n1 Suspend -> stop\n"
		" -> n1 ok\n"
		"n1 Resume -> n1 ok\n"
		"Canceled",
		CAU_CANCELED, "n1 Canceled pending; n2 Canceled pending",
		"interrupted"},
	    {"the same, and it does not come back",
		{.n_nodes = 1, .drain = true},
		"n1 Scan -> n1 ok (restart)\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Restart -> n1 failed\n"
		"Failed",
		CAU_FAILED, "n1 Failed OUT",
		"MaxFailedNodesExceeded: 1 node failed, 0 allowed"},
	    {"a restart in the second pass too", {.n_nodes = 1},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install a -> n1 Succeeded reboot\n"
		"n1 Restart -> n1 ok\n"
		"n1 Scan -> n1 ok b\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install b -> n1 Succeeded reboot\n"
		"n1 Restart -> n1 ok\n"
		"n1 Scan -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 2 succeeded", NULL},
	};

	(void)state;
	play_cases(cases, N_ELEMENTS(cases));
}

static void
test_failures(void **state)
{
	static const struct run_case cases[] = {
	    {"a scan that fails, within the budget",
		{.n_nodes = 2, .max_failed_nodes = 1},
		"n1 Scan, n2 Scan -> n1 failed\n"
		" -> n2 ok a\n"
		"n2 Stage -> n2 ok\n"
		"n2 Install a -> n2 Succeeded\n"
		"n2 Scan -> n2 ok\n"
		"PartiallyFailed",
		CAU_PARTIAL, "n1 Failed; n2 Succeeded 1 succeeded", NULL},
	    {"a stage that fails", {.n_nodes = 1, .max_failed_nodes = 1},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 failed\n"
		"Failed",
		CAU_FAILED, "n1 Failed 1 canceled", NULL},
	    {"all updates fail", {.n_nodes = 1, .drain = true},
		"n1 Scan -> n1 ok a b\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> n1 Failed\n"
		"n1 Install b -> n1 Failed\n"
		"n1 Scan -> n1 ok a b\n"
		"n1 Resume -> n1 ok\n"
		"Failed",
		CAU_FAILED, "n1 Failed 2 failed",
		"MaxFailedNodesExceeded: 1 node failed, 0 allowed"},
	    {"the failure budget",
		{.n_nodes = 3, .drain = true, .max_failed_nodes = 0},
		"n1 Scan, n2 Scan, n3 Scan -> n1 ok a b\n"
		"n1 Stage -> n1 ok\n"
		" -> n2 ok a b\n"
		"n2 Stage -> n2 ok\n"
		" -> n3 failed\n"
		"Failed",
		CAU_FAILED,
		"n1 Canceled 2 canceled; n2 Canceled 2 canceled; n3 Failed",
		"MaxFailedNodesExceeded: 1 node failed, 0 allowed"},
	    {"the budget, with a node in service",
		{.n_nodes = 2, .drain = true, .max_unavailable = 2},
		"n1 Scan, n2 Scan -> n1 ok a b\n"
		"n1 Stage -> n1 ok\n"
		" -> n2 ok a\n"
		"n2 Stage -> n2 ok\n"
		"n1 Suspend, n2 Suspend -> n1 ok\n"
		"n1 Install a -> n2 failed\n"
		"n2 Resume -> n2 ok\n"
		" -> n1 Succeeded\n"
		"n1 Resume -> n1 ok\n"
		"Failed",
		CAU_FAILED,
		"n1 PartiallyFailed 1 succeeded 1 canceled; "
		"n2 Failed 1 canceled",
		"MaxFailedNodesExceeded: 1 node failed, 0 allowed"},
	    {"a drain that fails is undone",
		{.n_nodes = 1, .drain = true, .max_failed_nodes = 1},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 failed\n"
		"n1 Resume -> n1 ok\n"
		"Failed",
		CAU_FAILED, "n1 Failed 1 canceled", NULL},
	    {"a resume that fails",
		{.n_nodes = 1, .drain = true, .max_failed_nodes = 1},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> n1 Succeeded\n"
		"n1 Scan -> n1 ok\n"
		"n1 Resume -> n1 failed\n"
		"PartiallyFailed",
		CAU_PARTIAL, "n1 PartiallyFailed 1 succeeded OUT", NULL},
	    {"an outcome that nobody knows",
		{.n_nodes = 2, .drain = true, .max_failed_nodes = 2},
		"n1 Scan, n2 Scan -> n1 ok a b\n"
		"n1 Stage -> n1 ok\n"
		" -> n2 ok a\n"
		"n2 Stage -> n2 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> n1 unknown\n"
		"Failed",
		CAU_UNKNOWN,
		"n1 Failed 1 unknown 1 canceled OUT; n2 Canceled 1 canceled",
		"n1 stays out of service, so no other node may be taken out"},
	    {"it keeps its place without commands to drain, too",
		{.n_nodes = 2, .max_failed_nodes = 2},
		"n1 Scan, n2 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		" -> n2 ok a\n"
		"n2 Stage -> n2 ok\n"
		"n1 Install a -> n1 unknown\n"
		"Failed",
		CAU_UNKNOWN, "n1 Failed 1 unknown; n2 Canceled 1 canceled",
		"n1 stays out of service, so no other node may be taken out"},
	    {"a node that is lost in its turn stays out",
		{.n_nodes = 2, .drain = true, .max_failed_nodes = 2},
		"n1 Scan, n2 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		" -> n2 ok a\n"
		"n2 Stage -> n2 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> n1 lost\n"
		"Failed",
		CAU_FAILED, "n1 Failed 1 failed OUT; n2 Canceled 1 canceled",
		"n1 stays out of service, so no other node may be taken out"},
	    {"a node that is lost before its turn is not out",
		{.n_nodes = 2, .drain = true, .max_failed_nodes = 2},
		"n1 Scan, n2 Scan -> n1 lost\n"
		" -> n2 ok a\n"
		"n2 Stage -> n2 lost\n"
		"Failed",
		CAU_FAILED, "n1 Failed; n2 Failed 1 canceled", NULL},
	    {"contact lost before the installer could start",
		{.n_nodes = 1, .drain = true, .max_failed_nodes = 1},
		"n1 Scan -> n1 ok a b\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> n1 failed\n"
		"n1 Resume -> n1 ok\n"
		"Failed",
		CAU_FAILED, "n1 Failed 1 failed 1 canceled", NULL},
	};

	(void)state;
	play_cases(cases, N_ELEMENTS(cases));
}

static void
test_passes(void **state)
{
	static const struct run_case cases[] = {
	    {"the second pass finds more", {.n_nodes = 1, .drain = true},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> n1 Succeeded\n"
		"n1 Scan -> n1 ok a+ b\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install b -> n1 Succeeded\n"
		"n1 Scan -> n1 ok a+ b+\n"
		"n1 Resume -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 2 succeeded", NULL},
	    {"an update is tried once only", {.n_nodes = 1},
		"n1 Scan -> n1 ok a b\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install a -> n1 Failed\n"
		"n1 Install b -> n1 Succeeded\n"
		"n1 Scan -> n1 ok a b\n"
		"PartiallyFailed",
		CAU_PARTIAL, "n1 PartiallyFailed 1 succeeded 1 failed", NULL},
	    {"and once only when a scan names it twice", {.n_nodes = 1},
		"n1 Scan -> n1 ok a a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install a -> n1 Succeeded\n"
		"n1 Scan -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 1 succeeded", NULL},
	    {"one that must not be offered again, and is", {.n_nodes = 1},
		"n1 Scan -> n1 ok a* b*\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install a -> n1 Succeeded\n"
		"n1 Install b -> n1 Succeeded\n"
		"n1 Scan -> n1 ok b*\n"
		"PartiallyFailed",
		CAU_PARTIAL, "n1 PartiallyFailed 1 succeeded 1 failed", NULL},
	    {"the same after its restart",
		{.n_nodes = 1, .max_failed_nodes = 1},
		"n1 Scan -> n1 ok a*\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install a -> n1 Succeeded reboot\n"
		"n1 Restart -> n1 ok\n"
		"n1 Scan -> n1 ok a*\n"
		"Failed",
		CAU_FAILED, "n1 Failed 1 failed", NULL},
	    {"one that failed may be offered again",
		{.n_nodes = 1, .max_failed_nodes = 1},
		"n1 Scan -> n1 ok a* b*\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install a -> n1 Failed\n"
		"n1 Install b -> n1 AlreadyInstalled\n"
		"n1 Scan -> n1 ok a* b*\n"
		"Failed",
		CAU_FAILED, "n1 Failed 1 failed 1 skipped", NULL},
	    {"updates in eight passes", {.n_nodes = 1},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install a -> n1 Succeeded\n"
		"n1 Scan -> n1 ok b\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install b -> n1 Succeeded\n"
		"n1 Scan -> n1 ok c\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install c -> n1 Succeeded\n"
		"n1 Scan -> n1 ok d\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install d -> n1 Succeeded\n"
		"n1 Scan -> n1 ok e\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install e -> n1 Succeeded\n"
		"n1 Scan -> n1 ok f\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install f -> n1 Succeeded\n"
		"n1 Scan -> n1 ok g\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install g -> n1 Succeeded\n"
		"n1 Scan -> n1 ok h\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install h -> n1 Succeeded\n"
		"n1 Scan -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 8 succeeded", NULL},
	    {"updates without end", {.n_nodes = 1, .max_failed_nodes = 1},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install a -> n1 Succeeded\n"
		"n1 Scan -> n1 ok b\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install b -> n1 Succeeded\n"
		"n1 Scan -> n1 ok c\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install c -> n1 Succeeded\n"
		"n1 Scan -> n1 ok d\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install d -> n1 Succeeded\n"
		"n1 Scan -> n1 ok e\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install e -> n1 Succeeded\n"
		"n1 Scan -> n1 ok f\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install f -> n1 Succeeded\n"
		"n1 Scan -> n1 ok g\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install g -> n1 Succeeded\n"
		"n1 Scan -> n1 ok h\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install h -> n1 Succeeded\n"
		"n1 Scan -> n1 ok i\n"
		"PartiallyFailed",
		CAU_PARTIAL, "n1 PartiallyFailed 8 succeeded 1 canceled", NULL},
	    {"a scan that fails later", {.n_nodes = 1, .drain = true},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> n1 Succeeded\n"
		"n1 Scan -> n1 failed\n"
		"n1 Resume -> n1 ok\n"
		"Failed",
		CAU_FAILED, "n1 PartiallyFailed 1 succeeded",
		"MaxFailedNodesExceeded: 1 node failed, 0 allowed"},
	};

	(void)state;
	play_cases(cases, N_ELEMENTS(cases));
}

static void
test_stop(void **state)
{
	static const struct run_case cases[] = {
	    {"before anything", {.n_nodes = 2},
		"n1 Scan, n2 Scan -> stop\n"
		" -> n1 ok a\n"
		" -> n2 failed\n"
		"Canceled",
		CAU_CANCELED, "n1 Canceled 1 canceled; n2 Failed",
		"interrupted"},
	    {"during an installation", {.n_nodes = 2, .drain = true},
		"n1 Scan, n2 Scan -> n1 ok a b\n"
		"n1 Stage -> n1 ok\n"
		" -> n2 ok a\n"
		"n2 Stage -> n2 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> stop\n"
		" -> n1 Succeeded reboot\n"
		"n1 Restart -> n1 ok\n"
		"n1 Resume -> n1 ok\n"
		"Canceled",
		CAU_CANCELED,
		"n1 PartiallyFailed 1 succeeded 1 canceled; "
		"n2 Canceled 1 canceled",
		"interrupted"},
	    {"during the drain", {.n_nodes = 1, .drain = true},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> stop\n"
		" -> n1 ok\n"
		"n1 Resume -> n1 ok\n"
		"Canceled",
		CAU_CANCELED, "n1 Canceled 1 canceled", "interrupted"},
	    {"too late to matter", {.n_nodes = 1, .drain = true},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> n1 Succeeded\n"
		"n1 Scan -> n1 ok\n"
		"n1 Resume -> stop\n"
		" -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 1 succeeded", NULL},
	    /* Why a run stopped first is why it stopped. */
	    {"after the budget stopped it",
		{.n_nodes = 2, .drain = true, .max_unavailable = 2},
		"n1 Scan, n2 Scan -> n1 failed\n"
		" -> stop\n"
		" -> n2 ok a\n"
		"Failed",
		CAU_FAILED, "n1 Failed; n2 Canceled 1 canceled",
		"MaxFailedNodesExceeded: 1 node failed, 0 allowed"},
	};

	(void)state;
	play_cases(cases, N_ELEMENTS(cases));
}

static void
test_recovery(void **state)
{
	static const struct run_case cases[] = {
	    {"every operation is taken up", {.n_nodes = 1, .drain = true},
		"n1 Scan -> recover\n"
		"n1 Scan -> n1 ok a b\n"
		"n1 Stage -> recover\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> recover\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> recover\n"
		"n1 Install a -> n1 Succeeded reboot\n"
		"n1 Install b -> n1 Succeeded\n"
		"n1 Restart -> recover\n"
		"n1 Restart -> n1 ok\n"
		"n1 Scan -> recover\n"
		"n1 Scan -> n1 ok\n"
		"n1 Resume -> recover\n"
		"n1 Resume -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 2 succeeded", NULL},
	    {"stopping: what may have been started is looked after",
		{.n_nodes = 1, .drain = true},
		"n1 Scan -> n1 ok a b\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> stop\n"
		" -> recover\n"
		"n1 Install a -> n1 Succeeded\n"
		"n1 Resume -> n1 ok\n"
		"Canceled",
		CAU_CANCELED, "n1 PartiallyFailed 1 succeeded 1 canceled",
		"interrupted"},
	    /* Half a drain is a drain: nobody knows how far it came. */
	    {"stopping: a drain that was cut is undone",
		{.n_nodes = 1, .drain = true},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> stop\n"
		" -> recover\n"
		"n1 Resume -> n1 ok\n"
		"Canceled",
		CAU_CANCELED, "n1 Canceled 1 canceled", "interrupted"},
	    {"a restart that was under way counts once",
		{.n_nodes = 1, .drain = true},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> n1 Succeeded reboot\n"
		"n1 Restart -> stop\n"
		" -> recover\n"
		"n1 Restart -> n1 ok\n"
		"n1 Resume -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 1 succeeded", NULL},
	};

	(void)state;
	play_cases(cases, N_ELEMENTS(cases));
}

/* The installer is found by its job id, and its fate by the boot id of the
 * node when it was started: recovery must give the same ones. */
static void
test_same_job(void **state)
{
	struct script_run run = {.n_nodes = 2, .drain = true};
	struct engine_plan first, second;
	struct buf b = BUF_INIT;
	struct script s;
	char words[] = "recover";

	(void)state;
	script_begin(&s, &run);
	script_play(&s, "n1 Scan, n2 Scan -> n1 ok a b\n"
			"n1 Stage -> n1 ok\n"
			" -> n2 ok\n"
			"n1 Suspend -> n1 ok\n"
			"n1 Install a -> n1 Succeeded");
	engine_next(&s.g, s.now_ms, &first, &s.arena);
	script_turn(&s, &b);
	assert_string_equal(b.data, "n1 Install b");
	assert_string_equal(first.events[0].job, SCRIPT_ID ".0.1");
	assert_string_equal(first.events[0].boot_id, "boot-n1-0");
	script_happen(&s, words);
	assert_int_equal(s.g.recoveries, 1);
	assert_string_equal(s.g.coordinator.host, "host2");
	engine_next(&s.g, s.now_ms, &second, &s.arena);
	assert_int_equal(second.n_events, 1);
	assert_int_equal(second.events[0].op, OP_INSTALL);
	assert_int_equal(second.events[0].update, first.events[0].update);
	assert_string_equal(second.events[0].job, first.events[0].job);
	assert_string_equal(second.events[0].boot_id, first.events[0].boot_id);
	buf_release(&b);
	script_end(&s);
}

/* A further attempt at a restart goes on with the same one, even if the first
 * heard of another boot. */
static void
test_same_restart(void **state)
{
	struct script_run run = {.n_nodes = 1, .drain = true, .retries = 1};
	struct engine_plan plan;
	struct script s;

	(void)state;
	script_begin(&s, &run);
	script_play(&s, "n1 Scan -> n1 ok a\n"
			"n1 Stage -> n1 ok\n"
			"n1 Suspend -> n1 ok\n"
			"n1 Install a -> n1 Succeeded reboot\n"
			"n1 Restart -> n1 failed");
	assert_string_equal(s.g.nodes[0].boot_id, "boot-n1-1");
	engine_next(&s.g, s.now_ms, &plan, &s.arena);
	assert_int_equal(plan.n_events, 1);
	assert_int_equal(plan.events[0].op, OP_RESTART);
	assert_string_equal(plan.events[0].boot_id, "boot-n1-0");
	script_end(&s);
}

/* A node that has two turns in one attempt, because a coordinator on it may not
 * restart it and one elsewhere may, has its scripts run in both. */
static void
test_scripts_of_two_turns(void **state)
{
	struct script_run run = {
	    .n_nodes = 1, .drain = true, .pre = true, .post = true};
	struct event ev = {.type = EV_RUN_RECOVERED,
	    .coordinator = {"n1", "user", "v", "boot-n1-0", 9}};
	struct engine_plan first, second;
	struct buf b = BUF_INIT;
	struct script s;

	(void)state;
	script_begin(&s, &run);
	script_play(&s, "n1 Scan -> n1 ok a\n"
			"n1 Stage -> n1 ok\n"
			"n1 PreUpdateScript -> n1 ok\n"
			"n1 Suspend -> n1 ok\n"
			"n1 Install a -> n1 Succeeded reboot");
	script_turn(&s, &b);
	assert_string_equal(b.data, "n1 Restart");
	ev.at_ms = s.now_ms;
	script_record(&s, &ev);
	script_play(&s, "n1 Scan -> n1 ok\n"
			"n1 Resume -> n1 ok");
	engine_next(&s.g, s.now_ms, &first, &s.arena);
	script_play(&s, "n1 PostUpdateScript -> recover\n"
			"n1 PostUpdateScript -> n1 ok");
	assert_string_equal(first.events[0].job, SCRIPT_ID ".0.post.1");
	engine_next(&s.g, s.now_ms, &second, &s.arena);
	assert_int_equal(second.events[0].op, OP_PRE_SCRIPT);
	assert_string_equal(second.events[0].job, SCRIPT_ID ".0.pre.1.2");
	script_play(&s, "n1 PreUpdateScript -> n1 ok\n"
			"n1 Suspend -> n1 ok\n"
			"n1 Restart -> n1 ok\n"
			"n1 Resume -> n1 ok");
	engine_next(&s.g, s.now_ms, &second, &s.arena);
	assert_int_equal(second.events[0].op, OP_POST_SCRIPT);
	assert_string_equal(second.events[0].job, SCRIPT_ID ".0.post.1.2");
	script_play(&s, "n1 PostUpdateScript -> n1 ok\nSucceeded");
	buf_release(&b);
	script_end(&s);
}

/* A node that was to be restarted only, and that the coordinator is on now: it
 * is not prepared once more while another has its turn. */
static void
test_no_turn_any_more(void **state)
{
	static const struct script_run run = {.n_nodes = 2,
	    .n_plugins = 2,
	    .drain = true,
	    .retries = 1,
	    .max_failed_nodes = 1};
	struct event ev = {.type = EV_RUN_RECOVERED,
	    .coordinator = {"n2", "user", "v", "boot-n2-0", 9}};
	struct buf b = BUF_INIT;
	struct script s;

	(void)state;
	script_begin(&s, &run);
	script_play(&s, "n1 Scan, n2 Scan -> n1 ok a\n"
			"n1 Stage -> n1 ok\n"
			" -> n2 ok !1 (restart)");
	script_turn(&s, &b);
	assert_string_equal(b.data, "n1 Suspend");
	ev.at_ms = s.now_ms;
	script_record(&s, &ev);
	script_play(&s, "n1 Suspend -> n1 ok\n"
			"n1 Install a -> n1 Succeeded\n"
			"n1 Scan -> n1 ok\n"
			"n1 Resume -> n1 ok\n"
			"PartiallyFailed");
	buf_reset(&b);
	describe(&b, &s.g);
	assert_string_equal(
	    b.data, "n1 Succeeded 1 succeeded; n2 Failed pending");
	buf_release(&b);
	script_end(&s);
}

/* Applies an event that does not fit. */
static void
refuse(struct script *s, struct event ev, const char *why)
{
	struct err e = {CAU_OK, ""};

	if (ev.at_ms == 0)
		ev.at_ms = s->now_ms;
	assert_int_equal(engine_apply(&s->g, &ev, &e), -1);
	assert_string_equal(e.text, why);
}

static void
test_misfits(void **state)
{
	struct script_run run = {.n_nodes = 2, .drain = true};
	struct event op = {.type = EV_OP_STARTED, .node = "n1"};
	struct event end = {.type = EV_OP_ENDED, .node = "n1"};
	struct event ev = {.type = EV_RUN_RECOVERED};
	struct script s;

	(void)state;
	memset(&s, 0, sizeof(s));
	engine_init(&s.g);
	s.now_ms = SCRIPT_T0;
	refuse(&s, ev, "the run does not start");

	script_begin(&s, &run);
	ev = (struct event){.type = EV_RUN_STARTED, .run = s.g.run};
	refuse(&s, ev, "the run starts twice");
	op.op = OP_INSTALL;
	refuse(&s, op, "n1 does not start Install now");
	end.op = OP_SCAN;
	refuse(&s, end, "n1 did not start Scan");
	op.node = "n3";
	refuse(&s, op, "no node of this run");
	op.node = "n1";
	op.op = OP_SCAN;
	op.at_ms = SCRIPT_T0 - 1;
	refuse(&s, op, "time goes backwards");
	op.at_ms = 0;
	ev =
	    (struct event){.type = EV_RUN_FINISHED, .status = STATUS_SUCCEEDED};
	refuse(&s, ev, "the run ends while there is work on a node");

	script_play(&s, "n1 Scan, n2 Scan -> n1 ok a b\n"
			"n1 Stage -> n1 ok");
	refuse(&s, op, "n1 does not start Scan now");
	/* Not before the other node has been scanned. */
	op.op = OP_SUSPEND;
	refuse(&s, op, "n1 does not start Suspend now");
	script_play(&s, " -> n2 ok c\n"
			"n2 Stage -> n2 ok\n"
			"n1 Suspend -> n1 ok");
	/* Not while the other node is out of service. */
	op.node = "n2";
	refuse(&s, op, "n2 does not start Suspend now");
	op.node = "n1";
	op.op = OP_INSTALL;
	op.update = 1;
	refuse(&s, op, "n1 does not start Install now");
	op.update = 0;
	op.id = "a";
	op.job = "j";
	op.boot_id = "b";
	op.at_ms = s.now_ms;
	script_record(&s, &op);
	refuse(&s, op, "n1 does not start Install now");
	end.op = OP_INSTALL;
	end.update = 1;
	refuse(&s, end, "n1 did not start Install");
	script_end(&s);
}

/* Runs that cannot be carried out, or not in one way only. */
static void
test_bad_runs(void **state)
{
	static const char *const words[] = {"x", NULL}, *const none[] = {NULL};
	struct run_node nodes[2] = {{"a", "a", false}, {"b", "b", false}};
	struct run_info good = {.run_id = "r",
	    .cluster_type = "",
	    .cluster_name = "",
	    .nodes = nodes,
	    .n_nodes = 2,
	    .digest = "",
	    .rsh = words,
	    .node_state_dir = "",
	    .parallel = 1,
	    .max_unavailable = 1};
	struct event ev = {.type = EV_RUN_STARTED, .run = good};
	struct script s;

	(void)state;
	ev.coordinator = (struct coordinator){"", "", "", "", 0};
	memset(&s, 0, sizeof(s));
	engine_init(&s.g);
	ev.run.parallel = 0;
	refuse(&s, ev, "an option of the run is out of range");
	ev.run = good;
	ev.run.max_unavailable = -1;
	refuse(&s, ev, "an option of the run is out of range");
	ev.run = good;
	ev.run.max_failed_nodes = -1;
	refuse(&s, ev, "an option of the run is out of range");
	ev.run = good;
	ev.run.suspend_command = words;
	refuse(&s, ev, "a command to suspend nodes without one to resume them");
	ev.run = good;
	ev.run.rsh = none;
	refuse(&s, ev, "no remote shell command");
	ev.run = good;
	nodes[1].name = "a";
	refuse(&s, ev, "node a comes twice");
	nodes[1].name = "";
	refuse(&s, ev, "a node without a name");
	engine_release(&s.g);
}

static void
test_attempts(void **state)
{
	static const struct run_case cases[] = {
	    {"a drain that fails once",
		{.n_nodes = 1,
		    .drain = true,
		    .retries = 1,
		    .retry_wait_ms = 5000},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 failed\n"
		"n1 Resume -> n1 ok\n"
		"wait\n"
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> n1 Succeeded\n"
		"n1 Scan -> n1 ok\n"
		"n1 Resume -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 1 succeeded", NULL},
	    {"an update that ran is not tried again",
		{.n_nodes = 1, .retries = 1, .max_failed_nodes = 1},
		"n1 Scan -> n1 ok a b\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install a -> n1 Failed\n"
		"n1 Install b -> n1 lost\n"
		"n1 Scan -> n1 ok a b\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install b -> n1 Succeeded\n"
		"n1 Scan -> n1 ok\n"
		"PartiallyFailed",
		CAU_PARTIAL, "n1 PartiallyFailed 1 succeeded 1 failed", NULL},
	    {"a restart that is not seen is asked for again",
		{.n_nodes = 1, .drain = true, .retries = 1},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> n1 Succeeded reboot\n"
		"n1 Restart -> n1 failed\n"
		"n1 Restart -> n1 ok\n"
		"n1 Scan -> n1 ok\n"
		"n1 Resume -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 1 succeeded", NULL},
	    {"a node in doubt is not restarted by a run that stops",
		{.n_nodes = 1,
		    .retries = 1,
		    .retry_wait_ms = 5000,
		    .max_failed_nodes = 1},
		"n1 Scan -> n1 ok a b\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install a -> n1 Succeeded reboot\n"
		"n1 Install b -> n1 lost\n"
		" -> stop\n"
		"Canceled",
		CAU_CANCELED, "n1 PartiallyFailed 1 succeeded 1 failed pending",
		"interrupted"},
	    {"a flaw is not tried away",
		{.n_nodes = 1,
		    .drain = true,
		    .retries = 3,
		    .max_failed_nodes = 1},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> n1 Succeeded reboot\n"
		"n1 Restart -> n1 flawed\n"
		"n1 Scan -> n1 ok\n"
		"n1 Resume -> n1 ok\n"
		"PartiallyFailed",
		CAU_PARTIAL, "n1 PartiallyFailed 1 succeeded", NULL},
	    {"no further attempt once the run stops, but to put it back",
		{.n_nodes = 1, .drain = true, .retries = 2},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> stop\n"
		" -> n1 ok\n"
		"n1 Resume -> n1 failed\n"
		"n1 Resume -> n1 failed\n"
		"n1 Resume -> n1 ok\n"
		"Canceled",
		CAU_CANCELED, "n1 Canceled 1 canceled", "interrupted"},
	    {"a node of another run: nothing is touched",
		{.n_nodes = 2, .drain = true, .retries = 3},
		"n1 Scan, n2 Scan -> n2 held\n"
		" -> n1 ok a\n"
		"Canceled",
		CAU_LOCKED, "n1 Canceled 1 canceled; n2 Canceled",
		"n2: Scan: contact was lost"},
	    {"all nodes must be there",
		{.n_nodes = 2, .all_online = true, .max_failed_nodes = 2},
		"n1 Scan, n2 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		" -> n2 lost\n"
		"Failed",
		CAU_UNHEALTHY, "n1 Canceled 1 canceled; n2 Failed",
		"RequireAllNodesOnline: n2 is not reachable"},
	    {"a suspend is tried again by itself",
		{.n_nodes = 1,
		    .drain = true,
		    .suspend_retries = 1,
		    .retry_wait_ms = 2000},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 failed\n"
		"wait\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> n1 Succeeded\n"
		"n1 Scan -> n1 ok\n"
		"n1 Resume -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 1 succeeded", NULL},
	};

	(void)state;
	play_cases(cases, N_ELEMENTS(cases));
}

static void
test_scripts(void **state)
{
	static const struct run_case cases[] = {
	    {"around the time out of service",
		{.n_nodes = 1, .drain = true, .pre = true, .post = true},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 PreUpdateScript -> n1 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> n1 Succeeded\n"
		"n1 Scan -> n1 ok\n"
		"n1 Resume -> n1 ok\n"
		"n1 PostUpdateScript -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 1 succeeded", NULL},
	    {"nothing to install: neither",
		{.n_nodes = 1, .pre = true, .post = true},
		"n1 Scan -> n1 ok a+\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 1 skipped", NULL},
	    {"the first fails: nothing is touched, the second is not run",
		{.n_nodes = 1,
		    .drain = true,
		    .pre = true,
		    .post = true,
		    .max_failed_nodes = 1},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 PreUpdateScript -> n1 failed\n"
		"Failed",
		CAU_FAILED, "n1 Failed 1 canceled", NULL},
	    {"a crash and a stop: what runs is waited for",
		{.n_nodes = 1, .drain = true, .pre = true, .post = true},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 PreUpdateScript -> stop\n"
		" -> recover\n"
		"n1 PreUpdateScript -> n1 ok\n"
		"n1 PostUpdateScript -> n1 ok\n"
		"Canceled",
		CAU_CANCELED, "n1 Canceled 1 canceled", "interrupted"},
	    {"abandoned: no scripts any more",
		{.n_nodes = 1, .drain = true, .pre = true, .post = true},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 PreUpdateScript -> n1 ok\n"
		"n1 Suspend -> abandon\n"
		"n1 Resume -> n1 ok\n"
		"Canceled",
		CAU_CANCELED, "n1 Canceled 1 canceled", "abandoned"},
	};

	(void)state;
	play_cases(cases, N_ELEMENTS(cases));
}

/* Nodes that are not to be taken out of service, or are out already. */
static void
test_passed_over(void **state)
{
	static const struct run_case cases[] = {
	    {"refused: nothing else starts", {.n_nodes = 2, .drain = true},
		"n1 Scan, n2 Scan -> n1 ok a b\n"
		"n1 Stage -> n1 ok\n"
		" -> n2 ok a\n"
		"n2 Stage -> n2 ok\n"
		"n1 Suspend -> n1 refused\n"
		"Canceled",
		CAU_REFUSED, "n1 Canceled 2 canceled; n2 Canceled 1 canceled",
		"n1: no quorum without it"},
	    {"refused at the second node", {.n_nodes = 3, .drain = true},
		"n1 Scan, n2 Scan, n3 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		" -> n2 ok a\n"
		"n2 Stage -> n2 ok\n"
		" -> n3 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> n1 Succeeded\n"
		"n1 Scan -> n1 ok\n"
		"n1 Resume -> n1 ok\n"
		"n2 Suspend -> n2 refused\n"
		"Canceled",
		CAU_REFUSED,
		"n1 Succeeded 1 succeeded; n2 Canceled 1 canceled; "
		"n3 Succeeded",
		"n2: no quorum without it"},
	    {"refused, and no further try",
		{.n_nodes = 1,
		    .drain = true,
		    .retries = 3,
		    .suspend_retries = 3},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 refused\n"
		"Canceled",
		CAU_REFUSED, "n1 Canceled 1 canceled",
		"n1: no quorum without it"},
	    {"refused: who is out already is put back",
		{.n_nodes = 3, .drain = true, .max_unavailable = 2},
		"n1 Scan, n2 Scan, n3 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		" -> n2 ok a\n"
		"n2 Stage -> n2 ok\n"
		" -> n3 ok a\n"
		"n3 Stage -> n3 ok\n"
		"n1 Suspend, n2 Suspend -> n2 refused\n"
		" -> n1 ok\n"
		"n1 Resume -> n1 ok\n"
		"Canceled",
		CAU_REFUSED,
		"n1 Canceled 1 canceled; n2 Canceled 1 canceled; "
		"n3 Canceled 1 canceled",
		"n2: no quorum without it"},
	    {"refused after a failed node: it stays refused",
		{.n_nodes = 2, .drain = true, .max_failed_nodes = 1},
		"n1 Scan, n2 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		" -> n2 ok a\n"
		"n2 Stage -> n2 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> n1 Failed\n"
		"n1 Scan -> n1 ok\n"
		"n1 Resume -> n1 ok\n"
		"n2 Suspend -> n2 refused\n"
		"Canceled",
		CAU_REFUSED, "n1 Failed 1 failed; n2 Canceled 1 canceled",
		"n2: no quorum without it"},
	    {"a stop came before it", {.n_nodes = 1, .drain = true},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> stop\n"
		" -> n1 refused\n"
		"Canceled",
		CAU_CANCELED, "n1 Canceled 1 canceled", "interrupted"},
	    {"skipped: the run goes on",
		{.n_nodes = 2,
		    .drain = true,
		    .retries = 2,
		    .suspend_retries = 2},
		"n1 Scan, n2 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		" -> n2 ok a\n"
		"n2 Stage -> n2 ok\n"
		"n1 Suspend -> n1 skipped\n"
		"n2 Suspend -> n2 ok\n"
		"n2 Install a -> n2 Succeeded\n"
		"n2 Scan -> n2 ok\n"
		"n2 Resume -> n2 ok\n"
		"PartiallyFailed",
		CAU_PARTIAL, "n1 Canceled 1 canceled; n2 Succeeded 1 succeeded",
		NULL},
	    {"skipped nodes have not failed", {.n_nodes = 4, .drain = true},
		"n1 Scan, n2 Scan, n3 Scan, n4 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		" -> n2 ok a\n"
		"n2 Stage -> n2 ok\n"
		" -> n3 ok a\n"
		"n3 Stage -> n3 ok\n"
		" -> n4 ok\n"
		"n1 Suspend -> n1 skipped\n"
		"n2 Suspend -> n2 skipped\n"
		"n3 Suspend -> n3 ok\n"
		"n3 Install a -> n3 Succeeded\n"
		"n3 Scan -> n3 ok\n"
		"n3 Resume -> n3 ok\n"
		"PartiallyFailed",
		CAU_PARTIAL,
		"n1 Canceled 1 canceled; n2 Canceled 1 canceled; "
		"n3 Succeeded 1 succeeded; n4 Succeeded",
		NULL},
	    {"all skipped", {.n_nodes = 2, .drain = true},
		"n1 Scan, n2 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		" -> n2 ok a\n"
		"n2 Stage -> n2 ok\n"
		"n1 Suspend -> n1 skipped\n"
		"n2 Suspend -> n2 skipped\n"
		"Failed",
		CAU_FAILED, "n1 Canceled 1 canceled; n2 Canceled 1 canceled",
		NULL},
	    {"skipped before the pre-update script: no script at all",
		{.n_nodes = 2, .drain = true, .pre = true, .post = true},
		"n1 Scan, n2 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		" -> n2 ok\n"
		"n1 PreUpdateScript -> n1 skipped\n"
		"PartiallyFailed",
		CAU_PARTIAL, "n1 Canceled 1 canceled; n2 Succeeded", NULL},
	    {"refused before the pre-update script",
		{.n_nodes = 1, .drain = true, .pre = true, .post = true},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 PreUpdateScript -> n1 refused\n"
		"Canceled",
		CAU_REFUSED, "n1 Canceled 1 canceled",
		"n1: no quorum without it"},
	    {"skipped after the pre-update script: the other one runs",
		{.n_nodes = 1, .drain = true, .pre = true, .post = true},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 PreUpdateScript -> n1 ok\n"
		"n1 Suspend -> n1 skipped\n"
		"n1 PostUpdateScript -> n1 ok\n"
		"Failed",
		CAU_FAILED, "n1 Canceled 1 canceled", NULL},
	    {"and its failure counts",
		{.n_nodes = 1,
		    .drain = true,
		    .pre = true,
		    .post = true,
		    .retries = 1},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 PreUpdateScript -> n1 ok\n"
		"n1 Suspend -> n1 refused\n"
		"n1 PostUpdateScript -> n1 failed\n"
		"Canceled",
		CAU_REFUSED, "n1 Failed 1 canceled",
		"n1: no quorum without it"},
	    {"skipped, and only a post-update script",
		{.n_nodes = 1, .drain = true, .post = true},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 skipped\n"
		"Failed",
		CAU_FAILED, "n1 Canceled 1 canceled", NULL},
	    {"the same in a further attempt",
		{.n_nodes = 1, .drain = true, .post = true, .retries = 1},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 failed\n"
		"n1 Resume -> n1 ok\n"
		"n1 PostUpdateScript -> n1 ok\n"
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 skipped\n"
		"Failed",
		CAU_FAILED, "n1 Canceled 1 canceled", NULL},
	    {"already: updated, restarted, not resumed",
		{.n_nodes = 2, .drain = true},
		"n1 Scan, n2 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		" -> n2 ok a\n"
		"n2 Stage -> n2 ok\n"
		"n1 Suspend -> n1 already\n"
		"n1 Install a -> n1 Succeeded reboot\n"
		"n1 Restart -> n1 ok\n"
		"n1 Scan -> n1 ok\n"
		"n2 Suspend -> n2 ok\n"
		"n2 Install a -> n2 Succeeded\n"
		"n2 Scan -> n2 ok\n"
		"n2 Resume -> n2 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 1 succeeded; n2 Succeeded 1 succeeded",
		NULL},
	    {"already, with scripts",
		{.n_nodes = 1, .drain = true, .pre = true, .post = true},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 PreUpdateScript -> n1 ok\n"
		"n1 Suspend -> n1 already\n"
		"n1 Install a -> n1 Succeeded\n"
		"n1 Scan -> n1 ok\n"
		"n1 PostUpdateScript -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 1 succeeded", NULL},
	    {"already, and a stop", {.n_nodes = 1, .drain = true},
		"n1 Scan -> n1 ok a b\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 already\n"
		"n1 Install a -> stop\n"
		" -> n1 Succeeded\n"
		"Canceled",
		CAU_CANCELED, "n1 PartiallyFailed 1 succeeded 1 canceled",
		"interrupted"},
	    {"already, and another attempt: is it still?",
		{.n_nodes = 1, .drain = true, .retries = 1},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 already\n"
		"n1 Install a -> n1 lost\n"
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> n1 Succeeded\n"
		"n1 Scan -> n1 ok\n"
		"n1 Resume -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 1 succeeded", NULL},
	    {"already, and a crash: is it still?",
		{.n_nodes = 1, .drain = true},
		"n1 Scan -> n1 ok a b\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 already\n"
		"n1 Install a -> recover\n"
		"n1 Install a -> n1 Succeeded\n"
		"n1 Suspend -> n1 already\n"
		"n1 Install b -> n1 Succeeded\n"
		"n1 Scan -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 2 succeeded", NULL},
	    {"already, and a crash before the restart",
		{.n_nodes = 1, .drain = true},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 already\n"
		"n1 Install a -> recover\n"
		"n1 Install a -> n1 Succeeded reboot\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Restart -> n1 ok\n"
		"n1 Scan -> n1 ok\n"
		"n1 Resume -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 1 succeeded", NULL},
	    {"already, and no restart after a crash",
		{.n_nodes = 1, .drain = true},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 already\n"
		"n1 Install a -> recover\n"
		"n1 Install a -> n1 Succeeded reboot\n"
		"n1 Suspend -> n1 refused\n"
		"Canceled",
		CAU_REFUSED, "n1 PartiallyFailed 1 succeeded pending",
		"n1: no quorum without it"},
	    {"already, said of what this run began",
		{.n_nodes = 1, .drain = true},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> recover\n"
		"n1 Suspend -> n1 already\n"
		"n1 Install a -> n1 Succeeded\n"
		"n1 Scan -> n1 ok\n"
		"n1 Resume -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 1 succeeded", NULL},
	    {"refused after a crash: the drain is undone",
		{.n_nodes = 2, .drain = true},
		"n1 Scan, n2 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		" -> n2 ok a\n"
		"n2 Stage -> n2 ok\n"
		"n1 Suspend -> recover\n"
		"n1 Suspend -> n1 refused\n"
		"n1 Resume -> n1 ok\n"
		"Canceled",
		CAU_REFUSED, "n1 Canceled 1 canceled; n2 Canceled 1 canceled",
		"n1: no quorum without it"},
	    {"skipped after a crash: the drain is undone",
		{.n_nodes = 1, .drain = true, .retries = 1},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> recover\n"
		"n1 Suspend -> n1 skipped\n"
		"n1 Resume -> n1 failed\n"
		"n1 Resume -> n1 ok\n"
		"Failed",
		CAU_FAILED, "n1 Canceled 1 canceled", NULL},
	    {"and what cannot be put back has failed",
		{.n_nodes = 1, .drain = true},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> recover\n"
		"n1 Suspend -> n1 refused\n"
		"n1 Resume -> n1 failed\n"
		"Canceled",
		CAU_REFUSED, "n1 Failed 1 canceled OUT",
		"n1: no quorum without it"},
	    {"and one that nobody can look at has failed, too",
		{.n_nodes = 1,
		    .drain = true,
		    .retries = 1,
		    .post = true,
		    .max_failed_nodes = 1},
		"n1 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> recover\n"
		"n1 Suspend -> n1 skipped\n"
		"n1 Resume -> n1 ok\n"
		"n1 PostUpdateScript -> n1 lost\n"
		"Failed",
		CAU_FAILED, "n1 Failed 1 canceled", NULL},
	    {"skipped after a plug-in failed: no further try",
		{.n_nodes = 1,
		    .n_plugins = 2,
		    .drain = true,
		    .retries = 1,
		    .max_failed_nodes = 1},
		"n1 Scan -> n1 ok a 2:b\n"
		"n1 Stage -> n1 ok !1\n"
		"n1 Suspend -> recover\n"
		"n1 Suspend -> n1 skipped\n"
		"n1 Resume -> n1 ok\n"
		"Failed",
		CAU_FAILED, "n1 Failed 2 canceled", NULL},
	    {"skipped in a further attempt",
		{.n_nodes = 1, .drain = true, .retries = 1},
		"n1 Scan -> n1 ok a b\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> n1 Succeeded\n"
		"n1 Install b -> n1 Succeeded\n"
		"n1 Scan -> n1 failed\n"
		"n1 Resume -> n1 ok\n"
		"n1 Scan -> n1 ok c\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 skipped\n"
		"PartiallyFailed",
		CAU_PARTIAL, "n1 PartiallyFailed 2 succeeded 1 canceled", NULL},
	    {"no restart of a node in service",
		{.n_nodes = 1, .n_plugins = 2, .drain = true, .retries = 2},
		"n1 Scan -> n1 ok a 2:b\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> n1 Succeeded reboot\n"
		"n1 Install b -> n1 lost\n"
		"n1 Scan -> n1 ok\n"
		"n1 Stage -> n1 failed\n"
		"n1 Resume -> n1 ok\n"
		"n1 Scan -> n1 ok !2\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Restart -> n1 ok\n"
		"n1 Resume -> n1 ok\n"
		"Failed",
		CAU_FAILED, "n1 PartiallyFailed 1 succeeded 1 failed",
		"MaxFailedNodesExceeded: 1 node failed, 0 allowed"},
	};

	(void)state;
	play_cases(cases, N_ELEMENTS(cases));
}

static void
test_plugins(void **state)
{
	static const struct run_case cases[] = {
	    {"one restart after all plug-ins", {.n_nodes = 1, .n_plugins = 2},
		"n1 Scan -> n1 ok a 2:b\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install a -> n1 Succeeded reboot\n"
		"n1 Install b -> n1 Succeeded reboot\n"
		"n1 Restart -> n1 ok\n"
		"n1 Scan -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 2 succeeded", NULL},
	    {"SeparateReboots",
		{.n_nodes = 1, .n_plugins = 2, .separate_reboots = true},
		"n1 Scan -> n1 ok a c 2:b\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install a -> n1 Succeeded reboot\n"
		"n1 Install c -> n1 Succeeded\n"
		"n1 Restart -> n1 ok\n"
		"n1 Install b -> n1 Succeeded reboot\n"
		"n1 Restart -> n1 ok\n"
		"n1 Scan -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 3 succeeded", NULL},
	    {"RunPluginsSerially",
		{.n_nodes = 1, .n_plugins = 3, .serially = true},
		"n1 Scan Microsoft.HotfixPlugin -> n1 ok a\n"
		"n1 Stage Microsoft.HotfixPlugin -> n1 ok\n"
		"n1 Scan P2 -> n1 ok\n"
		"n1 Scan P3 -> n1 ok 3:c\n"
		"n1 Stage P3 -> n1 ok\n"
		"n1 Install a -> n1 Succeeded\n"
		"n1 Install c -> n1 Succeeded\n"
		"n1 Scan Microsoft.HotfixPlugin -> n1 ok\n"
		"n1 Scan P2 -> n1 ok\n"
		"n1 Scan P3 -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 2 succeeded", NULL},
	    {"a plug-in that fails to scan: the others run",
		{.n_nodes = 1, .n_plugins = 2, .max_failed_nodes = 1},
		"n1 Scan -> n1 ok !1 2:b\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install b -> n1 Succeeded\n"
		"n1 Scan -> n1 ok\n"
		"PartiallyFailed",
		CAU_PARTIAL, "n1 PartiallyFailed 1 succeeded", NULL},
	    {"StopOnPluginFailure: those behind it do not",
		{.n_nodes = 1,
		    .n_plugins = 2,
		    .stop_on_failure = true,
		    .max_failed_nodes = 1},
		"n1 Scan -> n1 ok !1 2:b\n"
		"Failed",
		CAU_FAILED, "n1 Failed 1 canceled", NULL},
	    {"StopOnPluginFailure: they are not even scanned, one by one",
		{.n_nodes = 1,
		    .n_plugins = 3,
		    .serially = true,
		    .stop_on_failure = true,
		    .max_failed_nodes = 1},
		"n1 Scan Microsoft.HotfixPlugin -> n1 ok a\n"
		"n1 Stage Microsoft.HotfixPlugin -> n1 ok\n"
		"n1 Scan P2 -> n1 ok !2\n"
		"n1 Install a -> n1 Succeeded\n"
		"n1 Scan Microsoft.HotfixPlugin -> n1 ok\n"
		"PartiallyFailed",
		CAU_PARTIAL, "n1 PartiallyFailed 1 succeeded", NULL},
	    {"StopOnPluginFailure: nor when the one before fails to stage",
		{.n_nodes = 1,
		    .n_plugins = 2,
		    .serially = true,
		    .stop_on_failure = true,
		    .max_failed_nodes = 1},
		"n1 Scan Microsoft.HotfixPlugin -> n1 ok a\n"
		"n1 Stage Microsoft.HotfixPlugin -> n1 ok !1\n"
		"Failed",
		CAU_FAILED, "n1 Failed 1 canceled", NULL},
	    {"StopOnPluginFailure while installing",
		{.n_nodes = 1,
		    .n_plugins = 2,
		    .stop_on_failure = true,
		    .max_failed_nodes = 1},
		"n1 Scan -> n1 ok a 2:b\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install a -> n1 failed\n"
		"Failed",
		CAU_FAILED, "n1 Failed 1 failed 1 canceled", NULL},
	    {"without it the next plug-in installs",
		{.n_nodes = 1, .n_plugins = 2, .max_failed_nodes = 1},
		"n1 Scan -> n1 ok a 2:b\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install a -> n1 failed\n"
		"n1 Install b -> n1 Succeeded\n"
		"n1 Scan -> n1 ok\n"
		"PartiallyFailed",
		CAU_PARTIAL, "n1 PartiallyFailed 1 succeeded 1 failed", NULL},
	    {"a plug-in that failed is asked again in a further attempt",
		{.n_nodes = 1, .n_plugins = 2, .retries = 1},
		"n1 Scan -> n1 ok !1 2:b\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install b -> n1 Succeeded\n"
		"n1 Scan -> n1 ok !1\n"
		"n1 Scan -> n1 ok a 2:b\n"
		"n1 Stage -> n1 ok\n"
		"n1 Install a -> n1 Succeeded\n"
		"n1 Scan -> n1 ok\n"
		"Succeeded",
		CAU_OK, "n1 Succeeded 2 succeeded", NULL},
	};

	(void)state;
	play_cases(cases, N_ELEMENTS(cases));
}

static void
test_time(void **state)
{
	static const struct run_case cases[] = {
	    {"StopAfter: what runs is waited for",
		{.n_nodes = 2,
		    .drain = true,
		    .warn_after_ms = 3500,
		    .stop_after_ms = 4500},
		"n1 Scan, n2 Scan -> n1 ok a\n"
		"n1 Stage -> n1 ok\n"
		" -> n2 ok b\n"
		"n2 Stage -> n2 ok\n"
		"warned\n"
		"stopped\n"
		"Canceled",
		CAU_CANCELED, "n1 Canceled 1 canceled; n2 Canceled 1 canceled",
		"StopAfter: the run has taken longer than 4.5 s"},
	    {"stopped now: no restart is begun", {.n_nodes = 1, .drain = true},
		"n1 Scan -> n1 ok a b\n"
		"n1 Stage -> n1 ok\n"
		"n1 Suspend -> n1 ok\n"
		"n1 Install a -> now\n"
		" -> n1 Succeeded reboot\n"
		"n1 Resume -> n1 ok\n"
		"Canceled",
		CAU_CANCELED,
		"n1 PartiallyFailed 1 succeeded 1 canceled pending",
		"interrupted"},
	};

	(void)state;
	play_cases(cases, N_ELEMENTS(cases));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_runs),
	    cmocka_unit_test(test_restarts),
	    cmocka_unit_test(test_no_turn_any_more),
	    cmocka_unit_test(test_failures),
	    cmocka_unit_test(test_passes),
	    cmocka_unit_test(test_stop),
	    cmocka_unit_test(test_recovery),
	    cmocka_unit_test(test_same_job),
	    cmocka_unit_test(test_same_restart),
	    cmocka_unit_test(test_scripts_of_two_turns),
	    cmocka_unit_test(test_misfits),
	    cmocka_unit_test(test_bad_runs),
	    cmocka_unit_test(test_attempts),
	    cmocka_unit_test(test_scripts),
	    cmocka_unit_test(test_passed_over),
	    cmocka_unit_test(test_plugins),
	    cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
