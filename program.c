/* SPDX-License-Identifier: ISC */
/* A program that is brought to nodes and run there. */
#include "program.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access.h"
#include "text.h"

#define STAGE_MS 600000

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
check(const struct program *p, int64_t max_bytes, const struct stat *st,
    struct buf *warnings, struct err *e)
{
	struct access_report report = {BUF_INIT, 0};
	unsigned char head[4] = {0};
	char *real;

	if (!S_ISREG(st->st_mode))
		return err_set(
		    e, CAU_USAGE, "%s is not a regular file", p->path);
	if (st->st_size > max_bytes)
		return err_set(e, CAU_USAGE, "%s is larger than %d MiB",
		    p->path, (int)(max_bytes >> 20));
	if (pread(p->fd, head, sizeof(head), 0) == -1)
		return err_sys(e, "cannot read %s", p->path);
	if (memcmp(head, "#!", 2) != 0 && memcmp(head, "\177ELF", 4) != 0)
		return err_set(e, CAU_USAGE,
		    "%s has no #! line, so a node could not run it", p->path);
	check_folder(&report, p->path);
	/* A link leads elsewhere. */
	real = realpath(p->path, NULL);
	if (real != NULL && strcmp(real, p->path) != 0)
		check_folder(&report, real);
	free(real);
	access_check_fd(&report, p->fd, st, p->path);
	buf_add(warnings, report.text.data, report.text.len);
	buf_release(&report.text);
	if (report.n > 0)
		return err_set(e, CAU_REFUSED,
		    "others than root could change %s, which is run as root "
		    "on the nodes",
		    p->path);
	return 0;
}

int
program_load(struct program *p, const char *path, const char *what,
    int64_t max_bytes, struct buf *warnings, struct err *e)
{
	const char *slash = strrchr(path, '/');
	struct stat st;

	*p = (struct program){path, slash == NULL ? path : slash + 1, -1, ""};
	if (*path == '\0')
		return 0;
	p->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (p->fd == -1 || fstat(p->fd, &st) == -1) {
		(void)err_sys(e, "cannot read the %s %s", what, path);
		e->code = CAU_USAGE;
		return -1;
	}
	if (check(p, max_bytes, &st, warnings, e) == -1)
		return -1;
	return file_sha256(p->fd, p->sha256, NULL, e);
}

void
program_release(struct program *p)
{
	if (p->path != NULL && p->fd != -1)
		(void)close(p->fd);
	p->fd = -1;
}

char *
program_staged_path(const struct program *p, const struct node *n)
{
	return xasprintf("%s/stage/%s/%s", n->state_dir, p->sha256, p->name);
}

/* Whether the answer has a line with this key. */
struct found {
	const char *key;
	bool yes;
};

static void
look_for(void *ctx, const char *key, const char *text, size_t len)
{
	struct found *f = ctx;

	(void)text;
	(void)len;
	if (strcmp(key, f->key) == 0)
		f->yes = true;
}

static void
request(struct buf *b, const char *function, const struct program *p)
{
	buf_reset(b);
	buf_addf(b, "%s %s ", function, p->sha256);
	text_shell_quote(b, p->name);
}

/* Descriptors are shared by threads, so a node gets one of its own. */
static enum node_rc
put(const struct program *p, struct node *n, struct err *e)
{
	char *path = xasprintf("/proc/self/fd/%d", p->fd);
	char *target = program_staged_path(p, n);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum node_rc rc = NODE_FAILED;

	if (fd == -1)
		(void)err_sys(e, "cannot read %s", p->path);
	else
		rc = node_put(n, target, fd, e);
	if (fd != -1)
		(void)close(fd);
	free(target);
	free(path);
	return rc;
}

enum node_rc
program_stage(const struct program *p, struct node *n, struct err *e)
{
	struct buf b = BUF_INIT;
	struct found found = {"need", false};
	enum node_rc rc;

	request(&b, "cau_have", p);
	rc = node_call(n, b.data, look_for, &found, STAGE_MS, e);
	if (rc == NODE_OK && found.yes) {
		rc = put(p, n, e);
		request(&b, "cau_verify", p);
		found = (struct found){"differs", false};
		if (rc == NODE_OK)
			rc =
			    node_call(n, b.data, look_for, &found, STAGE_MS, e);
		if (found.yes)
			(void)err_set(e, CAU_REFUSED,
			    "it is not the file that was checked: it was "
			    "changed since, or damaged on the way");
	}
	buf_release(&b);
	return rc;
}
