/* SPDX-License-Identifier: ISC */
/* A journal that is read while it grows, in pieces of any size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "follow.h"
#include "script.h"

static const char lines[] = "n1 Scan, n2 Scan -> n1 ok a b+\n"
			    "n1 Stage -> n1 ok\n"
			    " -> n2 ok\n"
			    "n1 Install a -> n1 Succeeded\n"
			    "n1 Scan -> n1 ok\n"
			    "Succeeded";
static const struct script_run run = {.n_nodes = 2, .max_failed_nodes = 1};

struct growing {
	char path[64];
	int fd;
	struct follow f;
	struct engine g;
	struct script s;
	const char *data; /* the whole journal */
	size_t len;
};

static void
begin(struct growing *t)
{
	struct err e;

	(void)snprintf(t->path, sizeof(t->path), "/tmp/cau-follow.XXXXXX");
	t->fd = mkstemp(t->path);
	assert_int_not_equal(t->fd, -1);
	engine_init(&t->g);
	assert_int_equal(follow_open(&t->f, t->path, &e), 0);
	script_begin(&t->s, &run);
	script_play(&t->s, lines);
	t->data = t->s.journal.pending.data;
	t->len = t->s.journal.pending.len;
}

static void
end(struct growing *t)
{
	script_end(&t->s);
	follow_close(&t->f);
	engine_release(&t->g);
	(void)close(t->fd);
	(void)unlink(t->path);
}

static void
put(struct growing *t, const char *data, size_t len)
{
	assert_int_equal(write(t->fd, data, len), (ssize_t)len);
}

static size_t
count_lines(const char *data, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += data[i] == '\n';
	return n;
}

/* Takes what there is; how many events that was. */
static size_t
take(struct growing *t)
{
	struct err e;
	size_t n = 0;
	int rc;

	while ((rc = follow_next(&t->f, &t->g, &e)) == 1)
		n++;
	assert_int_equal(rc, 0);
	return n;
}

static void
test_any_pieces(void **state)
{
	struct growing t;
	size_t n, lines_before, at;

	(void)state;
	for (size_t piece = 1; piece < 400; piece += piece < 8 ? 1 : 37) {
		begin(&t);
		for (at = 0; at < t.len; at += n) {
			n = t.len - at < piece ? t.len - at : piece;
			put(&t, t.data + at, n);
			lines_before = t.f.line;
			assert_int_equal(lines_before + take(&t),
			    count_lines(t.data, at + n));
			assert_int_equal(t.f.line, count_lines(t.data, at + n));
		}
		assert_true(t.g.finished);
		assert_int_equal(follow_rest(&t.f), 0);
		end(&t);
	}
}

/* Each line as it is, with its event. */
static void
test_lines(void **state)
{
	const char *line, *nl;
	struct growing t;
	struct err e;

	(void)state;
	begin(&t);
	put(&t, t.data, t.len);
	for (line = t.data; *line != '\0'; line = nl + 1) {
		nl = strchr(line, '\n');
		assert_int_equal(follow_next(&t.f, &t.g, &e), 1);
		assert_int_equal(t.f.json_len, nl - line);
		assert_memory_equal(t.f.json, line, t.f.json_len);
		assert_int_equal(t.f.event.at_ms, t.g.last_ms);
	}
	assert_int_equal(t.f.event.type, EV_RUN_FINISHED);
	assert_int_equal(follow_next(&t.f, &t.g, &e), 0);
	end(&t);
}

/* Whoever takes up a run cuts off what has no newline and goes on there. */
static void
test_half_line_is_cut_off(void **state)
{
	struct growing t;
	size_t first;

	(void)state;
	begin(&t);
	first = (size_t)(strchr(t.data, '\n') - t.data) + 1;
	put(&t, t.data, first);
	put(&t, "{\"half\":\"of something that is longer than", 41);
	assert_int_equal(take(&t), 1);
	assert_int_equal(follow_rest(&t.f), 41);
	assert_int_equal(ftruncate(t.fd, (off_t)first), 0);
	assert_int_equal(lseek(t.fd, 0, SEEK_END), (off_t)first);
	assert_int_equal(take(&t), 0);
	assert_int_equal(follow_rest(&t.f), 0);
	put(&t, t.data + first, t.len - first);
	assert_int_equal(take(&t), count_lines(t.data, t.len) - 1);
	assert_true(t.g.finished);
	end(&t);
}

/* Longer than what is read at a time. */
static void
test_long_line(void **state)
{
	struct growing t;
	char *blanks = malloc(300000);
	size_t first;
	struct err e;

	(void)state;
	assert_non_null(blanks);
	memset(blanks, ' ', 300000);
	begin(&t);
	first = (size_t)(strchr(t.data, '\n') - t.data) + 1;
	put(&t, t.data, first - 1);
	for (size_t i = 0; i < 3; i++) {
		put(&t, blanks, 100000);
		assert_int_equal(take(&t), 0);
	}
	put(&t, "\n", 1);
	put(&t, t.data + first, t.len - first);
	assert_int_equal(follow_next(&t.f, &t.g, &e), 1);
	assert_int_equal(t.f.json_len, first - 1 + 300000);
	assert_int_equal(take(&t), count_lines(t.data, t.len) - 1);
	end(&t);
	free(blanks);
}

static void
test_damage(void **state)
{
	struct growing t;
	struct err e;
	size_t first;

	(void)state;
	begin(&t);
	first = (size_t)(strchr(t.data, '\n') - t.data) + 1;
	put(&t, t.data, first);
	put(&t, "{}\n", 3);
	assert_int_equal(follow_next(&t.f, &t.g, &e), 1);
	assert_int_equal(follow_next(&t.f, &t.g, &e), -1);
	assert_int_equal(e.code, CAU_FAILED);
	assert_non_null(
	    strstr(e.text, ": line 2 is damaged: an event of unknown type"));
	end(&t);
}

static void
test_wait(void **state)
{
	struct growing t;
	int p[2];

	(void)state;
	begin(&t);
	assert_int_equal(pipe(p), 0);
	/* These would take a minute if nothing was noticed. */
	put(&t, "x", 1);
	follow_wait(&t.f, -1, 60000);
	assert_int_equal(write(p[1], "x", 1), 1);
	follow_wait(&t.f, p[0], 60000);
	follow_wait(&t.f, -1, 10);
	(void)close(p[0]);
	(void)close(p[1]);
	end(&t);
}

static void
test_no_file(void **state)
{
	static const char *const paths[] = {
	    "/nonexistent/journal.jsonl", "/dev/zero", "/tmp"};
	struct follow f;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		assert_int_equal(follow_open(&f, paths[i], &e), -1);
		assert_int_equal(e.code, CAU_FAILED);
		assert_non_null(strstr(e.text, paths[i]));
		follow_close(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_any_pieces),
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_half_line_is_cut_off),
	    cmocka_unit_test(test_long_line), cmocka_unit_test(test_damage),
	    cmocka_unit_test(test_wait), cmocka_unit_test(test_no_file)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
