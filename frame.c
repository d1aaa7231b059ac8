/* SPDX-License-Identifier: ISC */
/* A run as the lines that a terminal keeps redrawing: a header, and one line
 * per node. */
#include "frame.h"

#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "text.h"

/* In the order in which nodes are given a line. */
enum rank { RANK_WORKED_ON, RANK_TROUBLE, RANK_WAITING, RANK_DONE, RANKS };

/* A node's line, before its columns are aligned. */
struct row {
	const struct engine_node *n;
	const char *phase;
	uint64_t done, total; /* the bar; total 0: nothing to measure */
	char span[TEXT_SMALL_SIZE];
	struct buf what;
};

static enum rank
rank_of(const struct engine_node *n)
{
	if (n->busy || (n->active && !n->finished))
		return RANK_WORKED_ON;
	if (!n->finished)
		return RANK_WAITING;
	return n->status == STATUS_SUCCEEDED && !n->suspended ? RANK_DONE
							      : RANK_TROUBLE;
}

/* "Updating Run 9f1c2d3e: 2 of 5 nodes done, 1 failed, 3.2 s" */
static void
add_header(struct buf *b, const struct frame_scene *scene)
{
	const struct engine *g = scene->g;
	char span[TEXT_SMALL_SIZE];
	size_t out = 0, failed = 0;

	for (size_t i = 0; i < g->run.n_nodes; i++) {
		out += g->nodes[i].suspended;
		failed += g->nodes[i].status == STATUS_FAILED ||
			  g->nodes[i].status == STATUS_PARTIALLY_FAILED;
	}
	text_span(span, scene->now_ms - g->started_ms);
	buf_addf(b, "%s %.8s: ", scene->columns < 60 ? "Run" : "Updating Run",
	    g->run.run_id);
	if (g->stop != ENGINE_STOP_NONE)
		buf_addf(b, "STOPPING%s, ", g->stop_now ? " NOW" : "");
	buf_addf(b, "%zu of %zu node%s done", g->census.finished,
	    g->run.n_nodes, g->run.n_nodes == 1 ? "" : "s");
	if (failed > 0)
		buf_addf(b, ", %zu failed", failed);
	buf_addf(b, ", %s", span);
	if (out > 0)
		buf_addf(b, ", %zu out of service", out);
}

static const char *
phase_word(const struct engine_node *n)
{
	enum node_phase p = engine_phase(n);

	if (n->finished)
		return summary_status_name(n->status);
	if (p == PHASE_PRE_SCRIPT || p == PHASE_POST_SCRIPT)
		return "Script";
	return node_phase_name(p);
}

/* Bytes that are to be brought over, as far as this is known. */
static void
measure_stage(struct row *r, const struct frame_scene *scene, size_t node)
{
	char have[TEXT_SMALL_SIZE], all[TEXT_SMALL_SIZE];
	uint64_t total = 0;

	for (size_t k = 0; k < r->n->n_updates; k++)
		if (!r->n->updates[k].done)
			total += (uint64_t)r->n->updates[k].info.size_bytes;
	text_size(all, total);
	if (scene->sent == NULL) {
		buf_addstr(&r->what, all);
		return;
	}
	r->total = total;
	r->done = scene->sent(scene->ctx, node);
	if (r->done > total)
		r->done = total;
	text_size(have, r->done);
	buf_addf(&r->what, "%s of %s", have, all);
}

/* A file without its folders, for which there is seldom room; its way stands
 * in the line above. */
static const char *
short_label(const struct update *u)
{
	const char *label = update_label(u), *slash = strrchr(label, '/');

	return label == u->path && slash != NULL ? slash + 1 : label;
}

