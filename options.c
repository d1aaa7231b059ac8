/* SPDX-License-Identifier: ISC */
/* The options of all commands: their table, argv, help and misuse. */
#include <getopt.h>
#include <string.h>

#include "cmd.h"
#include "options_self.h"
#include "text.h"

#define PLANS (CMD_RUN | CMD_PLAN)
#define BOTH  (CMD_SCAN | PLANS)
#define NODES (BOTH | CMD_HEALTH)
#define GATE  (PLANS | CMD_HEALTH)
#define RUNS  (CMD_RECOVER | CMD_STATUS | CMD_STOP | CMD_REPORT | CMD_REPLAY)
#define STATE (NODES | RUNS | CMD_PLUGIN)
#define ANY   STATE

const struct option_def option_defs[] = {
    {OPT_NODES, "nodes", "a,b=addr,...", NULL, NODES,
	"nodes by name; an address is what the remote shell takes"},
    {OPT_NODES_FILE, "nodes-file", "FILE", NULL, NODES,
	"a node a line, as with --nodes (default " NODES_FILE ")"},
    {OPT_CLUSTER, "cluster", "auto|local|list|pacemaker", NULL, NODES,
	"auto: list if there are nodes, else what is here"},
    {OPT_VIA, "via", "NODE", NULL, NODES,
	"pacemaker: ask this member; an address as with --nodes"},
    {OPT_PROFILE, "profile", "FILE", NULL, NODES,
	"options in a file (default " PROFILE_FILE "; '': none)"},
    {OPT_NODE_ORDER, "node-order", "a,b,...", "NodeOrder", PLANS,
	"these nodes first, in this order"},
    {'p', "plugin", "NAME[,NAME...]", "CauPluginName", NODES,
	"plug-ins, in install order"},
    {'a', "plugin-args", "N=V;N=\"V W\"", "CauPluginArguments",
	NODES | CMD_PLUGIN, "arguments, once per plug-in in the order of -p"},
    {OPT_ROOT, "root", "DIR", NULL, NODES,
	"Microsoft.HotfixPlugin with this hotfix root folder"},
    {OPT_PLUGINS_SERIALLY, "run-plugins-serially", NULL, "RunPluginsSerially",
	BOTH, "plug-ins scan and stage one after the other"},
    {OPT_STOP_ON_PLUGIN, "stop-on-plugin-failure", NULL, "StopOnPluginFailure",
	BOTH, "on a node, no further plug-in after one failed"},
    {OPT_SEPARATE_REBOOTS, "separate-reboots", NULL, "SeparateReboots", PLANS,
	"restart after each plug-in that asks for it"},
    {OPT_RSH, "rsh", "'CMD ARGS'", NULL, NODES, "remote shell (default ssh)"},
    {OPT_SUDO, "sudo", NULL, NULL, NODES,
	"become root on the nodes by sudo -n"},
    {OPT_PARALLEL, "parallel", "N", NULL, NODES,
	"nodes scanned and staged at the same time (default 32)"},
    {OPT_CONNECT_TIMEOUT, "connect-timeout", "TIME", NULL, NODES,
	"for a connection to a node (default 15s)"},
    {OPT_CONTACT_TIMEOUT, "contact-timeout", "TIME", NULL, PLANS,
	"how long a lost node is looked for (default 5m)"},
    {OPT_ALL_ONLINE, "require-all-nodes-online", NULL, "RequireAllNodesOnline",
	PLANS, "touch no node unless all can be reached"},
    {OPT_MAX_FAILED, "max-failed-nodes", "N", "MaxFailedNodes", PLANS,
	"stop when more nodes failed (default a third of them)"},
    {OPT_MAX_UNAVAILABLE, "max-unavailable", "N", "MaxUnavailable", PLANS,
	"nodes out of service at the same time (default 1)"},
    {OPT_MAX_RETRIES, "max-retries-per-node", "N", "MaxRetriesPerNode", PLANS,
	"further attempts at a node that failed (default 3)"},
    {OPT_RETRY_WAIT, "retry-wait", "TIME", "RetryWait", PLANS,
	"before a further attempt (default 5s)"},
    {OPT_WARN_AFTER, "warn-after", "TIME", "WarnAfter", GATE,
	"warn when the run takes longer"},
    {OPT_STOP_AFTER, "stop-after", "TIME", "StopAfter", GATE,
	"stop the run when it takes longer"},
    {OPT_PRE_SCRIPT, "pre-update-script", "FILE", "PreUpdateScript", GATE,
	"run on each node before it is taken out of service"},
    {OPT_POST_SCRIPT, "post-update-script", "FILE", "PostUpdateScript", GATE,
	"run on each node after it is back in service"},
    {OPT_SCRIPT_TIMEOUT, "script-timeout", "TIME", "ScriptTimeout", PLANS,
	"for one of these scripts (default 30m)"},
    {OPT_SUSPEND_COMMAND, "suspend-command", "'CMD ARGS'", "SuspendCommand",
	PLANS, "run here with the node's name to take it out of service"},
    {OPT_RESUME_COMMAND, "resume-command", "'CMD ARGS'", "ResumeCommand", PLANS,
	"run here with the node's name to put it back"},
    {OPT_SUSPEND_TIMEOUT, "suspend-timeout", "TIME",
	"SuspendClusterNodeTimeoutMinutes", PLANS,
	"for taking a node out of service (default 10m)"},
    {OPT_SUSPEND_RETRIES, "suspend-retries-per-node", "N",
	"SuspendRetriesPerNode", PLANS,
	"further tries before the attempt fails (default 0)"},
    {OPT_FORCE_DRAIN, "force-pause-and-drain", NULL, "ForcePauseAndDrain",
	PLANS, "drain though a service stops; for the suspend command, too"},
    {OPT_NO_DRAIN, "force-pause-no-drain", NULL, "ForcePauseNoDrain", PLANS,
	"have the suspend command not drain"},
    {OPT_STANDBY_NODES, "standby-nodes", "skip|update", "StandbyNodes", PLANS,
	"pacemaker: nodes that others have in standby (default skip)"},
    {OPT_FAILED_RESOURCES, "allow-failed-resources", NULL,
	"AllowFailedResources", PLANS,
	"pacemaker: drain though resources have failed"},
    {OPT_FAILBACK_MODE, "failback-mode", "Immediate|Policy|NoFailback",
	"FailbackMode", PLANS, "for the resume command (default Immediate)"},
    {OPT_REBOOT_TIMEOUT, "reboot-timeout", "TIME", "RebootTimeoutMinutes",
	PLANS, "for restart and start of services (default 15m)"},
    {OPT_SETTLE_TIME, "settle-time", "TIME", "SettleTime", PLANS,
	"a restarted node must stay up so long (default 5s)"},
    {OPT_SOFT_REBOOT, "attempt-soft-reboot", NULL, "AttemptSoftReboot", PLANS,
	"restart without firmware where the node can"},
    {OPT_ALLOW_SELF_REBOOT, "allow-self-reboot", NULL, "AllowSelfReboot", PLANS,
	"this very machine may be restarted"},
    {OPT_ALERT_ACTION, "alert-action", "stop|prompt|continue", "AlertAction",
	PLANS, "when the health check finds something critical"},
    {OPT_ONLY, "only", "CHECK,...", NULL, CMD_HEALTH, "these checks only"},
    {OPT_SKIP, "skip", "CHECK,...", "SkipChecks", GATE, "not these checks"},
    {OPT_ACKNOWLEDGE, "acknowledge", "'CHECK[@NODE] DATE REASON'",
	"Acknowledge", GATE,
	"what it finds stops nothing until the end of DATE"},
    {OPT_MIN_FREE, "min-free", "SIZE", "MinFreeSpace", GATE,
	"that file systems must have (default 1G)"},
    {OPT_CHECK_TIMEOUT, "check-timeout", "TIME", "CheckTimeout", GATE,
	"for a program that a check asks (default 10s)"},
    {OPT_CHECKS_DIR, "checks-dir", "DIR", NULL, GATE,
	"monitoring plug-ins here (default " CHECKS_DIR ")"},
    {OPT_NODE_CHECKS_DIR, "node-checks-dir", "DIR", NULL, GATE,
	"on the nodes (default " NODE_CHECKS_DIR ")"},
    {OPT_ALERTMANAGER, "alertmanager", "URL", "Alertmanager", GATE,
	"alerts of a Prometheus Alertmanager count"},
    {OPT_ALERT_FILTER, "alert-filter", "LABEL=VALUE,...", "AlertFilter", GATE,
	"those with these labels (default severity=\"critical\")"},
    {OPT_NAGIOS, "nagios", NULL, NULL, CMD_HEALTH,
	"answer as a monitoring plug-in: one line, exit 0 to 3"},
    {OPT_REINSTALL, "reinstall", NULL, NULL, BOTH,
	"install what receipts and package database say is there"},
    {OPT_NO_METADATA, "no-metadata", NULL, NULL, CMD_SCAN,
	"names and sizes only; no file is opened"},
    {OPT_ABANDON, "abandon", NULL, NULL, CMD_RECOVER,
	"give the run up: put nodes back, install nothing"},
    {OPT_AFTER_RESTART, "after-restart", NULL, NULL, CMD_RECOVER,
	"only a run that a restart of this machine cut; for its start"},
    {OPT_WATCH, "watch", NULL, NULL, CMD_STATUS,
	"go on until the run is over: its events, then its report"},
    {OPT_NOW, "now", NULL, NULL, CMD_STOP,
	"end installers that run: their outcomes are then unknown"},
    {OPT_WAIT, "wait", NULL, NULL, CMD_STOP,
	"until the run has ended; exit as it does"},
    {OPT_EXIT_CODE, "exit-code", NULL, NULL, CMD_SCAN,
	"exit 100 when updates are applicable"},
    {'n', "dry-run", NULL, NULL, CMD_RUN, "scan and say what would be done"},
    {'y', "yes", NULL, NULL, CMD_RUN | CMD_PLUGIN, "do not ask"},
    {OPT_OUT, "out", "FILE", NULL, CMD_PLAN,
	"seal the plan for cau run --plan"},
    {OPT_PLAN, "plan", "FILE", NULL, CMD_RUN,
	"what this plan says, and refuse if something is not as it was"},
    {OPT_STATE_DIR, "state-dir", "DIR", NULL, STATE,
	"runs and plug-ins (default /var/lib/cau, or $CAU_STATE_DIR)"},
    {OPT_NODE_STATE_DIR, "node-state-dir", "DIR", NULL, NODES,
	"on the nodes (default /var/lib/cau/node)"},
    {OPT_JSON, "json", NULL, NULL, ANY, "one JSON document on stdout"},
    {'q', "quiet", NULL, NULL, ANY, "no progress, no warnings"},
    {'v', "verbose", NULL, NULL, ANY, "say more"},
    {OPT_NO_COLOR, "no-color", NULL, NULL, ANY, "no colour on a terminal"},
    {'h', "help", NULL, NULL, ANY, "this help"},
    {0, NULL, NULL, NULL, 0, NULL},
};

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
		/* What is too wide for its column has a line of its own. */
		(void)fprintf(f,
		    strlen(left) > 34 ? "  %s\n%37s%s\n" : "  %-34s%1s%s\n",
		    left, "", d->help);
	}
	if ((command & CMD_SCAN) != 0)
		(void)fputs(
		    "\nWithout -p, -a chooses among the nodes' own updates "
		    "(cau-wua(7)), such as:\n"
		    "    -a IncludeRecommendedUpdates=True\n"
		    "    -a 'QueryString=IsInstalled=0 and IsHidden=0'\n"
		    "    -a \"QueryString=IsInstalled=0 and Type='Driver'\"\n",
		    f);
}

