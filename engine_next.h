/* SPDX-License-Identifier: ISC */
/*
 * Questions about the state of a run that both halves of the engine ask:
 * engine_next.c to say what to do, engine.c to refuse what does not fit. Not
 * for other modules; those use engine.h.
 */
#ifndef CAU_ENGINE_NEXT_H
#define CAU_ENGINE_NEXT_H

#include "engine.h"

/* The next update to install, or n_updates. */
size_t engine_next_update(const struct engine *g, const struct engine_node *n);

/*
 * What the node needs next, leaving aside whether it is its turn. False when
 * nothing is left to do for it.
 */
bool engine_next_op(const struct engine *g, const struct engine_node *n,
    enum op_kind *op, size_t *update);

/* Whether a list of words names a command. */
bool engine_has_words(const char *const *words);

/* Whether cau may restart the node at all. */
bool engine_may_restart(const struct engine *g, const struct engine_node *n);

/* Out of service through this run: under way, or left out for safety. */
bool engine_is_away(const struct engine_node *n);

struct engine_census {
	size_t busy, out, prepared, finished;
};
struct engine_census engine_take_census(const struct engine *g);

/* Whether it is the turn of the node for this operation. */
bool engine_may_start(const struct engine *g, const struct engine_node *n,
    enum op_kind op, const struct engine_census *c);

#endif
