/* SPDX-License-Identifier: ISC */
/*
 * The transaction of Microsoft.WindowsUpdatePlugin: the updates that were
 * staged together are installed by one durable job, that of the first of them.
 * Whoever asks for another one of them finds that job (session.sh, cau_job_of),
 * so it is run once, in whatever order and by whatever coordinator it is asked
 * for. What became of each update is what the node has afterwards.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job.h"
#include "json.h"
#include "names.h"
#include "text.h"
#include "wua_self.h"

#define FIRST_WAIT_MS 100
#define MOST_WAIT_MS  3000
#define MAX_NOTE      400

/* The job is a shell that has read the programs of this plug-in. */
static const char job_words[] = "sh -c \"$cau_plugin_text\n"
				"cau_batch_run\" cau-batch";

static const char *
agent_of(const struct update *u)
{
	return u->rule; /* checked by whoever asks the node for it */
}

/* "staged BYTES" */
static void
stage_line(void *ctx, const char *key, const char *text, size_t len)
{
	int64_t *bytes = ctx;
	uint64_t n;
	struct err e;

	(void)len;
	if (strcmp(key, "staged") == 0 &&
	    text_u64(text, 0, INT64_MAX, &n, &e) == 0)
		*bytes = (int64_t)n;
}

enum node_rc
wua_stage(const void *self, struct node *n, const struct update *updates,
    const char *const *jobs, size_t n_updates, int64_t *bytes, struct err *e)
{
	struct buf b = BUF_INIT;
	enum node_rc rc = NODE_OK;

	(void)self;
	*bytes = 0;
	buf_addf(&b, "cau_batch %zu", n_updates);
	for (size_t i = 0; i < n_updates; i++) {
		buf_addc(&b, ' ');
		text_shell_quote(&b, jobs[i]);
	}
	for (size_t i = 0; i < n_updates && rc == NODE_OK; i++)
		if (!wua_is_word(agent_of(&updates[i])) ||
		    wua_add_packages(&b, agent_of(&updates[i]),
			updates[i].properties) == -1) {
			(void)err_set(e, CAU_FAILED,
			    "%s: nobody knows of which packages it consists",
			    updates[i].path);
			rc = NODE_FAILED;
		}
	if (rc == NODE_OK)
		rc = node_call(n, b.data, stage_line, bytes, WUA_STAGE_MS, e);
	buf_release(&b);
	return rc;
}

/* One package of the update, and what the node has of it. */
struct package {
	const char *name, *arch, *version;
	bool good;	     /* this version, with nothing wrong */
	bool half;	     /* with something wrong */
	const char *trouble; /* what it has instead, or NULL */
};

/* What is known of an update after its transaction. */
struct after {
	struct package *packages;
	size_t n;
	const char *leader; /* the job that did the work, NULL: not known */
	const char *reboot; /* NULL: not known; "no", "yes NAME..." */
	const char *error;  /* of the transaction as a whole, or NULL */
	const char *left;   /* why one of them was left out, or NULL */
	struct buf notes;
	struct arena *arena;
};

static const char *
word(const char **p, struct arena *a)
{
	const char *start = *p + strspn(*p, " ");
	size_t len = strcspn(start, " ");

	*p = start + len + (start[len] == ' ');
	return arena_strndup(a, start, len);
}

/* "NAME ARCH VERSION [TROUBLE]" */
static void
take_have(struct after *w, const char *text)
{
	const char *name = word(&text, w->arena), *arch = word(&text, w->arena);
	const char *version = word(&text, w->arena);
	struct package *p;

	for (p = w->packages; p < w->packages + w->n; p++) {
		if (p->good || strcmp(p->name, name) != 0 ||
		    (*p->arch != '\0' && strcmp(p->arch, arch) != 0))
			continue;
		p->good = strcmp(p->version, version) == 0 && *text == '\0';
		p->half = *text != '\0';
		p->trouble = *text == '\0'
				 ? arena_printf(w->arena, "%s has version %s",
				       name, version)
				 : arena_printf(w->arena, "%s %s is %s", name,
				       version, text);
	}
}

static void
add_note(struct after *w, const char *text)
{
	if (w->notes.len > MAX_NOTE || strstr(w->notes.data, text) != NULL)
		return;
	buf_addstr(&w->notes, w->notes.len == 0 ? "" : "; ");
	buf_addf(&w->notes, "%.200s", text);
}

/* "NAME TEXT", or "- TEXT" for all */
static void
take_note(struct after *w, const char *text)
{
	const char *name = word(&text, w->arena);
	bool ours = strcmp(name, "-") == 0;

	for (size_t i = 0; i < w->n; i++)
		ours = ours || strcmp(w->packages[i].name, name) == 0;
	if (ours)
		add_note(w, text);
}

