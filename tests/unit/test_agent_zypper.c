/* SPDX-License-Identifier: ISC */
/* What zypper says, and what becomes of it. */
#include "agentdump.h"

#define CHECK(cases) AGENT_CHECK(agent_zypper_parse, cases)

#define STREAM(section, body)                                                  \
	section " <?xml version='1.0'?>\n" section " <stream>\n" section       \
		" <message type=\"info\">Loading repository "                  \
		"data...</message>\n" section                                  \
		" <update-status version=\"0.6\"><update-list>\n" body section \
		" </update-list></update-status>\n" section " </stream>\n"
#define PATCHES(body) STREAM("patches", body)
#define PATCH(attributes, body) \
	"patches <update kind=\"patch\" " attributes ">" body "</update>\n"
#define PACKAGE(section, name, version, body)                             \
	section " <update kind=\"package\" name=\"" name                  \
		"\" edition=\"" version "\" arch=\"noarch\" edition-old=" \
		"\"1-1\"><license/>" body                                 \
		"<source url=\"dir:/x\" alias=\"lab\"/></update>\n"
#define BOTH(name, version)                                      \
	STREAM("updates", PACKAGE("updates", name, version, "")) \
	STREAM("all", PACKAGE("all", name, version, ""))
#define INFO(name, interactive, conflicts)                        \
	"info Information for patch " name ":\n"                  \
	"info ------------------------------------\n"             \
	"info Name        : " name "\n"                           \
	"info Interactive : " interactive "\n"                    \
	"info Description : \ninfo     Conflicts : nothing < 1\n" \
	"info Provides    : patch:" name " = 1\n"                 \
	"info Conflicts   : " conflicts "\n"                      \
	"info \n"
#define BASE                                                   \
	"edition=\"1\" arch=\"noarch\" category=\"security\" " \
	"severity=\"important\" pkgmanager=\"false\" "
#define NEEDED BASE "status=\"needed\" "
#define QUIET  "restart=\"false\" interactive=\"false\""

