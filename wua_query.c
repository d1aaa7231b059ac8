/* SPDX-License-Identifier: ISC */
/* Search criteria of the Windows Update Agent: from text to a query. */
#include "wua_query.h"

#include <string.h>

#include "text.h"
#include "wua_parser.h"

#define OP(op)	 (1U << (op))
#define EQUALITY (OP(WUA_EQUAL) | OP(WUA_NOT_EQUAL))

#define NO_BIT 32

const struct wua_trait wua_traits[WUA_NAMES] = {
    [WUA_TYPE] = {"Type", WUA_KIND_TYPE, EQUALITY, 0},
    [WUA_DEPLOYMENT_ACTION] = {"DeploymentAction", WUA_KIND_ACTION,
	OP(WUA_EQUAL), 3},
    [WUA_IS_ASSIGNED] = {"IsAssigned", WUA_KIND_FLAG, OP(WUA_EQUAL), 8},
    [WUA_AUTO_SELECT_ON_WEB_SITES] = {"AutoSelectOnWebSites", WUA_KIND_FLAG,
	OP(WUA_EQUAL), 11},
    [WUA_BROWSE_ONLY] = {"BrowseOnly", WUA_KIND_FLAG, OP(WUA_EQUAL), 14},
    [WUA_UPDATE_ID] = {"UpdateID", WUA_KIND_ID, EQUALITY, NO_BIT},
    [WUA_REVISION_NUMBER] = {"RevisionNumber", WUA_KIND_NUMBER, OP(WUA_EQUAL),
	NO_BIT},
    [WUA_CATEGORY_IDS] = {"CategoryIDs", WUA_KIND_ID, OP(WUA_CONTAINS), NO_BIT},
    [WUA_IS_INSTALLED] = {"IsInstalled", WUA_KIND_FLAG, OP(WUA_EQUAL), 16},
    [WUA_IS_HIDDEN] = {"IsHidden", WUA_KIND_FLAG, OP(WUA_EQUAL), 18},
    [WUA_IS_PRESENT] = {"IsPresent", WUA_KIND_FLAG, OP(WUA_EQUAL), 20},
    [WUA_REBOOT_REQUIRED] = {"RebootRequired", WUA_KIND_FLAG, OP(WUA_EQUAL),
	22},
};

const char *const wua_ops[] = {"=", "!=", "contains", NULL};

/* The shortest criterion is IsHidden=0, so there are no more than this. */
#define SHORTEST 10

int
wua_fail_at(struct wua_parser *p, const char *at, const char *reason,
    const char *allowed)
{
	struct wua_error *e = p->error;

	e->offset = (size_t)(at - p->text);
	e->column = 1;
	for (const char *c = p->text; c < at; c++)
		e->column += ((unsigned char)*c & 0xc0) != 0x80;
	e->reason = reason;
	e->allowed = allowed;
	return -1;
}

bool
wua_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
skip_blanks(struct wua_parser *p)
{
	while (wua_is_blank(*p->at))
		p->at++;
}

static size_t
word_length(const char *s)
{
	return strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			 "0123456789_");
}

const char *
wua_shown(const struct wua_parser *p, const char *s, size_t len)
{
	size_t most = WUA_SHOWN;
	const char *shown;
	struct buf b = BUF_INIT;

	/* Not in the middle of a character. */
	while (len > most && most < WUA_SHOWN + 3 &&
	       ((unsigned char)s[most] & 0xc0) == 0x80)
		most++;
	text_printable(&b, s, len > most ? most : len);
	if (len > most)
		buf_addstr(&b, "...");
	shown = arena_strdup(p->arena, b.data);
	buf_release(&b);
	return shown;
}

const char *
wua_token(const struct wua_parser *p, const char *at)
{
	size_t len = word_length(at);

	if (len == 0)
		len = strspn(at, "=!<>~");
	if (len == 0)
		len = strcspn(at, " \t\r\n()");
	return wua_shown(p, at, len == 0 ? 1 : len);
}

static bool
is_word(const char *s, size_t len, const char *word)
{
	char copy[24];

	if (len >= sizeof(copy) || len != strlen(word))
		return false;
	memcpy(copy, s, len);
	copy[len] = '\0';
	return text_casecmp(copy, word) == 0;
}

/* Those words of a list whose bits are set. */
static const char *
join(struct arena *a, const char *const *words, unsigned mask)
{
	struct buf b = BUF_INIT;
	const char *s;

	for (size_t i = 0; words[i] != NULL; i++)
		if ((mask & 1U << i) != 0)
			buf_addf(&b, "%s%s", b.len > 0 ? ", " : "", words[i]);
	s = arena_strdup(a, b.data);
	buf_release(&b);
	return s;
}

