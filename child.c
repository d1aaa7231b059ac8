/* SPDX-License-Identifier: ISC */
/* Child processes. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LINGER_MS 200
#define READ_SIZE 65536

extern char **environ;

/* The variables of a clean environment, as they are set here. */
static void
clean_env(char *env[5])
{
	static const char *const names[] = {
	    "PATH=", "HOME=", "USER=", "LOGNAME="};
	size_t n = 0;

	for (size_t k = 0; k < 4; k++)
		for (char **p = environ; *p != NULL; p++)
			if (strncmp(*p, names[k], strlen(names[k])) == 0) {
				env[n++] = *p;
				break;
			}
	env[n] = NULL;
}

int64_t
clock_raw_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Who looks at the clock at least each second and has not for so long was
 * stopped (^Z). */
#define STOPPED_MS 4000

static struct {
	pthread_mutex_t mutex;
	int64_t last_ms; /* 0: nobody looks each second */
	int64_t stopped_ms;
} watch = {PTHREAD_MUTEX_INITIALIZER, 0, 0};

int64_t
clock_ms(void)
{
	int64_t now;

	(void)pthread_mutex_lock(&watch.mutex);
	now = clock_raw_ms();
	if (watch.last_ms != 0) {
		if (now - watch.last_ms > STOPPED_MS)
			watch.stopped_ms += now - watch.last_ms;
		watch.last_ms = now;
	}
	now -= watch.stopped_ms;
	(void)pthread_mutex_unlock(&watch.mutex);
	return now;
}

void
clock_watch(bool on)
{
	(void)pthread_mutex_lock(&watch.mutex);
	watch.last_ms = on ? clock_raw_ms() : 0;
	(void)pthread_mutex_unlock(&watch.mutex);
}

int64_t
clock_wall_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void
clock_sleep(int64_t ms)
{
	struct timespec ts = {ms / 1000, ms % 1000 * 1000000};

	while (nanosleep(&ts, &ts) == -1 && errno == EINTR)
		continue;
}

static void
close_fd(int *fd)
{
	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
}

static int
set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags == -1 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

/*
 * The spawn itself. argv's strings are not changed by the child; posix_spawn
 * merely has no const in its prototype.
 */
static int
spawn(pid_t *pid, const struct child_spec *spec, const int fds[3])
{
	union {
		const char *const *in;
		char *const *out;
	} argv = {.in = spec->argv};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	char *env[5];
	sigset_t none, all;
	short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	int rc;

	rc = posix_spawn_file_actions_init(&actions);
	if (rc != 0)
		return rc;
	rc = posix_spawnattr_init(&attr);
	if (rc != 0) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return rc;
	}
	if (spec->clean_env)
		clean_env(env);
	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	(void)posix_spawnattr_setsigmask(&attr, &none);
	(void)posix_spawnattr_setsigdefault(&attr, &all);
	if (spec->new_session) {
		flags |= POSIX_SPAWN_SETSID;
	} else {
		flags |= POSIX_SPAWN_SETPGROUP;
		(void)posix_spawnattr_setpgroup(&attr, 0);
	}
	(void)posix_spawnattr_setflags(&attr, flags);
	for (int i = 0; i < 3 && rc == 0; i++)
		rc = posix_spawn_file_actions_adddup2(&actions, fds[i], i);
	if (rc == 0)
		rc = posix_spawnp(pid, spec->argv[0], &actions, &attr, argv.out,
		    spec->clean_env ? env : environ);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&actions);
	return rc;
}

int
child_start(struct child *c, const struct child_spec *spec, struct err *e)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1}, rc;

	memset(c, 0, sizeof(*c));
	buf_init(&c->pending);
	buf_init(&c->output);
	buf_init(&c->errors);
	c->pidfd = -1;
	if ((spec->stdin_fd == -1 && pipe2(in, O_CLOEXEC) == -1) ||
	    pipe2(out, O_CLOEXEC) == -1 || pipe2(err, O_CLOEXEC) == -1) {
		rc = err_sys(e, "cannot make a pipe for %s", spec->argv[0]);
		goto out;
	}
	rc = spawn(&c->pid, spec,
	    (int[]){
		spec->stdin_fd == -1 ? in[0] : spec->stdin_fd, out[1], err[1]});
	if (rc != 0) {
		errno = rc;
		rc = err_sys(e, "cannot start %s", spec->argv[0]);
		goto out;
	}
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	if (c->pidfd == -1 || set_nonblocking(out[0]) == -1 ||
	    set_nonblocking(err[0]) == -1 ||
	    (in[1] != -1 && set_nonblocking(in[1]) == -1)) {
		rc = err_sys(e, "cannot watch %s", spec->argv[0]);
		(void)kill(-c->pid, SIGKILL);
		(void)waitpid(c->pid, NULL, 0);
		close_fd(&c->pidfd);
		goto out;
	}
	c->in = in[1];
	c->out = out[0];
	c->err = err[0];
	in[1] = out[0] = err[0] = -1;