/* "NAME WHY" */
static void
take_left(struct after *w, const char *text)
{
	const char *name = word(&text, w->arena);

	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->packages[i].name, name) == 0)
			w->left = arena_printf(w->arena, "left out: %s", text);
}

static void
after_line(void *ctx, const char *key, const char *raw, size_t len)
{
	struct after *w = ctx;
	struct buf b = BUF_INIT;
	const char *text;

	text_printable(&b, raw, len);
	text = arena_strdup(w->arena, b.data);
	buf_release(&b);
	if (strcmp(key, "have") == 0)
		take_have(w, text);
	else if (strcmp(key, "note") == 0)
		take_note(w, text);
	else if (strcmp(key, "left") == 0)
		take_left(w, text);
	else if (strcmp(key, "error") == 0)
		w->error = text;
	else if (strcmp(key, "leader") == 0)
		w->leader = text;
	else if (strcmp(key, "reboot") == 0)
		w->reboot = text;
}

static void
take_packages(struct after *w, const struct update *u)
{
	json_t *j = json_loads(u->properties, 0, NULL);
	const json_t *list = json_object_get(j, "Packages"), *p;

	w->packages = arena_alloc(
	    w->arena, (json_array_size(list) + 1) * sizeof(*w->packages));
	for (size_t i = 0; i < json_array_size(list); i++) {
		p = json_array_get(list, i);
		w->packages[w->n++] = (struct package){
		    arena_strdup(w->arena, json_text(p, "Name")),
		    arena_strdup(w->arena, json_text(p, "Arch")),
		    arena_strdup(w->arena, json_text(p, "Version")), false,
		    false, NULL};
	}
	json_decref(j);
}

/* Asks the node what it has now. A lost node is looked for. */
static enum node_rc
ask(struct after *w, struct node *n, const struct update *u,
    const struct install_order *order, struct err *e)
{
	int64_t until = clock_ms() + order->contact_ms, wait = FIRST_WAIT_MS;
	struct buf b = BUF_INIT;
	enum node_rc rc;

	buf_addstr(&b, "cau_batch_result ");
	text_shell_quote(&b, order->job);
	buf_addc(&b, ' ');
	text_shell_quote(&b, agent_of(u));
	if (wua_add_packages(&b, "", u->properties) == -1) {
		buf_release(&b);
		(void)err_set(e, CAU_FAILED, "its packages are not known");
		return NODE_FAILED;
	}
	for (;;) {
		take_packages(w, u);
		rc = node_call(n, b.data, after_line, w, WUA_VERIFY_MS, e);
		if (rc != NODE_LOST || clock_ms() >= until)
			break;
		w->n = 0;
		buf_reset(&w->notes);
		clock_sleep(wait);
		wait = wait * 2 > MOST_WAIT_MS ? MOST_WAIT_MS : wait * 2;
	}
	buf_release(&b);
	return rc;
}

/* How the transaction ended, in words; NULL when it ended well. */
static const char *
trouble_of(const struct job_end *end, const struct after *w, struct arena *a)
{
	char span[TEXT_SMALL_SIZE];

	switch (end->how) {
	case JOB_EXITED:
		if (end->code == 0)
			return NULL;
		return w->error != NULL
			   ? w->error
			   : arena_printf(
				 a, "it ended with exit code %d", end->code);
	case JOB_SIGNALED:
		return arena_printf(a, "it was killed by signal %d (%s)",
		    end->code, strsignal(end->code));
	case JOB_TIMEOUT:
		text_span(span, WUA_INSTALL_MS);
		return arena_printf(
		    a, "timeout: ended on the node after %s", span);
	case JOB_NOT_STARTED:
		return arena_printf(a, "it could not be started: %s",
		    *end->words == '\0' ? "no reason is known" : end->words);
	case JOB_CANCELED:
		return "the transaction was ended because the run was stopped";
	case JOB_NEVER:
	case JOB_UNKNOWN:
		break;
	}
	return end->words;
}

static bool
names_package(const char *names, const struct after *w)
{
	size_t len;

	for (; *(names += strspn(names, " ")) != '\0'; names += len) {
		len = strcspn(names, " ");
		for (size_t i = 0; i < w->n; i++)
			if (strlen(w->packages[i].name) == len &&
			    memcmp(w->packages[i].name, names, len) == 0)
				return true;
	}
	return false;
}

