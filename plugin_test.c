/* SPDX-License-Identifier: ISC */
/* cau plugin test. */
#include "plugin_test.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "external.h"
#include "node_sh.h"
#include "state.h"
#include "text.h"

#define NODE	   "test-node"
#define CONNECT_MS 15000
#define UNKNOWN_MS 10000
#define SHOWN	   3

struct test {
	struct plugin_findings *found;
	struct arena arena;
	struct plugin plugin;
	struct transport transport;
	struct node node;
	char *dir; /* holds everything that the test makes */
	char run_id[RUN_ID_SIZE];
	struct scan_result offered;
	struct install_result *results; /* of each of them */
};

static void CAU_PRINTF(2, 3) add(json_t *list, const char *fmt, ...)
{
	va_list ap;
	char *text = NULL;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) == -1)
		text = xstrdup(fmt);
	va_end(ap);
	(void)json_array_append_new(list, json_from_text(text));
	free(text);
}

/* "a, b, c and 4 more" */
static const char *
names_of(struct test *t, const struct scan_result *s)
{
	struct buf b = BUF_INIT;
	const char *text;

	for (size_t i = 0; i < s->n_updates && i < SHOWN; i++)
		buf_addf(&b, "%s%s", i == 0 ? ": " : ", ", s->updates[i].id);
	if (s->n_updates > SHOWN)
		buf_addf(&b, " and %zu more", s->n_updates - SHOWN);
	text = arena_strdup(&t->arena, b.data);
	buf_release(&b);
	return text;
}

static bool
offers(const struct scan_result *s, const char *id)
{
	for (size_t i = 0; i < s->n_updates; i++)
		if (strcmp(s->updates[i].id, id) == 0)
			return true;
	return false;
}

static bool
same_offers(const struct scan_result *a, const struct scan_result *b)
{
	if (a->n_updates != b->n_updates)
		return false;
	for (size_t i = 0; i < a->n_updates; i++)
		if (!offers(b, a->updates[i].id))
			return false;
	return true;
}

static int
scan(struct test *t, struct scan_result *s)
{
	struct err e;

	if (t->plugin.ops->scan(
		t->plugin.self, &t->node, false, s, &t->arena, &e) == NODE_OK)
		return 0;
	add(t->found->problems, "%s", e.text);
	return -1;
}

/* A scan changes nothing, so two of them say the same. */
static int
scan_twice(struct test *t)
{
	struct scan_result again;

	if (scan(t, &t->offered) == -1 || scan(t, &again) == -1)
		return -1;
	if (same_offers(&t->offered, &again))
		add(t->found->fine, "scan: %zu update%s%s",
		    t->offered.n_updates, t->offered.n_updates == 1 ? "" : "s",
		    names_of(t, &t->offered));
	else
		add(t->found->problems,
		    "scan: two scans, with nothing done between them, do not "
		    "offer the same");
	return 0;
}

static int
stage(struct test *t, const char **jobs)
{
	int64_t bytes;
	struct err e;

	for (size_t i = 0; i < t->offered.n_updates; i++)
		jobs[i] = arena_printf(&t->arena, "%s.0.%zu", t->run_id, i);
	if (t->plugin.ops->stage(t->plugin.self, &t->node, t->offered.updates,
		jobs, t->offered.n_updates, &bytes, &e) != NODE_OK) {
		add(t->found->problems,
		    "%s (with nothing to stage, end with 0, or have "
		    "\"stage\":false in the description)",
		    e.text);
		return -1;
	}
	add(t->found->fine, "stage");
	return 0;
}

static void
install(struct test *t, size_t i, const char *job, int log_dir)
{
	const struct update *u = &t->offered.updates[i];
	struct install_result *r = &t->results[i];
	struct install_order order = {.run_id = t->run_id,
	    .job = job,
	    .boot_id = t->node.boot_id,
	    .log_dir = log_dir,
	    .log_name = "log"};
	struct err e;

	if (t->plugin.ops->install(t->plugin.self, &t->node, u, &order, r,
		&t->arena, &e) != NODE_OK)
		add(t->found->problems, "install of %s: %s", u->id, e.text);
	else if (r->result == RESULT_FAILED)
		add(t->found->problems, "install of %s: Failed: %s", u->id,
		    *r->reason == '\0' ? "no reason was given" : r->reason);
	else
		add(t->found->fine, "install of %s: %s%s", u->id,
		    update_result_name(r->result),
		    r->reboot_required ? ", wants a restart" : "");
}

/* What is there must not be offered any more, or the nodes are never done. */
static void
scan_after(struct test *t)
{
	struct scan_result now;
	size_t before = json_array_size(t->found->problems);
	bool some = false;

	if (scan(t, &now) == -1)
		return;
	for (size_t i = 0; i < t->offered.n_updates; i++) {
		if (t->results[i].result != RESULT_SUCCEEDED ||
		    t->results[i].reboot_required)
			continue;
		some = true;
		if (offers(&now, t->offered.updates[i].id))
			add(t->found->problems,
			    "scan after install: %s is offered again; what is "
			    "installed must not be",
			    t->offered.updates[i].id);
	}
	if (some && json_array_size(t->found->problems) == before)
		add(t->found->fine,
		    "scan after install: what was installed is not offered "
		    "again");
}

