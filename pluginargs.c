/* SPDX-License-Identifier: ISC */
/* The argument string of a plug-in. */
#include "pluginargs.h"

#include <string.h>

#include "buf.h"
#include "text.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *
skip_blanks(const char *p)
{
	while (is_blank(*p))
		p++;
	return p;
}

static int
fail(struct err *e, const char *s, const char *at, const char *why)
{
	return err_set(e, CAU_USAGE, "plug-in arguments, column %zu: %s",
	    (size_t)(at - s) + 1, why);
}

/* A quoted value; *p stands on the quote and ends behind the other one. */
static int
take_quoted(const char *s, const char **p, struct buf *value, struct err *e)
{
	const char *open = (*p)++;

	for (;; (*p)++) {
		if (**p == '\0')
			return fail(e, s, open, "this quote is never closed");
		if (**p == '"' && (*p)[1] != '"')
			break;
		if (**p == '"')
			(*p)++;
		buf_addc(value, **p);
	}
	*p = skip_blanks(*p + 1);
	if (**p != ';' && **p != '\0')
		return fail(
		    e, s, *p, "only ';' may follow a value in double quotes");
	return 0;
}

static int
take_plain(const char *s, const char **p, struct buf *value, struct err *e)
{
	const char *start = *p;

	while (**p != ';' && **p != '\0') {
		if (**p == '"')
			return fail(e, s, *p,
			    "a double quote inside a value: put quotes around "
			    "the whole value");
		(*p)++;
	}
	buf_add(value, start, (size_t)(*p - start));
	while (value->len > 0 && is_blank(value->data[value->len - 1]))
		buf_setlen(value, value->len - 1);
	return 0;
}

/* One name=value; *p ends on ';' or NUL. */
static int
take_pair(const char *s, const char **p, struct plugin_arg *arg,
    struct arena *a, struct err *e)
{
	const char *start = *p, *end;
	struct buf value = BUF_INIT;
	int rc;

	while (**p != '=' && **p != ';' && **p != '\0')
		(*p)++;
	if (**p != '=')
		return fail(e, s, start, "name=value is expected here");
	for (end = *p; end > start && is_blank(end[-1]); end--)
		continue;
	if (end == start)
		return fail(e, s, start, "a name is missing before '='");
	arg->name = arena_strndup(a, start, (size_t)(end - start));
	*p = skip_blanks(*p + 1);
	rc = **p == '"' ? take_quoted(s, p, &value, e)
			: take_plain(s, p, &value, e);
	arg->value = arena_strdup(a, value.data);
	buf_release(&value);
	return rc;
}

int
pluginargs_parse(
    struct plugin_args *out, const char *s, struct arena *a, struct err *e)
{
	size_t most = 1;
	const char *p, *start;

	for (p = s; *p != '\0'; p++)
		most += *p == ';';
	out->args = arena_alloc(a, most * sizeof(*out->args));
	out->n = 0;
	for (p = skip_blanks(s); *p != '\0';) {
		if (*p == ';') {
			p = skip_blanks(p + 1);
			continue;
		}
		start = p;
		if (take_pair(s, &p, &out->args[out->n], a, e) == -1)
			return -1;
		if (pluginargs_get(out, out->args[out->n].name) != NULL)
			return fail(e, s, start, "this argument comes twice");
		out->n++;
	}
	return 0;
}

const char *
pluginargs_get(const struct plugin_args *args, const char *name)
{
	for (size_t i = 0; i < args->n; i++)
		if (text_casecmp(args->args[i].name, name) == 0)
			return args->args[i].value;
	return NULL;
}

static int
unknown_name(
    const struct plugin_argument *known, const char *name, struct err *e)
{
	const char *names[PLUGIN_MAX_ARGS + 1], *near;
	struct buf b = BUF_INIT;
	size_t n = 0;

	for (; known != NULL && known->name != NULL && n < PLUGIN_MAX_ARGS;
	     known++) {
		buf_addf(
		    &b, "%s%s", n == 0 ? "; known are " : ", ", known->name);
		names[n++] = known->name;
	}
	names[n] = NULL;
	near = text_nearest(name, names);
	if (near != NULL)
		(void)err_set(e, CAU_USAGE,
		    "unknown argument '%.60s' (did you mean %s?)", name, near);
	else
		(void)err_set(e, CAU_USAGE, "unknown argument '%.60s'%s", name,
		    n == 0 ? "; it takes none" : b.data);
	buf_release(&b);
	return -1;
}

bool
pluginargs_knows(const struct plugin_argument *known, const char *name)
{
	for (; known != NULL && known->name != NULL; known++)
		if (text_casecmp(name, known->name) == 0)
			return true;
	return false;
}

int
pluginargs_check(const struct plugin_argument *known,
    const struct plugin_args *args, struct err *e)
{
	for (size_t i = 0; i < args->n; i++)
		if (!pluginargs_knows(known, args->args[i].name))
			return unknown_name(known, args->args[i].name, e);
	return 0;
}
