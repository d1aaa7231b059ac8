/* SPDX-License-Identifier: ISC */
/* The journal read back: whole, it tells what the engine knew; damaged, it is
 * refused or folds into a run that can be reported and taken up. */
#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "sim.h"
#include "text.h"

static uint64_t
mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * UINT64_C(0x9fb21c651e98df25);
	return h ^ (h >> 28);
}

/* As the journal keeps it: made printable where it is no UTF-8. */
static uint64_t
mix_text(uint64_t h, const char *text)
{
	struct buf b = BUF_INIT;
	json_t *j = NULL;
	const char *p;

	if (text == NULL)
		text = "";
	for (p = text; (unsigned char)*p - 1U < 0x7fU;)
		p++;
	if (*p != '\0' && (j = json_string(text)) == NULL) {
		text_printable(&b, text, strlen(text));
		text = b.data;
	}
	for (p = text; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * UINT64_C(1099511628211);
	json_decref(j);
	buf_release(&b);
	return mix(h, 1);
}

static uint64_t
mix_update(uint64_t h, const struct engine_update *u)
{
	h = mix_text(h, u->job);
	h = mix_text(h, u->boot_id);
	h = mix(h, u->plugin + u->pass * 64U);
	h = mix(h, u->refused * 4U + u->started * 2U + u->done);
	h = mix(h, (uint64_t)u->result.result);
	h = mix(h, u->result.exit_code);
	h = mix(h, u->result.reboot_required + 2U * u->result.has_code);
	h = mix(h, (uint64_t)u->result.condition);
	h = mix_text(h, u->result.reason);
	h = mix_text(h, u->result.log);
	h = mix(h, (uint64_t)u->started_ms);
	return mix(h, (uint64_t)u->ended_ms);
}

static uint64_t
mix_flags(uint64_t h, const struct engine_node *n)
{
	const bool flags[] = {n->tried, n->prepared, n->active, n->suspended,
	    n->drained, n->broken, n->in_doubt, n->lost, n->held, n->endless,
	    n->flawed, n->unknown, n->script_running, n->opened,
	    n->restart_needed, n->restart_is_old, n->finished, n->busy,
	    n->passed, n->busy && n->was_active, n->busy && n->was_opened,
	    n->busy && n->was_suspended, n->joint};
	uint64_t bits = 0;

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		bits = bits * 2 + flags[i];
	return mix(h, bits);
}

static uint64_t
mix_node(uint64_t h, const struct engine_node *n)
{
	h = mix_flags(h, n);
	for (size_t i = 0; i < n->n_updates; i++)
		h = mix_update(h, &n->updates[i]);
	for (size_t i = 0; i < n->n_reboots; i++) {
		h = mix_text(h, n->reboots[i].reason);
		h = mix_text(h, n->reboots[i].kind);
		h = mix_text(h, n->reboots[i].result);
		h = mix_text(h, n->reboots[i].boot_id_before);
		h = mix_text(h, n->reboots[i].boot_id_after);
		h = mix(h, (uint64_t)n->reboots[i].started_ms);
		h = mix(h, (uint64_t)n->reboots[i].ended_ms);
	}
	for (size_t i = 0; i < n->n_troubles; i++) {
		h = mix_text(h, n->troubles[i].error);
		h = mix(h, n->troubles[i].attempt);
		h = mix(h, (uint64_t)n->troubles[i].op * 16 +
			       (uint64_t)n->troubles[i].outcome);
		h = mix(h, (uint64_t)n->troubles[i].at_ms);
	}
	h = mix_text(h, n->boot_id);
	h = mix_text(h, n->error);
	h = mix_text(h, n->restart_reason);
	h = mix(h, n->n_ignored);
	h = mix(h, n->failed_plugins);
	h = mix(h, n->restart_needed ? n->restart_plugin : 0);
	h = mix(h, n->attempt * 1000U + n->pass);
	h = mix(h, n->first_pass + 1000U * n->suspend_tries);
	h = mix(h, n->turns);
	h = mix(h, n->scanned + 1000 * n->staged + 1000000 * n->cursor);
	h = mix(h, (uint64_t)n->status);
	h = mix(h, (uint64_t)n->retry_at_ms);
	h = mix(h, n->busy ? (uint64_t)n->op * 64 + n->op_update : 0);
	h = mix(h, n->busy ? (uint64_t)n->op_since_ms : 0);
	h = mix(h, n->suspended ? (uint64_t)n->suspended_since_ms : 0);
	h = mix(h, (uint64_t)n->suspended_at_ms);
	h = mix(h, (uint64_t)n->suspended_ms);
	for (size_t i = 0; i < OP_KIND_COUNT; i++)
		h = mix(h, (uint64_t)n->timing_ms[i]);
	return mix(h, (uint64_t)n->bytes_staged);
}

static uint64_t
mix_words(uint64_t h, const char *const *words)
{
	for (; *words != NULL; words++)
		h = mix_text(h, *words);
	return mix(h, 2);
}

/* What the run was asked to do. */
static uint64_t
mix_run(uint64_t h, const struct run_info *r)
{
	h = mix_text(h, r->run_id);
	h = mix_text(h, r->cluster_type);
	h = mix_text(h, r->cluster_name);
	h = mix_text(h, r->digest);
	h = mix_words(h, r->rsh);
	h = mix_words(h, r->suspend_command);
	h = mix_words(h, r->resume_command);
#define X(name) h = mix_text(h, r->name);
	RUN_TEXTS(X)
#undef X
#define X(name) h = mix(h, (uint64_t)r->name);
	RUN_NUMBERS(X)
	RUN_FLAGS(X)
#undef X
	for (size_t i = 0; i < r->n_nodes; i++) {
		h = mix_text(h, r->nodes[i].name);
		h = mix_text(h, r->nodes[i].address);
		h = mix(h, r->nodes[i].local);
	}
	for (size_t i = 0; i < r->n_plugins; i++) {
		h = mix_text(h, r->plugins[i].name);
		h = mix_text(h, r->plugins[i].args);
	}
	return h;
}

static uint64_t
mix_finding(uint64_t h, const struct finding *f)
{
	h = mix_text(h, f->id);
	h = mix_text(h, f->node);
	h = mix_text(h, f->message);
	h = mix_text(h, f->remedy);
	h = mix_text(h, f->source);
	h = mix_text(h, f->perfdata);
	h = mix_text(h, f->acknowledged);
	h = mix_text(h, f->until);
	return mix(h, (uint64_t)f->severity);
}

/* An update as the scan found it. */
static uint64_t
mix_info(uint64_t h, const struct update *u)
{
	h = mix_text(h, u->id);
	h = mix_text(h, u->title);
	h = mix_text(h, u->description);
	h = mix_text(h, u->plugin);
	h = mix_text(h, u->rule);
	h = mix_text(h, u->path);
	h = mix_text(h, u->version);
	h = mix_text(h, u->kb);
	h = mix_text(h, u->sha256);
	h = mix_text(h, u->properties);
	h = mix_text(h, u->reason);
	h = mix(h, (uint64_t)u->size_bytes);
	h = mix(h, (uint64_t)u->restart);
	return mix(h, u->joint + 2U * u->once + 4U * u->installed);
}

/* What never changes once it is known; live: what the engine knew that wrote
 * the journal, maybe more than got there. */
void
check_constants(
    struct sim *s, const struct engine *live, const struct engine *g)
{
	enum promise p = s->hostile ? P_TEXT : P_CRASH;

	if (mix_run(1, &live->run) != mix_run(1, &g->run) ||
	    live->started_ms != g->started_ms)
		broken(s, p, "the journal tells of another run");
	if (live->n_health != g->n_health ||
	    (live->health == NULL) != (g->health == NULL))
		broken(s, p, "the journal tells of another health check");
	for (size_t i = 0; i < g->n_health; i++)
		if (mix_finding(1, &live->health[i]) !=
		    mix_finding(1, &g->health[i]))
			broken(s, p, "the journal tells of another finding");
	for (size_t i = 0; i < g->run.n_nodes; i++)
		for (size_t k = 0; k < g->nodes[i].n_updates; k++)
			if (mix_info(1, &live->nodes[i].updates[k].info) !=
			    mix_info(1, &g->nodes[i].updates[k].info))
				broken(s, p,
				    "the journal tells of another update "
				    "than %zu of %s",
				    k, s->nodes[i].name);
}

/* All that an engine knows and that changes, as one number. */
uint64_t
state_hash(const struct engine *g)
{
	uint64_t h = mix(1, g->run.n_nodes);

	for (size_t i = 0; i < g->run.n_nodes; i++)
		h = mix_node(h, &g->nodes[i]);
	h = mix_text(h, g->coordinator.boot_id);
	h = mix_text(h, g->coordinator.host);
	h = mix(h, (uint64_t)g->last_ms);
	h = mix(h, g->recoveries);
	h = mix(h, (uint64_t)g->stop * 8U + g->stop_now * 4U +
		       g->abandoned * 2U + g->warned);
	h = mix_text(h, g->stop_reason);
	h = mix(h, (uint64_t)g->status + 8U * g->finished);
	h = mix_text(h, g->error);
	return h == 0 ? 1 : h;
}

static int
fold(struct engine *g, const struct buf *b, struct err *e)
{
	size_t good;

	engine_init(g);
	return journal_fold(g, b->data, b->len, &good, e);
}

/* Folded from the journal, an engine is the one that wrote it. */
void
check_same(struct sim *s, const struct engine *g)
{
	if (state_hash(g) != s->hashes[s->n_hashes - 1] &&
	    s->hashes[s->n_hashes - 1] != 0)
		broken(s, s->hostile ? P_TEXT : P_CRASH,
		    "the journal tells another story than the engine that "
		    "wrote it (after %zu events)",
		    s->n_hashes);
}

void
check_fold(struct sim *s)
{
	struct engine g;
	struct err e;

	if (fold(&g, &s->disk.bytes, &e) == -1)
		broken(s, P_CRASH, "the journal does not fold: %s", e.text);
	check_same(s, &g);
	check_constants(s, &s->g, &g);
	engine_release(&g);
}

/* A state that was accepted can be reported and driven on. */
void
use_state(struct sim *s, struct engine *g)
{
	struct arena a = ARENA_INIT;
	struct engine_plan plan;
	struct event ev = {.type = EV_RUN_RECOVERED, .at_ms = g->last_ms};
	struct buf b = BUF_INIT;
	struct err e;

	report_to_text(&b, g, "/runs/x", false);
	buf_release(&b);
	json_decref(report_to_json(g));
	(void)engine_exit_code(g);
	ev.coordinator = s->self;
	if (g->finished)
		return;
	if (engine_apply(g, &ev, &e) == -1)
		broken(s, P_INPUT, "a damaged run is not taken up: %s", e.text);
	engine_next(g, g->last_ms, &plan, &a);
	for (size_t i = 0; i < plan.n_events; i++)
		if (engine_apply(g, &plan.events[i], &e) == -1)
			broken(s, P_INPUT,
			    "what a damaged run asks for is "
			    "refused: %s",
			    e.text);
	arena_release(&a);
}

static void
read_damaged(struct sim *s, const struct buf *b, const char *must)
{
	struct disk d = {.bytes = *b, .durable = b->len, .room = SIZE_MAX};
	struct err e = {CAU_OK, ""};
	struct engine g;
	int rc;

	engine_init(&g);
	disk_use(&d);
	rc = journal_load(&g, DISK_PATH, NULL, &e);
	disk_use(&s->disk);
	if (rc == -1) {
		if (strstr(e.text, "is damaged: ") == NULL &&
		    strstr(e.text, "holds no run") == NULL)
			broken(
			    s, P_INPUT, "refused without a reason: %s", e.text);
	} else if (must != NULL) {
		broken(s, P_INPUT, "accepted: %s", must);
	} else {
		use_state(s, &g);
	}
	engine_release(&g);
}

/* A place that somebody's hand slips at. */
static size_t
some_place(struct sim *s, const struct buf *b)
{
	return below(s, (unsigned)b->len);
}

/* Bytes changed, cut out, put in, or a number made absurd. */
static void
damage_bytes(struct sim *s, struct buf *b)
{
	static const char *const numbers[] = {"-1", "9223372036854775807",
	    "-9223372036854775808", "4294967296", "1e999", "0.5", "null",
	    "18446744073709551616", "[]", "{}", "\"\"", "true"};
	size_t at = some_place(s, b), end = at;
	struct buf out = BUF_INIT;

	switch (below(s, 4)) {
	case 0:
	case 1:
		end += chance(s, 50);
		buf_add(&out, b->data, at);
		for (unsigned i = 1 + below(s, 20) / 10; i > 0; i--)
			buf_addc(&out, (char)below(s, 256));
		break;
	case 2:
		end += below(s, (unsigned)(b->len - at) + 1) / 4;
		buf_add(&out, b->data, at);
		break;
	default:
		while (at > 0 && b->data[at - 1] != ':')
			at--;
		for (end = at; end < b->len && b->data[end] != ',' &&
			       b->data[end] != '}';)
			end++;
		buf_add(&out, b->data, at);
		buf_addstr(&out, numbers[below(s, 12)]);
		break;
	}
	buf_add(&out, b->data + end, b->len - end);
	buf_release(b);
	*b = out;
}

static bool
is_a(const char *line, const char *type)
{
	const char *at = strstr(line, type), *nl = strchr(line, '\n');

	return at != NULL && at < nl;
}

/* Lines twice, left out, or in another order: what must be refused then. */
static const char *
damage_lines(struct sim *s, struct buf *b, const char *line)
{
	const char *nl = strchr(line, '\n') + 1, *after = strchr(nl, '\n');
	bool started = is_a(line, "\"event\":\"op_started\"");
	bool ended = is_a(line, "\"event\":\"op_ended\"");
	const char *must = NULL;
	struct buf out = BUF_INIT;

	buf_add(&out, b->data, (size_t)(line - b->data));
	if ((started || ended) && chance(s, 50)) {
		buf_add(&out, line, (size_t)(nl - line));
		buf_addstr(&out, line);
		must = started ? "an operation that starts twice"
			       : "an operation that ends twice";
	} else if (chance(s, 50) || after == NULL) {
		buf_addstr(&out, nl);
		if (is_a(line, "\"event\":\"run_started\"") && *nl != '\0')
			must = "a run without its start";
	} else {
		buf_add(&out, nl, (size_t)(after + 1 - nl));
		buf_add(&out, line, (size_t)(nl - line));
		buf_addstr(&out, after + 1);
		if (is_a(line, "\"event\":\"run_started\""))
			must = "a run that begins later";
	}
	buf_release(b);
	*b = out;
	return must;
}

/* Bad input of any kind: refused with a reason, or a run like any other. */
void
check_damage(struct sim *s)
{
	const char *must = NULL, *line;
	struct buf b = BUF_INIT;

	buf_add(&b, s->disk.bytes.data, s->disk.bytes.len);
	line = b.data + some_place(s, &b);
	while (line > b.data && line[-1] != '\n')
		line--;
	if (strchr(line, '\n') != NULL && chance(s, 40))
		must = damage_lines(s, &b, line);
	else
		for (unsigned i = 1 + below(s, 2); i > 0; i--)
			damage_bytes(s, &b);
	read_damaged(s, &b, must);
	buf_release(&b);
}
