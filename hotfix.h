/* SPDX-License-Identifier: ISC */
/*
 * The hotfix root folder: which files in it are updates for a node, by which
 * rule, in which order, and what is passed over and why (facts on the hotfix
 * plug-in, 1; cau-hotfix(5)). Pure: hotfix_dir.c reads the folder.
 */
#ifndef CAU_HOTFIX_H
#define CAU_HOTFIX_H

#include "arena.h"
#include "rules.h"

#define HOTFIX_ALL "CAUHotfix_All"
/* Of the digest of the files in a root folder (plugin.h). */
#define HOTFIX_FILES "HotfixRootFolder"

enum entry_type { ENTRY_FILE, ENTRY_FOLDER, ENTRY_LINK, ENTRY_OTHER };

/* One name in a folder, as readdir and lstat give it. */
struct entry {
	const char *name;
	enum entry_type type;
	int64_t size_bytes;
	struct listing *folder; /* what is in it, NULL if it was not read */
};

/* A folder, sorted by hotfix_sort. */
struct listing {
	struct entry *entries;
	size_t n;
};

/* One update file. path is relative to the root, raw bytes. */
struct hotfix_file {
	const struct rule *rule;
	const struct entry *entry;
	const char *path;
};

struct hotfix_ignored {
	const char *path; /* raw bytes */
	const char *reason;
};

/* What of the root concerns one folder below it (CAUHotfix_All or a node's),
 * or the root itself (then n_files is 0). */
struct hotfix_set {
	struct hotfix_file *files;
	size_t n_files;
	struct hotfix_ignored *ignored;
	size_t n_ignored;
};

/* By name, ASCII letters without case, other bytes as they are. */
void hotfix_sort(struct listing *l);

/* Whether a folder belongs to a node: named like it or like its first label
 * (without case), and not CAUHotfix_All. */
bool hotfix_is_node_folder(const char *folder, const char *node);

/* The updates of one folder: files under extension rules, then the folders
 * of folder rules, each by name. Everything lives in the arena. */
void hotfix_collect(struct hotfix_set *set, const struct entry *folder,
    const struct rules *rules, struct arena *a);

/* What lies in the root beside the configuration file, CAUHotfix_All and the
 * folders of the nodes named. */
void hotfix_strays(struct hotfix_set *set, const struct listing *root,
    const char *config_name, const char *const *nodes, size_t n_nodes,
    struct arena *a);

#endif
