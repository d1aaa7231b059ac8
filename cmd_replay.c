/* SPDX-License-Identifier: ISC */
/* cau replay: a journal, event by event, with the states as the engine saw
 * them. A bug report is a journal file. */
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "follow.h"
#include "options.h"
#include "scan.h"
#include "state.h"
#include "text.h"
#include "view.h"

struct replay {
	const struct options *o;
	struct follow journal;
	struct engine engine;
	enum engine_stop stop; /* before the event */
	char **shown;	       /* by node: its state when last printed */
};

static const char *const place_names[PLACE_COUNT] = {
    "nowhere", "prepare", "turn", "active"};

static const char *
stop_name(enum engine_stop stop)
{
	switch (stop) {
	case ENGINE_STOP_NONE:
		break;
	case ENGINE_STOP_PERSON:
		return "requested";
	case ENGINE_STOP_TIME:
		return "StopAfter";
	case ENGINE_STOP_FAILED:
		return "MaxFailedNodes";
	case ENGINE_STOP_AWAY:
		return "MaxUnavailable";
	case ENGINE_STOP_OFFLINE:
		return "RequireAllNodesOnline";
	case ENGINE_STOP_HELD:
		return "held";
	case ENGINE_STOP_UNSAFE:
		return "unsafe";
	}
	return "none";
}

/* What a node is, in words; those that hold. */
struct flag {
	const char *name;
	bool set;
};

#define MAX_FLAGS 24

static size_t
node_flags(const struct engine_node *n, struct flag out[MAX_FLAGS])
{
	const struct flag all[] = {{"busy", n->share.busy},
	    {"out", n->share.out}, {"prepared", n->prepared},
	    {"active", n->active}, {"opened", n->opened},
	    {"script_running", n->script_running}, {"suspended", n->suspended},
	    {"drained", n->drained}, {"tried", n->tried},
	    {"restart_needed", n->restart_needed},
	    {"restarting",
		n->n_reboots > 0 && n->reboots[n->n_reboots - 1].ended_ms == 0},
	    {"broken", n->broken}, {"failed_plugins", n->failed_plugins != 0},
	    {"in_doubt", n->in_doubt}, {"lost", n->lost}, {"held", n->held},
	    {"passed", n->passed}, {"endless", n->endless},
	    {"flawed", n->flawed}, {"unknown", n->unknown},
	    {"failed", n->share.failed}, {"finished", n->finished}};
	size_t n_out = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i].set)
			out[n_out++] = all[i];
	return n_out;
}

static void
add_time(struct buf *b, int64_t ms)
{
	char at[TEXT_TIME_SIZE];

	text_time(at, ms);
	buf_addf(b, "%.12sZ", at + 11);
}

static void
node_text(struct buf *b, const struct engine *g, const struct engine_node *n)
{
	struct flag flags[MAX_FLAGS];
	size_t n_flags = node_flags(n, flags);

	buf_addf(b, "%s: %s", n->info->name, node_phase_name(engine_phase(n)));
	if (n->busy && n->op == OP_INSTALL)
		buf_addf(b, " %s", n->updates[n->op_update].info.id);
	if (n->finished)
		buf_addf(b, " %s", summary_status_name(n->status));
	buf_addf(b,
	    ", place %s, attempt %u, pass %u, scanned %zu/%zu, staged %zu/%zu, "
	    "to do %zu/%zu",
	    place_names[n->share.place], n->attempt, n->pass, n->scanned,
	    g->run.n_plugins, n->staged, g->run.n_plugins,
	    engine_count(n).pending, n->n_updates);
	if (n->suspend_tries > 0)
		buf_addf(b, ", suspend tries %u", n->suspend_tries);
	if (n->n_troubles > 0)
		buf_addf(b, ", troubles %zu", n->n_troubles);
	if (!n->finished && n->retry_at_ms > g->last_ms) {
		buf_addstr(b, ", not before ");
		add_time(b, n->retry_at_ms);
	}
	for (size_t i = 0; i < n_flags; i++)
		buf_addf(b, "%s%s", i == 0 ? "; " : " ", flags[i].name);
}

