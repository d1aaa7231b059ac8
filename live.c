/* SPDX-License-Identifier: ISC */
/* The lines at the bottom of a terminal that are redrawn. */
#include "live.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "text.h"

#define DRAW_MS 50

static volatile sig_atomic_t went_on;

static void
note_cont(int number)
{
	(void)number;
	went_on = 1;
}

void
live_init(struct live *l, bool on)
{
	struct sigaction sa;

	memset(l, 0, sizeof(*l));
	buf_init(&l->waiting);
	buf_init(&l->drawn);
	l->on = on;
	if (!on)
		return;
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = note_cont;
	sa.sa_flags = SA_RESTART;
	(void)sigemptyset(&sa.sa_mask);
	(void)sigaction(SIGCONT, &sa, NULL);
}

void
live_release(struct live *l)
{
	buf_release(&l->waiting);
	buf_release(&l->drawn);
}

void
live_print(struct live *l, const char *text, size_t len)
{
	buf_add(&l->waiting, text, len);
}

static void
terminal_size(size_t *columns, size_t *rows)
{
	struct winsize ws = {0};

	*columns = 80;
	*rows = 24;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &ws) == -1)
		return;
	if (ws.ws_col > 1)
		*columns = ws.ws_col;
	if (ws.ws_row > 0)
		*rows = ws.ws_row;
}

/* How many rows what was drawn takes now: terminals that became narrower
 * wrapped it. */
static size_t
rows_drawn(const struct live *l, size_t columns)
{
	struct buf line = BUF_INIT;
	size_t rows = 0, width;

	for (const char *s = l->drawn.data; *s != '\0'; s++) {
		if (*s == '\033') {
			s = strchr(s, 'm'); /* there are colours only */
		} else if (*s == '\n') {
			width = text_width(line.data);
			rows += width == 0 ? 1 : (width - 1) / columns + 1;
			buf_reset(&line);
		} else {
			buf_addc(&line, *s);
		}
	}
	buf_release(&line);
	return rows;
}

static bool
has_terminal(void)
{
	pid_t front = tcgetpgrp(STDERR_FILENO);

	return front == -1 || front == getpgrp();
}

static bool
takes_output(void)
{
	struct pollfd p = {STDERR_FILENO, POLLOUT, 0};

	return poll(&p, 1, 0) != 0;
}

static void
put(const struct buf *b)
{
	size_t done = 0;
	ssize_t n;

	while (done < b->len) {
		n = write(STDERR_FILENO, b->data + done, b->len - done);
		if (n == -1 && errno != EINTR)
			return;
		done += n == -1 ? 0 : (size_t)n;
	}
}

/* What waits, and under it the frame instead of the one that stands there; in
 * one piece, so that nothing is seen half. */
static void
redraw(struct live *l, const struct buf *frame, size_t columns)
{
	struct buf b = BUF_INIT;
	size_t up;

	if (went_on != 0) {
		/* What stands there is the shell's now. */
		went_on = 0;
		buf_reset(&l->drawn);
	}
	up = rows_drawn(l, columns);
	if (up > 0)
		buf_addf(&b, "\r\033[%zuA", up);
	/* Terminals that wrapped lines remember it until these are erased. */
	if (up > 0 &&
	    (l->waiting.len > 0 || frame->len == 0 || l->columns != columns))
		buf_addstr(&b, "\033[J");
	buf_add(&b, l->waiting.data, l->waiting.len);
	if (frame->len > 0) {
		/* No line wraps, whatever the terminal makes of its letters. */
		buf_addstr(&b, "\033[?7l");
		for (const char *s = frame->data, *end; *s != '\0'; s = end) {
			end = strchr(s, '\n') + 1;
			buf_add(&b, s, (size_t)(end - s) - 1);
			buf_addstr(&b, "\033[K\n");
		}
		buf_addstr(&b, "\033[?7h\033[J");
	}
	put(&b);
	buf_reset(&l->waiting);
	buf_reset(&l->drawn);
	buf_add(&l->drawn, frame->data, frame->len);
	l->columns = columns;
	buf_release(&b);
}

void
live_draw(struct live *l, struct frame_scene *scene)
{
	struct buf frame = BUF_INIT;

	if (!l->on || !takes_output() ||
	    (scene->now_ms >= l->drawn_ms &&
		scene->now_ms < l->drawn_ms + DRAW_MS))
		return;
	l->drawn_ms = scene->now_ms;
	terminal_size(&scene->columns, &scene->rows);
	scene->color = true;
	if (has_terminal())
		frame_make(&frame, scene);
	else
		buf_reset(&l->drawn);
	redraw(l, &frame, scene->columns);
	buf_release(&frame);
}

void
live_note(struct live *l, const char *text)
{
	struct buf frame = BUF_INIT;
	size_t columns, rows;

	if (!l->on || !has_terminal())
		return;
	terminal_size(&columns, &rows);
	buf_add(&frame, text, text_fit(text, columns - 1));
	buf_addc(&frame, '\n');
	redraw(l, &frame, columns);
	buf_release(&frame);
}

void
live_clear(struct live *l)
{
	struct buf frame = BUF_INIT;
	size_t columns, rows;

	if (!l->on)
		return;
	terminal_size(&columns, &rows);
	if (!has_terminal())
		buf_reset(&l->drawn);
	redraw(l, &frame, columns);
}
