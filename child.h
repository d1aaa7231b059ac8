/* SPDX-License-Identifier: ISC */
/*
 * Child processes: the only module that starts one and the only one that
 * decodes a wait status. A child leads a process group of its own (a session
 * of its own on request), has default signals and an empty mask, and inherits
 * no descriptor but 0 to 2. Nothing here uses a shell.
 *
 * Thread-safe in the sense that different threads drive different children.
 */
#ifndef CAU_CHILD_H
#define CAU_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "buf.h"

enum child_how { CHILD_RUNNING, CHILD_EXITED, CHILD_SIGNALED };

struct child_status {
	enum child_how how;
	int code; /* exit status or signal number */
};

/* stderr is kept for messages: its last bytes, this many at the most. */
#define CHILD_ERR_KEEP 4096

struct child {
	pid_t pid;
	int pidfd;
	int in;	 /* our end of its stdin; -1: closed or not a pipe */
	int out; /* -1 at the end of its output */
	int err;
	struct buf pending; /* bytes still to be written to its stdin */
	bool close_in;	    /* close stdin when pending is empty */
	struct buf output;  /* stdout that nobody has taken yet */
	struct buf errors;  /* the end of stderr */
	struct child_status status;
	int64_t exited_ms; /* when the exit was seen */
};

struct child_spec {
	const char *const *argv; /* found in PATH; ends with NULL */
	int stdin_fd;	  /* -1: a pipe that child_send feeds, else this */
	bool new_session; /* no controlling terminal */
	bool clean_env;	  /* PATH, HOME, USER and LOGNAME only */
};

/*
 * Starts a child. On success c must be given to child_stop in the end. On
 * failure c needs nothing, and e says why the program could not be started.
 */
int child_start(struct child *c, const struct child_spec *spec,
    struct err *e) CAU_MUSTCHECK;

/* Queues bytes for stdin; they are written by child_turn. */
void child_send(struct child *c, const void *data, size_t len);
/* Closes stdin as soon as the queue is empty. */
void child_finish_input(struct child *c);

enum child_turn {
	CHILD_TURN_SOMETHING, /* output came, or input went, or it ended */
	CHILD_TURN_TIMEOUT,   /* nothing until the deadline */
	CHILD_TURN_ENDED      /* it has ended and all its output is here */
};

/*
 * Waits until something happens to the child, but not beyond deadline_ms on
 * the clock of clock_ms() (INT64_MAX: no limit), and moves bytes. A daemon
 * that holds the pipes after the child ended is waited for 200 ms.
 */
enum child_turn child_turn(struct child *c, int64_t deadline_ms);

/*
 * Ends the child if it still runs: TERM to its group, KILL to the group
 * after grace_ms, and only then reaps, so that the group's number cannot
 * have been taken by others. Frees everything; status is left readable.
 */
void child_stop(struct child *c, int64_t grace_ms);

/*
 * Runs a child to its end: input (NULL: none) to its stdin, stdout appended
 * to out (NULL: dropped) up to max_out bytes, more is an error. The end of
 * stderr goes to errors (NULL: dropped). -1 when it could not be started or
 * the deadline passed; how it ended is in status.
 */
int child_run(const char *const *argv, const char *input, struct buf *out,
    size_t max_out, struct buf *errors, int64_t deadline_ms,
    struct child_status *status, struct err *e) CAU_MUSTCHECK;

/* "exit status 3", "killed by signal 9 (Killed)": for messages. */
void child_describe(struct buf *b, const struct child_status *s);

/*
 * Milliseconds on a clock that only moves forward, for time limits. While it
 * is watched, time in which this process was stopped is left out: what happened
 * meanwhile nobody could see, so it is not too late. Who has it watched calls
 * clock_ms at least each second.
 */
int64_t clock_ms(void);
void clock_watch(bool on);
/* The same with all time counted, for when something happened. */
int64_t clock_raw_ms(void);
/* Milliseconds since 1970, on the clock of the machine. */
int64_t clock_wall_ms(void);
/* Does nothing for a while; signals do not shorten it. */
void clock_sleep(int64_t ms);

#endif