static json_t *
node_json(const struct engine *g, const struct engine_node *n)
{
	struct engine_counts c = engine_count(n);
	struct flag flags[MAX_FLAGS];
	size_t n_flags = node_flags(n, flags);
	json_t *j = json_object(), *list = json_array();
	char at[TEXT_TIME_SIZE];

	json_set(j, "name", json_from_text(n->info->name));
	json_set(j, "phase", json_string(node_phase_name(engine_phase(n))));
	json_set(j, "status",
	    n->finished ? json_string(summary_status_name(n->status))
			: json_null());
	json_set(j, "place", json_string(place_names[n->share.place]));
	json_set(j, "attempt", json_integer(n->attempt));
	json_set(j, "pass", json_integer(n->pass));
	json_set(j, "scanned", json_integer((json_int_t)n->scanned));
	json_set(j, "staged", json_integer((json_int_t)n->staged));
	json_set(j, "updates", json_integer((json_int_t)n->n_updates));
	json_set(j, "pending", json_integer((json_int_t)c.pending));
	json_set(j, "suspend_tries", json_integer(n->suspend_tries));
	json_set(j, "troubles", json_integer((json_int_t)n->n_troubles));
	text_time(at, n->retry_at_ms);
	json_set(j, "not_before",
	    !n->finished && n->retry_at_ms > g->last_ms ? json_string(at)
							: json_null());
	for (size_t i = 0; i < n_flags; i++)
		(void)json_array_append_new(list, json_string(flags[i].name));
	json_set(j, "flags", list);
	return j;
}

/* Whether the state of the node is another one than when it was printed. */
static bool
has_changed(struct replay *r, size_t node)
{
	struct buf b = BUF_INIT;
	bool changed;

	node_text(&b, &r->engine, &r->engine.nodes[node]);
	changed = r->shown[node] == NULL || strcmp(r->shown[node], b.data) != 0;
	if (changed) {
		free(r->shown[node]);
		r->shown[node] = buf_detach(&b);
	}
	buf_release(&b);
	return changed;
}

/* Calls show for the node that the event is about, and for all others that
 * it has changed. */
static void
changed_nodes(struct replay *r,
    void (*show)(struct replay *, const struct engine_node *, void *),
    void *ctx)
{
	const struct engine *g = &r->engine;
	const char *name = r->journal.event.node;
	const struct engine_node *n =
	    name == NULL ? NULL : engine_find(g, name);
	bool all = n == NULL || g->stop != r->stop;

	if (r->shown == NULL)
		r->shown = xcalloc(g->run.n_nodes, sizeof(*r->shown));
	for (size_t i = 0; all && i < g->run.n_nodes; i++)
		if (has_changed(r, i) || &g->nodes[i] == n)
			show(r, &g->nodes[i], ctx);
	if (!all) {
		(void)has_changed(r, (size_t)(n - g->nodes));
		show(r, n, ctx);
	}
}

static void
node_line(struct replay *r, const struct engine_node *n, void *ctx)
{
	struct buf *b = ctx;

	buf_addstr(b, "       ");
	node_text(b, &r->engine, n);
	buf_addc(b, '\n');
}

static void
node_member(struct replay *r, const struct engine_node *n, void *ctx)
{
	(void)json_array_append_new(ctx, node_json(&r->engine, n));
}

static void
run_line(struct buf *b, const struct engine *g)
{
	const struct engine_census *c = &g->census;

	buf_addf(b,
	    "       busy %zu, out %zu, prepared %zu, finished %zu, failed %zu",
	    c->busy, c->out, c->prepared, c->finished, c->failed);
	if (c->left_out > 0)
		buf_addf(b, ", left out %zu", c->left_out);
	if (g->stop != ENGINE_STOP_NONE)
		buf_addf(b, "; stop %s%s", stop_name(g->stop),
		    g->stop_now ? " now" : "");
	if (g->abandoned)
		buf_addstr(b, "; abandoned");
	buf_addc(b, '\n');
}

