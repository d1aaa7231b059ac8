/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "alertmanager.h"
#include "health_cluster.h"
#include "pcmkdoc.h"

static const struct health_options options = {
    .min_free_kb = 1 << 20,
    .limit_ms = 10000,
};

static void
init(struct health *h)
{
	health_init(h, &options);
	h->now_ms = INT64_C(1800000000000);
	h->cluster = true;
}

/* What was found is exactly this. */
static void
expect(struct health *h, const char *want)
{
	struct buf b = BUF_INIT;

	health_finish(h);
	findings_to_text(&b, h->findings, h->n, "");
	assert_string_equal(b.data, want);
	buf_release(&b);
	health_release(h);
}

/* online of 3 members have votes; 0: nobody knows. */
static void
check_cluster(const char *sample, unsigned online, const char *want)
{
	struct arena a = ARENA_INIT;
	struct quorum q;
	struct health h;
	struct pcmk p;

	init(&h);
	pcmk_load(&p, sample, &a);
	if (online > 0)
		quorum_from_counts(&q, online, 3, false);
	health_judge_cluster(&h, &p, online == 0 ? NULL : &q, "cau-run");
	expect(&h, want);
	arena_release(&a);
}

static void
test_cluster(void **state)
{
	(void)state;
	check_cluster("all-online", 3,
	    "WARNING  -  cluster-fencing  fencing is switched off: a node that "
	    "hangs cannot be taken out for good\n");
	check_cluster("all-online", 2,
	    "CRITICAL  -  cluster-quorum   quorum would be lost with the next "
	    "node: there are 2 of 3 votes, and 2 are needed\n"
	    "WARNING   -  cluster-fencing  fencing is switched off: a node "
	    "that hangs cannot be taken out for good\n");
	check_cluster("cluster-maintenance", 0,
	    "CRITICAL  -  cluster-maintenance  the cluster is in maintenance "
	    "mode: nothing is moved away from nodes\n"
	    "WARNING   -  cluster-fencing      fencing is switched off: a node "
	    "that hangs cannot be taken out for good\n");
	check_cluster("node-maintenance", 0,
	    "CRITICAL  n3  cluster-maintenance  it is in maintenance mode: "
	    "nothing is moved away from it\n"
	    "WARNING   -   cluster-fencing      fencing is switched off: a "
	    "node that hangs cannot be taken out for good\n");
	check_cluster("one-standby", 0,
	    "WARNING  -   cluster-fencing  fencing is switched off: a node "
	    "that hangs cannot be taken out for good\n"
	    "WARNING  n2  cluster-nodes    it is in standby\n");
	check_cluster("one-offline", 0,
	    "CRITICAL  n2  cluster-nodes    it is offline\n"
	    "WARNING   -   cluster-fencing  fencing is switched off: a node "
	    "that hangs cannot be taken out for good\n");
	check_cluster(
	    "one-unclean", 0, "CRITICAL  n3  cluster-nodes  it is unclean\n");
	check_cluster("one-pending", 0,
	    "CRITICAL  n2  cluster-nodes  it is still joining\n");
	check_cluster("no-quorum", 0,
	    "CRITICAL  -   cluster-quorum   the cluster has no quorum\n"
	    "CRITICAL  n2  cluster-nodes    it is offline\n"
	    "CRITICAL  n3  cluster-nodes    it is offline\n"
	    "WARNING   -   cluster-fencing  fencing is switched off: a node "
	    "that hangs cannot be taken out for good\n");
	check_cluster("failed-resource", 0,
	    "CRITICAL  -  cluster-resources  bad: start failed on n1 (not "
	    "installed: environment is invalid, resource considered stopped)\n"
	    "WARNING   -  cluster-fencing    fencing is switched off: a node "
	    "that hangs cannot be taken out for good\n");
	check_cluster("failed-blocked", 0,
	    "CRITICAL  -  cluster-resources  blk: monitor failed on n2 (not "
	    "running)\n"
	    "WARNING   -  cluster-fencing    fencing is switched off: a node "
	    "that hangs cannot be taken out for good\n");
}

