/* SPDX-License-Identifier: ISC */
/* What apt-get says that it would do; for agent_apt.c. Pure. */
#ifndef CAU_AGENT_APT_H
#define CAU_AGENT_APT_H

#include "agent.h"

/* More steps than this are refused. */
#define APT_MAX_STEPS 20000

/* A line "Inst NAME [OLD] (VERSION ORIGIN, ORIGIN [ARCH]) [...]" or "Conf
 * NAME (VERSION ...)" of a simulation. */
struct apt_step {
	bool inst;
	const char *name;
	const char *old; /* "" if it is new */
	const char *version;
	const char *origin; /* as it stands there */
	const char *arch;   /* "" in the words of apt before 0.9 */
};

/* One simulation. */
struct apt_plan {
	struct apt_step *steps;
	size_t n;
	size_t n_inst;
	uint64_t promised; /* by the summary */
	bool summary;
	const char **back, **phased, **gone; /* names: "gone" are removed */
	size_t n_back, n_phased, n_gone;
};

/* The lines of one section. */
int apt_plan_parse(struct apt_plan *p, const char *section,
    const struct agent_line *lines, size_t n_lines, struct arena *a,
    struct err *e) CAU_MUSTCHECK;

#endif
