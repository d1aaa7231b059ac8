/* SPDX-License-Identifier: ISC */
/* Reads a hotfix root folder: names, types, sizes, and who may write. */
#ifndef CAU_HOTFIX_DIR_H
#define CAU_HOTFIX_DIR_H

#include "access.h"
#include "hotfix.h"

struct hotfix_root {
	int fd; /* of the root folder */
	const char *path;
	const char *config_name;
	struct listing listing;
};

/*
 * Opens the root and reads the configuration file into config, with a limit
 * of RULES_MAX_BYTES. Problems of access go to report (NULL: not checked).
 */
int hotfix_open(struct hotfix_root *root, const char *path,
    const char *config_name, struct buf *config, struct access_report *report,
    struct err *e) CAU_MUSTCHECK;

/* Lists the root, CAUHotfix_All, the folders of the nodes, and in them the
 * folders that have a folder rule. */
int hotfix_list(struct hotfix_root *root, const struct rules *rules,
    const char *const *nodes, size_t n_nodes, struct arena *a,
    struct access_report *report, struct err *e) CAU_MUSTCHECK;

/* Opens an update file for reading; links are not followed anywhere. */
int hotfix_open_file(
    const struct hotfix_root *root, const char *path, struct err *e);

void hotfix_close(struct hotfix_root *root);

#endif
