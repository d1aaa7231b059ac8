/* SPDX-License-Identifier: ISC */
/* Durable jobs. */
#include "job.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "names.h"
#include "text.h"

/* Beyond the installer's own limit, for the node to end and tell. */
#define ANSWER_MS 30000
/* For a job to end because it was told to, grace included. */
#define CANCEL_MS	(JOB_GRACE_S * 1000 + 15000)
#define MAX_LOG		(512U << 10)
#define FIRST_WAIT_MS	50
#define LONGEST_WAIT_MS 3000

struct reply {
	const struct job_spec *spec;
	struct job_end *end;
	bool got;
	FILE *log;
	size_t log_bytes;
};

/* "exited 3 -", "signal 9 -", "timeout - -", "nostart - -", "never
 * - -"; "lost - -", "orphan - -", "vague - -" and "stuck - -" have no result
 * and never will. */
static bool
take_exit(struct job_end *end, const char *text)
{
	char how[16], code[16], wide[48];
	struct err e;
	uint64_t v = 0;

	if (sscanf(text, "%15s %15s %47s", how, code, wide) != 3)
		return false;
	if (strcmp(wide, "-") != 0)
		(void)snprintf(end->wide, sizeof(end->wide), "%s", wide);
	if (strcmp(how, "exited") == 0 || strcmp(how, "signal") == 0) {
		if (text_u64(code, 0, 255, &v, &e) == -1)
			return false;
		end->how = how[0] == 'e' ? JOB_EXITED : JOB_SIGNALED;
		end->code = (int)v;
	} else if (strcmp(how, "canceled") == 0) {
		end->how = JOB_CANCELED;
	} else if (strcmp(how, "timeout") == 0) {
		end->how = JOB_TIMEOUT;
	} else if (strcmp(how, "nostart") == 0) {
		end->how = JOB_NOT_STARTED;
	} else if (strcmp(how, "never") == 0) {
		end->how = JOB_NEVER;
	} else if (strcmp(how, "stuck") == 0) {
		end->how = JOB_UNKNOWN;
		(void)snprintf(end->words, sizeof(end->words),
		    "it did not end within its time and cannot be killed");
	} else if (strcmp(how, "vague") == 0) {
		end->how = JOB_UNKNOWN;
		(void)snprintf(end->words, sizeof(end->words),
		    "nobody can say whether it was started: its mark on the "
		    "node is empty");
	} else if (strcmp(how, "lost") == 0) {
		end->how = JOB_UNKNOWN;
		(void)snprintf(end->words, sizeof(end->words),
		    "the node was restarted while the installer ran");
	} else if (strcmp(how, "orphan") == 0) {
		end->how = JOB_UNKNOWN;
		(void)snprintf(end->words, sizeof(end->words),
		    "the process that watched over the installer was killed "
		    "on the node");
	} else {
		return false;
	}
	return true;
}

static void
take_log(struct reply *r, const char *text, size_t len)
{
	static const char mark[] = "cau: cannot start ";
	struct buf b = BUF_INIT;
	int fd;

	if (r->log == NULL && !r->end->has_log) {
		fd = openat(r->spec->log_dir, r->spec->log_name,
		    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		    0600);
		if (fd != -1)
			r->log = fdopen(fd, "w");
		r->end->has_log = r->log != NULL;
	}
	/* The node sends less; more is not its log. */
	if (r->log != NULL && r->log_bytes < MAX_LOG) {
		r->log_bytes += len + 1;
		(void)fwrite(text, 1, len, r->log);
		(void)fputc('\n', r->log);
	}
	if (r->end->how == JOB_NOT_STARTED &&
	    strncmp(text, mark, sizeof(mark) - 1) == 0) {
		text_printable(&b, text + 5, strlen(text + 5));
		(void)snprintf(
		    r->end->words, sizeof(r->end->words), "%.250s", b.data);
		buf_release(&b);
	}
}

