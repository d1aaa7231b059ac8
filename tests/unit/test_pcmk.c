/* SPDX-License-Identifier: ISC */
/* What crm_mon says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include "pcmkdoc.h"

static void
show_flag(struct buf *b, bool flag, const char *name)
{
	if (flag)
		buf_addf(b, " %s", name);
}

static void
show_cluster(struct buf *b, const struct pcmk *p)
{
	buf_addf(b, "api %s version %s dc %s policy %s", p->api_version,
	    p->version, p->dc, p->no_quorum_policy);
	show_flag(b, p->with_quorum, "quorum");
	show_flag(b, p->maintenance_mode, "maintenance");
	show_flag(b, p->stonith_enabled, "stonith");
	show_flag(b, p->stop_all_resources, "stop-all");
	show_flag(b, p->symmetric, "symmetric");
	show_flag(b, p->has_attributes, "attributes");
	buf_addc(b, '\n');
}

static void
show_node(struct buf *b, const struct pcmk_node *n)
{
	static const char *const types[] = {
	    "member", "remote", "guest", "other"};
	size_t i;

	buf_addf(b, "%s %s (%s):", types[n->type], n->name, n->id);
	show_flag(b, n->online, "online");
	show_flag(b, n->standby, "standby");
	show_flag(b, n->standby_onfail, "standby_onfail");
	show_flag(b, n->maintenance, "maintenance");
	show_flag(b, n->pending, "pending");
	show_flag(b, n->unclean, "unclean");
	show_flag(b, n->shutdown, "shutdown");
	show_flag(b, n->expected_up, "up");
	show_flag(b, n->is_dc, "dc");
	buf_addf(b, " %s %s %zu %s", n->health, n->feature_set,
	    n->resources_running, n->container);
	for (i = 0; i < n->n_attrs; i++)
		buf_addf(b, " %s=%s", n->attrs[i].name, n->attrs[i].value);
	buf_addc(b, '\n');
}

static void
show_resource(struct buf *b, const struct pcmk_resource *r)
{
	size_t i;

	buf_addf(b, "%s%s%s %s %s", r->path, *r->path == '\0' ? "" : "/", r->id,
	    r->agent, r->role);
	if (*r->target_role != '\0')
		buf_addf(b, " target=%s", r->target_role);
	if (*r->pending != '\0')
		buf_addf(b, " pending=%s", r->pending);
	show_flag(b, !r->active, "inactive");
	show_flag(b, r->promotable, "promotable");
	show_flag(b, r->orphaned, "orphaned");
	show_flag(b, r->blocked, "blocked");
	show_flag(b, !r->managed, "unmanaged");
	show_flag(b, r->maintenance, "maintenance");
	show_flag(b, r->failed, "failed");
	show_flag(b, r->failure_ignored, "ignored");
	buf_addstr(b, ":");
	for (i = 0; i < r->n_nodes; i++)
		buf_addf(b, " %s", r->nodes[i]);
	buf_addc(b, '\n');
}

static void
show_rest(struct buf *b, const struct pcmk *p)
{
	const struct pcmk_failure *f;
	size_t i;

	for (i = 0; i < p->n_failures; i++) {
		f = &p->failures[i];
		buf_addf(b, "failure %s %s of %s on %s: %s %d %s (%s) %s\n",
		    f->op_key, f->task, f->resource, f->node, f->status, f->rc,
		    f->rc_text, f->reason, f->when);
	}
	for (i = 0; i < p->n_bans; i++)
		buf_addf(b, "ban %s %s from %s %d%s\n", p->bans[i].id,
		    p->bans[i].resource, p->bans[i].node, p->bans[i].weight,
		    p->bans[i].promoted_only ? " promoted" : "");
}

static void
show(struct buf *b, const struct pcmk *p)
{
	size_t i;

	show_cluster(b, p);
	for (i = 0; i < p->n_nodes; i++)
		show_node(b, &p->nodes[i]);
	for (i = 0; i < p->n_resources; i++)
		show_resource(b, &p->resources[i]);
	show_rest(b, p);
}

static void
check_sample(const char *sample, const char *expected)
{
	struct arena a = ARENA_INIT;
	struct buf out = BUF_INIT;
	struct pcmk p;

	pcmk_load(&p, sample, &a);
	show(&out, &p);
	assert_string_equal(out.data, expected);
	buf_release(&out);
	arena_release(&a);
}

static void
test_parsed(void **state)
{
	(void)state;
	check_sample("all-kinds",
	    "api 2.25 version  dc n1 policy stop quorum symmetric attributes\n"
	    "guest guest1 (guest1): online green  5 vm1\n"
	    "member n1 (1): online up dc green <3.15.1 12  master-s=10 "
	    "site=a\\nb\n"
	    "member n2 (2): online up green <3.15.1 8  master-s=5\n"
	    "member n3 (3): online up green <3.15.1 8 \n"
	    "remote rem1 (rem1): online green  5 \n"
	    "guest web-0 (web-0): online green  1 web-podman-0\n"
	    "guest web-1 (web-1): online green  1 web-podman-1\n"
	    "d1 ocf:pacemaker:Dummy Started: n1\n"
	    "unm ocf:pacemaker:Dummy Stopped inactive unmanaged:\n"
	    "pin ocf:pacemaker:Dummy Started: n1\n"
	    "off ocf:pacemaker:Dummy Stopped target=Stopped inactive:\n"
	    "g1/g1a ocf:pacemaker:Dummy Started: n1\n"
	    "g1/g1b ocf:pacemaker:Dummy Started: n1\n"
	    "col ocf:pacemaker:Dummy Started: n1\n"
	    "anti ocf:pacemaker:Dummy Started: guest1\n"
	    "c1-clone/c1 ocf:pacemaker:Dummy Started: n1\n"
	    "c1-clone/c1 ocf:pacemaker:Dummy Started: n2\n"
	    "c1-clone/c1 ocf:pacemaker:Dummy Started: n3\n"
	    "c1-clone/c1 ocf:pacemaker:Dummy Started: rem1\n"
	    "c1-clone/c1 ocf:pacemaker:Dummy Started: guest1\n"
	    "u-clone/u:0 ocf:pacemaker:Dummy Started: n2\n"
	    "u-clone/u:1 ocf:pacemaker:Dummy Started: n3\n"
	    "u-clone/u:2 ocf:pacemaker:Dummy Started: rem1\n"
	    "s-clone/s ocf:pacemaker:Stateful Promoted promotable: n1\n"
	    "s-clone/s ocf:pacemaker:Stateful Unpromoted promotable: n2\n"
	    "s-clone/s ocf:pacemaker:Stateful Unpromoted promotable: n3\n"
	    "s-clone/s ocf:pacemaker:Stateful Unpromoted promotable: rem1\n"
	    "s-clone/s ocf:pacemaker:Stateful Unpromoted promotable: guest1\n"
	    "gc/gg:0/gga ocf:pacemaker:Dummy Started: n1\n"
	    "gc/gg:0/ggb ocf:pacemaker:Dummy Started: n1\n"
	    "gc/gg:1/gga ocf:pacemaker:Dummy Started: n2\n"
	    "gc/gg:1/ggb ocf:pacemaker:Dummy Started: n2\n"
	    "gc/gg:2/gga ocf:pacemaker:Dummy Started: n3\n"
	    "gc/gg:2/ggb ocf:pacemaker:Dummy Started: n3\n"
	    "gc/gg:3/gga ocf:pacemaker:Dummy Started: rem1\n"
	    "gc/gg:3/ggb ocf:pacemaker:Dummy Started: rem1\n"
	    "gc/gg:4/gga ocf:pacemaker:Dummy Started: guest1\n"
	    "gc/gg:4/ggb ocf:pacemaker:Dummy Started: guest1\n"
	    "vm1 ocf:pacemaker:Dummy Started: n1\n"
	    "rem1 ocf:pacemaker:remote Started: n1\n"
	    "web/0/web-ip-10.0.0.10 ocf:heartbeat:IPaddr2 Started: n2\n"
	    "web/0/httpd ocf:pacemaker:Dummy Started: web-0\n"
	    "web/0/web-podman-0 ocf:heartbeat:podman Started: n2\n"
	    "web/0/web-0 ocf:pacemaker:remote Started: n2\n"
	    "web/1/web-ip-10.0.0.11 ocf:heartbeat:IPaddr2 Started: n3\n"
	    "web/1/httpd ocf:pacemaker:Dummy Started: web-1\n"
	    "web/1/web-podman-1 ocf:heartbeat:podman Started: n3\n"
	    "web/1/web-1 ocf:pacemaker:remote Started: n3\n"
	    "guest1 ocf:pacemaker:remote Started: n1\n"
	    "ban l3g pin from guest1 -1000000\n"
	    "ban l3r pin from rem1 -1000000\n"
	    "ban l3 pin from n3 -1000000\n"
	    "ban l2 pin from n2 -1000000\n");
	check_sample("standby-drain-stuck",
	    "api 2.25 version 2.1.5-a3f44794f94 dc n2 policy stop quorum "
	    "symmetric\n"
	    "member n1 (1): online up green 3.16.1 4 \n"
	    "member n2 (2): online standby up dc green 3.16.1 1 \n"
	    "member n3 (3): online up green 3.16.1 3 \n"
	    "d1 ocf:pacemaker:Dummy Started: n1\n"
	    "d2 ocf:pacemaker:Dummy Started: n3\n"
	    "d3 ocf:pacemaker:Dummy Started: n3\n"
	    "g1/g1a ocf:pacemaker:Dummy Started: n1\n"
	    "g1/vip ocf:heartbeat:IPaddr2 Started: n1\n"
	    "c1-clone/c1 ocf:pacemaker:Dummy Started: n3\n"
	    "c1-clone/c1 ocf:pacemaker:Dummy Started: n1\n"
	    "c1-clone/c1 ocf:pacemaker:Dummy Stopped inactive:\n"
	    "blk ocf:pacemaker:Dummy Started blocked unmanaged failed: n2\n"
	    "failure blk_monitor_1000 monitor of blk on n2: complete 7 not "
	    "running () 2026-11-22 00:50:18Z\n");
	check_sample("failed-resource",
	    "api 2.25 version 2.1.5-a3f44794f94 dc n1 policy stop quorum "
	    "symmetric\n"
	    "member n1 (1): online up dc green 3.16.1 4 \n"
	    "member n2 (2): online up green 3.16.1 2 \n"
	    "member n3 (3): online up green 3.16.1 2 \n"
	    "d1 ocf:pacemaker:Dummy Started: n1\n"
	    "d2 ocf:pacemaker:Dummy Started: n2\n"
	    "d3 ocf:pacemaker:Dummy Started: n3\n"
	    "g1/g1a ocf:pacemaker:Dummy Started: n1\n"
	    "g1/vip ocf:heartbeat:IPaddr2 Started: n1\n"
	    "c1-clone/c1 ocf:pacemaker:Dummy Started: n2\n"
	    "c1-clone/c1 ocf:pacemaker:Dummy Started: n3\n"
	    "c1-clone/c1 ocf:pacemaker:Dummy Started: n1\n"
	    "bad ocf:heartbeat:apache Stopped inactive:\n"
	    "failure bad_start_0 start of bad on n2: complete 5 not installed "
	    "(environment is invalid, resource considered stopped) 2026-11-21 "
	    "23:58:15Z\n"
	    "failure bad_start_0 start of bad on n3: complete 5 not installed "
	    "(environment is invalid, resource considered stopped) 2026-11-21 "
	    "23:58:15Z\n"
	    "failure bad_start_0 start of bad on n1: complete 5 not installed "
	    "(environment is invalid, resource considered stopped) 2026-11-21 "
	    "23:58:15Z\n");
	check_sample("one-pending",
	    "api 2.25 version 2.1.5-a3f44794f94 dc n1 policy stop quorum "
	    "stonith symmetric\n"
	    "member n1 (1): online up dc green 3.16.1 4 \n"
	    "member n2 (2): online standby pending green <3.15.1 0 \n"
	    "member n3 (3): online up green 3.16.1 4 \n"
	    "d1 ocf:pacemaker:Dummy Started: n1\n"
	    "d2 ocf:pacemaker:Dummy Started: n3\n"
	    "d3 ocf:pacemaker:Dummy Started: n3\n"
	    "g1/g1a ocf:pacemaker:Dummy Started: n1\n"
	    "g1/vip ocf:heartbeat:IPaddr2 Started: n1\n"
	    "c1-clone/c1 ocf:pacemaker:Dummy Started: n3\n"
	    "c1-clone/c1 ocf:pacemaker:Dummy Started: n1\n"
	    "c1-clone/c1 ocf:pacemaker:Dummy Stopped inactive:\n"
	    "fl stonith:fence_lab Started: n3\n");
	check_sample("no-quorum",
	    "api 2.25 version 2.1.5-a3f44794f94 dc n1 policy stop symmetric\n"
	    "member n1 (1): online up dc green 3.16.1 0 \n"
	    "member n2 (2): green  0 \n"
	    "member n3 (3): green  0 \n"
	    "d1 ocf:pacemaker:Dummy Stopped inactive:\n"
	    "d2 ocf:pacemaker:Dummy Stopped inactive:\n"
	    "d3 ocf:pacemaker:Dummy Stopped inactive:\n"
	    "g1/g1a ocf:pacemaker:Dummy Stopped inactive:\n"
	    "g1/vip ocf:heartbeat:IPaddr2 Stopped inactive:\n"
	    "c1-clone/c1 ocf:pacemaker:Dummy Stopped inactive:\n"
	    "c1-clone/c1 ocf:pacemaker:Dummy Stopped inactive:\n"
	    "c1-clone/c1 ocf:pacemaker:Dummy Stopped inactive:\n");
}

static void
test_stack_down(void **state)
{
	struct arena a = ARENA_INIT;
	struct buf in = BUF_INIT;
	struct pcmk p;
	struct err e;

	(void)state;
	pcmk_read_sample(&in, "stack-down");
	assert_int_equal(pcmk_parse(&p, in.data, in.len, &a, &e), -1);
	assert_string_equal(
	    e.text, "the cluster does not run there (crm_mon: Not connected)");
	assert_true(pcmk_is_down(&e));
	buf_release(&in);
	arena_release(&a);
}

/* What the node of a small document looks like, or the error. */
static void
check_doc(const char *doc, const char *expected)
{
	struct arena a = ARENA_INIT;
	struct buf out = BUF_INIT;
	struct pcmk p;
	struct err e;

	if (pcmk_parse(&p, doc, strlen(doc), &a, &e) == -1) {
		assert_false(pcmk_is_down(&e));
		assert_int_equal(e.code, CAU_FAILED);
		buf_addstr(&out, e.text);
	} else {
		show(&out, &p);
	}
	assert_string_equal(out.data, expected);
	buf_release(&out);
	arena_release(&a);
}

