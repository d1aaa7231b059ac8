/* SPDX-License-Identifier: ISC */
/*
 * Updating Runs as scripts. Each line says what the engine wants to do in
 * one turn, and what then happens:
 *
 *	n1 Scan, n2 Scan -> n1 ok a b
 *
 * What happens is the end of the operation in flight on a node: its outcome;
 * behind the ok of a scan the updates found (a+ is installed already, a* must
 * not be offered again once it is), and "(restart)" when an earlier run left
 * one undone; for an installation its result, and
 * "reboot" if it asks for one; "already" for a suspend that others had done. Or
 * it is "stop", "now", "abandon" or "recover". Time goes on by one second a
 * line.
 *
 * With two plug-ins, an update 2:a is one of the second; an operation for one
 * of them is "n1 Scan P2", and an end "ok !1 a" says that the first failed
 * beside the other. "wait" in the place of operations: time goes on to when
 * something is due.
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <string.h>

#include "journal.h"

#define SCRIPT_ID "9f1c2d3e-0000-4000-8000-000000000000"
#define SCRIPT_T0 INT64_C(1769828400000) /* 2026-01-31T03:00:00Z */

struct script_run {
	size_t n_nodes;
	int64_t parallel, max_unavailable, max_failed_nodes;
	bool drain;	   /* there are suspend and resume commands */
	bool local;	   /* the first node is this machine, */
	bool allow_reboot; /* and may be restarted */
	size_t n_plugins;  /* 0 is 1 */
	bool serially, separate_reboots, stop_on_failure, all_online;
	int64_t retries, retry_wait_ms, suspend_retries;
	int64_t warn_after_ms, stop_after_ms;
	bool pre, post; /* scripts */
};

struct script {
	struct engine g;
	struct arena arena;
	struct journal journal; /* never synced: the text is in pending */
	int64_t now_ms;
	unsigned boots;
	bool waits;	    /* this line is for what is due by itself */
	const char *plugin; /* of the last operation for one of them */
};

static inline void
script_record(struct script *s, const struct event *ev)
{
	struct err e = {CAU_OK, ""};

	journal_add(&s->journal, ev, NULL);
	if (engine_apply(&s->g, ev, &e) == -1)
		fail_msg("%s", e.text);
}

static inline void
script_begin(struct script *s, const struct script_run *r)
{
	static const char *const suspend[] = {"drain", NULL};
	static const char *const resume[] = {"undrain", NULL};
	static const char *const none[] = {NULL};
	static const char *const rsh[] = {"ssh", NULL};
	struct run_node *nodes;
	static struct run_plugin plugins[] = {
	    {"Microsoft.HotfixPlugin", "a=b"}, {"P2", ""}, {"P3", ""}};
	struct event ev = {.type = EV_RUN_STARTED, .at_ms = SCRIPT_T0};

	memset(s, 0, sizeof(*s));
	engine_init(&s->g);
	s->journal.fd = -1;
	buf_init(&s->journal.pending);
	s->now_ms = SCRIPT_T0;
	nodes = arena_alloc(&s->arena, r->n_nodes * sizeof(*nodes));
	for (size_t i = 0; i < r->n_nodes; i++) {
		nodes[i].name = arena_printf(&s->arena, "n%zu", i + 1);
		nodes[i].address = nodes[i].name;
		nodes[i].local = i == 0 && r->local;
	}
	ev.run = (struct run_info){.run_id = SCRIPT_ID,
	    .cluster_type = "list",
	    .cluster_name = "c",
	    .nodes = nodes,
	    .n_nodes = r->n_nodes,
	    .plugins = plugins,
	    .n_plugins = r->n_plugins == 0 ? 1 : r->n_plugins,
	    .run_plugins_serially = r->serially,
	    .separate_reboots = r->separate_reboots,
	    .stop_on_plugin_failure = r->stop_on_failure,
	    .require_all_nodes_online = r->all_online,
	    .max_retries_per_node = r->retries,
	    .retry_wait_ms = r->retry_wait_ms,
	    .suspend_retries = r->suspend_retries,
	    .warn_after_ms = r->warn_after_ms,
	    .stop_after_ms = r->stop_after_ms,
	    .pre_script = r->pre ? "/pre" : "",
	    .post_script = r->post ? "/post" : "",
	    .digest = "d",
	    .rsh = rsh,
	    .suspend_command = r->drain ? suspend : none,
	    .resume_command = r->drain ? resume : none,
	    .node_state_dir = "/var/lib/cau/node",
	    .parallel = r->parallel == 0 ? 32 : r->parallel,
	    .max_unavailable = r->max_unavailable == 0 ? 1 : r->max_unavailable,
	    .max_failed_nodes = r->max_failed_nodes,
	    .allow_self_reboot = r->allow_reboot};
	ev.coordinator =
	    (struct coordinator){"host", "user", CAU_VERSION, "boot0", 7};
	script_record(s, &ev);
}

