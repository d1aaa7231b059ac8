/* SPDX-License-Identifier: ISC */
/* The hotfix configuration file: any bytes give rules or notes, and what
 * was taken for rules keeps its promises. */
#include <stdlib.h>
#include <string.h>

#include "rules.h"
#include "template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_rule(const struct rules *r, const struct rule *rule, struct arena *a)
{
	const struct rule *found;
	struct arg_vector v;
	struct buf b = BUF_INIT;
	bool success = false;
	size_t i;

	found = rule->is_folder
		    ? rules_for_folder(r, rule->name)
		    : rules_for_file(r, arena_printf(a, "x.%s", rule->name));
	if (found != rule || *rule->path == '\0' || *rule->name == '\0')
		abort();
	for (i = 0; i < rule->n_codes; i++) {
		if (rule->codes[i].condition == COND_NONE ||
		    rule_condition(rule, rule->codes[i].code) !=
			rule->codes[i].condition)
			abort();
		if (rule->codes[i].condition == COND_SUCCESS)
			success = true;
	}
	if (!success)
		abort();
	template_expand(&v, rule, "/stage/a b", a);
	template_shell_words(&b, &v);
	template_show(&b, &v);
	buf_release(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	struct rules_notes notes;
	struct rules r;
	size_t i, n_errors = 0;
	int rc = rules_parse(&r, &notes, data, size, &a);

	for (i = 0; i < notes.n; i++) {
		n_errors += notes.notes[i].is_error ? 1 : 0;
		if (notes.notes[i].line < 0 || *notes.notes[i].text == '\0' ||
		    strpbrk(notes.notes[i].text, "\n\r\x1b") != NULL)
			abort();
	}
	if (n_errors != notes.n_errors || (rc == -1) != (n_errors > 0))
		abort();
	for (i = 0; rc == 0 && i < r.n_rules; i++)
		check_rule(&r, &r.rules[i], &a);
	arena_release(&a);
	return 0;
}
