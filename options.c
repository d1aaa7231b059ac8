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
#define SETTLE_MS	   5000
#define RETRY_WAIT_MS	   5000
#define SCRIPT_TIMEOUT_MS  1800000
#define SUSPEND_TIMEOUT_MS 600000

enum {
	OPT_CLUSTER = 256,
	OPT_VIA,
	OPT_STANDBY_NODES,
	OPT_FAILED_RESOURCES,
	OPT_NODES,
	OPT_NODES_FILE,
	OPT_PROFILE,
	OPT_RSH,
	OPT_SUDO,
	OPT_PARALLEL,
	OPT_ROOT,
	OPT_STATE_DIR,
	OPT_NODE_STATE_DIR,
	OPT_MAX_FAILED,
	OPT_MAX_UNAVAILABLE,
	OPT_MAX_RETRIES,
	OPT_RETRY_WAIT,
	OPT_NODE_ORDER,
	OPT_ALL_ONLINE,
	OPT_WARN_AFTER,
	OPT_STOP_AFTER,
	OPT_PRE_SCRIPT,
	OPT_POST_SCRIPT,
	OPT_SCRIPT_TIMEOUT,
	OPT_SEPARATE_REBOOTS,
	OPT_PLUGINS_SERIALLY,
	OPT_STOP_ON_PLUGIN,
	OPT_SUSPEND_TIMEOUT,
	OPT_SUSPEND_RETRIES,
	OPT_FAILBACK_MODE,
	OPT_FORCE_DRAIN,
	OPT_NO_DRAIN,
	OPT_SOFT_REBOOT,
	OPT_SETTLE_TIME,
	OPT_REBOOT_TIMEOUT,
	OPT_CONNECT_TIMEOUT,
	OPT_CONTACT_TIMEOUT,
	OPT_ALLOW_SELF_REBOOT,
	OPT_REINSTALL,
	OPT_SUSPEND_COMMAND,
	OPT_RESUME_COMMAND,
	OPT_EXIT_CODE,
	OPT_ABANDON,
	OPT_AFTER_RESTART,
	OPT_WATCH,
	OPT_NOW,
	OPT_WAIT,
	OPT_NO_METADATA,
	OPT_ALERT_ACTION,
	OPT_ONLY,
	OPT_SKIP,
	OPT_ACKNOWLEDGE,
	OPT_MIN_FREE,
	OPT_CHECK_TIMEOUT,
	OPT_CHECKS_DIR,
	OPT_NODE_CHECKS_DIR,
	OPT_ALERTMANAGER,
	OPT_ALERT_FILTER,
	OPT_NAGIOS,
	OPT_PLAN,
	OPT_OUT,
	OPT_JSON,
	OPT_NO_COLOR
};

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
    {OPT_FAILBACK_MODE, "failback-mode", "MODE", "FailbackMode", PLANS,
	"Immediate (default), Policy, NoFailback: for the resume command"},
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
	if ((command & CMD_SCAN) != 0)
		(void)fputs(
		    "\nWithout -p, -a chooses among the nodes' own updates "
		    "(cau-wua(7)), such as:\n"
		    "    -a IncludeRecommendedUpdates=True\n"
		    "    -a 'QueryString=IsInstalled=0 and IsHidden=0'\n"
		    "    -a \"QueryString=IsInstalled=0 and Type='Driver'\"\n",
		    f);
}

static void
append_names(struct options *o, const char *list)
{
	const char *p = list, *end;

	for (;; p = end + 1) {
		end = p + strcspn(p, ",");
		words_append(&o->arena, &o->plugins, &o->n_plugins,
		    arena_strndup(&o->arena, p, (size_t)(end - p)));
		if (*end == '\0')
			return;
	}
}

static int
take_number(
    const char *value, int64_t *out, uint64_t min, uint64_t max, struct err *e)
{
	uint64_t v;

	if (text_u64(value, min, max, &v, e) == -1)
		return -1;
	*out = (int64_t)v;
	return 0;
}

/* A span that limits something: none means no time at all. */
static int
take_span(const char *value, int64_t *out, int64_t unit_ms, struct err *e)
{
	if (text_duration(value, unit_ms, out, e) == -1)
		return -1;
	if (*out == 0)
		return err_set(e, CAU_USAGE, "more than 0 is expected");
	return 0;
}

static const char *const failback_modes[] = {
    "Immediate", "Policy", "NoFailback", NULL};

/* One of some words, without regard to case, as it is spelled there. */
static int
take_word(
    const char **out, const char *word, const char *const *words, struct err *e)
{
	for (size_t i = 0; words[i] != NULL; i++)
		if (text_casecmp(word, words[i]) == 0) {
			*out = words[i];
			return 0;
		}
	return err_set(e, CAU_USAGE, "%.40s: %s, %s or %s is expected", word,
	    words[0], words[1], words[2]);
}