out:
	for (int i = 0; i < 2; i++) {
		close_fd(&in[i]);
		close_fd(&out[i]);
		close_fd(&err[i]);
	}
	return rc;
}

void
child_send(struct child *c, const void *data, size_t len)
{
	if (c->in != -1)
		buf_add(&c->pending, data, len);
}

void
child_finish_input(struct child *c)
{
	c->close_in = true;
	if (c->pending.len == 0)
		close_fd(&c->in);
}

/* write(2) without SIGPIPE: a child that closed its stdin ends nobody here,
 * and a command whose own output goes to head(1) still ends in silence. */
static ssize_t
write_quietly(int fd, const void *data, size_t len)
{
	struct timespec none = {0, 0};
	sigset_t set, old;
	ssize_t n;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, &set, &old);
	n = write(fd, data, len);
	if (n == -1 && errno == EPIPE) {
		while (sigtimedwait(&set, NULL, &none) == -1 && errno == EINTR)
			continue;
		errno = EPIPE;
	}
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return n;
}

/* A reader that went away is no error here: why it went is told by its
 * exit status and its stderr. */
static void
pump_in(struct child *c)
{
	ssize_t n = write_quietly(c->in, c->pending.data, c->pending.len);

	if (n > 0)
		buf_consume(&c->pending, (size_t)n);
	else if (n == -1 && errno != EAGAIN && errno != EINTR) {
		buf_reset(&c->pending);
		close_fd(&c->in);
	}
	if (c->pending.len == 0 && c->close_in)
		close_fd(&c->in);
}

static void
pump_out(int *fd, struct buf *b, size_t keep)
{
	ssize_t n = read(*fd, buf_reserve(b, READ_SIZE), READ_SIZE);

	if (n > 0) {
		buf_setlen(b, b->len + (size_t)n);
		if (b->len > keep)
			buf_consume(b, b->len - keep);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		close_fd(fd);
	}
}

/* The one decoder of a wait status. The child stays a zombie, so that its
 * group cannot be somebody else's before child_stop has dealt with it. */
static void
look_for_exit(struct child *c)
{
	siginfo_t si = {0};

	if (waitid(P_PID, (id_t)c->pid, &si, WEXITED | WNOHANG | WNOWAIT) ==
		-1 ||
	    si.si_pid == 0)
		return;
	c->status.how =
	    si.si_code == CLD_EXITED ? CHILD_EXITED : CHILD_SIGNALED;
	c->status.code = si.si_status;
	c->exited_ms = clock_ms();
}

