/* SPDX-License-Identifier: ISC */
/* Votes, and how many nodes may go away. */
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
#include "quorum.h"

#define SAMPLES "tests/fuzz/corpus/quorum/"

static void
show_flag(struct buf *b, bool flag, const char *name)
{
	if (flag)
		buf_addf(b, " %s", name);
}

static void
show(struct buf *b, const struct quorum *q)
{
	size_t i;

	buf_addf(b, "%u of %u (%u) needs %u, spare %u:", q->total, q->expected,
	    q->highest, q->needed, quorum_spare(q));
	show_flag(b, q->quorate, "quorate");
	show_flag(b, q->two_node, "two_node");
	show_flag(b, q->wait_for_all, "wait_for_all");
	show_flag(b, q->last_man_standing, "last_man_standing");
	show_flag(b, q->auto_tie_breaker, "auto_tie_breaker");
	show_flag(b, q->allow_downgrade, "allow_downgrade");
	show_flag(b, q->device, "device");
	for (i = 0; i < q->n_votes; i++)
		buf_addf(b, "; %s %s %u%s", q->votes[i].node_id,
		    q->votes[i].name, q->votes[i].votes,
		    q->votes[i].is_device ? " device" : "");
}

static void
check(const char *text, const char *expected)
{
	struct arena a = ARENA_INIT;
	struct buf out = BUF_INIT;
	struct quorum q;
	struct err e;

	if (quorum_parse(&q, text, strlen(text), &a, &e) == -1)
		buf_addstr(&out, e.text);
	else
		show(&out, &q);
	assert_string_equal(out.data, expected);
	buf_release(&out);
	arena_release(&a);
}

static void
check_sample(const char *name, const char *expected)
{
	char *path = xasprintf(SAMPLES "%s", name);
	struct buf in = BUF_INIT;
	struct err e;

	assert_int_equal(file_read(path, &in, (size_t)1 << 20, &e), 0);
	check(in.data, expected);
	buf_release(&in);
	free(path);
}

static void
test_samples(void **state)
{
	(void)state;
	check_sample("two-nodes.txt",
	    "2 of 2 (2) needs 1, spare 1: quorate two_node wait_for_all; 1 n1 "
	    "1; 2 n2 1");
	check_sample("one-of-two.txt",
	    "1 of 2 (2) needs 1, spare 0: quorate two_node wait_for_all; 1 n1 "
	    "1");
	check_sample("no-quorum.txt",
	    "1 of 3 (3) needs 2, spare 0: wait_for_all last_man_standing; 1 n1 "
	    "1");
	check_sample("five.txt",
	    "5 of 5 (5) needs 3, spare 2: quorate last_man_standing; 1 n1 1; 2 "
	    "n2 1; 3 n3 1; 4 n4 1; 5 n5 1");
	check_sample("qdevice.txt",
	    "3 of 3 (3) needs 2, spare 1: quorate device; 1 n1 1; 2 n2 1; 0 "
	    "Qdevice 1 device");
	check_sample("down.txt",
	    "output of corosync-quorumtool: it does not say whether the "
	    "cluster is quorate: 'Cannot initialize QUORUM service'");
}

#define STATUS(total, quorum)                                  \
	"Quorate: Yes\nExpected votes: 5\nTotal votes: " total \
	"\nQuorum: " quorum "\n"

static void
test_votes(void **state)
{
	(void)state;
	/* The node with the most votes may be the one that goes. */
	check(STATUS("5", "3") "Flags: AutoTieBreaker AllowDowngrade New\n"
			       "Nodeid Votes Name\n1 1 a\n2 3 b (local)\n"
			       "0x00000003 1 10.0.0.1\n",
	    "5 of 5 (0) needs 3, spare 0: quorate auto_tie_breaker "
	    "allow_downgrade; 1 a 1; 2 b 3; 0x00000003 10.0.0.1 1");
	check(STATUS("5", "3"), "5 of 5 (0) needs 3, spare 2: quorate");
	/* Votes that nobody is listed for cannot be relied on. */
	check(STATUS("5", "3") "Nodeid Votes Name\n1 1 a\n",
	    "5 of 5 (0) needs 3, spare 1: quorate; 1 a 1");
}

static void
test_errors(void **state)
{
	(void)state;
	check("", "output of corosync-quorumtool: it does not say whether the "
		  "cluster is quorate: ''");
	check("Quorum provider: pcmk\nQuorate: Yes\n",
	    "output of corosync-quorumtool: no votes: the quorum provider is "
	    "'pcmk', not corosync_votequorum");
	check(STATUS("5", "0"),
	    "output of corosync-quorumtool: a quorum of 0 votes");
	check(STATUS("x\x1b", "3"),
	    "output of corosync-quorumtool: Total votes 'x\\x1b' is no number "
	    "of votes");
	check(STATUS("99999999999999999999", "3"),
	    "output of corosync-quorumtool: Total votes "
	    "'99999999999999999999' is no number of votes");
	check(STATUS("5", "3") "Nodeid Votes Name\n1 -1 a\n",
	    "output of corosync-quorumtool: Votes '-1' is no number of votes");
}

static void
test_counts(void **state)
{
	static const struct {
		unsigned online, total;
		bool two_node, quorate;
		unsigned spare;
	} cases[] = {{3, 3, false, true, 1}, {2, 3, false, true, 0},
	    {1, 3, false, false, 0}, {5, 5, false, true, 2},
	    {4, 4, false, true, 1}, {2, 2, true, true, 1},
	    {1, 2, true, true, 0}, {2, 2, false, true, 0},
	    {1, 1, false, true, 0}, {3, 3, true, true, 1},
	    {0, 0, false, false, 0}};
	struct quorum q;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		quorum_from_counts(
		    &q, cases[i].online, cases[i].total, cases[i].two_node);
		assert_int_equal(q.quorate, cases[i].quorate);
		assert_int_equal(quorum_spare(&q), cases[i].spare);
		assert_int_equal(quorum_survives(&q, 0), cases[i].quorate);
		assert_false(quorum_survives(&q, cases[i].spare + 1));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_samples),
	    cmocka_unit_test(test_votes),
	    cmocka_unit_test(test_errors),
	    cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
