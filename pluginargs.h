/* SPDX-License-Identifier: ISC */
/*
 * The argument string of a plug-in: Name1=Value1;Name2="Value with blanks"
 * (seed: "Specify CAU plug-in arguments"). Pure.
 */
#ifndef CAU_PLUGINARGS_H
#define CAU_PLUGINARGS_H

#include "arena.h"

struct plugin_arg {
	const char *name;
	const char *value;
};

struct plugin_args {
	struct plugin_arg *args;
	size_t n;
};

/*
 * Pairs are separated by ';', name and value by the first '='. Blanks around
 * names and values do not count. A value in double quotes may hold blanks
 * and ';'; "" inside stands for one quote; nothing may follow the closing
 * quote. Names compare without case and must not come twice. An error names
 * the column, counted from 1. The result lives in the arena.
 */
int pluginargs_parse(struct plugin_args *out, const char *s, struct arena *a,
    struct err *e) CAU_MUSTCHECK;

/* The value of a name (without case), or NULL. */
const char *pluginargs_get(const struct plugin_args *args, const char *name);

#endif
