/* SPDX-License-Identifier: ISC */
/* What a run would do, as text and as JSON, sealed and compared. */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "hotfix.h"
#include "scan.h"
#include "text.h"

static const char *const fates[] = {[SIMULATE_MOVES] = "Moves",
    [SIMULATE_MIGRATES] = "Migrates",
    [SIMULATE_STAYS] = "Stays",
    [SIMULATE_INSTANCE_STOPS] = "InstanceStops",
    [SIMULATE_STOPS] = "Stops",
    [SIMULATE_RESTARTS] = "Restarts",
    [SIMULATE_PROMOTED_MOVES] = "PromotedMoves",
    [SIMULATE_PROMOTED_STOPS] = "PromotedStops"};

static size_t
count_applicable(const struct scan_result *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_updates; i++)
		n += !s->updates[i].installed;
	return n;
}

/* A restart that an earlier run left undone, and this one does. */
static bool
catches_up(const struct plan *p, const struct plan_node *n)
{
	return n->scan->scan.restart != NULL &&
	       (!n->node->local || p->run->allow_self_reboot);
}

enum plan_restart
plan_restart(const struct plan *p, const struct plan_node *n)
{
	const struct scan_result *s = &n->scan->scan;
	enum plan_restart all = PLAN_NO_RESTART;

	if (catches_up(p, n))
		return PLAN_RESTART;
	for (size_t i = 0; i < s->n_updates; i++)
		if (s->updates[i].installed)
			continue;
		else if (s->updates[i].restart == UPDATE_RESTART_EXPECTED)
			return PLAN_RESTART;
		else if (s->updates[i].restart == UPDATE_RESTART_UNKNOWN)
			all = PLAN_RESTART_UNKNOWN;
	return all;
}

/* Nodes that may fail, by votes and by resources. */
static unsigned
survives(const struct plan_node *n)
{
	return n->votes < n->proof.survives ? n->votes : n->proof.survives;
}

static bool
survives_more(const struct plan_node *n)
{
	return n->proof.at_least && n->proof.survives < n->votes;
}

static void
add_example(struct buf *b, const struct proof *p)
{
	for (size_t i = 0; p->with[i] != NULL; i++)
		buf_addf(b, "%s%s", i == 0 ? "" : ", ", p->with[i]);
}

static void
node_survives(struct buf *b, const struct plan_node *n)
{
	const struct proof *p = &n->proof;

	buf_addf(b, "   while it is away, %s%u more may fail (votes: %u; ",
	    survives_more(n) ? "at least " : "", survives(n), n->votes);
	buf_addf(
	    b, "resources: %s%u", p->at_least ? "at least " : "", p->survives);
	if (p->with != NULL) {
		buf_addstr(b, ", without ");
		add_example(b, p);
		buf_addstr(b, " too, ");
		text_printable(b, p->stops, strlen(p->stops));
		buf_addstr(b, " stops");
	}
	buf_addstr(b, ")\n");
}

static void
add_words(struct buf *b, const char *const *words)
{
	for (; *words != NULL; words++) {
		buf_addc(b, ' ');
		text_printable(b, *words, strlen(*words));
	}
}

static void
node_drain(struct buf *b, const struct plan *p, const struct plan_node *n)
{
	const struct run_info *r = p->run;

	if (n->kept != NULL) {
		buf_addf(b, "   updated as it is: %s\n", n->kept);
	} else if (strcmp(r->cluster_type, "pacemaker") == 0) {
		buf_addstr(b, "   out of service by standby\n");
	} else if (r->suspend_command[0] != NULL) {
		buf_addstr(b, "   out of service by:");
		add_words(b, r->suspend_command);
		buf_addf(b, " %s\n   put back by:", n->node->name);
		add_words(b, r->resume_command);
		buf_addf(b, " %s\n", n->node->name);
	} else {
		buf_addstr(b, "   it stays in service: there is no suspend "
			      "command\n");
	}
}

