/* SPDX-License-Identifier: ISC */
/* The report of a run. */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static json_t *
time_or_null(int64_t ms)
{
	char at[TEXT_TIME_SIZE];

	if (ms == 0)
		return json_null();
	text_time(at, ms);
	return json_string(at);
}

static json_t *
number(size_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *
update_json(const struct engine_update *u)
{
	json_t *j = json_object();

	json_set(j, "id", json_from_text(u->info.id));
	json_set(j, "title", json_from_text(u->info.title));
	json_set(j, "plugin", json_from_text(u->info.plugin));
	json_set(j, "rule", json_from_text(u->info.rule));
	json_set(j, "version", json_from_text(u->info.version));
	json_set(j, "kb", json_from_text(u->info.kb));
	json_set(j, "sha256", json_from_text(u->info.sha256));
	json_set(j, "size", json_integer(u->info.size_bytes));
	json_set(j, "pass", json_integer(u->pass));
	if (u->done) {
		install_result_to_json(&u->result, j);
	} else {
		json_set(j, "result", json_null());
	}
	json_set(j, "started_at", time_or_null(u->started_ms));
	json_set(j, "duration_s",
	    u->ended_ms == 0 ? json_null()
			     : json_from_ms(u->ended_ms - u->started_ms));
	return j;
}

static json_t *
reboot_json(const struct engine_reboot *r)
{
	json_t *j = json_object();

	json_set(j, "reason", json_from_text_or_null(r->reason));
	json_set(
	    j, "boot_id_before", json_from_text_or_null(r->boot_id_before));
	json_set(j, "boot_id_after", json_from_text_or_null(r->boot_id_after));
	json_set(j, "duration_s",
	    r->ended_ms == 0 ? json_null()
			     : json_from_ms(r->ended_ms - r->started_ms));
	return j;
}

static json_t *
timing_json(const struct engine_node *n)
{
	static const char *const names[OP_KIND_COUNT] = {
	    "scan", "stage", "drain", "install", "restart", "resume"};
	json_t *j = json_object();

	for (size_t i = 0; i < OP_KIND_COUNT; i++)
		json_set(j, names[i], json_from_ms(n->timing_ms[i]));
	return j;
}

static json_t *
node_json(const struct engine *g, const struct engine_node *n)
{
	struct engine_counts c = engine_count(n);
	json_t *j = json_object(), *updates = json_array();
	json_t *reboots = json_array();

	json_set(j, "name", json_from_text(n->info->name));
	json_set(j, "status",
	    n->finished ? json_string(summary_status_name(n->status))
			: json_null());
	json_set(j, "phase", json_string(node_phase_name(engine_phase(n))));
	json_set(j, "error", json_from_text_or_null(n->error));
	json_set(j, "attempts", json_integer(1));
	json_set(j, "passes", json_integer(n->pass));
	json_set(j, "succeeded", number(c.succeeded));
	json_set(j, "failed", number(c.failed));
	json_set(j, "skipped", number(c.skipped));
	json_set(j, "unknown", number(c.unknown));
	json_set(j, "canceled", number(c.canceled));
	json_set(j, "ignored", number(n->n_ignored));
	json_set(
	    j, "restart_pending", json_boolean(engine_restart_pending(g, n)));
	json_set(
	    j, "left_suspended", json_boolean(n->finished && n->suspended));
	json_set(j, "suspended_at", time_or_null(n->suspended_at_ms));
	json_set(j, "suspended_s", json_from_ms(n->suspended_ms));
	for (size_t i = 0; i < n->n_reboots; i++)
		(void)json_array_append_new(
		    reboots, reboot_json(&n->reboots[i]));
	json_set(j, "reboots", reboots);
	json_set(j, "bytes_staged", json_integer(n->bytes_staged));
	json_set(j, "timing_s", timing_json(n));
	for (size_t i = 0; i < n->n_updates; i++)
		(void)json_array_append_new(
		    updates, update_json(&n->updates[i]));
	json_set(j, "updates", updates);
	return j;
}

json_t *
report_to_json(const struct engine *g)
{
	json_t *j = json_object(), *nodes = json_array();
	json_t *plugins = json_array();

	json_set(j, "format", json_integer(1));
	json_set(j, "run_id", json_from_text(g->run.run_id));
	json_set(j, "cluster",
	    json_pack("{s:s, s:s}", "type", g->run.cluster_type, "name",
		g->run.cluster_name));
	json_set(j, "status",
	    g->finished ? json_string(summary_status_name(g->status))
			: json_null());
	json_set(j, "started_at", time_or_null(g->started_ms));
	json_set(j, "finished_at", time_or_null(g->finished ? g->last_ms : 0));
	json_set(j, "duration_s", json_from_ms(g->last_ms - g->started_ms));
	json_set(j, "coordinator", coordinator_to_json(&g->coordinator));
	json_set(j, "recoveries", json_integer(g->recoveries));
	for (size_t i = 0; i < g->run.n_plugins; i++)
		(void)json_array_append_new(
		    plugins, json_from_text(g->run.plugins[i].name));
	json_set(j, "plugins", plugins);
	json_set(j, "error", json_from_text_or_null(g->error));
	for (size_t i = 0; i < g->run.n_nodes; i++)
		(void)json_array_append_new(nodes, node_json(g, &g->nodes[i]));
	json_set(j, "nodes", nodes);
	return j;
}

void
report_table(
    struct buf *b, const char *const *cells, size_t columns, size_t rows)
{
	size_t *width = xcalloc(columns, sizeof(*width)), w, last;

	for (size_t i = 0; i < rows * columns; i++) {
		w = text_width(cells[i]);
		if (w > width[i % columns])
			width[i % columns] = w;
	}
	for (size_t r = 0; r < rows; r++) {
		last = 0;
		for (size_t c = 0; c < columns; c++)
			if (*cells[r * columns + c] != '\0')
				last = c;
		for (size_t c = 0; c <= last; c++) {
			buf_addstr(b, cells[r * columns + c]);
			w = text_width(cells[r * columns + c]);
			for (; c < last && w < width[c] + 2; w++)
				buf_addc(b, ' ');
		}
		buf_addc(b, '\n');
	}
	free(width);
}

/* "2026-01-31 03:00:00Z" */
static void
add_time(struct buf *b, int64_t ms)
{
	char at[TEXT_TIME_SIZE];

	text_time(at, ms);
	buf_addf(b, "%.10s %.8sZ", at, at + 11);
}

static const char *
paint(bool color, enum summary_status s)
{
	if (!color)
		return "";
	switch (s) {
	case STATUS_SUCCEEDED:
		return "\033[32m";
	case STATUS_PARTIALLY_FAILED:
	case STATUS_CANCELED:
		return "\033[33m";
	case STATUS_FAILED:
		return "\033[31m";
	case STATUS_NONE:
		break;
	}
	return "";
}

static void
add_counts(struct buf *b, const struct engine_node *n)
{
	struct engine_counts c = engine_count(n);
	const struct {
		size_t n;
		const char *what;
	} parts[] = {{c.succeeded, "succeeded"}, {c.failed, "failed"},
	    {c.skipped, "skipped"}, {c.unknown, "unknown"},
	    {c.canceled, "canceled"}, {c.pending, "to do"}};
	const char *sep = "";

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (parts[i].n == 0)
			continue;
		buf_addf(b, "%s%zu %s", sep, parts[i].n, parts[i].what);
		sep = ", ";
	}
	if (*sep == '\0')
		buf_addstr(
		    b, n->scanned ? "nothing to install" : "not scanned");
}

