/* SPDX-License-Identifier: ISC */
/*
 * The argument string of a plug-in: Name1=Value1;Name2="Value with blanks"
 * (seed: "Specify CAU plug-in arguments"). Pure.
 */
#ifndef CAU_PLUGINARGS_H
#define CAU_PLUGINARGS_H

#include <stdbool.h>

#include "arena.h"

struct plugin_arg {
	const char *name;
	const char *value;
};

struct plugin_args {
	struct plugin_arg *args;
	size_t n;
};

/* An argument that a plug-in takes. */
struct plugin_argument {
	const char *name;
	bool required;
	const char *value; /* that it has when it is not given, or "" */
	const char *help;
};

/* No plug-in takes more. */
#define PLUGIN_MAX_ARGS 32

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

/*
 * Checks the names against those that a plug-in takes (known ends with a NULL
 * name, or is NULL: none): an error names the nearest one, or all.
 */
int pluginargs_check(const struct plugin_argument *known,
    const struct plugin_args *args, struct err *e) CAU_MUSTCHECK;

/* Whether a plug-in takes an argument of this name. */
bool pluginargs_knows(const struct plugin_argument *known, const char *name);

#endif
