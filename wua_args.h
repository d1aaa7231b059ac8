/* SPDX-License-Identifier: ISC */
/* The arguments of Microsoft.WindowsUpdatePlugin. Pure. */
#ifndef CAU_WUA_ARGS_H
#define CAU_WUA_ARGS_H

#include "pluginargs.h"
#include "wua_query.h"

/* What is searched for unless the arguments say otherwise. */
#define WUA_DEFAULT_QUERY      \
	"IsInstalled=0 and "   \
	"Type='Software' and " \
	"IsHidden=0 and IsAssigned=1"

extern const struct plugin_argument wua_arguments[];

/*
 * The query that an argument string stands for: QueryString takes the place
 * of the default, IncludeRecommendedUpdates=True widens either to recommended
 * updates. A QueryString without anything in it is an error.
 */
int wua_args_parse(struct wua_query *q, const char *text, struct arena *a,
    struct err *e) CAU_MUSTCHECK;

#endif
