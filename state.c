/* SPDX-License-Identifier: ISC */
/* The state folder of the coordinator. */
#include "state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "journal.h"
#include "names.h"
#include "text.h"

void
run_id_new(char out[RUN_ID_SIZE])
{
	unsigned char r[16];

	/* Only fails before the kernel has any randomness at all. */
	if (getrandom(r, sizeof(r), 0) != sizeof(r))
		memset(r, getpid() & 0xff, sizeof(r));
	r[6] = (r[6] & 0x0f) | 0x40;
	r[8] = (r[8] & 0x3f) | 0x80;
	(void)snprintf(out, RUN_ID_SIZE,
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
	    "%02x%02x%02x%02x%02x%02x",
	    r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10],
	    r[11], r[12], r[13], r[14], r[15]);
}

void
coordinator_self(struct coordinator *c, struct arena *a)
{
	char host[256] = "localhost";
	struct buf boot = BUF_INIT;
	const struct passwd *pw = getpwuid(getuid());
	struct err e;

	(void)gethostname(host, sizeof(host) - 1);
	c->host = arena_strdup(a, host);
	c->user = pw == NULL ? arena_printf(a, "%u", (unsigned)getuid())
			     : arena_strdup(a, pw->pw_name);
	c->version = CAU_VERSION;
	if (file_read("/proc/sys/kernel/random/boot_id", &boot, 64, &e) == -1)
		buf_reset(&boot);
	c->boot_id = arena_strndup(a, boot.data, strcspn(boot.data, "\n"));
	c->pid = getpid();
	buf_release(&boot);
}

static char *
lock_path(const char *state_dir)
{
	return xasprintf("%s/lock", state_dir);
}

/* What the last holder wrote into the lock; NULL when it is none or not
 * whole. */
static json_t *
read_lock(int fd)
{
	char text[4096];
	ssize_t n = pread(fd, text, sizeof(text), 0);

	return n > 0 ? json_loadb(text, (size_t)n, 0, NULL) : NULL;
}

/* Names the holder from what it wrote into the lock. */
static int
held(int fd, const char *path, struct err *e)
{
	json_t *o = read_lock(fd);

	(void)err_set(e, CAU_LOCKED, "%s is held by another run", path);
	if (o != NULL)
		(void)err_set(e, CAU_LOCKED,
		    "another run is in progress: %.36s, by %.64s on %.64s "
		    "(process %" PRId64 ") since %.30s; see cau status",
		    json_text(o, "run_id"), json_text(o, "user"),
		    json_text(o, "host"), json_number(o, "pid"),
		    json_text(o, "start"));
	json_decref(o);
	return -1;
}

/*
 * Whether the process that wrote the lock is gone. The lock of one that was
 * killed is held a moment longer by a child that it was just starting, until
 * that has become another program.
 */
static bool
holder_is_gone(int fd, const struct coordinator *self)
{
	json_t *o = read_lock(fd);
	int64_t pid = json_number(o, "pid");
	bool gone = strcmp(json_text(o, "boot_id"), self->boot_id) == 0 &&
		    pid > 0 && kill((pid_t)pid, 0) == -1 && errno == ESRCH;

	json_decref(o);
	return gone;
}

#define NAP_NS	   20000000
#define LOOKS	   5   /* somebody may just be looking whether it is held */
#define DEAD_LOOKS 100 /* the holder is dead, its child not yet itself */

/* 0, or -1 with errno. */
static int
take_lock(int fd, const struct coordinator *self)
{
	struct timespec nap = {0, NAP_NS};

	for (int tries = 0; flock(fd, LOCK_EX | LOCK_NB) == -1; tries++) {
		if (errno != EWOULDBLOCK || tries == DEAD_LOOKS)
			return -1;
		if (tries >= LOOKS && !holder_is_gone(fd, self)) {
			errno = EWOULDBLOCK;
			return -1;
		}
		(void)nanosleep(&nap, NULL);
	}
	return 0;
}

