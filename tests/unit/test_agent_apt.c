/* SPDX-License-Identifier: ISC */
/* What node/agent-apt.sh says, of several generations of apt, as updates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"

static struct arena arena;
static struct err err;

/* text: lines "SECTION TEXT" */
static int
parse(struct agent_list *l, const char *text)
{
	struct agent_line *lines;
	size_t n = 0, len;
	const char *blank;

	lines = arena_alloc(&arena, (strlen(text) + 1) * sizeof(*lines));
	for (; *text != '\0'; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		blank = memchr(text, ' ', len);
		assert_non_null(blank);
		lines[n].section =
		    arena_strndup(&arena, text, (size_t)(blank - text));
		lines[n++].text = arena_strndup(
		    &arena, blank + 1, len - (size_t)(blank + 1 - text));
	}
	err.text[0] = '\0';
	return agent_apt_parse(l, lines, n, &arena, &err);
}

static const struct agent_update *
find(const struct agent_list *l, const char *name)
{
	const struct agent_update *found = NULL;

	for (size_t i = 0; i < l->n_updates; i++)
		if (strcmp(l->updates[i].packages->name, name) == 0) {
			assert_null(found);
			found = &l->updates[i];
		}
	return found;
}

#define NOTHING \
	"0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n"

static void
test_nothing(void **state)
{
	struct agent_list l;

	(void)state;
	assert_int_equal(
	    parse(&l, "upgrade " NOTHING "all " NOTHING "reboot no\n"), 0);
	assert_int_equal(l.n_updates, 0);
	assert_false(l.reboot_pending);
}

