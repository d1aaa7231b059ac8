/* SPDX-License-Identifier: ISC */
/* The options of all commands. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "names.h"
#include "text.h"
#include "words.h"

#define CONNECT_TIMEOUT_MS 15000
#define CONTACT_TIMEOUT_MS 300000
#define REBOOT_TIMEOUT_MS  900000
#define NODES_FILE	   "/etc/cau/nodes"
#define NODES_FILE_MAX	   (1U << 20)

enum {
	OPT_CLUSTER = 256,
	OPT_NODES,
	OPT_NODES_FILE,
	OPT_RSH,
	OPT_SUDO,
	OPT_PARALLEL,
	OPT_ROOT,
	OPT_STATE_DIR,
	OPT_NODE_STATE_DIR,
	OPT_MAX_FAILED,
	OPT_MAX_UNAVAILABLE,
	OPT_REBOOT_TIMEOUT,
	OPT_CONNECT_TIMEOUT,
	OPT_CONTACT_TIMEOUT,
	OPT_ALLOW_SELF_REBOOT,
	OPT_REINSTALL,
	OPT_SUSPEND_COMMAND,
	OPT_RESUME_COMMAND,
	OPT_EXIT_CODE,
	OPT_ABANDON,
	OPT_NO_METADATA,
	OPT_JSON,
	OPT_NO_COLOR
};

#define BOTH  (CMD_SCAN | CMD_RUN)
#define STATE (CMD_SCAN | CMD_RUN | CMD_RECOVER | CMD_STATUS | CMD_REPORT)
#define ANY   (STATE | CMD_PLUGIN)

const struct option_def option_defs[] = {
    {OPT_NODES, "nodes", "a,b=addr,...", BOTH,
	"nodes by name; an address is what the remote shell takes"},
    {OPT_NODES_FILE, "nodes-file", "FILE", BOTH,
	"a node a line, as with --nodes (default " NODES_FILE ")"},
    {OPT_CLUSTER, "cluster", "auto|local|list", BOTH,
	"auto: list if there are nodes, else this machine"},
    {'p', "plugin", "NAME[,NAME...]", BOTH, "plug-ins, in install order"},
    {'a', "plugin-args", "N=V;N=\"V W\"", BOTH,
	"arguments, once per plug-in in the order of -p"},
    {OPT_ROOT, "root", "DIR", BOTH,
	"Microsoft.HotfixPlugin with this hotfix root folder"},
    {OPT_RSH, "rsh", "'CMD ARGS'", BOTH, "remote shell (default ssh)"},
    {OPT_SUDO, "sudo", NULL, BOTH, "become root on the nodes by sudo -n"},
    {OPT_PARALLEL, "parallel", "N", BOTH,
	"nodes scanned and staged at the same time (default 32)"},
    {OPT_CONNECT_TIMEOUT, "connect-timeout", "TIME", BOTH,
	"for a connection to a node (default 15s)"},
    {OPT_CONTACT_TIMEOUT, "contact-timeout", "TIME", CMD_RUN,
	"how long a lost node is looked for (default 5m)"},
    {OPT_REBOOT_TIMEOUT, "reboot-timeout", "TIME", CMD_RUN,
	"for the restart of a node (default 15m)"},
    {OPT_MAX_FAILED, "max-failed-nodes", "N", CMD_RUN,
	"stop when more nodes failed (default a third of them)"},
    {OPT_MAX_UNAVAILABLE, "max-unavailable", "N", CMD_RUN,
	"nodes out of service at the same time (default 1)"},
    {OPT_SUSPEND_COMMAND, "suspend-command", "'CMD ARGS'", CMD_RUN,
	"run here with the node's name to take it out of service"},
    {OPT_RESUME_COMMAND, "resume-command", "'CMD ARGS'", CMD_RUN,
	"run here with the node's name to put it back"},
    {OPT_ALLOW_SELF_REBOOT, "allow-self-reboot", NULL, CMD_RUN,
	"this very machine may be restarted"},
    {OPT_REINSTALL, "reinstall", NULL, BOTH,
	"install what receipts and package database say is there"},
    {OPT_NO_METADATA, "no-metadata", NULL, CMD_SCAN,
	"names and sizes only; no file is opened"},
    {OPT_ABANDON, "abandon", NULL, CMD_RECOVER,
	"give the run up: put nodes back, install nothing"},
    {OPT_EXIT_CODE, "exit-code", NULL, CMD_SCAN,
	"exit 100 when updates are applicable"},
    {'n', "dry-run", NULL, CMD_RUN, "scan and say what would be done"},
    {'y', "yes", NULL, CMD_RUN, "do not ask"},
    {OPT_STATE_DIR, "state-dir", "DIR", STATE,
	"runs and reports (default /var/lib/cau, or $CAU_STATE_DIR)"},
    {OPT_NODE_STATE_DIR, "node-state-dir", "DIR", BOTH,
	"on the nodes (default /var/lib/cau/node)"},
    {OPT_JSON, "json", NULL, ANY, "one JSON document on stdout"},
    {'q', "quiet", NULL, ANY, "no progress, no warnings"},
    {'v', "verbose", NULL, ANY, "say more"},
    {OPT_NO_COLOR, "no-color", NULL, ANY, "no colour on a terminal"},
    {'h', "help", NULL, ANY, "this help"},
    {0, NULL, NULL, 0, NULL},
};

int
command_fail(const char *name, const struct err *e)
{
	struct buf b = BUF_INIT;

	text_printable(&b, e->text, strlen(e->text));
	(void)fprintf(stderr, "cau %s: %s\n", name, b.data);
	buf_release(&b);
	return (int)e->code;
}

int
command_misuse(const char *name, const char *synopsis, const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	va_list ap;
	char *text = NULL;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) == -1)
		text = NULL;
	va_end(ap);
	if (text != NULL)
		text_printable(&b, text, strlen(text));
	free(text);
	(void)fprintf(stderr,
	    "cau %s: %s\nusage: cau %s %s (see cau help %s)\n", name, b.data,
	    name, synopsis, name);
	buf_release(&b);
	return CAU_USAGE;
}

int
command_done(const char *name, int code)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return code;
	(void)fprintf(stderr, "cau %s: cannot write to standard output: %s\n",
	    name, strerror(errno));
	return code == CAU_OK || code == CAU_APPLICABLE ? CAU_FAILED : code;
}

void
options_help(FILE *f, const char *name, unsigned command, const char *synopsis)
{
	const struct option_def *d;
	char left[64];

	(void)fprintf(f, "usage: cau %s %s\n", name, synopsis);
	for (d = option_defs; d->name != NULL; d++) {
		if ((d->commands & command) == 0)
			continue;
		(void)snprintf(left, sizeof(left), "%c%c%s --%s%s%s",
		    d->id < 256 ? '-' : ' ', d->id < 256 ? d->id : ' ',
		    d->id < 256 ? "," : " ", d->name,
		    d->argument == NULL ? "" : " ",
		    d->argument == NULL ? "" : d->argument);
		(void)fprintf(f, "  %-34s %s\n", left, d->help);
	}
}

/* An array that grows by one string. */
static void
append(struct arena *a, const char ***list, size_t *n, const char *s)
{
	const char **more = arena_alloc(a, (*n + 2) * sizeof(*more));

	if (*n > 0)
		memcpy(more, *list, *n * sizeof(*more));
	more[(*n)++] = s;
	*list = more;
}

