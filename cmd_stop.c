/* SPDX-License-Identifier: ISC */
/* cau stop: asks the run in progress to stop. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child.h"
#include "cmd.h"
#include "follow.h"
#include "options.h"
#include "run.h"
#include "scan.h"
#include "state.h"

/* A run that is just beginning may still look through its files. */
#define ANSWER_MS 10000
#define LOOK_MS	  1000

struct stop {
	const struct options *o;
	struct state_holder holder;
	int pidfd; /* of its process */
	char *path;
	struct follow journal;
	struct engine engine;
	struct arena arena;
	bool never_began; /* it was still at its health check */
	bool already;	  /* it was stopping before */
};

/* All that the journal holds by now. There is none before the run begins. */
static int
catch_up(struct stop *s, struct err *e)
{
	int rc;

	if (s->journal.fd == -1) {
		if (access(s->path, F_OK) == -1 && errno == ENOENT)
			return 0;
		if (follow_open(&s->journal, s->path, e) == -1)
			return -1;
	}
	do {
		rc = follow_next(&s->journal, &s->engine, e);
	} while (rc == 1);
	return rc;
}

static bool
is_stopping(const struct stop *s)
{
	return s->o->stop_now ? s->engine.stop_now
			      : s->engine.stop != ENGINE_STOP_NONE;
}

static bool
is_gone(const struct stop *s)
{
	struct pollfd p = {s->pidfd, POLLIN, 0};

	return poll(&p, 1, 0) == 1;
}

static int
left_behind(const char *run_id, struct err *e)
{
	return err_set(e, CAU_CANCELED,
	    "run %s was cut short and nobody works on it: go on with cau "
	    "recover, or give it up with cau recover --abandon",
	    run_id);
}

/*
 * Waits until the run has heard, or (end) has come to its end: 1, or 0 when
 * the time is up.
 */
static int
await(struct stop *s, bool end, int64_t deadline, struct err *e)
{
	bool gone = false;
	int64_t left;

	for (;;) {
		if (catch_up(s, e) == -1)
			return err_wrap(e,
			    "run %s was asked to stop, but whether it does "
			    "cannot be seen",
			    s->holder.run_id);
		if (s->engine.finished || (!end && is_stopping(s)))
			return 1;
		if (gone && s->engine.run.run_id != NULL)
			return left_behind(s->holder.run_id, e);
		if (gone) {
			s->never_began = true;
			return 1;
		}
		left = deadline - clock_ms();
		if (left <= 0)
			return 0;
		follow_wait(&s->journal, s->pidfd,
		    left < LOOK_MS ? (int)left : LOOK_MS);
		/* Its last words come before its end. */
		gone = is_gone(s);
	}
}

static int
send_signal(struct stop *s, struct err *e)
{
	int number = s->o->stop_now ? RUN_NOW_SIGNAL : RUN_STOP_SIGNAL;

	if (syscall(SYS_pidfd_send_signal, s->pidfd, number, NULL, 0U) == 0 ||
	    errno == ESRCH)
		return 0;
	return err_sys(e,
	    "cannot signal process %" PRId64 " of %s, which drives run %s",
	    s->holder.who.pid, s->holder.who.user, s->holder.run_id);
}

/* Finds the run and its process. */
static int
find(struct stop *s, struct err *e)
{
	const char *dir = s->o->state_dir;
	char id[RUN_ID_SIZE];
	int rc = state_check(dir, e);

	if (rc == 0)
		rc =
		    state_holder_open(dir, &s->holder, &s->pidfd, &s->arena, e);
	if (rc == -1)
		return -1;
	if (rc == 0)
		return state_left_over(dir, id) == 0
			   ? left_behind(id, e)
			   : err_set(e, CAU_FAILED, "no run is in progress");
	s->path = state_journal(dir, s->holder.run_id);
	return 0;
}

/* The next run could not begin before its process is gone, too. */
static void
await_process(const struct stop *s)
{
	struct pollfd p = {s->pidfd, POLLIN, 0};

	(void)poll(&p, 1, ANSWER_MS);
}

