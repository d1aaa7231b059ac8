/* SPDX-License-Identifier: ISC */
/* Events as JSON and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof(*(a)))
#define T0	      "\"t\":\"2026-01-31T03:00:00.000Z\","
#define ID	      "9f1c2d3e-0000-4000-8000-000000000000"
#define T0_MS	      INT64_C(1769828400000)

#define FIRST_RUN                                                              \
	"{" T0 "\"event\":\"run_started\",\"format\":1,\"run_id\":\"" ID "\"," \
	"\"cluster\":{\"type\":\"list\",\"name\":\"c\"},\"nodes\":["           \
	"{\"name\":\"n1\",\"address\":\"10.0.0.1\",\"local\":false},"          \
	"{\"name\":\"n2\",\"address\":\"local\",\"local\":true}],"             \
	"\"plugins\":[{\"name\":\"Microsoft.HotfixPlugin\","                   \
	"\"arguments\":\"a=\\\"b c\\\"\"}],\"digest\":\"d\",\"options\":{"     \
	"\"rsh\":[\"ssh\",\"-p\",\"22\"],\"suspend_command\":[\"drain\"],"     \
	"\"resume_command\":[\"undrain\",\"now\"],"                            \
	"\"node_state_dir\":\"/var/lib/cau/node\",\"parallel\":32,"            \
	"\"max_unavailable\":1,\"max_failed_nodes\":2,"                        \
	"\"connect_timeout_ms\":10000,\"contact_timeout_ms\":20000,"           \
	"\"reboot_timeout_ms\":30000,\"allow_self_reboot\":true,"              \
	"\"reinstall\":false,\"sudo\":true},\"coordinator\":{"                 \
	"\"host\":\"h\",\"user\":\"u\",\"version\":\"v\",\"boot_id\":\"b\","   \
	"\"pid\":7}}"

#define RUN                                                                    \
	"{" T0 "\"event\":\"run_started\",\"format\":1,\"run_id\":\"" ID "\"," \
	"\"cluster\":{\"type\":\"list\",\"name\":\"c\"},\"nodes\":["           \
	"{\"name\":\"n1\",\"address\":\"10.0.0.1\",\"local\":false},"          \
	"{\"name\":\"n2\",\"address\":\"local\",\"local\":true}],"             \
	"\"plugins\":[{\"name\":\"Microsoft.HotfixPlugin\","                   \
	"\"arguments\":\"a=\\\"b c\\\"\"}],\"digest\":\"d\",\"options\":{"     \
	"\"rsh\":[\"ssh\",\"-p\",\"22\"],\"suspend_command\":[\"drain\"],"     \
	"\"resume_command\":[\"undrain\",\"now\"],"                            \
	"\"node_state_dir\":\"/var/lib/cau/node\","                            \
	"\"pre_script\":\"/s/pre\","                                           \
	"\"post_script\":\"\","                                                \
	"\"standby_nodes\":\"\",\"failed_resources\":\"\","                    \
	"\"suspend_mode\":\"Drain\","                                          \
	"\"failback_mode\":\"Immediate\","                                     \
	"\"parallel\":32,"                                                     \
	"\"max_unavailable\":1,"                                               \
	"\"max_failed_nodes\":2,"                                              \
	"\"max_retries_per_node\":3,"                                          \
	"\"retry_wait_ms\":5000,"                                              \
	"\"warn_after_ms\":0,"                                                 \
	"\"stop_after_ms\":1,"                                                 \
	"\"connect_timeout_ms\":10000,"                                        \
	"\"contact_timeout_ms\":20000,"                                        \
	"\"reboot_timeout_ms\":30000,"                                         \
	"\"settle_ms\":7,"                                                     \
	"\"script_timeout_ms\":8,"                                             \
	"\"suspend_timeout_ms\":9,"                                            \
	"\"suspend_retries\":4,"                                               \
	"\"allow_self_reboot\":true,"                                          \
	"\"attempt_soft_reboot\":true,"                                        \
	"\"reinstall\":false,"                                                 \
	"\"require_all_nodes_online\":false,"                                  \
	"\"run_plugins_serially\":true,"                                       \
	"\"separate_reboots\":false,"                                          \
	"\"stop_on_plugin_failure\":true,"                                     \
	"\"sudo\":true},\"coordinator\":{"                                     \
	"\"host\":\"h\",\"user\":\"u\",\"version\":\"v\",\"boot_id\":\"b\","   \
	"\"pid\":7}}"

#define UPDATE                                                           \
	"{\"id\":\"a\",\"title\":\"A\",\"description\":\"\",\"plugin\":" \
	"\"p\",\"rule\":\"Extension RPM\",\"path\":\"x/a\",\"size\":12," \
	"\"sha256\":\"\",\"version\":\"1\",\"kb\":\"5\",\"state\":"      \
	"\"Applicable\",\"reason\":\"\"}"

#define INSTALLED                                              \
	"\"result\":\"Failed\",\"exit_code\":2149842967,"      \
	"\"exit_code_hex\":\"0x80240017\",\"condition\":\"\"," \
	"\"reboot_required\":false,\"reason\":\"no\",\"log\":\"log/n1/a\""

/* Each is exactly what event_to_json makes of what event_from_json read. */
static const char *const events[] = {
    RUN,
    "{" T0 "\"event\":\"run_recovered\",\"coordinator\":{\"host\":\"h\","
    "\"user\":\"u\",\"version\":\"v\",\"boot_id\":\"b\",\"pid\":8}}",
    "{" T0 "\"event\":\"op_started\",\"node\":\"n1\",\"op\":\"Scan\","
    "\"attempt\":1,\"pass\":1}",
    "{" T0 "\"event\":\"op_started\",\"node\":\"n1\",\"op\":\"Stage\","
    "\"attempt\":1,\"pass\":2}",
    "{" T0 "\"event\":\"op_started\",\"node\":\"n1\",\"op\":\"Suspend\","
    "\"attempt\":1,\"pass\":1}",
    "{" T0 "\"event\":\"op_started\",\"node\":\"n1\",\"op\":\"Install\","
    "\"attempt\":1,\"pass\":1,\"update\":3,\"id\":\"a\",\"job\":\"r1.0.3\","
    "\"boot_id\":\"b\"}",
    "{" T0 "\"event\":\"op_started\",\"node\":\"n1\",\"op\":\"Restart\","
    "\"attempt\":1,\"pass\":1,\"boot_id\":\"b\"}",
    "{" T0 "\"event\":\"op_started\",\"node\":\"n1\",\"op\":\"Resume\","
    "\"attempt\":1,\"pass\":1}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":\"Scan\","
    "\"attempt\":1,\"pass\":1,\"boot_id\":\"b\",\"outcome\":\"ok\",\"updates\":"
    "[" UPDATE "],\"ignored\":4}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":\"Scan\","
    "\"attempt\":1,\"pass\":1,\"boot_id\":\"b\",\"outcome\":\"ok\",\"updates\":"
    "[],\"ignored\":0,\"restart\":\"a asked for it in run 1\"}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":\"Scan\","
    "\"attempt\":1,\"pass\":1,\"outcome\":\"failed\",\"error\":\"no answer\"}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":\"Stage\","
    "\"attempt\":1,\"pass\":1,\"outcome\":\"lost\",\"error\":\"no contact\"}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":\"Stage\","
    "\"attempt\":1,\"pass\":1,\"outcome\":\"ok\",\"bytes\":9007199254740992}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":\"Suspend\","
    "\"attempt\":1,\"pass\":1,\"outcome\":\"unknown\",\"error\":\"x\"}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":\"Install\","
    "\"attempt\":1,\"pass\":1,\"update\":0,\"id\":\"a\",\"outcome\":"
    "\"ok\"," INSTALLED "}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":\"Install\","
    "\"attempt\":1,\"pass\":1,\"update\":0,\"id\":\"a\",\"outcome\":"
    "\"unknown\","
    "\"error\":\"lost\",\"result\":\"Unknown\",\"exit_code\":null,"
    "\"exit_code_hex\":null,\"condition\":\"\",\"reboot_required\":false,"
    "\"reason\":\"lost\",\"log\":\"\"}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":\"Restart\","
    "\"attempt\":1,\"pass\":1,\"boot_id\":\"b2\",\"outcome\":\"ok\"}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":\"Resume\","
    "\"attempt\":1,\"pass\":1,\"outcome\":\"ok\"}",
    "{" T0 "\"event\":\"op_started\",\"node\":\"n1\",\"op\":"
    "\"PreUpdateScript\",\"attempt\":2,\"pass\":1,\"job\":\"r1.0.pre.2\","
    "\"boot_id\":\"b\"}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":"
    "\"PostUpdateScript\",\"attempt\":2,\"pass\":1,\"outcome\":\"failed\","
    "\"error\":\"no\",\"log\":\"log/n1/post-script-2.log\"}",
    "{" T0 "\"event\":\"op_started\",\"node\":\"n1\",\"op\":\"Scan\","
    "\"attempt\":1,\"pass\":1,\"plugin\":\"p\"}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":\"Stage\","
    "\"attempt\":1,\"pass\":1,\"plugin\":\"p\",\"outcome\":\"ok\","
    "\"failures\":[{\"plugin\":\"p\",\"error\":\"no\"}],\"bytes\":0}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":\"Restart\","
    "\"attempt\":1,\"pass\":1,\"boot_id\":\"b2\",\"outcome\":\"flawed\","
    "\"error\":\"the old kernel\",\"kind\":\"full\",\"how\":\"OldKernel\"}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":\"Scan\","
    "\"attempt\":1,\"pass\":1,\"outcome\":\"held\",\"error\":\"locked\"}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":\"Scan\","
    "\"attempt\":1,\"pass\":1,\"boot_id\":\"b\",\"outcome\":\"ok\","
    "\"updates\":[{\"id\":\"a\",\"title\":\"A\",\"description\":\"\","
    "\"plugin\":\"p\",\"rule\":\"\",\"path\":\"\",\"size\":12,"
    "\"sha256\":\"\",\"version\":\"1\",\"kb\":\"\",\"state\":"
    "\"Applicable\",\"reason\":\"\",\"joint\":true,\"properties\":"
    "{\"Type\":\"Software\",\"IsAssigned\":true}}],\"ignored\":0}",
    "{" T0 "\"event\":\"warned\",\"reason\":\"WarnAfter\"}",
    "{" T0 "\"event\":\"run_abandoned\",\"coordinator\":{\"host\":\"h\","
    "\"user\":\"u\",\"version\":\"v\",\"boot_id\":\"b\",\"pid\":8}}",
    "{" T0 "\"event\":\"stop_requested\",\"reason\":\"interrupted\","
    "\"cause\":\"requested\",\"now\":true}",
    "{" T0 "\"event\":\"stop_requested\",\"reason\":\"late\","
    "\"cause\":\"StopAfter\",\"now\":false}",
    "{" T0 "\"event\":\"run_finished\",\"status\":\"Succeeded\","
    "\"error\":null}",
    "{" T0 "\"event\":\"run_finished\",\"status\":\"Failed\","
    "\"error\":\"MaxFailedNodesExceeded\"}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":\"Suspend\","
    "\"attempt\":1,\"pass\":1,\"outcome\":\"refused\",\"error\":\"x\"}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":\"Suspend\","
    "\"attempt\":1,\"pass\":1,\"outcome\":\"skipped\",\"error\":\"x\"}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":\"Suspend\","
    "\"attempt\":1,\"pass\":1,\"outcome\":\"ok\",\"already\":true}",
};

