/* SPDX-License-Identifier: ISC */
/* Text: escapes, quotes, numbers, durations, times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof(*(a)))
#define DAY_MS	      INT64_C(86400000)

static void
check_escape(const char *in, size_t len, const char *escaped)
{
	struct buf b = BUF_INIT, back = BUF_INIT;

	text_escape(&b, in, len);
	assert_string_equal(b.data, escaped);
	assert_int_equal(text_unescape(&back, b.data), 0);
	assert_int_equal(back.len, len);
	assert_memory_equal(back.data, in, len);
	buf_release(&b);
	buf_release(&back);
}

static void
test_escape(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"", ""},
	    {"plain.deb", "plain.deb"},
	    {"a b\"c'd$e", "a b\"c'd$e"},
	    {"back\\slash", "back\\\\slash"},
	    {"\\x41", "\\\\x41"},
	    {"tab\tline\nret\r", "tab\\tline\\nret\\x0d"},
	    {"\x1b[31m\x7f\b", "\\x1b[31m\\x7f\\x08"},
	    {"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa7",
		"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa7"},
	    /* C1: a terminal may take U+009B for ESC [. */
	    {"\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0",
		"\\xc2\\x80\\xc2\\x9b\\xc2\\x9f\xc2\xa0"},
	    /* Directions: "gpj.exe" must not read as "exe.jpg". */
	    {"a\xe2\x80\xaegpj.exe", "a\\xe2\\x80\\xaegpj.exe"},
	    {"\xe2\x80\x8f\xe2\x81\xa6\xd8\x9c",
		"\\xe2\\x80\\x8f\\xe2\\x81\\xa6\\xd8\\x9c"},
	    /* Invisible: zero width, BOM, separators, tags. */
	    {"\xe2\x80\x8b\xef\xbb\xbf\xe2\x80\xa8",
		"\\xe2\\x80\\x8b\\xef\\xbb\\xbf\\xe2\\x80\\xa8"},
	    {"\xf3\xa0\x81\x81", "\\xf3\\xa0\\x81\\x81"},
	    /* Not UTF-8: alone, overlong, surrogate, too high, cut. */
	    {"\xff\x80", "\\xff\\x80"},
	    {"\xc0\xaf\xe0\x80\xaf", "\\xc0\\xaf\\xe0\\x80\\xaf"},
	    {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
	    {"\xf4\x90\x80\x80\xf5", "\\xf4\\x90\\x80\\x80\\xf5"},
	    {"\xe2\x82", "\\xe2\\x82"},
	    {"\xe2\x82z", "\\xe2\\x82z"},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		check_escape(cases[i].in, strlen(cases[i].in), cases[i].out);
	check_escape("a\0b", 3, "a\\x00b");
}

/* Any bytes come back, and what travels is printable and UTF-8. */
static void
test_escape_all(void **state)
{
	struct buf b = BUF_INIT, back = BUF_INIT, again = BUF_INIT;
	char in[3];

	(void)state;
	for (unsigned i = 0; i < 65536; i++) {
		in[0] = (char)(unsigned char)(i >> 8);
		in[1] = (char)(unsigned char)(i & 0xff);
		in[2] = '\\';
		buf_reset(&b);
		buf_reset(&back);
		buf_reset(&again);
		text_escape(&b, in, sizeof(in));
		for (size_t k = 0; k < b.len; k++)
			assert_true((unsigned char)b.data[k] >= ' ' &&
				    b.data[k] != 0x7f);
		assert_int_equal(text_unescape(&back, b.data), 0);
		assert_int_equal(back.len, sizeof(in));
		assert_memory_equal(back.data, in, sizeof(in));
		/* Printing what is printable changes nothing. */
		text_printable(&again, b.data, b.len);
		assert_string_equal(again.data, b.data);
	}
	buf_release(&b);
	buf_release(&back);
	buf_release(&again);
}

static void
test_unescape_bad(void **state)
{
	static const char *const bad[] = {
	    "\\", "a\\", "\\q", "\\x", "\\x4", "\\x4g", "\\xA0", "\\r", "\\0"};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		assert_int_equal(text_unescape(&b, bad[i]), -1);
	buf_release(&b);
}

static void
test_printable(void **state)
{
	static const char in[] = "C:\\x\tok \x1b[2J\nnext\x9b";
	struct buf b = BUF_INIT;

	(void)state;
	text_printable(&b, in, sizeof(in) - 1);
	assert_string_equal(b.data, "C:\\x\tok \\x1b[2J\\nnext\\x9b");
	buf_release(&b);
}

