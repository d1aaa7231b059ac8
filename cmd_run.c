/* SPDX-License-Identifier: ISC */
/* cau run and cau recover: an Updating Run, from its start or taken up. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "examine.h"
#include "file.h"
#include "options.h"
#include "report.h"
#include "run.h"
#include "salvage.h"
#include "scan.h"
#include "state.h"
#include "survey.h"
#include "text.h"

/* What both commands hold; everything is released by session_release. */
struct session {
	const struct options *o;
	const char *command;
	char run_id[RUN_ID_SIZE];
	char *run_dir;
	struct coordinator self;
	struct arena arena;
	struct state_lock lock;
	struct journal journal;
	struct engine engine;
	struct run_info run; /* that of a run taken up, as work has it */
	struct work work;
	bool has_work;
	struct view view;
	struct health health;
};

static void
session_init(struct session *s, const struct options *o)
{
	memset(s, 0, sizeof(*s));
	s->o = o;
	s->command = o->command;
	s->lock.fd = -1;
	s->journal.fd = -1;
	buf_init(&s->journal.pending);
	engine_init(&s->engine);
	coordinator_self(&s->self, &s->arena);
	view_init(&s->view, o->json, o->quiet, o->no_color);
	health_init(&s->health, &o->health);
}

/*
 * Threads that still work on nodes when a run is left end with the process.
 * Until then they read what they were given, so all of that stays.
 */
static bool still_busy;

static void
session_release(struct session *s)
{
	if (s->has_work && s->work.in_flight > 0) {
		if (s->work.control_dir != NULL)
			file_remove_tree(s->work.control_dir);
		still_busy = true;
		return;
	}
	if (s->has_work)
		work_release(&s->work);
	journal_close(&s->journal);
	engine_release(&s->engine);
	state_unlock(&s->lock);
	view_release(&s->view);
	health_release(&s->health);
	free(s->run_dir);
	arena_release(&s->arena);
	free(s);
}

static void
finish_options(struct options *o)
{
	if (still_busy)
		return;
	options_release(o);
	free(o);
}

static void
print_report(const struct session *s)
{
	struct buf b = BUF_INIT;

	if (s->o->json) {
		json_print(stdout, report_to_json(&s->engine), true);
		return;
	}
	report_to_text(
	    &b, &s->engine, s->run_dir, view_color_stdout(s->o->no_color));
	(void)fputs(b.data, stdout);
	buf_release(&b);
}

/* A run that is left may leave nodes out of service: nobody must have to
 * find that out. */
static void
tell_suspended(const struct session *s)
{
	const struct engine_node *n;

	for (size_t i = 0; i < s->engine.run.n_nodes; i++) {
		n = &s->engine.nodes[i];
		if (n->suspended)
			(void)fprintf(stderr,
			    "cau %s: %s IS OUT OF SERVICE; cau recover puts it "
			    "back\n",
			    s->command, n->info->name);
	}
}

/* Drives the run and tells how it ended. */
static int
drive(struct session *s)
{
	struct err e;
	enum run_end end =
	    run_drive(&s->engine, &s->journal, &s->work, &s->view, &e);

	/* First of all: a terminal that is stopped (^S) holds up what is shown,
	 * but no other run. */
	if (end == RUN_FINISHED) {
		work_unlock(&s->work);
		state_clear_current(s->o->state_dir);
	}
	view_clear(&s->view);
	switch (end) {
	case RUN_FINISHED:
		print_report(s);
		return (int)engine_exit_code(&s->engine);
	case RUN_INTERRUPTED:
		(void)fprintf(stderr,
		    "cau %s: left; installers that were started go on on "
		    "their nodes; to bring the run to its end: cau recover\n",
		    s->command);
		tell_suspended(s);
		return CAU_CANCELED;
	case RUN_BROKEN:
		break;
	}
	(void)fprintf(stderr,
	    "cau %s: %s\ncau %s: the run stands where it is; when this is "
	    "mended: cau recover\n",
	    s->command, e.text, s->command);
	tell_suspended(s);
	return CAU_FAILED;
}