/* Journals of the first version have less in them, and are still read. */
static const char *const first_format[] = {
    FIRST_RUN,
    "{" T0 "\"event\":\"run_recovered\",\"coordinator\":{\"host\":\"h\","
    "\"user\":\"u\",\"version\":\"v\",\"boot_id\":\"b\",\"pid\":8}}",
    "{" T0 "\"event\":\"op_started\",\"node\":\"n1\",\"op\":\"Scan\","
    "\"pass\":1}",
    "{" T0 "\"event\":\"op_started\",\"node\":\"n1\",\"op\":\"Stage\","
    "\"pass\":2}",
    "{" T0 "\"event\":\"op_started\",\"node\":\"n1\",\"op\":\"Suspend\","
    "\"pass\":1}",
    "{" T0 "\"event\":\"op_started\",\"node\":\"n1\",\"op\":\"Install\","
    "\"pass\":1,\"update\":3,\"id\":\"a\",\"job\":\"r1.0.3\","
    "\"boot_id\":\"b\"}",
    "{" T0 "\"event\":\"op_started\",\"node\":\"n1\",\"op\":\"Restart\","
    "\"pass\":1,\"boot_id\":\"b\"}",
    "{" T0 "\"event\":\"op_started\",\"node\":\"n1\",\"op\":\"Resume\","
    "\"pass\":1}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":\"Scan\","
    "\"pass\":1,\"boot_id\":\"b\",\"outcome\":\"ok\",\"updates\":[" UPDATE
    "],\"ignored\":4}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":\"Scan\","
    "\"pass\":1,\"outcome\":\"failed\",\"error\":\"no answer\"}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":\"Stage\","
    "\"pass\":1,\"outcome\":\"lost\",\"error\":\"no contact\"}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":\"Stage\","
    "\"pass\":1,\"outcome\":\"ok\",\"bytes\":9007199254740992}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":\"Suspend\","
    "\"pass\":1,\"outcome\":\"unknown\",\"error\":\"x\"}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":\"Install\","
    "\"pass\":1,\"update\":0,\"id\":\"a\",\"outcome\":\"ok\"," INSTALLED "}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":\"Install\","
    "\"pass\":1,\"update\":0,\"id\":\"a\",\"outcome\":\"unknown\","
    "\"error\":\"lost\",\"result\":\"Unknown\",\"exit_code\":null,"
    "\"exit_code_hex\":null,\"condition\":\"\",\"reboot_required\":false,"
    "\"reason\":\"lost\",\"log\":\"\"}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":\"Restart\","
    "\"pass\":1,\"boot_id\":\"b2\",\"outcome\":\"ok\"}",
    "{" T0 "\"event\":\"op_ended\",\"node\":\"n1\",\"op\":\"Resume\","
    "\"pass\":1,\"outcome\":\"ok\"}",
    "{" T0 "\"event\":\"stop_requested\",\"reason\":\"interrupted\"}",
    "{" T0 "\"event\":\"run_finished\",\"status\":\"Succeeded\","
    "\"error\":null}",
    "{" T0 "\"event\":\"run_finished\",\"status\":\"Failed\","
    "\"error\":\"MaxFailedNodesExceeded\"}",
};

