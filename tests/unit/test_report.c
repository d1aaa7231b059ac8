/* SPDX-License-Identifier: ISC */
/* Reports of runs, as JSON and for people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "report.h"
#include "script.h"

/* Two nodes: one restarts and fails one update, one stays out of service. */
static const struct script_run run = {
    .n_nodes = 2, .drain = true, .max_failed_nodes = 2};
static const char lines[] = "n1 Scan, n2 Scan -> n1 ok a b z+\n"
			    "n1 Stage -> n1 ok\n"
			    " -> n2 ok c d\n"
			    "n2 Stage -> n2 ok\n"
			    "n1 Suspend -> n1 ok\n"
			    "n1 Install a -> n1 Succeeded reboot\n"
			    "n1 Install b -> n1 Failed\n"
			    "n1 Restart -> n1 ok\n"
			    "n1 Scan -> n1 ok\n"
			    "n1 Resume -> n1 ok\n"
			    "n2 Suspend -> n2 ok\n"
			    "n2 Install c -> n2 unknown\n"
			    "PartiallyFailed";

static void
begin(struct script *s)
{
	script_begin(s, &run);
	script_play(s, lines);
}

/* Single quotes stand for double ones. */
static json_t *
json(const char *s)
{
	char *copy = xstrdup(s);
	json_error_t e;
	json_t *j;

	for (char *p = copy; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	j = json_loads(copy, JSON_REJECT_DUPLICATES, &e);
	if (j == NULL)
		fail_msg("%s: %s", e.text, copy);
	free(copy);
	return j;
}

#define UPDATE(id, result, code, reboot, reason, log, started, duration)     \
	"{'id':'" id "','title':'" id "','plugin':'Microsoft.HotfixPlugin'," \
	"'rule':'Extension RPM','version':'','kb':'','sha256':'',"           \
	"'size':100,'pass':1,'result':'" result "'," code                    \
	"'condition':'','reboot_required':" reboot ",'reason':'" reason      \
	"','log':'" log "','started_at':" started ",'duration_s':" duration  \
	"}"
#define CODE(n)	   "'exit_code':" n ",'exit_code_hex':'0x0000000" n "',"
#define NO_CODE	   "'exit_code':null,'exit_code_hex':null,"
#define AT(second) "'2026-01-31T03:00:" second ".000Z'"

static const char want_json[] =
    "{'format':1,'run_id':'" SCRIPT_ID "','cluster':{'type':'list','name':'c'},"
    "'status':'PartiallyFailed','started_at':" AT(
	"00") ","
	      "'finished_at':" AT(
		  "12") ",'duration_s':12.0,"
			"'coordinator':{'host':'host','user':'user','version':"
			"'" CAU_VERSION "',"
			"'boot_id':'boot0','pid':7},'recoveries':0,"
			"'plugins':['Microsoft.HotfixPlugin'],'stopped':null,'"
			"error':null,'"
			"health':null,'nodes':["
			"{'name':'n1','status':'PartiallyFailed','phase':'Done'"
			",'error':null,"
			"'attempts':1,'errors':[],'passes':2,'succeeded':1,'"
			"failed':1,'"
			"skipped':1,"
			"'unknown':0,'canceled':0,'ignored':0,'restart_pending'"
			":false,"
			"'left_suspended':false,'suspended_at':" AT(
			    "04") ",'suspended_s':6.0,"
				  "'reboots':[{'kind':'full','reason':'a asked "
				  "for "
				  "it','boot_id_before':'boot-n1-0',"
				  "'result':null,'boot_id_after':'boot-n1-1','"
				  "duration_s':1."
				  "0}],'bytes_staged':1000,"
				  "'timing_s':{'pre_script':0.0,'post_script':"
				  "0.0,'scan':2.0,'stage':1.0,'drain':"
				  "1.0,'install':2.0,"
				  "'restart':1.0,'resume':1.0},'updates':"
				  "[" UPDATE("a", "Succeeded", CODE("0"),
				      "true", "", "log/x", AT("05"),
				      "1.0") "," UPDATE("b", "Failed",
				      CODE("5"), "false", "", "log/x", AT("06"),
				      "1.0") "," UPDATE("z", "AlreadyInstalled",
				      NO_CODE, "false", "there is a receipt",
				      "", "null",
				      "null") "]},"
					      "{'name':'n2','status':'Failed','"
					      "phase':'Done',"
					      "'error':'Install: contact was "
					      "lost','attempts':1,'errors':[{'"
					      "at':" AT(
						  "12") ",'attempt':1,'op':'"
							"Install','outcome':'"
							"unknown','error':'"
							"Install: contact was "
							"lost'}],'passes':1,"
							"'succeeded':0,'failed'"
							":0,'"
							"skipped':0,'unknown':"
							"1,'"
							"canceled':1,"
							"'ignored':0,'restart_"
							"pending':"
							"false,'left_suspended'"
							":true,"
							"'suspended_at':" AT(
							    "10") ",'suspended_"
								  "s':2.0,'"
								  "reboots':[],"
								  "'bytes_"
								  "staged':"
								  "1000,'"
								  "timing_s':{'"
								  "pre_script':"
								  "0.0,'post_"
								  "script':0.0,"
								  "'scan':3.0,"
								  "'stage':1.0,"
								  "'drain':1."
								  "0,"
								  "'install':1."
								  "0,'"
								  "restart':0."
								  "0,'resume':"
								  "0.0},'"
								  "updates':"
								  "[" UPDATE(
								      "c",
								      "Unknown",
								      NO_CODE,
								      "false",
								      "contact "
								      "was "
								      "lost",
								      "",
								      AT("11"),
								      "1.0") "," UPDATE("d",
								      "Cancele"
								      "d",
								      NO_CODE,
								      "false",
								      "not "
								      "tried "
								      "after "
								      "the "
								      "trouble "
								      "with "
								      "the "
								      "node",
								      "",
								      "null",
								      "null") "]}]}";

static void
test_json(void **state)
{
	json_t *want = json(want_json), *got;
	struct script s;
	char *a, *b;

	(void)state;
	begin(&s);
	got = report_to_json(&s.g);
	if (!json_equal(got, want)) {
		a = json_dumps(got, JSON_SORT_KEYS | JSON_INDENT(1));
		b = json_dumps(want, JSON_SORT_KEYS | JSON_INDENT(1));
		assert_string_equal(a, b);
	}
	json_decref(got);
	json_decref(want);
	script_end(&s);
}

static void
test_text(void **state)
{
	struct buf b = BUF_INIT;
	struct script s;

	(void)state;
	begin(&s);
	report_to_text(&b, &s.g, "/runs/x", false);
	assert_string_equal(b.data,
	    "Updating Run " SCRIPT_ID ": PartiallyFailed\n"
	    "  started 2026-01-31 03:00:00Z, took 12.0 s, 2 nodes, by user on "
	    "host\n"
	    "  nodes: 1 PartiallyFailed, 1 Failed\n"
	    "\n"
	    "  n1  PartiallyFailed: 1 succeeded, 1 failed, 1 skipped, "
	    "1 restart\n"
	    "    Succeeded         a  exit 0  1.0 s\n"
	    "    Failed            b  exit 5  1.0 s\n"
	    "        log: /runs/x/log/x\n"
	    "    AlreadyInstalled  z\n"
	    "        there is a receipt\n"
	    "    restarted in 1.0 s (a asked for it)\n"
	    "\n"
	    "  n2  Failed: 1 unknown, 1 canceled, LEFT OUT OF SERVICE\n"
	    "    error: Install: contact was lost\n"
	    "    Unknown           c  1.0 s\n"
	    "        contact was lost\n"
	    "    Canceled          d\n"
	    "        not tried after the trouble with the node\n"
	    "    LEFT OUT OF SERVICE: cau did not resume this node; when it is "
	    "in order, run: undrain n2\n"
	    "    OUTCOME UNKNOWN: look at the node and at "
	    "/var/lib/cau/node/jobs there before the next run\n"
	    "\n"
	    "Next:\n"
	    "  n1: see why b failed; the next run tries it again\n"
	    "  n2: find out what became of c before the next run\n"
	    "  n2: set it right, then put it back into service: undrain n2\n"
	    "  cau run again: 1 node was not brought up to date\n");
	buf_reset(&b);
	report_to_text(&b, &s.g, "/runs/x", true);
	assert_non_null(strstr(b.data, "\033[33mn1\033[0m"));
	assert_non_null(strstr(b.data, "\033[31mn2\033[0m"));
	buf_reset(&b);
	report_line(&b, &s.g);
	assert_string_equal(b.data,
	    "9f1c2d3e  2026-01-31 03:00:00Z      12.0 s  PartiallyFailed  "
	    "2 nodes, 1 PartiallyFailed, 1 Failed\n");
	buf_release(&b);
	script_end(&s);
}

/* Before the end: what is under way, and nothing is final. */
static void
test_unfinished(void **state)
{
	struct buf b = BUF_INIT;
	struct script s;
	json_t *j, *node;

	(void)state;
	script_begin(&s, &run);
	script_play(&s, "n1 Scan, n2 Scan -> n1 ok a b\n"
			"n1 Stage -> n1 ok\n"
			" -> n2 ok\n"
			"n1 Suspend -> n1 ok\n"
			"n1 Install a -> stop");
	j = report_to_json(&s.g);
	assert_true(json_is_null(json_object_get(j, "status")));
	assert_true(json_is_null(json_object_get(j, "finished_at")));
	node = json_array_get(json_object_get(j, "nodes"), 0);
	assert_true(json_is_null(json_object_get(node, "status")));
	assert_string_equal(json_text(node, "phase"), "Installing");
	assert_true(json_is_false(json_object_get(node, "left_suspended")));
	json_decref(j);
	report_node_line(&b, &s.g, &s.g.nodes[0], s.now_ms + 1500);
	assert_string_equal(b.data, "Installing 1/2 a (2.5 s), out of service");
	buf_reset(&b);
	report_to_text(&b, &s.g, "/runs/x", false);
	assert_non_null(strstr(b.data,
	    "Updating Run " SCRIPT_ID ": not finished\n"
	    "  started 2026-01-31 03:00:00Z, took 5.0 s, 2 nodes, by user on "
	    "host\n"
	    "  stopping: interrupted\n"));
	assert_null(strstr(b.data, "LEFT OUT"));
	buf_release(&b);
	script_end(&s);
}

/* One that left something out is not like others. */
static void
test_restart_kinds(void **state)
{
	static const struct script_run one = {.n_nodes = 1};
	static const struct {
		const char *kind, *text;
	} kinds[] = {{"full", "    restarted in 1.0 s (a asked for it)\n"},
	    {"kexec", "    restarted by kexec in 1.0 s (a asked for it)\n"},
	    {"soft", "    restarted softly in 1.0 s (a asked for it)\n"}};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct buf b = BUF_INIT;
		struct script s;

		script_begin(&s, &one);
		script_play(&s, "n1 Scan -> n1 ok a\n"
				"n1 Stage -> n1 ok\n"
				"n1 Install a -> n1 Succeeded reboot\n"
				"n1 Restart -> n1 ok\n"
				"n1 Scan -> n1 ok\n"
				"Succeeded");
		s.g.nodes[0].reboots[0].kind = kinds[i].kind;
		report_to_text(&b, &s.g, "/runs/x", false);
		assert_non_null(strstr(b.data, kinds[i].text));
		buf_release(&b);
		script_end(&s);
	}
}

