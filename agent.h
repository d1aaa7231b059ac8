/* SPDX-License-Identifier: ISC */
/*
 * A node's own update agent (apt, dnf, zypper, fwupd) as
 * Microsoft.WindowsUpdatePlugin sees it: what its tools print becomes updates.
 * Pure: node/agent-*.sh asks the tools, agent_*.c reads their words. An output
 * that is not understood is an error that shows the line, never an empty list.
 */
#ifndef CAU_AGENT_H
#define CAU_AGENT_H

#include <stdbool.h>

#include "arena.h"
#include "buf.h"

enum agent_class {
	AGENT_SECURITY,	   /* Security Updates: important */
	AGENT_CRITICAL,	   /* Critical Updates: important */
	AGENT_FIX,	   /* Updates: recommended */
	AGENT_ENHANCEMENT, /* Feature Packs: optional */
	AGENT_NEW,	   /* packages that were not there: optional */
	AGENT_OTHER	   /* nothing is known: recommended */
};

/* One package of an update. */
struct agent_package {
	const char *name;
	const char *arch;
	const char *version;	 /* to be installed, or installed */
	const char *old_version; /* "" when it is not installed yet */
};

/* An advisory (patch) with its packages, or a package without one. */
struct agent_update {
	const char *advisory; /* "" for a plain package */
	const char *title;
	const char *description;
	const char *severity; /* Critical, Important, Moderate, Low or "" */
	const char *origin;   /* repository */
	enum agent_class class;
	struct agent_package *packages;
	size_t n_packages;
	const char *const *cves; /* ends with NULL */
	int64_t size_bytes;	 /* 0 when it is not known */
	bool installed;
	bool held;	      /* hold, version lock, zypper lock */
	bool wants_reboot;    /* is known to ask for a restart */
	bool pending;	      /* installed, waits for a restart */
	bool driver;	      /* firmware, microcode, kernel module, device */
	const char *excluded; /* "" or why it is not installed by itself */
};

struct agent_list {
	struct agent_update *updates;
	size_t n_updates;
	bool reboot_pending; /* the node waits for a restart already */
};

/*
 * Each reads what its part of node/agent-*.sh said: lines "SECTION TEXT" in
 * the order in which they came (text may be empty). Everything lives in the
 * arena. -1: not understood, e shows section and line.
 */
struct agent_line {
	const char *section;
	const char *text;
};

int agent_apt_parse(struct agent_list *l, const struct agent_line *lines,
    size_t n_lines, struct arena *a, struct err *e) CAU_MUSTCHECK;
int agent_dnf_parse(struct agent_list *l, const struct agent_line *lines,
    size_t n_lines, struct arena *a, struct err *e) CAU_MUSTCHECK;
int agent_zypper_parse(struct agent_list *l, const struct agent_line *lines,
    size_t n_lines, struct arena *a, struct err *e) CAU_MUSTCHECK;
int agent_fwupd_parse(struct agent_list *l, const struct agent_line *lines,
    size_t n_lines, struct arena *a, struct err *e) CAU_MUSTCHECK;

#endif
