/* SPDX-License-Identifier: ISC */
/*
 * The options of all commands in one table: parsing, usage lines, help and
 * completion read it, and a test compares it with the manual.
 */
#ifndef CAU_OPTIONS_H
#define CAU_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "arena.h"
#include "event.h"
#include "health.h"
#include "json.h"

/* Commands as bits, to say which options they take. */
enum command_bit {
	CMD_SCAN = 1 << 0,
	CMD_RUN = 1 << 1,
	CMD_RECOVER = 1 << 2,
	CMD_STATUS = 1 << 3,
	CMD_REPORT = 1 << 4,
	CMD_PLUGIN = 1 << 5,
	CMD_STOP = 1 << 6,
	CMD_REPLAY = 1 << 7,
	CMD_HEALTH = 1 << 8,
	CMD_PLAN = 1 << 9
};

struct option_def {
	int id; /* the short letter, or from 256 on */
	const char *name;
	const char *argument; /* NULL: takes none */
	const char *profile;  /* its name in a profile, or NULL */
	unsigned commands;
	const char *help;
};

#define NODES_FILE   "/etc/cau/nodes"
#define PROFILE_FILE "/etc/cau/profile"

#define CHECKS_DIR	"/etc/cau/checks.d"
#define NODE_CHECKS_DIR "/etc/cau/node-checks.d"

#define OPTIONS_MAX 96

/* What a run does when its health check finds something critical. */
enum alert_action { ALERT_STOP, ALERT_PROMPT, ALERT_CONTINUE };

/* Ends with a name of NULL. */
extern const struct option_def option_defs[];

/*
 * What the command line said. run holds the cluster and the run options,
 * complete with defaults once options_cluster has been called. Strings point
 * into argv or the arena.
 */
struct options {
	struct arena arena;
	const char *command;
	unsigned bit;	     /* of the command */
	const char *cluster; /* auto, local, list, pacemaker */
	const char *via;     /* a member of it */
	const char *profile; /* the file; NULL: the default, "": none */
	const char *plan;    /* the file that --plan names, or NULL */
	const char *out;     /* where a plan goes, or NULL */
	json_t *arguments;   /* those that decide what a run does, see below */
	json_t *sealed;	     /* the plan itself, or NULL */
	const char *nodes;
	const char *nodes_file;
	const char *node_order;
	const char *rsh;
	const char *suspend_command;
	const char *resume_command;
	const char *state_dir;
	const char **plugins;
	size_t n_plugins;
	const char **plugin_args;
	size_t n_plugin_args;
	const char *root;
	const char *only, *skip, *min_free;
	const char **acknowledge;
	size_t n_acknowledge;
	struct health_options health;
	enum alert_action alert_action;
	bool nagios;
	bool json;
	bool quiet;
	int verbose;
	bool no_color;
	bool dry_run;
	bool yes;
	bool exit_code;
	bool abandon;
	bool after_restart;
	bool watch;
	bool stop_now;
	bool wait;
	bool no_metadata;
	/* By the number of the definition: */
	bool given[OPTIONS_MAX];
	size_t profile_line[OPTIONS_MAX]; /* 0: not from the profile */
	struct buf warnings; /* to be shown unless it is quiet; lines */
	struct run_info run;
	char **operands; /* what is left of argv */
	int n_operands;
};

/*
 * Parses argv of a command (argv[0] is its name). Returns -1 to go on, or
 * the exit code when the command is over: 0 after --help, CAU_USAGE after a
 * message about misuse.
 */
int options_parse(struct options *o, enum command_bit command,
    const char *synopsis, int argc, char **argv) CAU_MUSTCHECK;
void options_release(struct options *o);

/* Takes one option as if it stood on the command line (value: NULL for one
 * without). options_given: whether it was. */
int options_set(struct options *o, const struct option_def *d,
    const char *value, struct err *e) CAU_MUSTCHECK;
bool options_given(const struct options *o, const struct option_def *d);

/*
 * Adds what the profile says and the command line does not, if there is a
 * profile. On failure (CAU_USAGE, CAU_REFUSED) the lines of o->warnings say
 * what is wrong with it.
 */
int options_profile(struct options *o, struct err *e) CAU_MUSTCHECK;

/*
 * Reads a file that decides what is run: as much is asked of it as of scripts,
 * namely that nobody else could change it (CAU_REFUSED, and lines in
 * o->warnings that say who could). what: "the profile". CAU_USAGE when it
 * cannot be read, is no file or larger than max bytes.
 */
int options_read(struct options *o, const char *what, const char *path,
    size_t max, struct buf *text, struct err *e) CAU_MUSTCHECK;

/* Keeps what was given in o->arguments, pairs of name and value (null for an
 * option without), when it decides what a run does. Paths become absolute. */
void
options_note(struct options *o, const struct option_def *d, const char *value);
/*
 * In the place of a profile: reads the plan of o->plan and takes its
 * arguments, as if they had been given. CAU_USAGE when the command line says
 * something else, or the file is no plan; CAU_REFUSED when others could have
 * changed it, or somebody has.
 */
int options_plan(struct options *o, struct err *e) CAU_MUSTCHECK;

/* What an error calls an option: "--name", or its place in the profile. */
const char *options_label(struct options *o, const char *option);

/* Fills o->run: nodes, plug-ins, words, defaults. */
int options_run_info(struct options *o, struct err *e) CAU_MUSTCHECK;

/* Fills o->health, with defaults. Called by options_run_info. */
int options_health(struct options *o, struct err *e) CAU_MUSTCHECK;

/* "usage: cau ..." and one line per option, to f. */
void
options_help(FILE *f, const char *name, unsigned command, const char *synopsis);

#endif