/* Debian 12, apt 2.6. */
static void
test_bookworm(void **state)
{
	static const char text[] =
	    "upgrade Reading package lists...\n"
	    "upgrade Building dependency tree...\n"
	    "upgrade Calculating upgrade...\n"
	    "upgrade The following packages have been kept back:\n"
	    "upgrade   gone held needy\n"
	    "upgrade   mariadb-server\n"
	    "upgrade The following NEW packages will be installed:\n"
	    "upgrade   linux-image-6.1.0-25-amd64\n"
	    "upgrade 4 upgraded, 1 newly installed, 0 to remove and 3 not "
	    "upgraded.\n"
	    "upgrade Inst openssl [3.0.14-1] (3.0.15-1~deb12u1 "
	    "Debian-Security:12/stable-security [amd64]) []\n"
	    "upgrade Inst linux-image-6.1.0-25-amd64 (6.1.106-3 "
	    "Debian-Security:12/stable-security [amd64])\n"
	    "upgrade Inst libc6:i386 [2.36-9] (2.36-10 Debian:12.7/stable "
	    "[i386]) [libc6:amd64 ]\n"
	    "upgrade Inst python3-jwt [2.6.0-1] (2.6.0-1+deb12u1 "
	    "Debian:12.15/oldstable, "
	    "Debian-Security:12/oldstable-security [all])\n"
	    "upgrade Inst firmware-misc-nonfree [1] (2 Debian "
	    "Backports:12/stable-backports [all])\n"
	    "upgrade Conf openssl (3.0.15-1~deb12u1 "
	    "Debian-Security:12/stable-security [amd64])\n"
	    "upgrade Conf half-done (1.1 Vendor:1/stable [amd64])\n"
	    "all 7 upgraded, 1 newly installed, 1 to remove and 0 not "
	    "upgraded.\n"
	    "all Remv gone [1.0]\n"
	    "all Inst openssl [3.0.14-1] (3.0.15-1~deb12u1 "
	    "Debian-Security:12/stable-security [amd64])\n"
	    "all Inst held [1:1] (1:2 Ubuntu:22.04/jammy-security [amd64])\n"
	    "all Inst mariadb-server [10] (11 Debian:12/stable [amd64])\n"
	    "all Inst new-dependency (11 Debian:12/stable [amd64])\n"
	    "all Inst a [1] (2 x [all])\nall Inst b [1] (2 x [all])\n"
	    "all Inst c [1] (2 x [all])\nall Inst d [1] (2 x [all])\n"
	    "hold held\n"
	    "policy needy\t1\t2\t\tbookworm-security/main\n"
	    "policy libc6-dev\t2.36\t2.37\tbookworm-security/main "
	    "bookworm/main\tbookworm/main\n"
	    "policy libc6\t2.35\t2.37\tbookworm-security/main\t\n"
	    "info openssl\t3.0.15-1~deb12u1\tamd64\t1432\tutils\t"
	    "Secure Sockets Layer toolkit\n"
	    "info openssl\t3.0.15-1~deb12u1\ti386\t99\tutils\twrong\n"
	    "info openssl\t3.0.14-1\tamd64\t99\tutils\twrong\n"
	    "info half-done\t1.1\tamd64\tmany\t\t\n"
	    "reboot yes linux-image-6.1.0-25-amd64 libc6\n"
	    "installed libc6\t2.36\tamd64\t\tlibs\tGNU C Library\n"
	    "installed libc6-dev\t2.36\tamd64\t\tlibs\tGNU C Library\n";
	const struct agent_update *u;
	struct agent_list l;

	(void)state;
	assert_int_equal(parse(&l, text), 0);
	assert_true(l.reboot_pending);
	u = find(&l, "openssl");
	assert_non_null(u);
	assert_int_equal(u->class, AGENT_SECURITY);
	assert_string_equal(u->title, "openssl: Secure Sockets Layer toolkit");
	assert_string_equal(u->packages->version, "3.0.15-1~deb12u1");
	assert_string_equal(u->packages->old_version, "3.0.14-1");
	assert_string_equal(u->packages->arch, "amd64");
	assert_string_equal(u->origin, "Debian-Security:12/stable-security");
	assert_int_equal(u->size_bytes, 1432);
	assert_false(u->held || u->installed || u->driver);
	assert_string_equal(u->excluded, "");
	assert_string_equal(u->advisory, "");
	assert_null(u->cves[0]);
	u = find(&l, "linux-image-6.1.0-25-amd64");
	assert_int_equal(u->class, AGENT_NEW);
	assert_true(u->wants_reboot);
	assert_string_equal(u->packages->old_version, "");
	assert_int_equal(find(&l, "python3-jwt")->class, AGENT_SECURITY);
	u = find(&l, "firmware-misc-nonfree");
	assert_int_equal(u->class, AGENT_ENHANCEMENT);
	assert_true(u->driver);
	u = find(&l, "half-done");
	assert_int_equal(u->class, AGENT_OTHER);
	assert_string_equal(
	    u->description, "1.1 is unpacked, but not configured");
	assert_int_equal(u->size_bytes, 0);
	u = find(&l, "held");
	assert_true(u->held);
	assert_int_equal(u->class, AGENT_SECURITY);
	assert_string_equal(find(&l, "mariadb-server")->excluded,
	    "held back: other packages would have to be removed");
	assert_string_equal(find(&l, "gone")->excluded,
	    "held back: apt would rather remove it");
	u = find(&l, "needy");
	assert_int_equal(u->class, AGENT_SECURITY);
	assert_string_equal(u->packages->version, "2");
	assert_string_equal(u->packages->old_version, "1");
	assert_string_equal(
	    u->excluded, "held back: what it depends on cannot be installed");
	assert_null(find(&l, "new-dependency"));
	/* Twice: once for i386 to be upgraded, once as it is. */
	for (size_t i = 0; i < l.n_updates; i++) {
		u = &l.updates[i];
		if (strcmp(u->packages->name, "libc6") != 0)
			continue;
		assert_true(u->installed
				? u->pending && u->class == AGENT_OTHER
				: strcmp(u->packages->arch, "i386") == 0 &&
				      u->class == AGENT_FIX);
	}
	u = find(&l, "libc6-dev");
	assert_true(u->installed && !u->pending);
	assert_int_equal(u->class, AGENT_SECURITY);
}

/* Ubuntu 22.04, apt 2.4: phased updates. */
static void
test_phased(void **state)
{
	static const char text[] =
	    "upgrade The following upgrades have been deferred due to "
	    "phasing:\n"
	    "upgrade   libnss3 tzdata\n"
	    "upgrade The following packages will be upgraded:\n"
	    "upgrade   curl\n"
	    "upgrade 1 upgraded, 0 newly installed, 0 to remove and 2 not "
	    "upgraded.\n"
	    "upgrade 1 standard LTS security update\n"
	    "upgrade Inst curl [7.81.0-1] (7.81.0-1ubuntu1.16 "
	    "Ubuntu:22.04/jammy-updates, Ubuntu:22.04/jammy-security "
	    "[amd64])\n"
	    "all 2 upgraded, 0 newly installed, 0 to remove and 0 not "
	    "upgraded.\n"
	    "all Inst curl [7.81.0-1] (7.81.0-1ubuntu1.16 "
	    "Ubuntu:22.04/jammy-updates [amd64])\n"
	    "all Inst tzdata [1] (2 Ubuntu:22.04/jammy-updates [all])\n";
	struct agent_list l;

	(void)state;
	assert_int_equal(parse(&l, text), 0);
	assert_int_equal(l.n_updates, 2);
	assert_int_equal(find(&l, "curl")->class, AGENT_SECURITY);
	assert_int_equal(find(&l, "tzdata")->class, AGENT_FIX);
	assert_string_equal(find(&l, "tzdata")->excluded,
	    "apt does not offer it to this node yet (phased update)");
}