static const struct option_def *
def_of(int id)
{
	const struct option_def *d = option_defs;

	while (d->name != NULL && d->id != id)
		d++;
	return d;
}

size_t
options_number(const char *name)
{
	size_t i = 0;

	while (option_defs[i].name != NULL &&
	       strcmp(option_defs[i].name, name) != 0)
		i++;
	return i;
}

int
options_set(struct options *o, const struct option_def *d, const char *value,
    struct err *e)
{
	o->given[d - option_defs] = true;
	if (options_take(o, d->id, value, e) == -1)
		return -1;
	options_note(o, d, value);
	return 0;
}

bool
options_given(const struct options *o, const struct option_def *d)
{
	return o->given[d - option_defs];
}

/* What getopt_long did not like, with the nearest long option. */
static int
complain(struct options *o, unsigned command, const char *synopsis, char **argv,
    int c)
{
	const char *names[OPTIONS_MAX], *word = argv[optind - 1], *near;
	const struct option_def *d;
	struct buf fit = BUF_INIT;
	size_t n = 0, bare, len, fits = 0;

	/* Without the value, as in --root=DIR. */
	word = arena_strndup(&o->arena, word, strcspn(word, "="));
	bare = strspn(word, "-");
	len = strlen(word + bare);
	for (d = option_defs; d->name != NULL && n < OPTIONS_MAX - 1; d++) {
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
	struct option longs[OPTIONS_MAX] = {0};
	const struct option_def *d;
	char shorts[32] = "+:";
	size_t n = 0, s = 2;
	struct err e;
	int c;

	options_defaults(o, argv[0]);
	o->bit = command;
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
		d = def_of(c);
		if (options_set(o, d, optarg, &e) == -1)
			return command_misuse(
			    o->command, synopsis, "--%s: %s", d->name, e.text);
	}
	o->operands = argv + optind;
	o->n_operands = argc - optind;
	return -1;
}

void
options_release(struct options *o)
{
	buf_release(&o->warnings);
	json_decref(o->arguments);
	json_decref(o->sealed);
	arena_release(&o->arena);
}
