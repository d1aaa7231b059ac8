/* SPDX-License-Identifier: ISC */
/* Which updates match a query: records from JSON, single criteria, and random
 * queries against a second evaluator that works on their words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "wua_match.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

#define ID1   "f6ce46c1-971c-43f9-a2aa-783df125f003"
#define ID2   "0fa1201d-4330-4fa8-8ae9-b877473b6441"
#define ID1_C "F6CE46C1-971C-43F9-A2AA-783DF125F003"

/* 1 or 0; or -1 with an error for a record that is wrong. */
static int
match(const char *query, const json_t *j, bool recommended, struct err *e)
{
	struct arena a = ARENA_INIT;
	struct wua_error error;
	struct wua_record r;
	struct wua_query q;
	int rc;

	assert_int_equal(wua_parse(&q, &error, query, &a), 0);
	q.recommended = recommended;
	rc = wua_record_from_json(&r, j, &a, e);
	if (rc == 0)
		rc = wua_match(&q, &r);
	arena_release(&a);
	return rc;
}

static int
match_text(const char *query, const char *record, struct err *e)
{
	json_t *j = json_loads(record, 0, NULL);
	int rc;

	assert_non_null(j);
	rc = match(query, j, false, e);
	json_decref(j);
	return rc;
}

/* Every criterion, with the values of the property for which it holds, for
 * which it does not, and without it. */
static void
test_criteria(void **state)
{
	static const struct {
		const char *query, *property;
		const char *yes[4], *no[5];
	} cases[] = {
	    {"Type='Software'", "Type", {"\"Software\"", "\"SOFTWARE\"", "1"},
		{"\"Driver\"", "2"}},
	    {"Type!='Software'", "Type", {"\"Driver\"", "2"},
		{"\"software\"", "1"}},
	    {"Type='Driver'", "Type", {"\"driver\"", "2"},
		{"\"Software\"", "1"}},
	    {"DeploymentAction='Installation'", "DeploymentAction",
		{"\"Installation\"", "1", "null"},
		{"\"Uninstallation\"", "0", "2", "4"}},
	    {"DeploymentAction='Uninstallation'", "DeploymentAction",
		{"\"uninstallation\"", "2"},
		{"\"Installation\"", "1", "3", "null"}},
	    {"DeploymentAction='OptionalInstallation'", "DeploymentAction",
		{"\"OptionalInstallation\"", "4"},
		{"\"Installation\"", "1", "\"Detection\"", "null"}},
	    {"DeploymentAction=*", "DeploymentAction",
		{"\"None\"", "\"Detection\"", "4", "null"}, {NULL}},
	    {"UpdateID='" ID1 "'", "UpdateID", {"\"" ID1 "\"", "\"" ID1_C "\""},
		{"\"" ID2 "\"", "null"}},
	    {"UpdateID!='" ID1 "'", "UpdateID", {"\"" ID2 "\""},
		{"\"" ID1 "\"", "\"" ID1_C "\"", "null"}},
	    {"CategoryIDs contains '" ID1 "'", "CategoryIDs",
		{"[\"" ID1 "\"]", "[\"" ID2 "\",\"" ID1_C "\"]",
		    "[{\"CategoryID\":\"" ID1 "\",\"Name\":\"x\"}]"},
		{"[]", "[\"" ID2 "\"]", "null"}},
	    {"CategoryIDs contains '" ID1_C "'", "Categories",
		{"[\"" ID1 "\"]", "[{\"CategoryID\":\"" ID1_C "\"}]"},
		{"[]", "[\"" ID2 "\"]", "null"}},
	    {"CategoryIDs contains '" ID1 "' and CategoryIDs contains '" ID2
	     "'",
		"CategoryIDs", {"[\"" ID1 "\",\"" ID2 "\"]"},
		{"[\"" ID1 "\"]", "[\"" ID2 "\"]"}},
	};
	static const char *const flags[] = {"IsAssigned",
	    "AutoSelectOnWebSites", "BrowseOnly", "IsInstalled", "IsHidden",
	    "IsPresent", "RebootRequired"};
	static const char *const yes[] = {"true", "1"};
	static const char *const no[] = {"false", "0"};
	struct buf b = BUF_INIT, q = BUF_INIT;
	struct err e;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		for (size_t k = 0; k < 4 && cases[i].yes[k] != NULL; k++) {
			buf_reset(&b);
			buf_addf(&b, "{\"%s\":%s}", cases[i].property,
			    cases[i].yes[k]);
			assert_int_equal(
			    match_text(cases[i].query, b.data, &e), 1);
		}
		for (size_t k = 0; k < 5 && cases[i].no[k] != NULL; k++) {
			buf_reset(&b);
			buf_addf(&b, "{\"%s\":%s}", cases[i].property,
			    cases[i].no[k]);
			assert_int_equal(
			    match_text(cases[i].query, b.data, &e), 0);
		}
	}
	for (size_t i = 0; i < N_ELEMENTS(flags); i++)
		for (int value = 0; value < 2; value++) {
			buf_reset(&q);
			buf_addf(&q, "%s=%d", flags[i], value);
			assert_int_equal(match_text(q.data, "{}", &e), 0);
			for (size_t k = 0; k < 2; k++) {
				buf_reset(&b);
				buf_addf(&b, "{\"%s\":%s}", flags[i], yes[k]);
				assert_int_equal(
				    match_text(q.data, b.data, &e), value);
				buf_reset(&b);
				buf_addf(&b, "{\"%s\":%s}", flags[i], no[k]);
				assert_int_equal(
				    match_text(q.data, b.data, &e), !value);
			}
		}
	buf_release(&b);
	buf_release(&q);
}

