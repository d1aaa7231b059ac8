/* SPDX-License-Identifier: ISC */
/*
 * The lines of a run that stay at the bottom of a terminal and are redrawn: a
 * header, and one line per node. Lines that are there to stay are printed above
 * them.
 */
#ifndef CAU_LIVE_H
#define CAU_LIVE_H

#include "buf.h"
#include "engine.h"

/* Nobody waits longer for a line that is there to be shown. */
#define LIVE_REDRAW_MS 200

struct live {
	bool on; /* stderr is a terminal that can redraw, and in colours */
	struct buf waiting; /* to be printed above */
	struct buf drawn;   /* what stands there now */
	size_t columns;	    /* of the terminal then */
	int64_t drawn_ms;
};

/* What is to be seen. sent: bytes that a node got so far, by its number; NULL
 * when nobody knows. */
struct live_scene {
	const struct engine *g;
	int64_t now_ms;
	uint64_t (*sent)(void *ctx, size_t node);
	void *ctx;
	size_t columns, rows; /* of the terminal */
	bool color;
};

/*
 * Header and nodes as lines that are narrower than the terminal, two thirds of
 * it high at most. Nodes that do not fit are counted in a last line: shown are
 * those that are worked on, then those that did not succeed, those that wait,
 * and those that succeeded. Pure.
 */
void live_frame(struct buf *b, const struct live_scene *scene);

/* on: as above. A process that was stopped and goes on is noticed. */
void live_init(struct live *l, bool on);

/* Lines that are there to stay; shown by the next draw or clear. */
void live_print(struct live *l, const char *text, size_t len);

/*
 * Redraws; columns, rows and color of the scene are set here. Not more often
 * than is seen; not while the terminal takes nothing (^S), nor while another
 * job has it: then only lines that stay are printed.
 */
void live_draw(struct live *l, struct live_scene *scene);

/* One line until the next draw or clear. */
void live_note(struct live *l, const char *text);

/* Takes the lines away; what waits is printed. */
void live_clear(struct live *l);
void live_release(struct live *l);

#endif