int
state_lock(struct state_lock *l, const char *state_dir, const char *run_id,
    const struct coordinator *c, struct err *e)
{
	char *path = lock_path(state_dir), now[TEXT_TIME_SIZE];
	struct buf text = BUF_INIT;
	struct timespec ts;
	struct stat st;
	json_t *o;
	int rc = 0;

	l->fd = -1;
	if (file_mkdirs(state_dir, e) == -1) {
		free(path);
		return -1;
	}
	l->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (l->fd == -1)
		rc = err_sys(e, "cannot open %s", path);
	else if (fstat(l->fd, &st) == -1 || !S_ISREG(st.st_mode))
		rc = err_set(e, CAU_FAILED,
		    "%s is not a file: take it away, when no cau runs", path);
	else if (take_lock(l->fd, c) == -1)
		rc = errno == EWOULDBLOCK ? held(l->fd, path, e)
					  : err_sys(e, "cannot lock %s", path);
	if (rc == 0) {
		(void)clock_gettime(CLOCK_REALTIME, &ts);
		text_time(now, (int64_t)ts.tv_sec * 1000);
		o = coordinator_to_json(c);
		json_set(o, "run_id", json_string(run_id));
		json_set(o, "start", json_string(now));
		json_add(&text, o);
		json_decref(o);
		if (ftruncate(l->fd, 0) == -1 ||
		    pwrite(l->fd, text.data, text.len, 0) == -1)
			rc = err_sys(e, "cannot write %s", path);
		buf_release(&text);
	}
	if (rc == -1)
		state_unlock(l);
	free(path);
	return rc;
}

void
state_unlock(struct state_lock *l)
{
	if (l->fd != -1)
		(void)close(l->fd);
	l->fd = -1;
}

static bool
is_held(int fd)
{
	return flock(fd, LOCK_SH | LOCK_NB) == -1 && errno == EWOULDBLOCK;
}

static void
read_holder(int fd, struct state_holder *h, struct arena *a)
{
	json_t *o = read_lock(fd);
	const char *id = json_text(o, "run_id");

	memset(h, 0, sizeof(*h));
	if (run_id_valid(id))
		memcpy(h->run_id, id, RUN_ID_SIZE);
	h->who.host = arena_strdup(a, json_text(o, "host"));
	h->who.user = arena_strdup(a, json_text(o, "user"));
	h->who.version = arena_strdup(a, json_text(o, "version"));
	h->who.boot_id = arena_strdup(a, json_text(o, "boot_id"));
	h->who.pid = json_number(o, "pid");
	json_decref(o);
}

bool
state_holder(const char *state_dir, struct state_holder *h, struct arena *a)
{
	char *path = lock_path(state_dir);
	struct err ignored;
	int fd = file_open_kept(path, &ignored);
	bool locked = false;

	free(path);
	if (fd != -1) {
		locked = is_held(fd);
		read_holder(fd, h, a);
		(void)close(fd);
	}
	return locked;
}

bool
state_is_driven(const char *state_dir, const char *run_id)
{
	struct arena a = ARENA_INIT;
	struct state_holder h;
	bool driven = state_holder(state_dir, &h, &a) &&
		      (*h.run_id == '\0' || strcmp(h.run_id, run_id) == 0);

	arena_release(&a);
	return driven;
}

/* Whether the process has the file open, as far as we may see that. */
static bool
has_open(int64_t pid, int fd)
{
	char *path = xasprintf("/proc/%" PRId64 "/fd", pid);
	DIR *dir = opendir(path);
	bool found = dir == NULL && errno != ENOENT;
	struct stat want, st;
	struct dirent *de;

	free(path);
	if (fstat(fd, &want) == -1)
		found = true;
	while (dir != NULL && !found && (de = readdir(dir)) != NULL)
		found = fstatat(dirfd(dir), de->d_name, &st, 0) == 0 &&
			st.st_dev == want.st_dev && st.st_ino == want.st_ino;
	if (dir != NULL)
		(void)closedir(dir);
	return found;
}

/*
 * What stands in the lock may be of an earlier holder, for a moment, and the
 * number of a process may be that of another one by now. So the process is
 * held fast first, and then it must be the one.
 */
