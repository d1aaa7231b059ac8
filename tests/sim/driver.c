/* SPDX-License-Identifier: ISC */
/* The coordinator, as run.c and cmd_run.c are. */
#include "sim.h"

#include <string.h>

#define MAX_TURNS 2000000

static const char *const outcomes[] = {
#define X(id, name) name,
    OP_OUTCOMES(X)
#undef X
};

static int64_t
clock_of(const struct sim *s)
{
	return s->now_ms + s->offset_ms;
}

static void
note_hash(struct sim *s)
{
	s->hashes =
	    xgrow(s->hashes, s->n_hashes, &s->cap_hashes, sizeof(*s->hashes));
	/* In large clusters some are enough. */
	s->hashes[s->n_hashes++] =
	    s->run.n_nodes < 10 || below(s, 64) == 0 || s->g.finished
		? state_hash(&s->g)
		: 0;
}

static void
record(struct sim *s, const struct event *ev)
{
	bool looked_at = below(s, 100) == 0;
	struct buf line = BUF_INIT;
	struct err e;

	if (ev->type == EV_OP_STARTED)
		check_start(s, ev);
	journal_add(&s->j, ev, looked_at ? &line : NULL);
	if (looked_at &&
	    (s->j.pending.len <= line.len ||
		strncmp(s->j.pending.data + s->j.pending.len - line.len - 1,
		    line.data, line.len) != 0))
		broken(s, P_CRASH, "shown is another line than is recorded");
	buf_release(&line);
	if (engine_apply(&s->g, ev, &e) == -1)
		broken(s, P_END, "the engine refuses what it asked for: %s",
		    e.text);
	ledger_apply(&s->ledger, s, ev);
	note_hash(s);
	check_state(s);
	if (looked_at)
		check_status(s);
}

static void
copy_ledger(const struct sim *s, struct ledger *to, const struct ledger *from)
{
	struct ledger_node *nodes = to->nodes;

	*to = *from;
	to->nodes = nodes;
	memcpy(nodes, from->nodes, s->run.n_nodes * sizeof(*nodes));
}

static int
write_journal(struct sim *s, struct err *e)
{
	if (journal_sync(&s->j, e) == -1)
		return -1;
	if (s->synced_bytes == s->disk.bytes.len)
		return 0;
	s->synced_bytes = s->disk.bytes.len;
	copy_ledger(s, &s->synced, &s->ledger);
	return 0;
}

/* What was written after the journal was last on disk, and survived. */
static void
read_tail(struct sim *s, size_t good)
{
	const char *line = s->disk.bytes.data + s->synced_bytes, *nl;
	struct arena a = ARENA_INIT;
	struct event ev;
	struct err e;
	json_t *o;

	copy_ledger(s, &s->ledger, &s->synced);
	for (; line < s->disk.bytes.data + good; line = nl + 1) {
		nl = strchr(line, '\n');
		o = json_loadb(line, (size_t)(nl - line), 0, NULL);
		if (event_from_json(&ev, o, &a, &e) == -1)
			broken(s, P_CRASH, "%s", e.text);
		ledger_apply(&s->ledger, s, &ev);
		json_decref(o);
		arena_release(&a);
	}
}

/* What the journal holds is all that is left of the coordinator. */
static void
read_journal(struct sim *s, size_t *good)
{
	struct engine live = s->g;
	struct err e;

	engine_init(&s->g);
	if (journal_load(&s->g, DISK_PATH, good, &e) == -1)
		broken(s, P_CRASH, "the journal does not fold: %s", e.text);
	if (*good < s->synced_bytes)
		broken(s, P_CRASH, "what was on disk is lost");
	read_tail(s, *good);
	s->n_hashes = s->ledger.n_events;
	check_same(s, &s->g);
	check_constants(s, &live, &s->g);
	engine_release(&live);
}

/* One attempt of cau recover. */
static bool
recover(struct sim *s)
{
	struct event ev = {.type = EV_RUN_RECOVERED};
	size_t good;
	struct err e;

	read_journal(s, &good);
	check_known(s);
	if (s->g.finished)
		return true;
	s->disk.stubborn = chance(s, 10);
	if (journal_continue(&s->j, DISK_PATH, good, &e) == -1) {
		trace(s, NULL, "cau recover: %s", e.text);
		return false;
	}
	s->home = chance(s, 35) ? below(s, (unsigned)s->run.n_nodes) : SIZE_MAX;
	if (s->home != SIZE_MAX && s->nodes[s->home].up_ms > s->now_ms)
		s->home = SIZE_MAX;
	if (s->home != SIZE_MAX)
		s->home_boot = s->nodes[s->home].boot;
	s->self = scenario_coordinator(s);
	s->offset_ms = chance(s, 90) ? 0 : (int64_t)below(s, 7200000) - 3600000;
	if (clock_of(s) < s->g.last_ms)
		s->offset_ms = s->g.last_ms - s->now_ms;
	if (chance(s, s->abandon_percent))
		ev.type = EV_RUN_ABANDONED;
	ev.at_ms = clock_of(s);
	ev.coordinator = s->self;
	trace(s, NULL, "%s, on %s",
	    ev.type == EV_RUN_RECOVERED ? "the run is taken up"
					: "the run is abandoned",
	    s->self.boot_id);
	record(s, &ev);
	if (write_journal(s, &e) == 0)
		return true;
	trace(s, NULL, "cau recover: %s", e.text);
	journal_close(&s->j);
	return false;
}