/* What is done, in words. */
static void
describe_work(struct row *r)
{
	const struct engine_node *n = r->n;

	switch (n->op) {
	case OP_SCAN:
		if (n->pass > 1)
			buf_addstr(&r->what, "for more updates");
		break;
	case OP_PRE_SCRIPT:
		buf_addstr(&r->what, "pre-update script");
		break;
	case OP_POST_SCRIPT:
		buf_addstr(&r->what, "post-update script");
		break;
	case OP_SUSPEND:
		buf_addstr(&r->what, "taking it out of service");
		break;
	case OP_INSTALL:
		buf_addf(&r->what, "%zu/%zu %s", n->op_update + 1, n->n_updates,
		    short_label(&n->updates[n->op_update].info));
		break;
	case OP_RESTART:
		if (n->restart_reason != NULL)
			buf_addstr(&r->what, n->restart_reason);
		break;
	case OP_RESUME:
		buf_addstr(&r->what, "putting it back into service");
		break;
	case OP_STAGE:
	case OP_KIND_COUNT:
		break;
	}
}

static void
fill_row(struct row *r, const struct frame_scene *scene, size_t node)
{
	const struct engine_node *n = r->n = &scene->g->nodes[node];
	char span[TEXT_SMALL_SIZE];

	buf_init(&r->what);
	r->phase = phase_word(n);
	r->span[0] = '\0';
	r->done = r->total = 0;
	if (n->busy)
		text_span(r->span, scene->now_ms - n->op_since_ms);
	if (n->busy && n->op == OP_STAGE) {
		measure_stage(r, scene, node);
	} else {
		r->total = n->n_updates;
		for (size_t k = 0; k < n->n_updates; k++)
			r->done +=
			    n->updates[k].done &&
			    n->updates[k].result.result != RESULT_CANCELED;
		if (n->busy) {
			describe_work(r);
		} else if (!n->finished && n->retry_at_ms > scene->now_ms) {
			text_span(span, n->retry_at_ms - scene->now_ms);
			buf_addf(&r->what, "next try in %s", span);
		} else {
			report_counts(&r->what, n);
		}
	}
	report_node_flags(&r->what, scene->g, n);
}

/* "[####......]" */
static void
add_bar(struct buf *b, const struct row *r, size_t width)
{
	uint64_t full = 0;

	if (r->total > 0)
		full = (uint64_t)((double)r->done / (double)r->total *
				  (double)width);
	buf_addc(b, r->total > 0 ? '[' : ' ');
	for (uint64_t i = 0; i < width; i++)
		buf_addc(b, r->total == 0 ? ' ' : i < full ? '#' : '.');
	buf_addc(b, r->total > 0 ? ']' : ' ');
}

/* The length of the domain that all nodes have in common. */
static size_t
common_domain(const struct engine *g)
{
	const char *first = g->nodes[0].info->name, *name;
	size_t all = strlen(first), same = all, len, k;

	for (size_t i = 1; i < g->run.n_nodes; i++) {
		name = g->nodes[i].info->name;
		len = strlen(name);
		for (k = 0; k < same && k < len; k++)
			if (name[len - 1 - k] != first[all - 1 - k])
				break;
		same = k;
	}
	while (same > 0 && first[all - same] != '.')
		same--;
	return same;
}

/* Of names that are too long, what tells them from one another: without the
 * domain, and without the beginning. */
static void
add_name(struct buf *b, const char *name, size_t width, size_t domain)
{
	size_t len = strlen(name) - domain, start = b->len;

	if (len > width) {
		buf_addstr(b, "..");
		name += len - (width - 2);
		len = width - 2;
	}
	buf_add(b, name, len);
	while (b->len < start + width)
		buf_addc(b, ' ');
}

/* As much as fits; the last column stays free, where terminals differ. */
static void
add_line(struct buf *b, const struct frame_scene *scene, const char *color,
    const char *line)
{
	const char *paint = scene->color ? color : "";

	buf_addstr(b, paint);
	buf_add(b, line, text_fit(line, scene->columns - 1));
	buf_addstr(b, *paint == '\0' ? "\n" : "\033[0m\n");
}