static json_t *
run_json(const struct engine *g)
{
	const struct engine_census *c = &g->census;
	json_t *j = json_object();

	json_set(j, "busy", json_integer((json_int_t)c->busy));
	json_set(j, "out", json_integer((json_int_t)c->out));
	json_set(j, "prepared", json_integer((json_int_t)c->prepared));
	json_set(j, "finished", json_integer((json_int_t)c->finished));
	json_set(j, "failed", json_integer((json_int_t)c->failed));
	json_set(j, "left_out", json_integer((json_int_t)c->left_out));
	json_set(j, "stop",
	    g->stop == ENGINE_STOP_NONE ? json_null()
					: json_string(stop_name(g->stop)));
	json_set(j, "stop_now", json_boolean(g->stop_now));
	json_set(j, "abandoned", json_boolean(g->abandoned));
	return j;
}

/* One step that the engine wants. */
static void
step_words(struct buf *b, const struct event *ev)
{
	switch (ev->type) {
	case EV_OP_STARTED:
		buf_addf(b, "%s %s", ev->node, op_name(ev->op));
		if (ev->op == OP_INSTALL)
			buf_addf(b, " %s", ev->id);
		if (ev->plugin != NULL)
			buf_addf(b, " %s", ev->plugin);
		break;
	case EV_RUN_FINISHED:
		buf_addf(b, "end %s", summary_status_name(ev->status));
		break;
	case EV_WARNED:
		buf_addstr(b, "warn");
		break;
	case EV_STOP_REQUESTED:
		buf_addstr(b, "stop");
		break;
	case EV_OP_ENDED:
	case EV_RUN_STARTED:
	case EV_RUN_RECOVERED:
	case EV_RUN_ABANDONED:
		break;
	}
}

static void
next_line(struct buf *b, const struct engine *g, const struct engine_plan *plan)
{
	buf_addstr(b, "       next: ");
	for (size_t i = 0; i < plan->n_events; i++) {
		buf_addstr(b, i == 0 ? "" : ", ");
		step_words(b, &plan->events[i]);
	}
	if (g->finished)
		buf_addstr(b, "the run is over");
	else if (plan->idle)
		buf_addstr(b, "wait");
	if (plan->idle && plan->wake_ms != INT64_MAX) {
		buf_addstr(b, " until ");
		add_time(b, plan->wake_ms);
	} else if (plan->idle && !g->finished && g->census.busy == 0) {
		buf_addstr(b, ", but nothing is under way: IT STANDS STILL");
	}
	buf_addc(b, '\n');
}

static json_t *
next_json(const struct engine_plan *plan)
{
	json_t *list = json_array();

	for (size_t i = 0; i < plan->n_events; i++)
		(void)json_array_append_new(
		    list, event_to_json(&plan->events[i]));
	return list;
}

/* The journal may come from anywhere. */
static void
print_lines(char *text)
{
	struct buf b = BUF_INIT;
	char *line, *save;

	for (line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		text_printable(&b, line, strlen(line));
		buf_addc(&b, '\n');
	}
	(void)fputs(b.data, stdout);
	buf_release(&b);
}

static void
show_text(struct replay *r, const struct engine_plan *plan)
{
	const struct engine *g = &r->engine;
	struct buf b = BUF_INIT, text = BUF_INIT;

	view_event_text(&text, g, &r->journal.event);
	buf_addf(&b, "%5zu  ", r->journal.line);
	for (const char *p = text.data; *p != '\0'; p++) {
		buf_addc(&b, *p);
		if (*p == '\n' && p[1] != '\0')
			buf_addstr(&b, "       ");
	}
	changed_nodes(r, node_line, &b);
	run_line(&b, g);
	next_line(&b, g, plan);
	print_lines(b.data);
	buf_release(&text);
	buf_release(&b);
}

