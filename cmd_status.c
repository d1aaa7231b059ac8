/* SPDX-License-Identifier: ISC */
/* cau status: the run in progress, or the last one; also while it goes on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "child.h"
#include "cmd.h"
#include "follow.h"
#include "options.h"
#include "report.h"
#include "scan.h"
#include "state.h"
#include "view.h"

/* A coordinator that died is noticed within this time. */
#define LOOK_MS	 1000
#define BEGIN_MS 50

enum state { STATE_IDLE, STATE_RUNNING, STATE_INTERRUPTED };

static const char *const state_names[] = {"idle", "running", "interrupted"};

struct status {
	const struct options *o;
	enum state state;
	char run_id[RUN_ID_SIZE]; /* "" when there never was one */
	struct follow journal;
	struct engine engine;
	struct view view;
};

static void
print_json(const struct status *s, bool one_line)
{
	json_t *doc = json_pack("{s:i, s:s, s:s}", "format", 1, "command",
	    "status", "state", state_names[s->state]);

	json_set(doc, "run",
	    *s->run_id == '\0' ? json_null() : report_to_json(&s->engine));
	json_print(stdout, doc, one_line);
}

static void
print_text(const struct status *s)
{
	const struct engine *g = &s->engine;
	struct buf b = BUF_INIT;
	/* Time stands still in a run that nobody works on. */
	int64_t now = g->last_ms;
	size_t width = 0;

	if (*s->run_id == '\0') {
		(void)puts("No run yet.");
		return;
	}
	switch (s->state) {
	case STATE_RUNNING:
		if (now < clock_wall_ms())
			now = clock_wall_ms();
		buf_addstr(&b, "A run is in progress:\n");
		break;
	case STATE_INTERRUPTED:
		buf_addstr(&b, "A run was cut short:\n");
		break;
	case STATE_IDLE:
		buf_addstr(&b, "No run is in progress. The last one:\n");
		break;
	}
	for (size_t i = 0; i < g->run.n_nodes; i++)
		if (strlen(g->run.nodes[i].name) > width)
			width = strlen(g->run.nodes[i].name);
	report_line(&b, g);
	for (size_t i = 0; i < g->run.n_nodes; i++) {
		buf_addf(&b, "  %-*s  ", (int)width, g->run.nodes[i].name);
		report_node_line(&b, g, &g->nodes[i], now);
		buf_addc(&b, '\n');
	}
	if (s->state == STATE_INTERRUPTED)
		buf_addstr(
		    &b, "Nobody works on this run: cau recover takes it up.\n");
	(void)fputs(b.data, stdout);
	buf_release(&b);
}

/* All that the journal holds by now; shown by the view when there is one. */
static int
catch_up(struct status *s, struct view *v, struct err *e)
{
	struct buf line = BUF_INIT;
	int rc;

	while ((rc = follow_next(&s->journal, &s->engine, e)) == 1) {
		if (v == NULL)
			continue;
		buf_reset(&line);
		buf_add(&line, s->journal.json, s->journal.json_len);
		view_event(v, &s->engine, &s->journal.event, line.data);
	}
	buf_release(&line);
	if (rc == 0 && s->engine.run.run_id == NULL)
		rc = err_set(e, CAU_FAILED, "%s holds no run", s->journal.path);
	if (v != NULL)
		view_flush(v);
	return rc;
}

static int
load(struct status *s, const char *run_id, struct view *v, struct err *e)
{
	char *path = state_journal(s->o->state_dir, run_id);
	int rc = follow_open(&s->journal, path, e);

	memcpy(s->run_id, run_id, RUN_ID_SIZE);
	if (rc == 0)
		rc = catch_up(s, v, e);
	free(path);
	return rc;
}

static void
unload(struct status *s)
{
	follow_close(&s->journal);
	engine_release(&s->engine);
	s->run_id[0] = '\0';
}

/* The run that somebody works on, or nobody any more, or none. */
static enum state
current(const char *state_dir, char id[RUN_ID_SIZE])
{
	char again[RUN_ID_SIZE];

	while (state_current(state_dir, id) == 0) {
		if (state_is_driven(state_dir, id))
			return STATE_RUNNING;
		/* It may have come to its end between the two looks. */
		if (state_current(state_dir, again) == 0 &&
		    strcmp(id, again) == 0)
			return STATE_INTERRUPTED;
	}
	return STATE_IDLE;
}

/* The newest run. One that is just being made is none yet; one that has just
 * begun may not be the current one yet. */
static int
load_last(struct status *s, struct view *v, struct err *e)
{
	char **ids = state_runs(s->o->state_dir, false);
	bool driven;
	int rc = 0;

	for (size_t i = 0; ids[i] != NULL; i++) {
		driven = state_is_driven(s->o->state_dir, ids[i]);
		rc = load(s, ids[i], v, e);
		if (rc == 0 && driven && !s->engine.finished)
			s->state = STATE_RUNNING;
		if (rc == 0 || !driven)
			break;
		unload(s);
		rc = 0;
	}
	state_runs_free(ids);
	return rc;
}

