/* SPDX-License-Identifier: ISC */
/* One call of a registered plug-in: a job, and what it printed. */
#include "external_self.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "node_sh.h"
#include "text.h"

#define FIRST_WAIT_MS 100
#define MOST_WAIT_MS  3000

void
call_begin(struct call *c, const struct external *x, enum protocol_verb verb,
    struct node *n, struct arena *a)
{
	const char *address;
	char *real = NULL;
	struct err e;

	memset(c, 0, sizeof(*c));
	c->x = x;
	c->verb = verb;
	c->node = c->at = n;
	c->cancel = n->cancel;
	c->arena = a;
	c->words = "";
	if (!x->plugin->description.on_coordinator)
		return;
	c->transport = *n->transport;
	c->transport.sudo = false;
	/* Made late: who only looks leaves nothing. When it cannot be made, the
	 * node cannot be opened. */
	if (file_mkdirs(x->here, &e) == 0)
		real = realpath(x->here, NULL);
	address = arena_printf(
	    a, "local:%s/%s", real == NULL ? x->here : real, n->name);
	free(real);
	node_init(&c->own, n->name, address, &c->transport, a);
	c->own.cancel = n->cancel;
	c->at = &c->own;
}

void
call_end(struct call *c)
{
	protocol_release(&c->answer);
	if (c->at == &c->own)
		node_close(&c->own);
}

static json_t *
update_facts(const struct update *u)
{
	json_t *j = json_object();
	json_t *box = json_loads(u->properties, 0, NULL);

	json_set(j, "id", json_from_text(u->id));
	json_set(j, "title", json_from_text(u->title));
	json_set(j, "version", json_from_text(u->version));
	if (json_object_get(box, "data") != NULL)
		(void)json_object_set(j, "data", json_object_get(box, "data"));
	json_decref(box);
	return j;
}

/* What it finds on its standard input. */
static void
add_request(struct buf *b, const struct call *c)
{
	const struct node *n = c->node;
	json_t *j = json_object(), *node = json_object(), *rsh = json_array();

	json_set(j, "protocol", json_integer(PROTOCOL_VERSION));
	json_set(j, "verb", json_string(protocol_verb_name(c->verb)));
	if (c->run_id != NULL)
		json_set(j, "run_id", json_string(c->run_id));
	json_set(node, "name", json_from_text(n->name));
	json_set(node, "address", json_from_text(n->address));
	json_set(node, "local", json_boolean(n->local));
	json_set(node, "host", json_from_text_or_null(n->host));
	json_set(node, "boot_id", json_from_text_or_null(n->boot_id));
	json_set(j, "node", node);
	for (size_t i = 0; n->transport->rsh[i] != NULL; i++)
		(void)json_array_append_new(
		    rsh, json_from_text(n->transport->rsh[i]));
	json_set(j, "rsh", rsh);
	json_set(j, "arguments", json_loads(c->x->arguments, 0, NULL));
	if (c->update != NULL)
		json_set(j, "update", update_facts(c->update));
	json_add(b, j);
	json_decref(j);
}

/* The words of the job (node/external-run.sh). */
static void
add_words(struct buf *b, const struct call *c)
{
	char *folder =
	    xasprintf("%s/plugins/%s", c->at->state_dir, c->x->plugin->name);
	char *program = program_staged_path(&c->x->program, c->at);
	struct buf request = BUF_INIT;

	add_request(&request, c);
	buf_addstr(b, "sh -c ");
	text_shell_quote(b, node_external_run_sh);
	buf_addstr(b, " cau-plugin ");
	text_shell_quote(b, folder);
	buf_addc(b, ' ');
	text_shell_quote(b, program);
	buf_addf(b, " %s ", protocol_verb_name(c->verb));
	text_shell_quote(b, request.data);
	buf_addf(b, " CAU_PROTOCOL=%d%s", PROTOCOL_VERSION, c->x->env);
	external_add_env(b, "CAU_", "ADDRESS", c->node->address);
	if (c->run_id != NULL)
		external_add_env(b, "CAU_", "RUN_ID", c->run_id);
	if (c->update != NULL) {
		external_add_env(b, "CAU_", "UPDATE_ID", c->update->id);
		external_add_env(
		    b, "CAU_", "UPDATE_VERSION", c->update->version);
	}
	buf_release(&request);
	free(program);
	free(folder);
}

enum node_rc
call_run(
    struct call *c, struct job_spec *spec, struct job_end *end, struct err *e)
{
	struct buf words = BUF_INIT;
	enum node_rc rc;

	add_words(&words, c);
	spec->words = words.data;
	spec->limit_ms = c->x->plugin->description.limit_ms[c->verb];
	rc = job_run(c->at, spec, end, e);
	spec->words = NULL;
	buf_release(&words);
	return rc;
}