static void
append_names(struct options *o, const char *list)
{
	const char *p = list, *end;

	for (;; p = end + 1) {
		end = p + strcspn(p, ",");
		append(&o->arena, &o->plugins, &o->n_plugins,
		    arena_strndup(&o->arena, p, (size_t)(end - p)));
		if (*end == '\0')
			return;
	}
}

static int
take_number(int64_t *out, uint64_t min, uint64_t max, struct err *e)
{
	uint64_t v;

	if (text_u64(optarg, min, max, &v, e) == -1)
		return -1;
	*out = (int64_t)v;
	return 0;
}

static int
take_option(struct options *o, int id, struct err *e)
{
	struct run_info *r = &o->run;

	switch (id) {
	case OPT_CLUSTER:
		o->cluster = optarg;
		return 0;
	case OPT_NODES:
		o->nodes = optarg;
		return 0;
	case OPT_NODES_FILE:
		o->nodes_file = optarg;
		return 0;
	case OPT_RSH:
		o->rsh = optarg;
		return 0;
	case OPT_SUDO:
		r->sudo = true;
		return 0;
	case OPT_PARALLEL:
		return take_number(&r->parallel, 1, 1000, e);
	case OPT_ROOT:
		o->root = optarg;
		return 0;
	case OPT_STATE_DIR:
		o->state_dir = optarg;
		return 0;
	case OPT_NODE_STATE_DIR:
		r->node_state_dir = optarg;
		return 0;
	case OPT_MAX_FAILED:
		o->max_failed_given = true;
		return take_number(&r->max_failed_nodes, 0, 100000, e);
	case OPT_MAX_UNAVAILABLE:
		return take_number(&r->max_unavailable, 1, 1000, e);
	case OPT_REBOOT_TIMEOUT:
		return text_duration(optarg, 60000, &r->reboot_timeout_ms, e);
	case OPT_CONNECT_TIMEOUT:
		return text_duration(optarg, 1000, &r->connect_timeout_ms, e);
	case OPT_CONTACT_TIMEOUT:
		return text_duration(optarg, 1000, &r->contact_timeout_ms, e);
	case OPT_ALLOW_SELF_REBOOT:
		r->allow_self_reboot = true;
		return 0;
	case OPT_REINSTALL:
		r->reinstall = true;
		return 0;
	case OPT_SUSPEND_COMMAND:
		o->suspend_command = optarg;
		return 0;
	case OPT_RESUME_COMMAND:
		o->resume_command = optarg;
		return 0;
	case OPT_EXIT_CODE:
		o->exit_code = true;
		return 0;
	case OPT_ABANDON:
		o->abandon = true;
		return 0;
	case OPT_NO_METADATA:
		o->no_metadata = true;
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	case OPT_NO_COLOR:
		o->no_color = true;
		return 0;
	case 'p':
		append_names(o, optarg);
		return 0;
	case 'a':
		append(&o->arena, &o->plugin_args, &o->n_plugin_args, optarg);
		return 0;
	case 'n':
		o->dry_run = true;
		return 0;
	case 'y':
		return 0;
	case 'q':
		o->quiet = true;
		return 0;
	case 'v':
		o->verbose++;
		return 0;
	default:
		return err_set(e, CAU_USAGE, "option not handled");
	}
}

