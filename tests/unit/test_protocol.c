/* SPDX-License-Identifier: ISC */
/* What a plug-in of others prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "protocol.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

/* What an answer comes to, in one line. */
static void
show(struct buf *b, enum protocol_verb verb, const char *in, size_t len)
{
	struct arena a = ARENA_INIT;
	const char *nl;
	struct protocol p;
	struct err e;

	buf_reset(b);
	protocol_begin(&p, verb, "u1", &a);
	for (; len > 0; len -= (size_t)(nl - in) + 1, in = nl + 1) {
		nl = memchr(in, '\n', len);
		assert_non_null(nl);
		protocol_line(&p, in, (size_t)(nl - in));
	}
	if (protocol_end(&p, &e) == -1)
		buf_addstr(b, e.text);
	else if (p.described)
		buf_addf(b, "%s %s %s %zu", p.description.name,
		    p.description.version,
		    p.description.on_coordinator ? "coordinator" : "node",
		    p.description.n_arguments);
	for (size_t i = 0; i < p.n_updates; i++)
		buf_addf(b, "%s[%s|%s|%s|%s]", b->len == 0 ? "" : " ",
		    p.updates[i].id, p.updates[i].title, p.updates[i].version,
		    p.updates[i].properties);
	if (p.has_result)
		buf_addf(b, "%s%s%s %u %s", b->len == 0 ? "" : " + ",
		    update_result_name(p.result.result),
		    p.result.reboot_required ? "!" : "", p.result.exit_code,
		    p.result.reason);
	if (p.log.len > 0 && p.log.len < 200)
		buf_addf(b, "%s{%.*s}", b->len == 0 ? "" : " ",
		    (int)p.log.len - 1, p.log.data);
	protocol_release(&p);
	arena_release(&a);
}

#define DESCRIBE "{\"type\":\"description\",\"protocol\":1,"
#define NAMED	 DESCRIBE "\"name\":\"A.B\",\"version\":\"1\","

struct one {
	const char *in, *out;
};

static void
check(enum protocol_verb verb, const struct one *cases, size_t n)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		show(&b, verb, cases[i].in, strlen(cases[i].in));
		assert_string_equal(b.data, cases[i].out);
	}
	buf_release(&b);
}

static void
test_describe(void **state)
{
	static const struct one cases[] = {
	    {"", "it gave no description"},
	    {NAMED "\"runs_on\":\"node\"}\n", "A.B 1 node 0"},
	    {"\n \n" NAMED "\"runs_on\":\"coordinator\",\"new\":{}}\r\n",
		"A.B 1 coordinator 0"},
	    {"{\"type\":\"description\",\"protocol\":[3,1],\"name\":\"A.B\","
	     "\"version\":\"1\",\"runs_on\":\"node\"}\n",
		"A.B 1 node 0"},
	    {"{\"type\":\"description\"}\n",
		"line 1 of its output: \"protocol\" is missing"},
	    {"{\"type\":\"description\",\"protocol\":[2,3]}\n",
		"line 1 of its output: it speaks version 2, 3 of the "
		"protocol, this cau only version 1"},
	    {"{\"type\":\"description\",\"protocol\":\"1\"}\n",
		"line 1 of its output: \"protocol\" is neither a version nor "
		"a list of versions"},
	    {"{\"type\":\"description\",\"protocol\":[2,\"1\"]}\n",
		"line 1 of its output: \"protocol\" is neither a version nor "
		"a list of versions"},
	    {DESCRIBE "\"version\":\"1\"}\n",
		"line 1 of its output: \"name\" is missing"},
	    {DESCRIBE "\"name\":\"Firmware\"}\n",
		"line 1 of its output: \"name\" 'Firmware' is no name of a "
		"plug-in: words of letters, digits, - and _ joined by dots, "
		"the company first, as Contoso.Firmware"},
	    {DESCRIBE "\"name\":\"../x.y\"}\n",
		"line 1 of its output: \"name\" '../x.y' is no name of a "
		"plug-in: words of letters, digits, - and _ joined by dots, "
		"the company first, as Contoso.Firmware"},
	    {DESCRIBE "\"name\":\"A.B\"}\n",
		"line 1 of its output: \"version\" is missing"},
	    {NAMED "\"summary\":\"\"}\n",
		"line 1 of its output: \"runs_on\" is missing: \"node\" or "
		"\"coordinator\""},
	    {NAMED "\"runs_on\":\"Node\"}\n",
		"line 1 of its output: \"runs_on\" is neither \"node\" nor "
		"\"coordinator\""},
	    {NAMED "\"runs_on\":\"node\",\"arguments\":{}}\n",
		"line 1 of its output: \"arguments\" is not a list"},
	    {NAMED "\"runs_on\":\"node\",\"arguments\":[{\"name\":\"a b\"}]}\n",
		"line 1 of its output: argument 1: 'a b' is no name: a "
		"letter, then letters, digits and _ (64 at the most)"},
	    {NAMED "\"runs_on\":\"node\",\"arguments\":[{\"name\":\"a\"},"
		   "{\"name\":\"A\"}]}\n",
		"line 1 of its output: argument 2: 'A' comes twice"},
	    {NAMED "\"runs_on\":\"node\",\"stage\":1}\n",
		"line 1 of its output: \"stage\" is neither true nor false"},
	    {NAMED "\"runs_on\":\"node\",\"scan_timeout_s\":0}\n",
		"line 1 of its output: \"scan_timeout_s\" is not a whole "
		"number from 1 to 86400"},
	    {NAMED "\"runs_on\":\"node\"}\n" NAMED "\"runs_on\":\"node\"}\n",
		"line 2 of its output: a second description"},
	    {"{\"type\":\"update\",\"id\":\"x\"}\n",
		"line 1 of its output: \"update\" is no answer to describe"},
	};

	(void)state;
	check(VERB_DESCRIBE, cases, N_ELEMENTS(cases));
}

