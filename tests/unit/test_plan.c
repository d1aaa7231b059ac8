/* SPDX-License-Identifier: ISC */
/* What a run would do: as text, sealed and compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"

static const char *const no_words[] = {NULL};
static struct run_node run_nodes[] = {{"n1", "n1", false},
    {"n2", "10.0.0.2", false}, {"n3", "n3", false}, {"n4", "n4", false}};
static struct run_plugin run_plugins[] = {{"Microsoft.HotfixPlugin", "A=B"}};
static const char *refusals[] = {"db has nowhere to go"};
static const char *const with[] = {"n2", "n4", NULL};
static struct simulate_move moves[] = {
    {SIMULATE_MOVES, "vip", "", false, "n1", "n2", "", "vip moves to n2"},
    {SIMULATE_STOPS, "db", "", false, "n1", "", "", "db has nowhere to go"}};
static struct update updates[] = {
    {.id = "a", .path = "all/a.sh", .version = "1", .sha256 = "00"},
    {.id = "b",
	.path = "all/b.deb",
	.version = "",
	.sha256 = "11",
	.restart = UPDATE_RESTART_NEVER},
    {.id = "c",
	.path = "",
	.version = "2",
	.sha256 = "",
	.installed = true,
	.restart = UPDATE_RESTART_EXPECTED}};

struct sample {
	struct run_info run;
	struct event scans[4];
	struct plan_node nodes[4];
	struct plan plan;
};

static void
make_sample(struct sample *s)
{
	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < 3; i++) {
		updates[i].plugin = "p";
		updates[i].title = updates[i].description = updates[i].rule =
		    updates[i].kb = updates[i].reason = "";
	}
	s->run = (struct run_info){.run_id = "",
	    .cluster_type = "pacemaker",
	    .cluster_name = "lab",
	    .nodes = run_nodes,
	    .n_nodes = 4,
	    .plugins = run_plugins,
	    .n_plugins = 1,
	    .digest = "Microsoft.HotfixPlugin aa;PreUpdateScript bb;",
	    .rsh = no_words,
	    .suspend_command = no_words,
	    .resume_command = no_words,
	    .max_unavailable = 1};
	s->plan =
	    (struct plan){.run = &s->run, .config = "0.15", .nodes = s->nodes};
	for (size_t i = 0; i < 4; i++) {
		s->nodes[i].node = &run_nodes[i];
		s->nodes[i].scan = &s->scans[i];
	}
	s->scans[0].scan.updates = s->scans[2].scan.updates = updates;
	s->scans[0].scan.n_updates = s->scans[2].scan.n_updates = 3;
	s->nodes[0].moves = moves;
	s->nodes[0].n_moves = 2;
	s->nodes[0].refusals = refusals;
	s->nodes[0].n_refusals = 1;
	s->nodes[0].proven = true;
	s->nodes[0].proof = (struct proof){"n1", 1, false, with, "vip"};
	s->nodes[0].votes = 2;
	s->nodes[2].proven = true;
	s->nodes[2].proof = (struct proof){"n3", 1, true, NULL, NULL};
	s->nodes[2].votes = 2;
	s->nodes[3].skipped = "n4 is in standby";
	s->plan.refused = true;
}

static void
test_text(void **state)
{
	struct buf b = BUF_INIT;
	struct sample s;

	(void)state;
	make_sample(&s);
	plan_to_text(&b, &s.plan);
	assert_string_equal(b.data,
	    "The nodes would be updated in this order, 1 at a time:\n"
	    "1. n1: 2 to install, whether it restarts is not known yet\n"
	    "     all/a.sh  1\n"
	    "     all/b.deb\n"
	    "   out of service by standby\n"
	    "     vip moves to n2\n"
	    "     db has nowhere to go\n"
	    "   while it is away, 1 more may fail (votes: 2; resources: 1, "
	    "without n2, n4 too, vip stops)\n"
	    "   REFUSED: db has nowhere to go\n"
	    "2. n2: nothing to install, it stays in service\n"
	    "3. n3: 2 to install, whether it restarts is not known yet\n"
	    "     all/a.sh  1\n"
	    "     all/b.deb\n"
	    "   out of service by standby\n"
	    "   while it is away, at least 1 more may fail (votes: 2; "
	    "resources: at least 1)\n"
	    "4. n4: skipped: n4 is in standby\n"
	    "Where resources move to is said for each node by itself, from "
	    "where they are now.\n"
	    "A run would be refused.\n");
	buf_release(&b);
}

static void
test_seal(void **state)
{
	json_t *doc, *again;
	struct sample s;
	struct err e;
	char *text, *at;

	(void)state;
	make_sample(&s);
	doc = plan_to_json(&s.plan, 0);
	plan_seal(doc);
	text = json_dumps(doc, JSON_INDENT(1));
	again = plan_open(text, strlen(text), &e);
	assert_true(json_equal(doc, again));
	json_decref(again);
	at = strstr(text, "\"0.15\"");
	assert_non_null(at);
	at[4] = '6';
	assert_null(plan_open(text, strlen(text), &e));
	assert_int_equal(e.code, CAU_REFUSED);
	assert_null(plan_open(text, strlen(text) / 2, &e));
	assert_int_equal(e.code, CAU_USAGE);
	assert_null(plan_open("[1]", 3, &e));
	assert_int_equal(e.code, CAU_USAGE);
	free(text);
	json_decref(doc);
}

/* What differs between the sample and now. */
static void
check_drift(
    const struct sample *was, const struct sample *now, const char *expected)
{
	json_t *a = plan_to_json(&was->plan, 0);
	json_t *b = plan_to_json(&now->plan, 1000);
	struct buf lines = BUF_INIT;
	size_t n = 0;

	for (const char *p = expected; *p != '\0'; p++)
		n += *p == '\n';
	assert_int_equal(plan_drift(&lines, a, b), n);
	assert_string_equal(lines.data, expected);
	buf_release(&lines);
	json_decref(a);
	json_decref(b);
}

