/* SPDX-License-Identifier: ISC */
/* The pre-update and the post-update script. */
#include "script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access.h"
#include "text.h"

#define MAX_BYTES (1U << 20)
#define STAGE_MS  600000

/* The folder that a file lies in, and those above it. */
static void
check_folder(struct access_report *report, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash == NULL || slash == path
			? xstrdup("/")
			: xasprintf("%.*s", (int)(slash - path), path);

	access_check_path(report, dir);
	free(dir);
}

static int
check(const struct script *s, const struct stat *st, struct buf *warnings,
    struct err *e)
{
	struct access_report report = {BUF_INIT, 0};
	unsigned char head[4] = {0};
	char *real;

	if (!S_ISREG(st->st_mode))
		return err_set(
		    e, CAU_USAGE, "%s is not a regular file", s->path);
	if (st->st_size > MAX_BYTES)
		return err_set(
		    e, CAU_USAGE, "%s is larger than 1 MiB", s->path);
	if (pread(s->fd, head, sizeof(head), 0) == -1)
		return err_sys(e, "cannot read %s", s->path);
	if (memcmp(head, "#!", 2) != 0 && memcmp(head, "\177ELF", 4) != 0)
		return err_set(e, CAU_USAGE,
		    "%s has no #! line, so a node could not run it", s->path);
	check_folder(&report, s->path);
	/* A link leads elsewhere. */
	real = realpath(s->path, NULL);
	if (real != NULL && strcmp(real, s->path) != 0)
		check_folder(&report, real);
	free(real);
	access_check_fd(&report, s->fd, st, s->path);
	buf_add(warnings, report.text.data, report.text.len);
	buf_release(&report.text);
	if (report.n > 0)
		return err_set(e, CAU_REFUSED,
		    "others than root could change %s, which is run as root "
		    "on the nodes",
		    s->path);
	return 0;
}

int
script_load(
    struct script *s, const char *path, struct buf *warnings, struct err *e)
{
	const char *slash = strrchr(path, '/');
	struct stat st;

	*s = (struct script){path, slash == NULL ? path : slash + 1, -1, ""};
	if (*path == '\0')
		return 0;
	s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (s->fd == -1 || fstat(s->fd, &st) == -1) {
		(void)err_sys(e, "cannot read the script %s", path);
		e->code = CAU_USAGE;
		return -1;
	}
	if (check(s, &st, warnings, e) == -1)
		return -1;
	return file_sha256(s->fd, s->sha256, NULL, e);
}

void
script_release(struct script *s)
{
	if (s->path != NULL && s->fd != -1)
		(void)close(s->fd);
	s->fd = -1;
}

static void
need_line(void *ctx, const char *key, const char *text, size_t len)
{
	bool *need = ctx;

	(void)text;
	(void)len;
	if (strcmp(key, "need") == 0)
		*need = true;
}

static void
request(struct buf *b, const char *function, const struct script *s)
{
	buf_reset(b);
	buf_addf(b, "%s %s ", function, s->sha256);
	text_shell_quote(b, s->name);
}

/* Descriptors are shared by threads, so a node gets one of its own. */
static enum node_rc
put(const struct script *s, struct node *n, const char *target, struct err *e)
{
	char *path = xasprintf("/proc/self/fd/%d", s->fd);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum node_rc rc = NODE_FAILED;

	free(path);
	if (fd == -1)
		(void)err_sys(e, "cannot read the script %s", s->path);
	else
		rc = node_put(n, target, fd, e);
	if (fd != -1)
		(void)close(fd);
	return rc;
}

static enum node_rc
stage(const struct script *s, struct node *n, const char *target,
    const char *job, struct err *e)
{
	struct buf b = BUF_INIT;
	bool need = false;
	enum node_rc rc;

	request(&b, "cau_have", s);
	rc = node_call(n, b.data, need_line, &need, STAGE_MS, e);
	if (rc == NODE_OK && need) {
		rc = put(s, n, target, e);
		request(&b, "cau_verify", s);
		if (rc == NODE_OK)
			rc = node_call(n, b.data, NULL, NULL, STAGE_MS, e);
	}
	if (rc == NODE_OK) {
		buf_reset(&b);
		buf_addstr(&b, "cau_jobs ");
		text_shell_quote(&b, job);
		rc = node_call(n, b.data, NULL, NULL, STAGE_MS, e);
	}
	buf_release(&b);
	return rc;
}

enum node_rc
script_run(const struct script *s, struct node *n, struct job_spec *spec,
    struct job_end *end, struct err *e)
{
	char *target =
	    xasprintf("%s/stage/%s/%s", n->state_dir, s->sha256, s->name);
	struct buf words = BUF_INIT;
	enum node_rc rc = NODE_OK;

	/* Also for one that may have been started: the coordinator may have
	 * died between its record and this. */
	if (!spec->look_only)
		rc = stage(s, n, target, spec->id, e);
	text_shell_quote(&words, target);
	spec->words = words.data;
	if (rc == NODE_OK)
		rc = job_run(n, spec, end, e);
	else
		(void)err_wrap(e, "cannot bring %s to the node", s->name);
	buf_release(&words);
	free(target);
	return rc;
}