static void
pass_time(struct sim *s, int64_t until_ms)
{
	while (s->next_incident < s->n_incidents &&
	       s->incidents[s->next_incident].at_ms <= until_ms) {
		const struct incident *i = &s->incidents[s->next_incident++];

		if (s->now_ms < i->at_ms)
			s->now_ms = i->at_ms;
		world_incident(s, i);
	}
	if (s->now_ms < until_ms)
		s->now_ms = until_ms;
}

/*
 * The coordinator ends, and what it did not write is lost. Power: what it did
 * not sync, too. Another one takes the run up, sooner or later.
 */
void
crash(struct sim *s, const char *how)
{
	bool power = chance(s, 40);

	s->crashes++;
	trace(s, NULL, "THE COORDINATOR ENDS: %s%s", how,
	    power ? ", and its machine with it" : "");
	journal_close(&s->j);
	if (power)
		disk_lose_power(&s->disk);
	for (size_t i = 0; i < s->run.n_nodes; i++)
		world_leave(s, &s->nodes[i]);
	s->canceled = false;
	s->home = SIZE_MAX;
	do {
		pass_time(s, s->now_ms + some_time(s, 600000));
		if (chance(s, 50))
			s->disk.room = SIZE_MAX;
	} while (!recover(s));
}

static bool
unlucky(struct sim *s)
{
	return !s->calm && s->crashes < s->most_crashes &&
	       (!s->late_crashes || s->ledger.turns_begun) &&
	       chance(s, s->crash_percent);
}

static bool
crashes_now(struct sim *s, const char *how)
{
	if (!unlucky(s))
		return false;
	crash(s, how);
	return true;
}

/* As make_order of run.c: before the engine hears that it starts. */
static void
make_flight(struct sim *s, const struct event *ev)
{
	struct sim_node *n = &s->nodes[node_number(s, ev->node)];
	const struct engine_node *en = engine_find(&s->g, ev->node);
	const struct engine_update *u;
	struct flight *f = &n->flight;

	*f = (struct flight){.started = *ev};
	f->started.id = ev->id == NULL ? NULL : arena_strdup(&s->arena, ev->id);
	f->started.job =
	    ev->job == NULL ? NULL : arena_strdup(&s->arena, ev->job);
	f->started.boot_id =
	    ev->boot_id == NULL ? NULL : arena_strdup(&s->arena, ev->boot_id);
	f->started.node = n->name;
	f->again = engine_again(&s->g, ev);
	f->look_only = engine_look_only(&s->g, ev);
	if (ev->op == OP_INSTALL) {
		u = &en->updates[ev->update];
		f->offer = offer_of(s, n, &u->info);
	}
	if (ev->op != OP_STAGE)
		return;
	f->wanted = arena_alloc(&s->arena, en->n_updates * sizeof(*f->wanted));
	f->jobs = arena_alloc(&s->arena, en->n_updates * sizeof(*f->jobs));
	for (size_t i = 0; i < en->n_updates; i++) {
		u = &en->updates[i];
		if (!engine_stages(&s->g, en, u, ev->plugin))
			continue;
		f->wanted[f->n_wanted] = offer_of(s, n, &u->info);
		f->jobs[f->n_wanted++] = engine_job_id(&s->g, en, i, &s->arena);
	}
}

/* The operations of a plan that is on record. */
static void
start_flights(struct sim *s, const struct engine_plan *plan)
{
	struct sim_node *n;

	if (s->disk.durable != s->disk.bytes.len || s->j.pending.len > 0)
		broken(s, P_CRASH, "operations start before they are on disk");
	for (size_t i = 0; i < plan->n_events; i++) {
		if (plan->events[i].type != EV_OP_STARTED)
			continue;
		n = &s->nodes[node_number(s, plan->events[i].node)];
		world_start(s, n);
		trace(s, n, "%s%s%.40s starts, attempt %u, pass %u",
		    op_name(n->flight.started.op),
		    n->flight.started.id == NULL ? "" : " ",
		    n->flight.started.id == NULL ? "" : n->flight.started.id,
		    n->flight.started.attempt, n->flight.started.pass);
	}
}

/* A signal: the first stops the run, the second ends what runs. */
static void
stop(struct sim *s, bool now)
{
	struct event ev = {.type = EV_STOP_REQUESTED,
	    .at_ms = clock_of(s),
	    .now = now,
	    .cause = STOP_PERSON,
	    .error = some_words(s, "interrupted")};

	*(now ? &s->stop_now_ms : &s->stop_ms) = FOREVER;
	trace(s, NULL, now ? "a person stops all now" : "a person stops it");
	if (now)
		for (size_t i = 0; i < s->run.n_nodes; i++)
			world_cancel(s, &s->nodes[i]);
	record(s, &ev);
}