static int
take_drain(struct run_info *r, const char *mode, struct err *e)
{
	if (r->suspend_mode != NULL && strcmp(r->suspend_mode, "Drain") != 0 &&
	    strcmp(r->suspend_mode, mode) != 0)
		return err_set(e, CAU_USAGE,
		    "to drain by force and not to drain exclude each other");
	r->suspend_mode = mode;
	return 0;
}

static int
take_standby(struct run_info *r, const char *word, struct err *e)
{
	if (text_casecmp(word, "skip") == 0)
		r->standby_nodes = "";
	else if (text_casecmp(word, "update") == 0)
		r->standby_nodes = "Update";
	else
		return err_set(
		    e, CAU_USAGE, "%.40s: skip or update is expected", word);
	return 0;
}

static int
take_path(const char **out, const char *path, struct err *e)
{
	if (*path == '\0')
		return err_set(e, CAU_USAGE, "a file is expected");
	*out = path;
	return 0;
}

static int
take_alert_action(struct options *o, const char *value, struct err *e)
{
	static const char *const words[] = {"stop", "prompt", "continue", NULL};
	const char *word;

	if (take_word(&word, value, words, e) == -1)
		return -1;
	o->alert_action = *word == 's'	 ? ALERT_STOP
			  : *word == 'p' ? ALERT_PROMPT
					 : ALERT_CONTINUE;
	return 0;
}