static int
record_first(struct session *s, const struct event *ev, struct err *e)
{
	struct buf line = BUF_INIT;
	int rc;

	journal_add(&s->journal, ev, &line);
	rc = engine_apply(&s->engine, ev, e);
	if (rc == 0)
		rc = journal_sync(&s->journal, e);
	if (rc == 0) {
		view_event(&s->view, &s->engine, ev, line.data);
		view_flush(&s->view);
	}
	buf_release(&line);
	return rc;
}

/* kept: gets them as well, or NULL. */
static void
tell_lines(const char *command, struct buf *lines, struct buf *kept)
{
	struct buf shown = BUF_INIT;
	char *line, *save;

	if (kept != NULL)
		buf_add(kept, lines->data, lines->len);

	for (line = strtok_r(lines->data, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		buf_reset(&shown);
		text_printable(&shown, line, strlen(line));
		(void)fprintf(stderr, "cau %s: %s\n", command, shown.data);
	}
	buf_release(&shown);
}

/* What nobody can go on with is put aside, loudly. Not what we only may not
 * read. */
static int
put_aside(
    const struct session *s, const char *id, const char *path, struct err *e)
{
	struct buf text = BUF_INIT;
	int rc;

	if (access(path, R_OK) == -1 && errno == EACCES)
		return -1;
	rc = salvage_run(s->o->state_dir, id, &text, e);
	tell_lines(s->command, &text, NULL);
	buf_release(&text);
	return rc;
}

/* A run that was cut short must not be forgotten by starting another. One that
 * had just ended, or whose journal is damaged, must not be in the way. */
static int
check_left_over(const struct session *s, struct err *e)
{
	char id[RUN_ID_SIZE], *path;
	struct buf lines = BUF_INIT;
	struct engine g;
	int rc;

	if (state_current(s->o->state_dir, id) == -1) {
		rc = state_mend_current(s->o->state_dir, &lines, e);
		tell_lines(s->command, &lines, NULL);
		buf_release(&lines);
		return rc;
	}
	path = state_journal(s->o->state_dir, id);
	engine_init(&g);
	rc = journal_load(&g, path, NULL, e);
	if (rc == -1)
		rc = put_aside(s, id, path, e);
	else if (g.finished)
		state_clear_current(s->o->state_dir);
	else
		rc = err_set(e, CAU_CANCELED,
		    "run %s was cut short and nobody works on it: go on with "
		    "cau recover, or give it up with cau recover --abandon",
		    id);
	engine_release(&g);
	free(path);
	return rc;
}

/* Whether the cluster is fit for a run at all; what is wrong is told. */
static int
check_cluster(struct work *w, struct err *e)
{
	struct buf problems = BUF_INIT;
	int rc;

	if (w->cluster->check == NULL)
		return 0;
	rc = w->cluster->check(w->cluster_self, &problems, e);
	tell_lines("run", &problems, &w->warnings);
	buf_release(&problems);
	return rc;
}

/* Whether all is as it was planned; what is not is told. */
static int
check_plan(struct work *w, const struct options *o, struct err *e)
{
	struct buf lines = BUF_INIT;
	int rc;

	if (o->sealed == NULL)
		return 0;
	rc = survey_compare(w, o, &lines, e);
	tell_lines("run", &lines, &w->warnings);
	buf_release(&lines);
	return rc;
}

static int
make_run(struct session *s, struct run_info *run, struct err *e)
{
	char *log, *path;
	int rc;

	s->run_dir = state_run_dir(s->o->state_dir, s->run_id);
	log = xasprintf("%s/log", s->run_dir);
	path = state_journal(s->o->state_dir, s->run_id);
	rc = file_mkdirs(log, e);
	if (rc == 0)
		rc = journal_create(&s->journal, path, e);
	free(log);
	free(path);
	run->run_id = s->run_id;
	return rc;
}

/* Whether a person at a terminal says that the run is to go on. */
static bool
person_agrees(const struct options *o, int stop_fd)
{
	struct pollfd p[2] = {{STDIN_FILENO, POLLIN, 0}, {stop_fd, POLLIN, 0}};
	char c = 0, first;

	if (o->yes)
		return true;
	if (isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1)
		return false;
	(void)fputs("Run nevertheless? [y/N] ", stderr);
	(void)fflush(stderr);
	if (poll(p, 2, -1) < 1 || p[1].revents != 0 ||
	    read(STDIN_FILENO, &c, 1) != 1)
		return false;
	for (first = c; c != '\n' && read(STDIN_FILENO, &c, 1) == 1;)
		continue;
	return first == 'y' || first == 'Y';
}

/* In JSON: what was told before, which an error may only count. */
static void
print_refused(const struct work *w, const struct err *e)
{
	json_t *doc, *lines;
	char *text, *line, *save;

	if (w->warnings.len == 0) {
		print_json_error("run", e, true);
		return;
	}
	doc = json_pack("{s:i, s:s}", "format", 1, "command", "run");
	lines = json_array();
	text = xstrdup(w->warnings.data);
	for (line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save))
		(void)json_array_append_new(lines, json_from_text(line));
	free(text);
	json_set(doc, "error", json_from_text(e->text));
	json_set(doc, "messages", lines);
	json_print(stdout, doc, true);
}