static void
end_flight(struct sim *s, struct sim_node *n)
{
	struct event end;

	world_end(s, n, &end);
	end.at_ms = clock_of(s);
	trace(s, n, "%s ends: %s%s%s%s", op_name(end.op), outcomes[end.outcome],
	    end.op == OP_INSTALL ? ", " : "",
	    update_result_name(end.result.result),
	    end.n_failures > 0 ? ", some plug-ins failed" : "");
	record(s, &end);
}

/* The next thing that happens, or FOREVER. */
static int64_t
next_time(const struct sim *s, int64_t wake_ms)
{
	int64_t next =
	    s->stop_ms < s->stop_now_ms ? s->stop_ms : s->stop_now_ms;
	const struct flight *f;
	int64_t at;

	if (wake_ms != INT64_MAX && wake_ms - s->offset_ms < next)
		next = wake_ms - s->offset_ms;
	if (s->next_incident < s->n_incidents &&
	    s->incidents[s->next_incident].at_ms < next)
		next = s->incidents[s->next_incident].at_ms;
	for (size_t i = 0; i < s->run.n_nodes; i++) {
		f = &s->nodes[i].flight;
		at = f->acted ? f->ends_ms : f->acts_ms;
		if (f->on && at < next)
			next = at;
	}
	return next < s->now_ms ? s->now_ms : next;
}

static bool
home_is_down(const struct sim *s)
{
	return s->home != SIZE_MAX && s->nodes[s->home].boot != s->home_boot;
}

/* All that is due now; false when the coordinator went down with its node. */
static bool
happen(struct sim *s)
{
	struct sim_node *n;

	if (!home_is_down(s) && s->stop_ms <= s->now_ms)
		stop(s, false);
	if (!home_is_down(s) && s->stop_now_ms <= s->now_ms)
		stop(s, true);
	for (size_t i = 0; i < s->run.n_nodes && !home_is_down(s); i++) {
		n = &s->nodes[i];
		if (n->flight.on && !n->flight.acted &&
		    n->flight.acts_ms <= s->now_ms) {
			world_act(s, n);
			check_state(s);
		}
		if (n->flight.on && n->flight.acted &&
		    n->flight.ends_ms <= s->now_ms && !home_is_down(s))
			end_flight(s, n);
	}
	if (!home_is_down(s))
		return true;
	crash(s, "its node went down");
	return false;
}

/* What is queued is written, unless the coordinator ends meanwhile: somewhere
 * in the middle of a line, or with all of it written and nothing synced. */
static bool
commit(struct sim *s)
{
	struct err e;

	if (unlucky(s)) {
		if (chance(s, 20))
			s->disk.broken = true;
		else if (s->j.pending.len > 0)
			s->disk.room = below(s, (unsigned)s->j.pending.len);
	}
	if (write_journal(s, &e) == 0)
		return true;
	crash(s, e.text);
	return false;
}

/* One turn of the loop of run.c. */
static void
turn(struct sim *s, struct arena *a)
{
	struct engine_plan plan;
	bool waiting = false;

	engine_next(&s->g, clock_of(s), &plan, a);
	for (size_t i = 0; i < s->run.n_nodes; i++)
		waiting |= s->nodes[i].flight.on;
	check_plan(s, &plan, waiting);
	for (size_t i = 0; i < plan.n_events; i++) {
		if (plan.events[i].type == EV_OP_STARTED)
			make_flight(s, &plan.events[i]);
		record(s, &plan.events[i]);
	}
	if (crashes_now(s, "before it wrote") || !commit(s) || s->g.finished ||
	    crashes_now(s, "before its operations"))
		return;
	start_flights(s, &plan);
	/* With events, the engine is asked again at once. */
	if (!plan.idle || crashes_now(s, "while it waited"))
		return;
	pass_time(s, next_time(s, plan.wake_ms));
	if (happen(s))
		(void)crashes_now(s, "before it wrote what happened");
}

void
drive(struct sim *s)
{
	struct event ev = {.type = EV_RUN_STARTED, .at_ms = SIM_T0};
	struct arena a = ARENA_INIT;
	struct err e;

	disk_use(&s->disk);
	if (journal_create(&s->j, DISK_PATH, &e) == -1)
		broken(s, P_CRASH, "%s", e.text);
	ev.run = s->run;
	ev.coordinator = s->self;
	ev.findings = s->findings;
	ev.n_findings = s->n_findings;
	record(s, &ev);
	while (write_journal(s, &e) == -1)
		s->disk.room = SIZE_MAX;
	while (!s->g.finished) {
		if (++s->turns > MAX_TURNS)
			broken(s, P_END, "the run does not end");
		turn(s, &a);
		arena_release(&a);
	}
	journal_close(&s->j);
}
