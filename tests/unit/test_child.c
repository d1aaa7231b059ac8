/* SPDX-License-Identifier: ISC */
/* Child processes: what goes in, what comes out, and how they end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child.h"

/* Longer than anything here takes on a slow machine. */
#define LIMIT_MS 60000

struct result {
	int rc;
	struct buf out, errors;
	struct child_status status;
	struct err e;
	int64_t took_ms;
};

static void
run_for(struct result *r, const char *const *argv, const char *input,
    size_t max_out, int64_t limit_ms)
{
	int64_t start = clock_ms();

	*r = (struct result){.out = BUF_INIT, .errors = BUF_INIT};
	r->rc = child_run(argv, input, &r->out, max_out, &r->errors,
	    start + limit_ms, &r->status, &r->e);
	r->took_ms = clock_ms() - start;
}

static void
run(struct result *r, const char *script, const char *input)
{
	const char *const argv[] = {"sh", "-c", script, NULL};

	run_for(r, argv, input, SIZE_MAX, LIMIT_MS);
}

static void
release(struct result *r)
{
	buf_release(&r->out);
	buf_release(&r->errors);
}

static void
check_end(struct result *r, const char *want)
{
	struct buf b = BUF_INIT;

	assert_int_equal(r->rc, 0);
	child_describe(&b, &r->status);
	assert_string_equal(b.data, want);
	buf_release(&b);
}

/* Gone, or a zombie that somebody else has to reap. */
static bool
is_gone(pid_t pid)
{
	char path[64], state = '?';
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return true;
	if (fscanf(f, "%*d %*s %c", &state) != 1)
		state = 'Z';
	(void)fclose(f);
	return state == 'Z' || state == 'X';
}

static void
check_gone(pid_t pid)
{
	int64_t until = clock_ms() + LIMIT_MS;

	assert_true(pid > 1);
	while (!is_gone(pid) && clock_ms() < until)
		(void)usleep(1000);
	assert_true(is_gone(pid));
}

static void
test_echo(void **state)
{
	const char *const argv[] = {"printf", "%s|%s", "a b", "$HOME;", NULL};
	struct result r;

	(void)state;
	run_for(&r, argv, NULL, SIZE_MAX, LIMIT_MS);
	check_end(&r, "exit status 0");
	assert_string_equal(r.out.data, "a b|$HOME;");
	assert_string_equal(r.errors.data, "");
	release(&r);
}

static void
test_stdin(void **state)
{
	struct result r;
	struct buf big = BUF_INIT;

	(void)state;
	run(&r, "cat; echo done >&2", "one\ntwo\n");
	check_end(&r, "exit status 0");
	assert_string_equal(r.out.data, "one\ntwo\n");
	assert_string_equal(r.errors.data, "done\n");
	release(&r);
	/* Nothing at all ends at once. */
	run(&r, "cat", NULL);
	check_end(&r, "exit status 0");
	assert_string_equal(r.out.data, "");
	release(&r);
	/* More than pipes hold, in both directions. */
	for (int i = 0; i < 100000; i++)
		buf_addstr(&big, "0123456789");
	run(&r, "cat", big.data);
	check_end(&r, "exit status 0");
	assert_int_equal(r.out.len, big.len);
	assert_memory_equal(r.out.data, big.data, big.len);
	release(&r);
	/* A child that does not read is no reason to hang or to die. */
	run(&r, "exec <&-; exit 3", big.data);
	check_end(&r, "exit status 3");
	release(&r);
	buf_release(&big);
}