static int
bad_name(struct wua_parser *p, size_t len)
{
	const char *names[WUA_NAMES + 1] = {NULL}, *near;
	const char *word = wua_token(p, p->at);

	if (len == 0 || is_word(p->at, len, "and") || is_word(p->at, len, "or"))
		return wua_fail_at(p, p->at,
		    arena_printf(p->arena, "'%s' cannot stand here", word),
		    "a criterion, '('");
	for (size_t i = 0; i < WUA_NAMES; i++)
		names[i] = wua_traits[i].name;
	near = text_nearest(arena_strndup(p->arena, p->at, len), names);
	return wua_fail_at(p, p->at,
	    arena_printf(p->arena, "unknown criterion '%s'%s%s%s", word,
		near == NULL ? "" : " (did you mean ", near == NULL ? "" : near,
		near == NULL ? "" : "?)"),
	    join(p->arena, names, ~0U));
}

/* The name of a criterion. */
static int
take_name(struct wua_parser *p, enum wua_name *name)
{
	size_t len = word_length(p->at);

	if (*p->at == '\0')
		return wua_fail_at(p, p->at,
		    p->n == 0 && p->depth == 0 ? "the query is empty"
					       : "the query ends too early",
		    "a criterion, '('");
	for (size_t i = 0; i < WUA_NAMES; i++)
		if (is_word(p->at, len, wua_traits[i].name)) {
			*name = (enum wua_name)i;
			p->at += len;
			return 0;
		}
	return bad_name(p, len);
}

static int
take_operator(struct wua_parser *p, struct wua_criterion *c)
{
	const struct wua_trait *t = &wua_traits[c->name];
	size_t len = word_length(p->at);
	const char *reason;

	if (*p->at == '=') {
		c->op = WUA_EQUAL;
		len = 1;
	} else if (*p->at == '!' && p->at[1] == '=') {
		c->op = WUA_NOT_EQUAL;
		len = 2;
	} else if (is_word(p->at, len, "contains")) {
		c->op = WUA_CONTAINS;
	} else {
		len = 0;
	}
	if (len > 0 && (t->ops & 1U << c->op) != 0) {
		p->at += len;
		return 0;
	}
	if (*p->at == '\0')
		reason = arena_printf(
		    p->arena, "the operator of %s is missing", t->name);
	else
		reason = arena_printf(p->arena, "%s has no operator '%s'",
		    t->name, len > 0 ? wua_ops[c->op] : wua_token(p, p->at));
	return wua_fail_at(p, p->at, reason, join(p->arena, wua_ops, t->ops));
}

static int
take_criterion(struct wua_parser *p)
{
	struct wua_criterion *c = &p->criteria[p->n];
	const char *start = p->at;

	if (take_name(p, &c->name) == -1)
		return -1;
	skip_blanks(p);
	if (take_operator(p, c) == -1)
		return -1;
	skip_blanks(p);
	if (wua_take_value(p, c) == -1)
		return -1;
	c->column = (size_t)(start - p->text) + 1;
	p->n++;
	return 0;
}

uint32_t
wua_fact(enum wua_name name, int32_t number)
{
	if (wua_traits[name].bit == NO_BIT || number < 0)
		return 0;
	return (uint32_t)1 << (wua_traits[name].bit + (unsigned)number);
}

/* What its criteria ask for, as facts. */
static void
take_facts(struct wua_group *g)
{
	const struct wua_criterion *c;
	uint32_t fact;

	g->facts = g->facts_recommended = 0;
	g->more = false;
	for (c = g->criteria; c < g->criteria + g->n; c++) {
		fact = wua_fact(c->name, c->number);
		/* Of two types. */
		if (c->name == WUA_TYPE && c->op == WUA_NOT_EQUAL)
			fact = wua_fact(
			    c->name, WUA_SOFTWARE + WUA_DRIVER - c->number);
		g->more = g->more || wua_traits[c->name].bit == NO_BIT;
		g->facts |= fact;
		if (c->number == 1 &&
		    (c->name == WUA_IS_ASSIGNED ||
			c->name == WUA_AUTO_SELECT_ON_WEB_SITES))
			fact = WUA_FACT_RECOMMENDED(c->name);
		g->facts_recommended |= fact;
	}
}