static void
show_json(struct replay *r, const struct engine_plan *plan)
{
	const struct follow *f = &r->journal;
	json_t *doc = json_object(), *nodes = json_array();
	char at[TEXT_TIME_SIZE];

	json_set(doc, "line", json_integer((json_int_t)f->line));
	json_set(doc, "event", json_loadb(f->json, f->json_len, 0, NULL));
	changed_nodes(r, node_member, nodes);
	json_set(doc, "nodes", nodes);
	json_set(doc, "run", run_json(&r->engine));
	json_set(doc, "next", next_json(plan));
	text_time(
	    at, plan->idle && plan->wake_ms != INT64_MAX ? plan->wake_ms : 0);
	json_set(doc, "wake_at",
	    plan->idle && plan->wake_ms != INT64_MAX ? json_string(at)
						     : json_null());
	json_print(stdout, doc, true);
}

static void
show(struct replay *r)
{
	struct arena a = ARENA_INIT;
	struct engine_plan plan;

	engine_next(&r->engine, r->engine.last_ms, &plan, &a);
	if (r->o->json)
		show_json(r, &plan);
	else
		show_text(r, &plan);
	arena_release(&a);
}

/* Everything up to the first line that is damaged. */
static int
replay_file(struct replay *r, const char *path, struct err *e)
{
	int rc = follow_open(&r->journal, path, e);

	if (rc == -1)
		return -1;
	while ((rc = follow_next(&r->journal, &r->engine, e)) == 1) {
		show(r);
		r->stop = r->engine.stop;
	}
	if (rc == 0 && r->engine.run.run_id == NULL)
		return err_set(e, CAU_FAILED, "%s holds no run", path);
	if (rc == 0 && !r->o->quiet && follow_rest(&r->journal) > 0)
		(void)fprintf(stderr,
		    "cau replay: %zu bytes behind line %zu have no newline and "
		    "do not count\n",
		    follow_rest(&r->journal), r->journal.line);
	return rc;
}

/* A word with a slash is a file. */
static int
find_and_replay(struct replay *r, const char *word, struct err *e)
{
	char id[RUN_ID_SIZE], *path;
	int rc;

	if (word != NULL && strchr(word, '/') != NULL)
		return replay_file(r, word, e);
	if (state_check(r->o->state_dir, e) == -1 ||
	    state_find_run(r->o->state_dir, word, id, e) == -1)
		return -1;
	path = state_journal(r->o->state_dir, id);
	rc = replay_file(r, path, e);
	free(path);
	return rc;
}

static int
replay(const struct options *o, const char *word)
{
	struct replay r = {.o = o};
	struct err e;
	int rc = CAU_OK;

	follow_init(&r.journal);
	engine_init(&r.engine);
	if (find_and_replay(&r, word, &e) == -1) {
		(void)fflush(stdout);
		if (o->json)
			print_json_error("replay", &e, true);
		rc = command_fail("replay", &e);
	}
	for (size_t i = 0; r.shown != NULL && i < r.engine.run.n_nodes; i++)
		free(r.shown[i]);
	free(r.shown);
	follow_close(&r.journal);
	engine_release(&r.engine);
	return rc;
}

int
cmd_replay(int argc, char **argv)
{
	const char *word = NULL;
	struct options o;
	int rc;

	if (argc > 1 && argv[1][0] != '-') {
		word = argv[1];
		argv[1] = argv[0];
		argc--;
		argv++;
	}
	rc = options_parse(&o, CMD_REPLAY, REPLAY_SYNOPSIS, argc, argv);
	if (rc == -1 && word == NULL && o.n_operands == 1)
		word = o.operands[0];
	else if (rc == -1 && o.n_operands > 0)
		rc = command_misuse("replay", REPLAY_SYNOPSIS,
		    "unexpected word '%s'", o.operands[0]);
	if (rc == -1)
		rc = command_done("replay", replay(&o, word));
	options_release(&o);
	return rc;
}
