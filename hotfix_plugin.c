/* SPDX-License-Identifier: ISC */
/* Microsoft.HotfixPlugin: installs by the rules, and the table of its verbs. */
#include "hotfix_self.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "job.h"
#include "template.h"
#include "text.h"

static const char *
hotfix_digest(const void *self)
{
	const struct hotfix *h = self;

	return h->digest;
}

/* What the end of a job means by the rule. */
static void
judge(const struct hotfix *h, const struct rule *rule,
    const struct job_end *end, struct install_result *r, struct arena *a)
{
	char span[TEXT_SMALL_SIZE];
	struct exit_meaning m;
	struct err e;

	r->result = RESULT_FAILED;
	switch (end->how) {
	case JOB_UNKNOWN:
		r->result = RESULT_UNKNOWN;
		r->reason = arena_strdup(a, end->words);
		return;
	case JOB_CANCELED:
		r->result = RESULT_UNKNOWN;
		r->reason = "ended because the run was stopped; nobody knows "
			    "how far it came";
		return;
	case JOB_NEVER:
		r->result = RESULT_CANCELED;
		r->reason = "the run was stopped before it was started";
		return;
	case JOB_NOT_STARTED:
		r->reason = arena_strdup(a, end->words[0] == '\0'
						? "it could not be started"
						: end->words);
		return;
	case JOB_TIMEOUT:
		text_span(span, h->timeout_ms);
		r->reason = arena_printf(
		    a, "timeout: ended on the node after %s", span);
		return;
	case JOB_SIGNALED:
		r->reason = arena_printf(a, "killed by signal %d (%s)",
		    end->code, strsignal(end->code));
		return;
	case JOB_EXITED:
		break;
	}
	r->exit_code = (uint32_t)end->code;
	if (end->wide[0] != '\0' &&
	    exitcode_parse(end->wide, &r->exit_code, &e) == -1) {
		r->reason = "what the installer wrote to CAU_EXIT_CODE_FILE "
			    "is not an exit code";
		return;
	}
	r->has_code = true;
	m = exit_condition_meaning(
	    rule_condition(rule, r->exit_code), rule->always_reboot);
	r->condition = m.condition;
	r->result = m.result;
	r->reboot_required = m.reboot_required;
	if (m.condition == COND_NONE)
		r->reason = arena_printf(a,
		    "exit code %" PRIu32 " is not listed in rule %s",
		    r->exit_code, rule_label(rule, a));
	else if (m.result != RESULT_SUCCEEDED)
		r->reason = arena_printf(a, "exit code %" PRIu32 " means %s",
		    r->exit_code, exit_condition_name(m.condition));
}

/* A lost receipt costs a second installation some day, not this one. */
static void
keep_receipt(struct node *n, const struct update *u,
    const struct install_order *order, struct install_result *r,
    struct arena *a)
{
	char now[TEXT_TIME_SIZE];
	struct buf b = BUF_INIT;
	enum node_rc rc = NODE_LOST;
	struct timespec ts;
	struct err e;
	char *line;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	text_time(now, (int64_t)ts.tv_sec * 1000);
	line = xasprintf("%s\t%s\t%s\t%s\t%s\t%s%" PRIu32, now, order->run_id,
	    u->sha256, u->id, update_result_name(r->result),
	    r->has_code ? "" : "-", r->exit_code);
	buf_addstr(&b, "cau_receipt ");
	text_shell_quote(&b, order->job);
	buf_addc(&b, ' ');
	text_shell_quote(&b, line);
	for (int i = 0; i < 2 && rc == NODE_LOST; i++)
		rc = node_call(n, b.data, NULL, NULL, HOTFIX_SCAN_MS, &e);
	if (rc != NODE_OK)
		r->reason = arena_printf(a, "%s%sno receipt was kept: %s",
		    r->reason, *r->reason == '\0' ? "" : "; ", e.text);
	buf_release(&b);
	free(line);
}

static enum node_rc
hotfix_install(const void *self, struct node *n, const struct update *update,
    const struct install_order *order, struct install_result *result,
    struct arena *a, struct err *e)
{
	const struct hotfix *h = self;
	const struct known *k = hotfix_find(h, update);
	struct arg_vector argv;
	struct buf words = BUF_INIT;
	struct job_spec spec = {0};
	struct job_end end;
	enum node_rc rc;
	char *path;

	*result = (struct install_result){
	    .result = RESULT_FAILED, .reason = "", .log = ""};
	if (k == NULL) {
		result->reason = "it is no longer in the hotfix root folder";
		(void)err_set(
		    e, CAU_REFUSED, "%s %s", update->path, result->reason);
		return NODE_FAILED;
	}
	path = hotfix_staged_path(n, update, k->name);
	template_expand(&argv, k->rule, path, a);
	free(path);
	template_shell_words(&words, &argv);
	spec = (struct job_spec){order->job, words.data, order->boot_id,
	    order->again, order->look_only, h->timeout_ms, order->contact_ms,
	    order->log_dir, order->log_name, order->cancel};
	rc = job_run(n, &spec, &end, e);
	buf_release(&words);
	if (rc != NODE_OK) {
		result->reason =
		    arena_printf(a, "it was not started: %s", e->text);
		return rc;
	}
	judge(h, k->rule, &end, result, a);
	if (end.boot_id[0] != '\0')
		result->boot_id = arena_strdup(a, end.boot_id);
	if (end.has_log)
		result->log = order->log_name;
	if (result->result == RESULT_CANCELED)
		return NODE_OK;
	if (result->result != RESULT_UNKNOWN) {
		keep_receipt(n, update, order, result, a);
		return NODE_OK;
	}
	(void)err_set(e, CAU_UNKNOWN, "%s: %s", update->path, result->reason);
	return NODE_LOST;
}

const struct plugin_ops hotfix_plugin = {
    .name = "Microsoft.HotfixPlugin",
    .version = CAU_VERSION,
    .summary = "hotfixes of a root folder, by the rules of an XML file",
    .arguments = hotfix_arguments,
    .configure = hotfix_configure,
    .release = hotfix_release,
    .digest = hotfix_digest,
    .scan = hotfix_scan,
    .stage = hotfix_stage,
    .install = hotfix_install,
};
