/* SPDX-License-Identifier: ISC */
/* Nodes that the cluster software does not know: commands of the user take
 * them out of service and put them back. Also the list of drivers. */
#include "cluster.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "text.h"

/* For runs of the time before --suspend-timeout. */
#define COMMAND_MS	 600000
#define COMMAND_GRACE_MS 2000
#define CANCEL_LOOK_MS	 250
/* "command.PID": an empty file that is the standard input of a command of the
 * coordinator PID, and locked as long as a process of it has it open. */
#define GUARD "command."

const struct cluster_ops *
cluster_find(const char *type)
{
	return strcmp(type, pacemaker_cluster.type) == 0 ? &pacemaker_cluster
							 : &list_cluster;
}

/* Waits for a child until it ends, or is to be given up. */
static int
wait_command(struct child *c, int64_t limit_ms, const _Atomic bool *cancel,
    struct err *e)
{
	int64_t deadline = clock_ms() + limit_ms, slice;
	char span[TEXT_SMALL_SIZE];
	enum child_turn t;

	do {
		slice = clock_ms() + CANCEL_LOOK_MS;
		t = child_turn(c, slice < deadline ? slice : deadline);
		buf_reset(&c->output);
		if (cancel != NULL && atomic_load(cancel))
			return err_set(e, CAU_CANCELED,
			    "ended because the run was stopped");
		if (t == CHILD_TURN_TIMEOUT && clock_ms() >= deadline) {
			text_span(span, limit_ms);
			return err_set(
			    e, CAU_FAILED, "it did not end within %s", span);
		}
	} while (t != CHILD_TURN_ENDED);
	return 0;
}

static int
end_of(const struct child *c, struct err *e)
{
	struct buf why = BUF_INIT;

	if (c->status.how == CHILD_EXITED && c->status.code == 0)
		return 0;
	child_describe(&why, &c->status);
	buf_addstr(&why, c->errors.len > 0 ? ": " : "");
	text_printable(&why, c->errors.data, strcspn(c->errors.data, "\n"));
	(void)err_set(e, CAU_FAILED, "%s", why.data);
	buf_release(&why);
	return -1;
}

/* Waits for what has a guard open; it is gone then. */
static int
await_guard(int dir, const char *name, int64_t deadline,
    const _Atomic bool *cancel, struct err *e)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), rc;

	if (fd == -1)
		return 0;
	while ((rc = flock(fd, LOCK_EX | LOCK_NB)) == -1 &&
	       errno == EWOULDBLOCK && clock_ms() < deadline &&
	       !(cancel != NULL && atomic_load(cancel)))
		clock_sleep(CANCEL_LOOK_MS);
	if (rc == 0)
		(void)unlinkat(dir, name, 0);
	(void)close(fd);
	return rc == 0 ? 0
		       : err_set(e, CAU_FAILED,
			     "a command of the coordinator before, process "
			     "%.20s, still runs",
			     name + strlen(GUARD));
}

/*
 * A coordinator that was killed leaves its command at work. What that does to
 * the node in the end must not come after what is done now. A guard of our own
 * is left by what a command started and did not wait for: nobody else does.
 */
static int
await_others(const struct cluster_order *o, const char *own, int64_t deadline,
    const _Atomic bool *cancel, struct err *e)
{
	int fd = o->log_dir == -1 ? -1 : dup(o->log_dir), rc = 0;
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (dir == NULL) {
		if (fd != -1)
			(void)close(fd);
		return 0;
	}
	rewinddir(dir);
	while (rc == 0 && (de = readdir(dir)) != NULL)
		if (strncmp(de->d_name, GUARD, strlen(GUARD)) == 0 &&
		    strcmp(de->d_name, own) != 0)
			rc = await_guard(
			    o->log_dir, de->d_name, deadline, cancel, e);
	(void)closedir(dir);
	return rc;
}

/* The standard input of a command, or -1: a disk that is full is no reason not
 * to put a node back. */
static int
make_guard(const struct cluster_order *o, const char *own)
{
	int fd;

	if (o->log_dir == -1)
		return -1;
	fd = openat(
	    o->log_dir, own, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd != -1)
		(void)flock(fd, LOCK_EX | LOCK_NB);
	return fd;
}

/* The words of a command here, with the node's name behind them. */
static enum cluster_rc
run_command(const struct cluster_order *o, const char *const *words,
    const _Atomic bool *cancel, const char *what, struct err *e)
{
	int64_t limit = o->run->suspend_timeout_ms > 0
			    ? o->run->suspend_timeout_ms
			    : COMMAND_MS;
	struct child_spec spec = {NULL, -1, true, false};
	struct arena a = ARENA_INIT;
	struct child c;
	const char **argv;
	char guard[32];
	size_t n = 0;
	int rc;

	(void)snprintf(guard, sizeof(guard), GUARD "%ld", (long)getpid());
	if (await_others(o, guard, clock_ms() + limit, cancel, e) == -1) {
		(void)err_wrap(e, "%s %s", what, words[0]);
		return CLUSTER_FAILED;
	}
	while (words[n] != NULL)
		n++;
	argv = arena_alloc(&a, (n + 2) * sizeof(*argv));
	memcpy(argv, words, n * sizeof(*argv));
	argv[n] = o->node->name;
	spec.argv = argv;
	spec.stdin_fd = make_guard(o, guard);
	rc = child_start(&c, &spec, e);
	arena_release(&a);
	if (spec.stdin_fd != -1)
		(void)close(spec.stdin_fd);
	if (rc == -1)
		return CLUSTER_FAILED;
	child_finish_input(&c);
	rc = wait_command(&c, limit, cancel, e);
	if (rc == 0)
		rc = end_of(&c, e);
	child_stop(&c, COMMAND_GRACE_MS);
	if (o->log_dir != -1)
		(void)unlinkat(o->log_dir, guard, 0);
	if (rc == 0)
		return CLUSTER_OK;
	(void)err_wrap(e, "%s %s", what, words[0]);
	return CLUSTER_FAILED;
}

static enum cluster_rc
list_suspend(void *self, const struct cluster_order *o, struct err *e)
{
	(void)self;
	return run_command(
	    o, o->run->suspend_command, o->cancel, "suspend command", e);
}

/* What puts a node back is always waited for. */
static enum cluster_rc
list_resume(void *self, const struct cluster_order *o, struct err *e)
{
	(void)self;
	return run_command(
	    o, o->run->resume_command, NULL, "resume command", e);
}

const struct cluster_ops list_cluster = {
    .type = "list",
    .suspend = list_suspend,
    .resume = list_resume,
};
