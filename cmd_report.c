/* SPDX-License-Identifier: ISC */
/* cau report: reports of past runs. */
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "journal.h"
#include "options.h"
#include "report.h"
#include "salvage.h"
#include "scan.h"
#include "state.h"
#include "text.h"
#include "view.h"

static json_t *
summary(const struct engine *g)
{
	json_t *full = report_to_json(g), *j = json_object();
	static const char *const keys[] = {"run_id", "status", "started_at",
	    "finished_at", "duration_s", "plugins", "error", NULL};

	for (size_t i = 0; keys[i] != NULL; i++)
		(void)json_object_set(
		    j, keys[i], json_object_get(full, keys[i]));
	json_set(j, "nodes", json_integer((json_int_t)g->run.n_nodes));
	json_decref(full);
	return j;
}

static int
fail(const struct options *o, const char *command, const struct err *e)
{
	if (o->json)
		print_json_error(command, e, false);
	return command_fail("report", e);
}

static void
list_run(const struct engine *g, struct buf *b, json_t *runs)
{
	json_t *j = summary(g);

	report_line(b, g);
	json_set(j, "damage", json_null());
	(void)json_array_append_new(runs, j);
}

/* In its place among the others. */
static void
list_damaged(
    const char *run_id, const struct err *e, struct buf *b, json_t *runs)
{
	json_t *j = json_object();

	buf_addf(b, "%.8s  cannot be read: ", run_id);
	text_printable(b, e->text, strlen(e->text));
	buf_addc(b, '\n');
	json_set(j, "run_id", json_string(run_id));
	json_set(j, "damage", json_from_text(e->text));
	(void)json_array_append_new(runs, j);
}

/* Those that were put aside are told behind the others, lest a node that is
 * out of service because of one is forgotten. */
static void
list_aside(const struct options *o, struct buf *b, json_t *runs)
{
	char **names = state_runs(o->state_dir, true), *path;
	struct err e;

	for (size_t i = 0; names[i] != NULL; i++) {
		path = state_run_dir(o->state_dir, names[i]);
		(void)err_set(&e, CAU_FAILED,
		    "its journal is damaged; it is kept in %s", path);
		free(path);
		names[i][RUN_ID_SIZE - 1] = '\0';
		list_damaged(names[i], &e, b, runs);
	}
	state_runs_free(names);
}

/* A run that is just being made is none yet. */
static int
list(const struct options *o)
{
	json_t *runs, *doc;
	char **ids, *path;
	struct buf b = BUF_INIT;
	struct engine g;
	struct err e;
	bool driven;

	if (state_check(o->state_dir, &e) == -1)
		return fail(o, "report list", &e);
	runs = json_array();
	ids = state_runs(o->state_dir, false);
	for (size_t i = 0; ids[i] != NULL; i++) {
		path = state_journal(o->state_dir, ids[i]);
		driven = state_is_driven(o->state_dir, ids[i]);
		engine_init(&g);
		if (journal_load(&g, path, NULL, &e) == 0)
			list_run(&g, &b, runs);
		else if (!driven || g.run.run_id != NULL)
			list_damaged(ids[i], &e, &b, runs);
		engine_release(&g);
		free(path);
	}
	list_aside(o, &b, runs);
	doc = json_pack("{s:i, s:s, s:o}", "format", 1, "command",
	    "report list", "runs", runs);
	if (o->json)
		json_print(stdout, json_incref(doc), false);
	else if (b.len == 0)
		(void)puts("No reports.");
	else
		(void)fputs(b.data, stdout);
	json_decref(doc);
	buf_release(&b);
	state_runs_free(ids);
	return CAU_OK;
}

/* Of one that was put aside: what can still be read of it. */
static int
show_aside(const struct options *o, const char *name)
{
	char *path = state_run_dir(o->state_dir, name);
	struct buf text = BUF_INIT, shown = BUF_INIT;
	char *line, *save;
	struct err e;

	salvage_tell(path, &text);
	for (line = strtok_r(text.data, "\n", &save); line != NULL && !o->json;
	     line = strtok_r(NULL, "\n", &save)) {
		text_printable(&shown, line, strlen(line));
		buf_addc(&shown, '\n');
	}
	(void)fputs(shown.data, stdout);
	(void)err_set(&e, CAU_FAILED,
	    "the journal of this run is damaged; it is kept in %s", path);
	buf_release(&shown);
	buf_release(&text);
	free(path);
	if (!o->json)
		return CAU_FAILED;
	return fail(o, "report show", &e);
}

/* The name of the folder put aside that a word means, the newest of them, or
 * NULL. The caller frees it. */
static char *
find_aside(const struct options *o, const char *word)
{
	char **names = state_runs(o->state_dir, true), *found = NULL;

	for (size_t i = 0; word != NULL && found == NULL && names[i] != NULL;
	     i++)
		if (strncmp(names[i], word, strlen(word)) == 0)
			found = xstrdup(names[i]);
	state_runs_free(names);
	return found;
}

static int
show(const struct options *o, const char *word)
{
	char id[RUN_ID_SIZE], *path, *aside, *dir;
	struct buf b = BUF_INIT;
	struct engine g;
	struct err e;
	json_t *j;
	int rc = CAU_OK;

	if (state_check(o->state_dir, &e) == -1)
		return fail(o, "report show", &e);
	if (state_find_run(o->state_dir, word, id, &e) == -1) {
		aside = find_aside(o, word);
		if (aside == NULL)
			return fail(o, "report show", &e);
		rc = show_aside(o, aside);
		free(aside);
		return rc;
	}
	path = state_journal(o->state_dir, id);
	engine_init(&g);
	if (journal_load(&g, path, NULL, &e) == -1) {
		rc = fail(o, "report show", &e);
	} else if (o->json) {
		j = report_to_json(&g);
		json_print(stdout, j, false);
	} else {
		dir = state_run_dir(o->state_dir, id);
		report_to_text(&b, &g, dir, view_color_stdout(o->no_color));
		free(dir);
		(void)fputs(b.data, stdout);
	}
	buf_release(&b);
	engine_release(&g);
	free(path);
	return rc;
}

int
cmd_report(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "", *word = NULL;
	struct options o;
	int rc;

	if (*verb != '-' && *verb != '\0') {
		argv[1] = argv[0];
		argc--;
		argv++;
		if (argc > 1 && argv[1][0] != '-') {
			word = argv[1];
			argv[1] = argv[0];
			argc--;
			argv++;
		}
	} else {
		verb = "";
	}
	rc = options_parse(&o, CMD_REPORT, REPORT_SYNOPSIS, argc, argv);
	if (rc == -1 && word == NULL && o.n_operands == 1)
		word = o.operands[0];
	else if (rc == -1 && o.n_operands > 0)
		rc = command_misuse("report", REPORT_SYNOPSIS,
		    "unexpected word '%s'", o.operands[0]);
	if (rc == -1 && strcmp(verb, "list") == 0 && word == NULL)
		rc = command_done("report", list(&o));
	else if (rc == -1 && strcmp(verb, "show") == 0)
		rc = command_done("report", show(&o, word));
	else if (rc == -1)
		rc = command_misuse("report", REPORT_SYNOPSIS,
		    *verb == '\0' ? "list or show?"
				  : "list and show are known, not '%s'",
		    word != NULL && strcmp(verb, "list") == 0 ? word : verb);
	options_release(&o);
	return rc;
}
