/* SPDX-License-Identifier: ISC */
/* The arguments of Microsoft.WindowsUpdatePlugin. */
#include "wua_args.h"

#include "buf.h"
#include "pluginargs.h"
#include "text.h"

#define QUERY_STRING	    "QueryString"
#define INCLUDE_RECOMMENDED "IncludeRecommendedUpdates"

static int
check_name(const char *name, struct err *e)
{
	static const char *const names[] = {
	    QUERY_STRING, INCLUDE_RECOMMENDED, NULL};
	const char *near;

	for (size_t i = 0; names[i] != NULL; i++)
		if (text_casecmp(name, names[i]) == 0)
			return 0;
	near = text_nearest(name, names);
	if (near != NULL)
		return err_set(e, CAU_USAGE,
		    "unknown argument '%.60s' (did you mean %s?)", name, near);
	return err_set(e, CAU_USAGE,
	    "unknown argument '%.60s'; known are %s, %s", name, names[0],
	    names[1]);
}

int
wua_args_parse(
    struct wua_query *q, const char *text, struct arena *a, struct err *e)
{
	struct buf b = BUF_INIT;
	struct plugin_args args;
	struct wua_error error;
	const char *value;

	if (pluginargs_parse(&args, text, a, e) == -1)
		return -1;
	for (size_t i = 0; i < args.n; i++)
		if (check_name(args.args[i].name, e) == -1)
			return -1;
	value = pluginargs_get(&args, QUERY_STRING);
	if (wua_parse(q, &error, value == NULL ? WUA_DEFAULT_QUERY : value,
		a) == -1) {
		wua_add_error(&b, &error);
		(void)err_set(e, CAU_USAGE, "%s: %s", QUERY_STRING, b.data);
		buf_release(&b);
		return -1;
	}
	value = pluginargs_get(&args, INCLUDE_RECOMMENDED);
	if (value != NULL && text_bool(value, &q->recommended, e) == -1)
		return err_wrap(e, "%s", INCLUDE_RECOMMENDED);
	return 0;
}
