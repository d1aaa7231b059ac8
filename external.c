/* SPDX-License-Identifier: ISC */
/* Registered plug-ins. */
#include "external.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job.h"
#include "json.h"
#include "node_sh.h"
#include "state.h"
#include "text.h"

#define CALL_MS	      60000
#define MAX_ARGS_TEXT 65536
#define FIRST_WAIT_MS 100
#define MOST_WAIT_MS  3000

/* The verbs of one plug-in, and which it is. */
struct external_ops {
	struct plugin_ops ops; /* first: it is found by that */
	const struct registered *plugin;
};

/* One that is configured; only read from then on. */
struct external {
	struct arena arena;
	const struct registered *plugin;
	struct program program;
	char *here;	       /* state folder for those that run here */
	const char *arguments; /* a JSON object */
	const char *env;       /* the same as words of a shell */
	char digest[SHA256_HEX];
};

/* One call of one verb. */
struct call {
	const struct external *x;
	enum protocol_verb verb;
	struct node *node;	     /* for which */
	struct node *at;	     /* on which: that one, or own */
	struct node own;	     /* this machine in place of the node */
	struct transport transport;  /* of own */
	const struct update *update; /* stage, install */
	const char *run_id;	     /* install */
	const _Atomic bool *cancel;
	struct arena *arena;
	struct protocol answer;
	const char *words; /* the last ones of its log */
};

static const char *const scripts[] = {node_external_sh, NULL};

static void
add_env(struct buf *b, const char *before, const char *name, const char *value)
{
	struct buf word = BUF_INIT;

	buf_addf(&word, "%s%s=%s", before, name, value);
	buf_addc(b, ' ');
	text_shell_quote(b, word.data);
	buf_release(&word);
}

static int
take_arguments(struct external *x, const char *text, struct err *e)
{
	const struct protocol_description *d = &x->plugin->description;
	const struct plugin_argument *known;
	struct plugin_args args;
	struct buf env = BUF_INIT, json = BUF_INIT;
	json_t *object;
	const char *value;
	char *upper;

	if (strlen(text) > MAX_ARGS_TEXT)
		return err_set(e, CAU_USAGE,
		    "the arguments are longer than %d bytes", MAX_ARGS_TEXT);
	if (pluginargs_parse(&args, text, &x->arena, e) == -1 ||
	    pluginargs_check(d->arguments, &args, e) == -1)
		return -1;
	for (known = d->arguments; known->name != NULL; known++)
		if (known->required &&
		    pluginargs_get(&args, known->name) == NULL)
			return err_set(e, CAU_USAGE,
			    "the argument %s is missing%s%s", known->name,
			    *known->help == '\0' ? "" : ": ", known->help);
	object = json_object();
	for (known = d->arguments; known->name != NULL; known++) {
		value = pluginargs_get(&args, known->name);
		if (value == NULL)
			value = known->value;
		json_set(object, known->name, json_from_text(value));
		upper = arena_strdup(&x->arena, known->name);
		for (char *c = upper; *c != '\0'; c++)
			*c = (char)toupper((unsigned char)*c);
		add_env(&env, "CAU_ARG_", upper, value);
	}
	json_add(&json, object);
	x->arguments = arena_strdup(&x->arena, json.data);
	x->env = arena_strdup(&x->arena, env.data);
	json_decref(object);
	buf_release(&json);
	buf_release(&env);
	return 0;
}

static void
external_release(void *self)
{
	struct external *x = self;

	program_release(&x->program);
	free(x->here);
	arena_release(&x->arena);
	free(x);
}

/* The program must still be the one that was registered. */
static int
load(struct external *x, struct buf *warnings, struct err *e)
{
	const struct registered *p = x->plugin;

	if (program_load(&x->program, p->path, "plug-in", REGISTRY_MAX_BYTES,
		warnings, e) == -1)
		return -1;
	if (strcmp(x->program.sha256, p->sha256) != 0)
		return err_set(e, CAU_REFUSED,
		    "%s is not the file that was registered: if it may be "
		    "used, register it again (cau plugin unregister, then "
		    "register)",
		    p->path);
	return 0;
}

static int
find_here(struct external *x, const char *state_dir, struct err *e)
{
	char *dir = xasprintf("%s/coordinator", state_dir);
	int rc = file_mkdirs(dir, e);

	if (rc == 0 && (x->here = realpath(dir, NULL)) == NULL)
		rc = err_sys(e, "cannot find %s", dir);
	free(dir);
	return rc;
}

static int
external_configure(void **self, const struct plugin_config *config,
    struct buf *warnings, struct err *e)
{
	const struct external_ops *ops =
	    (const struct external_ops *)config->ops;
	struct external *x = xcalloc(1, sizeof(*x));
	struct buf b = BUF_INIT;
	int rc = 0;

