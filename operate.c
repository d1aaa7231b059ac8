/* SPDX-License-Identifier: ISC */
/* One operation on one node, from its announcement to what came of it. */
#include "operate.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "restart.h"
#include "text.h"

#define NOTE_MS 30000

static void
fail(struct order *o, enum op_outcome outcome, const char *text)
{
	o->ended.outcome = outcome;
	o->ended.error = arena_strdup(&o->arena, text);
}

/* By what became of the contact: a node that is lost is not given work. */
static void
fail_node(struct order *o, enum node_rc rc, const struct err *e)
{
	/* Given up because the run is: the node itself is well. */
	fail(o,
	    rc == NODE_LOST && e->code != CAU_CANCELED ? OUTCOME_LOST
						       : OUTCOME_FAILED,
	    e->text);
}

/* One plug-in's share of a scan or stage; the first one uses the channel of
 * the node, others open their own. */
struct part {
	struct order *o;
	const struct plugin *plugin;
	struct node own, *node;
	struct arena arena;
	struct scan_result scan;
	int64_t bytes;
	enum node_rc rc;
	struct err e;
	pthread_t thread;
	bool threaded;
};

/* The updates of an order that belong to a plug-in, in their order. */
static size_t
of_plugin(const struct order *o, const struct plugin *p, struct update *out,
    const char **jobs)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n_updates; i++)
		if (strcmp(o->updates[i].plugin, p->ops->name) == 0) {
			jobs[n] = o->jobs[i];
			out[n++] = o->updates[i];
		}
	return n;
}

static void *
run_part(void *arg)
{
	struct part *p = arg;
	const struct order *o = p->o;
	struct update *updates;
	const char **jobs;
	size_t n;

	if (o->started.op == OP_SCAN) {
		p->rc = p->plugin->ops->scan(p->plugin->self, p->node,
		    o->work->run->reinstall, &p->scan, &p->arena, &p->e);
		return NULL;
	}
	updates = arena_alloc(&p->arena, o->n_updates * sizeof(*updates));
	jobs = arena_alloc(&p->arena, o->n_updates * sizeof(*jobs));
	n = of_plugin(o, p->plugin, updates, jobs);
	if (n > 0)
		p->rc = p->plugin->ops->stage(p->plugin->self, p->node, updates,
		    jobs, n, &p->bytes, &p->e);
	return NULL;
}

/* One after the other, over the channel of the node. With StopOnPluginFailure
 * those behind one that failed are left out. Returns how many ran. */
static size_t
run_in_turn(struct part *parts, size_t n)
{
	const struct run_info *r = parts[0].o->work->run;
	size_t i;

	for (i = 0; i < n; i++) {
		(void)run_part(&parts[i]);
		if (parts[i].rc == NODE_LOST ||
		    (parts[i].rc != NODE_OK && r->stop_on_plugin_failure))
			return i + 1;
	}
	return n;
}

static size_t
run_at_once(struct part *parts, size_t n)
{
	struct part *p;

	for (size_t i = 1; i < n; i++) {
		p = &parts[i];
		p->node = &p->own;
		node_clone(p->node, p->o->node);
		node_arm(p->node, &p->o->work->cancel);
		p->threaded =
		    pthread_create(&p->thread, NULL, run_part, p) == 0;
	}
	(void)run_part(&parts[0]);
	for (size_t i = 1; i < n; i++) {
		p = &parts[i];
		if (p->threaded)
			(void)pthread_join(p->thread, NULL);
		else
			(void)run_part(p);
		node_close(p->node);
	}
	return n;
}

/* Puts the results of all parts together; their arenas go with the order. */
static void
join_scans(struct order *o, struct part *parts, size_t n)
{
	struct scan_result *all = &o->ended.scan;
	size_t updates = 0, ignored = 0;

	for (size_t i = 0; i < n; i++) {
		updates += parts[i].scan.n_updates;
		ignored += parts[i].scan.n_ignored;
	}
	all->updates = arena_alloc(&o->arena, updates * sizeof(*all->updates));
	all->ignored = arena_alloc(&o->arena, ignored * sizeof(*all->ignored));
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < parts[i].scan.n_updates; k++)
			all->updates[all->n_updates++] =
			    parts[i].scan.updates[k];
		for (size_t k = 0; k < parts[i].scan.n_ignored; k++)
			all->ignored[all->n_ignored++] =
			    parts[i].scan.ignored[k];
	}
}

