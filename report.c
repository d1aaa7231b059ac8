/* SPDX-License-Identifier: ISC */
/* The report of a run. */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "health.h"
#include "pcmk_state.h"
#include "text.h"

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

const char *
report_color(enum summary_status s)
{
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

static const char *
paint(bool color, enum summary_status s)
{
	return color ? report_color(s) : "";
}

void
report_counts(struct buf *b, const struct engine_node *n)
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
		report_counts(b, n);
	} else if (n->busy) {
		text_span(span, now_ms - n->op_since_ms);
		buf_addf(b, "%s", node_phase_name(engine_phase(n)));
		if (n->op == OP_INSTALL)
			buf_addf(b, " %zu/%zu %s", n->op_update + 1,
			    n->n_updates,
			    update_label(&n->updates[n->op_update].info));
		buf_addf(b, " (%s)", span);
	} else if (n->retry_at_ms > now_ms) {
		text_span(span, n->retry_at_ms - now_ms);
		buf_addf(b, "Waiting: next try in %s", span);
	} else {
		buf_addstr(b, "Waiting: ");
		report_counts(b, n);
	}
	report_node_flags(b, g, n);
}

void
report_node_flags(
    struct buf *b, const struct engine *g, const struct engine_node *n)
{
	if (n->attempt > 1)
		buf_addf(b, ", attempt %u", n->attempt);
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

/* A log, to be pasted: the run knows it by its path in the run's folder. */
static void
add_log(struct buf *b, const char *log, const char *run_dir)
{
	text_printable(b, run_dir, strlen(run_dir));
	buf_addf(b, "/%s", log);
}

/* An error; those of scripts name their logs. */
static void
add_error(struct buf *b, const char *error, const char *run_dir)
{
	static const char mark[] = "; log: log/";
	const char *at = strstr(error, mark);

	if (at == NULL) {
		buf_addstr(b, error);
		return;
	}
	at += strlen(mark) - strlen("log/");
	buf_add(b, error, (size_t)(at - error));
	add_log(b, at, run_dir);
}

/* Ids longer than this push what stands behind them to the right. */
#define ID_WIDTH_MOST 60

static void
add_update(struct buf *b, const struct engine_update *u, size_t id_width,
    const char *run_dir)
{
	char span[TEXT_SMALL_SIZE];
	const char *label = update_label(&u->info);
	const char *result =
	    u->done ? update_result_name(u->result.result) : "-";

	buf_addf(b, "    %-16s  %s", result, label);
	for (size_t w = text_width(label); w < id_width; w++)
		buf_addc(b, ' ');
	if (*u->info.version != '\0')
		buf_addf(b, "  %s", u->info.version);
	if (*u->info.kb != '\0')
		/* Advisories of distributions are no numbers. */
		buf_addf(b, "  %s%s",
		    strspn(u->info.kb, "0123456789") == 0 ? "" : "KB",
		    u->info.kb);
	if (u->result.has_code && u->result.exit_code <= 65535)
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
	    u->result.log != NULL && *u->result.log != '\0') {
		buf_addstr(b, "        log: ");
		add_log(b, u->result.log, run_dir);
		buf_addc(b, '\n');
	}
}

void
report_resume_command(
    struct buf *b, const struct engine *g, const struct engine_node *n)
{
	const char *name = n->info->name;
	struct buf words = BUF_INIT;

	if (strcmp(g->run.cluster_type, "pacemaker") == 0) {
		/* What node/pacemaker.sh has set. */
		buf_addf(&words,
		    "crm_standby -D -N %s && crm_attribute -D "
		    "-n " PACEMAKER_OWNER " -N %s",
		    name, name);
	} else if (g->run.resume_command[0] != NULL) {
		for (size_t i = 0; g->run.resume_command[i] != NULL; i++) {
			text_shell_quote(&words, g->run.resume_command[i]);
			buf_addc(&words, ' ');
		}
		buf_addstr(&words, name);
	}
	text_printable(b, words.data, words.len);
	buf_release(&words);
}

/* The word in front of what went wrong. */
static const char *
trouble_word(const struct engine_node *n, const struct engine_trouble *t)
{
	return outcome_passes_over(t->outcome) ? op_outcome_name(t->outcome)
	       : n->error == NULL	       ? "cured"
					       : "error";
}

