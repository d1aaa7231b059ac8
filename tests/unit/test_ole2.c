/* SPDX-License-Identifier: ISC */
/* Compound files: both sector sizes, long chains, and damage of any kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <cmocka.h>

#include "msi.h"
#include "ole2.h"
#include "tests/unit/olebuild.h"

static const uint16_t name_a[] = {'a'};
static const uint16_t name_b[] = {'b', 'b'};

static void
fill(char *data, size_t len, unsigned seed)
{
	for (size_t i = 0; i < len; i++)
		data[i] = (char)((i * 31 + i / 251 + seed) & 0xff);
}

/* Both streams come back as they were. */
static void
check_round(unsigned shift, size_t len_a, size_t len_b)
{
	char *a = xmalloc(len_a), *b = xmalloc(len_b);
	struct ole_file files[] = {
	    {name_a, 1, a, len_a}, {name_b, 2, b, len_b}};
	struct buf file = BUF_INIT, out = BUF_INIT;
	struct bytesrc src;
	struct ole2 o;
	struct err e;

	fill(a, len_a, 1);
	fill(b, len_b, 2);
	ole_build(&file, shift, 0xc1084, files, 2);
	bytesrc_memory(&src, file.data, file.len);
	assert_int_equal(ole2_open(&o, &src, &e), 0);
	assert_int_equal(ole2_complete(&o, &e), 0);
	assert_int_equal(o.nstreams, 2);
	assert_int_equal(o.clsid[0], 0x84);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(o.streams[i].name_len, i + 1);
		buf_reset(&out);
		assert_int_equal(
		    ole2_read(&o, &o.streams[i], SIZE_MAX, &out, &e), 0);
		assert_int_equal(out.len, i == 0 ? len_a : len_b);
		assert_memory_equal(out.data, i == 0 ? a : b, out.len);
		if (out.len > 0)
			assert_int_equal(
			    ole2_read(&o, &o.streams[i], out.len - 1, &out, &e),
			    -1);
	}
	ole2_close(&o);
	buf_release(&file);
	buf_release(&out);
	free(a);
	free(b);
}

static void
test_round(void **state)
{
	static const size_t lens[] = {
	    0, 1, 63, 64, 65, 4095, 4096, 4097, 70000};

	(void)state;
	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		for (size_t k = 0; k < sizeof(lens) / sizeof(*lens); k++) {
			check_round(9, lens[i], lens[k]);
			check_round(12, lens[i], lens[k]);
		}
	}
}

/* More sectors of FAT than the header has room for. */
static void
test_difat(void **state)
{
	(void)state;
	check_round(9, 8 << 20, 100);
	check_round(9, 17 << 20, 5000);
}

static int
open_and_read(const void *data, size_t len, struct err *e)
{
	struct buf out = BUF_INIT;
	struct bytesrc src;
	struct ole2 o;
	int rc;

	bytesrc_memory(&src, data, len);
	rc = ole2_open(&o, &src, e);
	for (size_t i = 0; rc == 0 && i < o.nstreams; i++)
		rc = ole2_read(&o, &o.streams[i], 1 << 20, &out, e);
	if (rc == 0)
		rc = ole2_complete(&o, e);
	ole2_close(&o);
	buf_release(&out);
	return rc;
}

static void
make_small(struct buf *file, char data[5000])
{
	struct ole_file files[] = {
	    {name_a, 1, data, 5000}, {name_b, 2, data, 200}};

	fill(data, 5000, 3);
	ole_build(file, 9, 0xc1084, files, 2);
}