static void
set_defaults(struct options *o, const char *command)
{
	const char *dir = getenv("CAU_STATE_DIR");

	memset(o, 0, sizeof(*o));
	o->command = command;
	o->cluster = "auto";
	o->rsh = "ssh";
	o->suspend_command = o->resume_command = "";
	o->state_dir = dir == NULL || *dir == '\0' ? "/var/lib/cau" : dir;
	o->run.node_state_dir = "/var/lib/cau/node";
	o->run.parallel = 32;
	o->run.max_unavailable = 1;
	o->run.connect_timeout_ms = CONNECT_TIMEOUT_MS;
	o->run.contact_timeout_ms = CONTACT_TIMEOUT_MS;
	o->run.reboot_timeout_ms = REBOOT_TIMEOUT_MS;
}

static const char *
name_of(int id)
{
	const struct option_def *d;

	for (d = option_defs; d->name != NULL; d++)
		if (d->id == id)
			return d->name;
	return "";
}

/* What getopt_long did not like, with the nearest long option. */
static int
complain(struct options *o, unsigned command, const char *synopsis, char **argv,
    int c)
{
	const char *names[64], *word = argv[optind - 1], *near;
	const struct option_def *d;
	struct buf fit = BUF_INIT;
	size_t n = 0, bare, len, fits = 0;

	/* Without the value, as in --root=DIR. */
	word = arena_strndup(&o->arena, word, strcspn(word, "="));
	bare = strspn(word, "-");
	len = strlen(word + bare);
	for (d = option_defs; d->name != NULL && n < 63; d++) {
		if ((d->commands & command) == 0)
			continue;
		names[n++] = d->name;
		if (len == 0 || strncmp(d->name, word + bare, len) != 0)
			continue;
		buf_addf(&fit, "%s--%s", fits++ == 0 ? "" : ", ", d->name);
	}
	names[n] = NULL;
	near = fits > 1 ? arena_strdup(&o->arena, fit.data) : NULL;
	buf_release(&fit);
	if (c == '?' && optopt == 0 && near != NULL)
		return command_misuse(o->command, synopsis,
		    "%s is the beginning of more than one option: %s", word,
		    near);
	if (c == ':')
		return command_misuse(
		    o->command, synopsis, "%s needs a value", word);
	if (optopt != 0 && optopt < 256)
		return command_misuse(
		    o->command, synopsis, "unknown option -%c", optopt);
	if (optopt != 0)
		return command_misuse(
		    o->command, synopsis, "%s takes no value", word);
	near = text_nearest(word + bare, names);
	return command_misuse(o->command, synopsis,
	    near == NULL ? "unknown option %s"
			 : "unknown option %s (did you mean --%s?)",
	    word, near);
}

