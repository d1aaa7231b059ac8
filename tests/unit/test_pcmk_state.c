/* SPDX-License-Identifier: ISC */
/* What cau decides on what crm_mon says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include "pcmkdoc.h"

/* All that is decided on one node. */
static void
show_decisions(struct buf *b, const struct pcmk *p, const struct pcmk_ask *ask,
    struct arena *a)
{
	static const char *const kinds[] = {"leaving", "kept", "stuck"};
	struct pcmk_refusal *refusals;
	struct pcmk_failed *failed;
	struct pcmk_drain d;
	const char *why;
	size_t i, n;

	buf_addf(b, "%s: ", ask->node);
	if (pcmk_is_back(p, ask->node, &why, a))
		buf_addstr(b, "back");
	else
		buf_addf(b, "not back, %s", why);
	pcmk_drain_state(&d, p, ask->node, a);
	buf_addf(b, "; %zu leaving, %zu kept, %zu stuck\n", d.n_leaving,
	    d.n_kept, d.n_stuck);
	for (i = 0; i < d.n; i++)
		buf_addf(b, "%s: %s\n", kinds[d.left[i].kind], d.left[i].text);
	n = pcmk_failed_on(p, ask->node, &failed, a);
	for (i = 0; i < n; i++)
		buf_addf(b, "failed: %s\n", failed[i].text);
	n = pcmk_refusals(p, ask, &refusals, a);
	for (i = 0; i < n; i++)
		buf_addf(b, "refused %d: %s\n", (int)refusals[i].kind,
		    refusals[i].text);
}

static void
check_ask(const struct pcmk *p, const struct pcmk_ask *ask, struct arena *a,
    const char *expected)
{
	struct buf out = BUF_INIT;

	show_decisions(&out, p, ask, a);
	assert_string_equal(out.data, expected);
	buf_release(&out);
}

static void
check_decisions(const char *sample, const char *node, const char *expected)
{
	struct pcmk_ask ask = {.node = node, .max_unavailable = 1};
	struct arena a = ARENA_INIT;
	struct pcmk p;

	pcmk_load(&p, sample, &a);
	check_ask(&p, &ask, &a, expected);
	arena_release(&a);
}