static void
test_shell_quote(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"", "''"},
	    {"plain-1.2_3+4%5,/a:b@c", "plain-1.2_3+4%5,/a:b@c"},
	    {"two words", "'two words'"},
	    {"it's", "'it'\\''s'"},
	    {"'", "''\\'''"},
	    {"''", "''\\'''\\'''"},
	    {"$(rm -rf /)`x`", "'$(rm -rf /)`x`'"},
	    {"a;b|c&d<e>f", "'a;b|c&d<e>f'"},
	    {"\\", "'\\'"},
	    {"new\nline", "'new\nline'"},
	    {"~user", "'~user'"},
	    {"a=b", "'a=b'"},
	    {"*?[", "'*?['"},
	    {"!", "'!'"},
	    {"#", "'#'"},
	    {"\xff", "'\xff'"},
	};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		buf_reset(&b);
		text_shell_quote(&b, cases[i].in);
		assert_string_equal(b.data, cases[i].out);
	}
	buf_release(&b);
}

static void
test_casecmp(void **state)
{
	(void)state;
	assert_int_equal(text_casecmp("", ""), 0);
	assert_int_equal(text_casecmp("CAUHotfix_All", "cauhotfix_ALL"), 0);
	assert_true(text_casecmp("a", "B") < 0);
	assert_true(text_casecmp("B", "a") > 0);
	assert_true(text_casecmp("a", "ab") < 0);
	/* Bytes beyond ASCII are not letters, and sort behind them. */
	assert_true(text_casecmp("z", "\xc3\xa4") < 0);
	assert_int_not_equal(text_casecmp("\xc3\xa4", "\xc3\x84"), 0);
	assert_int_not_equal(text_casecmp("[", "{"), 0);
	assert_int_not_equal(text_casecmp("@", "`"), 0);
}

static void
test_width(void **state)
{
	(void)state;
	assert_int_equal(text_width(""), 0);
	assert_int_equal(text_width("abc"), 3);
	assert_int_equal(text_width("gr\xc3\xbc\xc3\x9f"), 4);
	assert_int_equal(text_width("\xe6\x9b\xb4\xe6\x96\xb0.sh"), 7);
	assert_int_equal(text_width("e\xcc\x81"), 1);
	assert_int_equal(text_width("\xf0\x9f\x9a\x80"), 2);
	assert_int_equal(text_width("\xff\xe6"), 2);
	assert_int_equal(text_fit("", 3), 0);
	assert_int_equal(text_fit("abc", 0), 0);
	assert_int_equal(text_fit("abc", 2), 2);
	assert_int_equal(text_fit("abc", 9), 3);
	assert_int_equal(text_fit("a\xc3\xbc"
				  "b",
			     2),
	    3);
	assert_int_equal(text_fit("\xe6\x9b\xb4\xe6\x96\xb0", 3), 3);
	assert_int_equal(text_fit("e\xcc\x81x", 1), 3);
}

static void
test_u64(void **state)
{
	static const struct {
		const char *in, *error;
	} bad[] = {
	    {"", "a number is expected"},
	    {"x", "'x' is not a number"},
	    {"-1", "-1 is outside 1 to 1000"},
	    {"-", "'-' is not a number"},
	    {"-x", "'-x' is not a number"},
	    {"+1", "'+1' is not a number"},
	    {" 1", "' 1' is not a number"},
	    {"1 ", "'1 ' is not a number"},
	    {"0x10", "'0x10' is not a number"},
	    {"0", "0 is outside 1 to 1000"},
	    {"1001", "1001 is outside 1 to 1000"},
	    {"18446744073709551616",
		"18446744073709551616 is outside 1 to 1000"},
	};
	struct err e;
	uint64_t v;

	(void)state;
	assert_int_equal(text_u64("1", 1, 1000, &v, &e), 0);
	assert_int_equal(v, 1);
	assert_int_equal(text_u64("0001000", 1, 1000, &v, &e), 0);
	assert_int_equal(v, 1000);
	assert_int_equal(
	    text_u64("18446744073709551615", 0, UINT64_MAX, &v, &e), 0);
	assert_true(v == UINT64_MAX);
	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		assert_int_equal(text_u64(bad[i].in, 1, 1000, &v, &e), -1);
		assert_string_equal(e.text, bad[i].error);
		assert_int_equal(e.code, CAU_USAGE);
	}
}

static void
test_duration(void **state)
{
	static const struct {
		const char *in;
		int64_t ms;
	} good[] = {
	    {"0", 0},
	    {"5", 5 * 60000},
	    {"500ms", 500},
	    {"90s", 90000},
	    {"30m", 1800000},
	    {"30min", 1800000},
	    {"2h", 7200000},
	    {"1d", DAY_MS},
	    {"366d", 366 * DAY_MS},
	    {"01:30:00", 5400000},
	    {"100:00:01", 360001000},
	    {"1.00:00:00", DAY_MS},
	    {"2.03:04:05", 2 * DAY_MS + 11045000},
	};
	static const char *const bad[] = {"", "x", "-1s", "1.5h", "1 h", "1H",
	    "s", "1:2", "1:60:00", "1:00:60", "1:2:3:4", ":1:1", "1::1",
	    "9999999999", "1.", "1.5", "1.24:00:00", "1.5h", "1.1.01:00:00",
	    "1.1:2", ".01:00:00"};
	static const char *const longer[] = {"367d", "999999999d", "999999999",
	    "999999999h", "99999:00:00", "999999999.23:00:00"};
	struct err e;
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(good); i++) {
		assert_int_equal(text_duration(good[i].in, 60000, &ms, &e), 0);
		assert_true(ms == good[i].ms);
	}
	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		assert_int_equal(text_duration(bad[i], 60000, &ms, &e), -1);
		assert_non_null(strstr(
		    e.text, "is not a duration (90s, 30m, 2h, 01:30:00)"));
	}
	for (size_t i = 0; i < N_ELEMENTS(longer); i++) {
		assert_int_equal(text_duration(longer[i], 60000, &ms, &e), -1);
		assert_non_null(strstr(e.text, "is longer than 366 days"));
	}
}