static int
open_run(struct status *s, struct view *v, struct err *e)
{
	char id[RUN_ID_SIZE];

	if (state_check(s->o->state_dir, e) == -1)
		return -1;
	s->state = current(s->o->state_dir, id);
	if (s->state == STATE_IDLE)
		return load_last(s, v, e);
	if (load(s, id, v, e) == -1)
		return -1;
	/* It died between its last record and its last breath. */
	if (s->state == STATE_INTERRUPTED && s->engine.finished)
		s->state = STATE_IDLE;
	return 0;
}

static void
draw(struct status *s)
{
	int64_t now = clock_wall_ms();

	if (now < s->engine.last_ms)
		now = s->engine.last_ms;
	view_draw(&s->view, &s->engine, now, NULL, NULL);
}

/* Until the run has finished, or nobody works on it any more. */
static int
follow_run(struct status *s, struct err *e)
{
	int64_t look_at = clock_ms() + LOOK_MS;

	while (s->state == STATE_RUNNING && !s->engine.finished) {
		draw(s);
		follow_wait(&s->journal, -1,
		    s->view.live.on ? LIVE_REDRAW_MS : LOOK_MS);
		if (clock_ms() >= look_at) {
			if (!state_is_driven(s->o->state_dir, s->run_id))
				s->state = STATE_INTERRUPTED;
			look_at = clock_ms() + LOOK_MS;
		}
		/* After the look: its last words come before its end. */
		if (catch_up(s, &s->view, e) == -1)
			return -1;
	}
	view_clear(&s->view);
	return 0;
}

static void
print_end(struct status *s)
{
	struct buf b = BUF_INIT;
	char *dir;

	if (!s->engine.finished) {
		(void)fprintf(stderr,
		    "cau status: nobody works on run %s any more: cau recover "
		    "takes it up, cau recover --abandon gives it up\n",
		    s->run_id);
		if (s->o->json)
			print_json(s, true);
	} else if (s->o->json) {
		json_print(stdout, report_to_json(&s->engine), true);
	} else {
		dir = state_run_dir(s->o->state_dir, s->run_id);
		report_to_text(
		    &b, &s->engine, dir, view_color_stdout(s->o->no_color));
		free(dir);
		(void)fputs(b.data, stdout);
	}
	buf_release(&b);
}

/* Somebody holds the lock whose run has not begun yet. */
static bool
is_beginning(const struct options *o)
{
	struct arena a = ARENA_INIT;
	struct state_holder h;
	bool beginning = state_holder(o->state_dir, &h, &a);
	struct stat st;
	char *path;

	if (beginning) {
		path = state_journal(o->state_dir, h.run_id);
		beginning =
		    stat(path, &st) == -1 ? errno == ENOENT : st.st_size == 0;
		free(path);
	}
	arena_release(&a);
	return beginning;
}

static void
await_beginning(const struct options *o)
{
	if (is_beginning(o) && !o->quiet)
		(void)fputs("cau status: a run is about to begin\n", stderr);
	while (is_beginning(o))
		clock_sleep(BEGIN_MS);
}

/* A run that is not in progress is shown as without --watch; as JSON, always
 * by its events. */
static int
watch(struct status *s, struct err *e)
{
	await_beginning(s->o);
	if (open_run(s, s->o->json ? &s->view : NULL, e) == -1)
		return -1;
	if (!s->o->json)
		print_text(s);
	if (s->state != STATE_RUNNING && !(s->o->json && *s->run_id != '\0')) {
		if (s->o->json)
			print_json(s, true);
		return 0;
	}
	(void)fflush(stdout);
	if (follow_run(s, e) == -1)
		return -1;
	print_end(s);
	return 0;
}

static int
show(const struct options *o)
{
	struct status s = {.o = o};
	struct err e;
	int rc;

	follow_init(&s.journal);
	engine_init(&s.engine);
	view_init(&s.view, o->json, o->quiet, o->no_color);
	rc = o->watch ? watch(&s, &e) : open_run(&s, NULL, &e);
	if (rc == -1) {
		view_clear(&s.view);
		if (s.state == STATE_INTERRUPTED)
			(void)err_wrap(&e,
			    "run %s was cut short, and cau recover cannot take "
			    "it up",
			    s.run_id);
		if (o->json)
			print_json_error("status", &e, o->watch);
		rc = command_fail("status", &e);
	} else if (!o->watch) {
		if (o->json)
			print_json(&s, false);
		else
			print_text(&s);
	}
	unload(&s);
	view_release(&s.view);
	return rc;
}

int
cmd_status(int argc, char **argv)
{
	struct options o;
	int rc = options_parse(&o, CMD_STATUS, STATUS_SYNOPSIS, argc, argv);

	if (rc == -1 && o.n_operands > 0)
		rc = command_misuse("status", STATUS_SYNOPSIS,
		    "unexpected word '%s'", o.operands[0]);
	if (rc == -1)
		rc = command_done("status", show(&o));
	options_release(&o);
	return rc;
}