static void
test_decisions(void **state)
{
	(void)state;
	check_decisions("all-online", "n2",
	    "n2: back; 2 leaving, 0 kept, 0 stuck\n"
	    "leaving: d2 runs there\n"
	    "leaving: c1 runs there\n");
	check_decisions("cluster-maintenance", "n2",
	    "n2: back; 0 leaving, 2 kept, 0 stuck\n"
	    "kept: d2 is in maintenance mode\n"
	    "kept: c1 is in maintenance mode\n"
	    "refused 5: the cluster is in maintenance mode, nothing would "
	    "move: end it with crm_attribute -n maintenance-mode -D\n");
	check_decisions("failed-blocked", "n3",
	    "n3: back; 2 leaving, 0 kept, 0 stuck\n"
	    "leaving: d3 runs there\n"
	    "leaving: c1 runs there\n"
	    "refused 11: failed resources: blk: monitor failed on n2 (not "
	    "running); repair, then crm_resource --cleanup -r blk\n");
	check_decisions("failed-op-recovered", "n1",
	    "n1: back; 4 leaving, 0 kept, 0 stuck\n"
	    "leaving: d1 runs there\n"
	    "leaving: g1a runs there\n"
	    "leaving: vip runs there\n"
	    "leaving: c1 runs there\n"
	    "failed: d1: asyncmon failed on n1 (error: Simulated failure)\n"
	    "refused 11: failed resources: d1: asyncmon failed on n1 (error: "
	    "Simulated failure); repair, then crm_resource --cleanup -r d1\n");
	check_decisions("failed-resource", "n2",
	    "n2: back; 2 leaving, 0 kept, 0 stuck\n"
	    "leaving: d2 runs there\n"
	    "leaving: c1 runs there\n"
	    "failed: bad: start failed on n2 (not installed: environment is "
	    "invalid, resource considered stopped)\n"
	    "refused 11: failed resources: bad: start failed on n1 (not "
	    "installed: environment is invalid, resource considered stopped); "
	    "repair, then crm_resource --cleanup -r bad\n");
	check_decisions("no-quorum", "n1",
	    "n1: back; 0 leaving, 0 kept, 0 stuck\n"
	    "refused 4: the cluster has no quorum: bring more of its nodes "
	    "online\n"
	    "refused 10: with n1, 3 nodes would be away, 1 may be: bring n2 "
	    "(offline), n3 (offline) back, or raise --max-unavailable\n");
	check_decisions("no-quorum", "n2",
	    "n2: not back, n2 is offline; 0 leaving, 0 kept, 0 stuck\n"
	    "refused 1: n2 is offline: start its cluster stack\n"
	    "refused 4: the cluster has no quorum: bring more of its nodes "
	    "online\n"
	    "refused 10: with n2, 2 nodes would be away, 1 may be: bring n3 "
	    "(offline) back, or raise --max-unavailable\n");
	check_decisions("node-maintenance", "n2",
	    "n2: back; 2 leaving, 0 kept, 0 stuck\n"
	    "leaving: d2 runs there\n"
	    "leaving: c1 runs there\n"
	    "refused 10: with n2, 2 nodes would be away, 1 may be: bring n3 "
	    "(maintenance) back, or raise --max-unavailable\n");
	check_decisions("node-maintenance", "n3",
	    "n3: not back, n3 is in maintenance mode; 0 leaving, 0 kept, 0 "
	    "stuck\n"
	    "refused 2: n3 is in maintenance mode, set by somebody else: end "
	    "it with crm_attribute -N n3 -n maintenance -D\n");
	check_decisions("one-crashed", "n2",
	    "n2: back; 2 leaving, 0 kept, 0 stuck\n"
	    "leaving: d2 runs there\n"
	    "leaving: c1 runs there\n"
	    "refused 7: unclean: n3; have it fenced, or confirm that it is "
	    "off: stonith_admin --confirm NODE\n");
	check_decisions("one-crashed", "n3",
	    "n3: not back, n3 is unclean; 0 leaving, 0 kept, 0 stuck\n"
	    "refused 1: n3 is unclean: have it fenced and started again\n");
	check_decisions("one-offline", "n2",
	    "n2: not back, n2 is offline; 0 leaving, 0 kept, 0 stuck\n"
	    "refused 1: n2 is offline: start its cluster stack\n"
	    "refused 2: n2 is in standby, set by somebody else: end it with "
	    "crm_standby -N n2 -D\n");
	check_decisions("one-offline", "n3",
	    "n3: back; 3 leaving, 0 kept, 0 stuck\n"
	    "leaving: d2 runs there\n"
	    "leaving: d3 runs there\n"
	    "leaving: c1 runs there\n"
	    "refused 10: with n3, 2 nodes would be away, 1 may be: bring n2 "
	    "(offline) back, or raise --max-unavailable\n");
	check_decisions("one-pending", "n1",
	    "n1: back; 4 leaving, 0 kept, 0 stuck\n"
	    "leaving: d1 runs there\n"
	    "leaving: g1a runs there\n"
	    "leaving: vip runs there\n"
	    "leaving: c1 runs there\n"
	    "refused 8: still joining: n2; wait until it is online\n");
	check_decisions("one-pending", "n2",
	    "n2: not back, n2 is still joining; 0 leaving, 0 kept, 0 stuck\n"
	    "refused 1: n2 is still joining: wait until that is over\n");
	check_decisions("one-standby", "n2",
	    "n2: not back, n2 is in standby; 0 leaving, 0 kept, 0 stuck\n"
	    "refused 2: n2 is in standby, set by somebody else: end it with "
	    "crm_standby -N n2 -D\n");
	check_decisions("one-standby", "n3",
	    "n3: back; 3 leaving, 0 kept, 0 stuck\n"
	    "leaving: d2 runs there\n"
	    "leaving: d3 runs there\n"
	    "leaving: c1 runs there\n"
	    "refused 10: with n3, 2 nodes would be away, 1 may be: bring n2 "
	    "(standby) back, or raise --max-unavailable\n");
	check_decisions("one-unclean", "n3",
	    "n3: not back, n3 is unclean; 3 leaving, 0 kept, 0 stuck\n"
	    "leaving: d2 runs there\n"
	    "leaving: c1 runs there\n"
	    "leaving: fl runs there\n"
	    "refused 1: n3 is unclean: have it fenced and started again\n");
	check_decisions("standby-drain-stuck", "n2",
	    "n2: not back, n2 is in standby; 0 leaving, 0 kept, 1 stuck\n"
	    "stuck: blk is stuck: monitor failed on n2 (not running)\n"
	    "failed: blk: monitor failed on n2 (not running)\n"
	    "refused 2: n2 is in standby, set by somebody else: end it with "
	    "crm_standby -N n2 -D\n"
	    "refused 11: failed resources: blk: monitor failed on n2 (not "
	    "running); repair, then crm_resource --cleanup -r blk\n");
	check_decisions("under-way", "n1",
	    "n1: not back, starting is Starting; 3 leaving, 0 kept, 1 stuck\n"
	    "leaving: starting is Starting\n"
	    "leaving: migrating is Migrating\n"
	    "stuck: stopfail is stuck: stop failed on n1 (Error: cannot "
	    "&lt;stop&gt;)\n"
	    "leaving: multi runs there\n"
	    "failed: stopfail: stop failed on n1 (Error: cannot &lt;stop&gt;)\n"
	    "refused 10: with n1, 3 nodes would be away, 1 may be: bring n3 "
	    "(standby), n4 (shutting down) back, or raise --max-unavailable\n"
	    "refused 11: failed resources: stopfail: stop failed on n1 (Error: "
	    "cannot &lt;stop&gt;), sbfail: monitor failed on n3 (not running); "
	    "repair, then crm_resource --cleanup -r RESOURCE\n");
	check_decisions("under-way", "n2",
	    "n2: not back, stopping is Stopping; 2 leaving, 0 kept, 0 stuck\n"
	    "leaving: stopping is Stopping\n"
	    "leaving: multi runs there\n"
	    "refused 10: with n2, 3 nodes would be away, 1 may be: bring n3 "
	    "(standby), n4 (shutting down) back, or raise --max-unavailable\n"
	    "refused 11: failed resources: stopfail: stop failed on n1 (Error: "
	    "cannot &lt;stop&gt;), sbfail: monitor failed on n3 (not running); "
	    "repair, then crm_resource --cleanup -r RESOURCE\n");
	check_decisions("under-way", "n3",
	    "n3: not back, n3 is in standby after a failure; 1 leaving, 0 "
	    "kept, 0 stuck\n"
	    "leaving: sbfail runs there\n"
	    "failed: sbfail: monitor failed on n3 (not running)\n"
	    "refused 2: n3 is in standby because a resource failed there: "
	    "repair it, then crm_resource --cleanup --node n3\n"
	    "refused 10: with n3, 2 nodes would be away, 1 may be: bring n4 "
	    "(shutting down) back, or raise --max-unavailable\n"
	    "refused 11: failed resources: stopfail: stop failed on n1 (Error: "
	    "cannot &lt;stop&gt;), sbfail: monitor failed on n3 (not running); "
	    "repair, then crm_resource --cleanup -r RESOURCE\n");
	check_decisions("under-way", "n4",
	    "n4: not back, n4 is shutting down; 0 leaving, 0 kept, 0 stuck\n"
	    "refused 1: n4 is shutting down: wait until that is over\n"
	    "refused 10: with n4, 2 nodes would be away, 1 may be: bring n3 "
	    "(standby) back, or raise --max-unavailable\n"
	    "refused 11: failed resources: stopfail: stop failed on n1 (Error: "
	    "cannot &lt;stop&gt;), sbfail: monitor failed on n3 (not running); "
	    "repair, then crm_resource --cleanup -r RESOURCE\n");
	check_decisions("all-online", "nowhere",
	    "nowhere: not back, nowhere is not known to the cluster; 0 "
	    "leaving, 0 kept, 0 stuck\n"
	    "refused 0: the cluster knows no node nowhere: see crm_node -l\n");
}

