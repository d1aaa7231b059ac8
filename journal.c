/* SPDX-License-Identifier: ISC */
/* The journal of a run. */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

#define MAX_BYTES ((size_t)1 << 30)

int
journal_create(struct journal *j, const char *path, struct err *e)
{
	buf_init(&j->pending);
	j->fd = open(
	    path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
	if (j->fd == -1)
		return err_sys(e, "cannot make the journal %s", path);
	return file_sync_entry(path, e);
}

int
journal_continue(
    struct journal *j, const char *path, size_t good_bytes, struct err *e)
{
	buf_init(&j->pending);
	j->fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (j->fd == -1)
		return err_sys(e, "cannot open the journal %s", path);
	if (ftruncate(j->fd, (off_t)good_bytes) == -1) {
		(void)err_sys(e, "cannot mend the journal %s", path);
		journal_close(j);
		return -1;
	}
	return 0;
}

void
journal_add(struct journal *j, const struct event *ev, struct buf *line)
{
	json_t *o = event_to_json(ev);

	json_add(&j->pending, o);
	buf_addc(&j->pending, '\n');
	if (line != NULL)
		json_add(line, o);
	json_decref(o);
}

int
journal_sync(struct journal *j, struct err *e)
{
	ssize_t n;

	if (j->pending.len == 0)
		return 0;
	while (j->pending.len > 0) {
		n = write(j->fd, j->pending.data, j->pending.len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_sys(e, "cannot write the journal");
		buf_consume(&j->pending, (size_t)n);
	}
	if (fdatasync(j->fd) == -1)
		return err_sys(e, "cannot write the journal");
	return 0;
}

void
journal_close(struct journal *j)
{
	if (j->fd != -1)
		(void)close(j->fd);
	j->fd = -1;
	buf_release(&j->pending);
}

int
journal_take(struct engine *g, const char *line, size_t len, struct event *ev,
    struct arena *a, struct err *e)
{
	json_error_t je;
	json_t *o = json_loadb(line, len, JSON_REJECT_DUPLICATES, &je);
	int rc;

	if (o == NULL)
		return err_set(e, CAU_FAILED, "not JSON: %s", je.text);
	rc = event_from_json(ev, o, a, e);
	if (rc == 0)
		rc = engine_apply(g, ev, e);
	json_decref(o);
	return rc;
}

int
journal_fold(struct engine *g, const char *data, size_t len, size_t *good_bytes,
    struct err *e)
{
	struct arena a = ARENA_INIT;
	struct event ev;
	const char *nl;
	size_t at = 0, line = 0;
	int rc;

	*good_bytes = 0;
	while (at < len && (nl = memchr(data + at, '\n', len - at)) != NULL) {
		line++;
		rc = journal_take(
		    g, data + at, (size_t)(nl - data) - at, &ev, &a, e);
		arena_release(&a);
		if (rc == -1) {
			e->code = CAU_FAILED;
			return err_wrap(e, "line %zu is damaged", line);
		}
		at = (size_t)(nl - data) + 1;
		*good_bytes = at;
	}
	return 0;
}

int
journal_load(
    struct engine *g, const char *path, size_t *good_bytes, struct err *e)
{
	struct buf b = BUF_INIT;
	size_t good;
	int rc = file_read_kept(path, &b, MAX_BYTES, e);

	if (rc == 0 && (rc = journal_fold(g, b.data, b.len, &good, e)) == -1)
		(void)err_wrap(e, "%s", path);
	if (rc == 0 && g->run.run_id == NULL)
		rc = err_set(e, CAU_FAILED, "%s holds no run", path);
	if (rc == 0 && good_bytes != NULL)
		*good_bytes = good;
	buf_release(&b);
	return rc;
}
