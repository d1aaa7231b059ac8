/* SPDX-License-Identifier: ISC */
/* What dnf says, and what becomes of it. */
#include "agentdump.h"

#define CHECK(cases) AGENT_CHECK(agent_dnf_parse, cases)
#define UP(name, version)                                     \
	"upgrade |" name "|0|" version "|1|noarch|lab|100|\n" \
	"check " name ".noarch " version "-1"                 \
	" lab\n"

/* dnf 4.14, as recorded; a table that was too narrow for a name. */
static void
test_dnf4(void **state)
{
	static const struct agent_case cases[] = {
	    {"", ""},
	    {"tool dnf4\ncheck \nreboot no\n", ""},
	    {"tool dnf4\n"
	     "check \n"
	     "check cau-epoch.noarch                1:1.1-1         lab\n"
	     "check cau-sec.x86_64                  1.1-1           lab\n"
	     "check a-package-with-a-name-that-is-long.noarch\n"
	     "check                                 20.1~rc2-1.fc9\n"
	     "check                                                 updates\n"
	     "check kernel.x86_64                   6.1-1           lab\n"
	     "check Obsoleting Packages\n"
	     "check new.noarch                      2-1             lab\n"
	     "check     old.noarch                  1-1             @lab\n"
	     "check Security: kernel-6.1-1.x86_64 is an installed security "
	     "update\n"
	     "upgrade |cau-epoch|1|1.1|1|noarch|lab|100|\n"
	     "upgrade |cau-sec|0|1.1|1|x86_64|lab|6340|\n"
	     "upgrade |cau-held|0|1.1|1|noarch|lab|7|\n"
	     "upgrade |kernel|0|6.1|1|x86_64|lab|1|\n"
	     "list LAB-SA-2026:1 Important/Sec. cau-sec-1.1-1.x86_64\n"
	     "list LAB-SA-2026:1 Important/Sec. cau-gone-1.1-1.x86_64\n"
	     "list LAB-SA-2026:2 Moderate/Sec.  kernel-6.1-1.x86_64\n"
	     "list LAB-RU-2026:3 bugfix         cau-held-1.1-1.noarch\n"
	     "list LAB-RU-2026:4 enhancement    cau-epoch-1:1.1-1.noarch\n"
	     "list LAB-RU-2026:5 newpackage     cau-none-1.1-1.noarch\n"
	     "info ======================================================\n"
	     "info   the security fix\n"
	     "info ======================================================\n"
	     "info   Update ID: LAB-SA-2026:1\n"
	     "info        Type: security\n"
	     "info     Updated: 2026-11-02 00:00:00\n"
	     "info        Bugs: 1 - one: two\n"
	     "info            : 2 - another\n"
	     "info        CVEs: CVE-2026-0001\n"
	     "info            : CVE-2026-0002\n"
	     "info Description: What the fix does:\n"
	     "info            : \n"
	     "info            : Severity: none\n"
	     "info    Severity: Important\n"
	     "info \n"
	     "info ======================================================\n"
	     "info   a title:\n"
	     "info   of two lines\n"
	     "info ======================================================\n"
	     "info   Update ID : LAB-SA-2026:2\n"
	     "info      Rights : nobody's\n"
	     "installed |kernel|x86_64|6.0-1|\n"
	     "installed |cau-sec|x86_64|1.0-1|\n"
	     "installed |cau-epoch|noarch|1:1.0-1|\n"
	     "reboot no\n",
		"[LAB-SA-2026:1] the security fix | security Important "
		"CVE-2026-0001 CVE-2026-0002\n"
		"  cau-sec.x86_64 1.1-1 <- 1.0-1\n"
		"[LAB-SA-2026:2] a title: of two lines | security Moderate "
		"reboot\n"
		"  kernel.x86_64 6.1-1 <- 6.0-1\n"
		"[LAB-RU-2026:3] LAB-RU-2026:3 | fix  held\n"
		"  cau-held.noarch 1.1-1 <- \n"
		"[LAB-RU-2026:4] LAB-RU-2026:4 | enhancement \n"
		"  cau-epoch.noarch 1:1.1-1 <- 1:1.0-1\n"
		"[] a-package-with-a-name-that-is-long 20.1~rc2-1.fc9 | other "
		"\n"
		"  a-package-with-a-name-that-is-long.noarch 20.1~rc2-1.fc9 "
		"<- \n"},
	    /* Two advisories name a package: both bring its newest version. */
	    {UP("a", "1.2") "list S Critical/Sec. a-1.1-1.noarch\n"
			    "list S Critical/Sec. a-1.0-1.noarch\n"
			    "list F bugfix a-1.2-1.noarch\n"
			    "list O unknown a-1.2-1.noarch\n",
		"[S] S | security Critical\n  a.noarch 1.2-1 <- \n"
		"[F] F | fix \n  a.noarch 1.2-1 <- \n"
		"[O] O | other \n  a.noarch 1.2-1 <- \n"},
	    /* Locked to a version between. */
	    {"check a.noarch 1.1-1 lab\nupgrade |a|0|1.2|1|noarch|lab|9|\n",
		"[] a 1.1-1 | other \n  a.noarch 1.1-1 <- \n"},
	    /* Held as a whole, or only a part. */
	    {UP("a", "2") "upgrade |b|0|2|1|noarch|lab|9|\n"
			  "list S Low/Sec. a-2-1.noarch\n"
			  "list S Low/Sec. b-2-1.noarch\n"
			  "list T Low/Sec. b-2-1.noarch\n",
		"[S] S | security Low\n  a.noarch 2-1 <- \n"
		"[T] T | security Low held\n  b.noarch 2-1 <- \n"},
	    {UP("kmod-x", "2") UP("linux-firmware", "3") UP("kernel-core", "4"),
		"[] kernel-core 4-1 | other  reboot\n"
		"  kernel-core.noarch 4-1 <- \n"
		"[] kmod-x 2-1 | other  driver\n  kmod-x.noarch 2-1 <- \n"
		"[] linux-firmware 3-1 | other  reboot driver\n"
		"  linux-firmware.noarch 3-1 <- \n"},
	};

	(void)state;
	CHECK(cases);
}

