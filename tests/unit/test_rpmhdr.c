/* SPDX-License-Identifier: ISC */
/* The headers of .rpm files, whole and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "rpmhdr.h"

#define LEAD_SIZE 96

struct tag {
	uint32_t tag;
	uint32_t type;
	const void *data;
	size_t len;
};

static void
add_be32(struct buf *b, uint32_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_addc(b, (char)(v >> shift & 0xff));
}

static void
add_section(struct buf *out, const struct tag *tags, size_t n)
{
	struct buf store = BUF_INIT;

	buf_add(out, "\x8e\xad\xe8\x01\0\0\0\0", 8);
	add_be32(out, (uint32_t)n);
	for (size_t i = 0; i < n; i++)
		buf_add(&store, tags[i].data, tags[i].len);
	add_be32(out, (uint32_t)store.len);
	buf_reset(&store);
	for (size_t i = 0; i < n; i++) {
		add_be32(out, tags[i].tag);
		add_be32(out, tags[i].type);
		add_be32(out, (uint32_t)store.len);
		add_be32(out, 1);
		buf_add(&store, tags[i].data, tags[i].len);
	}
	buf_add(out, store.data, store.len);
	buf_release(&store);
}

static void
make_rpm(struct buf *out)
{
	static const struct tag sig[] = {
	    {1000, 4, "\0\0\x01\x02", 4}, {1004, 7, "md5", 3}};
	static const struct tag head[] = {{1000, 6, "bash", 5},
	    {1001, 6, "5.2", 4}, {1002, 6, "3.el9", 6},
	    {1003, 4, "\0\0\0\x02", 4}, {1004, 9, "The shell\0Die Shell", 20},
	    {1005, 9, "Long\ntext", 10}, {1022, 6, "x86_64", 7}};

	buf_add(out, "\xed\xab\xee\xdb\3\0", 6);
	while (out->len < LEAD_SIZE)
		buf_addc(out, 0);
	add_section(out, sig, 2);
	while (out->len % 8 != 0)
		buf_addc(out, 0);
	add_section(out, head, 7);
}

static void
test_whole(void **state)
{
	struct buf b = BUF_INIT;
	struct rpmhdr h;
	struct err e;

	(void)state;
	make_rpm(&b);
	assert_int_equal(rpmhdr_parse(&h, b.data, b.len, &e), 0);
	assert_string_equal(h.name, "bash");
	assert_string_equal(h.version, "5.2");
	assert_string_equal(h.release, "3.el9");
	assert_string_equal(h.summary, "The shell");
	assert_string_equal(h.description, "Long\ntext");
	assert_string_equal(h.arch, "x86_64");
	assert_true(h.has_epoch);
	assert_int_equal(h.epoch, 2);
	/* 96 + 16 + 2 * 16 + 7 is 151; the main header starts at 152. */
	assert_int_equal(h.file_size, 152 + 0x102);
	buf_release(&b);
}

static void
test_missing(void **state)
{
	static const struct tag head[] = {
	    {1000, 6, "a", 2}, {1001, 6, "no end", 6}, {1003, 6, "1", 2}};
	struct buf b = BUF_INIT;
	struct rpmhdr h;
	struct err e;

	(void)state;
	buf_add(&b, "\xed\xab\xee\xdb", 4);
	while (b.len < LEAD_SIZE)
		buf_addc(&b, 0);
	add_section(&b, NULL, 0);
	add_section(&b, head, 2);
	assert_int_equal(rpmhdr_parse(&h, b.data, b.len, &e), 0);
	assert_string_equal(h.name, "a");
	assert_string_equal(h.version, "");
	assert_string_equal(h.arch, "");
	assert_int_equal(h.file_size, 0);
	b.len = LEAD_SIZE + 16;
	/* An epoch of the wrong type is none. */
	add_section(&b, head, 3);
	assert_int_equal(rpmhdr_parse(&h, b.data, b.len, &e), 0);
	assert_false(h.has_epoch);
	buf_release(&b);
}

static void
test_claims(void **state)
{
	static const uint32_t counts[] = {
	    0x1000, 0x0fffffff, 0x10000000, 0x7fffffff, 0xffffffff};
	struct buf b = BUF_INIT, copy = BUF_INIT;
	struct rpmhdr h;
	struct err e;

	(void)state;
	make_rpm(&b);
	for (size_t at = 8; at <= 12; at += 4) {
		for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
			buf_reset(&copy);
			buf_add(&copy, b.data, LEAD_SIZE + at);
			add_be32(&copy, counts[i]);
			buf_add(&copy, b.data + copy.len, b.len - copy.len);
			assert_int_equal(
			    rpmhdr_parse(&h, copy.data, copy.len, &e), -1);
			assert_string_equal(h.name, "");
		}
	}
	buf_release(&copy);
	buf_release(&b);
}

static void
test_truncated(void **state)
{
	struct buf b = BUF_INIT;
	struct rpmhdr h;
	struct err e;
	char *copy;

	(void)state;
	make_rpm(&b);
	for (size_t len = 0; len < b.len; len++) {
		copy = xmalloc(len);
		memcpy(copy, b.data, len);
		assert_int_equal(rpmhdr_parse(&h, copy, len, &e), -1);
		free(copy);
	}
	buf_release(&b);
}

static void
test_corrupt(void **state)
{
	static const unsigned char flips[] = {0xff, 0x01, 0x80, 0x0f};
	struct buf b = BUF_INIT;
	struct rpmhdr h;
	struct err e;
	char *copy;

	(void)state;
	make_rpm(&b);
	for (size_t i = 0; i < b.len; i++) {
		for (size_t k = 0; k < sizeof(flips); k++) {
			copy = xmalloc(b.len);
			memcpy(copy, b.data, b.len);
			copy[i] = (char)(copy[i] ^ flips[k]);
			/* Whatever the answer, all strings have an end. */
			if (rpmhdr_parse(&h, copy, b.len, &e) == -1)
				assert_string_equal(h.name, "");
			assert_true(strlen(h.name) + strlen(h.version) +
					strlen(h.release) + strlen(h.summary) +
					strlen(h.description) + strlen(h.arch) <
				    b.len * 6);
			free(copy);
		}
	}
	buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_whole),
	    cmocka_unit_test(test_missing),
	    cmocka_unit_test(test_claims),
	    cmocka_unit_test(test_truncated),
	    cmocka_unit_test(test_corrupt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