int
options_parse(struct options *o, enum command_bit command, const char *synopsis,
    int argc, char **argv)
{
	struct option longs[64] = {0};
	const struct option_def *d;
	char shorts[32] = "+:";
	size_t n = 0, s = 2;
	struct err e;
	int c;

	set_defaults(o, argv[0]);
	for (d = option_defs; d->name != NULL; d++) {
		if ((d->commands & command) == 0)
			continue;
		longs[n++] = (struct option){d->name,
		    d->argument == NULL ? no_argument : required_argument, NULL,
		    d->id};
		if (d->id < 256) {
			shorts[s++] = (char)d->id;
			if (d->argument != NULL)
				shorts[s++] = ':';
		}
	}
	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (c == '?' || c == ':')
			return complain(o, command, synopsis, argv, c);
		if (c == 'h') {
			options_help(stdout, o->command, command, synopsis);
			return command_done(o->command, CAU_OK);
		}
		if (take_option(o, c, &e) == -1)
			return command_misuse(o->command, synopsis, "--%s: %s",
			    name_of(c), e.text);
	}
	o->operands = argv + optind;
	o->n_operands = argc - optind;
	return -1;
}

void
options_release(struct options *o)
{
	arena_release(&o->arena);
}

static int
add_node(struct options *o, const char *spec, size_t len, size_t *cap,
    struct run_node **nodes, struct err *e)
{
	char *s = arena_strndup(&o->arena, spec, len), *eq = strchr(s, '=');
	struct run_info *r = &o->run;
	struct run_node *n;

	if (eq != NULL)
		*eq++ = '\0';
	else
		eq = s;
	if (node_check_name(s, e) == -1 || node_check_address(eq, e) == -1)
		return -1;
	for (size_t i = 0; *nodes != NULL && i < r->n_nodes; i++)
		if (text_casecmp((*nodes)[i].name, s) == 0)
			return err_set(
			    e, CAU_USAGE, "node %s is named twice", s);
	*nodes = xgrow(*nodes, r->n_nodes, cap, sizeof(**nodes));
	n = &(*nodes)[r->n_nodes++];
	n->name = s;
	n->address = eq;
	n->local = strcmp(eq, "local") == 0 || strncmp(eq, "local:", 6) == 0;
	return 0;
}

/* Node specifications separated by commas, blanks and line ends; '#' begins
 * a comment. */
static int
add_nodes(struct options *o, const char *text, size_t *cap,
    struct run_node **nodes, struct err *e)
{
	const char *p = text;
	size_t len;

	while (*p != '\0') {
		if (*p == '#') {
			p += strcspn(p, "\n");
			continue;
		}
		len = strcspn(p, ", \t\r\n");
		if (len > 0 && add_node(o, p, len, cap, nodes, e) == -1)
			return -1;
		p += len;
		p += strspn(p, ", \t\r\n");
	}
	return 0;
}

static int
find_nodes(struct options *o, struct err *e)
{
	bool local = strcmp(o->cluster, "local") == 0;
	bool list = strcmp(o->cluster, "list") == 0;
	struct run_node *nodes = NULL, *copy;
	struct buf text = BUF_INIT;
	char host[256] = "localhost";
	size_t cap = 0;
	int rc = 0;

	if (!local && !list && strcmp(o->cluster, "auto") != 0)
		return err_set(e, CAU_USAGE,
		    "--cluster %.40s: auto, local or list is expected",
		    o->cluster);
	if (o->nodes_file == NULL && o->nodes == NULL && !local &&
	    access(NODES_FILE, F_OK) == 0)
		o->nodes_file = NODES_FILE;
	if (local && (o->nodes != NULL || o->nodes_file != NULL))
		return err_set(e, CAU_USAGE,
		    "--cluster local is this machine; it takes no nodes");
	if (o->nodes_file != NULL) {
		rc = file_read(o->nodes_file, &text, NODES_FILE_MAX, e);
		e->code = CAU_USAGE;
		if (rc == 0)
			rc = add_nodes(o, text.data, &cap, &nodes, e);
	}
	if (rc == 0 && o->nodes != NULL)
		rc = add_nodes(o, o->nodes, &cap, &nodes, e);
	buf_release(&text);
	if (rc == 0 && o->run.n_nodes == 0 &&
	    (list || o->nodes != NULL || o->nodes_file != NULL))
		rc = err_set(e, CAU_USAGE, "the list of nodes is empty");
	o->run.cluster_type = o->run.n_nodes > 0 ? "list" : "local";
	if (rc == 0 && o->run.n_nodes == 0) {
		(void)gethostname(host, sizeof(host) - 1);
		host[strcspn(host, ".")] = '\0';
		rc = add_node(o, arena_printf(&o->arena, "%s=local", host),
		    strlen(host) + strlen("=local"), &cap, &nodes, e);
	}
	copy = arena_alloc(&o->arena, o->run.n_nodes * sizeof(*copy));
	if (nodes != NULL)
		memcpy(copy, nodes, o->run.n_nodes * sizeof(*copy));
	free(nodes);
	o->run.nodes = copy;
	o->run.cluster_name =
	    o->run.n_nodes > 0 && strcmp(o->run.cluster_type, "local") == 0
		? copy[0].name
		: "";
	return rc;
}

