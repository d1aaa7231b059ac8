/* SPDX-License-Identifier: ISC */
/* A query in words. Pure. */
#ifndef CAU_WUA_EXPLAIN_H
#define CAU_WUA_EXPLAIN_H

#include "json.h"
#include "wua_query.h"

/* One line per criterion, and what is remarkable about a group. */
void wua_explain(struct buf *b, const struct wua_query *q, struct arena *a);

/* The same as a list of groups. */
json_t *wua_explain_json(const struct wua_query *q, struct arena *a);

/* Why no update can match the group; NULL if one can. */
const char *wua_never(const struct wua_group *g, struct arena *a);

/* A criterion as a query has it. */
void wua_add_criterion(struct buf *b, const struct wua_criterion *c);

#endif