static void
test_queries(void **state)
{
	static const struct {
		const char *query, *record;
		int match;
	} cases[] = {
	    /* The implied action. */
	    {"IsInstalled=0", "{\"IsInstalled\":false}", 1},
	    {"IsInstalled=0",
		"{\"IsInstalled\":false,\"DeploymentAction\":\"Installation\"}",
		1},
	    {"IsInstalled=0",
		"{\"IsInstalled\":false,\"DeploymentAction\":\"Detection\"}",
		0},
	    {"IsInstalled=0 and DeploymentAction=*",
		"{\"IsInstalled\":false,\"DeploymentAction\":\"Detection\"}",
		1},
	    {"DeploymentAction=* or IsInstalled=0",
		"{\"IsInstalled\":false,\"DeploymentAction\":2}", 1},
	    {"DeploymentAction=* and IsInstalled=1 or IsInstalled=0",
		"{\"IsInstalled\":false,\"DeploymentAction\":2}", 0},
	    /* Groups. */
	    {"IsHidden=1 or IsInstalled=0 and IsPresent=0",
		"{\"IsHidden\":true}", 1},
	    {"IsHidden=1 or IsInstalled=0 and IsPresent=0",
		"{\"IsInstalled\":false,\"IsPresent\":false}", 1},
	    {"IsHidden=1 or IsInstalled=0 and IsPresent=0",
		"{\"IsInstalled\":false,\"IsPresent\":true}", 0},
	    {"IsHidden=1 and IsInstalled=0 or IsPresent=0",
		"{\"IsHidden\":true,\"IsPresent\":true}", 0},
	    {"IsHidden=0 and IsHidden=1", "{\"IsHidden\":true}", 0},
	    /* Identity, and the two names alone, which go before. */
	    {"UpdateID='" ID1 "' and RevisionNumber=2",
		"{\"Identity\":{\"UpdateID\":\"" ID1
		"\",\"RevisionNumber\":2}}",
		1},
	    {"UpdateID='" ID1 "' and RevisionNumber=2",
		"{\"UpdateID\":\"" ID1 "\",\"RevisionNumber\":2}", 1},
	    {"UpdateID='" ID1 "' and RevisionNumber=2",
		"{\"Identity\":{\"UpdateID\":\"" ID1
		"\",\"RevisionNumber\":2},\"UpdateID\":\"" ID2 "\"}",
		0},
	    {"UpdateID='" ID1 "' and RevisionNumber=2",
		"{\"Identity\":{\"UpdateID\":\"" ID1
		"\",\"RevisionNumber\":3}}",
		0},
	    {"UpdateID='" ID1 "' and RevisionNumber=2",
		"{\"Identity\":7,\"UpdateID\":\"" ID1 "\"}", 0},
	    {"CategoryIDs contains '" ID1 "'",
		"{\"CategoryIDs\":[],\"Categories\":[\"" ID1 "\"]}", 0},
	    /* Names of members are exact; others do not count. */
	    {"IsHidden=1", "{\"isHidden\":true}", 0},
	    {"IsHidden=1", "{\"isHidden\":[],\"IsHidden\":true,\"Title\":3}",
		1},
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		int got = match_text(cases[i].query, cases[i].record, &e);

		if (got != cases[i].match)
			print_error(
			    "%s: %s\n", cases[i].query, cases[i].record);
		assert_int_equal(got, cases[i].match);
	}
}

