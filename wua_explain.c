/* SPDX-License-Identifier: ISC */
/* A query in words. */
#include "wua_explain.h"

#include <inttypes.h>
#include <string.h>

/* The classifications of Microsoft's catalogue. */
static const struct {
	const char *id, *name;
} categories[] = {
    {"5c9376ab-8ce6-464a-b136-22113dd69801", "Applications"},
    {"434de588-ed14-48f5-8eed-a15e09a991f6", "Connectors"},
    {"e6cf1350-c01b-414d-a61f-263d14d133b4", "Critical Updates"},
    {"e0789628-ce08-4437-be74-2495b842f43b", "Definition Updates"},
    {"e140075d-8433-45c3-ad87-e72345b36078", "Developer Kits"},
    {"77835c8d-62a7-41f5-82ad-f28d1af1e3b1", "Driver Sets"},
    {"ebfc1fc5-71a4-4f7b-9aca-3b9a503104a0", "Drivers"},
    {"b54e7d24-7add-428f-8b75-90a396fa584f", "Feature Packs"},
    {"9511d615-35b2-47bb-927f-f73d8e9260bb", "Guidance"},
    {"0fa1201d-4330-4fa8-8ae9-b877473b6441", "Security Updates"},
    {"68c5b0a3-d1a6-4553-ae49-01d3a7827828", "Service Packs"},
    {"b4832bd8-e735-4761-8daf-37f882276dab", "Tools"},
    {"28bc880e-0592-4cbf-8f95-c79b17911d5f", "Update Rollups"},
    {"cd5ffd1e-e932-4e3a-bf74-18bf0b1bbd83", "Updates"},
    {"3689bdc8-b205-4af4-8d4a-a63924c5e9d5", "Upgrades"},
};

/* What a flag says about "it", when it is 0 and when it is 1. */
static const char *const flags[WUA_NAMES][2] = {
    [WUA_IS_ASSIGNED] = {"is not meant for automatic updating",
	"is meant for automatic updating"},
    [WUA_AUTO_SELECT_ON_WEB_SITES] = {"is not selected automatically",
	"is selected automatically"},
    [WUA_BROWSE_ONLY] = {"is not optional", "is optional"},
    [WUA_IS_INSTALLED] = {"is not installed", "is installed"},
    [WUA_IS_HIDDEN] = {"is not hidden", "is hidden"},
    [WUA_IS_PRESENT] = {"is installed for none of its products",
	"is installed for at least one of its products"},
    [WUA_REBOOT_REQUIRED] = {"does not wait for a restart",
	"waits for a restart"},
};

static const char *
action_words(int32_t action)
{
	switch ((enum wua_action)action) {
	case WUA_INSTALLATION:
		return "is to be installed";
	case WUA_UNINSTALLATION:
		return "is to be uninstalled";
	case WUA_OPTIONAL_INSTALLATION:
		return "may be installed";
	default:
		return "is there for any action";
	}
}

static void
add_words(struct buf *b, const struct wua_criterion *c)
{
	const char *name = c->id;

	buf_addstr(b, "it ");
	switch (c->name) {
	case WUA_TYPE:
		buf_addf(b, "is %s%s", c->op == WUA_NOT_EQUAL ? "not " : "",
		    c->number == WUA_DRIVER ? "a driver" : "software");
		return;
	case WUA_DEPLOYMENT_ACTION:
		buf_addstr(b, action_words(c->number));
		return;
	case WUA_UPDATE_ID:
		buf_addf(b, "is %sthe update %s",
		    c->op == WUA_NOT_EQUAL ? "not " : "", c->id);
		return;
	case WUA_REVISION_NUMBER:
		buf_addf(b, "has the revision %" PRId32, c->number);
		return;
	case WUA_CATEGORY_IDS:
		for (size_t i = 0; i < sizeof(categories) / sizeof(*categories);
		     i++)
			if (strcmp(categories[i].id, c->id) == 0)
				name = categories[i].name;
		buf_addf(b, "is in the category %s", name);
		return;
	default:
		buf_addstr(b, flags[c->name][c->number != 0]);
		return;
	}
}

/* The value as a query has it. */
static void
add_value(struct buf *b, const struct wua_criterion *c)
{
	switch (wua_traits[c->name].kind) {
	case WUA_KIND_TYPE:
		buf_addf(b, "'%s'", wua_types[c->number]);
		return;
	case WUA_KIND_ACTION:
		if (c->number == WUA_ANY_ACTION)
			buf_addc(b, '*');
		else
			buf_addf(b, "'%s'", wua_actions[c->number]);
		return;
	case WUA_KIND_ID:
		buf_addf(b, "'%s'", c->id);
		return;
	default:
		buf_addf(b, "%" PRId32, c->number);
		return;
	}
}

