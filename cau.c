/* SPDX-License-Identifier: ISC */
/* cau: Cluster-Aware Updating for Linux. The table of commands and main. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cmd.h"
#include "options.h"
#include "text.h"

const struct command commands[] = {
    {"healthcheck", "what speaks against a run; changes nothing",
	HEALTHCHECK_SYNOPSIS, CMD_HEALTH, cmd_healthcheck},
    {"help", "this list, or the options of one command", HELP_SYNOPSIS, 0,
	cmd_help},
    {"plan", "what a run would do, in its order; changes nothing",
	PLAN_SYNOPSIS, CMD_PLAN, cmd_plan},
    {"plugin", "the plug-ins that a run can use", PLUGIN_SYNOPSIS, CMD_PLUGIN,
	cmd_plugin},
    {"query", "check or explain a query for updates, or filter by it",
	QUERY_SYNOPSIS, 0, cmd_query},
    {"recover", "take up a run whose coordinator died", RECOVER_SYNOPSIS,
	CMD_RECOVER, cmd_recover},
    {"replay", "what a journal says, event by event", REPLAY_SYNOPSIS,
	CMD_REPLAY, cmd_replay},
    {"report", "reports of past runs", REPORT_SYNOPSIS, CMD_REPORT, cmd_report},
    {"rules", "check or explain a hotfix configuration file", RULES_SYNOPSIS, 0,
	cmd_rules},
    {"run", "an Updating Run: update every node, one after the other",
	RUN_SYNOPSIS, CMD_RUN, cmd_run},
    {"scan", "what would be installed, per node; changes nothing",
	SCAN_SYNOPSIS, CMD_SCAN, cmd_scan},
    {"status", "the run in progress, or the last one", STATUS_SYNOPSIS,
	CMD_STATUS, cmd_status},
    {"stop", "ask the run in progress to stop at the next safe point",
	STOP_SYNOPSIS, CMD_STOP, cmd_stop},
    {NULL, NULL, NULL, 0, NULL},
};

static void
list_commands(FILE *f)
{
	(void)fputs("usage: cau COMMAND [options]\n"
		    "       cau --version\n\n"
		    "Cluster-Aware Updating: updates every node of a cluster "
		    "in turn.\n\n",
	    f);
	for (const struct command *c = commands; c->name != NULL; c++)
		(void)fprintf(f, "  %-11s %s\n", c->name, c->summary);
	(void)fputs("\nSee cau help COMMAND and the manual, cau(8).\n", f);
}

static const struct command *
find_command(const char *name)
{
	for (const struct command *c = commands; c->name != NULL; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

static int
unknown_command(const char *name)
{
	const char *names[sizeof(commands) / sizeof(*commands)], *near;
	struct buf b = BUF_INIT;
	struct err e;
	size_t n = 0;

	for (const struct command *c = commands; c->name != NULL; c++)
		names[n++] = c->name;
	names[n] = NULL;
	text_printable(&b, name, strlen(name));
	near = text_nearest(name, names);
	(void)err_set(&e, CAU_USAGE, "unknown command '%.60s'%s%s%s", b.data,
	    near == NULL ? "" : " (did you mean ", near == NULL ? "" : near,
	    near == NULL ? "" : "?)");
	buf_release(&b);
	if (command_wants_json())
		print_json_error(name, &e, true);
	(void)fprintf(stderr,
	    "cau: %s\nusage: cau COMMAND [options] (see cau help)\n", e.text);
	return CAU_USAGE;
}

int
cmd_help(int argc, char **argv)
{
	const struct command *c;

	if (argc > 2)
		return command_misuse(
		    "help", HELP_SYNOPSIS, "one command at a time");
	if (argc < 2 || strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "-h") == 0) {
		list_commands(stdout);
		return command_done("help", CAU_OK);
	}
	c = find_command(argv[1]);
	if (c == NULL)
		return unknown_command(argv[1]);
	if (c->run == cmd_query || c->run == cmd_rules) {
		char help[] = "--help", *words[] = {argv[1], help, NULL};

		return c->run(2, words);
	}
	options_help(stdout, c->name, c->options, c->synopsis);
	return command_done("help", CAU_OK);
}

/* Whoever started us without 0, 1 or 2 must not have the journal written to
 * by what is meant for them. */
static int
open_standard_fds(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd == -1)
		return -1;
	return close(fd);
}

/* What else the caller had open, a lock of a cron job perhaps, must not live
 * on in a daemon that an installer leaves on this machine. */
static void
keep_fds_from_children(void)
{
#ifdef SYS_close_range
	const unsigned cloexec = 1U << 2; /* CLOSE_RANGE_CLOEXEC */

	/* Fails on kernels before 5.11: then they are inherited. */
	(void)syscall(SYS_close_range, 3U, UINT_MAX, cloexec);
#endif
}

int
main(int argc, char **argv)
{
	const struct command *c;

	if (open_standard_fds() == -1)
		return CAU_FAILED;
	keep_fds_from_children();
	command_line(argv);
	if (argc < 2) {
		list_commands(stderr);
		return CAU_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		(void)puts("cau " CAU_VERSION);
		return command_done("version", CAU_OK);
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		list_commands(stdout);
		return command_done("help", CAU_OK);
	}
	c = find_command(argv[1]);
	if (c == NULL)
		return unknown_command(argv[1]);
	return c->run(argc - 1, argv + 1);
}
