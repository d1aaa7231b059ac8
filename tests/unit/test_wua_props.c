/* SPDX-License-Identifier: ISC */
/* Updates of Linux as queries see them, and their packages as words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "wua_args.h"
#include "wua_self.h"

static struct agent_package package = {"tool", "amd64", "1.1", "1.0"};

static struct agent_update make(enum agent_class class)
{
	return (struct agent_update){.advisory = "",
	    .title = "tool",
	    .description = "",
	    .severity = "",
	    .origin = "",
	    .class = class,
	    .packages = &package,
	    .n_packages = 1,
	    .excluded = ""};
}

static bool
matches(const char *query, bool recommended, const struct agent_update *u)
{
	struct arena a = ARENA_INIT;
	json_t *j = wua_properties("apt", u, &a);
	struct wua_error error;
	struct wua_record r;
	struct wua_query q;
	struct err e;
	bool yes;

	assert_int_equal(wua_parse(&q, &error, query, &a), 0);
	q.recommended = recommended;
	assert_int_equal(wua_record_from_json(&r, j, &a, &e), 0);
	yes = wua_match(&q, &r);
	json_decref(j);
	arena_release(&a);
	return yes;
}

/* Which classes are important, recommended and optional. */
static void
test_classes(void **state)
{
	static const struct {
		enum agent_class class;
		bool important, recommended, offered;
		const char *category;
	} cases[] = {
	    {AGENT_SECURITY, true, true, true,
		"0fa1201d-4330-4fa8-8ae9-b877473b6441"},
	    {AGENT_CRITICAL, true, true, true,
		"e6cf1350-c01b-414d-a61f-263d14d133b4"},
	    {AGENT_FIX, false, true, true,
		"cd5ffd1e-e932-4e3a-bf74-18bf0b1bbd83"},
	    {AGENT_OTHER, false, true, true,
		"cd5ffd1e-e932-4e3a-bf74-18bf0b1bbd83"},
	    {AGENT_ENHANCEMENT, false, false, true,
		"b54e7d24-7add-428f-8b75-90a396fa584f"},
	    {AGENT_NEW, false, false, false,
		"b54e7d24-7add-428f-8b75-90a396fa584f"},
	};
	struct agent_update u;
	char query[128];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		u = make(cases[i].class);
		assert_int_equal(
		    matches(WUA_DEFAULT_QUERY, false, &u), cases[i].important);
		assert_int_equal(
		    matches(WUA_DEFAULT_QUERY, true, &u), cases[i].recommended);
		assert_int_equal(matches("AutoSelectOnWebSites=1", false, &u),
		    cases[i].important);
		assert_int_equal(
		    matches("BrowseOnly=0", false, &u), cases[i].recommended);
		assert_int_equal(
		    matches("IsInstalled=0", false, &u), cases[i].offered);
		assert_true(
		    matches("IsInstalled=0 and DeploymentAction=*", 0, &u));
		assert_int_equal(
		    matches("DeploymentAction='OptionalInstallation'", 0, &u),
		    !cases[i].offered);
		(void)snprintf(query, sizeof(query),
		    "DeploymentAction=* and CategoryIDs contains '%s'",
		    cases[i].category);
		assert_true(matches(query, false, &u));
	}
}

static void
test_states(void **state)
{
	struct agent_update u = make(AGENT_SECURITY);

	(void)state;
	u.held = true;
	assert_false(matches(WUA_DEFAULT_QUERY, false, &u));
	assert_true(matches("IsHidden=1", false, &u));
	u = make(AGENT_FIX);
	u.driver = true;
	assert_true(matches("Type='Driver' and CategoryIDs contains "
			    "'ebfc1fc5-71a4-4f7b-9aca-3b9a503104a0'",
	    false, &u));
	assert_false(matches("Type='Software'", false, &u));
	u.pending = true;
	assert_false(matches("RebootRequired=1", false, &u));
	u.installed = true;
	assert_true(matches(
	    "RebootRequired=1 and IsInstalled=1 and IsPresent=1", false, &u));
	assert_true(matches(
	    "UpdateID!='0fa1201d-4330-4fa8-8ae9-b877473b6441'", false, &u));
}

static void
test_json(void **state)
{
	static const char *const cves[] = {"CVE-2026-1", "CVE-2026-2", NULL};
	struct agent_update u = make(AGENT_SECURITY);
	struct arena a = ARENA_INIT;
	json_t *j;
	char *text;

	(void)state;
	u.advisory = "FEDORA-2026-1";
	u.severity = "Important";
	u.cves = cves;
	u.size_bytes = 5;
	u.title = "bad \xff name";
	j = wua_properties("dnf", &u, &a);
	text = json_dumps(j, JSON_COMPACT);
	assert_non_null(text);
	assert_non_null(strstr(text, "\"Title\":\"bad \\\\xff name\""));
	assert_non_null(
	    strstr(text, "\"CveIDs\":[\"CVE-2026-1\",\"CVE-2026-2\"]"));
	assert_non_null(strstr(text, "\"KBArticleIDs\":[\"FEDORA-2026-1\"]"));
	assert_non_null(
	    strstr(text, "\"SecurityBulletinIDs\":[\"FEDORA-2026-1\"]"));
	assert_non_null(strstr(text, "\"MsrcSeverity\":\"Important\""));
	assert_non_null(strstr(text, "\"MaxDownloadSize\":5"));
	assert_non_null(strstr(text, "\"Agent\":\"dnf\""));
	assert_non_null(
	    strstr(text, "\"Packages\":[{\"Name\":\"tool\",\"Arch\":\"amd64\","
			 "\"Version\":\"1.1\",\"OldVersion\":\"1.0\"}]"));
	free(text);
	json_decref(j);
	arena_release(&a);
}

/* What could mean something to a shell, or an option, is no word. */
static void
test_words(void **state)
{
	static const char *const bad[] = {"", "-o", "a b", "a;b", "a$b", "a`b",
	    "a*", "a?", "a[b]", "a\nb", "a'b", "a\"b", "a\\b", "a&b", "a|b",
	    "a(b)", "a<b", "a>b", "a#b", "a!b", "a{b}", "\xc3\xa4"};
	struct agent_update u = make(AGENT_FIX);
	struct agent_package p[2] = {
	    {"tool", "amd64", "1:1.1~rc1+b^2", ""}, {"~x", "", "2", ""}};
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	char *text;
	json_t *j;

	(void)state;
	u.packages = p;
	u.n_packages = 2;
	j = wua_properties("apt", &u, &a);
	text = json_dumps(j, 0);
	assert_int_equal(wua_add_packages(&b, "apt", text), 0);
	assert_string_equal(
	    b.data, " apt 'tool:amd64=1:1.1~rc1+b^2' apt '~x=2'");
	free(text);
	json_decref(j);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		p[1].name = bad[i];
		j = wua_properties("apt", &u, &a);
		text = json_dumps(j, 0);
		assert_int_equal(wua_add_packages(&b, "apt", text), -1);
		free(text);
		json_decref(j);
	}
	assert_int_equal(wua_add_packages(&b, "apt", ""), -1);
	assert_int_equal(wua_add_packages(&b, "apt", "{}"), -1);
	assert_int_equal(
	    wua_add_packages(&b, "apt", "{\"Agent\":\"apt\",\"Packages\":[1]}"),
	    -1);
	buf_release(&b);
	arena_release(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_classes),
	    cmocka_unit_test(test_states),
	    cmocka_unit_test(test_json),
	    cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