/* In a run all of that is told only. */
static void
test_gate(void **state)
{
	struct arena a = ARENA_INIT;
	struct health h;
	struct pcmk p;

	(void)state;
	init(&h);
	h.gate = true;
	pcmk_load(&p, "no-quorum", &a);
	health_judge_cluster(&h, &p, NULL, "cau-run");
	health_finish(&h);
	assert_int_equal(findings_status(h.findings, h.n), SEVERITY_WARNING);
	health_release(&h);
	init(&h);
	health_judge_cluster(&h, &p, NULL, "cau-run");
	health_finish(&h);
	assert_int_equal(findings_status(h.findings, h.n), SEVERITY_CRITICAL);
	health_release(&h);
	arena_release(&a);
}

static void
check_monitor(enum monitor_how how, int code, const char *output,
    const char *message, const char *perfdata)
{
	struct health h;

	init(&h);
	health_add_monitor(&h, "x", "n1", how, code, output);
	assert_int_equal(h.n, 1);
	assert_string_equal(h.findings[0].id, "monitor/x");
	assert_string_equal(h.findings[0].message, message);
	assert_string_equal(h.findings[0].perfdata, perfdata);
	assert_int_equal(h.findings[0].severity,
	    how != MONITOR_EXITED || code > 2 ? SEVERITY_CRITICAL
					      : (enum severity)code);
	health_release(&h);
}

static void
test_monitor(void **state)
{
	(void)state;
	check_monitor(MONITOR_EXITED, 0, "", "(it said nothing)", "");
	check_monitor(MONITOR_EXITED, 0, "|", "(it said nothing)", "");
	check_monitor(MONITOR_EXITED, 1, "a|b", "a", "b");
	check_monitor(MONITOR_EXITED, 1, "a |b \n", "a ", "b");
	check_monitor(
	    MONITOR_EXITED, 2, "a|b=1\nlong|c=2\nd=3\n", "a", "b=1 c=2 d=3");
	check_monitor(MONITOR_EXITED, 2, "a\001long|c\001d", "a", "c d");
	check_monitor(MONITOR_EXITED, 3, "a", "unknown, exit status 3: a", "");
	check_monitor(
	    MONITOR_EXITED, 255, "\n", "unknown, exit status 255", "");
	check_monitor(MONITOR_DIED, 11, "a\nb", "killed by signal 11: a", "");
	check_monitor(MONITOR_TIMEOUT, 0, "a|", "no answer within 10 s: a", "");
}

static void
check_alerts(const char *json, const char *want)
{
	struct health h;
	struct err e;

	init(&h);
	if (alerts_parse(&h, json, strlen(json), &e) == -1) {
		assert_string_equal(e.text, want);
		health_release(&h);
		return;
	}
	expect(&h, want);
}

/* Small values would take gigabytes of memory. */
static void
test_too_many_values(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_addc(&b, '[');
	for (int i = 0; i <= 2000000; i++)
		buf_addstr(&b, "0,");
	buf_addstr(&b, "0]");
	check_alerts(b.data, "it answered with more than 2000000 values");
	buf_release(&b);
}

#define ALERT(labels, status) \
	"{\"labels\":{" labels "},\"status\":{" status "}}"

static void
test_alerts(void **state)
{
	(void)state;
	check_alerts("[]", "");
	check_alerts("", "it answered with no list of alerts: ''");
	check_alerts("<html><body>Sign in, please, to go on with what you want",
	    "it answered with no list of alerts: '<html><body>Sign in, please, "
	    "to go on with what you want'");
	check_alerts("{\"status\":\"error\"}",
	    "it answered with no list of alerts: '{\"status\":\"error\"}'");
	check_alerts("[1]", "alert 1 of its answer has no labels");
	check_alerts(
	    "[{\"labels\":[]}]", "alert 1 of its answer has no labels");
	check_alerts(
	    "[" ALERT("\"alertname\":\"Silent\"",
		"\"state\":"
		"\"suppressed\","
		"\"silencedBy\":["
		"\"x\"]") "," ALERT("\"alertname\":\"Quiet\"",
		"\"silencedBy\":[\"x\"]") "," ALERT("\"alertname\":"
						    "\"Other\"",
		"\"inhibitedBy\":[\"y\"]") "," ALERT("\"alertname\":"
						     "\"Warn\","
						     "\"severity\":"
						     "\"warning\"",
		"\"state\":\"active\"") ","
					"{\"labels\":{\"alertname\":"
					"\"A\\u001b\",\"instance\":"
					"\"n1:9100\"},"
					"\"annotations\":{\"summary\":"
					"\"bad\\nthings\"}}," ALERT("", "") "]",
	    "CRITICAL  -  alert/?      it fires\n"
	    "CRITICAL  -  alert/A\\x1b  on n1:9100: bad\\nthings\n"
	    "WARNING   -  alert/Warn   it fires\n");
}