#define CLUSTER	 "api 2.0 version 2.0.5 dc a policy  quorum stonith symmetric\n"
#define MEMBER_A "member a (1): online   0 \n"

static void
test_old_and_new(void **state)
{
	(void)state;
	/* What older and newer versions have, or do not. */
	check_doc(
	    "<crm_mon version='2.0.0'>" SUMMARY(
		"stonith-enabled='no' symmetric-cluster='OFF'"
		" maintenance-mode='yes' stop-all-resources='1'"
		" no-quorum-policy='demote'") "<nodes>"
					      "<node name='a' online='Y'/>"
					      "<node name='v' online='on' "
					      "type='remote' "
					      "container_id='vm'/>"
					      "<node name='p' online='0' "
					      "type='ping'/></nodes></crm_mon>",
	    "api  version 2.0.5 dc a policy demote quorum maintenance stop-all"
	    "\nmember a (): online   0 \nguest v (): online   0 vm\n"
	    "other p ():   0 \n");
	check_doc(DOC(A, "<new-section/><resources><resource id='r' role='x' "
			 "removed='true' maintenance='true' new='?'><node/>"
			 "<node name='a'/><xml>x</xml></resource><new id='n'>"
			 "<resource id='s'/></new></resources>"),
	    CLUSTER MEMBER_A "r  x inactive orphaned maintenance: a\n");
	/* Without a DC nobody has quorum. */
	check_doc("<pacemaker-result><summary><current_dc present='false'/>"
		  "<cluster_options/></summary><nodes>" A
		  "</nodes></pacemaker-result>",
	    "api  version  dc  policy  stonith symmetric\n" MEMBER_A);
}