static void
test_dnf5(void **state)
{
	static const struct agent_case cases[] = {
	    {"tool dnf5\nlist-json []\ninfo-json {}\n", ""},
	    {"tool dnf5\nlist-json []\ninfo-json []\n", ""},
	    /* 5.0: a table; without a severity its column is empty. */
	    {UP("a", "2") UP("b",
		 "2") "list Name      Type     Severity  Package   Issued\n"
		      "list FEDORA-1  security Important a-2-1.noarch "
		      "2026-01-31 03:00:00\n"
		      "list FEDORA-2  bugfix             b-2-1.noarch "
		      "2026-01-31 03:00:00\n",
		"[FEDORA-1] FEDORA-1 | security Important\n"
		"  a.noarch 2-1 <- \n"
		"[FEDORA-2] FEDORA-2 | fix \n  b.noarch 2-1 <- \n"},
	    {UP("a", "2") UP("b",
		 "2") "list-json [\n"
		      "list-json   { \"name\":\"FEDORA-1\", "
		      "\"type\":\"security\",\n"
		      "list-json \"severity\":\"Critical\", "
		      "\"nevra\":\"a-2-1.noarch\", \"buildtime\":\"2026\" },\n"
		      "list-json   { \"name\":\"FEDORA-2\", "
		      "\"type\":\"enhancement\",\n"
		      "list-json \"severity\":\"None\", "
		      "\"nevra\":\"b-0:2-1.noarch\" } ]\n"
		      "info-json { \"FEDORA-1\":{ \"Name\":\"FEDORA-1\", "
		      "\"Title\":\"a-2-1\", \"Severity\":\"Critical\",\n"
		      "info-json \"Type\":\"security\", "
		      "\"Description\":\"One\\ntwo\", \"references\":[\n"
		      "info-json {\"Id\":\"CVE-2026-1\",\"Type\":\"cve\"},"
		      "{\"Id\":\"22\",\"Type\":\"bugzilla\"}],\n"
		      "info-json "
		      "\"collections\":{\"packages\":[\"a-2-1.noarch\"]"
		      "}}}\n",
		"[FEDORA-1] a-2-1 | security Critical CVE-2026-1\n"
		"  a.noarch 2-1 <- \n"
		"[FEDORA-2] FEDORA-2 | enhancement \n"
		"  b.noarch 2-1 <- \n"},
	};

	(void)state;
	CHECK(cases);
}

static void
test_installed(void **state)
{
	static const struct agent_case cases[] = {
	    {"tool dnf4\ninstalled |a|noarch|0:1-1|\nreboot yes kernel\n",
		"the node waits for a restart\n"},
	    {"tool dnf4 installed\n"
	     "installed |a|noarch|1-1|\ninstalled |kernel|x86_64|6-1|\n"
	     "installed |b|noarch|1:2-1|\n"
	     "done-list S Low/Sec. kernel-6-1.x86_64\n"
	     "done-list i F bugfix a-0:1-1.noarch\n"
	     "done-info ==========\ndone-info a fix\ndone-info ==========\n"
	     "done-info Update ID: F\n"
	     "reboot yes glibc kernel \n",
		"[S] S | security Low installed reboot pending\n"
		"  kernel.x86_64 6-1 <- \n"
		"[F] a fix | fix  installed\n  a.noarch 1-1 <- \n"
		"[] b 1:2-1 | other  installed\n  b.noarch 1:2-1 <- \n"
		"the node waits for a restart\n"},
	};

	(void)state;
	CHECK(cases);
}