static const char *
color_of(const struct engine_node *n)
{
	switch (rank_of(n)) {
	case RANK_TROUBLE:
	case RANK_DONE:
		return report_color(n->suspended ? STATUS_FAILED : n->status);
	case RANK_WAITING:
		return "\033[2m";
	case RANK_WORKED_ON:
	case RANKS:
		break;
	}
	return "";
}

static void
add_rows(struct buf *b, const struct frame_scene *scene, const struct row *rows,
    size_t n_rows)
{
	size_t name = 0, phase = 0, span = 0, w;
	size_t bar = scene->columns >= 70 ? 20 : scene->columns >= 50 ? 10 : 0;
	size_t most = scene->columns < 32 ? 8 : scene->columns / 4;
	size_t domain = 0;
	struct buf line = BUF_INIT;

	for (size_t i = 0; i < n_rows; i++) {
		if ((w = strlen(rows[i].n->info->name)) > name)
			name = w;
		if ((w = strlen(rows[i].phase)) > phase)
			phase = w;
		if ((w = strlen(rows[i].span)) > span)
			span = w;
	}
	if (name > most) {
		domain = common_domain(scene->g);
		name = name - domain > most ? most : name - domain;
	}
	for (size_t i = 0; i < n_rows; i++) {
		buf_reset(&line);
		buf_addstr(&line, "  ");
		add_name(&line, rows[i].n->info->name, name, domain);
		buf_addf(&line, "  %-*s  ", (int)phase, rows[i].phase);
		if (bar > 0) {
			add_bar(&line, &rows[i], bar);
			buf_addstr(&line, "  ");
		}
		if (span > 0)
			buf_addf(&line, "%*s  ", (int)span, rows[i].span);
		buf_addstr(&line, rows[i].what.data);
		add_line(b, scene, color_of(rows[i].n), line.data);
	}
	buf_release(&line);
}

/* "  and 12 more: 3 in progress, 9 waiting" */
static void
add_rest(struct buf *b, const struct frame_scene *scene, const size_t *rest)
{
	static const char *const words[RANKS] = {
	    "in progress", "not succeeded", "waiting", "succeeded"};
	struct buf line = BUF_INIT;
	const char *sep = ": ";
	size_t all = 0;

	for (size_t k = 0; k < RANKS; k++)
		all += rest[k];
	buf_addf(&line, "  and %zu more", all);
	for (size_t k = 0; k < RANKS; k++) {
		if (rest[k] == 0)
			continue;
		buf_addf(&line, "%s%zu %s", sep, rest[k], words[k]);
		sep = ", ";
	}
	add_line(b, scene, "", line.data);
	buf_release(&line);
}

void
frame_make(struct buf *b, const struct frame_scene *scene)
{
	const struct engine *g = scene->g;
	size_t room = scene->rows * 2 / 3, rest[RANKS] = {0}, take[RANKS];
	size_t left, used = 0;
	struct buf header = BUF_INIT;
	struct row *rows;
	enum rank k;

	/* Beside the header, and with the count of those that do not fit. */
	room = room < 3 ? 1 : room - 1;
	if (g->run.n_nodes <= room)
		room = g->run.n_nodes;
	else if (room > 1)
		room--;
	for (size_t i = 0; i < g->run.n_nodes; i++)
		rest[rank_of(&g->nodes[i])]++;
	left = room;
	for (size_t i = 0; i < RANKS; i++) {
		take[i] = rest[i] < left ? rest[i] : left;
		left -= take[i];
	}
	rows = xcalloc(room, sizeof(*rows));
	for (size_t i = 0; i < g->run.n_nodes && used < room; i++) {
		k = rank_of(&g->nodes[i]);
		if (take[k] == 0)
			continue;
		take[k]--;
		rest[k]--;
		fill_row(&rows[used++], scene, i);
	}
	add_header(&header, scene);
	add_line(b, scene, "\033[1m", header.data);
	add_rows(b, scene, rows, used);
	if (used < g->run.n_nodes)
		add_rest(b, scene, rest);
	while (used > 0)
		buf_release(&rows[--used].what);
	free(rows);
	buf_release(&header);
}