static void
test_ends(void **state)
{
	struct result r;

	(void)state;
	run(&r, "exit 255", NULL);
	check_end(&r, "exit status 255");
	release(&r);
	run(&r, "kill -9 $$", NULL);
	check_end(&r, "killed by signal 9 (Killed)");
	release(&r);
	/* Signals that we ignore are not those of the child. */
	(void)signal(SIGPIPE, SIG_IGN);
	run(&r, "kill -PIPE $$", NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	check_end(&r, "killed by signal 13 (Broken pipe)");
	release(&r);
}

static void
test_not_found(void **state)
{
	const char *const none[] = {"cau-no-such-program", NULL};
	const char *const folder[] = {"/", NULL};
	struct result r;

	(void)state;
	run_for(&r, none, NULL, SIZE_MAX, LIMIT_MS);
	assert_int_equal(r.rc, -1);
	assert_string_equal(r.e.text,
	    "cannot start cau-no-such-program: No such file or directory");
	release(&r);
	run_for(&r, folder, NULL, SIZE_MAX, LIMIT_MS);
	assert_int_equal(r.rc, -1);
	assert_string_equal(r.e.text, "cannot start /: Permission denied");
	release(&r);
}

static void
test_limits(void **state)
{
	const char *const yes[] = {"yes", NULL};
	struct result r;

	(void)state;
	run_for(&r, yes, NULL, 1000, LIMIT_MS);
	assert_int_equal(r.rc, -1);
	assert_string_equal(r.e.text, "yes printed more than 1000 bytes");
	release(&r);
	/* Of stderr only the end is kept. */
	run(&r, "yes | head -c 100000 >&2; echo end >&2", NULL);
	check_end(&r, "exit status 0");
	assert_true(r.errors.len <= CHILD_ERR_KEEP);
	assert_string_equal(r.errors.data + r.errors.len - 4, "end\n");
	release(&r);
}

/* The deadline ends the whole group, even one that does not care for TERM. */
static void
test_deadline(void **state)
{
	const char *const argv[] = {"sh", "-c",
	    "trap '' TERM; (trap '' TERM; while :; do sleep 1; done) & "
	    "echo $! $$; while :; do sleep 1; done",
	    NULL};
	struct result r;
	char *end;
	pid_t grandchild, child;

	(void)state;
	run_for(&r, argv, NULL, SIZE_MAX, 500);
	assert_int_equal(r.rc, -1);
	assert_string_equal(r.e.text, "sh gave no answer in time");
	assert_true(r.took_ms >= 500);
	grandchild = (pid_t)strtol(r.out.data, &end, 10);
	child = (pid_t)strtol(end, &end, 10);
	assert_string_equal(end, "\n");
	check_gone(grandchild);
	assert_int_equal(kill(child, 0), -1); /* reaped, not a zombie */
	assert_int_equal(errno, ESRCH);
	release(&r);
}

/* With time to end, TERM is enough, and its handler runs. */
static void
test_grace(void **state)
{
	const char *const argv[] = {"sh", "-c",
	    "trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done",
	    NULL};
	struct child_spec spec = {.argv = argv, .stdin_fd = -1};
	struct child c;
	struct err e;

	(void)state;
	assert_int_equal(child_start(&c, &spec, &e), 0);
	while (c.output.len == 0)
		assert_int_equal(child_turn(&c, clock_ms() + LIMIT_MS),
		    CHILD_TURN_SOMETHING);
	child_stop(&c, LIMIT_MS);
	assert_int_equal(c.status.how, CHILD_EXITED);
	assert_int_equal(c.status.code, 7);
}

/* A daemon that keeps the pipes open is not waited for. */
static void
test_daemon(void **state)
{
	struct result r;
	pid_t daemon;

	(void)state;
	run(&r, "setsid sleep 1000 & echo $!; exit 4", NULL);
	check_end(&r, "exit status 4");
	daemon = (pid_t)strtol(r.out.data, NULL, 10);
	assert_true(r.took_ms < LIMIT_MS / 2);
	assert_false(is_gone(daemon));
	(void)kill(daemon, SIGKILL);
	release(&r);
}

/* Nothing of ours leaks into a child, not even the pipes of another. */
static void
test_descriptors(void **state)
{
	const char *const cat[] = {"cat", NULL};
	struct child_spec spec = {.argv = cat, .stdin_fd = -1};
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct child other;
	struct result r;
	struct err e;

	(void)state;
	assert_int_not_equal(fd, -1);
	assert_int_equal(child_start(&other, &spec, &e), 0);
	/* ls itself has the folder open, as 3. */
	run(&r, "exec ls /proc/self/fd", NULL);
	check_end(&r, "exit status 0");
	assert_string_equal(r.out.data, "0\n1\n2\n3\n");
	release(&r);
	child_finish_input(&other);
	while (child_turn(&other, clock_ms() + LIMIT_MS) != CHILD_TURN_ENDED)
		continue;
	child_stop(&other, 0);
	assert_int_equal(other.status.how, CHILD_EXITED);
	(void)close(fd);
}

/* The terminal cannot reach a session of its own. */
static void
test_session(void **state)
{
	struct result r;

	(void)state;
	run(&r,
	    "read -r p n s pp g sid rest </proc/$$/stat; echo $(($sid - $$))",
	    NULL);
	check_end(&r, "exit status 0");
	assert_string_equal(r.out.data, "0\n");
	release(&r);
}

static void
test_environment(void **state)
{
	const char *const env[] = {"env", NULL};
	struct child_spec spec = {
	    .argv = env, .stdin_fd = -1, .clean_env = true};
	struct child c;
	struct err e;

	(void)state;
	assert_int_equal(setenv("HOME", "/h", 1), 0);
	assert_int_equal(setenv("USER", "u", 1), 0);
	assert_int_equal(setenv("LOGNAME", "l", 1), 0);
	assert_int_equal(setenv("LD_BIND_NOT", "1", 1), 0);
	assert_int_equal(setenv("PATH", "/usr/bin:/bin", 1), 0);
	assert_int_equal(child_start(&c, &spec, &e), 0);
	child_finish_input(&c);
	while (child_turn(&c, clock_ms() + LIMIT_MS) != CHILD_TURN_ENDED)
		continue;
	assert_string_equal(
	    c.output.data, "PATH=/usr/bin:/bin\nHOME=/h\nUSER=u\nLOGNAME=l\n");
	child_stop(&c, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_echo),
	    cmocka_unit_test(test_stdin),
	    cmocka_unit_test(test_ends),
	    cmocka_unit_test(test_not_found),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_deadline),
	    cmocka_unit_test(test_grace),
	    cmocka_unit_test(test_daemon),
	    cmocka_unit_test(test_descriptors),
	    cmocka_unit_test(test_session),
	    cmocka_unit_test(test_environment),
	};

	/* As cau does: what the caller left open is not ours. */
	(void)syscall(SYS_close_range, 3U, ~0U, 1U << 2);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