#define NO_JSON(line, text)                                                 \
	"line " line " of its output: not a JSON object: '" text "' (what " \
	"people are to read goes to standard error)"

static void
test_scan(void **state)
{
	static const struct one cases[] = {
	    {"", ""},
	    {"{\"type\":\"log\",\"text\":\"x\\n\"}\n"
	     "{\"type\":\"progress\",\"percent\":5}\n"
	     "{\"type\":\"progress\",\"percent\":100,\"text\":\"all\"}\n",
		"{x\\n\n5%\n100% all}"},
	    {"{\"type\":\"update\",\"id\":\"a\"}\n", "[a|||]"},
	    {"{\"type\":\"update\",\"id\":\"a\",\"title\":\"T\\u001b\\n\","
	     "\"version\":\"2\",\"data\":{\"k\":1},\"x\":0}\n",
		"[a|T\\x1b\\n|2|{\"data\":{\"k\":1}}]"},
	    {"{\"type\":\"update\"}\n",
		"line 1 of its output: \"id\" is missing"},
	    {"{\"type\":\"update\",\"id\":7}\n",
		"line 1 of its output: \"id\" is not a text: put it in double "
		"quotes"},
	    {"{\"type\":\"update\",\"id\":\"a\\n\"}\n",
		"line 1 of its output: \"id\" has characters that cannot be "
		"printed: a\\n"},
	    {"{\"type\":\"update\",\"id\":\"a\"}\n"
	     "{\"type\":\"update\",\"id\":\"a\"}\n",
		"line 2 of its output: update 'a' is offered twice [a|||]"},
	    {"{\"type\":\"update\",\"id\":\"a\",\"size\":-1}\n",
		"line 1 of its output: \"size\" is not a whole number from 0 "
		"to 9007199254740992"},
	    {"{\"type\":\"update\",\"id\":\"a\",\"data\":\"k\"}\n",
		"line 1 of its output: \"data\" is not an object"},
	    {"{\"type\":\"updates\",\"id\":\"a\"}\n",
		"line 1 of its output: \"type\" is 'updates' (did you mean "
		"update?)"},
	    {"{\"type\":\"zzz\"}\n",
		"line 1 of its output: \"type\" is 'zzz'; description, update, "
		"result, progress or log is expected"},
	    {"{}\n", "line 1 of its output: \"type\" is missing"},
	    {"\nHello world\n", NO_JSON("2", "Hello world")},
	    {"[1]\n", NO_JSON("1", "[1]")},
	    {"{\"type\":\"log\",\"type\":\"log\"}\n",
		"line 1 of its output: broken JSON: "
		"'{\"type\":\"log\",\"type\":\"log\"}': duplicate object key "
		"near '\"type\"' (an object is whole in one line)"},
	    {"{\n", "line 1 of its output: broken JSON: '{': string or '}' "
		    "expected near end of file (an object is whole in one "
		    "line)"},
	    {"\033[31m\n", NO_JSON("1", "\\x1b[31m")},
	    {"{\"type\":\"progress\",\"percent\":101}\n",
		"line 1 of its output: \"percent\" is not a whole number from "
		"0 to 100"},
	};

	(void)state;
	check(VERB_SCAN, cases, N_ELEMENTS(cases));
}

