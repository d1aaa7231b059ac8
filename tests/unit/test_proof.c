/* SPDX-License-Identifier: ISC */
/* How many nodes may fail while another one is away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "proof.h"

/* A service and the nodes that may run it: "vip abc". */
struct world {
	const char *const *services; /* ends with NULL */
	size_t asked;
	bool fails;
};

static bool
lives(const char *where, const char *const *away, size_t n)
{
	for (; *where != '\0'; where++) {
		size_t i = 0;

		while (i < n && away[i][0] != *where)
			i++;
		if (i == n)
			return true;
	}
	return false;
}

static int
ask(void *ctx, const char *const *away, size_t n, const char *const **stopped,
    struct arena *a, struct err *e)
{
	struct world *w = ctx;
	const char **list = arena_alloc(a, 8 * sizeof(*list));
	size_t k = 0;

	w->asked++;
	if (w->fails && n == 2)
		return err_set(e, CAU_FAILED, "no answer");
	for (size_t i = 0; w->services[i] != NULL; i++)
		if (!lives(strchr(w->services[i], ' ') + 1, away, n))
			list[k++] = w->services[i];
	*stopped = list;
	return 0;
}

/* "a 1 b vip", "a 1+", "a 1 all" per node, and the number of questions. */
static void
check(const char *const *services, const char *letters, size_t budget,
    const char *expected)
{
	struct world w = {services, 0, false};
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	const char *names[16] = {NULL};
	struct proof list[16];
	size_t n = strlen(letters);
	struct err e;

	for (size_t i = 0; i < n; i++)
		names[i] = arena_strndup(&a, letters + i, 1);
	assert_int_equal(
	    proof_make(list, names, n, budget, ask, &w, &a, &e), 0);
	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(list[i].node, names[i]);
		buf_addf(&b, "%s %u%s", names[i], list[i].survives,
		    list[i].at_least ? "+" : "");
		assert_int_equal(list[i].with == NULL, list[i].stops == NULL);
		for (size_t k = 0;
		     list[i].with != NULL && list[i].with[k] != NULL; k++)
			buf_addf(
			    &b, "%s%s", k == 0 ? " " : "", list[i].with[k]);
		if (list[i].stops != NULL)
			buf_addf(&b, " %.*s", (int)strcspn(list[i].stops, " "),
			    list[i].stops);
		buf_addstr(&b, "\n");
	}
	buf_addf(&b, "%zu", w.asked);
	assert_string_equal(b.data, expected);
	buf_release(&b);
	arena_release(&a);
}

static void
test_sets(void **state)
{
	static const char *const everywhere[] = {"vip abc", NULL};
	static const char *const pinned[] = {"vip abc", "pin b", NULL};
	static const char *const two[] = {"db ab", "vip abcd", NULL};
	static const char *const none[] = {NULL};

	(void)state;
	check(everywhere, "", 64, "0");
	check(everywhere, "a", 64, "a 0\n1");
	check(everywhere, "abc", 64, "a 1 bc vip\nb 1 ac vip\nc 1 ab vip\n7");
	/* What its own absence stops is not counted again. */
	check(pinned, "abc", 64, "a 0 b pin\nb 1 ac vip\nc 0 b pin\n7");
	check(two, "abcd", 64, "a 0 b db\nb 0 a db\nc 1 ab db\nd 1 ab db\n14");
	check(none, "abc", 64, "a 2\nb 2\nc 2\n7");
}

static void
test_budget(void **state)
{
	static const char *const wide[] = {"vip abcdefghijkl", NULL};
	static const char *const some[] = {"vip abcdef", "db ab", NULL};

	(void)state;
	/* 12 and 66: each pair is asked about, whatever it costs. */
	check(wide, "abcdefghijkl", 64,
	    "a 1+\nb 1+\nc 1+\nd 1+\ne 1+\nf 1+\ng 1+\nh 1+\ni 1+\nj 1+\n"
	    "k 1+\nl 1+\n78");
	/* 6, 15, 20, 15 and 6, and one more that is one too many. */
	check(some, "abcdef", 62,
	    "a 0 b db\nb 0 a db\nc 1 ab db\nd 1 ab db\ne 1 ab db\nf 1 ab db\n"
	    "41");
	check(wide, "abcdef", 61, "a 3+\nb 3+\nc 3+\nd 3+\ne 3+\nf 3+\n56");
	check(wide, "abcdef", 62, "a 4+\nb 4+\nc 4+\nd 4+\ne 4+\nf 4+\n62");
}

static void
test_error(void **state)
{
	static const char *const services[] = {"vip ab", NULL};
	static const char *const names[] = {"a", "b"};
	struct world w = {services, 0, true};
	struct arena a = ARENA_INIT;
	struct proof list[2];
	struct err e;

	(void)state;
	assert_int_equal(proof_make(list, names, 2, 64, ask, &w, &a, &e), -1);
	assert_string_equal(e.text, "no answer");
	arena_release(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sets),
	    cmocka_unit_test(test_budget),
	    cmocka_unit_test(test_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