static int
open_process(int fd, const struct state_holder *h, struct arena *a)
{
	struct state_holder again;
	int pidfd = -1;

	if (h->who.pid > 0 && h->who.pid <= INT32_MAX)
		pidfd = (int)syscall(SYS_pidfd_open, (pid_t)h->who.pid, 0);
	if (pidfd == -1)
		return -1;
	read_holder(fd, &again, a);
	if (is_held(fd) && again.who.pid == h->who.pid &&
	    strcmp(again.run_id, h->run_id) == 0 && has_open(h->who.pid, fd))
		return pidfd;
	(void)close(pidfd);
	return -1;
}

static int
open_holder(
    int fd, struct state_holder *h, int *pidfd, struct arena *a, struct err *e)
{
	struct timespec nap = {0, NAP_NS};
	struct coordinator self;

	coordinator_self(&self, a);
	for (int tries = 0; tries < DEAD_LOOKS; tries++) {
		if (!is_held(fd))
			return 0;
		read_holder(fd, h, a);
		if (strcmp(h->who.host, self.host) == 0 &&
		    strcmp(h->who.boot_id, self.boot_id) == 0) {
			*pidfd = open_process(fd, h, a);
			if (*pidfd != -1)
				return 1;
		} else if (*h->run_id != '\0' && tries >= LOOKS) {
			return err_set(e, CAU_FAILED,
			    "run %s is driven from %.64s (process %" PRId64
			    ", by %.64s): call cau stop there",
			    h->run_id, h->who.host, h->who.pid, h->who.user);
		}
		(void)nanosleep(&nap, NULL);
	}
	return err_set(e, CAU_FAILED,
	    "run %s is in progress, but its process %" PRId64 " cannot be "
	    "found from here: call cau stop where the run was started",
	    h->run_id, h->who.pid);
}

int
state_holder_open(const char *state_dir, struct state_holder *h, int *pidfd,
    struct arena *a, struct err *e)
{
	char *path = lock_path(state_dir);
	int fd = file_open_kept(path, e), rc;

	*pidfd = -1;
	if (fd != -1) {
		rc = open_holder(fd, h, pidfd, a, e);
		(void)close(fd);
	} else {
		rc = access(path, F_OK) == -1 && errno == ENOENT ? 0 : -1;
	}
	free(path);
	return rc;
}

int
state_check(const char *state_dir, struct err *e)
{
	if (access(state_dir, R_OK | X_OK) == 0 || errno == ENOENT)
		return 0;
	return err_sys(e, "cannot look into %s", state_dir);
}

char *
state_run_dir(const char *state_dir, const char *run_id)
{
	return xasprintf("%s/runs/%s", state_dir, run_id);
}

char *
state_journal(const char *state_dir, const char *run_id)
{
	return xasprintf("%s/runs/%s/journal.jsonl", state_dir, run_id);
}

int
state_current(const char *state_dir, char out[RUN_ID_SIZE])
{
	char *path = xasprintf("%s/current", state_dir), target[256];
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	const char *id;

	free(path);
	if (n == -1)
		return -1;
	target[n] = '\0';
	id = strrchr(target, '/');
	id = id == NULL ? target : id + 1;
	if (!run_id_valid(id))
		return -1;
	memcpy(out, id, RUN_ID_SIZE);
	return 0;
}

int
state_left_over(const char *state_dir, char out[RUN_ID_SIZE])
{
	struct engine g;
	struct err e;
	char *path;
	bool ended;

	if (state_current(state_dir, out) == -1)
		return -1;
	path = state_journal(state_dir, out);
	engine_init(&g);
	ended = journal_load(&g, path, NULL, &e) == 0 && g.finished;
	engine_release(&g);
	free(path);
	return ended ? -1 : 0;
}

int
state_mend_current(const char *state_dir, struct buf *text, struct err *e)
{
	char *path = xasprintf("%s/current", state_dir), id[RUN_ID_SIZE];
	char *aside = xasprintf("%s/current" STATE_ASIDE, state_dir);
	struct stat st;
	int rc = 0;

	if (lstat(path, &st) == 0 && state_current(state_dir, id) == -1) {
		if (lstat(aside, &st) == 0)
			file_remove_tree(aside);
		if (rename(path, aside) == -1)
			rc = err_sys(e, "cannot put %s aside", path);
		else
			buf_addf(text,
			    "%s does not say which run was in progress; it is "
			    "kept as %s: see in cau report list which run is "
			    "not finished, and look at its nodes\n",
			    path, aside);
	}
	free(aside);
	free(path);
	return rc;
}

