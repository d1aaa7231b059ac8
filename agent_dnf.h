/* SPDX-License-Identifier: ISC */
/*
 * What the files that read dnf share. Not for other modules; those use
 * agent.h.
 */
#ifndef CAU_AGENT_DNF_H
#define CAU_AGENT_DNF_H

#include "agent_text.h"

/* An advisory, with the packages that dnf lists for it. */
struct dnf_advisory {
	const char *id;
	const char *type;
	const char *severity;
	const char *title;
	struct buf description;
	struct agent_strings cves;
	struct agent_package *packages;
	size_t n_packages;
};

struct dnf_advisories {
	struct dnf_advisory *v;
	size_t n;
	/* Where a text with "Update ID:" is read. */
	bool in_title;
	const char *title;
	struct dnf_advisory *current;
	char field[16];
};

/* What dnf says beside the answer when it has not learnt to be quiet. */
bool dnf_is_noise(const char *text);

/* "NAME-[EPOCH:]VERSION-RELEASE.ARCH"; an epoch of 0 is left out. False when
 * it is no such text; old_version is left alone. */
bool
dnf_split_nevra(struct agent_package *p, const char *text, struct arena *a);

/*
 * Readers of a line of a section. They add to l, which starts zeroed and is
 * released also after an error; all but the descriptions is in the arena.
 */

/*
 * dnf 4: "ID TYPE PACKAGE" or "ID SEVERITY/Sec. PACKAGE", with "i" before it
 * when it is installed. dnf5: "ID TYPE [SEVERITY] PACKAGE DATE TIME".
 */
int dnf_read_list(struct dnf_advisories *l, const char *section,
    const char *text, struct arena *a, struct err *e) CAU_MUSTCHECK;
/*
 * Blocks of a title between two lines of =, then lines "LABEL: TEXT", which
 * go on with an empty label.
 */
int dnf_read_info(struct dnf_advisories *l, const char *section,
    const char *text, struct arena *a, struct err *e) CAU_MUSTCHECK;

/* The same two in the JSON of dnf5, each a section of lines; one that is not
 * there, or empty, says nothing. */
int dnf_read_json(struct dnf_advisories *l, const struct agent_line *lines,
    size_t n_lines, const char *list, const char *info, struct arena *a,
    struct err *e) CAU_MUSTCHECK;

void dnf_advisories_release(struct dnf_advisories *l);

#endif