static inline void
script_end(struct script *s)
{
	engine_release(&s->g);
	journal_close(&s->journal);
	arena_release(&s->arena);
}

static inline struct engine_node *
script_node(struct script *s, const char *name)
{
	size_t i = 0;

	while (i + 1 < s->g.run.n_nodes &&
	       strcmp(s->g.nodes[i].info->name, name) != 0)
		i++;
	assert_string_equal(s->g.nodes[i].info->name, name);
	return &s->g.nodes[i];
}

/* The words of a turn; its events are recorded. */
static inline void
script_turn(struct script *s, struct buf *b)
{
	struct engine_plan plan;
	const struct event *ev;

	engine_next(&s->g, s->now_ms, &plan, &s->arena);
	assert_int_equal(plan.idle, plan.n_events == 0);
	if (s->waits && plan.idle && plan.wake_ms != INT64_MAX) {
		assert_true(plan.wake_ms > s->now_ms);
		s->now_ms = plan.wake_ms - 1000;
		buf_addstr(b, "wait");
	}
	for (size_t i = 0; i < plan.n_events; i++) {
		ev = &plan.events[i];
		buf_addstr(b, i == 0 ? "" : ", ");
		if (ev->type == EV_RUN_FINISHED)
			buf_addf(b, "%s", summary_status_name(ev->status));
		else if (ev->type == EV_WARNED)
			buf_addstr(b, "warned");
		else if (ev->type == EV_STOP_REQUESTED)
			buf_addstr(b, "stopped");
		else
			buf_addf(b, "%s %s", ev->node, op_name(ev->op));
		if (ev->plugin != NULL)
			buf_addf(b, " %s", ev->plugin);
		if (ev->type == EV_OP_STARTED && ev->op == OP_INSTALL)
			buf_addf(b, " %s", ev->id);
		if (ev->plugin != NULL)
			s->plugin = ev->plugin;
		script_record(s, ev);
	}
}

static inline void
script_updates(struct script *s, struct scan_result *scan, char **save)
{
	struct update *u;
	char *word;

	scan->updates = arena_alloc(&s->arena, 16 * sizeof(*scan->updates));
	while ((word = strtok_r(NULL, " ", save)) != NULL) {
		if (*word == '!')
			continue;
		if (strcmp(word, "(restart)") == 0) {
			scan->restart = "x asked for it in run 1";
			continue;
		}
		u = &scan->updates[scan->n_updates++];
		u->installed = word[strlen(word) - 1] == '+';
		if (u->installed)
			word[strlen(word) - 1] = '\0';
		u->once = word[strlen(word) - 1] == '*';
		if (u->once)
			word[strlen(word) - 1] = '\0';
		u->plugin = s->g.run.plugins[0].name;
		if (word[1] == ':') {
			u->plugin = s->g.run.plugins[word[0] - '1'].name;
			word += 2;
		}
		u->id = arena_strdup(&s->arena, word);
		u->title = u->path = u->id;
		u->rule = "Extension RPM";
		u->description = u->version = u->kb = u->sha256 = "";
		u->reason = u->installed ? "there is a receipt" : "";
		u->size_bytes = 100;
	}
}

static inline void
script_installed(struct event *ev, const char *word, char **save)
{
	struct install_result *r = &ev->result;

	r->reason = r->log = "";
	if (ev->outcome == OUTCOME_OK) {
		r->result = update_result_parse(word);
		assert_int_not_equal(r->result, RESULT_NONE);
		r->has_code = true;
		r->exit_code = r->result == RESULT_SUCCEEDED ? 0 : 5;
		r->log = "log/x";
		r->reboot_required = strtok_r(NULL, " ", save) != NULL;
	} else {
		r->result = ev->outcome == OUTCOME_UNKNOWN ? RESULT_UNKNOWN
							   : RESULT_FAILED;
		r->reason = "contact was lost";
	}
}

