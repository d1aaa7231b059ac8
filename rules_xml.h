/* SPDX-License-Identifier: ISC */
/*
 * Inside of rules_parse: what it collects on its way through the document,
 * and the walking itself. Used by rules.c, rules_xml.c and rules_check.c
 * only.
 */
#ifndef CAU_RULES_XML_H
#define CAU_RULES_XML_H

#include "rules.h"
#include "xml.h"

/* White space of XML. */
#define RULES_BLANKS " \t\r\n"

struct numbered_note;

struct rules_parser {
	struct arena *a;
	const char *label; /* the rule at hand, NULL outside of rules */
	struct numbered_note *notes;
	size_t n_notes, cap_notes;
	size_t n_errors, n_dropped;
	bool dropped_error;
	struct rule *rules;
	size_t n_rules, cap_rules;
	struct rule_code *codes; /* of the rule at hand */
	size_t n_codes, cap_codes;
};

/* A note, with the label of the rule at hand in front. */
void rules_add_note(struct rules_parser *p, bool is_error, int line,
    const char *fmt, ...) CAU_PRINTF(4, 5);
#define rules_error(p, ...)   rules_add_note((p), true, __VA_ARGS__)
#define rules_warning(p, ...) rules_add_note((p), false, __VA_ARGS__)

/* A text of the file as a note shows it: printable and not long, or at most
 * max bytes of it. */
const char *rules_shown(struct arena *a, const char *s);
const char *rules_shown_bytes(struct arena *a, const char *s, size_t max);
/* Without the blanks around it. */
const char *rules_trimmed(struct arena *a, const char *s);

/* Lists of names end with NULL. Index of name in names, -1 if not there. */
int rules_find_name(const char *name, const char *const *names);

/* The error for an element or attribute of parent (kind) that is none of
 * names; says what was probably meant. */
void rules_note_unknown(struct rules_parser *p, int line, const char *kind,
    const char *name, const xmlNode *parent, const char *const *names);

/*
 * Puts the values of the attributes into values, in the order of names,
 * NULL for those that are not there, and reports others. What belongs to
 * XML or XML Schema (xml:lang, xsi:schemaLocation) is nobody's business
 * here.
 */
void rules_take_attributes(struct rules_parser *p, const xmlNode *node,
    const char *const *names, const char **values);
void rules_no_attributes(struct rules_parser *p, const xmlNode *node);

/*
 * The next child element, behind prev (NULL: the first), whose name is one
 * of names; what else is found on the way is reported. Its index in names
 * goes to *index.
 */
const xmlNode *rules_next_child(struct rules_parser *p, const xmlNode *parent,
    const xmlNode *prev, const char *const *names, size_t *index);

/* As rules_next_child for all children, each of which may be there once:
 * the first of each name goes to found, in the order of names. */
void rules_take_children(struct rules_parser *p, const xmlNode *parent,
    const char *const *names, const xmlNode **found);

/* Why a name cannot be that of a rule, NULL when it can. */
const char *
rules_name_problem(const char *name, bool is_folder, struct arena *a);
/* Notes on the path of a Template, on the codes of the rule at hand, and on
 * the names of all rules. */
void rules_check_path(struct rules_parser *p, int line, const char *path);
void rules_check_codes(struct rules_parser *p);
void rules_check_names(struct rules_parser *p);

/* Moves what was collected into the arena and frees the rest. */
void rules_finish(
    struct rules_parser *p, struct rules *r, struct rules_notes *notes);

#endif