/* What the node has decides. */
static void
judge(struct install_result *r, const struct job_end *end,
    const struct install_order *order, struct after *w, struct arena *a)
{
	const char *trouble = trouble_of(end, w, a), *missing = NULL, *names;
	bool half = false;
	bool asked = w->reboot != NULL && strncmp(w->reboot, "yes", 3) == 0;

	for (size_t i = 0; i < w->n; i++)
		half = half || w->packages[i].half || w->packages[i].good;
	for (size_t i = 0; i < w->n && missing == NULL; i++)
		if (!w->packages[i].good)
			missing = w->packages[i].trouble != NULL
				      ? w->packages[i].trouble
				      : arena_printf(a, "%s is not installed",
					    w->packages[i].name);
	r->has_code = end->how == JOB_EXITED;
	r->exit_code = r->has_code ? (uint32_t)end->code : 0;
	/* One restart is enough for all of them: who asked for it is named,
	 * and when none of them is, the first does. */
	names = asked ? w->reboot + 3 : "";
	r->reboot_required =
	    asked &&
	    (names[strspn(names, " ")] != '\0'
		    ? names_package(names, w)
		    : w->leader == NULL || strcmp(w->leader, order->job) == 0);
	if (missing == NULL && w->n > 0) {
		r->result = RESULT_SUCCEEDED;
		r->condition =
		    r->reboot_required ? COND_SUCCESS_REBOOT : COND_SUCCESS;
		if (trouble != NULL)
			add_note(w,
			    end->how == JOB_CANCELED
				? trouble
				: arena_printf(a,
				      "installed, but the transaction failed: "
				      "%s",
				      trouble));
	} else if (w->left != NULL && !half) {
		*r = (struct install_result){.result = RESULT_NOT_APPLICABLE,
		    .condition = COND_NOT_APPLICABLE,
		    .boot_id = r->boot_id,
		    .log = r->log};
		add_note(w, w->left);
	} else {
		/* Of what was to be ended, what was not touched yet. */
		r->result = end->how == JOB_CANCELED && !half ? RESULT_CANCELED
							      : RESULT_FAILED;
		r->condition =
		    r->reboot_required ? COND_FAIL_REBOOT : COND_NONE;
		if (missing != NULL)
			add_note(w, missing);
		if (trouble != NULL)
			add_note(w, trouble);
	}
	r->reason = arena_strdup(a, w->notes.data);
}

/* The log is that of the transaction, kept with its first update. */
static const char *
log_of(const char *job, struct arena *a)
{
	const char *dot = strchr(job, '.');

	return arena_printf(a, "transaction%s.log", dot == NULL ? "" : dot);
}

/* Nobody knows: with the reason that is known. */
static enum node_rc
unknown(struct install_result *r, const struct update *u, const char *reason,
    struct err *e)
{
	r->result = RESULT_UNKNOWN;
	r->reason = reason;
	(void)err_set(e, CAU_UNKNOWN, "%s: %s", u->path, reason);
	return NODE_LOST;
}

static enum node_rc
take_end(struct node *n, const struct update *u,
    const struct install_order *order, const struct job_end *end,
    struct install_result *r, struct arena *a, struct err *e)
{
	struct after w = {.arena = a};
	enum node_rc rc = NODE_OK;
	const char *log;

	buf_init(&w.notes);
	if (ask(&w, n, u, order, e) != NODE_OK) {
		rc = unknown(r, u,
		    arena_printf(a,
			"the transaction has ended, and the node does not say "
			"what it has now: %s",
			e->text),
		    e);
	} else {
		judge(r, end, order, &w, a);
		log = log_of(w.leader == NULL ? order->job : w.leader, a);
		if (*r->log == '\0' &&
		    faccessat(order->log_dir, log, F_OK, 0) == 0)
			r->log = log;
	}
	buf_release(&w.notes);
	return rc;
}

enum node_rc
wua_install(const void *self, struct node *n, const struct update *update,
    const struct install_order *order, struct install_result *result,
    struct arena *a, struct err *e)
{
	const char *log = log_of(order->job, a);
	struct job_spec spec = {order->job, job_words, order->boot_id,
	    order->again, order->look_only, WUA_INSTALL_MS, order->contact_ms,
	    order->log_dir, log, order->cancel};
	struct job_end end;
	enum node_rc rc;

	(void)self;
	*result = (struct install_result){
	    .result = RESULT_FAILED, .reason = "", .log = ""};
	rc = job_run(n, &spec, &end, e);
	if (rc != NODE_OK) {
		result->reason =
		    arena_printf(a, "it was not started: %s", e->text);
		return rc;
	}
	if (end.boot_id[0] != '\0')
		result->boot_id = arena_strdup(a, end.boot_id);
	if (end.has_log)
		result->log = log;
	switch (end.how) {
	case JOB_UNKNOWN:
		return unknown(result, update, arena_strdup(a, end.words), e);
	case JOB_NEVER:
		result->result = RESULT_CANCELED;
		result->reason = "the run was stopped before it was started";
		return NODE_OK;
	case JOB_CANCELED:
	case JOB_NOT_STARTED:
	case JOB_SIGNALED:
	case JOB_TIMEOUT:
	case JOB_EXITED:
		break;
	}
	return take_end(n, update, order, &end, result, a, e);
}
