/* SPDX-License-Identifier: ISC */
/* What the readers of agents' words (agent_dnf.c and so on) have in common. */
#ifndef CAU_AGENT_TEXT_H
#define CAU_AGENT_TEXT_H

#include "agent.h"

/* Room for one more element in an array of n in the arena: doubles. The new
 * one is zeroed. */
void *agent_grow(void *p, size_t n, size_t size, struct arena *a);

/* One more update, with "" for all its strings. */
struct agent_update *agent_add_update(struct agent_list *l, struct arena *a);
/* One more package; the strings are kept as they are. */
void agent_add_package(struct agent_update *u, const char *name,
    const char *arch, const char *version, const char *old, struct arena *a);
/* Strings while they come, and the list that ends with NULL. */
struct agent_strings {
	const char **s;
	size_t n;
};
void agent_add_string(struct agent_strings *v, const char *s, struct arena *a);
const char *const *agent_end_strings(struct agent_strings *v, struct arena *a);

/* "SECTION: WHY: 'LINE'", the line made printable and cut. Returns -1. */
int agent_odd(
    struct err *e, const char *section, const char *line, const char *why);

/* May it stand in a command on the node: letters, digits and ._+~^:- only,
 * not at all empty, and no option? */
bool agent_is_word(const char *s);

/* The lines of a section, each with its newline. */
void agent_join(struct buf *b, const struct agent_line *lines, size_t n_lines,
    const char *section);

/* The n fields of a line "|A|B|...|", copied to the arena; false when there
 * are not exactly so many. */
bool
agent_fields(const char **fields, size_t n, const char *line, struct arena *a);
/* Words between blanks, copied to the arena; at most max of them, the number
 * of all is returned. */
size_t
agent_words(const char **words, size_t max, const char *line, struct arena *a);

/* Critical, Important, Moderate, Low or "", from what tools say. */
const char *agent_severity(const char *s);
/* From the type of an advisory, or the category of a patch. */
enum agent_class agent_class(const char *type, const char *severity);

/* By the name of an RPM package: firmware, microcode or module of the
 * kernel; comes into use by a restart only. */
bool agent_rpm_is_driver(const char *name);
bool agent_rpm_wants_reboot(const char *name);
/* Flags of an update from its packages. */
void agent_rpm_flags(struct agent_update *u);

/* "yes [NAME...]" or "no": whether the node waits for a restart, and because
 * of which packages; their names go to names. */
int agent_reboot(struct agent_list *l, struct agent_strings *names,
    const char *text, struct arena *a, struct err *e) CAU_MUSTCHECK;
/* Is one of them in the update? */
bool
agent_is_named(const struct agent_strings *names, const struct agent_update *u);

/* A package that could be newer, or is installed. */
struct agent_item {
	const char *name;
	const char *arch;
	const char *version;
	const char *old;
	const char *origin;
	int64_t size;
	bool held;    /* newer ones are there, but kept away */
	bool licence; /* of its own, to be agreed to */
	size_t seen;  /* in which advisory last, counted from 1; 0: in none */
};

struct agent_items {
	struct agent_item *v;
	size_t n;
};

/* One more, with "" for all its strings. */
struct agent_item *agent_add_item(struct agent_items *l, struct arena *a);
/* One more from "|NAME|ARCH|VERSION|" of agent-rpm.sh: an installed one. */
int agent_add_have(struct agent_items *l, const char *text, struct arena *a,
    struct err *e) CAU_MUSTCHECK;
/* By name, then architecture. */
void agent_sort_items(struct agent_items *l);
/* In a sorted list; NULL when it has none. */
struct agent_item *agent_find_item(
    const struct agent_items *l, const char *name, const char *arch);

#endif
