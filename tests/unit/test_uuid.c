/* SPDX-License-Identifier: ISC */
/* UUIDs of names: the vectors of RFC 9562 and of others' programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "uuid.h"
#include "wua_self.h"

#define DNS "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
#define URL "6ba7b811-9dad-11d1-80b4-00c04fd430c8"

static void
test_vectors(void **state)
{
	static const struct {
		const char *space, *name, *uuid;
	} cases[] = {
	    /* RFC 9562, A.4 */
	    {DNS, "www.example.com", "2ed6657d-e927-568b-95e1-2665a8aea6a2"},
	    /* of Python's uuid module */
	    {DNS, "python.org", "886313e1-3b8a-5372-9b90-0c9aee199e5d"},
	    {DNS, "", "4ebd0208-8328-5d69-8c44-ec50939c0967"},
	    {URL, "http://example.com/",
		"0a300ee9-f9e4-5697-a51a-efc7fafaba67"},
	};
	char out[UUID_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uuid_v5(
		    out, cases[i].space, cases[i].name, strlen(cases[i].name));
		assert_string_equal(out, cases[i].uuid);
	}
}

/* Ids of updates stand in scripts and reports: they never change. */
static void
test_updates(void **state)
{
	struct agent_package p = {"openssl", "amd64", "3.0.15-1", "3.0.14-1"};
	struct agent_update u = {
	    .advisory = "", .packages = &p, .n_packages = 1};
	struct arena a = ARENA_INIT;
	const char *id;

	(void)state;
	id = wua_update_id("apt", &u, &a);
	assert_string_equal(id, "7dacb0e4-fb68-58c9-bd9f-288cb1710c57");
	p.old_version = "";
	assert_string_equal(wua_update_id("apt", &u, &a), id);
	assert_string_not_equal(wua_update_id("dnf", &u, &a), id);
	p.arch = "i386";
	assert_string_not_equal(wua_update_id("apt", &u, &a), id);
	u.advisory = "FEDORA-2026-1";
	assert_string_equal(wua_update_id("dnf", &u, &a),
	    "8e180175-9f34-594d-b872-f80e1c9a768e");
	p.name = "other"; /* the nodes may have other packages of it */
	assert_string_equal(wua_update_id("dnf", &u, &a),
	    "8e180175-9f34-594d-b872-f80e1c9a768e");
	arena_release(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_updates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
