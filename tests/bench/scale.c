/* SPDX-License-Identifier: ISC */
/*
 * What the engine costs in runs of many nodes: time in engine_apply and
 * engine_next per event, and memory per update. Each size in a process of its
 * own, so that memory is that of this size.
 *
 *	scale [NODES...]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"

#define UPDATES	 20
#define PARALLEL 32
#define AWAY	 10
#define T0	 INT64_C(1769828400000)

struct flight {
	const char *node;
	enum op_kind op;
	size_t update;
	int64_t ends_ms;
};

struct bench {
	struct engine g;
	struct flight flights[PARALLEL + AWAY];
	size_t n_flights, n_events;
	int64_t now_ms, ns;
	struct update updates[UPDATES];
};

static int64_t
clock_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int64_t
max_rss(void)
{
	struct rusage r;

	(void)getrusage(RUSAGE_SELF, &r);
	return (int64_t)r.ru_maxrss * 1024;
}

static void
apply(struct bench *b, const struct event *ev)
{
	int64_t since = clock_ns();
	struct err e;

	if (engine_apply(&b->g, ev, &e) == -1) {
		(void)fprintf(stderr, "%s\n", e.text);
		exit(1);
	}
	if (ev->type != EV_RUN_STARTED)
		b->ns += clock_ns() - since;
	b->n_events++;
}

static void
start(struct bench *b, size_t n)
{
	static const char *const drain[] = {"drain", NULL};
	static const char *const rsh[] = {"ssh", NULL};
	struct run_plugin plugin = {"p", ""};
	struct event ev = {.type = EV_RUN_STARTED, .at_ms = T0};
	struct arena a = ARENA_INIT;
	struct run_node *nodes = arena_alloc(&a, n * sizeof(*nodes));

	for (size_t i = 0; i < n; i++) {
		nodes[i].name = arena_printf(&a, "node%zu.example.org", i);
		nodes[i].address = nodes[i].name;
	}
	ev.run =
	    (struct run_info){.run_id = "00000000-0000-4000-8000-000000000000",
		.cluster_type = "list",
		.cluster_name = "scale",
		.nodes = nodes,
		.n_nodes = n,
		.plugins = &plugin,
		.n_plugins = 1,
		.digest = "",
		.rsh = rsh,
		.suspend_command = drain,
		.resume_command = drain,
		.parallel = PARALLEL,
		.max_unavailable = AWAY};
	ev.coordinator = (struct coordinator){"adm1", "root", "1", "c", 1};
	apply(b, &ev);
	arena_release(&a);
	for (size_t i = 0; i < UPDATES; i++)
		b->updates[i] = (struct update){
		    .id = xasprintf("CAUHotfix_All/%02zu-update.rpm", i),
		    .title = "An update of a size that is usual",
		    .description = "",
		    .plugin = "p",
		    .rule = "Extension RPM",
		    .path = "CAUHotfix_All/00-update.rpm",
		    .version = "1.2.3-4",
		    .kb = "",
		    .sha256 = "",
		    .size_bytes = 1000000,
		    .reason = "",
		    .properties = ""};
}

/* The operation that ends first, ends. */
static void
end_next(struct bench *b)
{
	struct event ev = {.type = EV_OP_ENDED};
	struct flight *f = b->flights;

	for (size_t i = 1; i < b->n_flights; i++)
		if (b->flights[i].ends_ms < f->ends_ms)
			f = &b->flights[i];
	b->now_ms = f->ends_ms;
	ev.at_ms = f->ends_ms;
	ev.node = f->node;
	ev.op = f->op;
	ev.update = f->update;
	*f = b->flights[--b->n_flights];
	if (ev.op == OP_SCAN) {
		ev.boot_id = "b0";
		ev.scan.updates = b->updates;
		ev.scan.n_updates = UPDATES;
	} else if (ev.op == OP_RESTART) {
		ev.boot_id = "b1";
	} else if (ev.op == OP_INSTALL) {
		ev.result.result = RESULT_SUCCEEDED;
		ev.result.reboot_required = ev.update % 7 == 0;
		ev.result.reason = "";
		ev.result.log = "log/001-update.rpm.log";
	}
	apply(b, &ev);
}

static void
turn(struct bench *b)
{
	struct arena a = ARENA_INIT;
	struct engine_plan plan;
	const struct event *ev;
	int64_t since = clock_ns();

	engine_next(&b->g, b->now_ms, &plan, &a);
	b->ns += clock_ns() - since;
	for (size_t i = 0; i < plan.n_events; i++) {
		ev = &plan.events[i];
		apply(b, ev);
		if (ev->type != EV_OP_STARTED)
			continue;
		b->flights[b->n_flights++] = (struct flight){ev->node, ev->op,
		    ev->update,
		    b->now_ms + 1000 + (int64_t)(b->n_events * 7919 % 60000)};
	}
	arena_release(&a);
	if (plan.idle)
		end_next(b);
}

static void
measure(size_t n)
{
	struct bench *b = xcalloc(1, sizeof(*b));
	int64_t before;

	engine_init(&b->g);
	b->now_ms = T0;
	before = max_rss();
	start(b, n);
	while (!b->g.finished)
		turn(b);
	(void)printf("| %zu | %zu | %.2f us | %.0f |\n", n, b->n_events,
	    (double)b->ns / 1000 / (double)b->n_events,
	    (double)(max_rss() - before) / (double)(n * UPDATES));
	if (engine_exit_code(&b->g) != CAU_OK)
		exit(1);
	(void)fflush(stdout);
}

int
main(int argc, char **argv)
{
	static const char *const sizes[] = {"100", "1000", "10000"};
	size_t count = argc > 1 ? (size_t)argc - 1 : 3;
	int status = 0;
	pid_t pid;

	(void)printf("| nodes | events | engine time per event | "
		     "bytes per update |\n|---|---|---|---|\n");
	(void)fflush(stdout);
	for (size_t i = 0; i < count && status == 0; i++) {
		pid = fork();
		if (pid == -1)
			return 2;
		if (pid == 0) {
			measure(strtoul(
			    argc > 1 ? argv[i + 1] : sizes[i], NULL, 10));
			_exit(0);
		}
		(void)waitpid(pid, &status, 0);
	}
	return status == 0 ? 0 : 1;
}