#define ONLINE(name)   "<node name='" name "' online='true'/>"
#define NODE(name, is) "<node name='" name "' online='true' " is "='true'/>"
#define DOWN(name)     "<node name='" name "' online='false'/>"

static void
check_doc_ask(const char *doc, const struct pcmk_ask *ask, const char *expected)
{
	struct arena a = ARENA_INIT;
	struct pcmk p;
	struct err e;

	if (pcmk_parse(&p, doc, strlen(doc), &a, &e) == -1)
		fail_msg("%s", e.text);
	check_ask(&p, ask, &a, expected);
	arena_release(&a);
}

static void
test_two_nodes(void **state)
{
	struct pcmk_ask ask = {.node = "a", .max_unavailable = 1};

	(void)state;
	check_doc_ask(DOC(A ONLINE("b"), ""), &ask,
	    "a: back; 0 leaving, 0 kept, 0 stuck\n");
	/* Whatever may be away. */
	ask.max_unavailable = 2;
	check_doc_ask(DOC(A DOWN("b"), ""), &ask,
	    "a: back; 0 leaving, 0 kept, 0 stuck\n"
	    "refused 9: b is down and a is the last of two nodes: bring the "
	    "other one back first\n");
	/* A remote node is no third member, but may be away. */
	check_doc_ask(
	    DOC(A ONLINE("b") "<node name='r' online='false' type='remote'/>",
		""),
	    &ask, "a: back; 0 leaving, 0 kept, 0 stuck\n");
	ask.max_unavailable = 1;
	check_doc_ask(
	    DOC(A ONLINE("b") "<node name='r' online='false' type='remote'/>"
			      "<node name='g' online='false' type='remote' "
			      "id_as_resource='vm'/>",
		""),
	    &ask,
	    "a: back; 0 leaving, 0 kept, 0 stuck\n"
	    "refused 10: with a, 2 nodes would be away, 1 may be: bring r "
	    "(offline) back, or raise --max-unavailable\n");
}

