/* SPDX-License-Identifier: ISC */
/* The hotfix configuration file: what is wrong or doubtful in its values. */
#include "rules_xml.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text.h"

/* Codes that one note lists. */
#define MAX_CODES 8

/* By code; equal ones in the order of the file, which is that of their
 * addresses in the array the pointers point into. */
static int
compare_codes(const void *x, const void *y)
{
	const struct rule_code *a = *(const struct rule_code *const *)x;
	const struct rule_code *b = *(const struct rule_code *const *)y;

	if (a->code != b->code)
		return a->code < b->code ? -1 : 1;
	return a < b ? -1 : a > b;
}

static void
note_twice(struct rules_parser *p)
{
	const struct rule_code **v, *first, *code;
	bool noted[COND_NOT_APPLICABLE + 1] = {false};
	size_t i;

	if (p->n_codes < 2)
		return;
	v = xreallocarray(NULL, p->n_codes, sizeof(*v));
	for (i = 0; i < p->n_codes; i++)
		v[i] = &p->codes[i];
	qsort(v, p->n_codes, sizeof(*v), compare_codes);
	for (first = v[0], i = 1; i < p->n_codes; i++) {
		code = v[i];
		if (code->code != first->code) {
			first = code;
			memset(noted, 0, sizeof(noted));
			continue;
		}
		if (noted[code->condition])
			continue;
		noted[code->condition] = true;
		if (code->condition == first->condition)
			rules_warning(p, code->line,
			    "exit code %" PRIu32
			    " is in <%s> twice, first on line %d",
			    code->code, exit_condition_name(code->condition),
			    first->line);
		else
			rules_error(p, code->line,
			    "exit code %" PRIu32
			    " is in <%s>, and on line %d in <%s>",
			    code->code, exit_condition_name(code->condition),
			    first->line, exit_condition_name(first->condition));
	}
	free(v);
}

/*
 * Codes that a Linux process cannot return. One whose lowest 8 bits are in
 * the same condition was thought of: that is how it arrives.
 */
static void
note_wide(struct rules_parser *p)
{
	bool narrow[COND_NOT_APPLICABLE + 1][256] = {{false}};
	const struct rule_code *code;
	struct buf b = BUF_INIT;
	size_t i, n = 0;
	int line = 0;

	for (i = 0; i < p->n_codes; i++) {
		code = &p->codes[i];
		if (code->code < 256)
			narrow[code->condition][code->code] = true;
	}
	for (i = 0; i < p->n_codes; i++) {
		code = &p->codes[i];
		if (code->code < 256 ||
		    (code->code % 256 != 0 &&
			narrow[code->condition][code->code % 256]))
			continue;
		if (n == 0)
			line = code->line;
		if (n++ < MAX_CODES) {
			buf_addf(
			    &b, "%s%" PRIu32, n == 1 ? "" : ", ", code->code);
			/* Mostly written as a negative number or in hex. */
			if (code->code > UINT16_MAX)
				buf_addf(&b, " (0x%08" PRIx32 ")", code->code);
		}
	}
	if (n > MAX_CODES)
		buf_addf(&b, " and %zu more", n - MAX_CODES);
	if (n > 0)
		rules_warning(p, line,
		    "exit code%s %s: a process on Linux returns 0 to 255: %s "
		    "only if the installer writes it to the file "
		    "$CAU_EXIT_CODE_FILE",
		    n == 1 ? "" : "s", b.data,
		    n == 1 ? "this code counts" : "such a code counts");
	buf_release(&b);
}

/* Codes that the node would take for the death of a process by a signal. */
static void
note_signals(struct rules_parser *p)
{
	const char *name;
	size_t i;

	for (i = 0; i < p->n_codes; i++) {
		name = exit_status_signal(p->codes[i].code);
		if (name != NULL)
			rules_warning(p, p->codes[i].line,
			    "exit code %" PRIu32
			    ": a process that exits with it counts as ended by "
			    "the signal %s: this code counts only if the "
			    "installer writes it to the file "
			    "$CAU_EXIT_CODE_FILE and exits with another one",
			    p->codes[i].code, name);
	}
}

