/* SPDX-License-Identifier: ISC */
/* A journal that is read event by event. */
#include "follow.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "journal.h"

#include "file.h"

#define PIECE	       ((size_t)64 << 10)
#define MAX_LINE_BYTES ((size_t)1 << 30)

#define BLIND_MS 200 /* without inotify */

void
follow_init(struct follow *f)
{
	memset(f, 0, sizeof(*f));
	buf_init(&f->text);
	f->fd = f->notify = -1;
}

int
follow_open(struct follow *f, const char *path, struct err *e)
{
	follow_init(f);
	f->fd = file_open_kept(path, e);
	if (f->fd == -1)
		return -1;
	f->path = xstrdup(path);
	f->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (f->notify != -1 &&
	    inotify_add_watch(f->notify, path, IN_MODIFY) == -1) {
		(void)close(f->notify);
		f->notify = -1;
	}
	return 0;
}

/* More of the file, until there is a newline in it: 1, or 0 when there is
 * none. */
static int
read_on(struct follow *f, struct err *e)
{
	const char *piece;
	ssize_t n;

	/* Read anew: who takes up a run cuts off what has no newline. */
	f->at += (off_t)f->used;
	f->used = 0;
	buf_reset(&f->text);
	for (;;) {
		n = pread(f->fd, buf_reserve(&f->text, PIECE), PIECE,
		    f->at + (off_t)f->text.len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_sys(e, "cannot read %s", f->path);
		piece = f->text.data + f->text.len;
		buf_setlen(&f->text, f->text.len + (size_t)n);
		if (n == 0)
			return 0;
		if (memchr(piece, '\n', (size_t)n) != NULL)
			return 1;
		if (f->text.len > MAX_LINE_BYTES)
			return err_set(e, CAU_FAILED, "%s: line %zu has no end",
			    f->path, f->line + 1);
	}
}

int
follow_next(struct follow *f, struct engine *g, struct err *e)
{
	const char *nl =
	    memchr(f->text.data + f->used, '\n', f->text.len - f->used);
	int rc;

	if (nl == NULL) {
		rc = read_on(f, e);
		if (rc != 1)
			return rc;
		nl = memchr(f->text.data, '\n', f->text.len);
	}
	f->json = f->text.data + f->used;
	f->json_len = (size_t)(nl - f->json);
	f->used += f->json_len + 1;
	f->line++;
	arena_release(&f->arena);
	if (journal_take(g, f->json, f->json_len, &f->event, &f->arena, e) == 0)
		return 1;
	e->code = CAU_FAILED;
	(void)err_wrap(e, "line %zu is damaged", f->line);
	return err_wrap(e, "%s", f->path);
}

size_t
follow_rest(const struct follow *f)
{
	return f->text.len - f->used;
}

void
follow_wait(const struct follow *f, int fd, int timeout_ms)
{
	struct pollfd p[2] = {{f->notify, POLLIN, 0}, {fd, POLLIN, 0}};
	char events[4096];
	ssize_t n;

	if (f->notify == -1 && timeout_ms > BLIND_MS)
		timeout_ms = BLIND_MS;
	(void)poll(p, 2, timeout_ms);
	if (p[0].revents == 0)
		return;
	do {
		n = read(f->notify, events, sizeof(events));
	} while (n > 0);
}

void
follow_close(struct follow *f)
{
	if (f->fd != -1)
		(void)close(f->fd);
	if (f->notify != -1)
		(void)close(f->notify);
	free(f->path);
	buf_release(&f->text);
	arena_release(&f->arena);
	f->path = NULL;
	f->fd = f->notify = -1;
}
