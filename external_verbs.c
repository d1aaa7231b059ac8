/* SPDX-License-Identifier: ISC */
/* Registered plug-ins: scan, stage, install. */
#include "external_self.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "state.h"
#include "text.h"

enum node_rc
external_scan(const void *self, struct node *n, bool ignore_receipts,
    struct scan_result *result, struct arena *a, struct err *e)
{
	const struct external *x = self;
	char id[RUN_ID_SIZE];
	struct call c;
	enum node_rc rc;

	(void)ignore_receipts;
	memset(result, 0, sizeof(*result));
	call_begin(&c, x, VERB_SCAN, n, a);
	run_id_new(id);
	rc = call_prepare(&c, e);
	if (rc == NODE_OK)
		rc = call_ask(&c, arena_printf(a, "scan-%s", id), e);
	if (rc == NODE_OK) {
		result->n_updates = c.answer.n_updates;
		result->updates = arena_alloc(
		    a, (result->n_updates + 1) * sizeof(*result->updates));
		for (size_t i = 0; i < result->n_updates; i++) {
			result->updates[i] = c.answer.updates[i];
			result->updates[i].plugin = x->plugin->name;
		}
	} else {
		(void)err_wrap(e, "scan");
	}
	call_end(&c);
	return rc;
}

static enum node_rc
make_jobs(struct call *c, const char *const *jobs, size_t n_jobs, struct err *e)
{
	struct buf b = BUF_INIT;
	enum node_rc rc;

	buf_addstr(&b, "cau_external_jobs");
	for (size_t i = 0; i < n_jobs; i++) {
		buf_addc(&b, ' ');
		text_shell_quote(&b, jobs[i]);
	}
	rc = node_call(c->at, b.data, NULL, NULL, EXTERNAL_CALL_MS, e);
	buf_release(&b);
	return rc;
}

/* A stage that a coordinator before us has begun is found by its id. */
static enum node_rc
stage_one(
    struct call *c, const struct update *u, const char *job, struct err *e)
{
	const struct install_result *r;
	enum node_rc rc;

	c->update = u;
	rc = call_ask(c, arena_printf(c->arena, "%s.stage", job), e);
	r = &c->answer.result;
	if (rc == NODE_OK && c->answer.has_result &&
	    r->result == RESULT_FAILED) {
		(void)err_set(e, CAU_FAILED, "%s",
		    *r->reason == '\0' ? "it says Failed, and not why"
				       : r->reason);
		rc = NODE_FAILED;
	}
	if (rc != NODE_OK)
		(void)err_wrap(e, "stage of %s", u->id);
	return rc;
}

enum node_rc
external_stage(const void *self, struct node *n, const struct update *updates,
    const char *const *jobs, size_t n_updates, int64_t *bytes, struct err *e)
{
	const struct external *x = self;
	struct arena a = ARENA_INIT;
	struct call c;
	enum node_rc rc;

	*bytes = 0;
	call_begin(&c, x, VERB_STAGE, n, &a);
	rc = call_prepare(&c, e);
	if (rc == NODE_OK)
		rc = make_jobs(&c, jobs, n_updates, e);
	for (size_t i = 0;
	     i < n_updates && rc == NODE_OK && x->plugin->description.stages;
	     i++)
		rc = stage_one(&c, &updates[i], jobs[i], e);
	call_end(&c);
	arena_release(&a);
	return rc;
}

struct was {
	char boot_id[40];
};

static void
was_line(void *ctx, const char *key, const char *text, size_t len)
{
	struct was *w = ctx;

	if (strcmp(key, "was") == 0 && len < sizeof(w->boot_id))
		memcpy(w->boot_id, text, len + 1);
}

/*
 * The boot under which a job was announced, as far as it matters: for one
 * that runs beside the coordinator, that of this machine when the job's folder
 * was made. Unknown is no boot, and then so is what became of the job.
 */
static enum node_rc
find_boot(struct call *c, const struct install_order *order, struct was *w,
    struct err *e)
{
	struct buf b = BUF_INIT;
	enum node_rc rc = NODE_OK;

	(void)snprintf(w->boot_id, sizeof(w->boot_id), "%s", order->boot_id);
	if (c->at == c->node)
		return NODE_OK;
	(void)snprintf(w->boot_id, sizeof(w->boot_id), "unknown");
	buf_addstr(&b, "cau_external_boot ");
	text_shell_quote(&b, order->job);
	rc = node_call(c->at, b.data, was_line, w, EXTERNAL_CALL_MS, e);
	buf_release(&b);
	return rc;
}

