/* SPDX-License-Identifier: ISC */
/*
 * What a person or a script sees while a run goes on: one line per event,
 * under it on a terminal one line per node that is being worked on; or the
 * events as JSON.
 */
#ifndef CAU_VIEW_H
#define CAU_VIEW_H

#include "buf.h"
#include "engine.h"

enum view_mode { VIEW_QUIET, VIEW_TEXT, VIEW_JSON };

struct view {
	enum view_mode mode;
	bool live; /* stderr is a terminal that can redraw */
	bool color;
	size_t drawn; /* live lines on the screen */
};

/* json beats quiet. no_color, NO_COLOR, TERM=dumb: no redrawing, no colour. */
void view_init(struct view *v, bool json, bool quiet, bool no_color);

/* An event that was just applied; line is its JSON text. */
void view_event(struct view *v, const struct engine *g, const struct event *ev,
    const char *line);

/* Redraws the live lines. sent: bytes that a node got so far, by number. */
void view_draw(struct view *v, const struct engine *g, int64_t now_ms,
    uint64_t (*sent)(void *ctx, size_t node), void *ctx);
/* Takes the live lines away. */
void view_clear(struct view *v);

/* Whether stdout is a terminal that may be coloured. */
bool view_color_stdout(bool no_color);

#endif
