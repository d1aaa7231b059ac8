/* SPDX-License-Identifier: ISC */
/* What is seen while a run goes on. */
#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"
#include "text.h"

static bool
plain(bool no_color)
{
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");

	return no_color || (no != NULL && *no != '\0') || term == NULL ||
	       strcmp(term, "dumb") == 0;
}

bool
view_color_stdout(bool no_color)
{
	return !plain(no_color) && isatty(STDOUT_FILENO) == 1;
}

void
view_init(struct view *v, bool json, bool quiet, bool no_color)
{
	memset(v, 0, sizeof(*v));
	buf_init(&v->out);
	v->mode = json ? VIEW_JSON : quiet ? VIEW_QUIET : VIEW_TEXT;
	v->color = !plain(no_color) && isatty(STDERR_FILENO) == 1;
	live_init(&v->live, v->mode == VIEW_TEXT && v->color);
}

void
view_release(struct view *v)
{
	buf_release(&v->out);
	live_release(&v->live);
}

static void
started_words(
    struct buf *b, const struct event *ev, const struct engine_node *n)
{
	switch (ev->op) {
	case OP_SCAN:
		buf_addstr(b, ev->pass > 1 ? "scanning again" : "scanning");
		if (ev->plugin != NULL)
			buf_addf(b, " for %s", ev->plugin);
		break;
	case OP_PRE_SCRIPT:
		buf_addstr(b, "running the pre-update script");
		break;
	case OP_POST_SCRIPT:
		buf_addstr(b, "running the post-update script");
		break;
	case OP_STAGE:
		buf_addstr(b, "staging");
		break;
	case OP_SUSPEND:
		buf_addstr(b, "taking it out of service");
		break;
	case OP_INSTALL:
		buf_addf(b, "installing %s",
		    update_label(&n->updates[ev->update].info));
		break;
	case OP_RESTART:
		buf_addstr(b, "restarting");
		if (n->restart_reason != NULL)
			buf_addf(b, ": %s", n->restart_reason);
		break;
	case OP_RESUME:
		buf_addstr(b, "putting it back into service");
		break;
	case OP_KIND_COUNT:
		break;
	}
}

static void
ended_words(struct buf *b, const struct event *ev, const struct engine_node *n)
{
	char size[TEXT_SMALL_SIZE];
	size_t applicable = 0;

	if (ev->op == OP_INSTALL) {
		buf_addf(b, "%s %s", update_label(&n->updates[ev->update].info),
		    update_result_name(ev->result.result));
		if (*ev->result.reason != '\0')
			buf_addf(b, ": %s", ev->result.reason);
		return;
	}
	for (size_t i = 0; i < ev->n_failures; i++)
		buf_addf(b, "%s failed in %s: %s; ", op_name(ev->op),
		    ev->failures[i].plugin, ev->failures[i].error);
	if (ev->outcome == OUTCOME_FLAWED) {
		buf_addf(b, "%s: %s", op_name(ev->op), ev->error);
		return;
	}
	if (ev->outcome != OUTCOME_OK) {
		buf_addf(b, "%s failed: %s", op_name(ev->op),
		    ev->error == NULL ? "see above" : ev->error);
		return;
	}
	switch (ev->op) {
	case OP_SCAN:
		for (size_t i = n->cursor; i < n->n_updates; i++)
			applicable +=
			    !n->updates[i].done ||
			    n->updates[i].result.result == RESULT_CANCELED;
		buf_addf(b, "%zu to install", applicable);
		break;
	case OP_PRE_SCRIPT:
		buf_addstr(b, "the pre-update script succeeded");
		break;
	case OP_POST_SCRIPT:
		buf_addstr(b, "the post-update script succeeded");
		break;
	case OP_STAGE:
		text_size(size, (uint64_t)ev->bytes);
		buf_addf(b, "staged, %s transferred", size);
		break;
	case OP_SUSPEND:
		buf_addstr(b, "out of service");
		break;
	case OP_RESTART:
		buf_addstr(b, "restarted and back");
		break;
	case OP_RESUME:
		buf_addstr(b, "back in service");
		break;
	case OP_INSTALL:
	case OP_KIND_COUNT:
		break;
	}
}

static void
add_stamp(struct buf *b, int64_t at_ms)
{
	char at[TEXT_TIME_SIZE];

	text_time(at, at_ms);
	buf_addf(b, "%.10s %.8sZ  ", at, at + 11);
}

/* What comes of the end of an operation for the whole node. */
static void
after_words(struct buf *b, const struct engine *g, const struct event *ev,
    const struct engine_node *n)
{
	char span[TEXT_SMALL_SIZE];

	if (n->finished) {
		buf_addc(b, '\n');
		add_stamp(b, ev->at_ms);
		buf_addf(b, "%s: ", ev->node);
		report_node_line(b, g, n, ev->at_ms);
	} else if (n->retry_at_ms > ev->at_ms) {
		text_span(span, n->retry_at_ms - ev->at_ms);
		buf_addc(b, '\n');
		add_stamp(b, ev->at_ms);
		buf_addf(b, "%s: ", ev->node);
		if (n->suspend_tries > 0)
			buf_addf(b, "suspend is tried again in %s", span);
		else
			buf_addf(b, "attempt %u of %d begins in %s", n->attempt,
			    (int)g->run.max_retries_per_node + 1, span);
	}
}

