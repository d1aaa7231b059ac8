/* SPDX-License-Identifier: ISC */
/*
 * What the files of Microsoft.WindowsUpdatePlugin share. Not for other
 * modules; those use plugin.h.
 */
#ifndef CAU_WUA_SELF_H
#define CAU_WUA_SELF_H

#include "agent.h"
#include "file.h"
#include "plugin.h"
#include "wua_match.h"

/* How long a node may take to refresh what it knows and to tell, to download,
 * to say what it has; and over one transaction. */
#define WUA_SCAN_MS    900000
#define WUA_STAGE_MS   3600000
#define WUA_VERIFY_MS  60000
#define WUA_INSTALL_MS 10800000

/* An update agent: the functions of node/agent-NAME.sh, and what they say. */
struct wua_agent {
	const char *name;
	int (*parse)(struct agent_list *l, const struct agent_line *lines,
	    size_t n_lines, struct arena *a, struct err *e);
};

/* Ends with a name of NULL. */
extern const struct wua_agent wua_agents[];

struct wua {
	struct arena arena;
	struct wua_query query;
	bool wants_installed; /* the query can match what is installed */
	char digest[SHA256_HEX];
};

/* The id of an update: the same on every node, at any time. */
const char *
wua_update_id(const char *agent, const struct agent_update *u, struct arena *a);

/* The properties of an update as the Windows Update Agent names them: a new
 * reference. */
json_t *wua_properties(
    const char *agent, const struct agent_update *u, struct arena *a);

/* Whether a name, architecture or version can be a word for node/agent-*.sh:
 * printable, no blanks, nothing that a shell or a pattern knows. */
bool wua_is_word(const char *s);

/* " BEFORE NAME:ARCH=VERSION" for each package of the properties, as shell
 * words; -1 when they are not what wua_properties made. */
int wua_add_packages(
    struct buf *b, const char *before, const char *properties) CAU_MUSTCHECK;

enum node_rc wua_scan(const void *self, struct node *n, bool ignore_receipts,
    struct scan_result *result, struct arena *a, struct err *e) CAU_MUSTCHECK;
enum node_rc wua_stage(const void *self, struct node *n,
    const struct update *updates, const char *const *jobs, size_t n_updates,
    int64_t *bytes, struct err *e) CAU_MUSTCHECK;
enum node_rc
wua_install(const void *self, struct node *n, const struct update *update,
    const struct install_order *order, struct install_result *result,
    struct arena *a, struct err *e) CAU_MUSTCHECK;

#endif