static void
test_loops(void **state)
{
	struct buf file = BUF_INIT;
	char data[5000];
	size_t fat, dir;
	struct err e;

	(void)state;
	make_small(&file, data);
	assert_int_equal(open_and_read(file.data, file.len, &e), 0);
	fat = ((size_t)get32(file.data, 76) + 1) * 512;
	dir = ((size_t)get32(file.data, 48) + 1) * 512;

	/* The stream of ten sectors comes back to its first. */
	put32(file.data, fat + 4 * 3, 0);
	assert_int_equal(open_and_read(file.data, file.len, &e), -1);
	assert_non_null(strstr(e.text, "loop"));
	put32(file.data, fat + 4 * 3, 4);

	/* So does the directory. */
	put32(file.data, fat + 4 * (dir / 512 - 1), (uint32_t)(dir / 512 - 1));
	assert_int_equal(open_and_read(file.data, file.len, &e), -1);
	assert_non_null(strstr(e.text, "loop"));
	put32(file.data, fat + 4 * (dir / 512 - 1), OLE_END);

	/* The second entry is its own sibling, then the root's. */
	put32(file.data, dir + 2 * 128 + 72, 2);
	assert_int_equal(open_and_read(file.data, file.len, &e), -1);
	assert_non_null(strstr(e.text, "tree"));
	put32(file.data, dir + 2 * 128 + 72, 0);
	assert_int_equal(open_and_read(file.data, file.len, &e), -1);
	put32(file.data, dir + 2 * 128 + 72, OLE_FREE);
	assert_int_equal(open_and_read(file.data, file.len, &e), 0);
	buf_release(&file);
}

static void
test_sizes(void **state)
{
	struct buf file = BUF_INIT;
	char data[5000];
	struct err e;
	size_t dir;

	(void)state;
	make_small(&file, data);
	dir = ((size_t)get32(file.data, 48) + 1) * 512;
	put32(file.data, dir + 128 + 120, 0x7fffffff);
	assert_int_equal(open_and_read(file.data, file.len, &e), -1);
	put32(file.data, dir + 128 + 120, 1 << 19);
	assert_int_equal(open_and_read(file.data, file.len, &e), -1);
	put32(file.data, dir + 128 + 120, 5000);
	put32(file.data, dir + 120, 0x7fffffff);
	assert_int_equal(open_and_read(file.data, file.len, &e), -1);
	put32(file.data, dir + 120, 0);
	assert_int_equal(open_and_read(file.data, file.len, &e), -1);
	put32(file.data, dir + 120, 256);
	put32(file.data, 44, 0x7fffffff);
	assert_int_equal(open_and_read(file.data, file.len, &e), -1);
	buf_release(&file);
}

/* Every shorter file is noticed, with memory of its exact size. */
static void
test_truncated(void **state)
{
	struct buf file = BUF_INIT;
	char data[5000], *copy;
	struct err e;

	(void)state;
	make_small(&file, data);
	for (size_t len = 0; len < file.len; len++) {
		copy = xmalloc(len);
		memcpy(copy, file.data, len);
		assert_int_equal(open_and_read(copy, len, &e), -1);
		free(copy);
	}
	buf_release(&file);
}

static void
test_names(void **state)
{
	static const uint16_t high[] = {0x4840, 0x100}, nul[] = {'a', 0};
	char name[MSI_NAME_SIZE];
	uint16_t encoded[32], longest[31];
	size_t n;

	(void)state;
	n = msi_encode(encoded, "Property");
	assert_int_equal(n, 5);
	assert_int_equal(msi_decode_name(name, encoded, n), 0);
	assert_string_equal(name, "!Property");
	n = msi_encode(encoded, "_Validation.x");
	assert_int_equal(msi_decode_name(name, encoded, n), 0);
	assert_string_equal(name, "!_Validation.x");
	assert_int_equal(msi_decode_name(name, high, 2), -1);
	assert_int_equal(msi_decode_name(name, nul, 2), -1);
	for (n = 0; n < 31; n++)
		longest[n] = 0x3800;
	assert_int_equal(msi_decode_name(name, longest, 30), 0);
	assert_int_equal(strlen(name), 60);
	assert_int_equal(msi_decode_name(name, longest, 31), 0);
}

static int
read_bytes(struct msi *m, const void *data, size_t len, struct arena *a)
{
	struct bytesrc src;
	struct err e;

	bytesrc_memory(&src, data, len);
	return msi_read(m, &src, a, &e);
}

static void
make_msi(struct buf *file, bool wide, unsigned codepage, const char *product)
{
	struct buf summary = BUF_INIT;
	struct msi_build b;

	msi_summary(&summary, codepage, "Installation Database", product,
	    "Fixes KB1234567");
	msi_init(&b, codepage, wide);
	msi_property(&b, "Manufacturer", "Nobody");
	msi_property(&b, "ProductName", product);
	msi_property(&b, "ProductVersion", "1.2.3");
	msi_property(&b, "ProductCode", "{}");
	msi_metadata(&b, "DisplayName", "A hotfix");
	msi_metadata(&b, "KBArticle Number", "7654321");
	msi_finish(file, &b, 0xc1084, &summary);
	buf_release(&summary);
}