/* A restart that cau may not do stands out. */
static void
test_restart_pending(void **state)
{
	static const struct script_run local = {.n_nodes = 1, .local = true};
	struct buf b = BUF_INIT;
	struct script s;
	json_t *j;

	(void)state;
	script_begin(&s, &local);
	script_play(&s, "n1 Scan -> n1 ok a\n"
			"n1 Stage -> n1 ok\n"
			"n1 Install a -> n1 Succeeded reboot\n"
			"n1 Scan -> n1 ok\n"
			"Succeeded");
	report_to_text(&b, &s.g, "/runs/x", false);
	assert_non_null(
	    strstr(b.data, "  n1  Succeeded: 1 succeeded, RESTART PENDING\n"));
	assert_non_null(strstr(b.data,
	    "    RESTART PENDING: a asked for it; restart this machine "
	    "yourself, or run with --allow-self-reboot\n"));
	j = report_to_json(&s.g);
	assert_true(json_flag(
	    json_array_get(json_object_get(j, "nodes"), 0), "restart_pending"));
	json_decref(j);
	buf_release(&b);
	script_end(&s);
}

/* Nodes that were left alone, and why; an earlier trouble is not the reason. */
static void
test_passed_over(void **state)
{
	static const struct script_run drained = {
	    .n_nodes = 2, .drain = true, .retries = 1};
	struct buf b = BUF_INIT;
	struct script s;
	json_t *j, *node;

	(void)state;
	script_begin(&s, &drained);
	script_play(&s, "n1 Scan, n2 Scan -> n1 ok a\n"
			"n1 Stage -> n1 failed\n"
			"n1 Scan -> n1 ok a\n"
			"n1 Stage -> n1 ok\n"
			" -> n2 ok b\n"
			"n2 Stage -> n2 ok\n"
			"n1 Suspend -> n1 skipped\n"
			"n2 Suspend -> n2 refused\n"
			"Canceled");
	report_to_text(&b, &s.g, "/runs/x", false);
	assert_string_equal(b.data,
	    "Updating Run " SCRIPT_ID ": Canceled\n"
	    "  started 2026-01-31 03:00:00Z, took 8.0 s, 2 nodes, by user on "
	    "host\n"
	    "  error: n2: no quorum without it\n"
	    "\n"
	    "  n1  Canceled: 1 canceled, attempt 2\n"
	    "    error: Stage: it failed (attempt 1)\n"
	    "    skipped: an admin has it in standby (attempt 2)\n"
	    "    Canceled          a\n"
	    "        the node was left alone\n"
	    "\n"
	    "  n2  Canceled: 1 canceled\n"
	    "    refused: no quorum without it\n"
	    "    Canceled          b\n"
	    "        the node was left alone\n"
	    "\n"
	    "Next:\n"
	    "  n1: see to what keeps it from being updated: an admin has it "
	    "in standby\n"
	    "  n2: see to what keeps it from being updated: no quorum without "
	    "it\n"
	    "  cau run again: 2 nodes were not brought up to date\n");
	j = report_to_json(&s.g);
	node = json_array_get(json_object_get(j, "nodes"), 0);
	assert_string_equal(
	    json_text(node, "error"), "an admin has it in standby");
	assert_true(json_is_null(json_object_get(node, "suspended_at")));
	assert_true(json_is_false(json_object_get(node, "left_suspended")));
	node = json_array_get(json_object_get(node, "errors"), 1);
	assert_string_equal(json_text(node, "outcome"), "skipped");
	json_decref(j);
	buf_release(&b);
	script_end(&s);
}