static void
test_away(void **state)
{
	struct pcmk_ask ask = {.node = "a", .max_unavailable = 2};

	(void)state;
	check_doc_ask(DOC(A NODE("b", "standby") ONLINE("c"), ""), &ask,
	    "a: back; 0 leaving, 0 kept, 0 stuck\n");
	check_doc_ask(DOC(A NODE("b", "standby_onfail") NODE("c", "shutdown")
			      NODE("d", "maintenance") DOWN("e"),
			  ""),
	    &ask,
	    "a: back; 0 leaving, 0 kept, 0 stuck\n"
	    "refused 10: with a, 5 nodes would be away, 2 may be: bring b "
	    "(standby), c (shutting down), d (maintenance), e (offline) back, "
	    "or raise --max-unavailable\n");
	check_doc_ask(
	    DOC(A DOWN("1") DOWN("2") DOWN("3") DOWN("4") DOWN("5") DOWN("6")
		    DOWN("7") DOWN("8") DOWN("9") DOWN("10"),
		""),
	    &ask,
	    "a: back; 0 leaving, 0 kept, 0 stuck\n"
	    "refused 10: with a, 11 nodes would be away, 2 may be: bring 1 "
	    "(offline), 2 (offline), 3 (offline), 4 (offline), 5 (offline), 6 "
	    "(offline), 7 (offline), 8 (offline) and 2 more back, or raise "
	    "--max-unavailable\n");
}

static void
test_ours(void **state)
{
	struct pcmk_ask ask = {.node = "b", .max_unavailable = 1, .ours = true};

	(void)state;
	check_doc_ask(DOC(A NODE("b", "standby"), ""), &ask,
	    "b: not back, b is in standby; 0 leaving, 0 kept, 0 stuck\n");
	/* The cluster's, or both; either way it is out already. */
	check_doc_ask(DOC(A "<node name='b' online='true' standby='true' "
			    "standby_onfail='true'/>",
			  ""),
	    &ask,
	    "b: not back, b is in standby after a failure; 0 leaving, 0 kept, "
	    "0 stuck\n");
	check_doc_ask(DOC(A NODE("b", "shutdown"), ""), &ask,
	    "b: not back, b is shutting down; 0 leaving, 0 kept, 0 stuck\n"
	    "refused 1: b is shutting down: wait until that is over\n");
}

#define RESOURCES(r) "<resources>" r "</resources>"
#define RUNS(id, how)                                                       \
	"<resource id='" id "' role='Started' active='true' " how "><node " \
	"name='a'/></resource>"

static void
test_resources(void **state)
{
	struct pcmk_ask ask = {
	    .node = "a", .max_unavailable = 1, .allow_failed = true};

	(void)state;
	check_doc_ask(
	    DOC(A,
		RESOURCES(RUNS("r", "pending='Stopping'") RUNS(
		    "u", "managed='false'") RUNS("m",
		    "managed='false' maintenance='true'") RUNS("f",
		    "failed='true'") RUNS("s", "failed='true' managed='false'")
			RUNS("b", "blocked='true'")
			    RUNS("i", "failed='true' failure_ignored='true'"))),
	    &ask,
	    "a: not back, r is Stopping; 3 leaving, 2 kept, 2 stuck\n"
	    "leaving: r is Stopping\n"
	    "kept: u is unmanaged\n"
	    "kept: m is in maintenance mode\n"
	    "leaving: f runs there\n"
	    "stuck: s is stuck: it failed\n"
	    "stuck: b is stuck: it is blocked\n"
	    "leaving: i runs there\n"
	    "failed: f: failed on a\n"
	    "failed: s: failed on a\n"
	    "failed: b: blocked on a\n");
	ask.allow_failed = false;
	/* Stopped on purpose, ignored, or well again is not failed; two
	 * instances of one clone are one. */
	check_doc_ask(
	    DOC(A,
		RESOURCES("<resource id='off' role='Stopped' "
			  "target_role='Stopped'/><resource id='c' "
			  "role='Stopped'/><resource id='c' role='Stopped'/>"
			  "<resource id='x:1' role='Stopped'/>" RUNS("i",
			      "failed='true' failure_ignored='true'") RUNS("w",
			      "")) "<failures><failure "
				   "op_key='off_start_0' node='a'/><failure "
				   "op_key='c_start_0' "
				   "node='a' status='Timed Out' "
				   "exitreason='&#x9b;1m'/><failure "
				   "op_key='w_start_0' node='a'/><failure "
				   "op_key='x_start_0' "
				   "node='z' exitstatus='error'/></failures>"),
	    &ask,
	    "a: back; 2 leaving, 0 kept, 0 stuck\n"
	    "leaving: i runs there\n"
	    "leaving: w runs there\n"
	    "failed: c: start failed on a (Timed Out: \\xc2\\x9b1m)\n"
	    "refused 11: failed resources: c: start failed on a (Timed Out: "
	    "\\xc2\\x9b1m), x:1: start failed on z (error); repair, then "
	    "crm_resource --cleanup -r RESOURCE\n");
}