/* In JSON: what the health check found goes with the refusal. */
static void
print_unhealthy(const struct session *s, const struct err *e)
{
	json_t *doc =
	    json_pack("{s:i, s:s}", "format", 1, "command", s->command);
	json_t *health = health_to_json(&s->health);

	json_set(doc, "error", json_from_text(e->text));
	(void)json_object_del(health, "format");
	(void)json_object_del(health, "command");
	json_set(doc, "health", health);
	json_print(stdout, doc, true);
}

/*
 * The health check is the first step of every run. All checks are made, then
 * --alert-action decides; nothing has been touched until then. What was found
 * goes on record with the run.
 */
static int
gate(struct session *s, const struct options *o, struct err *e)
{
	struct health *h = &s->health;
	struct health_counts c;
	struct buf b = BUF_INIT;
	int rc, stop_fd = run_signal_fd();

	h->gate = true;
	h->packages = plugins_use_packages(&o->run);
	view_note(&s->view, "Health check before the run ...");
	rc = examine(h, &s->work, o->state_dir, stop_fd, e);
	view_clear(&s->view);
	if (rc == 0) {
		health_finish(h);
		c = health_count(h->findings, h->n);
		if (c.critical > 0 && o->alert_action != ALERT_CONTINUE) {
			health_to_text(&b, h, false);
			(void)fputs(b.data, stderr);
			buf_release(&b);
			if (o->alert_action == ALERT_STOP ||
			    !person_agrees(o, stop_fd))
				rc = err_set(e, CAU_UNHEALTHY,
				    "stopped by the health check, nothing was "
				    "touched; to run nevertheless: "
				    "--alert-action continue");
		}
	}
	if (stop_fd != -1)
		(void)close(stop_fd);
	return rc;
}

/* Refusals come before the run is made, so they leave nothing behind. */
static int
start(struct session *s, struct options *o, struct err *e)
{
	struct event ev = {.type = EV_RUN_STARTED};
	struct run_info *run = &o->run;
	int rc;

	run_id_new(s->run_id);
	if (state_lock(&s->lock, o->state_dir, s->run_id, &s->self, e) == -1)
		return -1;
	if (check_left_over(s, e) == -1)
		return -1;
	rc = work_init(&s->work, run, o->state_dir, false, true, e);
	s->has_work = true;
	if (!o->quiet || rc == -1)
		(void)fputs(s->work.warnings.data, stderr);
	if (rc == -1 || gate(s, o, e) == -1 ||
	    check_cluster(&s->work, e) == -1 ||
	    check_plan(&s->work, o, e) == -1)
		return -1;
	if (make_run(s, run, e) == -1) {
		file_remove_tree(s->run_dir);
		return -1;
	}
	if (work_begin(&s->work, s->run_dir, &s->self, e) == -1) {
		file_remove_tree(s->run_dir);
		return -1;
	}
	run->digest = work_digest(&s->work);
	ev.at_ms = clock_wall_ms();
	ev.run = *run;
	ev.coordinator = s->self;
	ev.findings = s->health.findings;
	ev.n_findings = s->health.n;
	/* Nothing has been started: a run that cannot be put on record has
	 * never been. */
	if (record_first(s, &ev, e) == 0 &&
	    state_set_current(o->state_dir, s->run_id, e) == 0)
		return 0;
	file_remove_tree(s->run_dir);
	return -1;
}

