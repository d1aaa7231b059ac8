/* SPDX-License-Identifier: ISC */
/* The list of plug-ins. */
#include "plugin.h"

#include "text.h"

const struct plugin_ops *const plugin_builtins[] = {
    &wua_plugin, &hotfix_plugin, NULL};

const struct plugin_ops *
plugin_find(const char *name)
{
	const struct plugin_ops *const *p;

	for (p = plugin_builtins; *p != NULL; p++)
		if (text_casecmp((*p)->name, name) == 0)
			return *p;
	return NULL;
}
