/* SPDX-License-Identifier: ISC */
/* The lines of a run that a terminal redraws. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "frame.h"
#include "script.h"
#include "text.h"

static uint64_t
half_sent(void *ctx, size_t node)
{
	(void)ctx;
	(void)node;
	return 100;
}

/* The frame of a script's run, 1.5 s after its last line. */
static void
frame(struct buf *b, const struct script *s, size_t columns, size_t rows)
{
	struct frame_scene scene = {.g = &s->g,
	    .now_ms = s->now_ms + 1500,
	    .sent = half_sent,
	    .columns = columns,
	    .rows = rows};

	buf_reset(b);
	frame_make(b, &scene);
}

static void
test_way_of_a_node(void **state)
{
	static const struct script_run run = {.n_nodes = 2, .drain = true};
	static const struct {
		const char *lines, *want;
	} steps[] = {
	    {"n1 Scan, n2 Scan -> n1 ok a b",
		"Updating Run 9f1c2d3e: 0 of 2 nodes done, 2.5 s\n"
		"  n1  Waiting   [....................]         2 to do\n"
		"  n2  Scanning                          2.5 s  \n"},
	    {"n1 Stage -> n2 ok c",
		"Updating Run 9f1c2d3e: 0 of 2 nodes done, 3.5 s\n"
		"  n1  Staging  [##########..........]  2.5 s  100 B of 200 B\n"
		"  n2  Waiting  [....................]         1 to do\n"},
	    {"n2 Stage -> n1 ok\n -> n2 ok\nn1 Suspend -> n1 ok",
		"Updating Run 9f1c2d3e: 0 of 2 nodes done, 6.5 s, "
		"1 out of service\n"
		"  n1  Waiting  [....................]  2 to do, out of "
		"service\n"
		"  n2  Waiting  [....................]  1 to do\n"},
	    {"n1 Install a -> n1 Succeeded reboot\nn1 Install b -> stop",
		"Updating Run 9f1c2d3e: STOPPING, 1 of 2 nodes done, 8.5 s, 1 "
		"out of service\n"
		"  n1  Installing  [##########..........]  2.5 s  2/2 b, out "
		"of service\n"
		"  n2  Canceled    [....................]         1 "
		"canceled\n"},
	    {" -> n1 Failed",
		"Updating Run 9f1c2d3e: STOPPING, 1 of 2 nodes done, 9.5 s, 1 "
		"out of service\n"
		"  n1  Waiting   [####################]  1 succeeded, 1 "
		"failed, "
		"out of service\n"
		"  n2  Canceled  [....................]  1 canceled\n"},
	};
	struct buf b = BUF_INIT;
	struct script s;

	(void)state;
	script_begin(&s, &run);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		script_play(&s, steps[i].lines);
		frame(&b, &s, 80, 24);
		assert_string_equal(b.data, steps[i].want);
	}
	buf_release(&b);
	script_end(&s);
}

/* Why it restarts stands there. */
static void
test_restart(void **state)
{
	static const struct script_run run = {.n_nodes = 1};
	struct buf b = BUF_INIT;
	struct script s;

	(void)state;
	script_begin(&s, &run);
	script_play(&s, "n1 Scan -> n1 ok a\n"
			"n1 Stage -> n1 ok\n"
			"n1 Install a -> n1 Succeeded reboot\n"
			"n1 Restart -> stop");
	frame(&b, &s, 80, 24);
	assert_string_equal(b.data,
	    "Updating Run 9f1c2d3e: STOPPING, 0 of 1 node done, 5.5 s\n"
	    "  n1  Restarting  [####################]  2.5 s  a asked for it, "
	    "1 restart\n");
	buf_release(&b);
	script_end(&s);
}

/* Those that are worked on come first, then those with trouble. */
static void
test_more_than_fit(void **state)
{
	static const struct script_run run = {
	    .n_nodes = 5, .max_failed_nodes = 4, .max_unavailable = 2};
	struct buf b = BUF_INIT;
	struct script s;

	(void)state;
	script_begin(&s, &run);
	script_play(&s, "n1 Scan, n2 Scan, n3 Scan, n4 Scan, n5 Scan -> n1 ok\n"
			" -> n2 ok b\n"
			"n2 Stage -> n3 ok c\n"
			"n3 Stage -> n4 ok d\n"
			"n4 Stage -> n5 ok e\n"
			"n5 Stage -> n2 ok\n"
			" -> n3 ok\n"
			" -> n4 ok\n"
			" -> n5 ok\n"
			"n2 Install b, n3 Install c -> n2 Failed\n"
			"n2 Scan -> n2 ok");
	frame(&b, &s, 80, 6);
	assert_string_equal(b.data,
	    "Updating Run 9f1c2d3e: 2 of 5 nodes done, 1 failed, "
	    "12.5 s\n"
	    "  n2  Failed      [####################]         1 failed\n"
	    "  n3  Installing  [....................]  3.5 s  1/1 c\n"
	    "  and 3 more: 2 waiting, 1 succeeded\n");
	frame(&b, &s, 80, 1);
	assert_string_equal(b.data,
	    "Updating Run 9f1c2d3e: 2 of 5 nodes done, 1 failed, "
	    "12.5 s\n"
	    "  n3  Installing  [....................]  3.5 s  1/1 c\n"
	    "  and 4 more: 1 not succeeded, 2 waiting, 1 succeeded\n");
	buf_release(&b);
	script_end(&s);
}

/* No line is wider than the terminal, whatever its letters. */
static void
test_narrow(void **state)
{
	static const struct script_run run = {.n_nodes = 1};
	struct buf b = BUF_INIT;
	struct script s;
	char *line, *save;

	(void)state;
	script_begin(&s, &run);
	script_play(&s,
	    "n1 Scan -> n1 ok \xe6\x9b\xb4\xe6\x96\xb0\xe6\x9b\xb4\xe6\x96\xb0"
	    "\n"
	    "n1 Stage -> n1 ok\n"
	    "n1 Install \xe6\x9b\xb4\xe6\x96\xb0\xe6\x9b\xb4\xe6\x96\xb0 -> "
	    "stop");
	frame(&b, &s, 40, 24);
	assert_string_equal(b.data,
	    "Run 9f1c2d3e: STOPPING, 0 of 1 node don\n"
	    "  n1  Installing  2.5 s  1/1 "
	    "\xe6\x9b\xb4\xe6\x96\xb0\xe6\x9b\xb4\xe6\x96\xb0\n");
	for (size_t columns = 2; columns < 100; columns++) {
		frame(&b, &s, columns, 24);
		for (line = strtok_r(b.data, "\n", &save); line != NULL;
		     line = strtok_r(NULL, "\n", &save))
			assert_true(text_width(line) < columns);
	}
	buf_release(&b);
	script_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_way_of_a_node),
	    cmocka_unit_test(test_restart),
	    cmocka_unit_test(test_more_than_fit),
	    cmocka_unit_test(test_narrow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