/* A plug-in that failed is no failure of the node while there are others. */
static void
add_failure(struct order *o, const struct part *p)
{
	struct event *ev = &o->ended;

	ev->failures[ev->n_failures++] = (struct plugin_failure){
	    p->plugin->ops->name, arena_strdup(&o->arena, p->e.text)};
}

static void
do_plugins(struct order *o)
{
	struct work *w = o->work;
	struct part *parts = xcalloc(w->n_plugins, sizeof(*parts));
	size_t n = 0;

	for (size_t i = 0; i < w->n_plugins; i++)
		if (o->started.plugin == NULL ||
		    strcmp(o->started.plugin, w->plugins[i].ops->name) == 0)
			parts[n++] = (struct part){
			    .o = o, .plugin = &w->plugins[i], .node = o->node};
	o->ended.failures =
	    arena_alloc(&o->arena, (n + 1) * sizeof(*o->ended.failures));
	if (n > 0)
		n = w->run->run_plugins_serially ? run_in_turn(parts, n)
						 : run_at_once(parts, n);
	for (size_t i = 0; i < n; i++) {
		o->ended.bytes += parts[i].bytes;
		if (parts[i].rc == NODE_OK)
			continue;
		if (parts[i].rc == NODE_FAILED && w->n_plugins > 1)
			add_failure(o, &parts[i]);
		else if (o->ended.outcome == OUTCOME_OK)
			fail_node(o, parts[i].rc, &parts[i].e);
	}
	if (o->ended.outcome == OUTCOME_OK && o->started.op == OP_SCAN) {
		join_scans(o, parts, n);
		if (*o->node->restart != '\0')
			o->ended.scan.restart =
			    arena_strdup(&o->arena, o->node->restart);
		o->ended.boot_id = arena_strdup(&o->arena, o->node->boot_id);
	}
	for (size_t i = 0; i < n; i++)
		arena_join(&o->arena, &parts[i].arena);
	free(parts);
}

/* The node is locked by the first contact of a run. */
static void
do_scan(struct order *o)
{
	struct err e;

	if (o->work->run_dir != NULL) {
		switch (nodelock_take(&o->work->lock, o->node, &e)) {
		case NODELOCK_OK:
			atomic_store(&o->work->locked[o->number], true);
			break;
		case NODELOCK_HELD:
			fail(o, OUTCOME_HELD, e.text);
			return;
		case NODELOCK_FAILED:
			fail_node(o, NODE_FAILED, &e);
			return;
		case NODELOCK_LOST:
			fail_node(o, NODE_LOST, &e);
			return;
		}
	}
	do_plugins(o);
}

/*
 * Whether the node is still ours: a coordinator that slept for more than an
 * hour may have lost it to another one. What cannot be asked is left to the
 * operation, which copes with nodes that are not there.
 */
static bool
is_ours(struct order *o)
{
	struct work *w = o->work;
	struct err e;

	if (nodelock_take(&w->lock, o->node, &e) != NODELOCK_HELD) {
		atomic_store(&w->locked[o->number], true);
		return true;
	}
	fail(o, OUTCOME_HELD, e.text);
	if (o->started.op == OP_INSTALL) {
		o->ended.result = (struct install_result){
		    .result = o->again ? RESULT_UNKNOWN : RESULT_FAILED,
		    .reason = o->ended.error,
		    .log = ""};
		if (o->again)
			o->ended.outcome = OUTCOME_UNKNOWN;
	}
	return false;
}

/* "003-name.log", from the last part of a path, harmless as a file name. */
static const char *
log_name(struct order *o, const char *path)
{
	const char *base = strrchr(path, '/');
	char *name;

	base = base == NULL ? path : base + 1;
	name = arena_printf(
	    &o->arena, "%03zu-%.80s.log", o->started.update + 1, base);
	for (char *p = name; *p != '\0'; p++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX"
			   "YZ0123456789._+-",
			*p) == NULL)
			*p = '_';
	return name;
}

static const struct plugin *
plugin_of(const struct work *w, const struct update *u)
{
	for (size_t i = 0; i < w->n_plugins; i++)
		if (strcmp(w->plugins[i].ops->name, u->plugin) == 0)
			return &w->plugins[i];
	return NULL;
}

/* The folder for the logs of the node, or -1. */
static int
open_log_dir(const struct order *o)
{
	char *dir = xasprintf("%s/log/%s", o->work->run_dir, o->node->name);
	int fd = -1;

	if (mkdir(dir, 0700) == 0 || errno == EEXIST)
		fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(dir);
	return fd;
}