enum child_turn
child_turn(struct child *c, int64_t deadline_ms)
{
	struct pollfd p[4];
	int64_t now = clock_ms(), until = deadline_ms, left;
	nfds_t n = 0;
	int in = -1, out = -1, err = -1, rc;

	if (c->status.how != CHILD_RUNNING) {
		if (c->out == -1 && c->err == -1)
			return CHILD_TURN_ENDED;
		if (c->exited_ms + LINGER_MS < until)
			until = c->exited_ms + LINGER_MS;
	}
	if (c->in != -1 && c->pending.len != 0) {
		in = (int)n;
		p[n++] = (struct pollfd){c->in, POLLOUT, 0};
	}
	if (c->out != -1) {
		out = (int)n;
		p[n++] = (struct pollfd){c->out, POLLIN, 0};
	}
	if (c->err != -1) {
		err = (int)n;
		p[n++] = (struct pollfd){c->err, POLLIN, 0};
	}
	if (c->status.how == CHILD_RUNNING)
		p[n++] = (struct pollfd){c->pidfd, POLLIN, 0};
	left = until == INT64_MAX ? -1 : until > now ? until - now : 0;
	rc = poll(p, n, left > 1000000 ? 1000000 : (int)left);
	if (rc == -1 && errno == EINTR)
		return CHILD_TURN_SOMETHING;
	if (rc == 0) {
		if (c->status.how != CHILD_RUNNING && until != deadline_ms) {
			close_fd(&c->out);
			close_fd(&c->err);
			return CHILD_TURN_ENDED;
		}
		return clock_ms() >= deadline_ms ? CHILD_TURN_TIMEOUT
						 : CHILD_TURN_SOMETHING;
	}
	if (in != -1 && p[in].revents != 0)
		pump_in(c);
	if (out != -1 && p[out].revents != 0)
		pump_out(&c->out, &c->output, SIZE_MAX);
	if (err != -1 && p[err].revents != 0)
		pump_out(&c->err, &c->errors, CHILD_ERR_KEEP);
	if (c->status.how == CHILD_RUNNING && p[n - 1].revents != 0)
		look_for_exit(c);
	if (c->status.how != CHILD_RUNNING && c->out == -1 && c->err == -1)
		return CHILD_TURN_ENDED;
	return CHILD_TURN_SOMETHING;
}

/* Waits for the exit alone; nothing is read any more. */
static void
await_exit(struct child *c, int64_t deadline_ms)
{
	struct pollfd p = {c->pidfd, POLLIN, 0};
	int64_t left;

	while (c->status.how == CHILD_RUNNING) {
		left = deadline_ms - clock_ms();
		if (left <= 0 && deadline_ms != INT64_MAX)
			return;
		if (poll(&p, 1, left > 1000000 ? 1000000 : (int)left) == 1)
			look_for_exit(c);
	}
}

void
child_stop(struct child *c, int64_t grace_ms)
{
	close_fd(&c->in);
	if (c->status.how == CHILD_RUNNING) {
		(void)kill(-c->pid, SIGTERM);
		await_exit(c, clock_ms() + grace_ms);
		/* The leader is a zombie or about to be: members that outlive
		 * it still go by its number. */
		(void)kill(-c->pid, SIGKILL);
		await_exit(c, INT64_MAX);
	}
	while (waitpid(c->pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	/* Not before: last words are no reason to die of SIGPIPE. */
	close_fd(&c->out);
	close_fd(&c->err);
	close_fd(&c->pidfd);
	buf_release(&c->pending);
	buf_release(&c->output);
	buf_release(&c->errors);
}

int
child_run(const char *const *argv, const char *input, struct buf *out,
    size_t max_out, struct buf *errors, int64_t deadline_ms,
    struct child_status *status, struct err *e)
{
	struct child_spec spec = {argv, -1, true, false};
	struct child c;
	enum child_turn t;
	int rc = 0;

	if (child_start(&c, &spec, e) == -1)
		return -1;
	if (input != NULL)
		child_send(&c, input, strlen(input));
	child_finish_input(&c);
	do {
		t = child_turn(&c, deadline_ms);
		if (out == NULL)
			buf_reset(&c.output);
		if (c.output.len > max_out) {
			rc = err_set(e, CAU_FAILED,
			    "%s printed more than %zu bytes", argv[0], max_out);
			break;
		}
		if (t == CHILD_TURN_TIMEOUT) {
			rc = err_set(e, CAU_FAILED, "%s gave no answer in time",
			    argv[0]);
			break;
		}
	} while (t != CHILD_TURN_ENDED);
	if (out != NULL)
		buf_add(out, c.output.data, c.output.len);
	if (errors != NULL)
		buf_add(errors, c.errors.data, c.errors.len);
	child_stop(&c, 0);
	*status = c.status;
	return rc;
}

void
child_describe(struct buf *b, const struct child_status *s)
{
	switch (s->how) {
	case CHILD_RUNNING:
		buf_addstr(b, "still running");
		break;
	case CHILD_EXITED:
		buf_addf(b, "exit status %d", s->code);
		break;
	case CHILD_SIGNALED:
		buf_addf(
		    b, "killed by signal %d (%s)", s->code, strsignal(s->code));
		break;
	}
}