static void
test_bad_records(void **state)
{
	static const struct {
		const char *record, *error;
	} cases[] = {
	    {"{\"IsHidden\":2}", "IsHidden: true or false is expected, not 2"},
	    {"{\"IsHidden\":\"true\"}",
		"IsHidden: true or false is expected, not \"true\""},
	    {"{\"IsHidden\":1.0}",
		"IsHidden: true or false is expected, not 1.0"},
	    {"{\"Type\":3}",
		"Type: \"Software\" or \"Driver\" is expected, not 3"},
	    {"{\"Type\":true}",
		"Type: \"Software\" or \"Driver\" is expected, not true"},
	    {"{\"Type\":\"\"}",
		"Type: \"Software\" or \"Driver\" is expected, not \"\""},
	    {"{\"DeploymentAction\":-1}",
		"DeploymentAction: None, Installation, Uninstallation, "
		"Detection or OptionalInstallation is expected, not -1"},
	    {"{\"DeploymentAction\":\"*\"}",
		"DeploymentAction: None, Installation, Uninstallation, "
		"Detection or OptionalInstallation is expected, not \"*\""},
	    {"{\"UpdateID\":\"x\"}", "UpdateID: an id is expected, not \"x\""},
	    {"{\"Identity\":{\"UpdateID\":1}}",
		"UpdateID: an id is expected, not 1"},
	    {"{\"RevisionNumber\":2147483648}",
		"RevisionNumber: a number of 32 bits is expected, not "
		"2147483648"},
	    {"{\"RevisionNumber\":\"1\"}",
		"RevisionNumber: a number of 32 bits is expected, not \"1\""},
	    {"{\"CategoryIDs\":\"" ID1 "\"}",
		"CategoryIDs: a list is expected, not \"" ID1 "\""},
	    {"{\"CategoryIDs\":{}}", "CategoryIDs: a list is expected, not {}"},
	    {"{\"Categories\":[\"" ID1 "\",{\"Name\":\"x\"}]}",
		"Categories: an id is expected, not nothing"},
	    {"{\"Categories\":[[\"123456789.123456789.123456789.123456789."
	     "123456789.123456789.\"]]}",
		"Categories: an id is expected, not [\"123456789.123456789."
		"123456789.123456789.123456789.12345678..."},
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		assert_int_equal(
		    match_text("IsHidden=0", cases[i].record, &e), -1);
		assert_int_equal(e.code, CAU_USAGE);
		assert_string_equal(e.text, cases[i].error);
	}
}

