/* SPDX-License-Identifier: ISC */
/* cau recover: takes up a run whose coordinator died, or gives it up. */
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "file.h"
#include "scan.h"
#include "session.h"

/* Reads the journal of the run that was cut short, and opens it to go on. */
static int
open_journal(struct session *s, struct err *e)
{
	char *path = state_journal(s->o->state_dir, s->run_id), *log;
	size_t good = 0;
	int rc;

	if (journal_load(&s->engine, path, &good, e) == -1) {
		if (session_put_aside(s, s->run_id, path, e) == 0)
			(void)err_set(e, CAU_FAILED,
			    "this run cannot be taken up; the next cau run "
			    "finds the nodes as they are");
		free(path);
		return -1;
	}
	s->run_dir = state_run_dir(s->o->state_dir, s->run_id);
	log = xasprintf("%s/log", s->run_dir);
	rc = journal_continue(&s->journal, path, good, e);
	if (rc == 0)
		rc = file_mkdirs(log, e);
	free(log);
	free(path);
	return rc;
}

/* Has everything at hand that the run had, and its nodes locked. */
static int
take_up_work(struct session *s, struct err *e)
{
	const char *changes;
	int rc;

	/* What is given up, or over, needs no plug-in. */
	s->run = s->engine.run;
	if (s->o->abandon || s->engine.finished) {
		s->run.n_plugins = 0;
		s->run.pre_script = s->run.post_script = "";
	}
	rc = work_init(&s->work, &s->run, s->o->state_dir, false, true, e);
	s->has_work = true;
	if (!s->o->quiet || rc == -1)
		(void)fputs(s->work.warnings.data, stderr);
	if (rc == -1)
		return -1;
	changes =
	    s->o->abandon ? "" : work_changes(&s->work, s->engine.run.digest);
	if (*changes != '\0')
		return err_set(e, CAU_REFUSED,
		    "%s changed since run %s began (rules, arguments or "
		    "contents): put back what was there to go on, or give the "
		    "run up with cau recover --abandon",
		    changes, s->run_id);
	if (work_begin(&s->work, s->run_dir, &s->self, e) == -1)
		return -1;
	/* A node that another run has is left alone by its turn. */
	if (work_lock(&s->work, e) == -1 &&
	    !(s->o->abandon && e->code == CAU_LOCKED))
		return -1;
	return 0;
}

/* Opens the run that was cut short, as its journal has it. */
static int
take_up(struct session *s, struct err *e)
{
	struct event ev = {.type = EV_RUN_RECOVERED};
	char now[RUN_ID_SIZE];

	if (state_check(s->o->state_dir, e) == -1)
		return -1;
	if (state_current(s->o->state_dir, s->run_id) == -1)
		return err_set(e, CAU_USAGE, "there is no run to recover in %s",
		    s->o->state_dir);
	if (state_lock(&s->lock, s->o->state_dir, s->run_id, &s->self, e) == -1)
		return -1;
	/* Another recovery may have ended while we came to the lock. */
	if (state_current(s->o->state_dir, now) == -1 ||
	    strcmp(now, s->run_id) != 0)
		return err_set(e, CAU_USAGE,
		    "run %s was brought to its end meanwhile", s->run_id);
	if (open_journal(s, e) == -1 || take_up_work(s, e) == -1)
		return -1;
	if (s->engine.finished)
		return 0;
	if (s->o->abandon)
		ev.type = EV_RUN_ABANDONED;
	ev.at_ms = clock_wall_ms();
	if (ev.at_ms < s->engine.last_ms)
		ev.at_ms = s->engine.last_ms;
	ev.coordinator = s->self;
	return session_record(s, &ev, e);
}

/* Whether there is a run whose coordinator went with an earlier start of this
 * machine. One that cannot be read is for a person. */
static bool
was_cut_by_restart(const struct options *o)
{
	struct arena a = ARENA_INIT;
	struct coordinator self;
	char id[RUN_ID_SIZE], *path;
	struct engine g;
	struct err e;
	bool cut;

	if (state_current(o->state_dir, id) == -1)
		return false;
	coordinator_self(&self, &a);
	path = state_journal(o->state_dir, id);
	engine_init(&g);
	cut = journal_load(&g, path, NULL, &e) == 0 &&
	      strcmp(g.coordinator.host, self.host) == 0 &&
	      strcmp(g.coordinator.boot_id, self.boot_id) != 0;
	engine_release(&g);
	free(path);
	arena_release(&a);
	return cut;
}

static int
recover(struct options *o)
{
	struct session *s;
	struct err e;
	int rc;

	if (o->after_restart && !was_cut_by_restart(o)) {
		if (!o->quiet)
			(void)fputs("cau recover: no run was cut by a restart "
				    "of this machine\n",
			    stderr);
		return CAU_OK;
	}
	s = xcalloc(1, sizeof(*s));
	run_block_signals();
	session_init(s, o);
	if (take_up(s, &e) == -1) {
		if (o->json)
			print_json_error("recover", &e, true);
		rc = command_fail("recover", &e);
	} else if (s->engine.finished) {
		/* It died between its last record and its last breath. */
		work_unlock(&s->work);
		state_clear_current(o->state_dir);
		session_report(s);
		rc = (int)engine_exit_code(&s->engine);
	} else {
		rc = session_drive(s);
	}
	(void)session_free(s);
	return rc;
}

int
cmd_recover(int argc, char **argv)
{
	struct options *o = xcalloc(1, sizeof(*o));
	int rc = options_parse(o, CMD_RECOVER, RECOVER_SYNOPSIS, argc, argv);

	if (rc == -1 && o->n_operands > 0)
		rc = command_misuse("recover", RECOVER_SYNOPSIS,
		    "unexpected word '%s'", o->operands[0]);
	if (rc == -1)
		rc = command_done("recover", recover(o));
	session_finish_options(o);
	return rc;
}