static void
node_updates(struct buf *b, const struct plan *p, const struct plan_node *n)
{
	const struct scan_result *s = &n->scan->scan;
	static const char *const restarts[] = {
	    "no restart", "a restart", "whether it restarts is not known yet"};
	const struct update *u;

	buf_addf(b, "%zu to install, %s\n", count_applicable(s),
	    restarts[plan_restart(p, n)]);
	if (s->restart != NULL)
		buf_addf(b, "     restart pending: %s\n", s->restart);
	for (size_t i = 0; i < s->n_updates; i++) {
		u = &s->updates[i];
		if (u->installed)
			continue;
		buf_addf(b, "     %s%s%s%s\n", update_label(u),
		    *u->version == '\0' ? "" : "  ", u->version,
		    u->restart == UPDATE_RESTART_EXPECTED ? "  (restart)" : "");
	}
}

static void
node_to_text(struct buf *b, const struct plan *p, size_t i)
{
	const struct plan_node *n = &p->nodes[i];
	const struct scan_result *s = &n->scan->scan;
	bool needs = count_applicable(s) > 0 || catches_up(p, n);

	buf_addf(b, "%zu. %s: ", i + 1, n->node->name);
	if (n->scan->outcome != OUTCOME_OK)
		buf_addf(b, "error: %s\n", n->scan->error);
	else if (n->skipped != NULL)
		buf_addf(b, "skipped: %s\n", n->skipped);
	else if (!needs)
		buf_addf(b, "nothing to install, it stays in service%s%s\n",
		    s->restart == NULL ? "" : "; restart pending: ",
		    s->restart == NULL ? "" : s->restart);
	else
		node_updates(b, p, n);
	for (size_t k = 0; k < n->scan->n_failures; k++)
		buf_addf(b, "   error: %s: %s\n", n->scan->failures[k].plugin,
		    n->scan->failures[k].error);
	if (needs && n->skipped == NULL) {
		node_drain(b, p, n);
		for (size_t k = 0; k < n->n_moves; k++)
			buf_addf(b, "     %s\n", n->moves[k].text);
		if (n->proven)
			node_survives(b, n);
	}
	for (size_t k = 0; k < n->n_refusals; k++)
		buf_addf(b, "   REFUSED: %s\n", n->refusals[k]);
}

void
plan_to_text(struct buf *b, const struct plan *p)
{
	const struct run_info *r = p->run;

	buf_addf(b,
	    "The nodes would be updated in this order, %lld at a time:\n",
	    (long long)r->max_unavailable);
	for (size_t i = 0; i < r->n_nodes; i++)
		node_to_text(b, p, i);
	if (strcmp(r->cluster_type, "pacemaker") == 0)
		buf_addstr(b, "Where resources move to is said for each node "
			      "by itself, from where they are now.\n");
	if (p->refused)
		buf_addstr(b, "A run would be refused.\n");
}

static json_t *
texts_to_json(const char *const *list, size_t n)
{
	json_t *j = json_array();

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(j, json_from_text(list[i]));
	return j;
}

static json_t *
moves_to_json(const struct plan_node *n)
{
	json_t *list = json_array(), *j;
	const struct simulate_move *m;

	for (size_t i = 0; i < n->n_moves; i++) {
		m = &n->moves[i];
		j = json_object();
		json_set(j, "resource", json_from_text(m->resource));
		json_set(j, "path", json_from_text(m->path));
		json_set(j, "fate", json_string(fates[m->fate]));
		json_set(j, "from", json_from_text(m->from));
		json_set(j, "to", json_from_text_or_null(m->to));
		json_set(j, "elsewhere", json_boolean(m->elsewhere));
		json_set(j, "reason", json_from_text(m->reason));
		json_set(j, "text", json_from_text(m->text));
		(void)json_array_append_new(list, j);
	}
	return list;
}