/* IncludeRecommendedUpdates. */
static void
test_recommended(void **state)
{
	static const struct {
		const char *query, *record;
		int without, with;
	} cases[] = {
	    {"IsAssigned=1", "{\"IsAssigned\":true,\"BrowseOnly\":false}", 1,
		1},
	    {"IsAssigned=1", "{\"IsAssigned\":false,\"BrowseOnly\":false}", 0,
		1},
	    {"IsAssigned=1", "{\"IsAssigned\":false,\"BrowseOnly\":true}", 0,
		0},
	    {"IsAssigned=1", "{\"IsAssigned\":true,\"BrowseOnly\":true}", 1, 1},
	    {"IsAssigned=1", "{\"IsAssigned\":false}", 0, 0},
	    {"IsAssigned=1", "{\"BrowseOnly\":false}", 0, 0},
	    {"IsAssigned=0", "{\"IsAssigned\":true,\"BrowseOnly\":false}", 0,
		0},
	    {"IsAssigned=0", "{\"IsAssigned\":false,\"BrowseOnly\":false}", 1,
		1},
	    {"AutoSelectOnWebSites=1",
		"{\"AutoSelectOnWebSites\":false,\"BrowseOnly\":false}", 0, 1},
	    {"AutoSelectOnWebSites=1 and Type='Driver'",
		"{\"AutoSelectOnWebSites\":false,\"BrowseOnly\":false,"
		"\"Type\":\"Software\"}",
		0, 0},
	    {"IsHidden=1", "{\"IsHidden\":false,\"BrowseOnly\":false}", 0, 0},
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		json_t *j = json_loads(cases[i].record, 0, NULL);

		assert_int_equal(
		    match(cases[i].query, j, false, &e), cases[i].without);
		assert_int_equal(
		    match(cases[i].query, j, true, &e), cases[i].with);
		json_decref(j);
	}
}

/* Random queries. A query is a list of words; the second evaluator reads
 * these, by the grammar as it is published, and asks the JSON itself. */

static uint32_t seed;

