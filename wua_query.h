/* SPDX-License-Identifier: ISC */
/*
 * Search criteria of the Windows Update Agent, such as
 * "IsInstalled=0 and Type='Software'". cau-wua(7) describes the language.
 * Pure: text in, a query or the place of the error out.
 */
#ifndef CAU_WUA_QUERY_H
#define CAU_WUA_QUERY_H

#include <stdbool.h>

#include "arena.h"
#include "buf.h"

/* Longer queries are refused. */
#define WUA_MAX_BYTES (64U << 10)

/* What the Windows Update Agent answers to a query that is wrong. */
#define WUA_E_NAME "WU_E_INVALID_CRITERIA"
#define WUA_E_CODE "0x80240032"

/* What criteria ask about: the properties of an update. */
enum wua_name {
	WUA_TYPE,
	WUA_DEPLOYMENT_ACTION,
	WUA_IS_ASSIGNED,
	WUA_AUTO_SELECT_ON_WEB_SITES,
	WUA_BROWSE_ONLY,
	WUA_UPDATE_ID,
	WUA_REVISION_NUMBER,
	WUA_CATEGORY_IDS,
	WUA_IS_INSTALLED,
	WUA_IS_HIDDEN,
	WUA_IS_PRESENT,
	WUA_REBOOT_REQUIRED,
	WUA_NAMES /* how many there are */
};

enum wua_op { WUA_EQUAL, WUA_NOT_EQUAL, WUA_CONTAINS };

enum wua_kind {
	WUA_KIND_TYPE,	 /* enum wua_type */
	WUA_KIND_ACTION, /* enum wua_action */
	WUA_KIND_FLAG,	 /* 0 or 1 */
	WUA_KIND_ID,	 /* a UUID */
	WUA_KIND_NUMBER
};

/* The numbers are those of the interfaces of the Windows Update Agent. */
enum wua_type { WUA_SOFTWARE = 1, WUA_DRIVER = 2 };
enum wua_action {
	WUA_ANY_ACTION = -1, /* only in queries: DeploymentAction=* */
	WUA_NO_ACTION = 0,
	WUA_INSTALLATION = 1,
	WUA_UNINSTALLATION = 2,
	WUA_DETECTION = 3,
	WUA_OPTIONAL_INSTALLATION = 4
};

struct wua_trait {
	const char *name;
	enum wua_kind kind;
	unsigned ops; /* bits, 1 << enum wua_op */
	unsigned bit; /* of the fact that the value is 0, see wua_fact */
};

extern const struct wua_trait wua_traits[WUA_NAMES];
extern const char *const wua_ops[];	/* by enum wua_op */
extern const char *const wua_types[];	/* by enum wua_type; NULL at 0 */
extern const char *const wua_actions[]; /* by enum wua_action, from 0 on */

struct wua_criterion {
	enum wua_name name;
	enum wua_op op;
	int32_t number; /* the value, unless it is an id */
	const char *id; /* in small letters */
	size_t column;	/* where it stands; 0: implied */
};

/* An update matches a group when all criteria hold. */
struct wua_group {
	const struct wua_criterion *criteria;
	size_t n;
	/* All facts that must be true, so that one comparison answers for most
	 * criteria: as the query is, and with recommended. */
	uint32_t facts, facts_recommended;
	bool more; /* there are criteria about ids and revisions, too */
};

/* An update matches a query when it matches a group. */
struct wua_query {
	const struct wua_group *groups;
	size_t n;
	/* Recommended updates count as important ones: see wua_match. */
	bool recommended;
};

struct wua_error {
	size_t offset; /* in bytes, from 0 */
	size_t column; /* in characters, from 1; a line break is one */
	const char *reason;
	const char *allowed; /* what could stand there */
};

/*
 * A fact about an update as a bit: that the property has this value. 0 for
 * properties of the kinds WUA_KIND_ID and WUA_KIND_NUMBER and for any action.
 */
uint32_t wua_fact(enum wua_name name, int32_t number);
/* A flag is 1, or would be if recommended updates were important ones. */
#define WUA_FACT_RECOMMENDED(name) (wua_fact(name, 1) << 1)

/*
 * Parses a query. Each group without a criterion on DeploymentAction gets
 * the one that is implied, as its last. Returns 0, or -1 with the first
 * error; its texts are printable. All lives in the arena.
 */
int wua_parse(struct wua_query *q, struct wua_error *error, const char *text,
    struct arena *a) CAU_MUSTCHECK;

/* "column 5: unknown criterion ...; allowed: ... (WU_E_..., 0x80240032)" */
void wua_add_error(struct buf *b, const struct wua_error *error);

/* "0fa1201d-4330-4fa8-8ae9-b877473b6441", in any case. */
bool wua_is_id(const char *s);

#endif
