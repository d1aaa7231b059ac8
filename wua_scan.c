/* SPDX-License-Identifier: ISC */
/* What the update agents of a node offer, and what of it a query asks for. */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"
#include "wua_self.h"

/* More lines than this say nothing but that something is wrong. */
#define MAX_LINES 1000000

/* All lines of an answer, those of one agent behind a line "agent". */
struct answer {
	struct agent_line *lines;
	size_t n, cap;
	struct arena *arena;
};

static void
take_line(void *ctx, const char *key, const char *text, size_t len)
{
	struct answer *w = ctx;

	(void)len;
	if (w->n == MAX_LINES)
		return;
	w->lines = xgrow(w->lines, w->n, &w->cap, sizeof(*w->lines));
	w->lines[w->n++] = (struct agent_line){
	    arena_strdup(w->arena, key), arena_strdup(w->arena, text)};
}

/* An update that is known to match, or would but for one thing. */
struct found {
	const struct wua *self;
	struct scan_result *result;
	size_t cap, cap_ignored;
	struct update *updates;
	struct ignored *ignored;
	struct arena *arena;
};

static const char *
printable(const char *s, struct arena *a)
{
	struct buf b = BUF_INIT;
	const char *out;

	text_printable(&b, s, strlen(s));
	out = arena_strdup(a, b.data);
	buf_release(&b);
	return out;
}

static bool
matches(const struct wua *self, const json_t *properties, struct arena *a)
{
	struct wua_record r;
	struct err e;

	return wua_record_from_json(&r, properties, a, &e) == 0 &&
	       wua_match(&self->query, &r);
}

static const char *
as_text(const json_t *j, struct arena *a)
{
	struct buf b = BUF_INIT;
	const char *text;

	json_add(&b, j);
	text = arena_strdup(a, b.data);
	buf_release(&b);
	return text;
}

static void
add_ignored(struct found *f, const char *path, const char *reason)
{
	size_t n = f->result->n_ignored;

	f->ignored = xgrow(f->ignored, n, &f->cap_ignored, sizeof(*f->ignored));
	f->ignored[f->result->n_ignored++] = (struct ignored){path, reason};
}

static void
add_update(struct found *f, const char *agent, const struct agent_update *in,
    const char *path, const json_t *properties)
{
	const struct agent_package *p = in->packages;
	struct update *u;

	f->updates = xgrow(
	    f->updates, f->result->n_updates, &f->cap, sizeof(*f->updates));
	u = &f->updates[f->result->n_updates++];
	*u = (struct update){.plugin = wua_plugin.name,
	    .rule = agent,
	    .path = path,
	    .sha256 = "",
	    .joint = true,
	    .reason = ""};
	u->id = wua_update_id(agent, in, f->arena);
	u->title = printable(in->title, f->arena);
	u->description = printable(in->description, f->arena);
	u->version = in->n_packages == 1 ? printable(p->version, f->arena) : "";
	u->kb = printable(in->advisory, f->arena);
	u->size_bytes = in->size_bytes;
	u->properties = as_text(properties, f->arena);
	u->installed = in->installed;
	if (in->wants_reboot)
		u->restart = UPDATE_RESTART_EXPECTED;
	if (in->installed)
		u->reason = in->pending ? "it is installed and waits for a "
					  "restart of the node"
					: "it is installed";
}

/*
 * What is held or left out is never installed, so it is no update of a scan;
 * it is named when the query would have it otherwise.
 */
static void
consider(struct found *f, const char *agent, const struct agent_update *u)
{
	const char *name = *u->advisory != '\0' ? u->advisory
			   : u->n_packages > 0	? u->packages->name
						: u->title;
	const char *path =
	    printable(arena_printf(f->arena, "%s/%s", agent, name), f->arena);
	json_t *properties = wua_properties(agent, u, f->arena);
	struct buf words = BUF_INIT;
	bool match;

	match = matches(f->self, properties, f->arena);
	if (!match && u->held && !u->installed) {
		json_set(properties, "IsHidden", json_false());
		match = matches(f->self, properties, f->arena);
	}
	if (!match)
		;
	else if (u->installed)
		add_update(f, agent, u, path, properties);
	else if (u->held)
		add_ignored(f, path, "held on this node");
	else if (*u->excluded != '\0')
		add_ignored(f, path, printable(u->excluded, f->arena));
	else if (wua_add_packages(&words, "", as_text(properties, f->arena)) ==
		 -1)
		add_ignored(f, path, "its name or version is none");
	else
		add_update(f, agent, u, path, properties);
	buf_release(&words);
	json_decref(properties);
}

static const struct wua_agent *
find_agent(const char *name)
{
	const struct wua_agent *w;

	for (w = wua_agents; w->name != NULL; w++)
		if (strcmp(w->name, name) == 0)
			return w;
	return NULL;
}

/* The answer from the line behind "agent" to the next one. */
static int
take_agent(struct found *f, const char *name, const struct agent_line *lines,
    size_t n, struct err *e)
{
	const struct wua_agent *agent = find_agent(name);
	struct agent_list list;

	if (agent == NULL)
		return err_set(
		    e, CAU_FAILED, "there is no update agent %.40s", name);
	if (agent->parse(&list, lines, n, f->arena, e) == -1)
		return -1;
	for (size_t i = 0; i < list.n_updates; i++)
		consider(f, agent->name, &list.updates[i]);
	return 0;
}

static int
take_answer(struct found *f, const struct answer *w, struct err *e)
{
	size_t start, i = 0;

	while (i < w->n) {
		if (strcmp(w->lines[i].section, "agent") != 0)
			return err_set(e, CAU_FAILED,
			    "the node's answer is not understood: %.100s",
			    w->lines[i].section);
		start = i++;
		while (i < w->n && strcmp(w->lines[i].section, "agent") != 0)
			i++;
		if (take_agent(f, w->lines[start].text, w->lines + start + 1,
			i - start - 1, e) == -1)
			return -1;
	}
	return 0;
}

enum node_rc
wua_scan(const void *self, struct node *n, bool ignore_receipts,
    struct scan_result *result, struct arena *a, struct err *e)
{
	const struct wua *s = self;
	struct answer w = {.arena = a};
	struct found f = {.self = s, .result = result, .arena = a};
	enum node_rc rc;

	(void)ignore_receipts; /* what is installed is never installed again */
	memset(result, 0, sizeof(*result));
	rc = node_call(n,
	    s->wants_installed ? "cau_agents_list installed"
			       : "cau_agents_list",
	    take_line, &w, WUA_SCAN_MS, e);
	if (rc == NODE_OK && take_answer(&f, &w, e) == -1)
		rc = NODE_FAILED;
	result->updates =
	    arena_alloc(a, (result->n_updates + 1) * sizeof(*f.updates));
	result->ignored =
	    arena_alloc(a, (result->n_ignored + 1) * sizeof(*f.ignored));
	if (f.updates != NULL)
		memcpy(result->updates, f.updates,
		    result->n_updates * sizeof(*f.updates));
	if (f.ignored != NULL)
		memcpy(result->ignored, f.ignored,
		    result->n_ignored * sizeof(*f.ignored));
	free(f.updates);
	free(f.ignored);
	free(w.lines);
	return rc;
}
