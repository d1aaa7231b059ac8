/* SPDX-License-Identifier: ISC */
/* Monitoring plug-ins on the coordinator. */
#include "checks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access.h"
#include "child.h"

#define OUTPUT_MOST 65536
#define SLICE_MS    250
#define STACK_SIZE  (256U << 10)
#define NAME_CHARACTERS \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-"

struct check {
	char *name, *path;
	const char *trouble; /* why it is not run, or NULL */
	char *who;	     /* the same, in detail */
	int64_t limit_ms;
	const _Atomic bool *stop;
	enum monitor_how how;
	int code;
	struct buf output;
	pthread_t thread;
	bool threaded;
};

struct checks {
	struct check *all;
	size_t n, cap;
	bool more;
};

/* A plug-in that prints without end is not kept from its exit code. */
static void *
run_check(void *arg)
{
	struct check *c = arg;
	const char *const argv[] = {c->path, NULL};
	struct child_spec spec = {argv, -1, true, false};
	int64_t deadline = clock_ms() + c->limit_ms, slice;
	struct child child;
	enum child_turn t = CHILD_TURN_SOMETHING;
	struct err e;

	if (child_start(&child, &spec, &e) == -1) {
		c->code = 3;
		buf_addstr(&c->output, e.text);
		return NULL;
	}
	child_finish_input(&child);
	while (t != CHILD_TURN_ENDED && clock_ms() < deadline &&
	       !atomic_load(c->stop)) {
		slice = clock_ms() + SLICE_MS;
		t = child_turn(&child, slice < deadline ? slice : deadline);
		if (child.output.len > OUTPUT_MOST - c->output.len)
			buf_setlen(&child.output, OUTPUT_MOST - c->output.len);
		buf_add(&c->output, child.output.data, child.output.len);
		buf_reset(&child.output);
	}
	child_stop(&child, 0);
	c->how = t != CHILD_TURN_ENDED		      ? MONITOR_TIMEOUT
		 : child.status.how == CHILD_SIGNALED ? MONITOR_DIED
						      : MONITOR_EXITED;
	c->code = child.status.code;
	return NULL;
}

/* The folder that a link leads to. */
static void
inspect_target(struct access_report *report, const char *path)
{
	char *real = realpath(path, NULL), *slash;

	if (real != NULL && (slash = strrchr(real, '/')) != NULL) {
		slash[slash == real] = '\0';
		access_check_path(report, real);
	}
	free(real);
}