static int
dry_run(struct options *o)
{
	struct order **results =
	    xcalloc(o->run.n_nodes, sizeof(struct order *));
	struct work w;
	struct err e;
	int rc = work_init(&w, &o->run, o->state_dir, false, true, &e);

	if (!o->quiet || rc == -1)
		(void)fputs(w.warnings.data, stderr);
	if (rc == 0)
		rc = check_plan(&w, o, &e);
	if (rc == 0)
		rc = scan_nodes(&w, results, &e);
	if (rc == -1) {
		if (o->json)
			print_refused(&w, &e);
		rc = command_fail("run", &e);
	} else {
		if (o->json) {
			scan_print_json(&o->run, results);
		} else {
			(void)puts("Dry run: nothing is changed. The nodes "
				   "would be updated in this order:");
			scan_print_text(&o->run, results, o->verbose > 0);
		}
		rc = scan_exit_code(&o->run, results, false);
	}
	for (size_t i = 0; i < o->run.n_nodes; i++)
		if (results[i] != NULL)
			order_free(results[i]);
	free(results);
	work_release(&w);
	return rc;
}

static int
run(struct options *o)
{
	struct session *s = xcalloc(1, sizeof(*s));
	struct err e;
	int rc;

	run_block_signals();
	session_init(s, o);
	if (start(s, o, &e) == -1) {
		if (o->json && e.code == CAU_UNHEALTHY)
			print_unhealthy(s, &e);
		else if (o->json)
			print_refused(&s->work, &e);
		rc = command_fail("run", &e);
	} else {
		rc = drive(s);
	}
	session_release(s);
	if (!still_busy)
		o->run.run_id = NULL; /* it lay in the session */
	return rc;
}

int
cmd_run(int argc, char **argv)
{
	struct options *o = xcalloc(1, sizeof(*o));
	int rc = options_parse(o, CMD_RUN, RUN_SYNOPSIS, argc, argv);

	if (rc == -1 && o->n_operands > 0)
		rc = command_misuse("run", RUN_SYNOPSIS, "unexpected word '%s'",
		    o->operands[0]);
	if (rc == -1)
		rc = complete_options(o, RUN_SYNOPSIS, true);
	if (rc == -1)
		rc = command_done("run", o->dry_run ? dry_run(o) : run(o));
	finish_options(o);
	return rc;
}

/* Reads the journal of the run that was cut short, and opens it to go on. */
static int
open_journal(struct session *s, struct err *e)
{
	char *path = state_journal(s->o->state_dir, s->run_id), *log;
	size_t good = 0;
	int rc;

	if (journal_load(&s->engine, path, &good, e) == -1) {
		if (put_aside(s, s->run_id, path, e) == 0)
			(void)err_set(e, CAU_FAILED,
			    "this run cannot be taken up; the next cau run "
			    "finds the nodes as they are");
		free(path);
		return -1;
	}
	s->run_dir = state_run_dir(s->o->state_dir, s->run_id);
	log = xasprintf("%s/log", s->run_dir);
	rc = journal_continue(&s->journal, path, good, e);
	if (rc == 0)
		rc = file_mkdirs(log, e);
	free(log);
	free(path);
	return rc;
}

/* Has everything at hand that the run had, and its nodes locked. */
static int
take_up_work(struct session *s, struct err *e)
{
	const char *changes;
	int rc;

	/* What is given up, or over, needs no plug-in. */
	s->run = s->engine.run;
	if (s->o->abandon || s->engine.finished) {
		s->run.n_plugins = 0;
		s->run.pre_script = s->run.post_script = "";
	}
	rc = work_init(&s->work, &s->run, s->o->state_dir, false, true, e);
	s->has_work = true;
	if (!s->o->quiet || rc == -1)
		(void)fputs(s->work.warnings.data, stderr);
	if (rc == -1)
		return -1;
	changes =
	    s->o->abandon ? "" : work_changes(&s->work, s->engine.run.digest);
	if (*changes != '\0')
		return err_set(e, CAU_REFUSED,
		    "%s changed since run %s began (rules, arguments or "
		    "contents): put back what was there to go on, or give the "
		    "run up with cau recover --abandon",
		    changes, s->run_id);
	if (work_begin(&s->work, s->run_dir, &s->self, e) == -1)
		return -1;
	/* A node that another run has is left alone by its turn. */
	if (work_lock(&s->work, e) == -1 &&
	    !(s->o->abandon && e->code == CAU_LOCKED))
		return -1;
	return 0;
}

