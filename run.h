/* SPDX-License-Identifier: ISC */
/*
 * Drives an Updating Run: asks the engine what to do, records it, does it,
 * records what came of it, until the engine says that it is finished.
 */
#ifndef CAU_RUN_H
#define CAU_RUN_H

#include <signal.h>

#include "journal.h"
#include "view.h"
#include "work.h"

enum run_end {
	RUN_FINISHED,	 /* the engine came to its end */
	RUN_INTERRUPTED, /* third interrupt: left as it is, for recovery */
	RUN_BROKEN	 /* the journal could not be written: as above */
};

/*
 * The first event (run started or recovered) must have been added to the
 * journal and applied. The first of SIGINT and SIGTERM asks the run to stop at
 * the next safe point, the second to end the installers that run, too; the
 * third leaves it. SIGHUP and RUN_STOP_SIGNAL do what the first does, and
 * RUN_NOW_SIGNAL what the second does, however often they come. These signals
 * must be blocked (run_block_signals) before any thread is started.
 */
enum run_end run_drive(struct engine *g, struct journal *j, struct work *w,
    struct view *v, struct err *e) CAU_MUSTCHECK;

void run_block_signals(void);
/* Readable once one of them came; -1 when it cannot be made. */
int run_signal_fd(void);

/* Sent by cau stop, and by cau stop --now. */
#define RUN_STOP_SIGNAL SIGUSR2
#define RUN_NOW_SIGNAL	SIGUSR1

#endif