/* Succeeded only if all is right: what it said, and the way it ended. A
 * failure that it tells itself counts in any case. */
static void
judge(struct call *c, const struct job_end *end, struct install_result *r)
{
	const struct install_result *said = &c->answer.result;
	const char *wrong = call_complaint(c, end), *boot_id = r->boot_id;
	bool told = c->answer.has_result && !c->answer.failed;

	if (wrong == NULL || (told && said->result == RESULT_FAILED)) {
		*r = *said;
		if (*r->reason == '\0' && wrong != NULL)
			r->reason = wrong;
	} else {
		r->result = RESULT_FAILED;
		r->reason = told ? arena_printf(c->arena, "it said %s, but %s",
				       update_result_name(said->result), wrong)
				 : wrong;
	}
	r->boot_id = boot_id;
	if (!r->has_code && end->how == JOB_EXITED) {
		r->has_code = true;
		r->exit_code = (uint32_t)end->code;
	}
}

/* Nobody knows: with the reason that is known. */
static enum node_rc
unknown(struct install_result *r, const struct update *u, const char *reason,
    struct err *e)
{
	r->result = RESULT_UNKNOWN;
	r->reason = reason;
	(void)err_set(e, CAU_UNKNOWN, "%s: %s", u->id, reason);
	return NODE_LOST;
}

/* What it said for the log goes behind what it said on stderr. */
static void
add_log(const struct call *c, const struct install_order *order, bool *has_log)
{
	const struct buf *log = &c->answer.log;
	FILE *f;
	int fd;

	if (log->len == 0)
		return;
	fd = openat(order->log_dir, order->log_name,
	    O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return;
	*has_log = true;
	f = fdopen(fd, "a");
	if (f == NULL) {
		(void)close(fd);
		return;
	}
	(void)fwrite(log->data, 1, log->len, f);
	(void)fclose(f);
}

static enum node_rc
install(struct call *c, const struct install_order *order,
    struct install_result *r, struct err *e)
{
	struct job_spec spec = {.id = order->job,
	    .again = order->again,
	    .look_only = order->look_only,
	    .contact_ms = order->contact_ms,
	    .log_dir = order->log_dir,
	    .log_name = order->log_name,
	    .cancel = order->cancel};
	struct job_end end;
	struct was was;
	enum node_rc rc = find_boot(c, order, &was, e);

	spec.boot_id = was.boot_id;
	if (rc == NODE_OK)
		rc = call_run(c, &spec, &end, e);
	if (rc != NODE_OK) {
		r->reason =
		    arena_printf(c->arena, "it was not started: %s", e->text);
		return rc;
	}
	if (c->at == c->node && end.boot_id[0] != '\0')
		r->boot_id = arena_strdup(c->arena, end.boot_id);
	if (end.how == JOB_UNKNOWN)
		return unknown(
		    r, c->update, arena_strdup(c->arena, end.words), e);
	if (end.how == JOB_CANCELED)
		return unknown(r, c->update,
		    "ended because the run was stopped; nobody knows how far "
		    "it came",
		    e);
	if (end.how == JOB_NEVER) {
		r->result = RESULT_CANCELED;
		r->reason = "the run was stopped before it was started";
		return NODE_OK;
	}
	if (call_fetch(c, order->job, order->contact_ms, e) != NODE_OK)
		return unknown(r, c->update,
		    arena_printf(c->arena,
			"it has ended, and its answer cannot be read: %s",
			e->text),
		    e);
	judge(c, &end, r);
	add_log(c, order, &end.has_log);
	r->log = end.has_log ? order->log_name : "";
	return NODE_OK;
}

enum node_rc
external_install(const void *self, struct node *n, const struct update *update,
    const struct install_order *order, struct install_result *result,
    struct arena *a, struct err *e)
{
	const struct external *x = self;
	struct call c;
	enum node_rc rc;

	*result = (struct install_result){
	    .result = RESULT_FAILED, .reason = "", .log = ""};
	call_begin(&c, x, VERB_INSTALL, n, a);
	c.update = update;
	c.run_id = order->run_id;
	rc = install(&c, order, result, e);
	call_end(&c);
	return rc;
}