/* A failure of one instance is not one of another. */
static void
test_instances(void **state)
{
	struct pcmk_ask ask = {.node = "a", .max_unavailable = 1};

	(void)state;
	check_doc_ask(
	    DOC(A, RESOURCES(RUNS("u:0",
		       "") "<resource id='u:1' "
			   "role='Stopped'/><resource "
			   "id='v' role='Stopped'/>") "<failures><failure "
						      "op_key='u:1_start_0' "
						      "node='a'/>"
						      "<failure "
						      "op_key='v:3_start_0' "
						      "node='a'/><failure "
						      "op_key='gone_start_0' "
						      "node='a'/><failure "
						      "id='odd' node='a'/>"
						      "</failures>"),
	    &ask,
	    "a: back; 1 leaving, 0 kept, 0 stuck\n"
	    "leaving: u:0 runs there\n"
	    "failed: u:1: start failed on a (unknown)\n"
	    "failed: v: start failed on a (unknown)\n"
	    "failed: gone: start failed on a (unknown)\n"
	    "failed: odd: an operation failed on a (unknown)\n"
	    "refused 11: failed resources: u:1: start failed on a (unknown), "
	    "v: start failed on a (unknown); repair, then crm_resource "
	    "--cleanup -r RESOURCE\n");
}

static void
test_settled(void **state)
{
	static const struct {
		const char *doc, *why;
	} cases[] = {{DOC(A, RESOURCES(RUNS("r", ""))), ""},
	    {DOC(A, RESOURCES("<resource id='r' role='Stopped' "
			      "pending='Starting'/>")),
		"r is Starting"},
	    {DOC(A, RESOURCES("<resource id='r' role='Migrating'/>")),
		"r is Migrating"}};
	struct arena a = ARENA_INIT;
	const char *why;
	struct pcmk p;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(
		    pcmk_parse(&p, cases[i].doc, strlen(cases[i].doc), &a, &e),
		    0);
		assert_int_equal(
		    pcmk_is_settled(&p, &why, &a), *cases[i].why == '\0');
		assert_string_equal(why, cases[i].why);
		/* Not a matter of the node: it does not run there. */
		assert_true(pcmk_is_back(&p, "a", &why, &a));
	}
	assert_false(pcmk_has_joined(&p, "x\n", &why, &a));
	assert_string_equal(why, "x\\n is not known to the cluster");
	arena_release(&a);
}

static void
test_order(void **state)
{
	struct arena a = ARENA_INIT;
	const struct pcmk_node **list;
	struct buf out = BUF_INIT;
	struct pcmk p;
	size_t i, n;

	(void)state;
	pcmk_load(&p, "all-kinds", &a);
	n = pcmk_node_order(&p, &list, &a);
	for (i = 0; i < n; i++)
		buf_addf(&out, "%s %zu ", list[i]->name,
		    pcmk_count_running(&p, list[i]->name));
	assert_string_equal(out.data, "rem1 5 n2 8 n3 8 n1 12 ");
	buf_release(&out);
	arena_release(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_decisions),
	    cmocka_unit_test(test_two_nodes),
	    cmocka_unit_test(test_away),
	    cmocka_unit_test(test_ours),
	    cmocka_unit_test(test_resources),
	    cmocka_unit_test(test_instances),
	    cmocka_unit_test(test_settled),
	    cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
