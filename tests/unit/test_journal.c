/* SPDX-License-Identifier: ISC */
/* Journals: written, cut, damaged, folded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "report.h"
#include "script.h"

/* A run with everything in it: 2 nodes, a restart, a stop, a recovery. */
static const char lines[] = "n1 Scan, n2 Scan -> n1 ok a b+\n"
			    "n1 Stage -> n1 ok\n"
			    " -> n2 failed\n"
			    "n1 Suspend -> n1 ok\n"
			    "n1 Install a -> recover\n"
			    "n1 Install a -> n1 Succeeded reboot\n"
			    "n1 Restart -> n1 ok\n"
			    "n1 Scan -> n1 ok c\n"
			    "n1 Stage -> n1 ok\n"
			    "n1 Install c -> stop\n"
			    " -> n1 Failed\n"
			    "n1 Resume -> n1 ok\n"
			    "Canceled";
static const struct script_run run = {
    .n_nodes = 2, .drain = true, .max_failed_nodes = 1};

static char *
report(const struct engine *g)
{
	json_t *j = report_to_json(g);
	char *text = json_dumps(j, JSON_COMPACT);

	json_decref(j);
	return text;
}

static void
test_fold(void **state)
{
	struct script s;
	struct engine g;
	struct err e;
	size_t good;
	char *a, *b;

	(void)state;
	script_begin(&s, &run);
	script_play(&s, lines);
	engine_init(&g);
	assert_int_equal(journal_fold(&g, s.journal.pending.data,
			     s.journal.pending.len, &good, &e),
	    0);
	assert_int_equal(good, s.journal.pending.len);
	a = report(&s.g);
	b = report(&g);
	assert_string_equal(a, b);
	assert_int_equal(engine_exit_code(&g), CAU_CANCELED);
	free(a);
	free(b);
	engine_release(&g);
	script_end(&s);
}

/* A crash may cut a journal at any byte: all whole lines are good, and what
 * is behind them is left out. */
static void
test_every_prefix(void **state)
{
	const char *data;
	struct script s;
	struct engine g;
	size_t good, want = 0;
	struct err e;
	char *text;

	(void)state;
	script_begin(&s, &run);
	script_play(&s, lines);
	data = s.journal.pending.data;
	for (size_t len = 0; len <= s.journal.pending.len; len++) {
		if (len > 0 && data[len - 1] == '\n')
			want = len;
		engine_init(&g);
		if (journal_fold(&g, data, len, &good, &e) == -1)
			fail_msg("%zu bytes: %s", len, e.text);
		assert_int_equal(good, want);
		if (want == len && len > 0) {
			text = report(&g);
			assert_non_null(text);
			free(text);
		}
		engine_release(&g);
	}
	script_end(&s);
}

