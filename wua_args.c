/* SPDX-License-Identifier: ISC */
/* The arguments of Microsoft.WindowsUpdatePlugin. */
#include "wua_args.h"

#include "buf.h"
#include "text.h"

#define QUERY_STRING	    "QueryString"
#define INCLUDE_RECOMMENDED "IncludeRecommendedUpdates"

const struct plugin_argument wua_arguments[] = {
    {QUERY_STRING, false, WUA_DEFAULT_QUERY, "which updates, see cau-wua(7)"},
    {INCLUDE_RECOMMENDED, false, "False",
	"recommended updates beside important ones"},
    {NULL, false, NULL, NULL},
};

int
wua_args_parse(
    struct wua_query *q, const char *text, struct arena *a, struct err *e)
{
	struct buf b = BUF_INIT;
	struct plugin_args args;
	struct wua_error error;
	const char *value;

	if (pluginargs_parse(&args, text, a, e) == -1 ||
	    pluginargs_check(wua_arguments, &args, e) == -1)
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