/* The plug-ins that failed: "!1" and so on. */
static inline struct plugin_failure *
script_failures(struct script *s, char **save, size_t *n)
{
	struct plugin_failure *f = arena_alloc(&s->arena, 4 * sizeof(*f));

	*n = 0;
	while (**save == '!') {
		f[(*n)++] = (struct plugin_failure){
		    s->g.run.plugins[(*save)[1] - '1'].name, "no"};
		*save += strcspn(*save, " ");
		*save += strspn(*save, " ");
	}
	return f;
}

/* What happens after a turn. */
static inline void
script_happen(struct script *s, char *words)
{
	struct event ev = {.at_ms = s->now_ms};
	char *save, *word = strtok_r(words, " ", &save);
	struct engine_node *n;

	if (strcmp(word, "stop") == 0 || strcmp(word, "now") == 0) {
		ev.type = EV_STOP_REQUESTED;
		ev.error = "interrupted";
		ev.now = *word == 'n';
	} else if (strcmp(word, "abandon") == 0) {
		ev.type = EV_RUN_ABANDONED;
		ev.coordinator =
		    (struct coordinator){"host2", "user2", "v", "boot1", 8};
	} else if (strcmp(word, "recover") == 0) {
		ev.type = EV_RUN_RECOVERED;
		ev.coordinator =
		    (struct coordinator){"host2", "user2", "v", "boot1", 8};
	} else {
		n = script_node(s, word);
		assert_true(n->busy);
		ev.type = EV_OP_ENDED;
		ev.node = n->info->name;
		ev.op = n->op;
		ev.pass = n->pass;
		ev.attempt = n->attempt;
		if (s->g.run.run_plugins_serially &&
		    (n->op == OP_SCAN || n->op == OP_STAGE))
			ev.plugin = s->plugin;
		word = strtok_r(NULL, " ", &save);
		ev.failures = script_failures(s, &save, &ev.n_failures);
		if (strcmp(word, "failed") == 0)
			ev.outcome = OUTCOME_FAILED;
		else if (strcmp(word, "lost") == 0)
			ev.outcome = OUTCOME_LOST;
		else if (strcmp(word, "unknown") == 0)
			ev.outcome = OUTCOME_UNKNOWN;
		else if (strcmp(word, "flawed") == 0)
			ev.outcome = OUTCOME_FLAWED;
		else if (strcmp(word, "held") == 0)
			ev.outcome = OUTCOME_HELD;
		else if (strcmp(word, "refused") == 0)
			ev.outcome = OUTCOME_REFUSED;
		else if (strcmp(word, "skipped") == 0)
			ev.outcome = OUTCOME_SKIPPED;
		ev.already = strcmp(word, "already") == 0;
		if (ev.outcome == OUTCOME_REFUSED)
			ev.error = "no quorum without it";
		else if (ev.outcome == OUTCOME_SKIPPED)
			ev.error = "an admin has it in standby";
		else if (ev.outcome != OUTCOME_OK)
			ev.error = arena_printf(&s->arena, "%s: %s",
			    op_name(ev.op),
			    ev.outcome == OUTCOME_FAILED ? "it failed"
							 : "contact was lost");
		if (ev.op == OP_SCAN || ev.op == OP_RESTART)
			ev.boot_id =
			    arena_printf(&s->arena, "boot-%s-%u", n->info->name,
				ev.op == OP_RESTART ? ++s->boots : s->boots);
		if (ev.op == OP_SCAN)
			script_updates(s, &ev.scan, &save);
		if (ev.op == OP_STAGE && ev.outcome == OUTCOME_OK)
			ev.bytes = 1000;
		if (ev.op == OP_INSTALL) {
			ev.update = n->op_update;
			ev.id = n->updates[n->op_update].info.id;
			script_installed(&ev, word, &save);
		}
	}
	script_record(s, &ev);
}

/* Plays the lines; the last one has only what the engine wants. */
static inline void
script_play(struct script *s, const char *lines)
{
	char *copy = arena_strdup(&s->arena, lines), *save, *line, *arrow;
	struct buf b = BUF_INIT;

	for (line = strtok_r(copy, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		arrow = strstr(line, "->");
		if (arrow != NULL)
			*arrow = '\0';
		while (*line != '\0' && line[strlen(line) - 1] == ' ')
			line[strlen(line) - 1] = '\0';
		buf_reset(&b);
		s->waits = strcmp(line, "wait") == 0;
		script_turn(s, &b);
		assert_string_equal(b.data, line);
		s->now_ms += 1000;
		if (arrow != NULL)
			script_happen(s, arrow + 2);
	}
	buf_release(&b);
}

#endif
