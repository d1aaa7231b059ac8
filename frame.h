/* SPDX-License-Identifier: ISC */
/* What a terminal shows of a run while it goes on. Pure. */
#ifndef CAU_FRAME_H
#define CAU_FRAME_H

#include "buf.h"
#include "engine.h"

/* What is to be seen. sent: bytes that a node got so far, by its number; NULL
 * when nobody knows. */
struct frame_scene {
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
 * and those that succeeded.
 */
void frame_make(struct buf *b, const struct frame_scene *scene);

#endif