static void
test_time(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
	    {0, "1970-01-01T00:00:00.000Z"},
	    {1769828400250, "2026-01-31T03:00:00.250Z"},
	    {951782400999, "2000-02-29T00:00:00.999Z"},
	    {253402300799999, "9999-12-31T23:59:59.999Z"},
	};
	static const char *const bad[] = {"", "2026-01-31",
	    "2026-01-31T03:00:00Z", "2026-02-30T03:00:00.000Z",
	    "2026-01-31T24:00:00.000Z", "2026-01-31T03:00:60.000Z",
	    "2026-01-31T03:00:00.000+", "2026-01-31 03:00:00.000Z",
	    "2026-01-31T03:00:00.-10Z", "1969-12-31T23:59:59.000Z",
	    "2026-1-031T03:00:00.000Z", "2026-01-31T03:00:00.000Zx"};
	char out[TEXT_TIME_SIZE];
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		text_time(out, cases[i].ms);
		assert_string_equal(out, cases[i].text);
		assert_int_equal(text_parse_time(out, &ms), 0);
		assert_true(ms == cases[i].ms);
	}
	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		assert_int_equal(text_parse_time(bad[i], &ms), -1);
	text_time(out, -1);
	assert_string_equal(out, "1970-01-01T00:00:00.000Z");
	text_time(out, INT64_MAX);
	assert_true(strlen(out) < sizeof(out));
}

static void
test_small(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} sizes[] = {{0, "0 B"}, {1023, "1023 B"}, {1024, "1.0 KiB"},
	    {1536, "1.5 KiB"}, {1048575, "1.0 MiB"}, {1048576, "1.0 MiB"},
	    {UINT64_C(5) << 30, "5.0 GiB"}, {UINT64_C(5) << 50, "5120.0 TiB"}};
	static const struct {
		int64_t ms;
		const char *text;
	} spans[] = {{0, "0.0 s"}, {-5000, "0.0 s"}, {999, "0.9 s"},
	    {12345, "12.3 s"}, {59999, "59.9 s"}, {60000, "1 min 00 s"},
	    {245000, "4 min 05 s"}, {3600000, "1 h 00 min"},
	    {90061000, "25 h 01 min"}};
	char out[TEXT_SMALL_SIZE];

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
		text_size(out, sizes[i].bytes);
		assert_string_equal(out, sizes[i].text);
	}
	for (size_t i = 0; i < N_ELEMENTS(spans); i++) {
		text_span(out, spans[i].ms);
		assert_string_equal(out, spans[i].text);
	}
	text_span(out, INT64_MAX);
	text_span(out, INT64_MIN);
	text_size(out, UINT64_MAX);
}

static void
test_bool(void **state)
{
	static const char *const bad[] = {
	    "", "yes", "1", "true ", "'true", "''True''", "0"};
	struct err e;
	bool v = false;

	(void)state;
	assert_int_equal(text_bool("True", &v, &e), 0);
	assert_true(v);
	assert_int_equal(text_bool("fALSE", &v, &e), 0);
	assert_false(v);
	assert_int_equal(text_bool("'true'", &v, &e), 0);
	assert_true(v);
	assert_int_equal(text_bool("'False'", &v, &e), 0);
	assert_false(v);
	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		assert_int_equal(text_bool(bad[i], &v, &e), -1);
	assert_string_equal(e.text, "'0' is neither True nor False");
}

static void
test_nearest(void **state)
{
	static const char *const names[] = {
	    "scan", "plan", "run", "recover", "status", NULL};
	char word[100];

	(void)state;
	assert_string_equal(text_nearest("scna", names), "scan");
	assert_string_equal(text_nearest("recoer", names), "recover");
	assert_string_equal(text_nearest("statu", names), "status");
	assert_null(text_nearest("healthcheck", names));
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_null(text_nearest(word, names));
	word[64] = '\0';
	assert_null(text_nearest(word, names));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_escape),
	    cmocka_unit_test(test_escape_all),
	    cmocka_unit_test(test_unescape_bad),
	    cmocka_unit_test(test_printable),
	    cmocka_unit_test(test_shell_quote),
	    cmocka_unit_test(test_casecmp),
	    cmocka_unit_test(test_width),
	    cmocka_unit_test(test_u64),
	    cmocka_unit_test(test_duration),
	    cmocka_unit_test(test_time),
	    cmocka_unit_test(test_small),
	    cmocka_unit_test(test_bool),
	    cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