/* For the runs to come, which do without when it is lost. */
static void
note(struct order *o, const char *request)
{
	struct err e;
	enum node_rc rc = node_call(o->node, request, NULL, NULL, NOTE_MS, &e);

	(void)rc;
}

/* This one may not come to the restart. */
static void
keep_restart(struct order *o)
{
	const char *boot = o->ended.result.boot_id;
	const char *words[] = {boot == NULL ? o->started.boot_id : boot,
	    arena_printf(&o->arena, "%.200s asked for it in run %.8s",
		update_label(&o->updates[0]), o->work->run->run_id)};
	struct buf b = BUF_INIT;

	buf_addstr(&b, "cau_want_restart");
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		buf_addc(&b, ' ');
		text_shell_quote(&b, words[i]);
	}
	note(o, b.data);
	buf_release(&b);
}

static void
do_install(struct order *o)
{
	struct work *w = o->work;
	const struct plugin *p = plugin_of(w, &o->updates[0]);
	struct install_result *r = &o->ended.result;
	struct install_order io = {0};
	enum node_rc rc;
	struct err e;

	*r = (struct install_result){
	    .result = RESULT_FAILED, .reason = "", .log = ""};
	if (p == NULL) {
		r->reason = "its plug-in is not part of this run";
		return;
	}
	io.run_id = w->run->run_id;
	io.job = o->started.job;
	io.boot_id = o->started.boot_id;
	io.again = o->again;
	io.look_only = o->look_only;
	io.contact_ms = w->run->contact_timeout_ms;
	io.cancel = &w->cancel;
	io.log_dir = open_log_dir(o);
	io.log_name = log_name(o, update_label(&o->updates[0]));
	rc = p->ops->install(
	    p->self, o->node, &o->updates[0], &io, r, &o->arena, &e);
	if (io.log_dir != -1)
		(void)close(io.log_dir);
	if (*r->log != '\0')
		r->log =
		    arena_printf(&o->arena, "log/%s/%s", o->node->name, r->log);
	o->ended.boot_id = r->boot_id;
	if (r->reboot_required)
		keep_restart(o);
	if (rc != NODE_OK && r->result == RESULT_UNKNOWN)
		fail(o, OUTCOME_UNKNOWN, e.text);
	else if (rc != NODE_OK)
		fail_node(o, rc, &e);
}

/* What became of a script, in words; NULL when it succeeded. */
static const char *
script_trouble(struct order *o, const struct job_end *end)
{
	char span[TEXT_SMALL_SIZE];

	switch (end->how) {
	case JOB_EXITED:
		return end->code == 0
			   ? NULL
			   : arena_printf(&o->arena,
				 "it ended with exit code %d", end->code);
	case JOB_SIGNALED:
		return arena_printf(&o->arena,
		    "it was killed by signal %d (%s)", end->code,
		    strsignal(end->code));
	case JOB_TIMEOUT:
		text_span(span, o->work->run->script_timeout_ms);
		return arena_printf(
		    &o->arena, "timeout: ended on the node after %s", span);
	case JOB_CANCELED:
		return "it was ended because the run was stopped";
	case JOB_NEVER:
		return "the run was stopped before it was started";
	case JOB_NOT_STARTED:
		return arena_printf(
		    &o->arena, "it could not be started: %s", end->words);
	case JOB_UNKNOWN:
		break;
	}
	return arena_printf(
	    &o->arena, "nobody knows how it ended: %s", end->words);
}

/* A script of which nobody knows how it ended did not succeed. */
static void
do_script(struct order *o)
{
	struct work *w = o->work;
	bool pre = o->started.op == OP_PRE_SCRIPT;
	const struct program *s = pre ? &w->pre_script : &w->post_script;
	struct job_spec spec = {0};
	struct job_end end = {0};
	const char *trouble = NULL;
	enum node_rc rc;
	struct err e;

	spec.id = o->started.job;
	spec.boot_id = o->started.boot_id;
	spec.again = o->again;
	spec.look_only = o->look_only;
	spec.limit_ms = w->run->script_timeout_ms;
	spec.contact_ms = w->run->contact_timeout_ms;
	spec.cancel = &w->cancel;
	spec.log_dir = open_log_dir(o);
	spec.log_name = arena_printf(&o->arena, "%s-script-%u.log",
	    pre ? "pre" : "post", o->started.attempt);
	rc = script_run(s, o->node, &spec, &end, &e);
	if (spec.log_dir != -1)
		(void)close(spec.log_dir);
	if (end.has_log)
		o->ended.log = arena_printf(
		    &o->arena, "log/%s/%s", o->node->name, spec.log_name);
	if (rc != NODE_OK)
		fail_node(o, rc, &e);
	else if ((trouble = script_trouble(o, &end)) != NULL)
		fail(o, end.how == JOB_UNKNOWN ? OUTCOME_LOST : OUTCOME_FAILED,
		    arena_printf(&o->arena, "%s-update script %s: %s%s%s",
			pre ? "pre" : "post", s->name, trouble,
			o->ended.log == NULL ? "" : "; log: ",
			o->ended.log == NULL ? "" : o->ended.log));
}