static json_t *
survives_to_json(const struct plan_node *n)
{
	const struct proof *p = &n->proof;
	json_t *j, *with = json_array();

	if (!n->proven) {
		json_decref(with);
		return json_null();
	}
	for (size_t i = 0; p->with != NULL && p->with[i] != NULL; i++)
		(void)json_array_append_new(with, json_from_text(p->with[i]));
	j = json_object();
	json_set(j, "nodes", json_integer(survives(n)));
	json_set(j, "at_least", json_boolean(survives_more(n)));
	json_set(j, "votes", json_integer(n->votes));
	json_set(j, "resources", json_integer(p->survives));
	json_set(j, "resources_at_least", json_boolean(p->at_least));
	json_set(j, "with", with);
	json_set(j, "stops", json_from_text_or_null(p->stops));
	return j;
}

static void
node_to_json(const struct plan *p, const struct plan_node *n, json_t *j)
{
	static const char *const restarts[] = {"Never", "Expected", "Unknown"};

	scan_to_object(n->scan, j);
	json_set(j, "restart", json_string(restarts[plan_restart(p, n)]));
	json_set(j, "skipped", json_from_text_or_null(n->skipped));
	json_set(j, "kept", json_from_text_or_null(n->kept));
	json_set(j, "refusals",
	    texts_to_json((const char *const *)n->refusals, n->n_refusals));
	json_set(j, "moves", moves_to_json(n));
	json_set(j, "survives", survives_to_json(n));
}

json_t *
plan_to_json(const struct plan *p, int64_t at_ms)
{
	char at[TEXT_TIME_SIZE];
	json_t *j = json_object(), *nodes;

	text_time(at, at_ms);
	run_to_json(p->run, j);
	json_set(j, "command", json_string("plan"));
	json_set(j, "made_at", json_string(at));
	json_set(j, "version", json_string(CAU_VERSION));
	json_set(json_object_get(j, "cluster"), "configuration",
	    json_from_text_or_null(p->config));
	json_set(j, "arguments",
	    p->arguments == NULL ? json_array() : json_deep_copy(p->arguments));
	nodes = json_object_get(j, "nodes");
	for (size_t i = 0; i < p->run->n_nodes; i++)
		node_to_json(p, &p->nodes[i], json_array_get(nodes, i));
	json_set(j, "refused", json_boolean(p->refused));
	return j;
}

/* Over the members in the order of their names, without blanks. */
static void
seal_of(char out[SHA256_HEX], const json_t *doc)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)doc);
	char *text;

	(void)json_object_del(copy, "seal");
	text = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS);
	sha256_hex(
	    out, text == NULL ? "" : text, text == NULL ? 0 : strlen(text));
	free(text);
	json_decref(copy);
}

void
plan_seal(json_t *doc)
{
	char seal[SHA256_HEX];

	seal_of(seal, doc);
	json_set(doc, "seal", json_string(seal));
}

json_t *
plan_open(const char *text, size_t len, struct err *e)
{
	json_error_t why;
	json_t *doc = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	char seal[SHA256_HEX];

	if (doc == NULL) {
		(void)err_set(e, CAU_USAGE, "no plan: line %d: %.100s",
		    why.line, why.text);
	} else if (json_number(doc, "format") != 1 ||
		   strcmp(json_text(doc, "command"), "plan") != 0 ||
		   strlen(json_text(doc, "seal")) != SHA256_HEX - 1) {
		(void)err_set(
		    e, CAU_USAGE, "no plan that cau plan --out has sealed");
	} else {
		seal_of(seal, doc);
		if (strcmp(json_text(doc, "seal"), seal) == 0)
			return doc;
		(void)err_set(e, CAU_REFUSED,
		    "somebody has changed this plan since it was sealed: make "
		    "a new one with cau plan --out");
	}
	json_decref(doc);
	return NULL;
}

struct drift {
	struct buf *lines;
	size_t n;
};

static void
add_text(struct buf *b, const char *s)
{
	text_printable(b, s, strlen(s));
}

/* A line; words end with NULL. */
static void
add(struct drift *d, const char *const *words)
{
	for (; *words != NULL; words++)
		add_text(d->lines, *words);
	buf_addc(d->lines, '\n');
	d->n++;
}