static void
test_patches(void **state)
{
	static const struct agent_case cases[] = {
	    {"", ""},
	    {"tool zypper\nreboot no\n" PATCHES(""), ""},
	    /* As zypper 1.14 wrote it, with output around. */
	    {"tool zypper\npatches Retrieving: lab.rpm [done]\n" PATCHES(
		 PATCH("name=\"S-1\" " NEEDED QUIET,
		     "<status-since time_t=\"1\" text=\"2026\"/>"
		     "<summary>a &lt;fix&gt;</summary>"
		     "<description>one\npatches two</description><license/>"
		     "<source url=\"dir:/x\" alias=\"lab\"/><issue-list>"
		     "<issue type=\"cve\" "
		     "id=\"CVE-2026-1\"><title>t</title>"
		     "</issue><issue type=\"bugzilla\" id=\"7\"/>"
		     "</issue-list>")
		     PATCH("name=\"S-2\" edition=\"1\" arch=\"noarch\" "
			   "category=\"recommended\" severity=\"low\" "
			   "status=\"needed\" restart=\"true\" "
			   "interactive=\"true\"",
			 "<summary/>")) "patches \npatches Warning: "
					"more\n" STREAM("updates",
					    PACKAGE("updates", "a", "2-1", "")
						PACKAGE("updates", "b", "2-1",
						    "")) STREAM("all",
					    PACKAGE("all", "a", "2-1",
						"") PACKAGE("all", "b", "2-1",
						"") PACKAGE("all", "locked",
						"2-1", "")) INFO("S-1", "---",
					    "[3]\ninfo     a.noarch < 2-1\n"
					    "info     c < 2-1\ninfo     "
					    "srcpackage:a < 2-1") INFO("S-2",
					    "reboot", "nothing < 2-1") "reboot "
								       "no\n",
		"[S-1] a <fix> | security Important CVE-2026-1\n"
		"  patch:S-1.noarch 1 <- \n"
		"  a.noarch 2-1 <- 1-1\n"
		"[S-2] S-2 | fix Low reboot\n"
		"  patch:S-2.noarch 1 <- \n"
		"[] b 2-1 | other \n"
		"  b.noarch 2-1 <- 1-1\n"
		"[] locked 2-1 | other  held\n"
		"  locked.noarch 2-1 <- 1-1\n"},
	    /* What waits for zypper itself has a list of its own. */
	    {"patches <stream><update-status><update-list>\n" PATCH(
		 "name=\"U\" edition=\"1\" arch=\"noarch\" "
		 "category=\"yast\" "
		 "pkgmanager=\"true\" restart=\"false\" "
		 "interactive=\"false\"",
		 "") "patches "
		     "</update-list><blocked-update-list>\n" PATCH(
			 "name"
			 "=\"B"
			 "\""
			 " " NEEDED QUIET,
			 "") "patches "
			     "</blocked-update-list></update-status></"
			     "stream>\n",
		"[U] U | other \n  patch:U.noarch 1 <- \n"
		"[B] B | security Important\n  patch:B.noarch 1 <- \n"},
	    /* A kind of its own, held, over, or of no concern. */
	    {PATCHES(PATCH("name=\"H\" " BASE "status=\"unwanted\" " QUIET,
		 "") PATCH("name=\"O\" " BASE "status=\"optional\" " QUIET,
		 "") PATCH("name=\"N\" " BASE "status=\"not needed\" " QUIET,
		 "") PATCH("name=\"A\" " BASE "status=\"applied\" " QUIET, "")),
		"[H] H | security Important held\n"
		"  patch:H.noarch 1 <- \n"
		"[O] O | security Important\n  patch:O.noarch 1 <- \n"
		"[A] A | security Important installed\n"
		"  patch:A.noarch 1 <- \n"},
	    /* A package of it is locked: it cannot be installed. */
	    {PATCHES(PATCH("name=\"S\" " NEEDED QUIET, "")) STREAM(
		 "updates", PACKAGE("updates", "a", "2-1", "")) STREAM("all",
		 PACKAGE("all", "a", "2-1", "") PACKAGE("all", "b", "2-1", ""))
		    INFO("S", "---", "[2]\ninfo     a < 2-1\ninfo     b < 2-1"),
		"[S] S | security Important held\n"
		"  patch:S.noarch 1 <- \n"
		"  a.noarch 2-1 <- 1-1\n  b.noarch 2-1 <- 1-1\n"},
	};

	(void)state;
	CHECK(cases);
}

static void
test_persons(void **state)
{
#define ASKS "restart=\"false\" interactive=\"true\""
#define LINE(name, why)                                        \
	"[" name "] " name " | security Important (" why ")\n" \
	"  patch:" name ".noarch 1 <- \n"
	static const struct agent_case cases[] = {
	    {PATCHES(PATCH("name=\"L\" " NEEDED QUIET,
		 "<license>You must agree.</license>")),
		LINE("L", "a person must agree to its licence")},
	    {PATCHES(PATCH("name=\"M\" " NEEDED ASKS, ""))
		    INFO("M", "message", "x < 1"),
		LINE("M", "a person must read its message")},
	    {PATCHES(PATCH("name=\"M\" " NEEDED ASKS, ""))
		    INFO("M", "reboot | licence", "x < 1"),
		LINE("M", "a person must agree to its licence")},
	    {PATCHES(PATCH("name=\"M\" " NEEDED ASKS, "")),
		LINE("M", "it asks questions that a person must answer")},
	    /* A licence of a package. */
	    {PATCHES(PATCH("name=\"M\" " NEEDED QUIET, "")) STREAM("updates",
		 PACKAGE("updates", "a", "2-1", "<license>Pay.</license>"))
		    INFO("M", "---", "a < 2-1"),
		"[M] M | security Important (a person must agree to the "
		"licence of a package)\n"
		"  patch:M.noarch 1 <- \n  a.noarch 2-1 <- 1-1\n"},
	    {STREAM("updates",
		 PACKAGE("updates", "a", "2-1", "<license>Pay.</license>")),
		"[] a 2-1 | other  (a person must agree to its licence)\n"
		"  a.noarch 2-1 <- 1-1\n"},
	};

	(void)state;
	CHECK(cases);
}

