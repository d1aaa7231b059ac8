/* SPDX-License-Identifier: ISC */
/* The plug-ins that can be used. */
#include "external.h"

#include "text.h"

const struct plugin_ops *const plugin_builtins[] = {
    &wua_plugin, &hotfix_plugin, NULL};

const struct plugin_ops *
plugin_builtin(const char *name)
{
	const struct plugin_ops *const *p;

	for (p = plugin_builtins; *p != NULL; p++)
		if (text_casecmp((*p)->name, name) == 0)
			return *p;
	return NULL;
}

void
plugin_set_load(struct plugin_set *s, const char *state_dir)
{
	const struct plugin_ops *const *p;

	registry_load(&s->registry, state_dir);
	for (s->n = 0; plugin_builtins[s->n] != NULL;)
		s->n++;
	s->all = arena_alloc(
	    &s->registry.arena, (s->n + s->registry.n) * sizeof(*s->all));
	for (s->n = 0, p = plugin_builtins; *p != NULL; p++)
		s->all[s->n++] = *p;
	for (size_t i = 0; i < s->registry.n; i++)
		s->all[s->n++] =
		    external_ops(&s->registry.plugins[i], &s->registry.arena);
}

void
plugin_set_release(struct plugin_set *s)
{
	registry_release(&s->registry);
	s->all = NULL;
	s->n = 0;
}

const struct plugin_ops *
plugin_find(const struct plugin_set *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (text_casecmp(s->all[i]->name, name) == 0)
			return s->all[i];
	return NULL;
}

bool
plugins_use_packages(const struct run_info *r)
{
	for (size_t i = 0; i < r->n_plugins; i++)
		if (plugin_builtin(r->plugins[i].name) == &wua_plugin)
			return true;
	return false;
}