int
state_set_current(const char *state_dir, const char *run_id, struct err *e)
{
	char *path = xasprintf("%s/current", state_dir);
	char *target = xasprintf("runs/%s", run_id);
	int rc;

	rc = file_link(path, target, e);
	free(target);
	free(path);
	return rc;
}

void
state_clear_current(const char *state_dir)
{
	char *path = xasprintf("%s/current", state_dir);

	(void)unlink(path);
	free(path);
}

struct found {
	char *id;
	struct timespec at;
};

static int
newer_first(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->at.tv_sec != y->at.tv_sec)
		return x->at.tv_sec < y->at.tv_sec ? 1 : -1;
	if (x->at.tv_nsec != y->at.tv_nsec)
		return x->at.tv_nsec < y->at.tv_nsec ? 1 : -1;
	return strcmp(x->id, y->id);
}

/* "ID", or "ID.damaged" and "ID.damaged.N". */
static bool
is_run(const char *name, bool aside)
{
	size_t len = RUN_ID_SIZE - 1;
	char id[RUN_ID_SIZE];

	if (!aside)
		return run_id_valid(name);
	if (strlen(name) <= len ||
	    strncmp(name + len, STATE_ASIDE, strlen(STATE_ASIDE)) != 0)
		return false;
	memcpy(id, name, len);
	id[len] = '\0';
	return run_id_valid(id);
}

char **
state_runs(const char *state_dir, bool aside)
{
	char *path = xasprintf("%s/runs", state_dir), **ids, *journal;
	DIR *dir = opendir(path);
	struct found *found = NULL;
	struct dirent *de;
	struct stat st;
	size_t n = 0, cap = 0;

	while (dir != NULL && (de = readdir(dir)) != NULL) {
		if (!is_run(de->d_name, aside))
			continue;
		/* The journal grows with the run; the first thing made in
		 * the folder tells when it began. */
		journal = xasprintf("%s/log", de->d_name);
		if (fstatat(dirfd(dir), journal, &st, 0) == 0 ||
		    fstatat(dirfd(dir), de->d_name, &st, AT_SYMLINK_NOFOLLOW) ==
			0) {
			found = xgrow(found, n, &cap, sizeof(*found));
			found[n++] =
			    (struct found){xstrdup(de->d_name), st.st_mtim};
		}
		free(journal);
	}
	if (dir != NULL)
		(void)closedir(dir);
	free(path);
	if (n > 1)
		qsort(found, n, sizeof(*found), newer_first);
	ids = xcalloc(n + 1, sizeof(*ids));
	for (size_t i = 0; i < n; i++)
		ids[i] = found[i].id;
	free(found);
	return ids;
}

void
state_runs_free(char **ids)
{
	for (char **p = ids; *p != NULL; p++)
		free(*p);
	free(ids);
}

int
state_find_run(const char *state_dir, const char *word, char out[RUN_ID_SIZE],
    struct err *e)
{
	bool last = word == NULL || strcmp(word, "last") == 0;
	char **ids = state_runs(state_dir, false);
	size_t found = 0;

	for (size_t i = 0; ids[i] != NULL && !(last && found > 0); i++) {
		if (!last && strncmp(ids[i], word, strlen(word)) != 0)
			continue;
		if (found++ == 0)
			memcpy(out, ids[i], RUN_ID_SIZE);
	}
	state_runs_free(ids);
	if (found == 1)
		return 0;
	if (last)
		return err_set(
		    e, CAU_USAGE, "there are no reports in %s", state_dir);
	return err_set(e, CAU_USAGE,
	    found == 0 ? "no run begins with '%.40s' (see cau report list)"
		       : "'%.40s' fits more than one run",
	    word);
}
