/* SPDX-License-Identifier: ISC */
/* Exit codes of installers and of cau itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "exitcodes.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

static void
test_parse(void **state)
{
	static const struct {
		const char *in;
		uint32_t code;
	} good[] = {
	    {"0", 0},
	    {"000", 0},
	    {"-0", 0},
	    {"1", 1},
	    {"256", 256},
	    {"3010", 3010},
	    {"0xBC2", 3010},
	    {"-1", 0xffffffff},
	    {"4294967295", 0xffffffff},
	    {"0xffffffff", 0xffffffff},
	    {"0XFFFFFFFF", 0xffffffff},
	    {"0x0000000000ffffffff", 0xffffffff},
	    {"-2147483648", 0x80000000},
	    /* Three spellings of one value. */
	    {"2149842967", 0x80240017},
	    {"-2145124329", 0x80240017},
	    {"0x80240017", 0x80240017},
	};
	static const char *const bad[] = {"", " ", "-", "0x", "0xg", "--1",
	    "+1", "1 ", " 1", "1,2", "-0x1", "12a", "0b1", "1.0"};
	static const char *const wide[] = {"4294967296", "-2147483649",
	    "0x100000000", "99999999999999999999999999", "-4294967295"};
	struct err e;
	uint32_t v;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(good); i++) {
		v = 12345;
		assert_int_equal(exitcode_parse(good[i].in, &v, &e), 0);
		assert_int_equal(v, good[i].code);
	}
	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		assert_int_equal(exitcode_parse(bad[i], &v, &e), -1);
		assert_non_null(strstr(
		    e.text, "is not an exit code (decimal, or hex with 0x)"));
		assert_int_equal(e.code, CAU_USAGE);
	}
	for (size_t i = 0; i < N_ELEMENTS(wide); i++) {
		assert_int_equal(exitcode_parse(wide[i], &v, &e), -1);
		assert_non_null(strstr(e.text, "does not fit into 32 bits"));
	}
}

static void
test_names(void **state)
{
	(void)state;
	for (int c = COND_SUCCESS; c <= COND_NOT_APPLICABLE; c++)
		assert_int_equal(exit_condition_parse(exit_condition_name(
				     (enum exit_condition)c)),
		    c);
	for (int r = RESULT_SUCCEEDED; r <= RESULT_UNKNOWN; r++)
		assert_int_equal(update_result_parse(
				     update_result_name((enum update_result)r)),
		    r);
	assert_string_equal(exit_condition_name(COND_NONE), "");
	assert_string_equal(update_result_name(RESULT_NONE), "");
	assert_int_equal(exit_condition_parse(""), COND_NONE);
	assert_int_equal(exit_condition_parse("success"), COND_NONE);
	assert_int_equal(exit_condition_parse("Success_RebootRequired"),
	    COND_SUCCESS_REBOOT);
	assert_int_equal(update_result_parse("Success"), RESULT_NONE);
	assert_string_equal(
	    update_result_name(RESULT_ALREADY_INSTALLED), "AlreadyInstalled");
}

static void
test_meanings(void **state)
{
	static const struct {
		enum exit_condition in;
		bool always_reboot;
		struct exit_meaning want;
	} cases[] = {
	    {COND_NONE, false, {COND_NONE, RESULT_FAILED, false}},
	    {COND_NONE, true, {COND_NONE, RESULT_FAILED, false}},
	    {COND_SUCCESS, false, {COND_SUCCESS, RESULT_SUCCEEDED, false}},
	    {COND_SUCCESS, true, {COND_SUCCESS_REBOOT, RESULT_SUCCEEDED, true}},
	    {COND_SUCCESS_REBOOT, false,
		{COND_SUCCESS_REBOOT, RESULT_SUCCEEDED, true}},
	    {COND_SUCCESS_REBOOT, true,
		{COND_SUCCESS_REBOOT, RESULT_SUCCEEDED, true}},
	    {COND_FAIL_REBOOT, false, {COND_FAIL_REBOOT, RESULT_FAILED, true}},
	    {COND_FAIL_REBOOT, true, {COND_FAIL_REBOOT, RESULT_FAILED, true}},
	    {COND_ALREADY_INSTALLED, false,
		{COND_ALREADY_INSTALLED, RESULT_ALREADY_INSTALLED, false}},
	    {COND_ALREADY_INSTALLED, true,
		{COND_ALREADY_INSTALLED, RESULT_ALREADY_INSTALLED, false}},
	    {COND_NOT_APPLICABLE, false,
		{COND_NOT_APPLICABLE, RESULT_NOT_APPLICABLE, false}},
	    {COND_NOT_APPLICABLE, true,
		{COND_NOT_APPLICABLE, RESULT_NOT_APPLICABLE, false}},
	};
	struct exit_meaning m;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		m = exit_condition_meaning(cases[i].in, cases[i].always_reboot);
		assert_int_equal(m.condition, cases[i].want.condition);
		assert_int_equal(m.result, cases[i].want.result);
		assert_int_equal(
		    m.reboot_required, cases[i].want.reboot_required);
	}
}

/* Scripts branch on these numbers: they never change. */
static void
test_cau_exit(void **state)
{
	(void)state;
	assert_int_equal(CAU_OK, 0);
	assert_int_equal(CAU_FAILED, 1);
	assert_int_equal(CAU_USAGE, 2);
	assert_int_equal(CAU_PARTIAL, 3);
	assert_int_equal(CAU_UNHEALTHY, 4);
	assert_int_equal(CAU_LOCKED, 5);
	assert_int_equal(CAU_CANCELED, 6);
	assert_int_equal(CAU_REFUSED, 7);
	assert_int_equal(CAU_UNKNOWN, 8);
	assert_int_equal(CAU_APPLICABLE, 100);
	for (int i = -1; i <= 256; i++)
		if ((i >= 0 && i <= 8) || i == 100)
			assert_non_null(cau_exit_name(i));
		else
			assert_null(cau_exit_name(i));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parse),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_meanings),
	    cmocka_unit_test(test_cau_exit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
