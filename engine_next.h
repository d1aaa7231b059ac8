/* SPDX-License-Identifier: ISC */
/*
 * What the parts of the engine have in common: engine.c applies events,
 * engine_op.c those of operations, and engine_next.c answers questions about
 * the state, to say what to do and to refuse what does not fit. Not for other
 * modules; those use engine.h.
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

/* The events of one operation; -1 when they do not fit the state. */
int engine_op_started(struct engine *g, struct engine_node *n,
    const struct event *ev, struct err *e) CAU_MUSTCHECK;
int engine_op_ended(struct engine *g, struct engine_node *n,
    const struct event *ev, struct err *e) CAU_MUSTCHECK;

/* For tables of names and ids. */
uint64_t engine_hash(const char *s);
/* A copy that lives as long as the run; NULL stays NULL. */
const char *engine_copy(struct engine *g, const char *s);
/* One more thing that went wrong with a node; error may be NULL. */
void engine_add_trouble(struct engine *g, struct engine_node *n,
    enum op_kind op, enum op_outcome outcome, const char *error);
/* The run ends early, unless it does already; reason lives with the run. */
void
engine_stop_run(struct engine *g, enum engine_stop why, const char *reason);

#endif