static void
job_line(void *ctx, const char *key, const char *text, size_t len)
{
	struct reply *r = ctx;

	if (strcmp(key, "exit") == 0)
		r->got = take_exit(r->end, text);
	else if (strcmp(key, "boot") == 0 && boot_id_valid(text))
		(void)snprintf(
		    r->end->boot_id, sizeof(r->end->boot_id), "%s", text);
	else if (strcmp(key, "log") == 0)
		take_log(r, text, len);
}

static char *
request(const struct job_spec *spec, bool again, bool look_only)
{
	struct buf b = BUF_INIT;

	buf_addstr(&b, "cau_job ");
	text_shell_quote(&b, spec->id);
	buf_addf(&b, " %" PRId64 " %d %s ", spec->limit_ms / 10, JOB_GRACE_S,
	    look_only ? "look"
	    : again   ? "again"
		      : "first");
	text_shell_quote(&b, spec->boot_id);
	buf_addc(&b, ' ');
	buf_addstr(&b, spec->words);
	return buf_detach(&b);
}

static bool
is_canceled(const struct job_spec *spec)
{
	return spec->cancel != NULL && atomic_load(spec->cancel);
}

/* Has the node end the job; what came of it is asked for as ever. */
static void
cancel_job(struct node *n, const struct job_spec *spec)
{
	struct buf b = BUF_INIT;
	enum node_rc rc;
	struct err e;

	buf_addstr(&b, "cau_cancel ");
	text_shell_quote(&b, spec->id);
	rc = node_call(n, b.data, NULL, NULL, CANCEL_MS, &e);
	(void)rc;
	buf_release(&b);
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

enum node_rc
job_run(struct node *n, const struct job_spec *spec, struct job_end *end,
    struct err *e)
{
	int64_t run_ms = spec->limit_ms + JOB_GRACE_S * 1000;
	int64_t deadline = clock_ms() + spec->contact_ms, wait = FIRST_WAIT_MS;
	bool again = spec->again, canceled = false;
	struct reply r;
	enum node_rc rc;
	char *text;

	if (again)
		deadline += run_ms;
	for (;;) {
		memset(end, 0, sizeof(*end));
		r = (struct reply){spec, end, false, NULL, 0};
		if (is_canceled(spec) && !canceled) {
			if (!again) {
				end->how = JOB_NEVER;
				return NODE_OK;
			}
			canceled = true;
			deadline = least(deadline, clock_ms() + CANCEL_MS);
			cancel_job(n, spec);
		}
		rc = node_open(n, e);
		if (rc == NODE_OK) {
			/* From here on it may have been started, so the time
			 * that it may take counts too. */
			if (!again)
				deadline += run_ms;
			text =
			    request(spec, again, spec->look_only || canceled);
			again = true;
			rc = node_call(n, text, job_line, &r,
			    canceled ? CANCEL_MS : run_ms + ANSWER_MS, e);
			free(text);
		}
		if (r.log != NULL)
			(void)fclose(r.log);
		/* A connection may break after the result and before the
		 * rest of the log. */
		if (r.got)
			return NODE_OK;
		if (rc == NODE_FAILED)
			return rc;
		if (rc == NODE_OK) {
			(void)err_set(e, CAU_FAILED,
			    "the node's answer is not understood");
			node_close(n);
		}
		if (is_canceled(spec) && !canceled)
			continue;
		if (clock_ms() >= deadline)
			break;
		clock_sleep(wait);
		wait = wait * 2 > LONGEST_WAIT_MS ? LONGEST_WAIT_MS : wait * 2;
	}
	if (!again)
		return NODE_LOST;
	end->how = JOB_UNKNOWN;
	if (canceled)
		(void)snprintf(end->words, sizeof(end->words),
		    "the run was stopped, and the node does not say what "
		    "became of it");
	else
		(void)snprintf(end->words, sizeof(end->words),
		    "contact was lost while the installer ran: %.200s",
		    e->text);
	return NODE_OK;
}
