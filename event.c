/* SPDX-License-Identifier: ISC */
/* Events as JSON and back. */
#include "event.h"

#include <string.h>

#include "names.h"
#include "text.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
/* Sums of a few of these are far from any limit. */
#define MAX_BYTES (INT64_C(1) << 53)

static const char *const type_names[] = {
#define X(id, name) name,
    EVENT_TYPES(X)
#undef X
};

static const char *const op_names[] = {
#define X(id, name) name,
    OP_KINDS(X)
#undef X
};

static const char *const outcome_names[] = {
#define X(id, name) name,
    OP_OUTCOMES(X)
#undef X
};

static const char *const cause_names[] = {
#define X(id, name) name,
    STOP_CAUSES(X)
#undef X
};

static const char *const status_names[] = {"",
#define X(id, name) name,
    SUMMARY_STATUSES(X)
#undef X
};

const char *
op_name(enum op_kind op)
{
	return op_names[op];
}

const char *
op_outcome_name(enum op_outcome o)
{
	return outcome_names[o];
}

bool
outcome_passes_over(enum op_outcome o)
{
	return o == OUTCOME_REFUSED || o == OUTCOME_SKIPPED;
}

const char *
summary_status_name(enum summary_status s)
{
	return status_names[s];
}

/* The number of a name in a table, or -1. */
static int
find(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

static json_t *
words_to_json(const char *const *words)
{
	json_t *j = json_array();

	for (; words != NULL && *words != NULL; words++)
		(void)json_array_append_new(j, json_from_text(*words));
	return j;
}

static const char *const *
words_from_json(const json_t *j, struct arena *a)
{
	size_t n = json_array_size(j);
	const char **words = arena_alloc(a, (n + 1) * sizeof(*words));
	const char *s;

	for (size_t i = 0; i < n; i++) {
		s = json_string_value(json_array_get(j, i));
		words[i] = arena_strdup(a, s == NULL ? "" : s);
	}
	return words;
}

json_t *
coordinator_to_json(const struct coordinator *c)
{
	json_t *j = json_object();

	json_set(j, "host", json_from_text(c->host));
	json_set(j, "user", json_from_text(c->user));
	json_set(j, "version", json_from_text(c->version));
	json_set(j, "boot_id", json_from_text(c->boot_id));
	json_set(j, "pid", json_integer(c->pid));
	return j;
}

static void
coordinator_from_json(struct coordinator *c, const json_t *j, struct arena *a)
{
	c->host = arena_strdup(a, json_text(j, "host"));
	c->user = arena_strdup(a, json_text(j, "user"));
	c->version = arena_strdup(a, json_text(j, "version"));
	c->boot_id = arena_strdup(a, json_text(j, "boot_id"));
	c->pid = json_number(j, "pid");
}

void
run_to_json(const struct run_info *r, json_t *j)
{
	json_t *nodes = json_array(), *plugins = json_array(), *o, *options;

	json_set(j, "format", json_integer(1));
	if (*r->run_id != '\0')
		json_set(j, "run_id", json_from_text(r->run_id));
	o = json_object();
	json_set(o, "type", json_from_text(r->cluster_type));
	json_set(o, "name", json_from_text(r->cluster_name));
	json_set(j, "cluster", o);
	for (size_t i = 0; i < r->n_nodes; i++) {
		o = json_object();
		json_set(o, "name", json_from_text(r->nodes[i].name));
		json_set(o, "address", json_from_text(r->nodes[i].address));
		json_set(o, "local", json_boolean(r->nodes[i].local));
		(void)json_array_append_new(nodes, o);
	}
	json_set(j, "nodes", nodes);
	for (size_t i = 0; i < r->n_plugins; i++) {
		o = json_object();
		json_set(o, "name", json_from_text(r->plugins[i].name));
		json_set(o, "arguments", json_from_text(r->plugins[i].args));
		(void)json_array_append_new(plugins, o);
	}
	json_set(j, "plugins", plugins);
	json_set(j, "digest", json_from_text(r->digest));
	options = json_object();
	json_set(options, "rsh", words_to_json(r->rsh));
	json_set(options, "suspend_command", words_to_json(r->suspend_command));
	json_set(options, "resume_command", words_to_json(r->resume_command));
#define X(name)   \
	json_set( \
	    options, #name, json_from_text(r->name == NULL ? "" : r->name));
	RUN_TEXTS(X)
#undef X
#define X(name) json_set(options, #name, json_integer(r->name));
	RUN_NUMBERS(X)
#undef X
#define X(name) json_set(options, #name, json_boolean(r->name));
	RUN_FLAGS(X)
#undef X
	json_set(j, "options", options);
}

static int
run_from_json(
    struct run_info *r, const json_t *j, struct arena *a, struct err *e)
{
	const json_t *nodes = json_object_get(j, "nodes");
	const json_t *plugins = json_object_get(j, "plugins");
	const json_t *options = json_object_get(j, "options");
	const json_t *cluster = json_object_get(j, "cluster");

	if (json_number(j, "format") != 1)
		return err_set(e, CAU_USAGE,
		    "it is written in a format that this cau does not know");
	if (!run_id_valid(json_text(j, "run_id")) ||
	    json_array_size(nodes) == 0)
		return err_set(e, CAU_USAGE, "a run without id or nodes");
	r->run_id = arena_strdup(a, json_text(j, "run_id"));
	r->cluster_type = arena_strdup(a, json_text(cluster, "type"));
	r->cluster_name = arena_strdup(a, json_text(cluster, "name"));
	r->digest = arena_strdup(a, json_text(j, "digest"));
	r->n_nodes = json_array_size(nodes);
	r->nodes = arena_alloc(a, r->n_nodes * sizeof(*r->nodes));
	for (size_t i = 0; i < r->n_nodes; i++) {
		const json_t *o = json_array_get(nodes, i);

		r->nodes[i].name = arena_strdup(a, json_text(o, "name"));
		r->nodes[i].address = arena_strdup(a, json_text(o, "address"));
		r->nodes[i].local = json_flag(o, "local");
		if (node_check_name(r->nodes[i].name, e) == -1 ||
		    node_check_address(r->nodes[i].address, e) == -1)
			return -1;
	}
	r->n_plugins = json_array_size(plugins);
	r->plugins = arena_alloc(a, r->n_plugins * sizeof(*r->plugins));
	for (size_t i = 0; i < r->n_plugins; i++) {
		const json_t *o = json_array_get(plugins, i);

		r->plugins[i].name = arena_strdup(a, json_text(o, "name"));
		r->plugins[i].args = arena_strdup(a, json_text(o, "arguments"));
	}
	r->rsh = words_from_json(json_object_get(options, "rsh"), a);
	r->suspend_command =
	    words_from_json(json_object_get(options, "suspend_command"), a);
	r->resume_command =
	    words_from_json(json_object_get(options, "resume_command"), a);
#define X(name) r->name = arena_strdup(a, json_text(options, #name));
	RUN_TEXTS(X)
#undef X
#define X(name) r->name = json_number(options, #name);
	RUN_NUMBERS(X)
#undef X
#define X(name) r->name = json_flag(options, #name);
	RUN_FLAGS(X)
#undef X
	return 0;
}

static json_t *
scan_to_json(const struct scan_result *s)
{
	json_t *j = json_array();

	for (size_t i = 0; i < s->n_updates; i++)
		(void)json_array_append_new(j, update_to_json(&s->updates[i]));
	return j;
}

static int
scan_from_json(
    struct scan_result *s, const json_t *j, struct arena *a, struct err *e)
{
	s->n_updates = json_array_size(j);
	s->updates = arena_alloc(a, s->n_updates * sizeof(*s->updates));
	for (size_t i = 0; i < s->n_updates; i++)
		if (update_from_json(&s->updates[i], json_array_get(j, i), a) ==
		    -1)
			return err_set(
			    e, CAU_USAGE, "update %zu of a scan is damaged", i);
	return 0;
}

static json_t *
failures_to_json(const struct event *ev)
{
	json_t *j = json_array(), *o;

	for (size_t i = 0; i < ev->n_failures; i++) {
		o = json_object();
		json_set(o, "plugin", json_from_text(ev->failures[i].plugin));
		json_set(o, "error", json_from_text(ev->failures[i].error));
		(void)json_array_append_new(j, o);
	}
	return j;
}

static void
failures_from_json(struct event *ev, const json_t *j, struct arena *a)
{
	const json_t *o;

	ev->n_failures = json_array_size(j);
	ev->failures = arena_alloc(a, ev->n_failures * sizeof(*ev->failures));
	for (size_t i = 0; i < ev->n_failures; i++) {
		o = json_array_get(j, i);
		ev->failures[i] = (struct plugin_failure){
		    arena_strdup(a, json_text(o, "plugin")),
		    arena_strdup(a, json_text(o, "error"))};
	}
}

static int
findings_from_json(
    struct event *ev, const json_t *health, struct arena *a, struct err *e)
{
	const json_t *j = json_object_get(health, "checks");
	struct finding *f;

	if (!json_is_object(health))
		return 0;
	ev->n_findings = json_array_size(j);
	f = arena_alloc(a, (ev->n_findings + 1) * sizeof(*f));
	for (size_t i = 0; i < ev->n_findings; i++)
		if (finding_from_json(&f[i], json_array_get(j, i), a) == -1)
			return err_set(e, CAU_USAGE,
			    "finding %zu of the health check is damaged", i);
	ev->findings = f;
	return 0;
}

static void
op_to_json(const struct event *ev, json_t *j)
{
	bool ended = ev->type == EV_OP_ENDED;

	json_set(j, "node", json_from_text(ev->node));
	json_set(j, "op", json_string(op_names[ev->op]));
	json_set(j, "attempt", json_integer(ev->attempt));
	json_set(j, "pass", json_integer(ev->pass));
	if (ev->plugin != NULL)
		json_set(j, "plugin", json_from_text(ev->plugin));
	if (ev->op == OP_INSTALL) {
		json_set(j, "update", json_integer((json_int_t)ev->update));
		json_set(j, "id", json_from_text(ev->id));
	}
	if (ev->job != NULL && !ended)
		json_set(j, "job", json_from_text(ev->job));
	if (ev->boot_id != NULL)
		json_set(j, "boot_id", json_from_text(ev->boot_id));
	if (!ended)
		return;
	json_set(j, "outcome", json_string(outcome_names[ev->outcome]));
	if (ev->error != NULL)
		json_set(j, "error", json_from_text(ev->error));
	if (ev->n_failures > 0)
		json_set(j, "failures", failures_to_json(ev));
	if (ev->kind != NULL)
		json_set(j, "kind", json_from_text(ev->kind));
	if (ev->how != NULL)
		json_set(j, "how", json_from_text(ev->how));
	if (ev->already)
		json_set(j, "already", json_true());
	if (ev->log != NULL)
		json_set(j, "log", json_from_text(ev->log));
	if (ev->op == OP_INSTALL)
		install_result_to_json(&ev->result, j);
	if (ev->outcome != OUTCOME_OK)
		return;
	if (ev->op == OP_SCAN) {
		json_set(j, "updates", scan_to_json(&ev->scan));
		json_set(
		    j, "ignored", json_integer((json_int_t)ev->scan.n_ignored));
		if (ev->scan.restart != NULL)
			json_set(
			    j, "restart", json_from_text(ev->scan.restart));
	} else if (ev->op == OP_STAGE) {
		json_set(j, "bytes", json_integer(ev->bytes));
	}
}

/* A copy of a text, or NULL when there is none. */
static const char *
optional(const json_t *j, const char *name, struct arena *a)
{
	return json_object_get(j, name) == NULL
		   ? NULL
		   : arena_strdup(a, json_text(j, name));
}

static int
op_from_json(struct event *ev, const json_t *j, struct arena *a, struct err *e)
{
	int op = find(op_names, COUNT(op_names), json_text(j, "op"));
	int outcome;
	int64_t update = json_number(j, "update"), ignored;

	if (op == -1 || *json_text(j, "node") == '\0' || update < 0)
		return err_set(e, CAU_USAGE, "an operation without a name");
	ev->op = (enum op_kind)op;
	ev->node = arena_strdup(a, json_text(j, "node"));
	ev->attempt = (unsigned)json_number(j, "attempt");
	ev->pass = (unsigned)json_number(j, "pass");
	ev->plugin = optional(j, "plugin", a);
	ev->update = (size_t)update;
	ev->id = arena_strdup(a, json_text(j, "id"));
	ev->job = optional(j, "job", a);
	if (json_object_get(j, "boot_id") != NULL)
		ev->boot_id = arena_strdup(a, json_text(j, "boot_id"));
	if (ev->boot_id != NULL && !boot_id_valid(ev->boot_id))
		return err_set(e, CAU_USAGE, "a boot id that is none");
	if (ev->type == EV_OP_STARTED && ev->boot_id == NULL &&
	    (ev->op == OP_INSTALL || ev->op == OP_RESTART))
		return err_set(
		    e, CAU_USAGE, "%s without a boot id", op_name(ev->op));
	if (ev->type == EV_OP_STARTED)
		return 0;
	outcome =
	    find(outcome_names, COUNT(outcome_names), json_text(j, "outcome"));
	if (outcome == -1)
		return err_set(e, CAU_USAGE, "an operation without outcome");
	ev->outcome = (enum op_outcome)outcome;
	failures_from_json(ev, json_object_get(j, "failures"), a);
	ev->kind = optional(j, "kind", a);
	ev->how = optional(j, "how", a);
	ev->already = json_flag(j, "already");
	if (ev->op != OP_INSTALL)
		ev->log = optional(j, "log", a);
	ignored = json_number(j, "ignored");
	ev->bytes = json_number(j, "bytes");
	if (ignored < 0 || ev->bytes < 0 || ev->bytes > MAX_BYTES)
		return err_set(e, CAU_USAGE, "a number that is out of range");
	ev->scan.n_ignored = (size_t)ignored;
	ev->scan.restart = optional(j, "restart", a);
	if (ev->op == OP_INSTALL &&
	    install_result_from_json(&ev->result, j, a) == -1)
		return err_set(e, CAU_USAGE, "an installation without result");
	return scan_from_json(&ev->scan, json_object_get(j, "updates"), a, e);
}

json_t *
event_to_json(const struct event *ev)
{
	json_t *j = json_object();
	char at[TEXT_TIME_SIZE];

	text_time(at, ev->at_ms);
	json_set(j, "t", json_string(at));
	json_set(j, "event", json_string(type_names[ev->type]));
	switch (ev->type) {
	case EV_RUN_STARTED:
		run_to_json(&ev->run, j);
		json_set(
		    j, "coordinator", coordinator_to_json(&ev->coordinator));
		if (ev->findings != NULL)
			json_set(j, "health",
			    findings_to_json(ev->findings, ev->n_findings));
		break;
	case EV_RUN_RECOVERED:
	case EV_RUN_ABANDONED:
		json_set(
		    j, "coordinator", coordinator_to_json(&ev->coordinator));
		break;
	case EV_OP_STARTED:
	case EV_OP_ENDED:
		op_to_json(ev, j);
		break;
	case EV_WARNED:
	case EV_STOP_REQUESTED:
		json_set(j, "reason",
		    json_from_text(ev->error == NULL ? "" : ev->error));
		if (ev->type == EV_WARNED)
			break;
		json_set(j, "cause", json_string(cause_names[ev->cause]));
		json_set(j, "now", json_boolean(ev->now));
		break;
	case EV_RUN_FINISHED:
		json_set(j, "status", json_string(status_names[ev->status]));
		json_set(j, "error",
		    ev->error == NULL ? json_null()
				      : json_from_text(ev->error));
		break;
	}
	return j;
}

int
event_from_json(
    struct event *ev, const json_t *j, struct arena *a, struct err *e)
{
	int type = find(type_names, COUNT(type_names), json_text(j, "event"));
	const char *error = json_string_value(json_object_get(j, "error"));
	int status;

	memset(ev, 0, sizeof(*ev));
	if (type == -1)
		return err_set(e, CAU_USAGE, "an event of unknown type");
	ev->type = (enum event_type)type;
	if (text_parse_time(json_text(j, "t"), &ev->at_ms) == -1)
		return err_set(e, CAU_USAGE, "an event without a time");
	if (error != NULL)
		ev->error = arena_strdup(a, error);
	switch (ev->type) {
	case EV_RUN_STARTED:
		coordinator_from_json(
		    &ev->coordinator, json_object_get(j, "coordinator"), a);
		if (findings_from_json(
			ev, json_object_get(j, "health"), a, e) == -1)
			return -1;
		return run_from_json(&ev->run, j, a, e);
	case EV_RUN_RECOVERED:
	case EV_RUN_ABANDONED:
		coordinator_from_json(
		    &ev->coordinator, json_object_get(j, "coordinator"), a);
		return 0;
	case EV_OP_STARTED:
	case EV_OP_ENDED:
		return op_from_json(ev, j, a, e);
	case EV_WARNED:
	case EV_STOP_REQUESTED:
		ev->error = arena_strdup(a, json_text(j, "reason"));
		ev->now = json_flag(j, "now");
		/* The first journals knew people only. */
		ev->cause =
		    strcmp(json_text(j, "cause"), cause_names[STOP_TIME]) == 0
			? STOP_TIME
			: STOP_PERSON;
		return 0;
	case EV_RUN_FINISHED:
		status = find(
		    status_names, COUNT(status_names), json_text(j, "status"));
		if (status < 1)
			return err_set(e, CAU_USAGE, "a run without status");
		ev->status = (enum summary_status)status;
		return 0;
	}
	return err_set(e, CAU_USAGE, "an event of unknown type");
}
