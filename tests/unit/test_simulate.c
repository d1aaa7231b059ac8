/* SPDX-License-Identifier: ISC */
/* What crm_simulate says becomes of the resources of a node. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "file.h"
#include "simulate.h"

#define SAMPLES "tests/fuzz/corpus/simulate/"

static void
show_moves(
    struct buf *b, const struct simulate *s, const char *node, struct arena *a)
{
	struct simulate_move *list;
	size_t i, n = simulate_moves(s, node, &list, a);

	for (i = 0; i < n; i++)
		buf_addf(b, "%s%s\n",
		    simulate_is_loss(list[i].fate) ? "LOSS " : "",
		    list[i].text);
}

static char *
moves_of(const char *path, const char *node)
{
	struct arena a = ARENA_INIT;
	struct buf in = BUF_INIT, out = BUF_INIT;
	struct simulate s;
	struct err e;

	if (file_read(path, &in, (size_t)1 << 24, &e) == -1 ||
	    simulate_parse(&s, in.data, in.len, &a, &e) == -1)
		buf_addf(&out, "%s\n", e.text);
	else
		show_moves(&out, &s, node, &a);
	buf_release(&in);
	arena_release(&a);
	return buf_detach(&out);
}

static void
check_moves(const char *sample, const char *node, const char *expected)
{
	char *path = xasprintf(SAMPLES "%s", sample);
	char *text = moves_of(path, node);

	assert_string_equal(text, expected);
	free(text);
	free(path);
}

/* Guests and bundles, a clone, a promotable one, a group that drags others
 * along; n1 has most of them. */
static void
test_all_kinds(void **state)
{
	(void)state;
	check_moves("all-kinds-n1.xml", "n1",
	    "d1 moves to guest1\n"
	    "LOSS pin stops, it has nowhere to go (node availability)\n"
	    "g1a moves to rem1\n"
	    "g1b moves to rem1\n"
	    "col moves to rem1\n"
	    "c1 stops, other instances run on (node availability)\n"
	    "s stops, other instances run on (node availability)\n"
	    "s loses the promoted role to n2 (node availability)\n"
	    "gga stops, other instances run on (node availability)\n"
	    "ggb stops, other instances run on (node availability)\n"
	    "vm1 moves to n3\n"
	    "rem1 migrates to n2\n"
	    "guest1 moves to n3\n"
	    "anti on guest1 restarts (required vm1 start)\n"
	    "c1 on guest1 restarts (required vm1 start)\n"
	    "s on guest1 restarts (required vm1 start)\n"
	    "gga on guest1 restarts (required vm1 start)\n"
	    "ggb on guest1 restarts (required vm1 start)\n");
	check_moves("all-kinds-n2.xml", "n2",
	    "c1 stops, other instances run on (node availability)\n"
	    "u:0 moves to guest1\n"
	    "s stops, other instances run on (node availability)\n"
	    "gga stops, other instances run on (node availability)\n"
	    "ggb stops, other instances run on (node availability)\n"
	    "web-ip-10.0.0.10 moves to rem1\n"
	    "web-podman-0 moves to rem1\n"
	    "web-0 moves to n1\n"
	    "httpd on web-0 restarts (required web-podman-0 start)\n");
}

/* What cannot go anywhere: a promoted role that is banned elsewhere, a clone
 * and a bundle that are; an unmanaged one, an orphan, a live migration. */
static void
test_losses(void **state)
{
	(void)state;
	check_moves("mixed-n1.xml", "n1",
	    "unm stays (unmanaged)\n"
	    "p stops, other instances run on (node availability)\n"
	    "LOSS p loses the promoted role, no other instance takes it (node "
	    "availability)\n"
	    "ps:0 moves to n3\n"
	    "ps:0 loses the promoted role to n3\n"
	    "two moves to n2\n"
	    "one moves to n2\n"
	    "LOSS here stops, it has nowhere to go (node availability)\n"
	    "first moves to n3\n"
	    "live migrates to n2\n"
	    "addr moves to n3\n"
	    "site moves to n3\n"
	    "LOSS box-podman-0 stops, it has nowhere to go (node "
	    "availability)\n"
	    "LOSS box-0 stops, it has nowhere to go (unrunnable box-podman-0 "
	    "start)\n"
	    "LOSS inbox on box-0 stops, it has nowhere to go (unrunnable "
	    "box-podman-0 start)\n"
	    "dep on n2 restarts (required first start)\n");
}