static void
test_drift(void **state)
{
	struct run_node other[] = {{"n1", "n1", false},
	    {"n3", "10.0.0.3", false}, {"n5\n", "n5", false}};
	struct update changed[] = {updates[0], updates[1], updates[2]};
	struct sample was, now;

	(void)state;
	make_sample(&was);
	make_sample(&now);
	/* What moves where, and whether it is refused, is no drift. */
	now.nodes[0].n_moves = 0;
	now.nodes[3].skipped = NULL;
	check_drift(&was, &now, "");

	memcpy(changed, updates, sizeof(changed));
	changed[0].version = "2";
	changed[1].sha256 = "22";
	changed[2].installed = false;
	now.scans[0].scan.updates = changed;
	now.scans[2].scan.n_updates = 1;
	now.scans[3].outcome = OUTCOME_LOST;
	now.scans[3].error = "no answer\033";
	now.plan.config = "0.16";
	now.run.max_unavailable = 2;
	now.run.digest = "Microsoft.HotfixPlugin aa;PreUpdateScript cc;";
	check_drift(&was, &now,
	    "the configuration of the cluster was changed: version 0.16, "
	    "planned with 0.15\n"
	    "option max_unavailable: 2, planned as 1\n"
	    "PreUpdateScript: the script was changed\n"
	    "n1: all/a.sh has version 2, planned with 1\n"
	    "n1: all/b.deb has other contents\n"
	    "n1: c is new\n"
	    "n3: all/b.deb is not to be installed any more\n"
	    "n4: it cannot be scanned: no answer\\x1b\n");

	make_sample(&now);
	now.run.nodes = other;
	now.run.n_nodes = 3;
	now.run.cluster_name = "test";
	now.nodes[1].scan = &now.scans[2];
	check_drift(&was, &now,
	    "another cluster: pacemaker test, planned for pacemaker lab\n"
	    "n5\\n: this node is not in the plan\n"
	    "n2: this node of the plan is gone\n"
	    "n4: this node of the plan is gone\n"
	    "n3: its address is 10.0.0.3, planned with n3\n");
}

static void
test_order(void **state)
{
	struct run_node nodes[] = {{"n9", "", false}, {"n4", "", false},
	    {"N2", "", false}, {"n8", "", false}, {"n1", "", false}};
	static const char *const expected[] = {"n1", "N2", "n4", "n9", "n8"};
	struct sample s;
	json_t *doc;

	(void)state;
	make_sample(&s);
	doc = plan_to_json(&s.plan, 0);
	plan_order(doc, nodes, 5);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(nodes[i].name, expected[i]);
	plan_order(doc, nodes, 0);
	json_decref(doc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_seal),
	    cmocka_unit_test(test_drift),
	    cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