void
report_node_line(struct buf *b, const struct engine *g,
    const struct engine_node *n, int64_t now_ms)
{
	char span[TEXT_SMALL_SIZE];

	if (n->finished) {
		buf_addf(b, "%s: ", summary_status_name(n->status));
		add_counts(b, n);
	} else if (n->busy) {
		text_span(span, now_ms - n->op_since_ms);
		buf_addf(b, "%s", node_phase_name(engine_phase(n)));
		if (n->op == OP_INSTALL)
			buf_addf(b, " %zu/%zu %s", n->op_update + 1,
			    n->n_updates, n->updates[n->op_update].info.id);
		buf_addf(b, " (%s)", span);
	} else {
		buf_addstr(b, "Waiting: ");
		add_counts(b, n);
	}
	if (n->n_reboots > 0)
		buf_addf(b, ", %zu restart%s", n->n_reboots,
		    n->n_reboots == 1 ? "" : "s");
	if (engine_restart_pending(g, n))
		buf_addstr(b, ", RESTART PENDING");
	if (n->finished && n->suspended)
		buf_addstr(b, ", LEFT OUT OF SERVICE");
	else if (n->suspended)
		buf_addstr(b, ", out of service");
}

/* Ids longer than this push what stands behind them to the right. */
#define ID_WIDTH_MOST 60

static void
add_update(struct buf *b, const struct engine_update *u, size_t id_width)
{
	char span[TEXT_SMALL_SIZE];
	const char *result =
	    u->done ? update_result_name(u->result.result) : "-";

	buf_addf(b, "    %-16s  %s", result, u->info.id);
	for (size_t w = text_width(u->info.id); w < id_width; w++)
		buf_addc(b, ' ');
	if (*u->info.version != '\0')
		buf_addf(b, "  %s", u->info.version);
	if (*u->info.kb != '\0')
		buf_addf(b, "  KB%s", u->info.kb);
	if (u->result.has_code && u->result.exit_code <= INT32_MAX &&
	    u->result.exit_code <= 65535)
		buf_addf(b, "  exit %" PRIu32, u->result.exit_code);
	else if (u->result.has_code)
		buf_addf(b, "  exit 0x%08" PRIx32, u->result.exit_code);
	if (u->ended_ms != 0) {
		text_span(span, u->ended_ms - u->started_ms);
		buf_addf(b, "  %s", span);
	}
	while (b->data[b->len - 1] == ' ')
		buf_setlen(b, b->len - 1);
	buf_addc(b, '\n');
	if (u->done && u->result.reason != NULL && *u->result.reason != '\0')
		buf_addf(b, "        %s\n", u->result.reason);
	if (u->done && u->result.result != RESULT_SUCCEEDED &&
	    u->result.log != NULL && *u->result.log != '\0')
		buf_addf(b, "        log: %s\n", u->result.log);
}