static void
test_install(void **state)
{
	static const struct one cases[] = {
	    {"", "it gave no result"},
	    {"{\"type\":\"result\",\"id\":\"u1\",\"result\":\"Succeeded\"}\n",
		"Succeeded 0 "},
	    {"{\"type\":\"result\",\"id\":\"u1\",\"result\":\"Failed\","
	     "\"reboot_required\":true,\"exit_code\":-1,\"reason\":\"r\"}\n",
		"Failed! 4294967295 r"},
	    {"{\"type\":\"result\",\"id\":\"u2\",\"result\":\"Succeeded\"}\n",
		"line 1 of its output: a result for 'u2', which it was not "
		"asked for"},
	    {"{\"type\":\"result\",\"result\":\"Succeeded\"}\n",
		"line 1 of its output: \"id\" is missing"},
	    {"{\"type\":\"result\",\"id\":\"u1\",\"result\":\"ok\"}\n",
		"line 1 of its output: \"result\" is 'ok'; Succeeded, Failed, "
		"AlreadyInstalled or NotApplicable is expected"},
	    {"{\"type\":\"result\",\"id\":\"u1\",\"result\":\"Unknown\"}\n",
		"line 1 of its output: \"result\" is 'Unknown'; Succeeded, "
		"Failed, AlreadyInstalled or NotApplicable is expected"},
	    {"{\"type\":\"result\",\"id\":\"u1\",\"result\":\"Failed\"}\n"
	     "{\"type\":\"result\",\"id\":\"u1\",\"result\":\"Succeeded\"}\n",
		"line 2 of its output: a second result + Failed 0 "},
	    {"{\"type\":\"result\",\"id\":\"u1\",\"result\":\"Succeeded\"}\n"
	     "ready\n",
		NO_JSON("2", "ready") " + Succeeded 0 "},
	};

	(void)state;
	check(VERB_INSTALL, cases, N_ELEMENTS(cases));
}

/* A stage need not say anything. */
static void
test_stage(void **state)
{
	static const struct one cases[] = {
	    {"", ""},
	    {"{\"type\":\"progress\",\"percent\":50,\"text\":\"half\"}\n",
		"{50% half}"},
	    {"{\"type\":\"result\",\"id\":\"u1\",\"result\":\"Succeeded\"}\n",
		"Succeeded 0 "},
	};

	(void)state;
	check(VERB_STAGE, cases, N_ELEMENTS(cases));
}

/* Adds the same line so often. */
static void
repeat(struct buf *b, size_t n, const char *line)
{
	for (size_t i = 0; i < n; i++)
		buf_addstr(b, line);
}

static void
test_limits(void **state)
{
	struct buf in = BUF_INIT, out = BUF_INIT;
	size_t big = PROTOCOL_MAX_LINE;

	(void)state;
	repeat(&in, big + 1, "x");
	buf_addc(&in, '\n');
	show(&out, VERB_SCAN, in.data, in.len);
	assert_string_equal(
	    out.data, "line 1 of its output: it is longer than 65536 bytes");
	buf_reset(&in);
	repeat(&in, PROTOCOL_MAX_LINES + 1, "{\"type\":\"log\"}\n");
	show(&out, VERB_SCAN, in.data, in.len);
	assert_string_equal(out.data,
	    "line 20001 of its output: it goes on beyond 20000 lines or 4 "
	    "MiB");
	buf_reset(&in);
	for (size_t i = 0; i < 80; i++) {
		buf_addstr(&in, "{\"type\":\"log\",\"text\":\"");
		repeat(&in, 60000, "x");
		buf_addstr(&in, "\"}\n");
	}
	show(&out, VERB_SCAN, in.data, in.len);
	assert_string_equal(out.data,
	    "line 70 of its output: it goes on beyond 20000 lines or 4 MiB");
	buf_reset(&in);
	for (int i = 0; i <= PROTOCOL_MAX_UPDATES; i++)
		buf_addf(&in, "{\"type\":\"update\",\"id\":\"%d\"}\n", i);
	show(&out, VERB_SCAN, in.data, in.len);
	assert_memory_equal(out.data,
	    "line 5001 of its output: more than 5000 updates [0|||]", 54);
	buf_reset(&in);
	buf_addstr(&in, "{\"type\":\"update\",\"id\":\"");
	repeat(&in, 256, "x");
	buf_addstr(&in, "\"}\n");
	show(&out, VERB_SCAN, in.data, in.len);
	assert_string_equal(
	    out.data, "line 1 of its output: \"id\" is longer than 255 bytes");
	buf_reset(&in);
	buf_addstr(&in, "{\"type\":\"update\",\"id\":\"a\",\"data\":{\"k\":\"");
	repeat(&in, 17000, "x");
	buf_addstr(&in, "\"}}\n");
	show(&out, VERB_SCAN, in.data, in.len);
	assert_string_equal(out.data,
	    "line 1 of its output: \"data\" is longer than 16384 bytes");
	buf_release(&in);
	buf_release(&out);
}

static void
test_names(void **state)
{
	static const char *const good[] = {
	    "A.B", "Contoso.Product.CauPlugin", "a-b.c_d.9"};
	static const char *const bad[] = {"", ".", "A", "A.", ".A", "A..B",
	    "A/B.C", "A B.C", "-A.B", "\303\244.b", "A.B\n"};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(good); i++)
		assert_true(protocol_name_valid(good[i]));
	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		assert_false(protocol_name_valid(bad[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_describe),
	    cmocka_unit_test(test_scan),
	    cmocka_unit_test(test_install),
	    cmocka_unit_test(test_stage),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
