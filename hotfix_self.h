/* SPDX-License-Identifier: ISC */
/*
 * What the files of Microsoft.HotfixPlugin share: a loaded hotfix root
 * folder. hotfix_load.c fills it, afterwards it is only read, by many
 * threads. Not for other modules; those use plugin.h.
 */
#ifndef CAU_HOTFIX_SELF_H
#define CAU_HOTFIX_SELF_H

#include "file.h"
#include "hotfix_dir.h"
#include "plugin.h"

/* How long a node may take over a request of a scan; over one of staging,
 * which hashes. */
#define HOTFIX_SCAN_MS	60000
#define HOTFIX_STAGE_MS 1800000

/* An update file and what a scan shows of it. */
struct known {
	struct update update; /* strings in the arena, not yet of a node */
	const struct rule *rule;
	const char *path;    /* raw */
	const char *name;    /* last part of path */
	const char *package; /* of the node's package database, "" if none */
	const char *kind;    /* "deb", "rpm" or "" */
};

/* One folder below the root: CAUHotfix_All or a node's. */
struct section {
	const char *folder;
	struct known *known;
	struct hotfix_set set;
};

struct hotfix {
	struct arena arena;
	struct hotfix_root root;
	const char *root_path;
	const char *config_name;
	bool require_smb_encryption;
	bool disable_acl_checks;
	bool no_metadata;
	int64_t timeout_ms;
	struct rules rules;
	struct section *sections;
	size_t n_sections;
	struct hotfix_set strays;
	const char *digest;
};

extern const struct plugin_argument hotfix_arguments[];

int hotfix_configure(void **self, const struct plugin_config *config,
    struct buf *warnings, struct err *e) CAU_MUSTCHECK;
void hotfix_release(void *self);

/* Text that came from a file name, reversibly printable. */
const char *hotfix_escaped(struct arena *a, const char *raw);

/* The update file behind an update, or NULL. */
const struct known *hotfix_find(const struct hotfix *h, const struct update *u);

/* Where the node keeps a staged file; the caller frees. */
char *hotfix_staged_path(
    const struct node *n, const struct update *u, const char *name);

enum node_rc hotfix_scan(const void *self, struct node *n, bool ignore_receipts,
    struct scan_result *result, struct arena *a, struct err *e) CAU_MUSTCHECK;
enum node_rc hotfix_stage(const void *self, struct node *n,
    const struct update *updates, const char *const *jobs, size_t n_updates,
    int64_t *bytes, struct err *e) CAU_MUSTCHECK;

#endif