/* What must be true of a group as a whole; and its implied criterion. */
static int
end_group(struct wua_parser *p)
{
	struct wua_group *g = &p->groups[p->n_groups];
	const struct wua_criterion *c, *revision = NULL;
	bool has[WUA_NAMES] = {false}, other = false;

	for (c = g->criteria; c < p->criteria + p->n; c++) {
		if (c->name == WUA_UPDATE_ID && c->op == WUA_NOT_EQUAL)
			other = true;
		else
			has[c->name] = true;
		if (c->name == WUA_REVISION_NUMBER && revision == NULL)
			revision = c;
	}
	if (revision != NULL && (other || !has[WUA_UPDATE_ID]))
		return wua_fail_at(p, p->text + revision->column - 1,
		    other ? "RevisionNumber cannot stand beside UpdateID!="
			  : "RevisionNumber needs UpdateID= in its group",
		    "UpdateID='...' and RevisionNumber=...");
	if (!has[WUA_DEPLOYMENT_ACTION])
		p->criteria[p->n++] =
		    (struct wua_criterion){WUA_DEPLOYMENT_ACTION, WUA_EQUAL,
			WUA_INSTALLATION, NULL, 0};
	g->n = (size_t)(p->criteria + p->n - g->criteria);
	take_facts(g);
	p->n_groups++;
	p->groups[p->n_groups].criteria = p->criteria + p->n;
	return 0;
}

/*
 * Behind a criterion: parentheses that close, and then "and" or "or". more
 * says whether a criterion follows.
 */
static int
take_connective(struct wua_parser *p, bool *more)
{
	const char *allowed;
	size_t len;

	for (skip_blanks(p); *p->at == ')' && p->depth > 0; skip_blanks(p)) {
		p->depth--;
		p->at++;
	}
	allowed = p->depth > 0 ? "and, ')'" : "and, or, the end of the query";
	if (*p->at == '\0' && p->depth > 0)
		return wua_fail_at(p, p->at,
		    arena_printf(p->arena,
			"the '(' in column %zu is never closed",
			(size_t)(p->opens[p->depth - 1] - p->text) + 1),
		    allowed);
	*more = *p->at != '\0';
	if (!*more)
		return end_group(p);
	len = word_length(p->at);
	if (is_word(p->at, len, "or") && p->depth > 0)
		return wua_fail_at(p, p->at,
		    "'or' cannot stand in parentheses, only between groups",
		    allowed);
	if (*p->at == ')')
		return wua_fail_at(p, p->at, "no parenthesis is open", allowed);
	if (is_word(p->at, len, "or")) {
		p->at += len;
		return end_group(p);
	}
	if (!is_word(p->at, len, "and"))
		return wua_fail_at(p, p->at,
		    arena_printf(p->arena, "'%s' cannot stand here",
			wua_token(p, p->at)),
		    allowed);
	p->at += len;
	return 0;
}

static int
parse(struct wua_parser *p)
{
	bool more = true;

	while (more) {
		for (skip_blanks(p); *p->at == '('; skip_blanks(p))
			p->opens[p->depth++] = p->at++;
		if (take_criterion(p) == -1 || take_connective(p, &more) == -1)
			return -1;
	}
	return 0;
}

int
wua_parse(struct wua_query *q, struct wua_error *error, const char *text,
    struct arena *a)
{
	struct wua_parser p = {
	    .text = text, .at = text, .arena = a, .error = error};
	size_t len = strlen(text), opens = 0, most;

	if (len > WUA_MAX_BYTES)
		return wua_fail_at(&p, text + WUA_MAX_BYTES,
		    "the query is too long",
		    arena_printf(a, "%u bytes", WUA_MAX_BYTES));
	for (const char *c = text; *c != '\0'; c++)
		opens += *c == '(';
	most = len / SHORTEST + 1;
	p.opens = arena_alloc(a, (opens + 1) * sizeof(*p.opens));
	/* As many again that are implied. */
	p.criteria = arena_alloc(a, 2 * most * sizeof(*p.criteria));
	p.groups = arena_alloc(a, (most + 1) * sizeof(*p.groups));
	p.groups[0].criteria = p.criteria;
	if (parse(&p) == -1)
		return -1;
	q->groups = p.groups;
	q->n = p.n_groups;
	q->recommended = false;
	return 0;
}

void
wua_add_error(struct buf *b, const struct wua_error *error)
{
	buf_addf(b, "column %zu: %s; allowed: %s (%s, %s)", error->column,
	    error->reason, error->allowed, WUA_E_NAME, WUA_E_CODE);
}