static void
test_failures(void **state)
{
	(void)state;
	check_doc(
	    DOC(A, "<failures><failure op_key='r_1_migrate_to_0'/>"
		   "<failure op_key='r_monitor_10000' exitcode='7'/>"
		   "<failure id='r:2_start_0' exitcode='x'/>"
		   "<failure op_key='start_0'/><failure op_key='_start_0'/>"
		   "<failure op_key='r_start_'/><failure/></failures>"
		   "<bans><ban id='b' resource='r' node='a' "
		   "weight='-1000000' master_only='true'/></bans>"),
	    CLUSTER MEMBER_A
	    "failure r_1_migrate_to_0 migrate_to of r_1 on :  0  () \n"
	    "failure r_monitor_10000 monitor of r on :  7  () \n"
	    "failure r:2_start_0 start of r:2 on :  0  () \n"
	    "failure start_0  of  on :  0  () \n"
	    "failure _start_0 start of  on :  0  () \n"
	    "failure r_start_  of  on :  0  () \n"
	    "failure   of  on :  0  () \n"
	    "ban b r from a -1000000 promoted\n");
}

#define OUTPUT "output of crm_mon: "

static void
test_errors(void **state)
{
	static const struct {
		const char *doc, *error;
	} cases[] = {
	    {"", "crm_mon printed nothing"},
	    {"Connection refused\n",
		OUTPUT "line 1: Start tag expected, '<' not found"},
	    {"<cib/>", OUTPUT "<cib> instead of <pacemaker-result>"},
	    {"<!DOCTYPE a><a/>", OUTPUT "line 1: a DOCTYPE is not allowed"},
	    {"<pacemaker-result><status code='1' message='a&#10;b'/>"
	     "</pacemaker-result>",
		"crm_mon failed with status 1: a\\nb"},
	    {"<pacemaker-result><status/></pacemaker-result>",
		"crm_mon failed with status : "},
	    {"<pacemaker-result/>", OUTPUT "no <nodes> in <pacemaker-result>"},
	    {DOC("", ""), OUTPUT "line 1: no node in <nodes>"},
	    {DOC("<node online='true'/>", ""),
		OUTPUT "line 1: a <node> without name"},
	    {DOC("<node name='a'/>", ""),
		OUTPUT "line 1: node a is neither said to be online nor not"},
	    {DOC("\n<node name='a' online='true' unclean='perhaps'/>", ""),
		OUTPUT "line 2: unclean of <node> is 'perhaps', neither true "
		       "nor false"},
	    {DOC(A A, ""), OUTPUT "line 1: there are two nodes of the name a"},
	    {DOC("<node name='a' online='true' resources_running='2'/>", ""),
		OUTPUT "no <resources> in <pacemaker-result>, though a runs "
		       "2"},
	    {DOC(A, "<resources><group id='g'><resource id='r'/></group>"
		    "</resources>"),
		OUTPUT "line 1: a <resource> without role"},
	    {DOC(A, "<resources><group/></resources>"),
		OUTPUT "line 1: a <group> without id"},
	    {"<crm_mon><nodes>" A "</nodes></crm_mon>",
		OUTPUT "no <current_dc> in a <summary>: it does not say "
		       "whether there is quorum"},
	    {"<crm_mon><summary><current_dc/></summary><nodes>" A
	     "</nodes></crm_mon>",
		OUTPUT "no <cluster_options> in <summary>: it does not say "
		       "whether the cluster is in maintenance mode"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check_doc(cases[i].doc, cases[i].error);
}

static void
test_lookups(void **state)
{
	struct arena a = ARENA_INIT;
	struct pcmk p;

	(void)state;
	pcmk_load(&p, "all-kinds", &a);
	assert_null(pcmk_find_node(&p, "n9"));
	assert_string_equal(
	    pcmk_attr(pcmk_find_node(&p, "n1"), "master-s"), "10");
	assert_null(pcmk_attr(pcmk_find_node(&p, "n1"), "standby"));
	assert_null(pcmk_attr(pcmk_find_node(&p, "n3"), "master-s"));
	arena_release(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parsed),
	    cmocka_unit_test(test_stack_down),
	    cmocka_unit_test(test_old_and_new),
	    cmocka_unit_test(test_failures),
	    cmocka_unit_test(test_errors),
	    cmocka_unit_test(test_lookups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