static void
test_many_alerts(void **state)
{
	struct buf b = BUF_INIT;
	struct health h;
	struct err e;

	(void)state;
	init(&h);
	buf_addc(&b, '[');
	for (int i = 0; i < 10000; i++)
		buf_addf(&b, "%s" ALERT("\"alertname\":\"A%d\"", ""),
		    i == 0 ? "" : ",", i);
	buf_addc(&b, ']');
	assert_int_equal(alerts_parse(&h, b.data, b.len, &e), 0);
	assert_int_equal(h.n, ALERTS_MOST + 1);
	assert_string_equal(
	    h.findings[ALERTS_MOST].message, "and 9900 alerts more");
	health_release(&h);
	buf_release(&b);
}

/* Lines of a node that lies, or is broken: never a crash, and what was not
 * told to its end is critical. */
static void
test_facts(void **state)
{
	static const char *const keys[] = {"fs", "inodes", "time", "uid", "job",
	    "held", "service", "monitor", "unsafe", "auto", "database", "lock",
	    "done", "slow", "os", "sources"};
	static const char *const texts[] = {"", " ", "% /", "1 2 3 4% /",
	    "x 1 2 3 4% /", "x 99999999999999999999 1 1 1% /", "alive", "cut ",
	    "old", "a b c", "x -1 y", "99999999999999999999", "\033[2J\xff"};
	struct health_fact facts[2];
	struct health_node n = {.name = "n1", .reached = true, .facts = facts};
	struct health h;

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		for (size_t k = 0; k < sizeof(texts) / sizeof(*texts); k++) {
			init(&h);
			facts[0] = facts[1] =
			    (struct health_fact){keys[i], texts[k], 0};
			n.n_facts = 2;
			health_judge_node(&h, &n);
			health_judge_nodes(&h, &n, 1);
			health_finish(&h);
			assert_int_equal(findings_status(h.findings, h.n),
			    SEVERITY_CRITICAL);
			health_release(&h);
		}
}

static void
check_disk(const char *key, const char *line, const char *want)
{
	struct health_options only = options;
	const char *const ids[] = {"disk-space", NULL};
	struct health_fact facts[] = {{key, line, 0},
	    {"fs", "y 100000000 1 99999999 1% /y", 0}, {"done", "disk", 0}};
	struct health_node n = {
	    .name = "n1", .reached = true, .facts = facts, .n_facts = 3};
	struct health h;

	only.only = ids;
	health_init(&h, &only);
	health_judge_node(&h, &n);
	expect(&h, want);
}

static void
test_disk(void **state)
{
	(void)state;
	check_disk("fs", "/dev/a 100000000 1 1048576 1% /", "");
	check_disk("fs", "/dev/a  100000000 1   1048575  1% /a b",
	    "WARNING  n1  disk-space  /a b has 1.0 GiB left\n");
	check_disk("fs", "//host/a 1 2 3 4% b 100000000 1 104856 100% /",
	    "CRITICAL  n1  disk-space  / has 102.4 MiB left\n");
	/* A tenth of a small one. */
	check_disk("fs", "x 1000 900 100 90% /boot", "");
	check_disk("fs", "x 1000 901 99 91% /boot",
	    "WARNING  n1  disk-space  /boot has 99.0 KiB left\n");
	check_disk("fs", "x 1000 1000 0 100% /boot",
	    "CRITICAL  n1  disk-space  /boot has 0 B left\n");
	check_disk("fs", "proc 0 0 0 - /proc", "");
	check_disk("fs", "proc 0 0 0 0% /proc", "");
	check_disk("inodes", "x 0 0 0 0% /", "");
	check_disk("inodes", "x 100000 99000 1000 99% /",
	    "WARNING  n1  disk-space  / has room for 1000 more files only\n");
	check_disk("inodes", "x 100000 98999 1001 99% /", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cluster),
	    cmocka_unit_test(test_gate),
	    cmocka_unit_test(test_monitor),
	    cmocka_unit_test(test_alerts),
	    cmocka_unit_test(test_too_many_values),
	    cmocka_unit_test(test_many_alerts),
	    cmocka_unit_test(test_facts),
	    cmocka_unit_test(test_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
