/* SPDX-License-Identifier: ISC */
/* cau run: an Updating Run from its start. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "file.h"
#include "scan.h"
#include "session.h"
#include "survey.h"

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
		session_tell(s->command, &lines, NULL);
		buf_release(&lines);
		return rc;
	}
	path = state_journal(s->o->state_dir, id);
	engine_init(&g);
	rc = journal_load(&g, path, NULL, e);
	if (rc == -1)
		rc = session_put_aside(s, id, path, e);
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
	session_tell("run", &problems, &w->warnings);
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
	session_tell("run", &lines, &w->warnings);
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
	if (session_record(s, &ev, e) == 0 &&
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
		rc = session_drive(s);
	}
	if (session_free(s))
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
	session_finish_options(o);
	return rc;
}
