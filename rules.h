/* SPDX-License-Identifier: ISC */
/*
 * The hotfix configuration file (DefaultHotfixConfig.xml): which installer
 * runs a file, with which arguments, and what its exit codes mean.
 * cau-hotfix(5) describes the format; seeds "Customize the hotfix
 * configuration file". Pure: bytes in, rules or errors out.
 */
#ifndef CAU_RULES_H
#define CAU_RULES_H

#include <stdbool.h>

#include "arena.h"
#include "exitcodes.h"

/* Larger files are refused before they are parsed. */
#define RULES_MAX_BYTES (4U << 20)

struct rule_code {
	uint32_t code;
	enum exit_condition condition;
	int line;
};

struct rule {
	bool is_folder;	  /* Folder rule, else Extension rule */
	const char *name; /* as written; compared without case */
	bool always_reboot;
	const char *path;	/* Template path, as written */
	const char *parameters; /* Template parameters, "" if none */
	struct rule_code *codes;
	size_t n_codes;
	int line;
};

/* Extension rules and folder rules in the order of the file. */
struct rules {
	struct rule *rules;
	size_t n_rules;
};

/* One thing that is wrong or doubtful, with the place it stands. */
struct rules_note {
	bool is_error;
	int line; /* 0: no line (the file as a whole) */
	const char *text;
};

struct rules_notes {
	struct rules_note *notes;
	size_t n;
	size_t n_errors;
};

/*
 * Parses the bytes of a configuration file. Returns 0 with the rules, or
 * -1 when notes holds at least one error. Notes are in the order of lines;
 * warnings come on success too. All errors of the file are reported, not
 * only the first (of bytes that are not well-formed XML: the first; beyond
 * 1000 notes only their number).
 * Everything lives in the arena.
 */
int rules_parse(struct rules *r, struct rules_notes *notes, const void *data,
    size_t len, struct arena *a) CAU_MUSTCHECK;

/*
 * The rule for a file: with folder NULL the extension rule for the part of
 * name behind its last dot, else the folder rule of that name. NULL if
 * there is none. Names compare without case.
 */
const struct rule *rules_for_file(const struct rules *r, const char *name);
const struct rule *rules_for_folder(const struct rules *r, const char *folder);

/* The condition of an exit code before alwaysReboot; COND_NONE: not listed. */
enum exit_condition rule_condition(const struct rule *rule, uint32_t code);

/* "Extension DEB" or "Folder FolderRule1": how reports name a rule. */
const char *rule_label(const struct rule *rule, struct arena *a);

#endif