static void
test_odd(void **state)
{
	static const struct agent_case cases[] = {
	    {"nonsense x\n",
		"error: nonsense: this section is not known: 'x'\n"},
	    {"check Error: no such repository lab\n",
		"error: check: not a package, a version, a repository: "
		"'Error: no such repository lab'\n"},
	    {"check a.noarch 1-1\n", "error: check: a row is not whole: "
				     "'a.noarch'\n"},
	    {"check a.noarch 1-1\ncheck \n",
		"error: check: not a package, a version, a repository\n"},
	    {"check a.noarch 1-1\ncheck Obsoleting Packages\n",
		"error: check: a row is not whole: 'Obsoleting Packages'\n"},
	    {"check noarch 1-1 lab\n",
		"error: check: not a package, a version, a repository: "
		"'noarch 1-1 lab'\n"},
	    {"check a.noarch 11 lab\n",
		"error: check: not a package, a version, a repository: "
		"'a.noarch 11 lab'\n"},
	    {"check --nogpgcheck.noarch 1-1 lab\n",
		"error: check: not a package, a version, a repository: "
		"'--nogpgcheck.noarch 1-1 lab'\n"},
	    {"check $(reboot).noarch 1-1 lab\n",
		"error: check: not a package, a version, a repository: "
		"'$(reboot).noarch 1-1 lab'\n"},
	    {"upgrade a|0|1|1|noarch|lab|1|\n",
		"error: upgrade: not "
		"|NAME|EPOCH|VERSION|RELEASE|ARCH|REPOSITORY|SIZE|: "
		"'a|0|1|1|noarch|lab|1|'\n"},
	    {"upgrade |a|0|1|1|noarch|lab|\n",
		"error: upgrade: not "
		"|NAME|EPOCH|VERSION|RELEASE|ARCH|REPOSITORY|SIZE|: "
		"'|a|0|1|1|noarch|lab|'\n"},
	    {"upgrade |a||1|1|noarch|lab|99999999999999999999999|\n"
	     "check a.noarch 1-1 lab\n",
		"[] a 1-1 | other \n  a.noarch 1-1 <- \n"},
	    {"installed a 1\n",
		"error: installed: not |NAME|ARCH|VERSION|: 'a 1'\n"},
	    {"list A security\n", "error: list: not an advisory with its "
				  "package: 'A security'\n"},
	    {"list A bugfix nothing\n", "error: list: not an advisory with "
					"its package: 'A bugfix nothing'\n"},
	    {"list A bugfix a--1.noarch\n",
		"error: list: not an advisory with its package: 'A bugfix "
		"a--1.noarch'\n"},
	    {"list A bugfix -1-1.noarch\n",
		"error: list: not an advisory with its package: 'A bugfix "
		"-1-1.noarch'\n"},
	    {"list A B C D E F G H\n", "error: list: not an advisory with its "
				       "package: 'A B C D E F G H'\n"},
	    {"info Update ID: A\n", "error: info: not part of an advisory: "
				    "'Update ID: A'\n"},
	    {"info ==========\ninfo t\ninfo ==========\ninfo what\n",
		"error: info: not part of an advisory: 'what'\n"},
	    {"info ==========\ninfo t\ninfo ==========\ninfo Type: x\n",
		"error: info: an advisory without Update ID: 'Type: x'\n"},
	    {"info ==========\ninfo t\ninfo ==========\ninfo : x\n",
		"error: info: not part of an advisory: ': x'\n"},
	    {"list-json [\n", "error: list-json: ']' expected near end of "
			      "file: '[\\n'\n"},
	    {"list-json {}\n", "error: list-json: not a list of advisories\n"},
	    {"list-json [1]\n", "error: list-json: an advisory without name\n"},
	    {"list-json [{\"name\":\"A\",\"nevra\":1}]\n",
		"error: list-json: not an advisory with its package\n"},
	    {"info-json [1]\n", "error: info-json: not a table of "
				"advisories\n"},
	    {"info-json {\"A\":1}\n",
		"error: info-json: not an advisory: 'A'\n"},
	    {"reboot perhaps\n",
		"error: reboot: neither yes nor no: 'perhaps'\n"},
	    {"check \x1b[31mred\n",
		"error: check: a row is not whole: '\\x1b[31mred'\n"},
	};

	(void)state;
	CHECK(cases);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_dnf4),
	    cmocka_unit_test(test_dnf5),
	    cmocka_unit_test(test_installed),
	    cmocka_unit_test(test_odd),
	};

	if (argc == 2 && strcmp(argv[1], "dump") == 0)
		return agent_dump_stdin(agent_dnf_parse);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
