/* SPDX-License-Identifier: ISC */
/*
 * Questions about the state of a run that both halves of the engine ask:
 * engine_next.c to say what to do, engine.c to refuse what does not fit. Not
 * for other modules; those use engine.h.
 */
#ifndef CAU_ENGINE_NEXT_H
#define CAU_ENGINE_NEXT_H

#include "engine.h"

/* The next update to install, or n_updates; the cursor may be behind it. */
size_t engine_next_update(const struct engine *g, const struct engine_node *n);

/*
 * What the node needs next, leaving aside whether it is its turn. False when
 * nothing is left to do for it.
 */
bool engine_next_op(const struct engine *g, const struct engine_node *n,
    enum op_kind *op, size_t *update);

/* Whether a list of words names a command. */
bool engine_has_words(const char *const *words);

/* Whether nodes are taken out of service before anything is installed. */
bool engine_drains(const struct engine *g);

/* Whether cau may restart the node at all. */
bool engine_may_restart(const struct engine *g, const struct engine_node *n);

/* Whether a failed attempt at the node is followed by another one. */
bool engine_may_retry(const struct engine *g, const struct engine_node *n);

/* A restart was asked for, and the node has not been seen back. */
bool engine_reboot_is_open(const struct engine_node *n);

/* Out of service through this run: under way, or left out for safety. */
bool engine_is_away(const struct engine_node *n);

/* What the node adds to the counts now. */
struct engine_share
engine_share_of(const struct engine *g, const struct engine_node *n);

/* Whether what the node needs next may start at that time: scans and stages
 * while there is room for more, the rest when it is the node's turn. */
bool engine_may_start(
    const struct engine *g, const struct engine_node *n, int64_t now_ms);

#endif
