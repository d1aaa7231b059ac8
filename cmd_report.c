/* SPDX-License-Identifier: ISC */
/* cau report: reports of past runs. */
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "journal.h"
#include "options.h"
#include "report.h"
#include "scan.h"
#include "state.h"
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

/* A damaged journal is told and does not hide the other runs. */
static int
list(const struct options *o)
{
	char **ids = state_runs(o->state_dir), *path;
	json_t *runs = json_array(), *doc;
	struct buf b = BUF_INIT;
	struct engine g;
	struct err e;
	int rc = CAU_OK;

	for (size_t i = 0; ids[i] != NULL; i++) {
		path = state_journal(o->state_dir, ids[i]);
		engine_init(&g);
		if (journal_load(&g, path, NULL, &e) == -1) {
			rc = command_fail("report", &e);
		} else {
			report_line(&b, &g);
			(void)json_array_append_new(runs, summary(&g));
		}
		engine_release(&g);
		free(path);
	}
	doc = json_pack("{s:i, s:s, s:o}", "format", 1, "command",
	    "report list", "runs", runs);
	if (o->json)
		json_print(stdout, json_incref(doc), false);
	else if (ids[0] == NULL)
		(void)puts("No reports.");
	else
		(void)fputs(b.data, stdout);
	json_decref(doc);
	buf_release(&b);
	state_runs_free(ids);
	return rc;
}

/* The run that a person means: a whole id, its beginning, or the last. */
static int
find_run(const char *state_dir, const char *word, char out[RUN_ID_SIZE],
    struct err *e)
{
	char **ids = state_runs(state_dir);
	size_t found = 0;

	for (size_t i = 0; ids[i] != NULL; i++) {
		if (word != NULL && strcmp(word, "last") != 0 &&
		    strncmp(ids[i], word, strlen(word)) != 0)
			continue;
		if (found++ == 0)
			memcpy(out, ids[i], RUN_ID_SIZE);
		if (word == NULL || strcmp(word, "last") == 0)
			break;
	}
	state_runs_free(ids);
	if (found == 1)
		return 0;
	if (word == NULL)
		return err_set(
		    e, CAU_USAGE, "there are no reports in %s", state_dir);
	return err_set(e, CAU_USAGE,
	    found == 0 ? "no run begins with '%.40s' (see cau report list)"
		       : "'%.40s' fits more than one run",
	    word);
}

static int
fail(const struct options *o, const struct err *e)
{
	if (o->json)
		print_json_error("report show", e, false);
	return command_fail("report", e);
}

static int
show(const struct options *o, const char *word)
{
	char id[RUN_ID_SIZE], *path;
	struct buf b = BUF_INIT;
	struct engine g;
	struct err e;
	json_t *j;
	int rc = CAU_OK;

	if (find_run(o->state_dir, word, id, &e) == -1)
		return fail(o, &e);
	path = state_journal(o->state_dir, id);
	engine_init(&g);
	if (journal_load(&g, path, NULL, &e) == -1) {
		rc = fail(o, &e);
	} else if (o->json) {
		j = report_to_json(&g);
		json_print(stdout, j, false);
	} else {
		report_to_text(&b, &g, view_color_stdout(o->no_color));
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
