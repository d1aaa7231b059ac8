/* SPDX-License-Identifier: ISC */
/* The hotfix root folder: which files are updates, in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "buf.h"
#include "hotfix.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

static const struct rule some_rules[] = {
    {.name = "deb"},
    {.name = "MSU"},
    {.name = "Firmware", .is_folder = true},
    {.name = "bios", .is_folder = true},
};

static struct rules
rules(void)
{
	struct rules r = {NULL, N_ELEMENTS(some_rules)};
	static struct rule copy[N_ELEMENTS(some_rules)];

	memcpy(copy, some_rules, sizeof(copy));
	r.rules = copy;
	return r;
}

/* A folder of these entries, sorted. */
static struct listing *
folder(struct arena *a, const struct entry *entries, size_t n)
{
	struct listing *l = arena_alloc(a, sizeof(*l));

	l->entries = arena_alloc(a, n * sizeof(*entries));
	for (size_t i = 0; i < n; i++)
		l->entries[i] = entries[i];
	l->n = n;
	hotfix_sort(l);
	return l;
}

/* Updates as "path (rule)", what is passed over as "-path: reason". */
static void
show(struct buf *b, const struct hotfix_set *set)
{
	for (size_t i = 0; i < set->n_files; i++)
		buf_addf(b, "%s (%s)\n", set->files[i].path,
		    set->files[i].rule->name);
	for (size_t i = 0; i < set->n_ignored; i++)
		buf_addf(b, "-%s: %s\n", set->ignored[i].path,
		    set->ignored[i].reason);
}

static void
test_sort(void **state)
{
	static const char *const want[] = {"10.deb", "2.deb", "_x", "A.deb",
	    "a.deb", "B.deb", "c.deb", "\xc3\x84.deb"};
	struct entry entries[] = {{.name = "c.deb"}, {.name = "\xc3\x84.deb"},
	    {.name = "a.deb"}, {.name = "B.deb"}, {.name = "A.deb"},
	    {.name = "_x"}, {.name = "2.deb"}, {.name = "10.deb"}};
	struct listing l = {entries, N_ELEMENTS(entries)};

	(void)state;
	hotfix_sort(&l);
	for (size_t i = 0; i < l.n; i++)
		assert_string_equal(l.entries[i].name, want[i]);
	l.n = 0;
	hotfix_sort(&l);
}