static void
install_all(struct test *t)
{
	size_t n = t->offered.n_updates;
	const char **jobs = arena_alloc(&t->arena, n * sizeof(*jobs));
	int log_dir;

	t->results = arena_alloc(&t->arena, n * sizeof(*t->results));
	if (stage(t, jobs) == -1)
		return;
	log_dir = open(t->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < n; i++)
		install(t, i, jobs[i], log_dir);
	if (log_dir != -1)
		(void)close(log_dir);
	scan_after(t);
}

/* A later version may have more verbs: one that is not known must fail. */
static void
try_unknown_verb(struct test *t, const char *path)
{
	const char *argv[] = {path, "no-such-verb", NULL};
	struct child_status status;
	struct err e;

	if (child_run(argv, "{}\n", NULL, PROTOCOL_MAX_BYTES, NULL,
		clock_ms() + UNKNOWN_MS, &status, &e) == -1)
		add(t->found->problems, "an unknown verb: %s", e.text);
	else if (status.how == CHILD_EXITED && status.code == 0)
		add(t->found->problems,
		    "an unknown verb ends with 0; anything else is expected");
}

static void
try_verbs(struct test *t, const char *path, bool really)
{
	if (scan_twice(t) == -1)
		return;
	if (really)
		try_unknown_verb(t, path);
	if (t->offered.n_updates == 0)
		add(t->found->not_tried,
		    "stage and install: the scan offers nothing (arguments "
		    "with -a may change that)");
	else if (!really)
		add(t->found->not_tried,
		    "stage and install: they would change this machine; cau "
		    "plugin test --yes tries them too");
	else
		install_all(t);
}

static int
make_node(struct test *t, struct err *e)
{
	static const char *const rsh[] = {"ssh", NULL};
	const char *base = getenv("TMPDIR");

	t->dir = xasprintf(
	    "%s/cau-test.XXXXXX", base == NULL || *base != '/' ? "/tmp" : base);
	if (mkdtemp(t->dir) == NULL) {
		(void)err_sys(e, "cannot make a folder %s", t->dir);
		free(t->dir);
		t->dir = NULL;
		return -1;
	}
	t->transport = (struct transport){.rsh = rsh,
	    .state_dir = arena_printf(&t->arena, "%s/node", t->dir),
	    .connect_ms = CONNECT_MS,
	    .plugin_text = node_external_sh};
	node_init(&t->node, NODE, "local", &t->transport, &t->arena);
	run_id_new(t->run_id);
	return 0;
}

static int
configure(struct test *t, const char *args)
{
	struct run_node node = {NODE, "local", true};
	struct plugin_config config = {
	    t->plugin.ops, t->dir, args, &node, 1, false, true, true};
	struct buf warnings = BUF_INIT;
	struct err e;
	int rc =
	    t->plugin.ops->configure(&t->plugin.self, &config, &warnings, &e);

	buf_release(&warnings);
	if (rc == -1)
		add(t->found->problems, "%s%s", e.text,
		    e.code == CAU_USAGE
			? " (arguments are given as -a 'NAME=VALUE')"
			: "");
	return rc;
}

static void
tell_description(struct test *t, const struct registered *p)
{
	const struct protocol_description *d = &p->description;

	add(t->found->fine,
	    "describe: %s %s, protocol %d, runs on the %s, %zu argument%s",
	    d->name, d->version, PROTOCOL_VERSION,
	    d->on_coordinator ? "coordinator" : "node", d->n_arguments,
	    d->n_arguments == 1 ? "" : "s");
	if (plugin_builtin(d->name) != NULL)
		add(t->found->problems,
		    "describe: %s is the name of a built-in plug-in", d->name);
}

int
plugin_test(struct plugin_findings *f, const char *path, const char *args,
    bool really, struct err *e)
{
	struct test t = {.found = f};
	struct buf warnings = BUF_INIT;
	struct registered p;
	json_t *object = NULL;
	int rc = 0;

	f->problems = json_array();
	f->fine = json_array();
	f->not_tried = json_array();
	if (registry_describe(&p, &object, path, &warnings, &t.arena, e) ==
	    -1) {
		add(f->problems, "%s%s%.*s", e->text,
		    warnings.len > 0 ? ": " : "",
		    (int)strcspn(warnings.data, "\n"), warnings.data);
	} else {
		tell_description(&t, &p);
		rc = make_node(&t, e);
	}
	if (t.dir != NULL) {
		t.plugin.ops = external_ops(&p, &t.arena);
		if (configure(&t, args) == 0) {
			try_verbs(&t, p.path, really);
			node_close(&t.node);
			t.plugin.ops->release(t.plugin.self);
		}
		file_remove_tree(t.dir);
		free(t.dir);
	}
	json_decref(object);
	buf_release(&warnings);
	arena_release(&t.arena);
	return rc;
}
