/* SPDX-License-Identifier: ISC */
/* Updates as the criteria of a query see them. */
#include "wua_match.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

/* "Type: 'Software' or 'Driver' is expected, not 3". */
static int
bad(struct err *e, const char *name, const char *expected, const json_t *value)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

	(void)err_set(e, CAU_USAGE, "%s: %s is expected, not %.60s%s", name,
	    expected, text == NULL ? "nothing" : text,
	    text != NULL && strlen(text) > 60 ? "..." : "");
	free(text);
	return -1;
}

/* One of the words from first to last, or the number of it. */
static int
take_word(int32_t *out, const json_t *value, const char *const *words,
    int32_t first, int32_t last)
{
	const char *s = json_string_value(value);
	json_int_t n = json_integer_value(value);

	for (int32_t i = first; i <= last; i++)
		if (s != NULL ? text_casecmp(s, words[i]) == 0
			      : json_is_integer(value) && n == i) {
			*out = i;
			return 0;
		}
	return -1;
}

static int
take_number(
    int32_t *out, enum wua_name name, const json_t *value, struct err *e)
{
	json_int_t n = json_integer_value(value);
	const char *expected = NULL;

	switch (wua_traits[name].kind) {
	case WUA_KIND_TYPE:
		if (take_word(
			out, value, wua_types, WUA_SOFTWARE, WUA_DRIVER) == -1)
			expected = "\"Software\" or \"Driver\"";
		break;
	case WUA_KIND_ACTION:
		if (take_word(out, value, wua_actions, WUA_NO_ACTION,
			WUA_OPTIONAL_INSTALLATION) == -1)
			expected = "None, Installation, Uninstallation, "
				   "Detection or OptionalInstallation";
		break;
	case WUA_KIND_FLAG:
		*out = json_is_true(value) || n == 1;
		if (!json_is_boolean(value) &&
		    !(json_is_integer(value) && (n == 0 || n == 1)))
			expected = "true or false";
		break;
	default:
		*out = (int32_t)n;
		if (!json_is_integer(value) || n < INT32_MIN || n > INT32_MAX)
			expected = "a number of 32 bits";
		break;
	}
	return expected == NULL
		   ? 0
		   : bad(e, wua_traits[name].name, expected, value);
}

static int
take_id(const char **out, const char *name, const json_t *value, struct err *e)
{
	*out = json_string_value(value);
	if (*out == NULL || !wua_is_id(*out))
		return bad(e, name, "an id", value);
	return 0;
}

/* Ids, or objects with a CategoryID. */
static int
take_categories(struct wua_record *r, const char *name, const json_t *list,
    struct arena *a, struct err *e)
{
	size_t n = json_array_size(list);
	const char **ids = arena_alloc(a, (n + 1) * sizeof(*ids));
	const json_t *item;

	if (!json_is_array(list))
		return bad(e, name, "a list", list);
	for (size_t i = 0; i < n; i++) {
		item = json_array_get(list, i);
		if (json_is_object(item))
			item = json_object_get(item, "CategoryID");
		if (take_id(&ids[i], name, item, e) == -1)
			return -1;
	}
	r->category_ids = ids;
	r->n_category_ids = n;
	return 0;
}

/* A property, wherever it stands; NULL when there is none. */
static const json_t *
find(const json_t *j, enum wua_name name, const char **called)
{
	const json_t *value = json_object_get(j, wua_traits[name].name);

	*called = wua_traits[name].name;
	if ((value == NULL || json_is_null(value)) &&
	    (name == WUA_UPDATE_ID || name == WUA_REVISION_NUMBER))
		value =
		    json_object_get(json_object_get(j, "Identity"), *called);
	if ((value == NULL || json_is_null(value)) &&
	    name == WUA_CATEGORY_IDS) {
		*called = "Categories";
		value = json_object_get(j, *called);
	}
	return json_is_null(value) ? NULL : value;
}

static int
take_property(struct wua_record *r, enum wua_name name, const json_t *value,
    const char *called, struct arena *a, struct err *e)
{
	int32_t number;

	if (name == WUA_UPDATE_ID)
		return take_id(&r->update_id, called, value, e);
	if (name == WUA_CATEGORY_IDS)
		return take_categories(r, called, value, a, e);
	if (take_number(&number, name, value, e) == -1)
		return -1;
	if (name == WUA_REVISION_NUMBER) {
		r->revision = number;
		r->has_revision = true;
	}
	r->facts |= wua_fact(name, number);
	return 0;
}

/* Adds that the flag is set, or that the update is recommended. */
static void
add_recommended(struct wua_record *r, enum wua_name name)
{
	uint32_t known = wua_fact(name, 0) | wua_fact(name, 1);

	if ((r->facts & wua_fact(name, 1)) != 0 ||
	    ((r->facts & known) != 0 &&
		(r->facts & wua_fact(WUA_BROWSE_ONLY, 0)) != 0))
		r->facts |= WUA_FACT_RECOMMENDED(name);
}

int
wua_record_from_json(
    struct wua_record *r, const json_t *j, struct arena *a, struct err *e)
{
	const json_t *value;
	const char *called;

	memset(r, 0, sizeof(*r));
	for (enum wua_name name = 0; name < WUA_NAMES; name++) {
		value = find(j, name, &called);
		if (value != NULL &&
		    take_property(r, name, value, called, a, e) == -1)
			return -1;
		if (value == NULL && name == WUA_DEPLOYMENT_ACTION)
			r->facts |= wua_fact(name, WUA_INSTALLATION);
	}
	add_recommended(r, WUA_IS_ASSIGNED);
	add_recommended(r, WUA_AUTO_SELECT_ON_WEB_SITES);
	return 0;
}

static bool
in_category(const struct wua_record *r, const char *id)
{
	for (size_t i = 0; i < r->n_category_ids; i++)
		if (text_casecmp(r->category_ids[i], id) == 0)
			return true;
	return false;
}

/* A criterion that is no fact. */
static bool
holds(const struct wua_criterion *c, const struct wua_record *r)
{
	if (c->name == WUA_CATEGORY_IDS)
		return in_category(r, c->id);
	if (c->name == WUA_REVISION_NUMBER)
		return r->has_revision && r->revision == c->number;
	if (c->name == WUA_UPDATE_ID)
		return r->update_id != NULL &&
		       (text_casecmp(r->update_id, c->id) == 0) ==
			   (c->op == WUA_EQUAL);
	return true;
}

bool
wua_match(const struct wua_query *q, const struct wua_record *r)
{
	const struct wua_group *g;
	uint32_t facts;
	size_t i;

	for (g = q->groups; g < q->groups + q->n; g++) {
		facts = q->recommended ? g->facts_recommended : g->facts;
		if ((r->facts & facts) != facts)
			continue;
		for (i = 0; g->more && i < g->n; i++)
			if (!holds(&g->criteria[i], r))
				break;
		if (!g->more || i == g->n)
			return true;
	}
	return false;
}
