/* SPDX-License-Identifier: ISC */
/* What a hotfix configuration file means for one update: for cau rules
 * explain. */
#ifndef CAU_RULES_EXPLAIN_H
#define CAU_RULES_EXPLAIN_H

#include <stdio.h>

#include "json.h"
#include "rules.h"

struct rules_question {
	const char *name;   /* file name of the update */
	const char *folder; /* the rule folder it lies in, or NULL */
	bool has_code;
	uint32_t code; /* what if the installer ends with this */
};

/* Rule, arguments, command and exit codes; or that no rule applies. */
void rules_explain(FILE *out, const struct rules *r,
    const struct rules_question *q, struct arena *a);

/* The same as members of doc: rule (null if none applies, and reason),
 * arguments, shell, conditions, exit. */
void rules_explain_json(json_t *doc, const struct rules *r,
    const struct rules_question *q, struct arena *a);

/* A foreign name as a JSON string (text_escape). */
json_t *rules_json_shown(const char *s);

#endif