void
rules_check_codes(struct rules_parser *p)
{
	note_twice(p);
	note_wide(p);
	note_signals(p);
}

/* %NAME% at the beginning, as template_expand knows it? */
static bool
begins_with_variable(const char *s)
{
	size_t n;

	if (s[0] != '%' || (s[1] >= '0' && s[1] <= '9'))
		return false;
	n = strspn(s + 1, "abcdefghijklmnopqrstuvwxyz"
			  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
	return n > 0 && s[1 + n] == '%';
}

void
rules_check_path(struct rules_parser *p, int line, const char *path)
{
	const char *const path_shown = rules_shown(p->a, path);
	bool is_windows = strchr(path, '\\') != NULL ||
			  strncasecmp(path, "%systemroot%", 12) == 0 ||
			  strncasecmp(path, "%windir%", 8) == 0;

	if (strcmp(path, "$update$") == 0)
		return;
	if (strcmp(path, rules_trimmed(p->a, path)) != 0)
		rules_error(
		    p, line, "path '%s' has blanks around it", path_shown);
	else if (strstr(path, "$update$") != NULL)
		rules_error(p, line,
		    "path '%s': $update$ stands alone in a path, everything "
		    "else belongs into the parameters",
		    path_shown);
	else if (strcmp(path, ".") == 0 || strcmp(path, "..") == 0 ||
		 (path[0] != '/' && strchr(path, '/') != NULL &&
		     !begins_with_variable(path)))
		rules_error(p, line,
		    "path '%s' is neither absolute nor a bare program name",
		    path_shown);
	else if (is_windows)
		rules_warning(p, line,
		    "path '%s' is a Windows path and cannot start on a Linux "
		    "node",
		    path_shown);
}

const char *
rules_name_problem(const char *name, bool is_folder, struct arena *a)
{
	if (*name == '\0')
		return "the attribute 'name' is empty";
	if (strcmp(name, rules_trimmed(a, name)) != 0)
		return "the name has blanks around it";
	if (strchr(name, '/') != NULL)
		return "a name cannot hold '/'";
	if (is_folder) {
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			return "this is not the name of a folder";
		if (text_casecmp(name, "CAUHotfix_All") == 0)
			return "this folder holds the updates of all nodes, "
			       "it cannot be a rule folder";
		return NULL;
	}
	if (name[0] == '.')
		return "an extension is named without its dot";
	if (strchr(name, '.') != NULL)
		return "an extension is what stands behind the last dot of a "
		       "file name, it cannot hold a dot";
	return NULL;
}

/* By kind and name; equal ones in the order of the file (see
 * compare_codes). */
static int
compare_rules(const void *x, const void *y)
{
	const struct rule *a = *(const struct rule *const *)x;
	const struct rule *b = *(const struct rule *const *)y;
	int c;

	if (a->is_folder != b->is_folder)
		return a->is_folder ? 1 : -1;
	c = text_casecmp(a->name, b->name);
	if (c != 0)
		return c;
	return a < b ? -1 : a > b;
}

void
rules_check_names(struct rules_parser *p)
{
	const struct rule **v, *first, *r;
	size_t i;

	if (p->n_rules == 0 && p->n_errors == 0)
		rules_warning(p, 0, "no rules: no file will be installed");
	if (p->n_rules < 2)
		return;
	v = xreallocarray(NULL, p->n_rules, sizeof(*v));
	for (i = 0; i < p->n_rules; i++)
		v[i] = &p->rules[i];
	qsort(v, p->n_rules, sizeof(*v), compare_rules);
	for (first = v[0], i = 1; i < p->n_rules; i++) {
		r = v[i];
		if (*r->name == '\0' || r->is_folder != first->is_folder ||
		    text_casecmp(r->name, first->name) != 0) {
			first = r;
			continue;
		}
		rules_error(p, r->line, "%s is there twice, first on line %d",
		    rule_label(r, p->a), first->line);
	}
	free(v);
}