#define ADD(d, ...) add((d), (const char *const[]){__VA_ARGS__, NULL})

static void
cluster_drift(struct drift *d, const json_t *was, const json_t *is)
{
	const json_t *a = json_object_get(was, "cluster");
	const json_t *b = json_object_get(is, "cluster");

	if (strcmp(json_text(a, "type"), json_text(b, "type")) != 0 ||
	    strcmp(json_text(a, "name"), json_text(b, "name")) != 0)
		ADD(d, "another cluster: ", json_text(b, "type"), " ",
		    json_text(b, "name"), ", planned for ",
		    json_text(a, "type"), " ", json_text(a, "name"));
	else if (strcmp(json_text(a, "configuration"),
		     json_text(b, "configuration")) != 0)
		ADD(d, "the configuration of the cluster was changed: version ",
		    json_text(b, "configuration"), ", planned with ",
		    json_text(a, "configuration"));
}

static void
option_drift(struct drift *d, const json_t *was, const json_t *is)
{
	const json_t *a = json_object_get(was, "options");
	json_t *b = json_object_get(is, "options"), *value;
	struct buf now = BUF_INIT, then = BUF_INIT;
	const json_t *old;
	const char *key;

	json_object_foreach(b, key, value)
	{
		old = json_object_get(a, key);
		if (json_equal(old, value))
			continue;
		buf_reset(&now);
		buf_reset(&then);
		json_add(&now, value);
		json_add(&then, old);
		ADD(d, "option ", key, ": ", now.data, ", planned as ",
		    then.data);
	}
	buf_release(&now);
	buf_release(&then);
	if (!json_equal(json_object_get(was, "plugins"),
		json_object_get(is, "plugins")))
		ADD(d, "the plug-ins or their arguments are others");
}

/* Of "NAME DIGEST;NAME DIGEST;" those that are not as they were. Update files
 * are told one by one, by the nodes that they are for. */
static void
digest_drift(struct drift *d, const json_t *was, const json_t *is)
{
	const char *before = json_text(was, "digest");
	const char *now = json_text(is, "digest"), *part;
	char *copy = xstrdup(now), *save, *whole;

	for (part = strtok_r(copy, ";", &save); part != NULL;
	     part = strtok_r(NULL, ";", &save)) {
		whole = xasprintf("%s;", part);
		if (strncmp(whole, HOTFIX_FILES " ", sizeof(HOTFIX_FILES)) !=
			0 &&
		    strstr(before, whole) == NULL) {
			whole[strcspn(whole, " ")] = '\0';
			ADD(d, whole,
			    strstr(whole, "Script") == NULL
				? ": its rules or arguments were changed"
				: ": the script was changed");
		}
		free(whole);
	}
	free(copy);
}

static const json_t *
find_node(const json_t *doc, const char *name)
{
	const json_t *list = json_object_get(doc, "nodes"), *j;

	for (size_t i = 0; i < json_array_size(list); i++) {
		j = json_array_get(list, i);
		if (text_casecmp(json_text(j, "name"), name) == 0)
			return j;
	}
	return NULL;
}

static bool
is_applicable(const json_t *u)
{
	return strcmp(json_text(u, "state"), "Applicable") == 0;
}

static const json_t *
find_update(const json_t *node, const json_t *update)
{
	const json_t *list = json_object_get(node, "updates"), *j;

	for (size_t i = 0; i < json_array_size(list); i++) {
		j = json_array_get(list, i);
		if (is_applicable(j) &&
		    strcmp(json_text(j, "id"), json_text(update, "id")) == 0 &&
		    strcmp(json_text(j, "plugin"),
			json_text(update, "plugin")) == 0)
			return j;
	}
	return NULL;
}

static const char *
label_of(const json_t *u)
{
	const char *path = json_text(u, "path");

	return *path == '\0' ? json_text(u, "id") : path;
}

