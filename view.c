/* SPDX-License-Identifier: ISC */
/* What is seen while a run goes on. */
#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "report.h"
#include "text.h"

#define BAR 20

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
	v->live = v->mode == VIEW_TEXT && v->color;
}

void
view_release(struct view *v)
{
	buf_release(&v->out);
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

void
view_event(struct view *v, const struct engine *g, const struct event *ev,
    const char *line)
{
	if (v->mode == VIEW_JSON)
		buf_addf(&v->out, "%s\n", line);
	else if (v->mode == VIEW_TEXT)
		view_event_text(&v->out, g, ev);
}

void
view_flush(struct view *v)
{
	FILE *f = v->mode == VIEW_JSON ? stdout : stderr;

	if (v->out.len == 0)
		return;
	view_clear(v);
	(void)fwrite(v->out.data, 1, v->out.len, f);
	(void)fflush(f);
	buf_reset(&v->out);
}

void
view_clear(struct view *v)
{
	for (; v->drawn > 0; v->drawn--)
		(void)fputs("\033[A\033[2K", stderr);
	(void)fflush(stderr);
}

/* As many columns as fit; what is cut is cut between characters. */
static void
add_cut(struct buf *b, const char *s, size_t columns)
{
	size_t width = 0, i;

	for (i = 0; s[i] != '\0'; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80 && width++ >= columns)
			break;
	}
	buf_add(b, s, i);
}

/* "[####......]" */
static void
add_bar(struct buf *b, uint64_t done, uint64_t total)
{
	uint64_t full = total == 0	? 0
			: done >= total ? BAR
					: done * BAR / total;

	buf_addc(b, '[');
	for (uint64_t i = 0; i < BAR; i++)
		buf_addc(b, i < full ? '#' : '.');
	buf_addstr(b, "] ");
}

/* "Updating Run 9f1c2d3e: 2 of 5 nodes done, 1 out of service, 3.2 s" */
static void
add_header(struct buf *b, const struct engine *g, int64_t now_ms)
{
	char span[TEXT_SMALL_SIZE];

	text_span(span, now_ms - g->started_ms);
	buf_addf(b, "Updating Run %.8s: %zu of %zu node%s done", g->run.run_id,
	    g->census.finished, g->run.n_nodes, g->run.n_nodes == 1 ? "" : "s");
	if (g->census.out > 0)
		buf_addf(b, ", %zu out of service", g->census.out);
	if (g->census.failed > 0)
		buf_addf(b, ", %zu failed", g->census.failed);
	buf_addf(
	    b, ", %s%s", span, g->stop == ENGINE_STOP_NONE ? "" : ", STOPPING");
}

/* How far a node is with its updates, or with bringing them over. */
static void
add_progress(struct buf *b, const struct engine_node *n, uint64_t sent)
{
	char have[TEXT_SMALL_SIZE], all[TEXT_SMALL_SIZE];
	uint64_t total = 0;
	size_t done = 0;

	if (n->op == OP_STAGE) {
		for (size_t k = 0; k < n->n_updates; k++)
			if (!n->updates[k].done)
				total +=
				    (uint64_t)n->updates[k].info.size_bytes;
		text_size(have, sent);
		text_size(all, total);
		add_bar(b, sent, total);
		buf_addf(b, "%s of %s  ", have, all);
	} else if (n->active && n->n_updates > 0) {
		for (size_t k = 0; k < n->n_updates; k++)
			done += n->updates[k].done;
		add_bar(b, done, n->n_updates);
	}
}

/* Whether something is to be seen of it: it is worked on, or has its turn. */
static bool
is_shown(const struct engine_node *n)
{
	return n->busy || (n->active && !n->finished);
}

void
view_draw(struct view *v, const struct engine *g, int64_t now_ms,
    uint64_t (*sent)(void *ctx, size_t node), void *ctx)
{
	struct buf b = BUF_INIT, line = BUF_INIT;
	const struct engine_node *n;
	struct winsize ws = {0};
	size_t columns = 80, rows = 24, drawn = 1, width = 0;

	if (!v->live)
		return;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 10) {
		columns = ws.ws_col;
		rows = ws.ws_row;
	}
	for (size_t i = 0; i < g->run.n_nodes; i++)
		if (is_shown(&g->nodes[i]) &&
		    strlen(g->nodes[i].info->name) > width)
			width = strlen(g->nodes[i].info->name);
	add_header(&line, g, now_ms);
	add_cut(&b, line.data, columns - 1);
	buf_addc(&b, '\n');
	for (size_t i = 0; i < g->run.n_nodes && drawn + 2 < rows; i++) {
		n = &g->nodes[i];
		if (!is_shown(n))
			continue;
		buf_reset(&line);
		buf_addf(&line, "  %-*s  ", (int)width, n->info->name);
		add_progress(&line, n, sent(ctx, i));
		report_node_line(&line, g, n, now_ms);
		add_cut(&b, line.data, columns - 1);
		buf_addc(&b, '\n');
		drawn++;
	}
	view_clear(v);
	(void)fwrite(b.data, 1, b.len, stderr);
	(void)fflush(stderr);
	v->drawn = drawn;
	buf_release(&line);
	buf_release(&b);
}
