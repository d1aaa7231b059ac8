/* SPDX-License-Identifier: ISC */
/* The text of an Updating Run Profile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "profile.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

/* An option with a second name, and one that may come again. */
static const struct profile_name names[] = {
    {"MaxFailedNodes", 1, false},
    {"StopAfter", 2, false},
    {"RebootTimeoutMinutes", 3, false},
    {"RebootTimeout", 3, false},
    {"CauPluginArguments", 4, true},
    {NULL, 0, false},
};

/* "LINE Name=[value] " of every line, then the errors, one a line. */
static void
show_bytes(struct buf *b, const char *in, size_t len)
{
	struct arena a = ARENA_INIT;
	struct profile p;

	buf_reset(b);
	profile_parse(&p, in, len, names, &a);
	for (size_t i = 0; i < p.n_lines; i++)
		buf_addf(b, "%zu %s=[%s] ", p.lines[i].line,
		    p.lines[i].name->name, p.lines[i].value);
	profile_show_errors(b, &p, "p");
	arena_release(&a);
}

static void
test_parse(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"", ""},
	    {"\n\n", ""},
	    {"# MaxFailedNodes=1", ""},
	    {" \t# MaxFailedNodes=1\n \t\n", ""},
	    {"MaxFailedNodes=1", "1 MaxFailedNodes=[1] "},
	    {"\nmaxfailednodes=1\n", "2 MaxFailedNodes=[1] "},
	    {" \tMAXFAILEDNODES \t=\t 1 2 \t\n", "1 MaxFailedNodes=[1 2] "},
	    {"MaxFailedNodes=1\r\n\r\nStopAfter=01:30:00\r\n",
		"1 MaxFailedNodes=[1] 3 StopAfter=[01:30:00] "},
	    {"\357\273\277MaxFailedNodes=1", "1 MaxFailedNodes=[1] "},
	    {"MaxFailedNodes=", "1 MaxFailedNodes=[] "},
	    {"StopAfter = a=b # c", "1 StopAfter=[a=b # c] "},
	    {"StopAfter=\"1\"", "1 StopAfter=[\"1\"] "},
	    {"StopAfter=\303\244", "1 StopAfter=[\303\244] "},
	    {"CauPluginArguments=a=b;c=\"d e\"\nCauPluginArguments=\n"
	     "cauPluginArguments = x=y",
		"1 CauPluginArguments=[a=b;c=\"d e\"] "
		"2 CauPluginArguments=[] 3 CauPluginArguments=[x=y] "},
	    {"RebootTimeout=3", "1 RebootTimeout=[3] "},
	};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		show_bytes(&b, cases[i].in, strlen(cases[i].in));
		assert_string_equal(b.data, cases[i].out);
	}
	buf_release(&b);
}

static void
test_errors(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"MaxFailedNodes", "p:1: OptionName=value is expected\n"},
	    {"\n  StopAfter 3\n", "p:2: OptionName=value is expected\n"},
	    {"=3", "p:1: a name is missing before '='\n"},
	    {" = ", "p:1: a name is missing before '='\n"},
	    {"MaxFailNodes=1", "p:1: unknown option 'MaxFailNodes' (did you "
			       "mean MaxFailedNodes?)\n"},
	    {"Stop After=1",
		"p:1: unknown option 'Stop After' (did you mean StopAfter?)\n"},
	    {"Zzzzzzzzzzzzz=1", "p:1: unknown option 'Zzzzzzzzzzzzz'\n"},
	    {"MaxFailedNodes=1\nStopAfter=2\nmaxFailedNodes=1",
		"1 MaxFailedNodes=[1] 2 StopAfter=[2] "
		"p:3: MaxFailedNodes comes twice, first in line 1\n"},
	    {"RebootTimeout=1\nRebootTimeoutMinutes=2",
		"1 RebootTimeout=[1] p:2: RebootTimeoutMinutes comes twice, "
		"first in line 1 as RebootTimeout\n"},
	    {"StopAfter=a\033[31m", "p:1: a control character (0x1b)\n"},
	    {"StopAfter=a\rb", "p:1: a control character (0x0d)\n"},
	    {"StopAfter=a\177", "p:1: a control character (0x7f)\n"},
	    {"# c\rMaxFailedNodes=9", "p:1: a control character (0x0d)\n"},
	    {"StopAfter=1\r\r\n", "p:1: a control character (0x0d)\n"},
	    {"\342\200\256=1", "p:1: unknown option '\\xe2\\x80\\xae'\n"},
	    {" <Objs Version=\"1.1\">\n<Obj>\n",
		"p:1: this is XML, a profile has lines OptionName=value: "
		"see Profiles from elsewhere in cau-profile(5)\n"},
	    {"\377\376M", "p:1: this is UTF-16: save the file as UTF-8\n"},
	    /* All of them, and what is right is taken. */
	    {"a\nMaxFailedNodes=1\n=\nb=\nStopAfter=2\n",
		"2 MaxFailedNodes=[1] 5 StopAfter=[2] "
		"p:1: OptionName=value is expected\n"
		"p:3: a name is missing before '='\n"
		"p:4: unknown option 'b'\n"},
	};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		show_bytes(&b, cases[i].in, strlen(cases[i].in));
		assert_string_equal(b.data, cases[i].out);
	}
	show_bytes(&b, "StopAfter=1\0x\n", 14);
	assert_string_equal(b.data, "p:1: a NUL byte: this is no text\n");
	buf_release(&b);
}

