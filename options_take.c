/* SPDX-License-Identifier: ISC */
/* What one option says, taken into struct options; their defaults. */
#include <stdlib.h>
#include <string.h>

#include "options_self.h"
#include "text.h"
#include "words.h"

#define CONNECT_TIMEOUT_MS 15000
#define CONTACT_TIMEOUT_MS 300000
#define REBOOT_TIMEOUT_MS  900000
#define SETTLE_MS	   5000
#define RETRY_WAIT_MS	   5000
#define SCRIPT_TIMEOUT_MS  1800000
#define SUSPEND_TIMEOUT_MS 600000

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

int
options_take(struct options *o, int id, const char *value, struct err *e)
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
		return take_span(value, &r->reboot_timeout_ms, 60000, e);
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

void
options_defaults(struct options *o, const char *command)
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
