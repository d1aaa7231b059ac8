/* SPDX-License-Identifier: ISC */
/*
 * The commands. Each takes its words (argv[0] is its name) and returns the
 * exit code of cau; none of them exits.
 */
#ifndef CAU_CMD_H
#define CAU_CMD_H

#include <stdbool.h>

#include "cau.h"

struct command {
	const char *name;
	const char *summary;
	const char *synopsis;
	unsigned options; /* command_bit, 0 when it has a parser of its own */
	int (*run)(int argc, char **argv);
};

/* Sorted by name; ends with a name of NULL. */
extern const struct command commands[];

int cmd_healthcheck(int argc, char **argv);
int cmd_help(int argc, char **argv);
int cmd_plan(int argc, char **argv);
int cmd_plugin(int argc, char **argv);
int cmd_query(int argc, char **argv);
int cmd_recover(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_rules(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_scan(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_stop(int argc, char **argv);

/* Keeps the words that main was given. */
void command_line(char **argv);
/* Is --json one of them? What is misused cannot be asked more exactly. */
bool command_wants_json(void);

/* {"format":1,"command":...,"error":...} to stdout, for --json. */
void print_json_error(const char *command, const struct err *e, bool one_line);
/* "cau NAME: text" to stderr; returns the exit code of e. */
int command_fail(const char *name, const struct err *e);
/* One reason and one usage line to stderr, and the reason as JSON to stdout
 * when that is wanted; returns CAU_USAGE. */
int command_misuse(const char *name, const char *synopsis, const char *fmt, ...)
    CAU_PRINTF(3, 4);
/* Flushes stdout; a full disk is an error. Returns code or CAU_FAILED. */
int command_done(const char *name, int code);

#define SCAN_SYNOPSIS	 "[options]"
#define RUN_SYNOPSIS	 "[options]"
#define PLAN_SYNOPSIS	 "[--out FILE] [options]"
#define RECOVER_SYNOPSIS "[--abandon] [--after-restart] [--json] [-q]"
#define STATUS_SYNOPSIS	 "[--watch] [--json]"
#define STOP_SYNOPSIS	 "[--now] [--wait] [--json]"
#define REPLAY_SYNOPSIS	 "[RUN | FILE] [--json]"
#define REPORT_SYNOPSIS	 "list | show [RUN] [--json]"
#define PLUGIN_SYNOPSIS \
	"list [NAME] | unregister NAME | register FILE | test FILE"
#define QUERY_SYNOPSIS	     "check | explain QUERY [--json], match QUERY [FILE]"
#define RULES_SYNOPSIS	     "check FILE | explain FILE --file NAME [options]"
#define HEALTHCHECK_SYNOPSIS "[options]"
#define HELP_SYNOPSIS	     "[COMMAND]"

#endif
