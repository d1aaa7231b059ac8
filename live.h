/* SPDX-License-Identifier: ISC */
/* The frame of a run stays at the bottom of a terminal and is redrawn; lines
 * that are there to stay are printed above it. */
#ifndef CAU_LIVE_H
#define CAU_LIVE_H

#include "frame.h"

/* Nobody waits longer for a line that is there to be shown. */
#define LIVE_REDRAW_MS 200

struct live {
	bool on; /* stderr is a terminal that can redraw, and in colours */
	struct buf waiting; /* to be printed above */
	struct buf drawn;   /* what stands there now */
	size_t columns;	    /* of the terminal then */
	int64_t drawn_ms;
};

/* on: what live.on says. A process that was stopped and goes on is noticed. */
void live_init(struct live *l, bool on);

/* Lines that are there to stay; shown by the next draw or clear. */
void live_print(struct live *l, const char *text, size_t len);

/*
 * Redraws; columns, rows and color of the scene are set here. Not more often
 * than is seen; not while the terminal takes nothing (^S), nor while another
 * job has it: then only lines that stay are printed.
 */
void live_draw(struct live *l, struct frame_scene *scene);

/* One line until the next draw or clear. */
void live_note(struct live *l, const char *text);

/* Takes the lines away; what waits is printed. */
void live_clear(struct live *l);
void live_release(struct live *l);

#endif