static void
update_drift(
    struct drift *d, const char *node, const json_t *was, const json_t *is)
{
	if (strcmp(json_text(was, "version"), json_text(is, "version")) != 0)
		ADD(d, node, ": ", label_of(is), " has version ",
		    json_text(is, "version"), ", planned with ",
		    json_text(was, "version"));
	else if (strcmp(json_text(was, "sha256"), json_text(is, "sha256")) != 0)
		ADD(d, node, ": ", label_of(is), " has other contents");
}

static void
node_drift(struct drift *d, const json_t *was, const json_t *is)
{
	const char *name = json_text(is, "name");
	const json_t *old = json_object_get(was, "updates");
	const json_t *now = json_object_get(is, "updates"), *u, *other;
	size_t i;

	if (strcmp(json_text(was, "address"), json_text(is, "address")) != 0)
		ADD(d, name, ": its address is ", json_text(is, "address"),
		    ", planned with ", json_text(was, "address"));
	if (strcmp(json_text(is, "status"), "Succeeded") != 0) {
		ADD(d, name,
		    ": it cannot be scanned: ", json_text(is, "error"));
		return;
	}
	if (*json_text(was, "restart_pending") == '\0' &&
	    *json_text(is, "restart_pending") != '\0')
		ADD(d, name, ": it waits for a restart: ",
		    json_text(is, "restart_pending"));
	for (i = 0; i < json_array_size(now); i++) {
		u = json_array_get(now, i);
		if (!is_applicable(u))
			continue;
		other = find_update(was, u);
		if (other == NULL)
			ADD(d, name, ": ", label_of(u), " is new");
		else
			update_drift(d, name, other, u);
	}
	for (i = 0; i < json_array_size(old); i++) {
		u = json_array_get(old, i);
		if (is_applicable(u) && find_update(is, u) == NULL)
			ADD(d, name, ": ", label_of(u),
			    " is not to be installed any more");
	}
}

static void
nodes_drift(struct drift *d, const json_t *was, const json_t *is)
{
	const json_t *old = json_object_get(was, "nodes");
	const json_t *now = json_object_get(is, "nodes"), *node, *other;
	size_t i, n = d->n;

	for (i = 0; i < json_array_size(now); i++) {
		node = json_array_get(now, i);
		if (find_node(was, json_text(node, "name")) == NULL)
			ADD(d, json_text(node, "name"),
			    ": this node is not in the plan");
	}
	for (i = 0; i < json_array_size(old); i++) {
		node = json_array_get(old, i);
		if (find_node(is, json_text(node, "name")) == NULL)
			ADD(d, json_text(node, "name"),
			    ": this node of the plan is gone");
	}
	for (i = 0; i < json_array_size(now) && d->n == n; i++)
		if (find_node(was, json_text(json_array_get(now, i), "name")) !=
		    json_array_get(old, i))
			ADD(d, "the nodes come in another order");
	for (i = 0; i < json_array_size(now); i++) {
		node = json_array_get(now, i);
		other = find_node(was, json_text(node, "name"));
		if (other != NULL)
			node_drift(d, other, node);
	}
}

size_t
plan_drift(struct buf *lines, const json_t *plan, const json_t *now)
{
	struct drift d = {lines, 0};

	cluster_drift(&d, plan, now);
	option_drift(&d, plan, now);
	digest_drift(&d, plan, now);
	nodes_drift(&d, plan, now);
	return d.n;
}

static size_t
place_of(const json_t *plan, const char *name)
{
	const json_t *list = json_object_get(plan, "nodes");
	size_t i = 0, n = json_array_size(list);

	while (i < n && text_casecmp(json_text(json_array_get(list, i), "name"),
			    name) != 0)
		i++;
	return i;
}

void
plan_order(const json_t *plan, struct run_node *nodes, size_t n)
{
	struct run_node node;
	size_t i, k;

	/* Those of one place keep their order. */
	for (i = 1; i < n; i++) {
		node = nodes[i];
		for (k = i; k > 0 && place_of(plan, nodes[k - 1].name) >
					 place_of(plan, node.name);
		     k--)
			nodes[k] = nodes[k - 1];
		nodes[k] = node;
	}
}