/* The whole command, to be pasted into a shell. */
static void
add_resume_command(
    struct buf *b, const struct engine *g, const struct engine_node *n)
{
	struct buf words = BUF_INIT;

	for (size_t i = 0; g->run.resume_command[i] != NULL; i++) {
		text_shell_quote(&words, g->run.resume_command[i]);
		buf_addc(&words, ' ');
	}
	buf_addstr(&words, n->info->name);
	buf_addstr(b, "    LEFT OUT OF SERVICE: cau did not resume this node; "
		      "when it is in order, run: ");
	text_printable(b, words.data, words.len);
	buf_addc(b, '\n');
	buf_release(&words);
}

static void
add_node(struct buf *b, const struct engine *g, const struct engine_node *n,
    bool color)
{
	const struct engine_reboot *r;
	char span[TEXT_SMALL_SIZE];
	size_t width = 0, w;

	buf_addf(b, "\n  %s%s%s  ", paint(color, n->status), n->info->name,
	    color ? "\033[0m" : "");
	report_node_line(b, g, n, g->last_ms);
	buf_addc(b, '\n');
	if (n->error != NULL)
		buf_addf(b, "    error: %s\n", n->error);
	for (size_t i = 0; i < n->n_updates; i++) {
		w = text_width(n->updates[i].info.id);
		if (w > width && w <= ID_WIDTH_MOST)
			width = w;
	}
	for (size_t i = 0; i < n->n_updates; i++)
		add_update(b, &n->updates[i], width);
	for (size_t i = 0; i < n->n_reboots; i++) {
		r = &n->reboots[i];
		text_span(span, r->ended_ms - r->started_ms);
		if (*r->boot_id_after != '\0')
			buf_addf(
			    b, "    restarted in %s (%s)\n", span, r->reason);
		else
			buf_addf(b, "    restart not seen to its end (%s)\n",
			    r->reason);
	}
	if (engine_restart_pending(g, n))
		buf_addf(b, "    RESTART PENDING: %s; restart %s yourself%s\n",
		    n->restart_reason,
		    engine_is_self(g, n) ? "this machine" : "the node",
		    engine_is_self(g, n) ? ", or run with --allow-self-reboot"
					 : "");
	if (n->finished && n->suspended)
		add_resume_command(b, g, n);
	if (n->unknown)
		buf_addf(b,
		    "    OUTCOME UNKNOWN: look at the node and at %s/jobs "
		    "there before the next run\n",
		    strncmp(n->info->address, "local:", 6) == 0
			? n->info->address + 6
			: g->run.node_state_dir);
}

void
report_to_text(struct buf *b, const struct engine *g, bool color)
{
	char span[TEXT_SMALL_SIZE];

	text_span(span, g->last_ms - g->started_ms);
	buf_addf(b, "Updating Run %s: %s%s%s\n", g->run.run_id,
	    paint(color, g->status),
	    g->finished ? summary_status_name(g->status) : "not finished",
	    color ? "\033[0m" : "");
	buf_addstr(b, "  started ");
	add_time(b, g->started_ms);
	buf_addf(b, ", took %s, %zu node%s, by %s on %s", span, g->run.n_nodes,
	    g->run.n_nodes == 1 ? "" : "s", g->coordinator.user,
	    g->coordinator.host);
	if (g->recoveries > 0)
		buf_addf(b, ", recovered %u time%s", g->recoveries,
		    g->recoveries == 1 ? "" : "s");
	buf_addc(b, '\n');
	if (g->error != NULL && *g->error != '\0')
		buf_addf(b, "  error: %s\n", g->error);
	else if (!g->finished && g->stopping)
		buf_addf(b, "  stopping: %s\n", g->stop_reason);
	for (size_t i = 0; i < g->run.n_nodes; i++)
		add_node(b, g, &g->nodes[i], color);
}

void
report_line(struct buf *b, const struct engine *g)
{
	size_t count[STATUS_CANCELED + 1] = {0};
	char span[TEXT_SMALL_SIZE];

	text_span(span, g->last_ms - g->started_ms);
	buf_addf(b, "%.8s  ", g->run.run_id);
	add_time(b, g->started_ms);
	buf_addf(b, "  %10s  %-15s  %zu node%s", span,
	    g->finished ? summary_status_name(g->status) : "not finished",
	    g->run.n_nodes, g->run.n_nodes == 1 ? "" : "s");
	for (size_t i = 0; i < g->run.n_nodes; i++)
		count[g->nodes[i].status]++;
	for (enum summary_status s = STATUS_SUCCEEDED; s <= STATUS_CANCELED;
	     s++)
		if (count[s] > 0)
			buf_addf(
			    b, ", %zu %s", count[s], summary_status_name(s));
	buf_addc(b, '\n');
}
