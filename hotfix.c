/* SPDX-License-Identifier: ISC */
/* The hotfix root folder. */
#include "hotfix.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

static int
compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int rc = text_casecmp(x->name, y->name);

	/* Names that differ in case only still need one order. */
	return rc != 0 ? rc : strcmp(x->name, y->name);
}

void
hotfix_sort(struct listing *l)
{
	if (l->n > 1)
		qsort(l->entries, l->n, sizeof(*l->entries), compare_entries);
}

bool
hotfix_is_node_folder(const char *folder, const char *node)
{
	size_t label = strcspn(node, ".");
	char *first;
	bool same;

	if (text_casecmp(folder, HOTFIX_ALL) == 0)
		return false;
	if (text_casecmp(folder, node) == 0)
		return true;
	if (strlen(folder) != label)
		return false;
	first = xstrndup(node, label);
	same = text_casecmp(folder, first) == 0;
	free(first);
	return same;
}

static const char *
join(struct arena *a, const char *dir, const char *name)
{
	size_t ld = strlen(dir), ln = strlen(name);
	char *path;

	if (ld == 0)
		return name;
	path = arena_alloc(a, ld + ln + 2);
	memcpy(path, dir, ld);
	path[ld] = '/';
	memcpy(path + ld + 1, name, ln);
	return path;
}

static void
ignore(struct hotfix_set *set, const char *path, const char *reason)
{
	set->ignored[set->n_ignored++] = (struct hotfix_ignored){path, reason};
}

static const char *
odd_type(enum entry_type type)
{
	switch (type) {
	case ENTRY_FILE:
		return NULL;
	case ENTRY_FOLDER:
		return "a folder inside a rule folder";
	case ENTRY_LINK:
		return "a symbolic link is not followed";
	case ENTRY_OTHER:
		break;
	}
	return "not a regular file";
}

static void
add_file(struct hotfix_set *set, const struct rule *rule,
    const struct entry *entry, const char *path)
{
	set->files[set->n_files++] = (struct hotfix_file){rule, entry, path};
}

static void
collect_file(struct hotfix_set *set, const struct entry *f, const char *path,
    const struct rules *rules, struct arena *a)
{
	const struct rule *rule = rules_for_file(rules, f->name);
	const char *dot = strrchr(f->name, '.');

	if (rule != NULL)
		add_file(set, rule, f, path);
	else if (dot == NULL || dot[1] == '\0')
		ignore(set, path, "no rule for a name without extension");
	else
		ignore(set, path,
		    arena_printf(a, "no rule for extension %s", dot));
}

void
hotfix_collect(struct hotfix_set *set, const struct entry *folder,
    const struct rules *rules, struct arena *a)
{
	const struct listing *l = folder->folder;
	const struct entry *f, *sub;
	const struct rule *rule;
	const char *path, *odd;
	size_t total = l->n;

	for (size_t i = 0; i < l->n; i++)
		if (l->entries[i].folder != NULL)
			total += l->entries[i].folder->n;
	set->files = arena_alloc(a, total * sizeof(*set->files));
	set->ignored = arena_alloc(a, total * sizeof(*set->ignored));
	set->n_files = set->n_ignored = 0;
	for (size_t i = 0; i < l->n; i++) {
		f = &l->entries[i];
		if (f->type == ENTRY_FOLDER)
			continue;
		path = join(a, folder->name, f->name);
		odd = odd_type(f->type);
		if (odd != NULL)
			ignore(set, path, odd);
		else
			collect_file(set, f, path, rules, a);
	}
	for (size_t i = 0; i < l->n; i++) {
		f = &l->entries[i];
		if (f->type != ENTRY_FOLDER)
			continue;
		path = join(a, folder->name, f->name);
		rule = rules_for_folder(rules, f->name);
		if (rule == NULL || f->folder == NULL) {
			ignore(set, path, "no folder rule of this name");
			continue;
		}
		for (size_t k = 0; k < f->folder->n; k++) {
			sub = &f->folder->entries[k];
			odd = odd_type(sub->type);
			if (odd != NULL)
				ignore(set, join(a, path, sub->name), odd);
			else
				add_file(
				    set, rule, sub, join(a, path, sub->name));
		}
	}
}

void
hotfix_strays(struct hotfix_set *set, const struct listing *root,
    const char *config_name, const char *const *nodes, size_t n_nodes,
    struct arena *a)
{
	const struct entry *f;
	bool known;

	set->ignored = arena_alloc(a, root->n * sizeof(*set->ignored));
	set->n_files = set->n_ignored = 0;
	for (size_t i = 0; i < root->n; i++) {
		f = &root->entries[i];
		if (f->type == ENTRY_LINK) {
			ignore(set, f->name, odd_type(f->type));
			continue;
		}
		if (f->type != ENTRY_FOLDER) {
			if (strcmp(f->name, config_name) != 0)
				ignore(set, f->name,
				    "lies in the root folder itself");
			continue;
		}
		known = text_casecmp(f->name, HOTFIX_ALL) == 0;
		for (size_t k = 0; k < n_nodes && !known; k++)
			known = hotfix_is_node_folder(f->name, nodes[k]);
		if (!known)
			ignore(set, f->name, "no node of this name");
	}
}
