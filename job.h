/* SPDX-License-Identifier: ISC */
/*
 * Durable jobs (node/job.sh) as the coordinator sees them: start one, or
 * find the one that was started before, and wait for its end, whatever
 * happens to the connection meanwhile.
 */
#ifndef CAU_JOB_H
#define CAU_JOB_H

#include "node.h"

struct job_spec {
	const char *id;
	const char *words;   /* program and arguments, as shell words */
	const char *boot_id; /* of the node when the job was announced */
	bool again;	     /* it may have been started before */
	bool look_only;	     /* with again: it is not started any more */
	int64_t limit_ms;    /* the installer's time */
	int64_t contact_ms;  /* a lost node is looked for so long */
	int log_dir;	     /* where the log is kept, and its name there */
	const char *log_name;
	/* Once true (may be NULL): the job is ended. */
	const _Atomic bool *cancel;
};

/* Time between TERM and KILL for an installer over its limit. */
#define JOB_GRACE_S 5

enum job_how {
	JOB_EXITED,	 /* code: its exit status */
	JOB_SIGNALED,	 /* code: the signal */
	JOB_TIMEOUT,	 /* ended by the node after its time */
	JOB_CANCELED,	 /* ended by the node because we asked for it */
	JOB_NOT_STARTED, /* words say why */
	JOB_NEVER,  /* look_only: it had not been started, and never will */
	JOB_UNKNOWN /* words say why */
};

struct job_end {
	enum job_how how;
	int code;
	char wide[48]; /* what it wrote to CAU_EXIT_CODE_FILE, "" if nothing */
	char words[256];
	bool has_log;
	char boot_id[40]; /* under which it ran, "" if it did not */
};

/*
 * NODE_OK: end says how it ended, JOB_UNKNOWN included. NODE_FAILED and
 * NODE_LOST: it was certainly not started, e says why.
 */
enum node_rc job_run(struct node *n, const struct job_spec *spec,
    struct job_end *end, struct err *e) CAU_MUSTCHECK;

#endif