static void
test_installed(void **state)
{
	static const struct agent_case cases[] = {
	    {"tool zypper installed\n" PATCHES(PATCH(
		 "name=\"A\" " BASE "status=\"applied\" " QUIET, "")) INFO("A",
		 "---",
		 "kernel-default.x86_64 < 2") "installed "
					      "|kernel-default|x86_64|2-1|\n"
					      "installed "
					      "|kernel-default|i586|1-1|\n"
					      "installed |a|noarch|0:1-1|\n"
					      "reboot yes kernel-default \n",
		"[A] A | security Important installed reboot pending\n"
		"  patch:A.noarch 1 <- \n"
		"  kernel-default.x86_64 2-1 <- \n"
		"[] a 1-1 | other  installed\n"
		"  a.noarch 1-1 <- \n"
		"[] kernel-default 1-1 | other  installed reboot pending\n"
		"  kernel-default.i586 1-1 <- \n"
		"the node waits for a restart\n"},
	    {"reboot yes \n" BOTH("ucode-intel", "2-1"),
		"[] ucode-intel 2-1 | other  reboot driver\n"
		"  ucode-intel.noarch 2-1 <- 1-1\n"
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
	    {"patches Repository lab is broken\n",
		"error: patches: not the XML of zypper: 'Repository lab is "
		"broken\\n'\n"},
	    {"patches <stream>\npatches <update-list>\n",
		"error: patches: the XML of zypper is cut off: "
		"'<stream>\\n<update-list>\\n'\n"},
	    {"updates <stream><a></stream>\n",
		"error: updates: line 1 of the XML of zypper: Opening and "
		"ending tag mismatch: a line 1 and stream\n"},
	    {"all <?xml version='1.0'?><x><stream></stream></x>\n",
		"error: all: line 1 of the XML of zypper: Premature end of "
		"data in tag x line 1\n"},
	    {"patches <?xml version='1.0'?><!DOCTYPE stream [<!ENTITY a "
	     "'b'>]><stream>&a;</stream>\n",
		"error: patches: line 1 of the XML of zypper: a DOCTYPE is "
		"not allowed\n"},
	    {"patches <stream><message type=\"error\">No repositories "
	     "defined.</message></stream>\n",
		"error: patches: zypper reports an error: 'No repositories "
		"defined.'\n"},
	    {PATCHES(PATCH("name=\"S\" " BASE "status=\"dubious\" " QUIET, "")),
		"error: patches: the status of a patch is not known: "
		"'dubious'\n"},
	    {PATCHES(PATCH("name=\"--root\" " NEEDED QUIET, "")),
		"error: patches: an update without a proper name and "
		"edition: '--root'\n"},
	    {PATCHES(PATCH("name=\"a b\" " NEEDED QUIET, "")),
		"error: patches: an update without a proper name and "
		"edition: 'a b'\n"},
	    {PATCHES(PATCH("name=\"a\"", "")),
		"error: patches: an update without a proper name and "
		"edition: 'a'\n"},
	    {"installed a\n", "error: installed: not |NAME|ARCH|VERSION|: "
			      "'a'\n"},
	    {"reboot maybe\n", "error: reboot: neither yes nor no: 'maybe'\n"},
	    {"reboot no never\n",
		"error: reboot: neither yes nor no: 'no never'\n"},
	};

	(void)state;
	CHECK(cases);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_patches),
	    cmocka_unit_test(test_persons),
	    cmocka_unit_test(test_installed),
	    cmocka_unit_test(test_odd),
	};

	if (argc == 2 && strcmp(argv[1], "dump") == 0)
		return agent_dump_stdin(agent_zypper_parse);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
