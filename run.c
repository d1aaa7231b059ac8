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

#define REDRAW_MS 250

struct driver {
	struct engine *g;
	struct journal *j;
	struct work *w;
	struct view *v;
	int signal_fd;
	unsigned interrupts;
	int64_t wall_start, mono_start;
};

static void
our_signals(sigset_t *set)
{
	(void)sigemptyset(set);
	(void)sigaddset(set, SIGINT);
	(void)sigaddset(set, SIGTERM);
	(void)sigaddset(set, SIGHUP);
}

void
run_block_signals(void)
{
	sigset_t set;

	our_signals(&set);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

/* Wall time that only moves forward, whatever is done to the clock. */
static int64_t
now_ms(const struct driver *d)
{
	return d->wall_start + (clock_ms() - d->mono_start);
}

/* Records and applies an event; it is shown, but not yet on disk. */
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
	buf_release(&line);
	return rc;
}

/* The order for an operation, before the engine hears that it starts. */
static struct order *
make_order(const struct driver *d, const struct event *ev)
{
	struct order *o = xcalloc(1, sizeof(*o));
	const struct engine_node *n = NULL;
	struct update *updates;
	const char **jobs;

	for (size_t i = 0; i < d->g->run.n_nodes; i++)
		if (strcmp(d->g->nodes[i].info->name, ev->node) == 0)
			n = &d->g->nodes[i];
	o->started = *ev;
	o->started.node = arena_strdup(&o->arena, ev->node);
	if (ev->id != NULL)
		o->started.id = arena_strdup(&o->arena, ev->id);
	if (ev->job != NULL)
		o->started.job = arena_strdup(&o->arena, ev->job);
	if (ev->boot_id != NULL)
		o->started.boot_id = arena_strdup(&o->arena, ev->boot_id);
	if (n == NULL || (ev->op != OP_STAGE && ev->op != OP_INSTALL))
		return o;
	/* Only the texts are shared, and those stay where they are. */
	updates = arena_alloc(&o->arena, n->n_updates * sizeof(*updates));
	jobs = arena_alloc(&o->arena, n->n_updates * sizeof(*jobs));
	if (ev->op == OP_INSTALL) {
		updates[o->n_updates++] = n->updates[ev->update].info;
		o->again = n->updates[ev->update].started;
		o->look_only = o->again && d->g->stopping;
	} else {
		for (size_t i = 0; i < n->n_updates; i++)
			if (!n->updates[i].done) {
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
start_next(struct driver *d, struct err *e)
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
		rc = journal_sync(d->j, e);
	/* Waiting for nothing would be waiting for ever. */
	if (rc == 0 && plan.idle && d->w->in_flight == 0 && !d->g->finished)
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

/* The first signal stops the run, the second leaves it. */
static int
take_signal(struct driver *d, struct err *e)
{
	struct event ev = {.type = EV_STOP_REQUESTED};
	struct signalfd_siginfo si;

	if (read(d->signal_fd, &si, sizeof(si)) != sizeof(si))
		return 0;
	if (++d->interrupts > 1 || d->g->finished)
		return 0;
	ev.at_ms = now_ms(d);
	ev.error = si.ssi_signo == SIGINT    ? "interrupted"
		   : si.ssi_signo == SIGTERM ? "terminated"
					     : "terminal closed";
	return record(d, &ev, e);
}

static uint64_t
bytes_sent(void *ctx, size_t node)
{
	struct work *w = ctx;

	return atomic_load(&w->nodes[node].sent);
}

enum run_end
run_drive(struct engine *g, struct journal *j, struct work *w, struct view *v,
    struct err *e)
{
	struct driver d = {.g = g, .j = j, .w = w, .v = v};
	struct timespec ts;
	struct pollfd p[2];
	sigset_t set;
	int rc = 0;

	our_signals(&set);
	d.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	d.wall_start = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
	d.mono_start = clock_ms();
	if (d.wall_start < g->last_ms)
		d.wall_start = g->last_ms;
	while (rc == 0 && !g->finished && d.interrupts < 2) {
		rc = start_next(&d, e);
		if (rc == -1 || g->finished)
			break;
		view_draw(v, g, now_ms(&d), bytes_sent, w);
		p[0] = (struct pollfd){w->done_fd, POLLIN, 0};
		p[1] = (struct pollfd){d.signal_fd, POLLIN, 0};
		if (poll(p, 2, v->live ? REDRAW_MS : -1) == -1 &&
		    errno != EINTR) {
			rc = err_sys(e, "cannot wait for the nodes");
			break;
		}
		if (p[1].revents != 0)
			rc = take_signal(&d, e);
		if (rc == 0 && p[0].revents != 0)
			rc = take_ended(&d, e);
	}
	/* What has ended is kept even when the run is left. */
	if (rc == 0)
		rc = journal_sync(j, e);
	view_clear(v);
	if (d.signal_fd != -1)
		(void)close(d.signal_fd);
	if (rc == -1)
		return RUN_BROKEN;
	return g->finished ? RUN_FINISHED : RUN_INTERRUPTED;
}
