/* SPDX-License-Identifier: ISC */
/* What fwupdmgr says, and what becomes of it. */
#include "agentdump.h"

#define CHECK(cases) AGENT_CHECK(agent_fwupd_parse, cases)
#define DEVICE(more, release)                                             \
	"updates {\"Devices\":[{\"Name\":\"Dock\",\"DeviceId\":\"a45d\"," \
	"\"Version\":\"1.0\"" more                                        \
	",\"Releases\":[{\"Version\":\"2.0\"" release "}]}]}\n"
#define EXCLUDED(why)                             \
	"[] Dock 2.0 | other  driver (" why ")\n" \
	"  a45d. 2.0 <- 1.0\n"

static void
test_updates(void **state)
{
	static const struct agent_case cases[] = {
	    {"", ""},
	    {"updates \nreboot no\n", ""},
	    {"updates {\nupdates   \"Devices\" : []\nupdates }\n", ""},
	    /* fwupd 1.9, shortened; the newest release comes first. */
	    {"updates WARNING: This package has not been validated\n"
	     "updates {\n"
	     "updates   \"Devices\" : [\n"
	     "updates     {\n"
	     "updates       \"Name\" : \"System Firmware\",\n"
	     "updates       \"DeviceId\" : "
	     "\"a45df35ac0e948ee180fe216a5f703f32dda163f\",\n"
	     "updates       \"Plugin\" : \"uefi_capsule\",\n"
	     "updates       \"Flags\" : [ \"internal\", \"updatable\", "
	     "\"require-ac\", \"needs-reboot\" ],\n"
	     "updates       \"Version\" : \"2.90\",\n"
	     "updates       \"UpdateState\" : 2,\n"
	     "updates       \"Releases\" : [\n"
	     "updates         { \"Version\" : \"2.91\", \"RemoteId\" : "
	     "\"lvfs\", \"Size\" : 16781312, \"Urgency\" : \"high\",\n"
	     "updates           \"Description\" : "
	     "\"<p>One.</p><ul><li>Two</li></ul>\",\n"
	     "updates           \"Issues\" : [ \"CVE-2026-7\", \"INTEL-1\" ],"
	     "\n"
	     "updates           \"Flags\" : [ \"is-upgrade\" ] },\n"
	     "updates         { \"Version\" : \"2.89\" } ] },\n"
	     "updates     { \"Name\" : \"Dock\", \"DeviceId\" : \"b0\", "
	     "\"Version\" : \"1\", \"Releases\" : [] } ] }\n",
		"[] System Firmware 2.91 | security Important CVE-2026-7 "
		"reboot driver\n"
		"  a45df35ac0e948ee180fe216a5f703f32dda163f. 2.91 <- 2.90\n"},
	    {DEVICE("", ",\"Urgency\":\"critical\""),
		"[] Dock 2.0 | critical Critical driver\n"
		"  a45d. 2.0 <- 1.0\n"},
	    {DEVICE("", ",\"Urgency\":\"low\""),
		"[] Dock 2.0 | enhancement Low driver\n"
		"  a45d. 2.0 <- 1.0\n"},
	    {DEVICE("", ",\"Flags\":[\"blocked-approval\"]"),
		"[] Dock 2.0 | other  held driver\n"
		"  a45d. 2.0 <- 1.0\n"},
	};

	(void)state;
	CHECK(cases);
}

static void
test_persons(void **state)
{
	static const struct agent_case cases[] = {
	    {DEVICE(",\"Flags\":[\"needs-shutdown\"]", ""),
		EXCLUDED("it comes into use by switching the machine off, a "
			 "restart is not enough")},
	    {DEVICE(",\"Flags\":[\"needs-bootloader\"]", ""),
		EXCLUDED("a person must bring the device into its update "
			 "mode")},
	    {DEVICE(",\"Flags\":[\"locked\"]", ""),
		EXCLUDED("the device is locked")},
	    {DEVICE("", ",\"UpdateMessage\":\"Unplug it.\""),
		EXCLUDED("a person must do something: Unplug it.")},
	    {DEVICE(",\"UpdateMessage\":\"Press a key.\"", ""),
		EXCLUDED("a person must do something: Press a key.")},
	    {DEVICE(",\"Problems\":[\"lid-is-closed\"]", ""),
		EXCLUDED("the device is not ready: lid-is-closed")},
	    {DEVICE(",\"UpdateState\":4", ""),
		EXCLUDED("an update of this device waits for a restart")},
	    {DEVICE("", ",\"Flags\":[\"blocked-version\"]"),
		EXCLUDED("its version is blocked")},
	};

	(void)state;
	CHECK(cases);
}

static void
test_devices(void **state)
{
	static const struct agent_case cases[] = {
	    {"devices {\"Devices\":[{\"Name\":\"Dock\",\"DeviceId\":\"a\","
	     "\"Version\":\"1\",\"Flags\":[\"updatable\"],\"UpdateState\":4},"
	     "{\"Name\":\"CPU\",\"DeviceId\":\"b\",\"Version\":\"2\","
	     "\"Flags\":[\"internal\"]},"
	     "{\"Name\":\"New\",\"DeviceId\":\"c\",\"Flags\":[\"updatable\"]}"
	     "]}\nreboot yes a \n",
		"[] Dock 1 | other  installed pending driver\n"
		"  a. 1 <- \n"
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
	    {"updates No updates\n",
		"error: updates: not the JSON of fwupdmgr: 'No updates\\n'\n"},
	    {"updates {\"Devices\":[\n",
		"error: updates: ']' expected near end of file: "
		"'{\"Devices\":[\\n'\n"},
	    {"updates {\"Error\":{\"Domain\":\"FwupdError\",\"Code\":1,"
	     "\"Message\":\"Failed to connect\"}}\n",
		"error: updates: fwupdmgr reports an error: 'Failed to "
		"connect'\n"},
	    {"updates {}\n",
		"error: updates: no list of devices in the JSON: '{}\\n'\n"},
	    {"updates {\"Devices\":[1]}\n",
		"error: updates: a device is not an object: "
		"'{\"Devices\":[1]}\\n'\n"},
	    {"updates {\"Devices\":[{\"DeviceId\":\"--force\"}]}\n",
		"error: updates: not the id of a device: '--force'\n"},
	    {"updates {\"Devices\":[{\"DeviceId\":\"a\",\"Releases\":[{"
	     "\"Version\":\"1 2\"}]}]}\n",
		"error: updates: not a version of firmware: '1 2'\n"},
	    {"updates {\"Devices\":[{\"DeviceId\":\"a\",\"Releases\":[{}]}]}"
	     "\n",
		"error: updates: not a version of firmware\n"},
	    {"reboot perhaps\n",
		"error: reboot: neither yes nor no: 'perhaps'\n"},
	};

	(void)state;
	CHECK(cases);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_updates),
	    cmocka_unit_test(test_persons),
	    cmocka_unit_test(test_devices),
	    cmocka_unit_test(test_odd),
	};

	if (argc == 2 && strcmp(argv[1], "dump") == 0)
		return agent_dump_stdin(agent_fwupd_parse);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