/* What was left out of a restart, if that is known. */
static const char *
restart_kind(const char *kind)
{
	return strcmp(kind, "kexec") == 0  ? " by kexec"
	       : strcmp(kind, "soft") == 0 ? " softly"
					   : "";
}

/* The first trouble is the cause; behind it what came of further attempts. */
static void
add_errors(struct buf *b, const struct engine_node *n, const char *run_dir)
{
	const struct engine_trouble *t, *last;

	for (size_t i = 0; i < n->n_troubles; i++) {
		t = last = &n->troubles[i];
		while (i + 1 < n->n_troubles && last[1].op == t->op &&
		       last[1].outcome == t->outcome &&
		       strcmp(last[1].error, t->error) == 0) {
			last++;
			i++;
		}
		buf_addf(b, "    %s: ", trouble_word(n, t));
		add_error(b, t->error, run_dir);
		if (last->attempt != t->attempt)
			buf_addf(b, " (attempts %u to %u)", t->attempt,
			    last->attempt);
		else if (n->attempt > 1)
			buf_addf(b, " (attempt %u)", t->attempt);
		buf_addc(b, '\n');
	}
}

static void
add_node(struct buf *b, const struct engine *g, const struct engine_node *n,
    const char *run_dir, bool color)
{
	const struct engine_reboot *r;
	char span[TEXT_SMALL_SIZE];
	size_t width = 0, w;

	buf_addf(b, "\n  %s%s%s  ", paint(color, n->status), n->info->name,
	    color ? "\033[0m" : "");
	report_node_line(b, g, n, g->last_ms);
	buf_addc(b, '\n');
	add_errors(b, n, run_dir);
	for (size_t i = 0; i < n->n_updates; i++) {
		w = text_width(update_label(&n->updates[i].info));
		if (w > width && w <= ID_WIDTH_MOST)
			width = w;
	}
	for (size_t i = 0; i < n->n_updates; i++)
		add_update(b, &n->updates[i], width, run_dir);
	for (size_t i = 0; i < n->n_reboots; i++) {
		r = &n->reboots[i];
		text_span(span, r->ended_ms - r->started_ms);
		if (*r->boot_id_after != '\0')
			buf_addf(b, "    restarted%s in %s (%s)\n",
			    restart_kind(r->kind), span, r->reason);
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
	if (n->finished && n->suspended) {
		buf_addstr(b,
		    "    LEFT OUT OF SERVICE: cau did not resume this node; "
		    "when it is in order, run: ");
		report_resume_command(b, g, n);
		buf_addc(b, '\n');
	}
	if (n->unknown)
		buf_addf(b,
		    "    OUTCOME UNKNOWN: look at the node and at %s/jobs "
		    "there before the next run\n",
		    strncmp(n->info->address, "local:", 6) == 0
			? n->info->address + 6
			: g->run.node_state_dir);
}

/* "a and 2 more": the node's updates with this result. */
static void
add_labels(
    struct buf *b, const struct engine_node *n, enum update_result result)
{
	size_t all = 0;

	for (size_t i = 0; i < n->n_updates; i++) {
		if (!n->updates[i].done ||
		    n->updates[i].result.result != result)
			continue;
		if (all++ == 0)
			buf_addstr(b, update_label(&n->updates[i].info));
	}
	if (all > 1)
		buf_addf(b, " and %zu more", all - 1);
}

/* What a person has to do about a node. */
static void
add_next_of(struct buf *b, const struct engine *g, const struct engine_node *n,
    const char *run_dir)
{
	struct engine_counts c = engine_count(n);
	const char *name = n->info->name;

	if (n->unknown) {
		buf_addf(b, "  %s: find out what became of ", name);
		if (c.unknown > 0)
			add_labels(b, n, RESULT_UNKNOWN);
		else
			buf_addstr(b, "what was under way");
		buf_addstr(b, " before the next run\n");
	}
	if (n->suspended) {
		buf_addf(b,
		    "  %s: set it right, then put it back into service: ",
		    name);
		report_resume_command(b, g, n);
		buf_addc(b, '\n');
	}
	if (engine_restart_pending(g, n))
		buf_addf(b, "  %s: restart it%s\n", name,
		    engine_is_self(g, n) ? "" : ", or let the next run do it");
	if (c.failed > 0) {
		buf_addf(b, "  %s: see why ", name);
		add_labels(b, n, RESULT_FAILED);
		buf_addf(b, " failed; the next run tries %s again\n",
		    c.failed == 1 ? "it" : "them");
	}
	if (n->passed && n->status == STATUS_CANCELED) {
		buf_addf(
		    b, "  %s: see to what keeps it from being updated", name);
		if (n->n_troubles > 0)
			buf_addf(
			    b, ": %s", n->troubles[n->n_troubles - 1].error);
		buf_addc(b, '\n');
	} else if (n->error != NULL && !n->unknown && !n->suspended) {
		buf_addf(b, "  %s: mend what went wrong: ", name);
		add_error(b, n->error, run_dir);
		buf_addc(b, '\n');
	}
}

/* Whether there may be updates for it that were not tried. */
static bool
has_rest(const struct engine *g, const struct engine_node *n)
{
	struct engine_counts c = engine_count(n);

	return n->status != STATUS_SUCCEEDED && c.failed == 0 &&
	       (c.canceled + c.unknown > 0 || n->scanned < g->run.n_plugins ||
		   n->failed_plugins != 0);
}

/* What is left to be done by hand. */
static void
add_next(struct buf *b, const struct engine *g, const char *run_dir)
{
	struct buf next = BUF_INIT;
	size_t rest = 0;

	for (size_t i = 0; g->finished && i < g->run.n_nodes; i++) {
		add_next_of(&next, g, &g->nodes[i], run_dir);
		rest += has_rest(g, &g->nodes[i]);
	}
	if (rest > 0)
		buf_addf(&next,
		    "  cau run again: %zu node%s not brought up to date\n",
		    rest, rest == 1 ? " was" : "s were");
	if (!g->finished)
		buf_addstr(&next,
		    "  if nobody works on this run: cau recover takes it up, "
		    "cau recover --abandon gives it up\n");
	if (next.len > 0)
		buf_addf(b, "\nNext:\n%s", next.data);
	buf_release(&next);
}

/* "2 Succeeded, 1 Failed", behind before; returns the number of kinds. */
static size_t
add_statuses(struct buf *b, const struct engine *g, const char *before)
{
	size_t count[STATUS_CANCELED + 1] = {0}, kinds = 0;

	for (size_t i = 0; i < g->run.n_nodes; i++)
		count[g->nodes[i].status]++;
	for (enum summary_status s = STATUS_SUCCEEDED; s <= STATUS_CANCELED;
	     s++) {
		if (count[s] == 0)
			continue;
		buf_addf(b, "%s%zu %s", kinds++ == 0 ? before : ", ", count[s],
		    summary_status_name(s));
	}
	return kinds;
}

/* What the health check before the run found. */
static void
add_health(struct buf *b, const struct engine *g)
{
	const struct finding *f = g->health;
	size_t n = 0;

	/* Those that are well come last, and need no words. */
	for (size_t i = 0; i < g->n_health; i++)
		n += f[i].severity != SEVERITY_OK;
	if (n == 0)
		return;
	buf_addstr(b, "\n  Health check before it began:\n");
	findings_to_text(b, f, n, "    ");
}

void
report_to_text(
    struct buf *b, const struct engine *g, const char *run_dir, bool color)
{
	struct buf statuses = BUF_INIT;
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
	if (g->finished && add_statuses(&statuses, g, "  nodes: ") > 1)
		buf_addf(b, "%s\n", statuses.data);
	buf_release(&statuses);
	if (g->error != NULL && *g->error != '\0')
		buf_addf(b, "  error: %s\n", g->error);
	else if (!g->finished && g->stop != ENGINE_STOP_NONE)
		buf_addf(b, "  stopping: %s\n", g->stop_reason);
	add_health(b, g);
	for (size_t i = 0; i < g->run.n_nodes; i++)
		add_node(b, g, &g->nodes[i], run_dir, color);
	add_next(b, g, run_dir);
}

void
report_line(struct buf *b, const struct engine *g)
{
	char span[TEXT_SMALL_SIZE];

	text_span(span, g->last_ms - g->started_ms);
	buf_addf(b, "%.8s  ", g->run.run_id);
	add_time(b, g->started_ms);
	buf_addf(b, "  %10s  %-15s  %zu node%s", span,
	    g->finished ? summary_status_name(g->status) : "not finished",
	    g->run.n_nodes, g->run.n_nodes == 1 ? "" : "s");
	(void)add_statuses(b, g, ", ");
	buf_addc(b, '\n');
}
