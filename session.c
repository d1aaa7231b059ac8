/* SPDX-License-Identifier: ISC */
/* What cau run and cau recover have in common. */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "report.h"
#include "salvage.h"
#include "text.h"

void
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

/* Threads that still work on nodes when a run is left end with the process.
 * Until then they read what they were given, so all of that stays. */
static bool still_busy;

bool
session_free(struct session *s)
{
	if (s->has_work && s->work.in_flight > 0) {
		if (s->work.control_dir != NULL)
			file_remove_tree(s->work.control_dir);
		still_busy = true;
		return false;
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
	return true;
}

void
session_finish_options(struct options *o)
{
	if (still_busy)
		return;
	options_release(o);
	free(o);
}

void
session_report(const struct session *s)
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

int
session_drive(struct session *s)
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
		session_report(s);
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

int
session_record(struct session *s, const struct event *ev, struct err *e)
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

void
session_tell(const char *command, struct buf *lines, struct buf *kept)
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

int
session_put_aside(
    const struct session *s, const char *id, const char *path, struct err *e)
{
	struct buf text = BUF_INIT;
	int rc;

	if (access(path, R_OK) == -1 && errno == EACCES)
		return -1;
	rc = salvage_run(s->o->state_dir, id, &text, e);
	session_tell(s->command, &text, NULL);
	buf_release(&text);
	return rc;
}