void
wua_add_criterion(struct buf *b, const struct wua_criterion *c)
{
	const char *blank = c->op == WUA_CONTAINS ? " " : "";

	buf_addf(b, "%s%s%s%s", wua_traits[c->name].name, blank, wua_ops[c->op],
	    blank);
	add_value(b, c);
}

/* Whether two criteria on the same property cannot both hold. */
static bool
exclude(const struct wua_criterion *x, const struct wua_criterion *y)
{
	bool same = x->number == y->number;

	if (x->name != y->name || x->op == WUA_CONTAINS)
		return false;
	if (x->id != NULL && y->id != NULL)
		same = strcmp(x->id, y->id) == 0;
	if (x->op == WUA_NOT_EQUAL && y->op == WUA_NOT_EQUAL)
		return x->name == WUA_TYPE && !same;
	if (x->op == WUA_NOT_EQUAL || y->op == WUA_NOT_EQUAL)
		return same;
	return !same;
}

static bool
any_action(const struct wua_criterion *c)
{
	return c->name == WUA_DEPLOYMENT_ACTION && c->number == WUA_ANY_ACTION;
}

const char *
wua_never(const struct wua_group *g, struct arena *a)
{
	/* To compare with the first of each kind is enough: what excludes a
	 * later one is excluded by the first, or excludes it. */
	const struct wua_criterion *first[WUA_NAMES][2] = {{NULL}};
	const struct wua_criterion *c, *end = g->criteria + g->n, *other;
	struct buf b = BUF_INIT;
	const char *text;

	for (c = g->criteria; c < end; c++)
		if (!any_action(c) &&
		    first[c->name][c->op == WUA_EQUAL] == NULL)
			first[c->name][c->op == WUA_EQUAL] = c;
	for (c = g->criteria; b.len == 0 && c < end; c++)
		for (int k = 0; b.len == 0 && k < 2; k++) {
			other = first[c->name][k];
			if (other == NULL || any_action(c) ||
			    !exclude(other, c))
				continue;
			wua_add_criterion(&b, other < c ? other : c);
			buf_addstr(&b, " and ");
			wua_add_criterion(&b, other < c ? c : other);
		}
	text = b.len == 0 ? NULL : arena_strdup(a, b.data);
	buf_release(&b);
	return text;
}

/* UpdateID='...' alone finds what was installed long ago. */
static bool
asks_for_state(const struct wua_group *g)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->criteria[i].name == WUA_IS_INSTALLED ||
		    g->criteria[i].name == WUA_IS_PRESENT)
			return true;
	return false;
}

void
wua_explain(struct buf *b, const struct wua_query *q, struct arena *a)
{
	const struct wua_criterion *c;
	const struct wua_group *g;
	const char *never;

	for (g = q->groups; g < q->groups + q->n; g++) {
		buf_addstr(b,
		    g == q->groups ? "An update matches when\n" : "or when\n");
		for (c = g->criteria; c < g->criteria + g->n; c++) {
			buf_addstr(b, c == g->criteria ? "  " : "  and ");
			add_words(b, c);
			buf_addstr(b, " (");
			wua_add_criterion(b, c);
			buf_addstr(b, c->column == 0 ? ", implied)\n" : ")\n");
		}
		never = wua_never(g, a);
		if (never != NULL)
			buf_addf(b, "  which no update can: %s\n", never);
		else if (!asks_for_state(g))
			buf_addstr(b, "  whether it is installed or not\n");
	}
}

static json_t *
criterion_to_json(const struct wua_criterion *c)
{
	enum wua_kind kind = wua_traits[c->name].kind;
	struct buf words = BUF_INIT;
	json_t *value, *j;

	add_words(&words, c);
	if (kind == WUA_KIND_FLAG || kind == WUA_KIND_NUMBER)
		value = json_integer(c->number);
	else if (kind == WUA_KIND_ID)
		value = json_string(c->id);
	else if (kind == WUA_KIND_TYPE)
		value = json_string(wua_types[c->number]);
	else
		value =
		    json_string(any_action(c) ? "*" : wua_actions[c->number]);
	j = json_pack("{s:s, s:s, s:o, s:b, s:s}", "criterion",
	    wua_traits[c->name].name, "operator", wua_ops[c->op], "value",
	    value, "implied", c->column == 0, "text", words.data);
	buf_release(&words);
	return j;
}

json_t *
wua_explain_json(const struct wua_query *q, struct arena *a)
{
	json_t *groups = json_array(), *criteria;
	const struct wua_group *g;

	for (g = q->groups; g < q->groups + q->n; g++) {
		criteria = json_array();
		for (size_t i = 0; i < g->n; i++)
			(void)json_array_append_new(
			    criteria, criterion_to_json(&g->criteria[i]));
		(void)json_array_append_new(groups,
		    json_pack("{s:o, s:o}", "criteria", criteria, "never",
			json_from_text_or_null(wua_never(g, a))));
	}
	return groups;
}