static int
take_option(struct options *o, int id, const char *value, struct err *e)
{
	struct run_info *r = &o->run;

	switch (id) {
	case OPT_CLUSTER:
		o->cluster = value;
		return 0;
	case OPT_VIA:
		o->via = value;
		return 0;
	case OPT_STANDBY_NODES:
		return take_standby(r, value, e);
	case OPT_FAILED_RESOURCES:
		r->failed_resources = "Allow";
		return 0;
	case OPT_NODES:
		o->nodes = value;
		return 0;
	case OPT_NODES_FILE:
		o->nodes_file = value;
		return 0;
	case OPT_PROFILE:
		o->profile = value;
		return 0;
	case OPT_RSH:
		o->rsh = value;
		return 0;
	case OPT_SUDO:
		r->sudo = true;
		return 0;
	case OPT_PARALLEL:
		return take_number(value, &r->parallel, 1, 1000, e);
	case OPT_ROOT:
		o->root = value;
		return 0;
	case OPT_STATE_DIR:
		o->state_dir = value;
		return 0;
	case OPT_NODE_STATE_DIR:
		r->node_state_dir = value;
		return 0;
	case OPT_MAX_FAILED:
		return take_number(value, &r->max_failed_nodes, 0, 100000, e);
	case OPT_MAX_UNAVAILABLE:
		return take_number(value, &r->max_unavailable, 1, 1000, e);
	case OPT_MAX_RETRIES:
		return take_number(value, &r->max_retries_per_node, 0, 64, e);
	case OPT_RETRY_WAIT:
		return text_duration(value, 1000, &r->retry_wait_ms, e);
	case OPT_NODE_ORDER:
		o->node_order = value;
		return 0;
	case OPT_ALL_ONLINE:
		r->require_all_nodes_online = true;
		return 0;
	case OPT_WARN_AFTER:
		return take_span(value, &r->warn_after_ms, 60000, e);
	case OPT_STOP_AFTER:
		return take_span(value, &r->stop_after_ms, 60000, e);
	case OPT_PRE_SCRIPT:
		return take_path(&r->pre_script, value, e);
	case OPT_POST_SCRIPT:
		return take_path(&r->post_script, value, e);
	case OPT_SCRIPT_TIMEOUT:
		return take_span(value, &r->script_timeout_ms, 60000, e);
	case OPT_SEPARATE_REBOOTS:
		r->separate_reboots = true;
		return 0;
	case OPT_PLUGINS_SERIALLY:
		r->run_plugins_serially = true;
		return 0;
	case OPT_STOP_ON_PLUGIN:
		r->stop_on_plugin_failure = true;
		return 0;
	case OPT_SUSPEND_TIMEOUT:
		return take_span(value, &r->suspend_timeout_ms, 60000, e);
	case OPT_SUSPEND_RETRIES:
		return take_number(value, &r->suspend_retries, 0, 1000, e);
	case OPT_FAILBACK_MODE:
		return take_word(&r->failback_mode, value, failback_modes, e);
	case OPT_FORCE_DRAIN:
		return take_drain(r, "ForceDrain", e);
	case OPT_NO_DRAIN:
		return take_drain(r, "NoDrain", e);
	case OPT_SOFT_REBOOT:
		r->attempt_soft_reboot = true;
		return 0;
	case OPT_SETTLE_TIME:
		return text_duration(value, 1000, &r->settle_ms, e);
	case OPT_REBOOT_TIMEOUT:
		return text_duration(value, 60000, &r->reboot_timeout_ms, e);
	case OPT_CONNECT_TIMEOUT:
		return text_duration(value, 1000, &r->connect_timeout_ms, e);
	case OPT_CONTACT_TIMEOUT:
		return text_duration(value, 1000, &r->contact_timeout_ms, e);
	case OPT_ALLOW_SELF_REBOOT:
		r->allow_self_reboot = true;
		return 0;
	case OPT_REINSTALL:
		r->reinstall = true;
		return 0;
	case OPT_SUSPEND_COMMAND:
		o->suspend_command = value;
		return 0;
	case OPT_RESUME_COMMAND:
		o->resume_command = value;
		return 0;
	case OPT_EXIT_CODE:
		o->exit_code = true;
		return 0;
	case OPT_AFTER_RESTART:
		o->after_restart = true;
		return 0;
	case OPT_ABANDON:
		o->abandon = true;
		return 0;
	case OPT_WATCH:
		o->watch = true;
		return 0;
	case OPT_NOW:
		o->stop_now = true;
		return 0;
	case OPT_WAIT:
		o->wait = true;
		return 0;
	case OPT_NO_METADATA:
		o->no_metadata = true;
		return 0;
	case OPT_ALERT_ACTION:
		return take_alert_action(o, value, e);
	case OPT_ONLY:
		o->only = value;
		return 0;
	case OPT_SKIP:
		o->skip = value;
		return 0;
	case OPT_ACKNOWLEDGE:
		words_append(
		    &o->arena, &o->acknowledge, &o->n_acknowledge, value);
		return 0;
	case OPT_MIN_FREE:
		o->min_free = value;
		return 0;
	case OPT_CHECK_TIMEOUT:
		return take_span(value, &o->health.limit_ms, 1000, e);
	case OPT_CHECKS_DIR:
		return take_path(&o->health.checks_dir, value, e);
	case OPT_NODE_CHECKS_DIR:
		return take_path(&o->health.node_checks_dir, value, e);
	case OPT_ALERTMANAGER:
		o->health.alertmanager = *value == '\0' ? NULL : value;
		return 0;
	case OPT_ALERT_FILTER:
		o->health.alert_filter = value;
		return 0;
	case OPT_PLAN:
		return take_path(&o->plan, value, e);
	case OPT_OUT:
		return take_path(&o->out, value, e);
	case OPT_NAGIOS:
		o->nagios = true;
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	case OPT_NO_COLOR:
		o->no_color = true;
		return 0;
	case 'p':
		append_names(o, value);
		return 0;
	case 'a':
		words_append(
		    &o->arena, &o->plugin_args, &o->n_plugin_args, value);
		return 0;
	case 'n':
		o->dry_run = true;
		return 0;
	case 'y':
		o->yes = true;
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
	buf_init(&o->warnings);
	o->command = command;
	o->cluster = "auto";
	o->rsh = "ssh";
	o->suspend_command = o->resume_command = "";
	o->state_dir = dir == NULL || *dir == '\0' ? "/var/lib/cau" : dir;
	o->run.node_state_dir = "/var/lib/cau/node";
	o->run.pre_script = o->run.post_script = "";
	o->run.suspend_mode = "Drain";
	o->run.standby_nodes = o->run.failed_resources = "";
	o->run.failback_mode = failback_modes[0];
	o->run.max_failed_nodes = -1;
	o->run.max_retries_per_node = 3;
	o->run.retry_wait_ms = RETRY_WAIT_MS;
	o->run.settle_ms = SETTLE_MS;
	o->run.script_timeout_ms = SCRIPT_TIMEOUT_MS;
	o->run.suspend_timeout_ms = SUSPEND_TIMEOUT_MS;
	o->run.parallel = 32;
	o->run.max_unavailable = 1;
	o->run.connect_timeout_ms = CONNECT_TIMEOUT_MS;
	o->run.contact_timeout_ms = CONTACT_TIMEOUT_MS;
	o->run.reboot_timeout_ms = REBOOT_TIMEOUT_MS;
}

static const struct option_def *
def_of(int id)
{
	const struct option_def *d = option_defs;

	while (d->name != NULL && d->id != id)
		d++;
	return d;
}

int
options_set(struct options *o, const struct option_def *d, const char *value,
    struct err *e)
{
	o->given[d - option_defs] = true;
	if (take_option(o, d->id, value, e) == -1)
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

	set_defaults(o, argv[0]);
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