static void
test_node_folder(void **state)
{
	static const struct {
		const char *folder, *node;
		bool is;
	} cases[] = {
	    {"n1", "n1", true},
	    {"N1", "n1", true},
	    {"n1", "n1.example.com", true},
	    {"N1.Example.COM", "n1.example.com", true},
	    {"n1.example.com", "n1", false},
	    {"n1.example", "n1.example.com", false},
	    {"n", "n1", false},
	    {"n11", "n1", false},
	    {"n2", "n1", false},
	    {"", "n1", false},
	    {"CAUHotfix_All", "CAUHotfix_All", false},
	    {"cauhotfix_all", "cauhotfix_all.example", false},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		assert_int_equal(
		    hotfix_is_node_folder(cases[i].folder, cases[i].node),
		    cases[i].is);
}

static void
test_collect(void **state)
{
	struct arena a = ARENA_INIT;
	const struct entry in_rule[] = {{"z.bin", ENTRY_FILE, 1, NULL},
	    {"A", ENTRY_FILE, 1, NULL}, {"deeper", ENTRY_FOLDER, 0, NULL},
	    {"link", ENTRY_LINK, 0, NULL}, {"fifo", ENTRY_OTHER, 0, NULL}};
	const struct entry bios[] = {{"1.msu", ENTRY_FILE, 1, NULL}};
	const struct entry in[] = {
	    {"Firmware", ENTRY_FOLDER, 0,
		folder(&a, in_rule, N_ELEMENTS(in_rule))},
	    {"BIOS", ENTRY_FOLDER, 0, folder(&a, bios, 1)},
	    {"docs", ENTRY_FOLDER, 0, NULL},
	    {"b.DEB", ENTRY_FILE, 1, NULL},
	    {"a.x.msu", ENTRY_FILE, 1, NULL},
	    {"readme.txt", ENTRY_FILE, 1, NULL},
	    {"README", ENTRY_FILE, 1, NULL},
	    {"dot.", ENTRY_FILE, 1, NULL},
	    {".deb", ENTRY_FILE, 1, NULL},
	    {"link.deb", ENTRY_LINK, 0, NULL},
	    {"sock.deb", ENTRY_OTHER, 0, NULL},
	    {"dir.deb", ENTRY_FOLDER, 0, NULL},
	};
	struct entry all = {
	    "CAUHotfix_All", ENTRY_FOLDER, 0, folder(&a, in, N_ELEMENTS(in))};
	struct rules r = rules();
	struct buf b = BUF_INIT;
	struct hotfix_set set;

	(void)state;
	hotfix_collect(&set, &all, &r, &a);
	show(&b, &set);
	assert_string_equal(b.data,
	    "CAUHotfix_All/.deb (deb)\n"
	    "CAUHotfix_All/a.x.msu (MSU)\n"
	    "CAUHotfix_All/b.DEB (deb)\n"
	    "CAUHotfix_All/BIOS/1.msu (bios)\n"
	    "CAUHotfix_All/Firmware/A (Firmware)\n"
	    "CAUHotfix_All/Firmware/z.bin (Firmware)\n"
	    "-CAUHotfix_All/dot.: no rule for a name without extension\n"
	    "-CAUHotfix_All/link.deb: a symbolic link is not followed\n"
	    "-CAUHotfix_All/README: no rule for a name without extension\n"
	    "-CAUHotfix_All/readme.txt: no rule for extension .txt\n"
	    "-CAUHotfix_All/sock.deb: not a regular file\n"
	    "-CAUHotfix_All/dir.deb: no folder rule of this name\n"
	    "-CAUHotfix_All/docs: no folder rule of this name\n"
	    "-CAUHotfix_All/Firmware/deeper: a folder inside a rule folder\n"
	    "-CAUHotfix_All/Firmware/fifo: not a regular file\n"
	    "-CAUHotfix_All/Firmware/link: a symbolic link is not followed\n");
	buf_release(&b);
	arena_release(&a);
}

static void
test_empty(void **state)
{
	struct arena a = ARENA_INIT;
	struct entry empty = {"n1", ENTRY_FOLDER, 0, folder(&a, NULL, 0)};
	struct rules r = rules();
	struct hotfix_set set;

	(void)state;
	hotfix_collect(&set, &empty, &r, &a);
	assert_int_equal(set.n_files, 0);
	assert_int_equal(set.n_ignored, 0);
	arena_release(&a);
}

static void
test_strays(void **state)
{
	static const char *const nodes[] = {"n1.example.com", "n2"};
	struct arena a = ARENA_INIT;
	const struct entry in[] = {
	    {"DefaultHotfixConfig.xml", ENTRY_FILE, 1, NULL},
	    {"defaulthotfixconfig.xml", ENTRY_FILE, 1, NULL},
	    {"cauhotfix_ALL", ENTRY_FOLDER, 0, NULL},
	    {"N1", ENTRY_FOLDER, 0, NULL},
	    {"n2", ENTRY_LINK, 0, NULL},
	    {"n3", ENTRY_FOLDER, 0, NULL},
	    {"fix.deb", ENTRY_FILE, 1, NULL},
	};
	struct buf b = BUF_INIT;
	struct hotfix_set set;

	(void)state;
	hotfix_strays(&set, folder(&a, in, N_ELEMENTS(in)),
	    "DefaultHotfixConfig.xml", nodes, N_ELEMENTS(nodes), &a);
	show(&b, &set);
	assert_string_equal(b.data,
	    "-defaulthotfixconfig.xml: lies in the root folder itself\n"
	    "-fix.deb: lies in the root folder itself\n"
	    "-n2: a symbolic link is not followed\n"
	    "-n3: no node of this name\n");
	buf_release(&b);
	arena_release(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sort),
	    cmocka_unit_test(test_node_folder),
	    cmocka_unit_test(test_collect),
	    cmocka_unit_test(test_empty),
	    cmocka_unit_test(test_strays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
