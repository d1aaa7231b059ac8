/* SPDX-License-Identifier: ISC */
/* Search criteria of the Windows Update Agent: the values. */
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "wua_parser.h"

/* Without zeros in front; so many always fit 64 bits. */
#define MOST_DIGITS 10

const char *const wua_types[] = {NULL, "Software", "Driver", NULL};
const char *const wua_actions[] = {"None", "Installation", "Uninstallation",
    "Detection", "OptionalInstallation", NULL};

/* What may stand for a value. */
static const char *
allowed_values(enum wua_kind kind)
{
	switch (kind) {
	case WUA_KIND_TYPE:
		return "'Software', 'Driver'";
	case WUA_KIND_ACTION:
		return "'Installation', 'Uninstallation', "
		       "'OptionalInstallation', *";
	case WUA_KIND_FLAG:
		return "0, 1";
	case WUA_KIND_ID:
		return "an id like '0fa1201d-4330-4fa8-8ae9-b877473b6441'";
	case WUA_KIND_NUMBER:
		break;
	}
	return "a number up to 2147483647";
}

/* A parenthesis ends a word. */
static bool
ends_value(char c)
{
	return c == '\0' || c == '(' || c == ')' || wua_is_blank(c);
}

/* value: as it is written, without quotes. */
static int
bad_value(struct wua_parser *p, const struct wua_criterion *c, const char *at,
    const char *value, size_t len)
{
	const struct wua_trait *t = &wua_traits[c->name];

	return wua_fail_at(p, at,
	    arena_printf(p->arena, "%s has no value '%s'", t->name,
		wua_shown(p, value, len)),
	    allowed_values(t->kind));
}

/* One character or one escape of a string; *c is 0 at its end. */
static int
take_character(struct wua_parser *p, const char *open, char *c)
{
	const char *at = p->at;

	*c = *at;
	if (*at == '\0')
		return wua_fail_at(
		    p, open, "this quote is never closed", "'text'");
	if ((unsigned char)*at >= 0x80)
		return wua_fail_at(p, at,
		    "only ASCII characters can stand in a string",
		    "characters from 1 to 127");
	if (*at == '\'') {
		*c = '\0';
		p->at++;
		return 0;
	}
	if (*at != '[' && *at != ']') {
		p->at++;
		return 0;
	}
	if (*at == ']' || at[1] == '\0' || strchr("'[]", at[1]) == NULL ||
	    at[2] != ']')
		return wua_fail_at(p, at, "brackets in a string are escapes",
		    "['] for ', [[] for [, []] for ]");
	*c = at[1];
	p->at += 3;
	return 0;
}

/* A string without its quotes and escapes. */
static int
take_string(struct wua_parser *p, const char **value)
{
	const char *open = p->at++;
	struct buf b = BUF_INIT;
	char c;
	int rc;

	while ((rc = take_character(p, open, &c)) == 0 && c != '\0')
		buf_addc(&b, c);
	*value = arena_strdup(p->arena, b.data);
	buf_release(&b);
	if (rc == -1)
		return -1;
	if (*p->at == '\'' || (**value == '\0' && !ends_value(*p->at)))
		return wua_fail_at(p, **value == '\0' ? open : p->at - 1,
		    "a quote is not doubled here; inside of a string it is "
		    "written [']",
		    "'text'");
	return 0;
}

bool
wua_is_id(const char *s)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i;

	for (i = 0; form[i] != '\0'; i++)
		if (form[i] == '-'
			? s[i] != '-'
			: s[i] == '\0' ||
			      strchr("0123456789abcdefABCDEF", s[i]) == NULL)
			return false;
	return s[i] == '\0';
}

static const char *
small_letters(struct arena *a, const char *s)
{
	char *copy = arena_strdup(a, s);

	for (char *c = copy; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return copy;
}

/* A string where a string belongs. */
static int
take_text(struct wua_parser *p, struct wua_criterion *c)
{
	enum wua_kind kind = wua_traits[c->name].kind;
	const char *start = p->at, *value;

	if (take_string(p, &value) == -1)
		return -1;
	if (kind == WUA_KIND_ID && wua_is_id(value)) {
		c->id = small_letters(p->arena, value);
		return 0;
	}
	for (int32_t i = WUA_SOFTWARE; kind == WUA_KIND_TYPE && i <= WUA_DRIVER;
	     i++)
		if (text_casecmp(value, wua_types[i]) == 0) {
			c->number = i;
			return 0;
		}
	for (int32_t i = WUA_INSTALLATION;
	     kind == WUA_KIND_ACTION && i <= WUA_OPTIONAL_INSTALLATION; i++)
		if (i != WUA_DETECTION &&
		    text_casecmp(value, wua_actions[i]) == 0) {
			c->number = i;
			return 0;
		}
	return bad_value(p, c, start, start + 1, (size_t)(p->at - start) - 2);
}

/* Digits, with a minus perhaps, where a number belongs. */
static int
take_number(struct wua_parser *p, struct wua_criterion *c)
{
	const char *start = p->at, *digits = start + (*start == '-');
	const char *end = digits + strspn(digits, "0123456789");
	size_t len = (size_t)(end - start);
	int64_t value;

	if (end == digits || !ends_value(*end)) {
		while (!ends_value(start[len]))
			len++;
		return bad_value(p, c, start, start, len);
	}
	digits += strspn(digits, "0");
	if (end - digits > MOST_DIGITS)
		return bad_value(p, c, start, start, len);
	value = strtoll(start, NULL, 10);
	if (value > INT32_MAX || value < INT32_MIN ||
	    (wua_traits[c->name].kind == WUA_KIND_FLAG && value != 0 &&
		value != 1))
		return bad_value(p, c, start, start, len);
	c->number = (int32_t)value;
	p->at = end;
	return 0;
}

int
wua_take_value(struct wua_parser *p, struct wua_criterion *c)
{
	const struct wua_trait *t = &wua_traits[c->name];
	bool numeric = t->kind == WUA_KIND_FLAG || t->kind == WUA_KIND_NUMBER;
	bool missing = *p->at == '\0' || *p->at == '(' || *p->at == ')';
	const char *reason;

	if (t->kind == WUA_KIND_ACTION && *p->at == '*' &&
	    ends_value(p->at[1])) {
		c->number = WUA_ANY_ACTION;
		p->at++;
		return 0;
	}
	if (!missing && numeric == (*p->at != '\''))
		return numeric ? take_number(p, c) : take_text(p, c);
	if (missing)
		reason = arena_printf(
		    p->arena, "the value of %s is missing", t->name);
	else if (numeric)
		reason = arena_printf(
		    p->arena, "%s takes a number, without quotes", t->name);
	else
		reason = arena_printf(p->arena,
		    "%s takes a string in single quotes, not '%s'", t->name,
		    wua_token(p, p->at));
	return wua_fail_at(p, p->at, reason, allowed_values(t->kind));
}