static void
print_text(const struct stop *s, FILE *f)
{
	const struct engine *g = &s->engine;

	if (s->never_began)
		(void)fprintf(f,
		    "run %s ended before it began; nothing was touched\n",
		    s->holder.run_id);
	else if (g->finished)
		(void)fprintf(f, "run %s has ended: %s\n", s->holder.run_id,
		    summary_status_name(g->status));
	else if (s->already)
		(void)fprintf(f,
		    "run %s is already stopping%s; cau status --watch shows "
		    "how\n",
		    s->holder.run_id, g->stop_now ? " now" : "");
	else if (g->stop_now)
		(void)fprintf(f,
		    "run %s stops now, installers that run are ended; cau "
		    "status --watch shows how\n",
		    s->holder.run_id);
	else
		(void)fprintf(f,
		    "run %s stops at the next safe point; cau status --watch "
		    "shows how\n",
		    s->holder.run_id);
}

static void
print_json(const struct stop *s)
{
	const struct engine *g = &s->engine;
	json_t *doc = json_pack("{s:i, s:s, s:s, s:s}", "format", 1, "command",
	    "stop", "run_id", s->holder.run_id, "state",
	    g->finished || s->never_began ? "finished" : "stopping");

	json_set(doc, "now", json_boolean(g->stop_now));
	json_set(doc, "already", json_boolean(s->already));
	json_set(doc, "reason", json_from_text_or_null(g->stop_reason));
	json_set(doc, "status",
	    g->finished ? json_string(summary_status_name(g->status))
			: json_null());
	json_print(stdout, doc, false);
}

/* Asks, unless the run is stopping already; returns when it has heard. */
static int
ask(struct stop *s, struct err *e)
{
	struct err damage;
	int rc = catch_up(s, &damage);

	if (rc == 0 && s->engine.finished)
		return err_set(e, CAU_FAILED,
		    "no run is in progress: run %s has just ended",
		    s->holder.run_id);
	s->already = rc == 0 && is_stopping(s);
	if (s->already)
		return 0;
	if (send_signal(s, e) == -1)
		return -1;
	if (rc == -1) {
		*e = damage;
		return err_wrap(e,
		    "run %s was asked to stop, but whether it does cannot be "
		    "seen",
		    s->holder.run_id);
	}
	rc =
	    await(s, false, s->o->wait ? INT64_MAX : clock_ms() + ANSWER_MS, e);
	return rc == 0 ? err_set(e, CAU_FAILED,
			     "run %s was asked to stop, but has not answered "
			     "for %d s; cau status --watch shows when it does",
			     s->holder.run_id, ANSWER_MS / 1000)
		       : rc;
}

static int
stop_run(struct stop *s, struct err *e)
{
	if (find(s, e) == -1 || ask(s, e) == -1)
		return -1;
	if (!s->o->wait || s->never_began)
		return 0;
	if (!s->o->quiet && !s->engine.finished)
		print_text(s, stderr);
	if (await(s, true, INT64_MAX, e) == -1)
		return -1;
	await_process(s);
	return 0;
}

static int
stop(const struct options *o)
{
	struct stop s = {.o = o, .pidfd = -1};
	struct err e;
	int rc = CAU_OK;

	follow_init(&s.journal);
	engine_init(&s.engine);
	if (stop_run(&s, &e) == -1) {
		if (o->json)
			print_json_error("stop", &e, false);
		rc = command_fail("stop", &e);
	} else {
		if (o->json)
			print_json(&s);
		else
			print_text(&s, stdout);
		if (o->wait)
			rc = s.never_began ? CAU_CANCELED
					   : (int)engine_exit_code(&s.engine);
	}
	if (s.pidfd != -1)
		(void)close(s.pidfd);
	free(s.path);
	follow_close(&s.journal);
	engine_release(&s.engine);
	arena_release(&s.arena);
	return rc;
}

int
cmd_stop(int argc, char **argv)
{
	struct options o;
	int rc = options_parse(&o, CMD_STOP, STOP_SYNOPSIS, argc, argv);

	if (rc == -1 && o.n_operands > 0)
		rc = command_misuse("stop", STOP_SYNOPSIS,
		    "unexpected word '%s'", o.operands[0]);
	if (rc == -1)
		rc = command_done("stop", stop(&o));
	options_release(&o);
	return rc;
}