static void
answer_line(void *ctx, const char *key, const char *text, size_t len)
{
	struct call *c = ctx;
	struct buf b = BUF_INIT;

	if (strcmp(key, "answer") == 0) {
		protocol_line(&c->answer, text, len);
	} else if (strcmp(key, "words") == 0) {
		text_printable(&b, text, len > 300 ? 300 : len);
		c->words = arena_strdup(c->arena, b.data);
		buf_release(&b);
	}
}

enum node_rc
call_fetch(struct call *c, const char *job, int64_t contact_ms, struct err *e)
{
	int64_t until = clock_ms() + contact_ms, wait = FIRST_WAIT_MS;
	struct buf b = BUF_INIT;
	enum node_rc rc;

	buf_addstr(&b, "cau_external_answer ");
	text_shell_quote(&b, job);
	buf_addf(&b, " %u %u %s", PROTOCOL_MAX_BYTES + 1, PROTOCOL_MAX_LINE + 1,
	    c->verb == VERB_SCAN ? "DROP" : "KEEP");
	for (;;) {
		protocol_release(&c->answer);
		protocol_begin(&c->answer, c->verb,
		    c->update == NULL ? "" : c->update->id, c->arena);
		rc = node_call(
		    c->at, b.data, answer_line, c, EXTERNAL_CALL_MS, e);
		if (rc != NODE_LOST || clock_ms() >= until)
			break;
		clock_sleep(wait);
		wait = wait * 2 > MOST_WAIT_MS ? MOST_WAIT_MS : wait * 2;
	}
	buf_release(&b);
	return rc;
}

/* How its process ended, in words; NULL when it ended well. */
static const char *
trouble_of(const struct call *c, const struct job_end *end)
{
	const char *words = *c->words == '\0' ? c->answer.words : c->words;
	const char *sep = *words == '\0' ? "" : ": ";
	char span[TEXT_SMALL_SIZE];

	switch (end->how) {
	case JOB_EXITED:
		if (end->code == 0)
			return NULL;
		return arena_printf(c->arena, "it ended with exit code %d%s%s",
		    end->code, *words == '\0' ? " and gave no reason" : sep,
		    words);
	case JOB_SIGNALED:
		return arena_printf(c->arena,
		    "it was killed by signal %d (%s)%s%s", end->code,
		    strsignal(end->code), sep, words);
	case JOB_TIMEOUT:
		text_span(span, c->x->plugin->description.limit_ms[c->verb]);
		return arena_printf(c->arena,
		    "timeout: it was ended after %s%s%s", span, sep, words);
	case JOB_NOT_STARTED:
		return arena_printf(
		    c->arena, "it could not be started: %s", end->words);
	case JOB_NEVER:
	case JOB_CANCELED:
	case JOB_UNKNOWN:
		break;
	}
	return end->words;
}

const char *
call_complaint(struct call *c, const struct job_end *end)
{
	const char *trouble = trouble_of(c, end);
	struct err e;

	if (protocol_end(&c->answer, &e) == 0)
		return trouble;
	if (trouble == NULL)
		return arena_strdup(c->arena, e.text);
	/* That something is missing goes without saying. */
	return c->answer.failed
		   ? arena_printf(c->arena, "%s; %s", trouble, e.text)
		   : trouble;
}

enum node_rc
call_ask(struct call *c, const char *job, struct err *e)
{
	struct job_spec spec = {.id = job,
	    .boot_id = c->at->boot_id,
	    .log_dir = -1,
	    .log_name = "",
	    .cancel = c->cancel};
	struct job_end end;
	const char *wrong;
	enum node_rc rc = call_run(c, &spec, &end, e);

	if (rc != NODE_OK)
		return rc;
	if (end.how == JOB_CANCELED || end.how == JOB_NEVER) {
		(void)err_set(e, CAU_CANCELED, "the run was stopped");
		return NODE_LOST;
	}
	if (end.how == JOB_UNKNOWN) {
		(void)err_set(e, CAU_FAILED, "%s", end.words);
		return NODE_LOST;
	}
	rc = call_fetch(c, job, 0, e);
	if (rc != NODE_OK)
		return rc;
	wrong = call_complaint(c, &end);
	if (wrong == NULL)
		return NODE_OK;
	(void)err_set(e, CAU_FAILED, "%s", wrong);
	return NODE_FAILED;
}

enum node_rc
call_prepare(struct call *c, struct err *e)
{
	enum node_rc rc = node_open(c->at, e);

	if (rc == NODE_OK)
		rc = program_stage(&c->x->program, c->at, e);
	/* Two commands may do so at the same time. */
	if (rc == NODE_FAILED)
		rc = program_stage(&c->x->program, c->at, e);
	if (rc != NODE_OK)
		(void)err_wrap(e, "cannot bring it to where it runs");
	return rc;
}
