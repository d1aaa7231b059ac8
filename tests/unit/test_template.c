/* SPDX-License-Identifier: ISC */
/* Templates: splitting, expansion, and that no literal reaches a shell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "template.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

/* Elements in brackets, so that empty ones and blanks can be seen. */
static char *
split(const char *parameters)
{
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	char **argv;
	size_t argc, i;

	template_split(&argv, &argc, parameters, &a);
	for (i = 0; i < argc; i++)
		buf_addf(&b, "[%s]", argv[i]);
	assert_null(argv[argc]);
	arena_release(&a);
	return buf_detach(&b);
}

static void
test_split(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"", ""},
	    {" \t ", ""},
	    {"a", "[a]"},
	    {"a b\tc", "[a][b][c]"},
	    {"  /i x  /qn ", "[/i][x][/qn]"},
	    {"\"a b\" c", "[a b][c]"},
	    {"a\" b \"c", "[a b c]"},
	    {"\"\"", "[]"},
	    {"a \"\" b", "[a][][b]"},
	    {"x\"\"y", "[xy]"},
	    {"\"open a", "[open a]"},
	    {"\"", "[]"},
	    {"a\nb", "[a\nb]"},
	    {"'a b'", "['a][b']"},
	    /* The examples of the documentation of parsing arguments. */
	    {"\"a b c\" d e", "[a b c][d][e]"},
	    {"\"ab\\\"c\" \"\\\\\" d", "[ab\"c][\\][d]"},
	    {"a\\\\\\b d\"e f\"g h", "[a\\\\\\b][de fg][h]"},
	    {"a\\\\\\\"b c d", "[a\\\"b][c][d]"},
	    {"a\\\\\\\\\"b c\" d e", "[a\\\\b c][d][e]"},
	    {"a\"b\"\" c d", "[ab\"][c][d]"},
	    {"C:\\dir\\ \\\\srv\\x", "[C:\\dir\\][\\\\srv\\x]"},
	    {"\\", "[\\]"},
	    {"\\\\", "[\\\\]"},
	    {"\\\"", "[\"]"},
	    {"\"a\\\"", "[a\"]"},
	    {"\"a\\\\\" b", "[a\\][b]"},
	    /* "" inside quotes is a quote and ends the quoting. */
	    {"\"a\"\"b c\" d", "[a\"b][c d]"},
	    {"\"a\"\"b\"", "[a\"b]"},
	    {"\"a\"\"\" b\"", "[a\" b]"},
	    {"\"\"\"", "[\"]"},
	    {"\"\"\"\"", "[\"]"},
	    {"\"\"\"\"\"", "[\"]"},
	    {"\"\"\"\"\"\"", "[\"\"]"},
	    {"\"\"\"a b\"\"\"", "[\"a][b\"]"},
	    {"\"\"\"\"a b", "[\"a b]"},
	    {"\"$update$\" $update$", "[$update$][$update$]"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < N_ELEMENTS(cases); i++) {
		char *got = split(cases[i].in);

		assert_string_equal(got, cases[i].out);
		free(got);
	}
}

/* Pieces of an element in braces: literals plain, variables with a %. */
static char *
expand(const char *path, const char *parameters, const char *update)
{
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	struct rule rule = {.path = path, .parameters = parameters};
	struct arg_vector v;
	size_t i, k;

	template_expand(&v, &rule, update, &a);
	for (i = 0; i < v.n_args; i++) {
		buf_addc(&b, '[');
		for (k = 0; k < v.args[i].n_pieces; k++)
			buf_addf(&b, "{%s%s}",
			    v.args[i].pieces[k].is_variable ? "%" : "",
			    v.args[i].pieces[k].text);
		buf_addc(&b, ']');
	}
	arena_release(&a);
	return buf_detach(&b);
}

