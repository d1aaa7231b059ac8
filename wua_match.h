/* SPDX-License-Identifier: ISC */
/* Updates as the criteria of a query see them. Pure. */
#ifndef CAU_WUA_MATCH_H
#define CAU_WUA_MATCH_H

#include <jansson.h>

#include "wua_query.h"

/* The properties of one update. */
struct wua_record {
	uint32_t facts; /* wua_fact */
	int32_t revision;
	bool has_revision;
	const char *update_id; /* or NULL */
	const char *const *category_ids;
	size_t n_category_ids;
};

/*
 * The properties from an object with the names of the Windows Update Agent:
 * Type, DeploymentAction, ...; Identity with UpdateID and RevisionNumber, or
 * these two alone; CategoryIDs, or Categories with a CategoryID each. Other
 * members do not count. null is the same as nothing. -1 when a property has
 * no value of its kind. The record points into j and the arena.
 */
int wua_record_from_json(struct wua_record *r, const json_t *j, struct arena *a,
    struct err *e) CAU_MUSTCHECK;

/*
 * Whether an update matches. A criterion on a property that is not known
 * does not hold, whatever its operator; but an update without
 * DeploymentAction is one to be installed.
 *
 * With q->recommended, IsAssigned=1 and AutoSelectOnWebSites=1 hold for
 * recommended updates too: those with BrowseOnly=0.
 */
bool wua_match(const struct wua_query *q, const struct wua_record *r);

#endif
