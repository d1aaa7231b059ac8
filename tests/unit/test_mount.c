/* SPDX-License-Identifier: ISC */
/* Network file systems under a folder, by lines of mountinfo. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "mount.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

#define ROOT_LINE "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"

#define UNSEALED                                                         \
	"RequireSmbEncryption: / is not mounted with encryption (mount " \
	"option seal)"
#define UNSIGNED                                                         \
	"/ is an SMB share that is neither signed nor encrypted (mount " \
	"option seal, or sec=ntlmsspi, sec=krb5i)"
#define UNSEEN                                                              \
	"/ is an SMB share: who may write there cannot be seen from here; " \
	"check it on the server and set DisableAclChecks=True"

/* Answers for every wish: need_encryption and check_access. NULL: passes. */
struct wishes {
	const char *none, *access, *encryption, *both;
};

static void
check(const char *mountinfo, const char *path, const struct wishes *w)
{
	const char *const want[] = {w->none, w->access, w->encryption, w->both};
	struct err e;

	for (unsigned i = 0; i < 4; i++) {
		e = (struct err){CAU_OK, ""};
		assert_int_equal(mount_check(mountinfo, path, (i & 2) != 0,
				     (i & 1) != 0, &e),
		    want[i] == NULL ? 0 : -1);
		assert_string_equal(e.text, want[i] == NULL ? "" : want[i]);
		assert_int_equal(
		    e.code, want[i] == NULL ? CAU_OK : CAU_REFUSED);
	}
}

/* The root file system is of this type, with these options. */
static void
test_types(void **state)
{
	static const struct {
		const char *type, *options;
		struct wishes want;
	} cases[] = {
	    {"ext4", "rw", {NULL, NULL, NULL, NULL}},
	    {"tmpfs", "rw,seal", {NULL, NULL, NULL, NULL}},
	    {"cifs", "rw,vers=3.1.1,seal,sec=none",
		{NULL, UNSEEN, NULL, UNSEEN}},
	    {"smb3", "seal", {NULL, UNSEEN, NULL, UNSEEN}},
	    {"cifs", "rw,sec=ntlmsspi,uid=0",
		{NULL, UNSEEN, UNSEALED, UNSEALED}},
	    {"cifs", "rw,sec=krb5i", {NULL, UNSEEN, UNSEALED, UNSEALED}},
	    {"cifs", "rw,sec=ntlmssp",
		{UNSIGNED, UNSIGNED, UNSEALED, UNSEALED}},
	    {"smb3", "rw", {UNSIGNED, UNSIGNED, UNSEALED, UNSEALED}},
	    {"cifs", "rw,sec=", {UNSIGNED, UNSIGNED, UNSEALED, UNSEALED}},
	    /* Options that only begin alike. */
	    {"cifs", "rw,sealed,security=i",
		{UNSIGNED, UNSIGNED, UNSEALED, UNSEALED}},
	    {"cifs", "rw,username=seal",
		{UNSIGNED, UNSIGNED, UNSEALED, UNSEALED}},
	    {"nfs4", "rw,sec=krb5p",
		{NULL, NULL,
		    "RequireSmbEncryption: / is a file system of type nfs4, "
		    "not an SMB share",
		    "RequireSmbEncryption: / is a file system of type nfs4, "
		    "not an SMB share"}},
	    {"fuse.sshfs", "rw",
		{NULL, NULL,
		    "RequireSmbEncryption: / is a file system of type "
		    "fuse.sshfs, not an SMB share",
		    "RequireSmbEncryption: / is a file system of type "
		    "fuse.sshfs, not an SMB share"}},
	};
	char line[256];

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		print_message("  %s %s\n", cases[i].type, cases[i].options);
		(void)snprintf(line, sizeof(line),
		    "40 22 0:35 / / rw,relatime shared:1 - %s //srv/share %s\n",
		    cases[i].type, cases[i].options);
		check(line, "/", &cases[i].want);
	}
}

/* Which mount a path lies on: the longest, and of several the last. */
static void
test_point(void **state)
{
	static const struct wishes passes = {NULL, NULL, NULL, NULL};
	static const struct wishes refused = {
	    "/usr is an SMB share that is neither signed nor encrypted (mount "
	    "option seal, or sec=ntlmsspi, sec=krb5i)",
	    "/usr is an SMB share that is neither signed nor encrypted (mount "
	    "option seal, or sec=ntlmsspi, sec=krb5i)",
	    "RequireSmbEncryption: /usr is not mounted with encryption (mount "
	    "option seal)",
	    "RequireSmbEncryption: /usr is not mounted with encryption (mount "
	    "option seal)"};
	static const struct wishes escaped = {
	    "/no where\\x is an SMB share that is neither signed nor encrypted "
	    "(mount option seal, or sec=ntlmsspi, sec=krb5i)",
	    "/no where\\x is an SMB share that is neither signed nor encrypted "
	    "(mount option seal, or sec=ntlmsspi, sec=krb5i)",
	    "RequireSmbEncryption: /no where\\x is not mounted with encryption "
	    "(mount option seal)",
	    "RequireSmbEncryption: /no where\\x is not mounted with encryption "
	    "(mount option seal)"};
	static const char usr[] =
	    ROOT_LINE "41 22 0:36 / /usr rw - cifs //srv/share rw\n";
	static const char over[] =
	    ROOT_LINE "41 22 0:36 / /usr rw - cifs //srv/share rw\n"
		      "42 41 0:37 / /usr rw - ext4 /dev/sdb rw\n";
	static const char tags[] = ROOT_LINE
	    "41 22 0:36 /sub /usr rw,nosuid shared:2 master:1 - cifs //s rw\n";
	static const char blanks[] = ROOT_LINE
	    "41 22 0:36 / /no\\040where\\134x rw - cifs //srv/share rw\n";

	(void)state;
	check(usr, "/", &passes);
	check(usr, "/usr", &refused);
	check(usr, "/usr/", &refused);
	check(usr, "/usr/bin/..", &refused);
	check(usr, "/usr/no-such-folder", &refused);
	check(usr, "/usrx", &passes);
	check(usr, "/tmp/../usr", &refused);
	check(over, "/usr", &passes);
	check(tags, "/usr", &refused);
	check(blanks, "/no where\\x/y", &escaped);
}

/* Lines that are none do no harm. */
static void
test_odd(void **state)
{
	static const struct wishes passes = {NULL, NULL, NULL, NULL};

	(void)state;
	check("", "/", &passes);
	check("\n\n", "/", &passes);
	check(" - ", "/", &passes);
	check("1 2 3\n", "/", &passes);
	check("1 2 3 4 / - cifs\n", "/", &passes);
	check("1 2 3 4 / - cifs //srv\n", "/", &passes);
	check("1 2 3 4 - cifs //srv rw\n", "/", &passes);
	check("1 2 3 4 \\057\\ - cifs //srv rw\n", "/", &passes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_types),
	    cmocka_unit_test(test_point),
	    cmocka_unit_test(test_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
