/* SPDX-License-Identifier: ISC */
/* cau plugin: the plug-ins that a run can use. */
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "options.h"
#include "plugin.h"
#include "report.h"

static void
list_json(void)
{
	const struct plugin_ops *const *p;
	json_t *list = json_array(), *doc;

	for (p = plugin_builtins; *p != NULL; p++)
		(void)json_array_append_new(
		    list, json_pack("{s:s, s:s, s:s, s:s}", "name", (*p)->name,
			      "origin", "built-in", "version", CAU_VERSION,
			      "summary", (*p)->summary));
	doc = json_pack("{s:i, s:s, s:o}", "format", 1, "command",
	    "plugin list", "plugins", list);
	json_print(stdout, doc, false);
}

static void
list_text(void)
{
	const struct plugin_ops *const *p;
	const char *cells[64] = {"NAME", "ORIGIN", "VERSION", "WHAT IT DOES"};
	struct buf b = BUF_INIT;
	size_t rows = 1;

	for (p = plugin_builtins; *p != NULL; p++, rows++) {
		cells[4 * rows] = (*p)->name;
		cells[4 * rows + 1] = "built-in";
		cells[4 * rows + 2] = CAU_VERSION;
		cells[4 * rows + 3] = (*p)->summary;
	}
	report_table(&b, cells, 4, rows);
	(void)fputs(b.data, stdout);
	buf_release(&b);
}

int
cmd_plugin(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	struct options o;
	int rc;

	/* The verb stands before the options, as in cau plugin list --json. */
	if (*verb != '-' && *verb != '\0') {
		argv[1] = argv[0];
		argc--;
		argv++;
	}
	rc = options_parse(&o, CMD_PLUGIN, PLUGIN_SYNOPSIS, argc, argv);
	if (rc == -1 && (o.n_operands > 0 || strcmp(verb, "list") != 0))
		rc = command_misuse("plugin", PLUGIN_SYNOPSIS,
		    *verb == '\0' ? "what about plug-ins?"
				  : "unknown words: only list is known");
	if (rc == -1) {
		if (o.json)
			list_json();
		else
			list_text();
		rc = command_done("plugin", CAU_OK);
	}
	options_release(&o);
	return rc;
}