static void
test_msi(void **state)
{
	struct buf file = BUF_INIT;
	struct arena a = ARENA_INIT;
	struct msi m;

	(void)state;
	for (int wide = 0; wide < 2; wide++) {
		make_msi(&file, wide != 0, 1252, "Caf\xe9 \x80");
		assert_int_equal(read_bytes(&m, file.data, file.len, &a), 0);
		assert_false(m.patch);
		assert_string_equal(m.title, "Installation Database");
		assert_string_equal(m.subject, "Caf\xc3\xa9 \xe2\x82\xac");
		assert_string_equal(m.comments, "Fixes KB1234567");
		assert_string_equal(m.product_name, m.subject);
		assert_string_equal(m.product_version, "1.2.3");
		assert_string_equal(m.product_code, "{}");
		assert_string_equal(m.display_name, "A hotfix");
		assert_string_equal(m.kb_article, "7654321");
		buf_reset(&file);
	}
	/* A code page that is not known leaves the bytes. */
	make_msi(&file, false, 37, "Caf\xe9");
	assert_int_equal(read_bytes(&m, file.data, file.len, &a), 0);
	assert_string_equal(m.product_name, "Caf\xe9");
	arena_release(&a);
	buf_release(&file);
}

static void
test_long_string(void **state)
{
	struct buf file = BUF_INIT, summary = BUF_INIT, text = BUF_INIT;
	struct arena a = ARENA_INIT;
	struct msi_build b;
	struct msi m;

	(void)state;
	memset(buf_reserve(&text, 70000), 'x', 70000);
	buf_setlen(&text, 70000);
	msi_summary(&summary, 0, "", "", "");
	msi_init(&b, 0, false);
	msi_property(&b, "Long", text.data);
	msi_property(&b, "ProductName", "Behind it");
	msi_finish(&file, &b, 0xc1086, &summary);
	assert_int_equal(read_bytes(&m, file.data, file.len, &a), 0);
	assert_true(m.patch);
	assert_string_equal(m.product_name, "Behind it");
	arena_release(&a);
	buf_release(&file);
	buf_release(&summary);
	buf_release(&text);
}

static void
test_other_class(void **state)
{
	struct ole_file files[] = {{name_a, 1, "x", 1}};
	struct buf file = BUF_INIT;
	struct arena a = ARENA_INIT;
	struct msi m;

	(void)state;
	ole_build(&file, 9, 0x20906, files, 1);
	assert_int_equal(read_bytes(&m, file.data, file.len, &a), -1);
	buf_reset(&file);
	/* A patch needs no tables, but it has a summary. */
	ole_build(&file, 9, 0xc1086, files, 1);
	assert_int_equal(read_bytes(&m, file.data, file.len, &a), -1);
	arena_release(&a);
	buf_release(&file);
}

/* Any one byte may be wrong: an answer or an error, nothing else. */
static void
test_corrupt(void **state)
{
	static const unsigned char flips[] = {0xff, 0x01, 0x80};
	struct buf file = BUF_INIT;
	struct arena a = ARENA_INIT;
	struct msi m;

	(void)state;
	make_msi(&file, false, 1252, "Caf\xe9");
	for (size_t i = 0; i < file.len; i++) {
		for (size_t k = 0; k < sizeof(flips); k++) {
			file.data[i] = (char)(file.data[i] ^ flips[k]);
			(void)read_bytes(&m, file.data, file.len, &a);
			assert_non_null(m.product_name);
			file.data[i] = (char)(file.data[i] ^ flips[k]);
		}
		arena_release(&a);
	}
	assert_int_equal(read_bytes(&m, file.data, file.len, &a), 0);
	arena_release(&a);
	buf_release(&file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round),
	    cmocka_unit_test(test_difat),
	    cmocka_unit_test(test_loops),
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_truncated),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_msi),
	    cmocka_unit_test(test_long_string),
	    cmocka_unit_test(test_other_class),
	    cmocka_unit_test(test_corrupt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