	x->plugin = ops->plugin;
	x->program.fd = -1;
	if (x->plugin->problem != NULL)
		rc = err_set(e, CAU_REFUSED, "%s; register it again",
		    x->plugin->problem);
	if (rc == 0)
		rc = take_arguments(x, config->args, e);
	if (rc == 0)
		rc = load(x, warnings, e);
	if (rc == 0 && x->plugin->description.on_coordinator)
		rc = find_here(x, config->state_dir, e);
	if (rc == -1) {
		external_release(x);
		return -1;
	}
	buf_addf(&b, "%s %s", x->program.sha256, config->args);
	sha256_hex(x->digest, b.data, b.len);
	buf_release(&b);
	*self = x;
	return 0;
}

static const char *
external_digest(const void *self)
{
	const struct external *x = self;

	return x->digest;
}

/* The node on which it runs: for one of the coordinator this machine, with a
 * state folder for each node, so that nodes are kept apart. */
static void
call_begin(struct call *c, const struct external *x, enum protocol_verb verb,
    struct node *n, struct arena *a)
{
	const char *address;

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
	address = arena_printf(a, "local:%s/%s", x->here, n->name);
	node_init(&c->own, n->name, address, &c->transport, a);
	c->own.cancel = n->cancel;
	c->at = &c->own;
}

static void
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
	add_env(b, "CAU_", "ADDRESS", c->node->address);
	if (c->run_id != NULL)
		add_env(b, "CAU_", "RUN_ID", c->run_id);
	if (c->update != NULL) {
		add_env(b, "CAU_", "UPDATE_ID", c->update->id);
		add_env(b, "CAU_", "UPDATE_VERSION", c->update->version);
	}
	buf_release(&request);
	free(program);
	free(folder);
}

static enum node_rc
run_job(
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

/* Fetches what it printed. A lost node is looked for. */
static enum node_rc
fetch(struct call *c, const char *job, int64_t contact_ms, struct err *e)
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
		rc = node_call(c->at, b.data, answer_line, c, CALL_MS, e);
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
		    end->code, sep, words);
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

/* What is wrong with how it ended and with what it said; NULL: nothing. */
static const char *
complaint(struct call *c, const struct job_end *end)
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

/* A scan or stage: all of it, as far as it concerns the node. */
static enum node_rc
ask(struct call *c, const char *job, struct err *e)
{
	struct job_spec spec = {.id = job,
	    .boot_id = c->at->boot_id,
	    .log_dir = -1,
	    .log_name = "",
	    .cancel = c->cancel};
	struct job_end end;
	const char *wrong;
	enum node_rc rc = run_job(c, &spec, &end, e);

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
	rc = fetch(c, job, 0, e);
	if (rc != NODE_OK)
		return rc;
	wrong = complaint(c, &end);
	if (wrong == NULL)
		return NODE_OK;
	(void)err_set(e, CAU_FAILED, "%s", wrong);
	return NODE_FAILED;
}

static enum node_rc
prepare(struct call *c, struct err *e)
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

static enum node_rc
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
	rc = prepare(&c, e);
	if (rc == NODE_OK)
		rc = ask(&c, arena_printf(a, "scan-%s", id), e);
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
	rc = node_call(c->at, b.data, NULL, NULL, CALL_MS, e);
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
	rc = ask(c, arena_printf(c->arena, "%s.stage", job), e);
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

static enum node_rc
external_stage(const void *self, struct node *n, const struct update *updates,
    const char *const *jobs, size_t n_updates, int64_t *bytes, struct err *e)
{
	const struct external *x = self;
	struct arena a = ARENA_INIT;
	struct call c;
	enum node_rc rc;

	*bytes = 0;
	call_begin(&c, x, VERB_STAGE, n, &a);
	rc = prepare(&c, e);
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
	rc = node_call(c->at, b.data, was_line, w, CALL_MS, e);
	buf_release(&b);
	return rc;
}

/* Succeeded only if all is right: what it said, and the way it ended. A
 * failure that it tells itself counts in any case. */
static void
judge(struct call *c, const struct job_end *end, struct install_result *r)
{
	const struct install_result *said = &c->answer.result;
	const char *wrong = complaint(c, end), *boot_id = r->boot_id;
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
		rc = run_job(c, &spec, &end, e);
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
	if (fetch(c, order->job, order->contact_ms, e) != NODE_OK)
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

static enum node_rc
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

const struct plugin_ops *
external_ops(const struct registered *p, struct arena *a)
{
	static const struct plugin_argument none[] = {
	    {NULL, false, NULL, NULL}};
	struct external_ops *x = arena_alloc(a, sizeof(*x));
	const struct protocol_description *d = &p->description;

	x->plugin = p;
	x->ops = (struct plugin_ops){
	    .name = p->name,
	    .version = d->version == NULL ? "" : d->version,
	    .summary = d->summary == NULL ? "" : d->summary,
	    .arguments = d->arguments == NULL ? none : d->arguments,
	    .node_scripts = scripts,
	    .configure = external_configure,
	    .release = external_release,
	    .digest = external_digest,
	    .scan = external_scan,
	    .stage = external_stage,
	    .install = external_install,
	};
	return &x->ops;
}
