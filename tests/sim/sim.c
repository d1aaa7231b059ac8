/* SPDX-License-Identifier: ISC */
/* Many simulated runs, or one with all that happens in it. */
#include "sim.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_JOBS 64
#define SAID	 10 /* exit status of a run that told why it failed */

static const char *const promise_names[] = {
#define X(id, name, text) name,
    PROMISES(X)
#undef X
};

static const char *const promise_texts[] = {
#define X(id, name, text) text,
    PROMISES(X)
#undef X
};

static const char *program;
/* With -p: what breaks another promise only ends its run. */
static const char *wanted;
static jmp_buf next_run;

void
trace(const struct sim *s, const struct sim_node *n, const char *fmt, ...)
{
	static const char *const services[] = {"", " half-drained", " drained"};
	va_list ap;

	if (!s->trace)
		return;
	(void)printf("%10.3f  %-4s ", (double)(s->now_ms - SIM_T0) / 1000,
	    n == NULL ? "" : n->name);
	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	if (n != NULL)
		(void)printf("  [boot %u%s%s%s]", n->boot, services[n->service],
		    n->admin_ms > s->now_ms ? " standby" : "",
		    n->up_ms > s->now_ms     ? " down"
		    : n->mute_ms > s->now_ms ? " mute"
					     : "");
	(void)putchar('\n');
}

static void
simulate(uint64_t seed, bool traced)
{
	struct sim *s = xcalloc(1, sizeof(*s));

	s->seed = s->random = seed;
	s->random_cluster = ~seed;
	s->trace = traced;
	engine_init(&s->g);
	scenario_make(s);
	if (traced)
		scenario_show(s);
	ledger_init(&s->ledger, s);
	ledger_init(&s->synced, s);
	drive(s);
	check_report(s);
	/* Each recovery has read the journal back, too. */
	if (s->crashes == 0 || chance(s, 25))
		check_fold(s);
	if (chance(s, 50))
		check_damage(s);
	if (chance(s, 25))
		check_strange(s);
	for (size_t i = 0; i < s->run.n_nodes; i++)
		free(s->nodes[i].jobs);
	free(s->ledger.nodes);
	free(s->synced.nodes);
	free(s->hashes);
	disk_release(&s->disk);
	engine_release(&s->g);
	arena_release(&s->arena);
	free(s);
}

/* The run is done again to show what happens in it. */
_Noreturn void
broken(struct sim *s, enum promise p, const char *fmt, ...)
{
	va_list ap;

	if (wanted != NULL && strcmp(wanted, promise_names[p]) != 0)
		longjmp(next_run, 1);
	if (!s->trace)
		simulate(s->seed, true);
	(void)printf("\npromise %s is broken (%s): ", promise_names[p],
	    promise_texts[p]);
	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	(void)printf(
	    "\nto see it again: %s -t %" PRIu64 "\n", program, s->seed);
	(void)fflush(stdout);
	_exit(SAID);
}

/* One process of several, each with its share of the seeds. Shared by all. */
struct worker {
	_Atomic uint64_t seed, done;
};

static pid_t pids[MAX_JOBS];

static void
work(struct worker *w, uint64_t first, uint64_t end, unsigned step)
{
	static uint64_t seed; /* stays what it is over a longjmp */

	for (seed = first; seed < end; seed += step) {
		atomic_store(&w->seed, seed);
		if (setjmp(next_run) == 0)
			simulate(seed, false);
		atomic_fetch_add(&w->done, 1);
	}
}

static int64_t
clock_s(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static uint64_t
sum(const struct worker *workers, unsigned jobs)
{
	uint64_t done = 0;

	for (unsigned i = 0; i < jobs; i++)
		done += atomic_load(&workers[i].done);
	return done;
}

static void
show_progress(
    const struct worker *workers, unsigned jobs, uint64_t count, int64_t start)
{
	static int64_t shown;
	uint64_t done = sum(workers, jobs);
	int64_t now = clock_s();

	if (shown == 0)
		shown = start;
	if (now < shown + 30)
		return;
	shown = now;
	(void)fprintf(stderr,
	    "%" PRIu64 " of %" PRIu64 " runs, %" PRIu64 " a second\n", done,
	    count, done / (uint64_t)(now - start));
}

/* True when it failed, and the others are to be ended. */
static bool
take_end(const struct worker *w, int status)
{
	if (status == 0)
		return false;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != SAID)
		(void)printf("it died (wait status %d)\n"
			     "to see it again: %s -t %" PRIu64 "\n",
		    status, program, atomic_load(&w->seed));
	return true;
}

static bool
wait_all(const struct worker *workers, unsigned jobs, uint64_t count)
{
	struct timespec nap = {0, 10000000};
	int64_t start = clock_s();
	unsigned left = jobs;
	bool failed = false;
	int status;

	while (left > 0) {
		for (unsigned i = 0; i < jobs; i++) {
			if (pids[i] == 0 ||
			    waitpid(pids[i], &status, WNOHANG) == 0)
				continue;
			pids[i] = 0;
			left--;
			if (failed || !take_end(&workers[i], status))
				continue;
			failed = true;
			for (unsigned k = 0; k < jobs; k++)
				if (pids[k] != 0)
					(void)kill(pids[k], SIGKILL);
		}
		show_progress(workers, jobs, count, start);
		(void)nanosleep(&nap, NULL);
	}
	return failed;
}

static int
run_all(unsigned jobs, uint64_t seed, uint64_t count)
{
	struct worker *workers = mmap(NULL, jobs * sizeof(*workers),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool failed;

	if (workers == MAP_FAILED)
		return 2;
	for (unsigned i = 0; i < jobs; i++) {
		pids[i] = fork();
		if (pids[i] == -1)
			return 2;
		if (pids[i] == 0) {
			work(&workers[i], seed + i, seed + count, jobs);
			exit(0);
		}
	}
	failed = wait_all(workers, jobs, count);
	if (!failed)
		(void)printf("%" PRIu64 " runs from seed %" PRIu64
			     " on, every promise kept\n",
		    sum(workers, jobs), seed);
	(void)munmap(workers, jobs * sizeof(*workers));
	return failed;
}

static uint64_t
number(const char *text)
{
	char *end;
	uint64_t v;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno == 0 && *text >= '0' && *text <= '9' && *end == '\0')
		return v;
	(void)fprintf(stderr,
	    "usage: sim [-j JOBS] [-p PROMISE] [SEED [COUNT]]\n"
	    "       sim -t SEED\n");
	exit(2);
}

int
main(int argc, char **argv)
{
	uint64_t jobs = 1, seed = 1, count = 1000;
	bool traced = false;
	int c;

	program = argv[0];
	while ((c = getopt(argc, argv, "j:p:t")) != -1) {
		if (c == 't')
			traced = true;
		else if (c == 'p')
			wanted = optarg;
		else
			jobs = number(c == 'j' ? optarg : "");
	}
	if (optind < argc)
		seed = number(argv[optind++]);
	if (optind < argc)
		count = number(argv[optind++]);
	if (optind < argc || jobs < 1 || jobs > MAX_JOBS)
		(void)number("");
	if (!traced)
		return run_all((unsigned)jobs, seed, count);
	simulate(seed, true);
	(void)printf("seed %" PRIu64 ": every promise kept\n", seed);
	return 0;
}