static int
parse(struct event *ev, const char *text, struct arena *a, struct err *e)
{
	json_error_t je;
	json_t *j = json_loads(text, 0, &je);
	int rc;

	if (j == NULL)
		fail_msg("%s: %s", je.text, text);
	rc = event_from_json(ev, j, a, e);
	json_decref(j);
	return rc;
}

static void
test_first_format(void **state)
{
	struct arena a = ARENA_INIT;
	struct event ev;
	struct err e;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(first_format); i++)
		if (parse(&ev, first_format[i], &a, &e) == -1)
			fail_msg("%s: %s", e.text, first_format[i]);
	assert_int_equal(parse(&ev, first_format[0], &a, &e), 0);
	assert_int_equal(ev.run.max_retries_per_node, 0);
	assert_string_equal(ev.run.pre_script, "");
	arena_release(&a);
}

static void
test_round_trip(void **state)
{
	struct arena a = ARENA_INIT;
	struct event ev;
	struct err e;
	json_t *j;
	char *text;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(events); i++) {
		if (parse(&ev, events[i], &a, &e) == -1)
			fail_msg("%s: %s", e.text, events[i]);
		assert_true(ev.at_ms == T0_MS);
		j = event_to_json(&ev);
		text = json_dumps(j, JSON_COMPACT);
		assert_string_equal(text, events[i]);
		json_decref(j);
		free(text);
	}
	arena_release(&a);
}

