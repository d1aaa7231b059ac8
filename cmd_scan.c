/* SPDX-License-Identifier: ISC */
/* cau scan: what would be installed, per node. Changes nothing. */
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "options.h"
#include "report.h"
#include "run.h"
#include "scan.h"
#include "text.h"

static struct order *
make_scan(struct work *w, size_t node)
{
	struct order *o = xcalloc(1, sizeof(*o));

	(void)w;
	(void)node;
	o->started.type = EV_OP_STARTED;
	o->started.op = OP_SCAN;
	return o;
}

static void
scanned(void *ctx, struct order *o)
{
	struct order **results = ctx;

	results[o->number] = o;
}

int
scan_nodes(struct work *w, struct order **results, struct err *e)
{
	return work_each(w, make_scan, scanned, results, e);
}

static json_t *
ignored_json(const struct scan_result *s)
{
	json_t *list = json_array(), *j;

	for (size_t i = 0; i < s->n_ignored; i++) {
		j = json_object();
		json_set(j, "path", json_from_text(s->ignored[i].path));
		json_set(j, "reason", json_from_text(s->ignored[i].reason));
		(void)json_array_append_new(list, j);
	}
	return list;
}

void
scan_add_error(struct buf *b, const struct event *ended)
{
	if (ended->outcome != OUTCOME_OK)
		buf_addstr(b, ended->error);
	for (size_t i = 0; i < ended->n_failures; i++)
		buf_addf(b, "%s%s: %s", b->len > 0 ? "; " : "",
		    ended->failures[i].plugin, ended->failures[i].error);
}

void
scan_to_object(const struct event *ended, json_t *j)
{
	const struct scan_result *s = &ended->scan;
	bool ok = ended->outcome == OUTCOME_OK;
	json_t *updates = json_array();
	struct buf why = BUF_INIT;

	json_set(j, "status",
	    json_string(!ok			? "Failed"
			: ended->n_failures > 0 ? "PartiallyFailed"
						: "Succeeded"));
	scan_add_error(&why, ended);
	json_set(j, "error", json_from_text_or_null(why.data));
	buf_release(&why);
	for (size_t i = 0; i < s->n_updates; i++)
		(void)json_array_append_new(
		    updates, update_to_json(&s->updates[i]));
	json_set(j, "updates", updates);
	json_set(j, "restart_pending", json_from_text_or_null(s->restart));
}

static json_t *
node_json(const struct order *o)
{
	json_t *j = json_object();

	json_set(j, "name", json_from_text(o->started.node));
	scan_to_object(&o->ended, j);
	json_set(j, "ignored", ignored_json(&o->ended.scan));
	return j;
}

void
scan_print_json(const struct run_info *run, struct order **results)
{
	json_t *doc, *nodes = json_array(), *plugins = json_array();

	for (size_t i = 0; i < run->n_plugins; i++)
		(void)json_array_append_new(
		    plugins, json_from_text(run->plugins[i].name));
	for (size_t i = 0; results != NULL && i < run->n_nodes; i++)
		(void)json_array_append_new(nodes, node_json(results[i]));
	doc = json_pack("{s:i, s:s, s:{s:s, s:s}, s:o, s:o}", "format", 1,
	    "command", "scan", "cluster", "type", run->cluster_type, "name",
	    run->cluster_name, "plugins", plugins, "nodes", nodes);
	json_print(stdout, doc, false);
}