static void
fold_bad(const char *data, size_t len, const char *why)
{
	struct engine g;
	struct err e;
	size_t good;

	engine_init(&g);
	assert_int_equal(journal_fold(&g, data, len, &good, &e), -1);
	if (strncmp(e.text, why, strlen(why)) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(e.code, CAU_FAILED);
	engine_release(&g);
}

static void
test_damage(void **state)
{
	struct buf b = BUF_INIT;
	struct script s;
	char *copy, *second, *third;

	(void)state;
	script_begin(&s, &run);
	script_play(&s, lines);
	copy = xstrdup(s.journal.pending.data);
	second = strchr(copy, '\n') + 1;
	third = strchr(second, '\n') + 1;

	/* A line that is no JSON, even a blank one. */
	buf_add(&b, copy, (size_t)(second - copy));
	buf_addstr(&b, "{\"t\":\n");
	buf_addstr(&b, second);
	fold_bad(b.data, b.len, "line 2 is damaged: not JSON: ");
	buf_reset(&b);
	buf_add(&b, copy, (size_t)(third - copy));
	buf_addstr(&b, "\n");
	fold_bad(b.data, b.len, "line 3 is damaged: not JSON: ");
	/* A line that is missing, or comes twice. */
	fold_bad(second, strlen(second),
	    "line 1 is damaged: the run does not start");
	buf_reset(&b);
	buf_add(&b, copy, (size_t)(third - copy));
	buf_add(&b, second, (size_t)(third - second));
	fold_bad(
	    b.data, b.len, "line 3 is damaged: n1 does not start Scan now");
	/* Anything behind the end. */
	buf_reset(&b);
	buf_addstr(&b, copy);
	buf_add(&b, second, (size_t)(third - second));
	fold_bad(
	    b.data, b.len, "line 26 is damaged: the run goes on after its end");
	/* NUL bytes, as a file system leaves them after a power cut. */
	buf_reset(&b);
	buf_add(&b, copy, (size_t)(second - copy));
	buf_add(&b, "\0\0\0\n", 4);
	fold_bad(b.data, b.len, "line 2 is damaged: not JSON: ");
	/* A member twice: which one counts? */
	buf_reset(&b);
	buf_add(&b, copy, (size_t)(second - copy));
	buf_addstr(&b, "{\"event\":\"run_recovered\",\"event\":\"x\"}\n");
	fold_bad(b.data, b.len, "line 2 is damaged: not JSON: duplicate");
	free(copy);
	buf_release(&b);
	script_end(&s);
}

/* Damage to one byte must be refused or give a state that can be shown. */
static void
test_any_byte(void **state)
{
	struct buf b = BUF_INIT;
	struct script s;
	struct engine g;
	struct err e;
	size_t good;
	char *data;

	(void)state;
	script_begin(&s, &run);
	script_play(&s, lines);
	data = s.journal.pending.data;
	for (size_t i = 0; i < s.journal.pending.len; i++) {
		char old = data[i];

		data[i] = (char)(old ^ 1);
		engine_init(&g);
		if (journal_fold(&g, data, s.journal.pending.len, &good, &e) ==
			0 &&
		    g.run.run_id != NULL) {
			buf_reset(&b);
			report_to_text(&b, &g, "/runs/x", false);
			free(report(&g));
		}
		engine_release(&g);
		data[i] = old;
	}
	buf_release(&b);
	script_end(&s);
}

/* On disk: made once, gone on with after a cut line, refused otherwise. */
static void
test_file(void **state)
{
	char top[] = "/tmp/cau-journal.XXXXXX";
	struct event ev = {.type = EV_RUN_RECOVERED, .at_ms = SCRIPT_T0};
	struct buf b = BUF_INIT, line = BUF_INIT;
	struct journal j;
	struct script s;
	struct engine g;
	struct stat st;
	size_t good, whole;
	struct err e;
	char *path;

	(void)state;
	assert_non_null(mkdtemp(top));
	path = xasprintf("%s/journal.jsonl", top);
	script_begin(&s, &run);
	assert_int_equal(journal_create(&j, path, &e), 0);
	buf_add(&j.pending, s.journal.pending.data, s.journal.pending.len);
	whole = s.journal.pending.len;
	buf_addstr(&j.pending, "{\"t\":\"20");
	assert_int_equal(journal_sync(&j, &e), 0);
	assert_int_equal(j.pending.len, 0);
	assert_int_equal(journal_sync(&j, &e), 0);
	journal_close(&j);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(journal_create(&j, path, &e), -1);
	assert_non_null(strstr(e.text, "cannot make the journal"));

	engine_init(&g);
	assert_int_equal(journal_load(&g, path, &good, &e), 0);
	assert_int_equal(good, whole);
	engine_release(&g);
	assert_int_equal(journal_continue(&j, path, good, &e), 0);
	ev.coordinator = (struct coordinator){"h", "u", "v", "b", 1};
	journal_add(&j, &ev, &line);
	assert_int_equal(journal_sync(&j, &e), 0);
	journal_close(&j);
	assert_int_equal(journal_load(&g, path, NULL, &e), 0);
	assert_int_equal(g.recoveries, 1);
	engine_release(&g);
	assert_int_equal(file_read(path, &b, 1 << 20, &e), 0);
	assert_int_equal(b.len, whole + line.len + 1);
	assert_memory_equal(b.data + whole, line.data, line.len);

	assert_int_equal(truncate(path, 20), 0);
	engine_init(&g);
	assert_int_equal(journal_load(&g, path, NULL, &e), -1);
	assert_non_null(strstr(e.text, "holds no run"));
	engine_release(&g);
	file_remove_tree(top);
	assert_int_equal(journal_load(&g, path, NULL, &e), -1);
	assert_int_equal(journal_continue(&j, path, 0, &e), -1);
	free(path);
	buf_release(&b);
	buf_release(&line);
	script_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fold),
	    cmocka_unit_test(test_every_prefix),
	    cmocka_unit_test(test_damage),
	    cmocka_unit_test(test_any_byte),
	    cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