/* Someone else had it out: this run neither suspended nor resumed it. */
static void
test_already(void **state)
{
	static const struct script_run drained = {.n_nodes = 1, .drain = true};
	struct script s;
	json_t *j, *node;

	(void)state;
	script_begin(&s, &drained);
	script_play(&s, "n1 Scan -> n1 ok a\n"
			"n1 Stage -> n1 ok\n"
			"n1 Suspend -> n1 already\n"
			"n1 Install a -> n1 Succeeded\n"
			"n1 Scan -> n1 ok\n"
			"Succeeded");
	j = report_to_json(&s.g);
	node = json_array_get(json_object_get(j, "nodes"), 0);
	assert_true(json_is_null(json_object_get(node, "suspended_at")));
	assert_true(json_is_false(json_object_get(node, "left_suspended")));
	assert_true(json_number(node, "suspended_s") == 0);
	json_decref(j);
	script_end(&s);
}

static void
test_table(void **state)
{
	const char *const cells[] = {"NODE", "STATE", "", "gr\xc3\xbcn", "ok",
	    "x", "a", "", "", "", "", "end"};
	struct buf b = BUF_INIT;

	(void)state;
	report_table(&b, cells, 3, 4);
	assert_string_equal(b.data, "NODE  STATE\n"
				    "gr\xc3\xbcn  ok     x\n"
				    "a\n"
				    "             end\n");
	buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_json),
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_unfinished),
	    cmocka_unit_test(test_restart_kinds),
	    cmocka_unit_test(test_restart_pending),
	    cmocka_unit_test(test_passed_over),
	    cmocka_unit_test(test_already),
	    cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