static uint32_t
any(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

/* What each criterion is true of: "name value", ! in front for !=. */
static const struct {
	const char *text, *member, *value;
	bool not ;
} words[] = {
    {"IsInstalled=0", "IsInstalled", "false", false},
    {"IsInstalled=1", "IsInstalled", "true", false},
    {"Type='Software'", "Type", "\"Software\"", false},
    {"Type!='software'", "Type", "\"Software\"", true},
    {"tYPE = 'DRIVER'", "Type", "\"Driver\"", false},
    {"BrowseOnly =0", "BrowseOnly", "false", false},
    {"UpdateID='" ID1 "'", "UpdateID", "\"" ID1 "\"", false},
    {"UpdateID!='" ID1_C "'", "UpdateID", "\"" ID1 "\"", true},
    {"RevisionNumber=2", "RevisionNumber", "2", false},
    {"CategoryIDs contains '" ID2 "'", "CategoryIDs", "\"" ID2 "\"", false},
    {"DeploymentAction='Installation'", "DeploymentAction", "\"Installation\"",
	false},
    {"DeploymentAction='Uninstallation'", "DeploymentAction",
	"\"Uninstallation\"", false},
    {"DeploymentAction=*", NULL, NULL, false},
    {"Foo=1", NULL, NULL, false},
};

enum {
	BAD = N_ELEMENTS(words) - 1,
	ANY_ACTION = N_ELEMENTS(words) - 2,
	FIRST_ACTION = N_ELEMENTS(words) - 4,
	REVISION = N_ELEMENTS(words) - 6,
	OTHER_ID = REVISION - 1,
	THIS_ID = REVISION - 2,
	AND = 100,
	OR,
	OPEN,
	CLOSE,
	MOST = 24
};

static int sentence[MOST + 1];
static size_t length;

/* Arbitrary words, or a sentence that is mostly right. */
static void
make_words(void)
{
	size_t depth = 0;

	length = 0;
	if (any(4) == 0) {
		for (size_t n = any(8); length < n; length++)
			sentence[length] = any(2) == 0 ? (int)(AND + any(4))
						       : (int)any(BAD + 1);
		return;
	}
	while (length < MOST - 4) {
		for (; any(4) == 0 && length < MOST - 4; depth++)
			sentence[length++] = OPEN;
		sentence[length++] = any(60) == 0 ? BAD : (int)any(BAD);
		for (; depth > 0 && any(2) == 0 && length < MOST - 2; depth--)
			sentence[length++] = CLOSE;
		if (any(5) == 0)
			break;
		sentence[length++] = depth == 0 && any(3) == 0 ? OR : AND;
	}
	while (depth-- > 0 && length < MOST)
		sentence[length++] = CLOSE;
}

static void
write_words(struct buf *b)
{
	static const char *const others[] = {"AND", "or", "(", ")"};

	buf_reset(b);
	for (size_t i = 0; i < length; i++)
		buf_addf(b, " %s",
		    sentence[i] < AND ? words[sentence[i]].text
				      : others[sentence[i] - AND]);
}

static bool
holds(int word, const json_t *record)
{
	const json_t *member;
	json_t *value;
	size_t i;
	bool same;

	if (word == ANY_ACTION)
		return true;
	member = json_object_get(record, words[word].member);
	if (member == NULL)
		return false;
	value = json_loads(words[word].value, JSON_DECODE_ANY, NULL);
	same = json_equal(member, value) != 0;
	for (i = 0; i < json_array_size(member); i++)
		same = same || json_equal(json_array_get(member, i), value);
	json_decref(value);
	return same != words[word].not ;
}

/* andgroup = andterm *( "and" andterm ), from *at on; -1 when it is none. */
static int
naive_group(size_t *at, const json_t *record, unsigned *seen)
{
	int all = 1, one;

	for (;;) {
		if (*at >= length)
			return -1;
		if (sentence[*at] == OPEN) {
			(*at)++;
			one = naive_group(at, record, seen);
			if (one == -1 || *at >= length ||
			    sentence[(*at)++] != CLOSE)
				return -1;
		} else if (sentence[*at] < BAD) {
			*seen |= 1U << sentence[*at];
			one = holds(sentence[(*at)++], record);
		} else {
			return -1;
		}
		all = all && one;
		if (*at >= length || sentence[*at] != AND)
			return all;
		(*at)++;
	}
}

/* criteria = andgroup *( "or" andgroup ): 1, 0, or -1 when it is none. */
static int
naive_match(const json_t *record)
{
	size_t at = 0;
	int some = 0, one;

	for (;;) {
		unsigned seen = 0;

		one = naive_group(&at, record, &seen);
		if (one == -1)
			return -1;
		if ((seen & 1U << REVISION) != 0 &&
		    ((seen & 1U << THIS_ID) == 0 ||
			(seen & 1U << OTHER_ID) != 0))
			return -1;
		if (seen >> FIRST_ACTION == 0)
			one = one && holds(FIRST_ACTION, record);
		some = some || one;
		if (at == length)
			return some;
		if (sentence[at++] != OR)
			return -1;
	}
}

static json_t *
make_record(void)
{
	static const struct {
		const char *name, *values[3];
	} members[] = {
	    {"IsInstalled", {"false", "true", NULL}},
	    {"Type", {"\"Software\"", "\"Driver\"", NULL}},
	    {"BrowseOnly", {"false", "true", NULL}},
	    {"UpdateID", {"\"" ID1 "\"", "\"" ID2 "\"", NULL}},
	    {"RevisionNumber", {"2", "3", NULL}},
	    {"CategoryIDs",
		{"[\"" ID1 "\",\"" ID2 "\"]", "[\"" ID1 "\"]", NULL}},
	    {"DeploymentAction",
		{"\"Installation\"", "\"Uninstallation\"", "\"Installation\""}},
	};
	json_t *record = json_object();

	for (size_t i = 0; i < N_ELEMENTS(members); i++) {
		const char *value = members[i].values[any(3)];

		if (value != NULL)
			json_set(record, members[i].name,
			    json_loads(value, JSON_DECODE_ANY, NULL));
	}
	return record;
}

static void
test_random(void **state)
{
	struct buf b = BUF_INIT;
	unsigned counts[3] = {0};

	(void)state;
	for (uint32_t i = 1; i <= 20000; i++) {
		struct arena a = ARENA_INIT;
		struct wua_error error;
		struct wua_query q;
		json_t *record;
		struct err e;
		int want, got = -1;

		seed = i * 2654435761U;
		make_words();
		write_words(&b);
		record = make_record();
		want = naive_match(record);
		if (wua_parse(&q, &error, b.data, &a) == 0)
			got = match(b.data, record, false, &e);
		if (got != want)
			print_error("seed %u: %s\n", i, b.data);
		assert_int_equal(got, want);
		counts[want + 1]++;
		json_decref(record);
		arena_release(&a);
	}
	/* All kinds of them. */
	for (size_t i = 0; i < 3; i++)
		assert_true(counts[i] > 1000);
	buf_release(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_criteria),
	    cmocka_unit_test(test_queries),
	    cmocka_unit_test(test_bad_records),
	    cmocka_unit_test(test_recommended),
	    cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
