/* SPDX-License-Identifier: ISC */
/* Finds out what a run would do, for cau plan and cau run --plan. */
#ifndef CAU_SURVEY_H
#define CAU_SURVEY_H

#include "options.h"
#include "plan.h"
#include "work.h"

struct survey {
	struct plan plan;
	struct order **results; /* scans, one per node */
	size_t n;
	struct arena arena;
};

/*
 * Scans the nodes of w, and asks a cluster; with proof also what its resources
 * would do. CAU_REFUSED when the cluster cannot say. survey_release in any
 * case.
 */
int survey_make(struct survey *s, struct work *w, const struct options *o,
    bool proof, struct err *e) CAU_MUSTCHECK;
void survey_release(struct survey *s);

/* Whether all is as in the plan of o->sealed: CAU_REFUSED, and a line for
 * each thing that is not. */
int survey_compare(struct work *w, const struct options *o, struct buf *lines,
    struct err *e) CAU_MUSTCHECK;

#endif
