/* SPDX-License-Identifier: ISC */
/* The forms of names that come from outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "names.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof(*(a)))
#define HEX16	      "0123456789abcdef"

static void
test_nodes(void **state)
{
	static const char *const good[] = {
	    "n1", "node-1.example.com", "N_1", "10.0.0.1"};
	static const char *const bad[] = {"", ".", "..", "-n", "a/b", "a b",
	    "a\nb", "a;b", "$(x)", "a=b", "a,b", "\xff", "n\x1b[m"};
	static const char *const addresses[] = {"n1", "root@n1",
	    "ssh://root@n1:22", "fe80::1%eth0", "local", "local:/tmp/a b"};
	struct err e;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(good); i++)
		assert_int_equal(node_check_name(good[i], &e), 0);
	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		if (node_check_name(bad[i], &e) == 0)
			fail_msg("'%s' is taken for a name", bad[i]);
	for (size_t i = 0; i < N_ELEMENTS(addresses); i++)
		if (node_check_address(addresses[i], &e) == -1)
			fail_msg("%s", e.text);
	assert_int_equal(node_check_address("", &e), -1);
	assert_int_equal(node_check_address("-oProxyCommand=x", &e), -1);
}

static void
test_ids(void **state)
{
	(void)state;
	assert_true(run_id_valid("9f1c2d3e-0000-4000-8000-0123456789ab"));
	assert_false(run_id_valid(""));
	assert_false(run_id_valid("9f1c2d3e-0000-4000-8000-0123456789a"));
	assert_false(run_id_valid("9f1c2d3e-0000-4000-8000-0123456789abc"));
	assert_false(run_id_valid("9F1C2D3E-0000-4000-8000-0123456789ab"));
	assert_false(run_id_valid("../../etc-0000-4000-8000-0123456789ab"));
	assert_true(boot_id_valid("9f1c2d3e-0000-4000-8000-0123456789ab"));
	assert_true(boot_id_valid("unknown"));
	assert_false(boot_id_valid(""));
	assert_false(boot_id_valid("a b"));
	assert_false(boot_id_valid("a\n"));
	assert_true(sha256_valid(""));
	assert_true(sha256_valid(HEX16 HEX16 HEX16 HEX16));
	assert_false(sha256_valid(HEX16 HEX16 HEX16));
	assert_false(sha256_valid(HEX16 HEX16 HEX16 HEX16 "0"));
	assert_false(sha256_valid(HEX16 HEX16 HEX16 "0123456789ABCDEF"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nodes),
	    cmocka_unit_test(test_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