static void
test_expand(void **state)
{
	static const struct {
		const char *path, *parameters, *update, *out;
	} cases[] = {
	    {"/bin/x", "", "/u", "[{/bin/x}]"},
	    {"$update$", "/s", "/st/a b.exe", "[{/st/a b.exe}][{/s}]"},
	    {"/my dir/x", "$update$", "/u", "[{/my dir/x}][{/u}]"},
	    {"p", "-f $update$", "/a b", "[{p}][{-f}][{/a b}]"},
	    {"p", "\"$update$\"", "/a b", "[{p}][{/a b}]"},
	    {"p", "$update$ $update$x$update$", "/u", "[{p}][{/u}][{/ux/u}]"},
	    {"p", "--f=\"$update$\"", "/a b", "[{p}][{--f=/a b}]"},
	    {"p", "$UPDATE$ $Update$ $update", "/u",
		"[{p}][{$UPDATE$}][{$Update$}][{$update}]"},
	    {"p", "$$update$$", "/u", "[{p}][{$/u$}]"},
	    {"p", "$update$update$", "/u", "[{p}][{/uupdate$}]"},
	    {"p", "\"\"", "/u", "[{p}][]"},
	    {"%systemroot%\\x.exe", "", "/u", "[{%systemroot}{\\x.exe}]"},
	    {"p", "%A%%B_2% 5%", "/u", "[{p}][{%A}{%B_2}][{5%}]"},
	    {"p", "%A%B%", "/u", "[{p}][{%A}{B%}]"},
	    {"p", "%% %1% %a-b% %A", "/u", "[{p}][{%%}][{%1%}][{%a-b%}][{%A}]"},
	    {"p", "%%A%", "/u", "[{p}][{%}{%A}]"},
	    /* What $update$ brings in is not looked at again. */
	    {"p", "$update$", "/%HOME%/$update$ \"x\\",
		"[{p}][{/%HOME%/$update$ \"x\\}]"},
	    {"p", "%$update$%", "HOME", "[{p}][{%HOME%}]"},
	    {"p", "%A%$update$%B%", "/u", "[{p}][{%A}{/u}{%B}]"},
	    {"$update$", "", "%HOME%", "[{%HOME%}]"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < N_ELEMENTS(cases); i++) {
		char *got =
		    expand(cases[i].path, cases[i].parameters, cases[i].update);

		assert_string_equal(got, cases[i].out);
		free(got);
	}
}

static void
test_words_and_show(void **state)
{
	static const struct {
		const char *path, *parameters, *update, *words, *show;
	} cases[] = {
	    {"/bin/x", "-a \"\"", "/u", "'/bin/x' '-a' ''", "/bin/x -a ''"},
	    {"if", "A=b", "/u", "'if' 'A=b'", "if 'A=b'"},
	    {"$update$", "", "/a b's;$(x)`y`", "'/a b'\\''s;$(x)`y`'",
		"'/a b'\\''s;$(x)`y`'"},
	    {"p", "-d%HOME%/x", "/u", "'p' '-d'\"${HOME-%HOME%}\"'/x'",
		"p -d%HOME%/x"},
	    {"p", "$update$", "/%HOME%", "'p' '/%HOME%'", "p /%HOME%"},
	    {"p", "$update$", "/a\nb\x1b[2J", "'p' '/a\nb\x1b[2J'",
		"p '/a\\nb\\x1b[2J'"},
	    {"p", "\"'\"", "/u", "'p' ''\\'''", "p ''\\'''"},
	};
	struct arena a = ARENA_INIT;
	struct buf words = BUF_INIT, show = BUF_INIT;
	struct arg_vector v;
	size_t i;

	(void)state;
	for (i = 0; i < N_ELEMENTS(cases); i++) {
		struct rule rule = {
		    .path = cases[i].path, .parameters = cases[i].parameters};

		buf_reset(&words);
		buf_reset(&show);
		template_expand(&v, &rule, cases[i].update, &a);
		template_shell_words(&words, &v);
		template_show(&show, &v);
		assert_string_equal(words.data, cases[i].words);
		assert_string_equal(show.data, cases[i].show);
	}
	buf_release(&words);
	buf_release(&show);
	arena_release(&a);
}

/* A real shell gives back exactly the elements, whatever their bytes. */
static void
test_words_in_a_shell(void **state)
{
	static const char nasty[] =
	    "/s/a b\t'\"$(touch x)`id`\\\n*?[a]~;&|<>#!{}";
	struct rule rule = {.path = "printf",
	    .parameters = "[%s] $update$ %CAU_T_SET% %CAU_T_UNSET% \"\" x=y"};
	struct arena a = ARENA_INIT;
	struct buf cmd = BUF_INIT, want = BUF_INIT, got = BUF_INIT;
	struct arg_vector v;
	char chunk[256];
	FILE *f;
	size_t n;

	(void)state;
	assert_int_equal(setenv("CAU_T_SET", "v  $w", 1), 0);
	assert_int_equal(unsetenv("CAU_T_UNSET"), 0);
	template_expand(&v, &rule, nasty, &a);
	template_shell_words(&cmd, &v);
	f = popen(cmd.data, "r");
	assert_non_null(f);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(&got, chunk, n);
	assert_int_equal(pclose(f), 0);
	buf_addf(&want, "[%s][v  $w][%%CAU_T_UNSET%%][][x=y]", nasty);
	assert_string_equal(got.data, want.data);
	buf_release(&cmd);
	buf_release(&want);
	buf_release(&got);
	arena_release(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_split),
	    cmocka_unit_test(test_expand),
	    cmocka_unit_test(test_words_and_show),
	    cmocka_unit_test(test_words_in_a_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