/* Whether it is a program, and one that nobody else could have changed. */
static bool
inspect(struct check *c)
{
	struct access_report report = {BUF_INIT, 0};
	struct stat st;
	int fd = open(c->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	/* A program that may be run need not be readable. */
	if (fd == -1 || fstat(fd, &st) == -1) {
		if (fd != -1)
			(void)close(fd);
		return false;
	}
	if (!S_ISREG(st.st_mode) || access(c->path, X_OK) == -1) {
		(void)close(fd);
		return false;
	}
	access_check_fd(&report, fd, &st, c->path);
	inspect_target(&report, c->path);
	(void)close(fd);
	if (report.n > 0) {
		c->trouble = "not run: others could change it";
		c->who =
		    xstrndup(report.text.data, strcspn(report.text.data, "\n"));
	}
	buf_release(&report.text);
	if (c->name[strspn(c->name, NAME_CHARACTERS "/")] != '\0') {
		free(c->who);
		c->trouble = "not run: a name of letters, digits and ._+- is "
			     "expected";
		c->who = xstrdup("rename it, or take it away");
	}
	return true;
}

static int
by_name(const void *x, const void *y)
{
	const struct check *a = x, *b = y;

	return strcmp(a->name, b->name);
}

static void
collect(struct checks *cs, DIR *d, const struct health *h)
{
	struct dirent *entry;
	struct check *c;

	while ((entry = readdir(d)) != NULL) {
		if (*entry->d_name == '.')
			continue;
		if (cs->n == CHECKS_MOST) {
			cs->more = true;
			break;
		}
		cs->all = xgrow(cs->all, cs->n, &cs->cap, sizeof(*cs->all));
		c = &cs->all[cs->n];
		memset(c, 0, sizeof(*c));
		buf_init(&c->output);
		c->limit_ms = h->options->limit_ms;
		c->name = xasprintf(HEALTH_MONITOR "/%s", entry->d_name);
		c->path =
		    xasprintf("%s/%s", h->options->checks_dir, entry->d_name);
		if (health_wants(h, c->name) && inspect(c)) {
			cs->n++;
			continue;
		}
		free(c->name);
		free(c->path);
	}
}

/* The folder itself: who can write to it can put programs there. */
static void
inspect_folder(struct checks *cs, const char *folder)
{
	struct access_report report = {BUF_INIT, 0};

	access_check_path(&report, folder);
	for (size_t i = 0; report.n > 0 && i < cs->n; i++)
		if (cs->all[i].trouble == NULL) {
			cs->all[i].trouble = "not run: others could change it";
			cs->all[i].who = xstrndup(
			    report.text.data, strcspn(report.text.data, "\n"));
		}
	buf_release(&report.text);
}

struct checks *
checks_start(struct health *h, const _Atomic bool *stop)
{
	struct checks *cs;
	pthread_attr_t attr;
	DIR *d;

	if (!health_wants(h, HEALTH_MONITOR))
		return NULL;
	d = opendir(h->options->checks_dir);
	if (d == NULL && errno == ENOENT)
		return NULL;
	cs = xcalloc(1, sizeof(*cs));
	if (d == NULL) {
		health_add_finding(h,
		    &(struct finding){.id = HEALTH_MONITOR,
			.severity = SEVERITY_CRITICAL,
			.message = "the folder of monitoring plug-ins cannot "
				   "be read",
			.remedy = "see --checks-dir",
			.source = HEALTH_MONITOR,
			.perfdata = ""});
		return cs;
	}
	collect(cs, d, h);
	(void)closedir(d);
	if (cs->n > 0) {
		qsort(cs->all, cs->n, sizeof(*cs->all), by_name);
		inspect_folder(cs, h->options->checks_dir);
	}
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, STACK_SIZE);
	for (size_t i = 0; i < cs->n; i++) {
		cs->all[i].stop = stop;
		if (cs->all[i].trouble == NULL)
			cs->all[i].threaded =
			    pthread_create(&cs->all[i].thread, &attr, run_check,
				&cs->all[i]) == 0;
	}
	(void)pthread_attr_destroy(&attr);
	return cs;
}

void
checks_finish(struct checks *cs, struct health *h)
{
	struct check *c;

	if (cs == NULL)
		return;
	for (size_t i = 0; i < cs->n; i++) {
		c = &cs->all[i];
		if (c->threaded)
			(void)pthread_join(c->thread, NULL);
		else if (c->trouble == NULL)
			(void)run_check(c);
		if (c->trouble == NULL)
			health_add_monitor(h,
			    c->name + strlen(HEALTH_MONITOR "/"), NULL, c->how,
			    c->code, c->output.data);
		else
			health_add_finding(h, &(struct finding){.id = c->name,
						  .severity = SEVERITY_CRITICAL,
						  .message = c->trouble,
						  .remedy = c->who,
						  .source = HEALTH_MONITOR,
						  .perfdata = ""});
		buf_release(&c->output);
		free(c->who);
		free(c->name);
		free(c->path);
	}
	if (cs->more)
		health_add_finding(
		    h, &(struct finding){.id = HEALTH_MONITOR,
			   .severity = SEVERITY_CRITICAL,
			   .message = "there are more monitoring plug-ins than "
				      "are run: 256",
			   .remedy = "",
			   .source = HEALTH_MONITOR,
			   .perfdata = ""});
	free(cs->all);
	free(cs);
}
