/* SPDX-License-Identifier: ISC */
/* The text of an Updating Run Profile. */
#include "profile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* Of a file that is no profile at all nobody reads more. */
#define MAX_ERRORS 1000
#define MAX_NAMES  128

#define IS_XML                                                             \
	"this is XML, a profile has lines OptionName=value: see Profiles " \
	"from elsewhere in cau-profile(5)"

struct parser {
	struct profile *p;
	const struct profile_name *names;
	size_t n_names;
	size_t *seen; /* by name: line on which its option stood */
	size_t *times;
	struct arena *a;
};

void
profile_add_error(
    struct profile *p, struct arena *a, size_t line, const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	char text[512];
	va_list ap;

	p->n_errors++;
	if (p->n_kept == MAX_ERRORS)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_printable(&b, text, strlen(text));
	p->errors[p->n_kept++] =
	    (struct profile_error){line, arena_strdup(a, b.data)};
	buf_release(&b);
}

static int
by_line(const void *a, const void *b)
{
	const struct profile_error *x = a, *y = b;

	return x->line < y->line ? -1 : x->line > y->line;
}

void
profile_show_errors(struct buf *b, struct profile *p, const char *path)
{
	qsort(p->errors, p->n_kept, sizeof(*p->errors), by_line);
	for (size_t i = 0; i < p->n_kept; i++) {
		text_printable(b, path, strlen(path));
		buf_addf(b, ":%zu: %s\n", p->errors[i].line, p->errors[i].text);
	}
	if (p->n_errors > p->n_kept)
		buf_addf(b, "%zu more errors are not shown\n",
		    p->n_errors - p->n_kept);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void
trim(const char **s, const char **end)
{
	while (*s < *end && is_blank(**s))
		(*s)++;
	while (*end > *s && is_blank((*end)[-1]))
		(*end)--;
}

/* Bytes that have no place in a line; true when there is one. */
static bool
has_control(struct parser *x, size_t line, const char *s, const char *end)
{
	unsigned char c;

	for (; s < end; s++) {
		c = (unsigned char)*s;
		if ((c >= ' ' && c != 0x7f) || c == '\t')
			continue;
		profile_add_error(x->p, x->a, line,
		    c == '\0' ? "a NUL byte: this is no text"
			      : "a control character (0x%02x)",
		    (unsigned)c);
		return true;
	}
	return false;
}

static void
unknown(struct parser *x, size_t line, const char *name)
{
	const char *names[MAX_NAMES + 1], *near = NULL;

	/* Looking for the nearest takes time. */
	if (x->p->n_kept < MAX_ERRORS) {
		for (size_t i = 0; i <= x->n_names; i++)
			names[i] = x->names[i].name;
		near = text_nearest(name, names);
	}
	profile_add_error(x->p, x->a, line,
	    near == NULL ? "unknown option '%.60s'"
			 : "unknown option '%.60s' (did you mean %s?)",
	    name, near);
}

/* Whether the option may stand on this line, too. */
static bool
may_come(struct parser *x, size_t line, size_t i)
{
	const struct profile_name *n = &x->names[i], *other = n;

	x->times[i]++;
	if (n->repeats && x->times[i] > PROFILE_MAX_REPEAT) {
		profile_add_error(x->p, x->a, line,
		    "%s comes more than %d times", n->name, PROFILE_MAX_REPEAT);
		return false;
	}
	for (size_t k = 0; k < x->n_names && !n->repeats; k++) {
		if (x->names[k].id != n->id || x->seen[k] == 0)
			continue;
		other = &x->names[k];
		profile_add_error(x->p, x->a, line,
		    other == n ? "%s comes twice, first in line %zu"
			       : "%s comes twice, first in line %zu as %s",
		    n->name, x->seen[k], other->name);
		return false;
	}
	x->seen[i] = line;
	return true;
}

static void
take_line(struct parser *x, size_t line, const char *s, const char *end)
{
	struct profile *p = x->p;
	const char *eq, *name_end, *name;
	size_t i;

	if (end > s && end[-1] == '\r')
		end--;
	if (end - s > PROFILE_MAX_LINE) {
		profile_add_error(
		    p, x->a, line, "longer than %d bytes", PROFILE_MAX_LINE);
		return;
	}
	if (has_control(x, line, s, end))
		return;
	trim(&s, &end);
	if (s == end || *s == '#')
		return;
	eq = memchr(s, '=', (size_t)(end - s));
	if (eq == NULL) {
		profile_add_error(
		    p, x->a, line, "OptionName=value is expected");
		return;
	}
	name_end = eq++;
	trim(&s, &name_end);
	trim(&eq, &end);
	if (s == name_end) {
		profile_add_error(
		    p, x->a, line, "a name is missing before '='");
		return;
	}
	name = arena_strndup(x->a, s, (size_t)(name_end - s));
	for (i = 0; i < x->n_names; i++)
		if (text_casecmp(x->names[i].name, name) == 0)
			break;
	if (i == x->n_names)
		unknown(x, line, name);
	else if (may_come(x, line, i))
		p->lines[p->n_lines++] = (struct profile_line){line,
		    &x->names[i], arena_strndup(x->a, eq, (size_t)(end - eq))};
}

/* What people hand over that is something else: one error says more than
 * one for each of its lines. */
static const char *
not_a_profile(const char *text, size_t len)
{
	const char *s = text, *end = text + len;

	/* Export-Clixml writes UTF-16 by default. */
	if (len >= 4 && (memcmp(text, "\377\376<\0", 4) == 0 ||
			    memcmp(text, "\376\377\0<", 4) == 0))
		return IS_XML;
	if (len >= 2 && (memcmp(text, "\377\376", 2) == 0 ||
			    memcmp(text, "\376\377", 2) == 0))
		return "this is UTF-16: save the file as UTF-8";
	while (s < end && (is_blank(*s) || *s == '\r' || *s == '\n'))
		s++;
	if (s < end && *s == '<')
		return IS_XML;
	return NULL;
}

void
profile_parse(struct profile *p, const char *text, size_t len,
    const struct profile_name *names, struct arena *a)
{
	struct parser x = {p, names, 0, NULL, NULL, a};
	const char *end = text + len, *next, *why;
	size_t most = 0;

	for (const struct profile_name *n = names; n->name != NULL; n++) {
		x.n_names++;
		most += n->repeats ? PROFILE_MAX_REPEAT : 1;
	}
	*p = (struct profile){
	    .lines = arena_alloc(a, most * sizeof(*p->lines)),
	    .errors = arena_alloc(a, MAX_ERRORS * sizeof(*p->errors)),
	};
	x.seen = arena_alloc(a, x.n_names * sizeof(*x.seen));
	x.times = arena_alloc(a, x.n_names * sizeof(*x.times));
	if (x.n_names > MAX_NAMES)
		abort();
	if (len >= 3 && memcmp(text, "\357\273\277", 3) == 0)
		text += 3;
	why = not_a_profile(text, (size_t)(end - text));
	if (why != NULL) {
		profile_add_error(p, a, 1, "%s", why);
		return;
	}
	for (size_t line = 1; text < end; line++, text = next + 1) {
		next = memchr(text, '\n', (size_t)(end - text));
		if (next == NULL)
			next = end;
		take_line(&x, line, text, next);
	}
}