/* Debian 6, apt 0.8: no architectures; a repository without a name. */
static void
test_old(void **state)
{
	struct agent_list l;

	(void)state;
	assert_int_equal(
	    parse(&l,
		"upgrade 2 upgraded, 0 newly installed, 0 to remove and 0 not "
		"upgraded.\n"
		"upgrade Inst bash [4.1-3] (4.1-3+deb6u2 "
		"Debian-Security:6.0/squeeze-lts)\n"
		"upgrade Inst local [1] (2 )\n"
		"all " NOTHING),
	    0);
	assert_int_equal(l.n_updates, 2);
	assert_int_equal(find(&l, "bash")->class, AGENT_SECURITY);
	assert_string_equal(find(&l, "bash")->packages->arch, "");
	assert_int_equal(find(&l, "local")->class, AGENT_OTHER);
	assert_string_equal(find(&l, "local")->packages->version, "2");
}

/* What is not understood is an error, and shows where. */
static void
test_wrong(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
	    {"all " NOTHING, "no sum"},
	    {"upgrade " NOTHING, "no sum"},
	    {"upgrade 2 aktualisiert, 0 neu installiert, 0 zu entfernen\n"
	     "all " NOTHING,
		"no sum"},
	    {"upgrade 2 upgraded, 1 newly installed, 0 to remove and 0\n"
	     "upgrade Inst a [1] (2 x [all])\nall " NOTHING,
		"1 steps, less than it says"},
	    {"upgrade " NOTHING "upgrade Inst a\nall " NOTHING,
		"no package and version in \"Inst a\" (upgrade)"},
	    {"upgrade " NOTHING "upgrade Inst a [1\nall " NOTHING, "no ]"},
	    {"upgrade " NOTHING "upgrade Inst a [1] (2\nall " NOTHING,
		"no version"},
	    {"upgrade " NOTHING "upgrade Inst a [1] () []\nall " NOTHING,
		"no version"},
	    {"upgrade " NOTHING "upgrade Inst  (1 x)\nall " NOTHING,
		"no package and version"},
	    {"upgrade " NOTHING "all " NOTHING "all Conf \033[2J (\n",
		"in \"Conf \\x1b[2J (\" (all)"},
	};
	struct agent_list l;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(parse(&l, cases[i].text), -1);
		if (strstr(err.text, cases[i].words) == NULL)
			fail_msg("%zu: %s", i, err.text);
		assert_null(strchr(err.text, '\033'));
	}
}

/* Lines that mean nothing, and names that are none, do no harm here; the
 * words that reach a shell are checked by who makes them (wua_props.c). */
static void
test_noise(void **state)
{
	struct agent_list l;

	(void)state;
	assert_int_equal(
	    parse(&l, "upgrade W: Ziel mehrfach angegeben\nupgrade \n"
		      "upgrade N: Ignoriere \xc3\xa4\nupgrade  Inst x (1 y)\n"
		      "upgrade Inst; rm -rf / (1)\nupgrade Insta [1] (2 x)\n"
		      "upgrade " NOTHING "unknown x\ninfo \ninstalled \n"
		      "upgrade Inst $(reboot) [`x`] (;) [a])\nhold \n"
		      "all " NOTHING "reboot maybe\n"),
	    0);
	assert_false(l.reboot_pending);
	assert_int_equal(l.n_updates, 2);
	assert_string_equal(l.updates[0].packages->name, "$(reboot)");
}

static int
teardown(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_nothing, teardown),
	    cmocka_unit_test_teardown(test_bookworm, teardown),
	    cmocka_unit_test_teardown(test_phased, teardown),
	    cmocka_unit_test_teardown(test_old, teardown),
	    cmocka_unit_test_teardown(test_wrong, teardown),
	    cmocka_unit_test_teardown(test_noise, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