/* HotfixRootFolderPath="DIR", absolute, quotes doubled. */
static int
root_args(struct options *o, const char **out, struct err *e)
{
	struct buf b = BUF_INIT;
	char *cwd = NULL;
	const char *p;

	if (*o->root == '\0')
		return err_set(e, CAU_USAGE, "--root: a folder is expected");
	buf_addstr(&b, "HotfixRootFolderPath=\"");
	if (*o->root != '/' && (cwd = getcwd(NULL, 0)) != NULL)
		buf_addf(&b, "%s/", cwd);
	free(cwd);
	for (p = o->root; *p != '\0'; p++) {
		if (*p == '"')
			buf_addc(&b, '"');
		buf_addc(&b, *p);
	}
	buf_addc(&b, '"');
	*out = arena_strdup(&o->arena, b.data);
	buf_release(&b);
	return 0;
}

static int
find_plugins(struct options *o, struct err *e)
{
	struct run_plugin *plugins;
	const char *args = "";

	if (o->root != NULL) {
		if (o->n_plugins > 0)
			return err_set(e, CAU_USAGE,
			    "--root is short for -p Microsoft.HotfixPlugin; "
			    "give one of the two");
		append(&o->arena, &o->plugins, &o->n_plugins,
		    "Microsoft.HotfixPlugin");
		if (root_args(o, &args, e) == -1)
			return -1;
		/* More arguments may stand beside the root folder; they come
		 * first, so that an error names the right column. */
		if (o->n_plugin_args == 1)
			args = arena_printf(
			    &o->arena, "%s;%s", o->plugin_args[0], args);
		else if (o->n_plugin_args > 1)
			return err_set(e, CAU_USAGE,
			    "-a comes %zu times for one plug-in",
			    o->n_plugin_args);
		o->n_plugin_args = 0;
		append(&o->arena, &o->plugin_args, &o->n_plugin_args, args);
	}
	if (o->n_plugins == 0)
		return err_set(e, CAU_USAGE,
		    "no plug-in: this version has Microsoft.HotfixPlugin "
		    "only; use --root DIR");
	if (o->n_plugin_args > o->n_plugins)
		return err_set(e, CAU_USAGE,
		    "-a comes %zu times for %zu plug-in%s", o->n_plugin_args,
		    o->n_plugins, o->n_plugins == 1 ? "" : "s");
	plugins = arena_alloc(&o->arena, o->n_plugins * sizeof(*plugins));
	for (size_t i = 0; i < o->n_plugins; i++)
		plugins[i] = (struct run_plugin){o->plugins[i],
		    i < o->n_plugin_args ? o->plugin_args[i] : ""};
	o->run.plugins = plugins;
	o->run.n_plugins = o->n_plugins;
	return 0;
}

int
options_run_info(struct options *o, struct err *e)
{
	struct run_info *r = &o->run;

	r->run_id = r->digest = "";
	r->rsh = words_split(o->rsh, &o->arena, e);
	if (r->rsh == NULL)
		return err_wrap(e, "--rsh");
	r->suspend_command = words_split(o->suspend_command, &o->arena, e);
	if (r->suspend_command == NULL)
		return err_wrap(e, "--suspend-command");
	r->resume_command = words_split(o->resume_command, &o->arena, e);
	if (r->resume_command == NULL)
		return err_wrap(e, "--resume-command");
	if (r->rsh[0] == NULL)
		return err_set(e, CAU_USAGE, "--rsh: a command is expected");
	if ((r->suspend_command[0] == NULL) != (r->resume_command[0] == NULL))
		return err_set(e, CAU_USAGE,
		    "--suspend-command and --resume-command belong together");
	if (r->node_state_dir[0] != '/')
		return err_set(e, CAU_USAGE,
		    "--node-state-dir: an absolute path is needed");
	if (r->connect_timeout_ms < 100)
		return err_set(e, CAU_USAGE, "--connect-timeout: too short");
	if (find_nodes(o, e) == -1 || find_plugins(o, e) == -1)
		return -1;
	if (!o->max_failed_given)
		r->max_failed_nodes = (int64_t)(r->n_nodes / 3);
	return 0;
}
