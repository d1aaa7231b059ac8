/* SPDX-License-Identifier: ISC */
/* Argument strings of plug-ins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "buf.h"
#include "pluginargs.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

/* "[name][value]" of every pair, or the error. */
static void
show(struct buf *b, const char *in)
{
	struct arena a = ARENA_INIT;
	struct plugin_args args;
	struct err e = {CAU_OK, ""};

	buf_reset(b);
	if (pluginargs_parse(&args, in, &a, &e) == -1) {
		assert_int_equal(e.code, CAU_USAGE);
		buf_addstr(b, e.text);
	} else {
		for (size_t i = 0; i < args.n; i++)
			buf_addf(b, "[%s][%s]", args.args[i].name,
			    args.args[i].value);
	}
	arena_release(&a);
}

static void
test_parse(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"", ""},
	    {" \t", ""},
	    {";;", ""},
	    {" ; ; ", ""},
	    {"a=b", "[a][b]"},
	    {"a=", "[a][]"},
	    {"a=;b=c", "[a][][b][c]"},
	    {"a=b;", "[a][b]"},
	    {";a=b;;c=d;", "[a][b][c][d]"},
	    {" a \t= b c ; d=e ", "[a][b c][d][e]"},
	    {"a=b=c", "[a][b=c]"},
	    {"HotfixRootFolderPath=\\\\srv\\share\\x",
		"[HotfixRootFolderPath][\\\\srv\\share\\x]"},
	    {"a=\"b c;d=e\";f=g", "[a][b c;d=e][f][g]"},
	    {"a=\" b \"", "[a][ b ]"},
	    {"a=\"\"", "[a][]"},
	    {"a=\"\"\"\"", "[a][\"]"},
	    {"a=\"say \"\"x\"\"\" ; b=c", "[a][say \"x\"][b][c]"},
	    {"a='b c'", "[a]['b c']"},
	    {"a b=c", "[a b][c]"},
	    {"a=\nb", "[a][\nb]"},
	};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		show(&b, cases[i].in);
		assert_string_equal(b.data, cases[i].out);
	}
	buf_release(&b);
}

static void
test_errors(void **state)
{
	static const struct {
		const char *in, *error;
	} cases[] = {
	    {"a", "column 1: name=value is expected here"},
	    {"a=b;c", "column 5: name=value is expected here"},
	    {"a=b; c ;d=e", "column 6: name=value is expected here"},
	    {"=b", "column 1: a name is missing before '='"},
	    {"a=b;  =c", "column 7: a name is missing before '='"},
	    {"a=\"b", "column 3: this quote is never closed"},
	    {"a=\"b\"\"", "column 3: this quote is never closed"},
	    {"a=\"b\"c", "column 6: only ';' may follow a value in double "
			 "quotes"},
	    {"a=\"b\" \"c\"", "column 7: only ';' may follow a value in "
			      "double quotes"},
	    {"a=b\"c\"", "column 4: a double quote inside a value: put quotes "
			 "around the whole value"},
	    {"a=b;A=c", "column 5: this argument comes twice"},
	    {"a=1;b=2; a =3", "column 10: this argument comes twice"},
	};
	struct buf b = BUF_INIT, want = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		show(&b, cases[i].in);
		buf_reset(&want);
		buf_addf(&want, "plug-in arguments, %s", cases[i].error);
		assert_string_equal(b.data, want.data);
	}
	buf_release(&b);
	buf_release(&want);
}

static void
test_get(void **state)
{
	struct arena a = ARENA_INIT;
	struct plugin_args args;
	struct err e;

	(void)state;
	assert_int_equal(
	    pluginargs_parse(&args, "DisableAclChecks=True;x=", &a, &e), 0);
	assert_string_equal(pluginargs_get(&args, "disableACLchecks"), "True");
	assert_string_equal(pluginargs_get(&args, "X"), "");
	assert_null(pluginargs_get(&args, "y"));
	assert_null(pluginargs_get(&args, ""));
	arena_release(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parse),
	    cmocka_unit_test(test_errors),
	    cmocka_unit_test(test_get),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