static const enum op_outcome cluster_outcomes[] = {
    [CLUSTER_OK] = OUTCOME_OK,
    [CLUSTER_FLAWED] = OUTCOME_FLAWED,
    [CLUSTER_ALREADY] = OUTCOME_OK,
    [CLUSTER_FAILED] = OUTCOME_FAILED,
    [CLUSTER_SKIPPED] = OUTCOME_SKIPPED,
    [CLUSTER_REFUSED] = OUTCOME_REFUSED,
};

typedef enum cluster_rc
cluster_fn(void *self, const struct cluster_order *o, struct err *e);

/* Taken out of service, put back, or asked whether it may be taken out; true
 * when all is well. */
static bool
do_cluster(struct order *o, cluster_fn *function)
{
	struct work *w = o->work;
	struct cluster_order co = {w->run, o->node, o->again, o->number,
	    w->turns, &w->cancel, &w->stopping, open_log_dir(o)};
	enum cluster_rc rc;
	struct err e;

	rc = function(w->cluster_self, &co, &e);
	if (co.log_dir != -1)
		(void)close(co.log_dir);
	o->ended.already = rc == CLUSTER_ALREADY && o->started.op == OP_SUSPEND;
	if (rc == CLUSTER_OK || rc == CLUSTER_ALREADY)
		return true;
	fail(o, cluster_outcomes[rc], e.text);
	return false;
}

/* The script comes first, but not to a node that is not to be taken out. */
static void
do_pre_script(struct order *o)
{
	if (o->again || o->work->cluster->may_suspend == NULL ||
	    do_cluster(o, o->work->cluster->may_suspend))
		do_script(o);
}

static void
do_restart(struct order *o)
{
	const struct run_info *r = o->work->run;
	const struct restart_order order = {o->started.boot_id,
	    r->reboot_timeout_ms, r->settle_ms, r->attempt_soft_reboot,
	    o->node->cancel};
	struct restart_end end;
	enum restart_how how;
	struct err e;

	how = restart_node(o->node, &order, &end, &e);
	o->ended.how = end.result;
	if (how != RESTART_DONE) {
		fail(o, OUTCOME_FAILED, e.text);
		return;
	}
	o->ended.boot_id = arena_strdup(&o->arena, end.boot_id);
	o->ended.kind = end.kind;
	/* A soft reboot keeps the boot id, by which nodes know of it. */
	if (strcmp(end.boot_id, o->started.boot_id) == 0)
		note(o, "cau_restarted");
	if (*end.flaw != '\0')
		fail(o, OUTCOME_FLAWED, end.flaw);
}

void
operate(struct order *o)
{
	o->ended.type = EV_OP_ENDED;
	o->ended.node = o->started.node;
	o->ended.op = o->started.op;
	o->ended.attempt = o->started.attempt;
	o->ended.pass = o->started.pass;
	o->ended.plugin = o->started.plugin;
	o->ended.update = o->started.update;
	o->ended.id = o->started.id;
	if (o->started.op != OP_SCAN && o->started.op != OP_STAGE &&
	    !is_ours(o))
		return;
	switch (o->started.op) {
	case OP_SCAN:
		do_scan(o);
		break;
	case OP_STAGE:
		do_plugins(o);
		break;
	case OP_PRE_SCRIPT:
		do_pre_script(o);
		break;
	case OP_POST_SCRIPT:
		do_script(o);
		break;
	case OP_SUSPEND:
		(void)do_cluster(o, o->work->cluster->suspend);
		break;
	case OP_INSTALL:
		do_install(o);
		break;
	case OP_RESTART:
		do_restart(o);
		break;
	case OP_RESUME:
		(void)do_cluster(o, o->work->cluster->resume);
		break;
	case OP_KIND_COUNT:
		break;
	}
}