/* Opens the run that was cut short, as its journal has it. */
static int
take_up(struct session *s, struct err *e)
{
	struct event ev = {.type = EV_RUN_RECOVERED};
	char now[RUN_ID_SIZE];

	if (state_check(s->o->state_dir, e) == -1)
		return -1;
	if (state_current(s->o->state_dir, s->run_id) == -1)
		return err_set(e, CAU_USAGE, "there is no run to recover in %s",
		    s->o->state_dir);
	if (state_lock(&s->lock, s->o->state_dir, s->run_id, &s->self, e) == -1)
		return -1;
	/* Another recovery may have ended while we came to the lock. */
	if (state_current(s->o->state_dir, now) == -1 ||
	    strcmp(now, s->run_id) != 0)
		return err_set(e, CAU_USAGE,
		    "run %s was brought to its end meanwhile", s->run_id);
	if (open_journal(s, e) == -1 || take_up_work(s, e) == -1)
		return -1;
	if (s->engine.finished)
		return 0;
	if (s->o->abandon)
		ev.type = EV_RUN_ABANDONED;
	ev.at_ms = clock_wall_ms();
	if (ev.at_ms < s->engine.last_ms)
		ev.at_ms = s->engine.last_ms;
	ev.coordinator = s->self;
	return record_first(s, &ev, e);
}

/* Whether there is a run whose coordinator went with an earlier start of this
 * machine. One that cannot be read is for a person. */
static bool
was_cut_by_restart(const struct options *o)
{
	struct arena a = ARENA_INIT;
	struct coordinator self;
	char id[RUN_ID_SIZE], *path;
	struct engine g;
	struct err e;
	bool cut;

	if (state_current(o->state_dir, id) == -1)
		return false;
	coordinator_self(&self, &a);
	path = state_journal(o->state_dir, id);
	engine_init(&g);
	cut = journal_load(&g, path, NULL, &e) == 0 &&
	      strcmp(g.coordinator.host, self.host) == 0 &&
	      strcmp(g.coordinator.boot_id, self.boot_id) != 0;
	engine_release(&g);
	free(path);
	arena_release(&a);
	return cut;
}

static int
recover(struct options *o)
{
	struct session *s;
	struct err e;
	int rc;

	if (o->after_restart && !was_cut_by_restart(o)) {
		if (!o->quiet)
			(void)fputs("cau recover: no run was cut by a restart "
				    "of this machine\n",
			    stderr);
		return CAU_OK;
	}
	s = xcalloc(1, sizeof(*s));
	run_block_signals();
	session_init(s, o);
	if (take_up(s, &e) == -1) {
		if (o->json)
			print_json_error("recover", &e, true);
		rc = command_fail("recover", &e);
	} else if (s->engine.finished) {
		/* It died between its last record and its last breath. */
		work_unlock(&s->work);
		state_clear_current(o->state_dir);
		print_report(s);
		rc = (int)engine_exit_code(&s->engine);
	} else {
		rc = drive(s);
	}
	session_release(s);
	return rc;
}

int
cmd_recover(int argc, char **argv)
{
	struct options *o = xcalloc(1, sizeof(*o));
	int rc = options_parse(o, CMD_RECOVER, RECOVER_SYNOPSIS, argc, argv);

	if (rc == -1 && o->n_operands > 0)
		rc = command_misuse("recover", RECOVER_SYNOPSIS,
		    "unexpected word '%s'", o->operands[0]);
	if (rc == -1)
		rc = command_done("recover", recover(o));
	finish_options(o);
	return rc;
}
