/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "words.h"

static void
test_split(void **state)
{
	static const struct {
		const char *in;
		const char *out; /* words in angle brackets */
	} cases[] = {
	    {"", ""},
	    {"   ", ""},
	    {"ssh", "<ssh>"},
	    {" ssh -p  22\t-v ", "<ssh><-p><22><-v>"},
	    {"sh -c 'x y'", "<sh><-c><x y>"},
	    {"a\"b c\"d", "<ab cd>"},
	    {"'' \"\"", "<><>"},
	    {"a\\ b \"q\\\"q\" 's\\s'", "<a b><q\"q><s\\s>"},
	    {"$(touch x) `y` *", "<$(touch><x)><`y`><*>"},
	    {"a\\", "<a\\>"},
	    {"a b", "<a><b>"},
	};
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	struct err e;
	const char *const *w;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_reset(&b);
		w = words_split(cases[i].in, &a, &e);
		assert_non_null(w);
		for (; *w != NULL; w++)
			buf_addf(&b, "<%s>", *w);
		assert_string_equal(b.data, cases[i].out);
	}
	buf_release(&b);
	arena_release(&a);
}

static void
test_open_quote(void **state)
{
	static const char *const cases[] = {"'", "a 'b", "\"x", "'a' \"b 'c'"};
	struct arena a = ARENA_INIT;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_null(words_split(cases[i], &a, &e));
		assert_int_equal(e.code, CAU_USAGE);
		assert_string_equal(e.text, "a quote is never closed");
	}
	arena_release(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_split),
	    cmocka_unit_test(test_open_quote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