/* Somebody else's view: all of it is elsewhere. */
static void
test_elsewhere(void **state)
{
	(void)state;
	check_moves("all-kinds-n2.xml", "n3",
	    "c1 stays\n"
	    "u:1 stays\n"
	    "s stays\n"
	    "gga stays\n"
	    "ggb stays\n"
	    "web-ip-10.0.0.11 stays\n"
	    "web-podman-1 stays\n"
	    "web-1 stays\n"
	    "c1 on n2 stops, other instances run on (node availability)\n"
	    "u:0 on n2 moves to guest1\n"
	    "s on n2 stops, other instances run on (node availability)\n"
	    "gga on n2 stops, other instances run on (node availability)\n"
	    "ggb on n2 stops, other instances run on (node availability)\n"
	    "web-ip-10.0.0.10 on n2 moves to rem1\n"
	    "httpd on web-0 restarts (required web-podman-0 start)\n"
	    "web-podman-0 on n2 moves to rem1\n"
	    "web-0 on n2 moves to n1\n");
}

static void
test_not_there(void **state)
{
	(void)state;
	check_moves("failed.xml", "n1",
	    "crm_simulate failed with status 70: Internal software bug\n");
	check_moves("text.txt", "n1",
	    "crm_simulate there gives no XML: Pacemaker 2.1 or later is "
	    "needed to say beforehand what would move\n");
	check_moves("only-actions.xml", "n1",
	    "output of crm_simulate: no <revised_cluster_status>: it was run "
	    "without -S, or gave up\n");
}

#define NODES(names) "<nodes>" names "</nodes>"
#define NODE(name)   "<node name='" name "' online='true'/>"
#define RESOURCE(id, role, node)                              \
	"<resource id='" id "' role='" role "' active='true'" \
	" resource_agent='a'><node name='" node "'/></resource>"
#define STOPPED(id) "<resource id='" id "' role='Stopped' active='false'/>"
#define DOC(before, after)                                                     \
	"<pacemaker-result><cluster_status>" NODES(NODE("n1") NODE(            \
	    "n2")) "<resources>" before "</resources></cluster_status>"        \
		   "<revised_cluster_status>" NODES(NODE("n1")                 \
			   NODE("n2")) "<resources>" after                     \
				       "</resources></revised_cluster_status>" \
				       "</pacemaker-result>"

static void
check_doc(const char *doc, const char *expected)
{
	struct arena a = ARENA_INIT;
	struct buf out = BUF_INIT;
	struct simulate s;
	struct err e;

	if (simulate_parse(&s, doc, strlen(doc), &a, &e) == -1)
		buf_addf(&out, "%s\n", e.text);
	else
		show_moves(&out, &s, "n1", &a);
	assert_string_equal(out.data, expected);
	buf_release(&out);
	arena_release(&a);
}

static void
test_made_up(void **state)
{
	(void)state;
	/* Roles as older versions name them. */
	check_doc(DOC("<clone id='c'>" RESOURCE("s", "Master", "n1")
			  RESOURCE("s", "Slave", "n2") "</clone>",
		      "<clone id='c'>" STOPPED("s")
			  RESOURCE("s", "Master", "n2") "</clone>"),
	    "s stops, other instances run on\n"
	    "s loses the promoted role to n2\n");
	/* One replica of a bundle of two; its container goes with it. */
	check_doc(
	    DOC("<bundle id='b'><replica id='0'>" RESOURCE("x-0", "Started",
		    "n1") "</replica><replica id='1'>" RESOURCE("x-1",
		    "Started", "n2") "</replica></bundle>",
		"<bundle id='b'><replica id='0'>" STOPPED(
		    "x-0") "</replica><replica id='1'>" RESOURCE("x-1",
		    "Started", "n2") "</replica></bundle>"),
	    "x-0 stops, other instances run on\n");
	/* An instance that does not run comes first, and is an orphan. */
	check_doc(
	    DOC("<clone id='c'><resource id='s' role='Stopped' "
		"orphaned='true'/>" RESOURCE("s", "Started", "n1") "</clone>",
		"<clone id='c'>" STOPPED("s") "</clone>"),
	    "LOSS s stops, it has nowhere to go\n");
	/* One that is gone from the second half counts as stopped. */
	check_doc(DOC(RESOURCE("a&#10;b", "Started", "n1"), ""),
	    "LOSS a\\nb stops, it has nowhere to go\n");
	check_doc(DOC("", ""), "");
	check_doc("<pacemaker-result/>",
	    "output of crm_simulate: no <cluster_status>\n");
	check_doc("", "crm_simulate there gives no XML: Pacemaker 2.1 or later "
		      "is needed to say beforehand what would move\n");
	check_doc("<html/>",
	    "output of crm_simulate: <html> instead of <pacemaker-result>\n");
	check_doc("<pacemaker-result>",
	    "output of crm_simulate: line 1: Premature end of data in tag "
	    "pacemaker-result line 1\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all_kinds),
	    cmocka_unit_test(test_losses),
	    cmocka_unit_test(test_elsewhere),
	    cmocka_unit_test(test_not_there),
	    cmocka_unit_test(test_made_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
