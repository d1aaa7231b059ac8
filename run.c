/* SPDX-License-Identifier: ISC */
/* Drives an Updating Run. */
#include "run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

/* How long nobody may look at the clock (clock_watch). */
#define LOOK_MS 1000

struct driver {
	struct engine *g;
	struct journal *j;
	struct work *w;
	struct view *v;
	int signal_fd;
	unsigned interrupts;
	int64_t wall_start, mono_start;
};

/* What was ignored when we were started (nohup) stays ignored. */
static void
our_signals(sigset_t *set)
{
	static const int signals[] = {
	    SIGINT, SIGTERM, SIGHUP, RUN_STOP_SIGNAL, RUN_NOW_SIGNAL};
	struct sigaction now;

	(void)sigemptyset(set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		if (sigaction(signals[i], NULL, &now) == -1 ||
		    now.sa_handler != SIG_IGN)
			(void)sigaddset(set, signals[i]);
}

void
run_block_signals(void)
{
	sigset_t set;

	our_signals(&set);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

int
run_signal_fd(void)
{
	sigset_t set;

	our_signals(&set);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Wall time that only moves forward, whatever is done to the clock. */
static int64_t
now_ms(const struct driver *d)
{
	return d->wall_start + (clock_raw_ms() - d->mono_start);
}

/* Lets operations see whether nodes have their turns; node NULL: all. */
static void
show_turns(const struct driver *d, const char *node)
{
	const struct engine *g = d->g;
	size_t i = 0, end = g->run.n_nodes;

	if (node != NULL) {
		i = (size_t)(engine_find(g, node) - g->nodes);
		end = i + 1;
	}
	for (; i < end; i++)
		atomic_store(&d->w->turns[i],
		    g->nodes[i].active && !g->nodes[i].finished);
}

/* Records and applies an event; on disk and shown only after commit(). */
static int
record(struct driver *d, struct event *ev, struct err *e)
{
	struct buf line = BUF_INIT;
	int rc;

	journal_add(d->j, ev, &line);
	rc = engine_apply(d->g, ev, e);
	if (rc == 0)
		view_event(d->v, d->g, ev, line.data);
	else
		(void)err_wrap(e, "this is a bug in cau");
	if (rc == 0)
		show_turns(d, ev->node);
	atomic_store(&d->w->stopping, d->g->stop != ENGINE_STOP_NONE);
	buf_release(&line);
	return rc;
}

static int
commit(struct driver *d, struct err *e)
{
	if (journal_sync(d->j, e) == -1)
		return -1;
	view_flush(d->v);
	return 0;
}

static const char *
keep(struct order *o, const char *s)
{
	return s == NULL ? NULL : arena_strdup(&o->arena, s);
}

/* The order for an operation, before the engine hears that it starts. */
static struct order *
make_order(const struct driver *d, const struct event *ev)
{
	struct order *o = xcalloc(1, sizeof(*o));
	const struct engine_node *n = engine_find(d->g, ev->node);
	struct update *updates;
	const char **jobs;
	size_t most;

	o->number = (size_t)(n - d->g->nodes);
	o->started = *ev;
	o->started.node = keep(o, ev->node);
	o->started.id = keep(o, ev->id);
	o->started.job = keep(o, ev->job);
	o->started.boot_id = keep(o, ev->boot_id);
	o->started.plugin = keep(o, ev->plugin);
	o->again = engine_again(d->g, ev);
	o->look_only = engine_look_only(d->g, ev);
	if (ev->op != OP_STAGE && ev->op != OP_INSTALL)
		return o;
	/* Only the texts are shared, and those stay where they are. */
	most = ev->op == OP_INSTALL ? 1 : n->n_updates;
	updates = arena_alloc(&o->arena, most * sizeof(*updates));
	jobs = arena_alloc(&o->arena, most * sizeof(*jobs));
	if (ev->op == OP_INSTALL) {
		updates[o->n_updates++] = n->updates[ev->update].info;
	} else {
		for (size_t i = 0; i < n->n_updates; i++)
			if (engine_stages(
				d->g, n, &n->updates[i], ev->plugin)) {
				jobs[o->n_updates] =
				    engine_job_id(d->g, n, i, &o->arena);
				updates[o->n_updates++] = n->updates[i].info;
			}
	}
	o->updates = updates;
	o->jobs = jobs;
	return o;
}

/*
 * One turn: what the engine wants is recorded, then the record is on disk,
 * and only then the operations start.
 */
static int
start_next(struct driver *d, int64_t *wake_ms, struct err *e)
{
	struct arena a = ARENA_INIT;
	struct engine_plan plan;
	struct order **orders;
	int rc = 0;

	engine_next(d->g, now_ms(d), &plan, &a);
	orders = xcalloc(plan.n_events, sizeof(struct order *));
	for (size_t i = 0; i < plan.n_events && rc == 0; i++) {
		if (plan.events[i].type == EV_OP_STARTED)
			orders[i] = make_order(d, &plan.events[i]);
		rc = record(d, &plan.events[i], e);
	}
	if (rc == 0)
		rc = commit(d, e);
	/* More may be due: with events, the engine is asked again at once. */
	*wake_ms = plan.idle ? plan.wake_ms : 0;
	/* Waiting for nothing would be waiting for ever. */
	if (rc == 0 && plan.idle && plan.wake_ms == INT64_MAX &&
	    d->w->in_flight == 0 && !d->g->finished)
		rc = err_set(e, CAU_FAILED,
		    "the run stands still; this is a bug in cau");
	for (size_t i = 0; i < plan.n_events; i++) {
		if (orders[i] == NULL)
			continue;
		if (rc == 0)
			rc = work_start(d->w, orders[i], e);
		if (rc == -1)
			order_free(orders[i]);
	}
	free(orders);
	arena_release(&a);
	return rc;
}

static int
take_ended(struct driver *d, struct err *e)
{
	struct order *o;
	int rc = 0;

	while (rc == 0 && (o = work_take(d->w)) != NULL) {
		o->ended.at_ms = now_ms(d);
		rc = record(d, &o->ended, e);
		order_free(o);
	}
	return rc;
}

static const char *
signal_words(uint32_t number)
{
	switch (number) {
	case SIGINT:
		return "interrupted";
	case SIGTERM:
		return "terminated";
	case SIGHUP:
		return "terminal closed";
	case RUN_STOP_SIGNAL:
		return "stopped by cau stop";
	default:
		return "stopped by cau stop --now";
	}
}

/*
 * The first signal stops the run, the second also ends what runs on the nodes,
 * the third leaves it. cau stop never does more than it was told to, whoever
 * else sends what; and a terminal that is closed sends more than one signal.
 */
static unsigned
signal_wants(const struct driver *d, uint32_t number)
{
	switch (number) {
	case SIGHUP:
	case RUN_STOP_SIGNAL:
		return 1;
	case RUN_NOW_SIGNAL:
		return 2;
	default:
		return d->interrupts + 1;
	}
}

/* What restarts this machine ends all that runs on it: that is no wish to stop
 * the run, and not to be kept waiting. */
static bool
own_restart(const struct engine *g)
{
	const struct engine_node *n;

	for (size_t i = 0; i < g->run.n_nodes; i++) {
		n = &g->nodes[i];
		if (n->busy && n->op == OP_RESTART && engine_is_self(g, n))
			return true;
	}
	return false;
}

static int
take_signal(struct driver *d, struct err *e)
{
	struct event ev = {.type = EV_STOP_REQUESTED};
	struct signalfd_siginfo si;
	unsigned wanted;

	if (read(d->signal_fd, &si, sizeof(si)) != sizeof(si))
		return 0;
	wanted = signal_wants(d, si.ssi_signo);
	if (d->g->finished || wanted <= d->interrupts)
		return 0;
	if ((si.ssi_signo == SIGTERM || si.ssi_signo == SIGHUP) &&
	    own_restart(d->g))
		wanted = 3;
	d->interrupts = wanted;
	if (wanted > 2)
		return 0;
	ev.at_ms = now_ms(d);
	ev.cause = STOP_PERSON;
	ev.now = wanted == 2;
	ev.error = signal_words(si.ssi_signo);
	if (ev.now)
		work_cancel(d->w);
	return record(d, &ev, e);
}

static uint64_t
bytes_sent(void *ctx, size_t node)
{
	struct work *w = ctx;

	return atomic_load(&w->nodes[node].sent);
}

/* For poll: until the screen is to be redrawn or something is due. */
static int
wait_ms(const struct driver *d, int64_t wake_ms)
{
	int64_t left = wake_ms == INT64_MAX ? INT64_MAX : wake_ms - now_ms(d);

	if (left < 0)
		return 0;
	if (d->v->live.on && left > LIVE_REDRAW_MS)
		return LIVE_REDRAW_MS;
	return left > LOOK_MS ? LOOK_MS : (int)left;
}

enum run_end
run_drive(struct engine *g, struct journal *j, struct work *w, struct view *v,
    struct err *e)
{
	struct driver d = {.g = g, .j = j, .w = w, .v = v};
	struct timespec ts;
	struct pollfd p[2];
	int64_t wake_ms = 0;
	int rc = 0;

	d.signal_fd = run_signal_fd();
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	d.wall_start = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
	d.mono_start = clock_raw_ms();
	if (d.wall_start < g->last_ms)
		d.wall_start = g->last_ms;
	show_turns(&d, NULL);
	atomic_store(&w->stopping, g->stop != ENGINE_STOP_NONE);
	/* Asked for before the run was left and taken up again. */
	if (g->stop_now)
		work_cancel(w);
	clock_watch(true);
	while (rc == 0 && !g->finished && d.interrupts < 3) {
		rc = start_next(&d, &wake_ms, e);
		if (rc == -1 || g->finished)
			break;
		view_draw(v, g, now_ms(&d), bytes_sent, w);
		p[0] = (struct pollfd){w->done_fd, POLLIN, 0};
		p[1] = (struct pollfd){d.signal_fd, POLLIN, 0};
		(void)clock_ms();
		if (poll(p, 2, wait_ms(&d, wake_ms)) == -1 && errno != EINTR) {
			rc = err_sys(e, "cannot wait for the nodes");
			break;
		}
		if (p[1].revents != 0)
			rc = take_signal(&d, e);
		if (rc == 0 && p[0].revents != 0)
			rc = take_ended(&d, e);
	}
	clock_watch(false);
	/* What has ended is kept even when the run is left. */
	if (rc == 0)
		rc = commit(&d, e);
	if (d.signal_fd != -1)
		(void)close(d.signal_fd);
	if (rc == -1)
		return RUN_BROKEN;
	return g->finished ? RUN_FINISHED : RUN_INTERRUPTED;
}
