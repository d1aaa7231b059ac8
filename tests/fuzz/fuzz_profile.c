/* SPDX-License-Identifier: ISC */
/* Updating Run Profiles: any bytes give lines or errors, all of them shown in
 * one printable line each; what was taken can be written down again. */
#include <stdlib.h>
#include <string.h>

#include "profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct profile_name names[] = {
    {"MaxFailedNodes", 1, false},
    {"StopAfter", 2, false},
    {"RebootTimeoutMinutes", 3, false},
    {"RebootTimeout", 3, false},
    {"CauPluginName", 4, false},
    {"CauPluginArguments", 5, true},
    {NULL, 0, false},
};

static void
check_errors(struct profile *p)
{
	struct buf b = BUF_INIT;
	size_t lines = 0;

	profile_show_errors(&b, p, "profile");
	for (size_t i = 0; i < b.len; i++) {
		lines += b.data[i] == '\n';
		if (((unsigned char)b.data[i] < ' ' && b.data[i] != '\n' &&
			b.data[i] != '\t') ||
		    b.data[i] == 0x7f)
			abort();
	}
	if (p->n_kept > p->n_errors ||
	    lines != p->n_kept + (p->n_errors > p->n_kept))
		abort();
	for (size_t i = 1; i < p->n_kept; i++)
		if (p->errors[i].line < p->errors[i - 1].line)
			abort();
	buf_release(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	struct profile p, again;

	profile_parse(&p, (const char *)data, size, names, &a);
	for (size_t i = 0; i < p.n_lines; i++) {
		if (p.lines[i].line == 0 ||
		    (i > 0 && p.lines[i].line <= p.lines[i - 1].line) ||
		    strlen(p.lines[i].value) > PROFILE_MAX_LINE ||
		    strpbrk(p.lines[i].value, "\r\n\033") != NULL)
			abort();
		buf_addf(
		    &b, "%s=%s\n", p.lines[i].name->name, p.lines[i].value);
	}
	check_errors(&p);
	profile_parse(&again, b.data, b.len, names, &a);
	if (again.n_errors != 0 || again.n_lines != p.n_lines)
		abort();
	for (size_t i = 0; i < p.n_lines; i++)
		if (again.lines[i].name != p.lines[i].name ||
		    strcmp(again.lines[i].value, p.lines[i].value) != 0)
			abort();
	buf_release(&b);
	arena_release(&a);
	return 0;
}
