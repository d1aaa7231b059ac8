/* SPDX-License-Identifier: ISC */
/* Argument strings of plug-ins: what was parsed can be written down again,
 * quoted, and gives the same. */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "pluginargs.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
write_down(struct buf *b, const struct plugin_args *args)
{
	for (size_t i = 0; i < args->n; i++) {
		buf_addf(b, " %s = \"", args->args[i].name);
		for (const char *p = args->args[i].value; *p != '\0'; p++) {
			if (*p == '"')
				buf_addc(b, '"');
			buf_addc(b, *p);
		}
		buf_addstr(b, "\" ;");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size);
	struct plugin_args args, again;
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	struct err e = {CAU_OK, ""};

	if (pluginargs_parse(&args, text, &a, &e) == -1) {
		if (e.text[0] == '\0' || e.code != CAU_USAGE)
			abort();
	} else {
		write_down(&b, &args);
		if (pluginargs_parse(&again, b.data, &a, &e) == -1 ||
		    again.n != args.n)
			abort();
		for (size_t i = 0; i < args.n; i++)
			if (strcmp(args.args[i].name, again.args[i].name) !=
				0 ||
			    strcmp(args.args[i].value, again.args[i].value) !=
				0 ||
			    pluginargs_get(&args, args.args[i].name) !=
				args.args[i].value)
				abort();
	}
	buf_release(&b);
	arena_release(&a);
	free(text);
	return 0;
}