static void
test_long_lines(void **state)
{
	struct buf in = BUF_INIT, b = BUF_INIT;

	(void)state;
	buf_addstr(&in, "StopAfter=");
	while (in.len < PROFILE_MAX_LINE)
		buf_addc(&in, 'x');
	buf_addstr(&in, "\r\n");
	show_bytes(&b, in.data, in.len);
	assert_int_equal(strncmp(b.data, "1 StopAfter=[xxx", 16), 0);
	buf_setlen(&in, in.len - 2);
	buf_addc(&in, 'x');
	show_bytes(&b, in.data, in.len);
	assert_string_equal(b.data, "p:1: longer than 8192 bytes\n");
	buf_release(&in);
	buf_release(&b);
}

/* A file of nothing but errors costs neither time nor memory. */
static void
test_floods(void **state)
{
	struct buf in = BUF_INIT, b = BUF_INIT;
	struct arena a = ARENA_INIT;
	struct profile p;

	(void)state;
	while (in.len < PROFILE_MAX_BYTES)
		buf_addstr(&in, "MaxFailedNode=\n");
	profile_parse(&p, in.data, in.len, names, &a);
	assert_int_equal(p.n_lines, 0);
	assert_int_equal(p.n_errors, in.len / 15);
	assert_int_equal(p.n_kept, 1000);
	profile_show_errors(&b, &p, "p");
	assert_non_null(strstr(b.data, "\n68906 more errors are not shown\n"));

	buf_reset(&in);
	for (size_t i = 0; i < PROFILE_MAX_REPEAT + 1; i++)
		buf_addstr(&in, "CauPluginArguments=\n");
	show_bytes(&b, in.data, in.len);
	assert_non_null(strstr(
	    b.data, "p:65: CauPluginArguments comes more than 64 times\n"));
	assert_null(strstr(b.data, "65 CauPluginArguments=["));
	arena_release(&a);
	buf_release(&in);
	buf_release(&b);
}

/* Errors in values come in between, in the order of the file. */
static void
test_add_error(void **state)
{
	static const char in[] = "MaxFailedNodes=x\n?\nStopAfter=y\n";
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	struct profile p;

	(void)state;
	profile_parse(&p, in, strlen(in), names, &a);
	profile_add_error(&p, &a, 3, "%s: bad", "StopAfter");
	profile_add_error(&p, &a, 1, "%s: bad\033", "MaxFailedNodes");
	profile_show_errors(&b, &p, "/p\nq");
	assert_string_equal(b.data, "/p\\nq:1: MaxFailedNodes: bad\\x1b\n"
				    "/p\\nq:2: OptionName=value is expected\n"
				    "/p\\nq:3: StopAfter: bad\n");
	assert_int_equal(p.n_errors, 3);
	arena_release(&a);
	buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parse),
	    cmocka_unit_test(test_errors),
	    cmocka_unit_test(test_long_lines),
	    cmocka_unit_test(test_floods),
	    cmocka_unit_test(test_add_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
