/* SPDX-License-Identifier: ISC */
/*
 * What a person or a script sees while a run goes on: one line per event, and
 * on a terminal live lines under them (live.h); or the events as JSON.
 */
#ifndef CAU_VIEW_H
#define CAU_VIEW_H

#include "live.h"

enum view_mode { VIEW_QUIET, VIEW_TEXT, VIEW_JSON };

struct view {
	enum view_mode mode;
	bool color;	/* stderr may be coloured */
	struct buf out; /* what view_flush is to show */
	struct live live;
};

/* json beats quiet. no_color, NO_COLOR, TERM=dumb: no redrawing, no colour. */
void view_init(struct view *v, bool json, bool quiet, bool no_color);

/* The lines that a person reads about an event that was just applied. */
void
view_event_text(struct buf *b, const struct engine *g, const struct event *ev);

/* An event that was just applied; line is its JSON text. It is shown by
 * view_flush: nothing is told that is not on disk. */
void view_event(struct view *v, const struct engine *g, const struct event *ev,
    const char *line);

/* On a terminal with live lines: by the next view_draw or view_clear. */
void view_flush(struct view *v);

/* Redraws the live lines. sent: bytes that a node got so far, by number; NULL
 * when nobody knows. */
void view_draw(struct view *v, const struct engine *g, int64_t now_ms,
    uint64_t (*sent)(void *ctx, size_t node), void *ctx);
/* A live line while there is no run yet. */
void view_note(struct view *v, const char *text);
/* Takes the live lines away. */
void view_clear(struct view *v);
void view_release(struct view *v);

/* Whether stdout is a terminal that may be coloured. */
bool view_color_stdout(bool no_color);

#endif
