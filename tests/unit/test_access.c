/* SPDX-License-Identifier: ISC */
/* Who may write by mode and ACL; and folders on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access.h"
#include "file.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

#define USER_OBJ  1
#define USER	  2
#define GROUP_OBJ 4
#define GROUP	  8
#define MASK	  16
#define OTHER	  32
#define NO_ID	  0xffffffffU

/* Of an ACL; tag 0 ends the list. */
struct acl_entry {
	unsigned char tag, perm;
	uint32_t id;
};

/* The attribute as the kernel gives it: a version and entries of 8 bytes. */
static size_t
make_acl(unsigned char *acl, const struct acl_entry *entries)
{
	size_t len = 4;

	memset(acl, 0, 64);
	acl[0] = 2;
	for (; entries->tag != 0; entries++) {
		acl[len] = entries->tag;
		acl[len + 2] = entries->perm;
		for (unsigned i = 0; i < 4; i++)
			acl[len + 4 + i] =
			    (unsigned char)(entries->id >> (8 * i));
		len += 8;
	}
	return len;
}

static void
test_writer(void **state)
{
	static const struct {
		const char *name;
		mode_t mode;
		struct acl_entry acl[7];
		const char *who; /* "": nobody */
	} cases[] = {
	    {"no entries", 0775, {{0}}, ""},
	    {"everybody, whatever the ACL", 0707, {{USER_OBJ, 7, NO_ID}},
		"everybody"},
	    {"an ACL that only reads", 0754,
		{{USER_OBJ, 7, NO_ID}, {USER, 5, 1000}, {GROUP_OBJ, 5, NO_ID},
		    {MASK, 5, NO_ID}, {OTHER, 4, NO_ID}},
		""},
	    {"a user", 0774,
		{{USER_OBJ, 7, NO_ID}, {USER, 7, 70000}, {GROUP_OBJ, 5, NO_ID},
		    {MASK, 7, NO_ID}, {OTHER, 4, NO_ID}},
		"user 70000 (ACL)"},
	    {"a user and a group behind a mask", 0754,
		{{USER_OBJ, 7, NO_ID}, {USER, 7, 70000}, {GROUP_OBJ, 7, NO_ID},
		    {GROUP, 7, 100}, {MASK, 5, NO_ID}, {OTHER, 4, NO_ID}},
		""},
	    {"root and the caller", 0774,
		{{USER_OBJ, 7, NO_ID}, {USER, 7, 0}, {USER, 7, 500},
		    {GROUP_OBJ, 5, NO_ID}, {MASK, 7, NO_ID}, {OTHER, 4, NO_ID}},
		""},
	    {"a group", 0774,
		{{USER_OBJ, 7, NO_ID}, {GROUP_OBJ, 5, NO_ID}, {GROUP, 6, 100},
		    {MASK, 7, NO_ID}, {OTHER, 4, NO_ID}},
		"group 100 (ACL)"},
	    {"its group, by the ACL", 0774,
		{{USER_OBJ, 7, NO_ID}, {GROUP_OBJ, 7, NO_ID}, {MASK, 7, NO_ID},
		    {OTHER, 4, NO_ID}},
		"its group"},
	    /* The group bits of the mode are the mask then. */
	    {"mode bits of a mask", 0774,
		{{USER_OBJ, 7, NO_ID}, {GROUP_OBJ, 4, NO_ID}, {MASK, 7, NO_ID},
		    {OTHER, 4, NO_ID}},
		""},
	};
	unsigned char acl[64];
	struct buf b = BUF_INIT;
	size_t len;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		print_message("  %s\n", cases[i].name);
		len = make_acl(acl, cases[i].acl);
		buf_reset(&b);
		assert_int_equal(
		    access_writer(&b, cases[i].mode, 500, acl, len),
		    *cases[i].who == '\0' ? 0 : 1);
		assert_string_equal(b.data, cases[i].who);
	}
	buf_release(&b);
}

static void
test_mode_alone(void **state)
{
	static const struct {
		mode_t mode;
		const char *who;
	} cases[] = {{0755, ""}, {0555, ""}, {0775, "its group"},
	    {0020, "its group"}, {0002, "everybody"}, {01777, "everybody"}};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		buf_reset(&b);
		assert_int_equal(access_writer(&b, cases[i].mode, 500, NULL, 0),
		    *cases[i].who == '\0' ? 0 : 1);
		assert_string_equal(b.data, cases[i].who);
	}
	buf_release(&b);
}

/* What is not understood is no permission. */
static void
test_odd_acl(void **state)
{
	static const struct acl_entry one[] = {{USER_OBJ, 7, NO_ID}, {0}};
	unsigned char acl[64];
	struct buf b = BUF_INIT;
	size_t len = make_acl(acl, one);

	(void)state;
	assert_int_equal(access_writer(&b, 0755, 500, acl, len), 0);
	for (size_t cut = 1; cut < len; cut++)
		assert_int_equal(
		    access_writer(&b, 0755, 500, acl, cut), cut == 4 ? 0 : -1);
	acl[0] = 1;
	assert_int_equal(access_writer(&b, 0755, 500, acl, len), -1);
	assert_string_equal(b.data, "");
	buf_release(&b);
}

/* Real folders: one that others may write to, and what lies in it. */
static void
test_path(void **state)
{
	struct access_report r = {BUF_INIT, 0};
	char top[] = "/tmp/cau-access.XXXXXX";
	char *open_dir, *inner, *want;
	struct err e;

	(void)state;
	assert_non_null(mkdtemp(top));
	open_dir = xasprintf("%s/open", top);
	inner = xasprintf("%s/open/inner", top);
	assert_int_equal(file_mkdirs(inner, &e), 0);

	access_check_path(&r, inner);
	assert_string_equal(r.text.data, "");
	assert_int_equal(chmod(open_dir, 0777), 0);
	access_check_path(&r, inner);
	want = xasprintf("%s: writable by everybody\n", open_dir);
	assert_string_equal(r.text.data, want);
	assert_int_equal(r.n, 1);

	/* Sticky helps what lies in it, not the folder that is meant. */
	assert_int_equal(chmod(open_dir, 01777), 0);
	buf_reset(&r.text);
	access_check_path(&r, inner);
	assert_string_equal(r.text.data, "");
	access_check_path(&r, open_dir);
	assert_string_equal(r.text.data, want);

	/* A path over a link is checked on both ways. */
	assert_int_equal(chmod(open_dir, 0777), 0);
	free(want);
	want = xasprintf("%s/open/link", top);
	assert_int_equal(symlink(top, want), 0);
	buf_reset(&r.text);
	access_check_path(&r, want);
	free(want);
	want = xasprintf("%s: writable by everybody\n", open_dir);
	assert_string_equal(r.text.data, want);

	buf_reset(&r.text);
	free(want);
	want = xasprintf("%s/none", top);
	access_check_path(&r, want);
	free(want);
	want = xasprintf("%s/none: No such file or directory\n", top);
	assert_string_equal(r.text.data, want);
	file_remove_tree(top);
	buf_release(&r.text);
	free(want);
	free(open_dir);
	free(inner);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_writer),
	    cmocka_unit_test(test_mode_alone),
	    cmocka_unit_test(test_odd_acl),
	    cmocka_unit_test(test_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