/* A line for each finding; none when all is well. */
static void
health_words(struct buf *b, const struct event *ev)
{
	const struct finding *f;

	for (size_t i = 0; i < ev->n_findings; i++) {
		f = &ev->findings[i];
		if (f->severity == SEVERITY_OK)
			continue;
		add_stamp(b, ev->at_ms);
		buf_addf(b, "%s%s%s: %s: %s\n", f->node == NULL ? "" : f->node,
		    f->node == NULL ? "" : ": ",
		    *f->until == '\0' ? severity_name(f->severity)
				      : "acknowledged",
		    f->id, f->message);
	}
}

void
view_event_text(struct buf *b, const struct engine *g, const struct event *ev)
{
	const struct engine_node *n;

	add_stamp(b, ev->at_ms);
	switch (ev->type) {
	case EV_RUN_STARTED:
		buf_addf(b, "run %s on %zu node%s", g->run.run_id,
		    g->run.n_nodes, g->run.n_nodes == 1 ? "" : "s");
		break;
	case EV_RUN_RECOVERED:
		buf_addf(b, "run %s is taken up again", g->run.run_id);
		break;
	case EV_RUN_ABANDONED:
		buf_addf(b, "run %s is given up", g->run.run_id);
		break;
	case EV_OP_STARTED:
		n = engine_find(g, ev->node);
		buf_addf(b, "%s: ", ev->node);
		started_words(b, ev, n);
		break;
	case EV_OP_ENDED:
		n = engine_find(g, ev->node);
		buf_addf(b, "%s: ", ev->node);
		ended_words(b, ev, n);
		after_words(b, g, ev, n);
		break;
	case EV_WARNED:
		buf_addstr(b, ev->error);
		break;
	case EV_STOP_REQUESTED:
		buf_addf(b, "%s: %s", ev->error,
		    ev->now ? "stopping now, installers that run are ended; "
			      "once more to leave (then: cau recover)"
		    : ev->cause == STOP_TIME
			? "stopping at the next safe point"
			: "stopping at the next safe point; once more to end "
			  "the installers that run, too");
		break;
	case EV_RUN_FINISHED:
		buf_addf(b, "run %s", summary_status_name(ev->status));
		if (ev->error != NULL)
			buf_addf(b, ": %s", ev->error);
		break;
	}
	buf_addc(b, '\n');
	if (ev->type == EV_RUN_STARTED)
		health_words(b, ev);
}

/* What is bad news stands out. */
static const char *
event_color(const struct event *ev)
{
	enum summary_status bad = STATUS_NONE;

	switch (ev->type) {
	case EV_OP_ENDED:
		if (ev->op == OP_INSTALL
			? ev->result.result == RESULT_FAILED ||
			      ev->result.result == RESULT_UNKNOWN
			: ev->outcome != OUTCOME_OK || ev->n_failures > 0)
			bad = STATUS_FAILED;
		break;
	case EV_WARNED:
	case EV_STOP_REQUESTED:
		bad = STATUS_CANCELED;
		break;
	case EV_RUN_FINISHED:
		bad = ev->status;
		break;
	case EV_RUN_STARTED:
	case EV_RUN_RECOVERED:
	case EV_RUN_ABANDONED:
	case EV_OP_STARTED:
		break;
	}
	return report_color(bad);
}

void
view_event(struct view *v, const struct engine *g, const struct event *ev,
    const char *line)
{
	const char *color;

	if (v->mode == VIEW_JSON)
		buf_addf(&v->out, "%s\n", line);
	if (v->mode != VIEW_TEXT)
		return;
	color = v->color ? event_color(ev) : "";
	buf_addstr(&v->out, color);
	view_event_text(&v->out, g, ev);
	if (*color != '\0') {
		/* The colour ends with the line. */
		buf_setlen(&v->out, v->out.len - 1);
		buf_addstr(&v->out, "\033[0m\n");
	}
}

void
view_flush(struct view *v)
{
	FILE *f = v->mode == VIEW_JSON ? stdout : stderr;

	if (v->out.len == 0)
		return;
	if (v->live.on) {
		live_print(&v->live, v->out.data, v->out.len);
	} else {
		(void)fwrite(v->out.data, 1, v->out.len, f);
		(void)fflush(f);
	}
	buf_reset(&v->out);
}

void
view_draw(struct view *v, const struct engine *g, int64_t now_ms,
    uint64_t (*sent)(void *ctx, size_t node), void *ctx)
{
	struct frame_scene scene = {
	    .g = g, .now_ms = now_ms, .sent = sent, .ctx = ctx};

	live_draw(&v->live, &scene);
}

void
view_note(struct view *v, const char *text)
{
	live_note(&v->live, text);
}

void
view_clear(struct view *v)
{
	live_clear(&v->live);
}