/* One node as a table; the cells live in the order's arena. */
static void
node_text(struct buf *b, struct order *o, bool verbose)
{
	const struct scan_result *s = &o->ended.scan;
	const struct update *u;
	const char **cells, **c;
	char size[TEXT_SMALL_SIZE];
	size_t applicable = 0;

	for (size_t i = 0; i < s->n_updates; i++)
		applicable += !s->updates[i].installed;
	buf_addf(b, "%s: ", o->started.node);
	if (o->ended.outcome != OUTCOME_OK) {
		buf_addf(b, "error: %s\n", o->ended.error);
		return;
	}
	buf_addf(b, "%zu to install, %zu already installed, %zu ignored\n",
	    applicable, s->n_updates - applicable, s->n_ignored);
	if (s->restart != NULL)
		buf_addf(b, "  restart pending: %s\n", s->restart);
	for (size_t i = 0; i < o->ended.n_failures; i++)
		buf_addf(b, "  error: %s: %s\n", o->ended.failures[i].plugin,
		    o->ended.failures[i].error);
	c = cells =
	    arena_alloc(&o->arena, 6 * (s->n_updates + 1) * sizeof(*cells));
	*c++ = "  STATE";
	*c++ = "UPDATE";
	*c++ = "VERSION";
	*c++ = "KB";
	*c++ = "SIZE";
	*c++ = "TITLE";
	for (size_t i = 0; i < s->n_updates; i++) {
		u = &s->updates[i];
		*c++ = u->installed ? "  AlreadyInstalled" : "  Applicable";
		*c++ = u->id;
		*c++ = u->version;
		*c++ = u->kb;
		text_size(size, (uint64_t)u->size_bytes);
		*c++ = arena_strdup(&o->arena, size);
		*c++ = u->installed ? u->reason : u->title;
	}
	if (s->n_updates > 0)
		report_table(b, cells, 6, s->n_updates + 1);
	for (size_t i = 0; i < s->n_ignored && (verbose || i < 20); i++)
		buf_addf(b, "  ignored: %s (%s)\n", s->ignored[i].path,
		    s->ignored[i].reason);
	if (s->n_ignored > 20 && !verbose)
		buf_addf(b, "  ignored: %zu more (-v names them)\n",
		    s->n_ignored - 20);
}

void
scan_print_text(
    const struct run_info *run, struct order **results, bool verbose)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < run->n_nodes; i++) {
		buf_reset(&b);
		node_text(&b, results[i], verbose);
		(void)fputs(b.data, stdout);
	}
	buf_release(&b);
}

int
scan_exit_code(
    const struct run_info *run, struct order **results, bool applicable_is_100)
{
	size_t failed = 0, partly = 0, applicable = 0;

	for (size_t i = 0; i < run->n_nodes; i++) {
		failed += results[i]->ended.outcome != OUTCOME_OK;
		partly += results[i]->ended.n_failures > 0;
		for (size_t k = 0; k < results[i]->ended.scan.n_updates; k++)
			applicable +=
			    !results[i]->ended.scan.updates[k].installed;
	}
	if (failed + partly > 0)
		return failed == run->n_nodes ? CAU_FAILED : CAU_PARTIAL;
	return applicable_is_100 && applicable > 0 ? CAU_APPLICABLE : CAU_OK;
}

static int
scan(struct options *o)
{
	struct order **results =
	    xcalloc(o->run.n_nodes, sizeof(struct order *));
	struct work w;
	struct err e;
	int rc;

	rc = work_init(&w, &o->run, o->state_dir, o->no_metadata, false, &e);
	if (!o->quiet || rc == -1)
		(void)fputs(w.warnings.data, stderr);
	if (rc == 0)
		rc = scan_nodes(&w, results, &e);
	if (rc == -1) {
		if (o->json)
			print_json_error("scan", &e, false);
		rc = command_fail("scan", &e);
	} else {
		if (o->json)
			scan_print_json(&o->run, results);
		else
			scan_print_text(&o->run, results, o->verbose > 0);
		rc = scan_exit_code(&o->run, results, o->exit_code);
	}
	for (size_t i = 0; i < o->run.n_nodes; i++)
		if (results[i] != NULL)
			order_free(results[i]);
	free(results);
	work_release(&w);
	return rc;
}

int
complete_options(struct options *o, const char *synopsis, bool one_line)
{
	struct err e;
	bool profile = (o->plan != NULL ? options_plan(o, &e)
					: options_profile(o, &e)) == -1,
	     failed = profile;

	if (!failed)
		failed = options_run_info(o, &e) == -1;
	if (profile || !o->quiet)
		(void)fputs(o->warnings.data, stderr);
	if (!failed)
		return -1;
	if (!profile && e.code == CAU_USAGE)
		return command_misuse(o->command, synopsis, "%s", e.text);
	if (o->json)
		print_json_error(o->command, &e, one_line);
	return command_fail(o->command, &e);
}

int
cmd_scan(int argc, char **argv)
{
	struct options o;
	int rc = options_parse(&o, CMD_SCAN, SCAN_SYNOPSIS, argc, argv);

	if (rc == -1 && o.n_operands > 0)
		rc = command_misuse("scan", SCAN_SYNOPSIS,
		    "unexpected word '%s'", o.operands[0]);
	if (rc == -1)
		rc = complete_options(&o, SCAN_SYNOPSIS, false);
	if (rc == -1)
		rc = command_done("scan", scan(&o));
	options_release(&o);
	return rc;
}