static void
test_members(void **state)
{
	struct arena a = ARENA_INIT;
	struct event ev;
	struct err e;

	(void)state;
	assert_int_equal(parse(&ev, events[0], &a, &e), 0);
	assert_int_equal(ev.type, EV_RUN_STARTED);
	assert_int_equal(ev.run.n_nodes, 2);
	assert_string_equal(ev.run.nodes[1].address, "local");
	assert_true(ev.run.nodes[1].local);
	assert_string_equal(ev.run.plugins[0].args, "a=\"b c\"");
	assert_string_equal(ev.run.rsh[2], "22");
	assert_null(ev.run.rsh[3]);
	assert_int_equal(ev.run.max_failed_nodes, 2);
	assert_true(ev.run.sudo);
	assert_int_equal(parse(&ev, events[8], &a, &e), 0);
	assert_int_equal(ev.scan.n_updates, 1);
	assert_int_equal(ev.scan.updates[0].size_bytes, 12);
	assert_int_equal(ev.scan.n_ignored, 4);
	assert_int_equal(parse(&ev, events[14], &a, &e), 0);
	assert_int_equal(ev.result.exit_code, 0x80240017);
	assert_true(ev.result.has_code);
	assert_string_equal(op_name(ev.op), "Install");
	assert_string_equal(summary_status_name(STATUS_NONE), "");
	arena_release(&a);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
	    {"[]", "an event of unknown type"},
	    {"{}", "an event of unknown type"},
	    {"{" T0 "\"event\":\"x\"}", "an event of unknown type"},
	    {"{" T0 "\"event\":7}", "an event of unknown type"},
	    {"{\"event\":\"run_recovered\"}", "an event without a time"},
	    {"{\"t\":\"2026\",\"event\":\"run_recovered\"}",
		"an event without a time"},
	    {"{" T0 "\"event\":\"run_started\",\"format\":2}",
		"it is written in a format that this cau does not know"},
	    {"{" T0 "\"event\":\"run_started\",\"format\":1,\"nodes\":[{}]}",
		"a run without id or nodes"},
	    {"{" T0 "\"event\":\"run_started\",\"format\":1,\"run_id\":\"" ID
	     "\","
	     "\"nodes\":{\"a\":1}}",
		"a run without id or nodes"},
	    {"{" T0 "\"event\":\"op_started\",\"op\":\"Scan\"}",
		"an operation without a name"},
	    {"{" T0 "\"event\":\"op_started\",\"node\":\"n\",\"op\":\"scan\"}",
		"an operation without a name"},
	    {"{" T0 "\"event\":\"op_started\",\"node\":\"n\",\"op\":"
	     "\"Install\",\"update\":-1}",
		"an operation without a name"},
	    {"{" T0 "\"event\":\"op_ended\",\"node\":\"n\",\"op\":\"Scan\"}",
		"an operation without outcome"},
	    {"{" T0 "\"event\":\"op_ended\",\"node\":\"n\",\"op\":\"Scan\","
	     "\"outcome\":\"ok\",\"updates\":[" UPDATE ",{\"id\":\"b\"}]}",
		"update 1 of a scan is damaged"},
	    {"{" T0 "\"event\":\"op_ended\",\"node\":\"n\",\"op\":\"Scan\","
	     "\"outcome\":\"ok\",\"ignored\":-1}",
		"a number that is out of range"},
	    {"{" T0 "\"event\":\"op_ended\",\"node\":\"n\",\"op\":\"Stage\","
	     "\"outcome\":\"ok\",\"bytes\":-5}",
		"a number that is out of range"},
	    {"{" T0 "\"event\":\"op_ended\",\"node\":\"n\",\"op\":\"Stage\","
	     "\"outcome\":\"ok\",\"bytes\":9223372036854775807}",
		"a number that is out of range"},
	    {"{" T0 "\"event\":\"op_ended\",\"node\":\"n\",\"op\":\"Install\","
	     "\"outcome\":\"ok\"}",
		"an installation without result"},
	    {"{" T0 "\"event\":\"op_ended\",\"node\":\"n\",\"op\":\"Install\","
	     "\"outcome\":\"ok\",\"result\":\"Succeeded\","
	     "\"exit_code\":4294967296}",
		"an installation without result"},
	    {"{" T0 "\"event\":\"run_finished\",\"status\":\"\"}",
		"a run without status"},
	};
	struct arena a = ARENA_INIT;
	struct event ev;
	struct err e;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		assert_int_equal(parse(&ev, cases[i].text, &a, &e), -1);
		assert_string_equal(e.text, cases[i].why);
		assert_int_equal(e.code, CAU_USAGE);
	}
	arena_release(&a);
}

/* Names that are not UTF-8 make no event that cannot be read. */
static void
test_foreign_bytes(void **state)
{
	struct event ev = {.type = EV_OP_STARTED,
	    .at_ms = T0_MS,
	    .node = "n\xff",
	    .op = OP_SCAN};
	json_t *j = event_to_json(&ev);

	(void)state;
	assert_string_equal(
	    json_string_value(json_object_get(j, "node")), "n\\xff");
	json_decref(j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_first_format),
	    cmocka_unit_test(test_members),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_foreign_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
