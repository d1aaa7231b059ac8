/* SPDX-License-Identifier: ISC */
/* cau rules: checks a hotfix configuration file, or shows what it means for
 * one update. Touches nothing. */
#include "cmd.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "rules_explain.h"
#include "text.h"

#define CHECK_SYNOPSIS "check FILE [--json]"
#define EXPLAIN_SYNOPSIS                              \
	"explain FILE --file NAME [--folder FOLDER] " \
	"[--exit CODE] [--json]"
enum { OPT_JSON = 256, OPT_FILE, OPT_FOLDER, OPT_EXIT };

struct options {
	bool explain;
	bool help;
	bool json;
	const char *file; /* the configuration file */
	struct rules_question question;
};

static void
help(void)
{
	(void)printf(
	    "usage: cau rules " CHECK_SYNOPSIS "\n"
	    "       cau rules " EXPLAIN_SYNOPSIS "\n"
	    "\n"
	    "check    reports everything that is wrong in a hotfix "
	    "configuration file\n"
	    "explain  shows the rule, the command and the exit codes for one "
	    "update\n"
	    "\n"
	    "  --file NAME      file name of the update\n"
	    "  --folder FOLDER  the rule folder it lies in\n"
	    "  --exit CODE      what this exit code means\n"
	    "  --json           one JSON document\n");
}

static int
bad_option(char **argv, int c, struct err *e)
{
	const char *word = argv[optind - 1];

	if (c == ':')
		return err_set(e, CAU_USAGE, "option '%s' needs a value", word);
	if (optopt >= OPT_JSON)
		return err_set(
		    e, CAU_USAGE, "option '%s' takes no value", word);
	if (optopt != 0)
		return err_set(e, CAU_USAGE, "unknown option '-%c'", optopt);
	return err_set(e, CAU_USAGE, "unknown option '%s'", word);
}

static int
take_option(struct options *o, int c, char **argv, struct err *e)
{
	switch (c) {
	case 'h':
		o->help = true;
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	case OPT_FILE:
		if (*optarg == '\0' || strchr(optarg, '/') != NULL)
			return err_set(e, CAU_USAGE,
			    "--file takes the name of a file, without folders");
		o->question.name = optarg;
		return 0;
	case OPT_FOLDER:
		o->question.folder = optarg;
		return 0;
	case OPT_EXIT:
		if (exitcode_parse(optarg, &o->question.code, e) == -1)
			return err_wrap(e, "--exit");
		o->question.has_code = true;
		return 0;
	default:
		return bad_option(argv, c, e);
	}
}

/* Options may stand before and behind FILE. */
static int
parse_options(struct options *o, int argc, char **argv, struct err *e)
{
	static const struct option check[] = {{"help", 0, NULL, 'h'},
	    {"json", 0, NULL, OPT_JSON}, {NULL, 0, NULL, 0}};
	static const struct option explain[] = {{"help", 0, NULL, 'h'},
	    {"json", 0, NULL, OPT_JSON}, {"file", 1, NULL, OPT_FILE},
	    {"folder", 1, NULL, OPT_FOLDER}, {"exit", 1, NULL, OPT_EXIT},
	    {NULL, 0, NULL, 0}};
	int c;

	optind = 0;
	for (;;) {
		c = getopt_long(
		    argc, argv, "+:h", o->explain ? explain : check, NULL);
		if (c != -1) {
			if (take_option(o, c, argv, e) == -1)
				return -1;
			if (o->help)
				return 0;
			continue;
		}
		if (optind >= argc)
			break;
		if (o->file != NULL)
			return err_set(e, CAU_USAGE,
			    "one FILE is enough, what is '%s'?", argv[optind]);
		o->file = argv[optind++];
	}
	if (o->file == NULL)
		return err_set(e, CAU_USAGE, "FILE is missing");
	if (o->explain && o->question.name == NULL)
		return err_set(e, CAU_USAGE, "--file NAME is missing");
	return 0;
}

static void
add_count(struct buf *b, size_t n, const char *what)
{
	buf_addf(b, "%zu %s%s", n, what, n == 1 ? "" : "s");
}

static json_t *
notes_to_json(const struct rules_notes *notes, bool errors)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < notes->n; i++)
		if (notes->notes[i].is_error == errors)
			(void)json_array_append_new(
			    list, json_pack("{s:i, s:s}", "line",
				      notes->notes[i].line, "text",
				      notes->notes[i].text));
	return list;
}

/* The members that both documents have. */
static json_t *
begin_json(const struct options *o, const struct rules *r,
    const struct rules_notes *notes)
{
	return json_pack("{s:i, s:s, s:o, s:I, s:o, s:o}", "format", 1,
	    "command", o->explain ? "rules explain" : "rules check", "file",
	    rules_json_shown(o->file), "rules", (json_int_t)r->n_rules,
	    "errors", notes_to_json(notes, true), "warnings",
	    notes_to_json(notes, false));
}

static void
print_notes(const struct options *o, const struct rules_notes *notes)
{
	struct buf b = BUF_INIT;
	size_t i;

	for (i = 0; i < notes->n; i++) {
		if (o->explain && !notes->notes[i].is_error)
			continue;
		buf_reset(&b);
		text_printable(&b, o->file, strlen(o->file));
		if (notes->notes[i].line > 0)
			buf_addf(&b, ":%d", notes->notes[i].line);
		(void)fprintf(stderr, "%s: %s: %s\n", b.data,
		    notes->notes[i].is_error ? "error" : "warning",
		    notes->notes[i].text);
	}
	buf_release(&b);
}

static void
print_summary(const struct options *o, const struct rules *r,
    const struct rules_notes *notes)
{
	struct buf b = BUF_INIT;

	text_printable(&b, o->file, strlen(o->file));
	buf_addstr(&b, ": ");
	add_count(&b, r->n_rules, "rule");
	if (notes->n_errors > 0) {
		buf_addstr(&b, ", ");
		add_count(&b, notes->n_errors, "error");
	}
	if (notes->n > notes->n_errors) {
		buf_addstr(&b, ", ");
		add_count(&b, notes->n - notes->n_errors, "warning");
	}
	(void)puts(b.data);
	buf_release(&b);
}

/* A file that cannot be read, as a note on the file as a whole. */
static void
read_note(struct rules_notes *notes, const struct err *e, struct arena *a)
{
	struct buf b = BUF_INIT;

	text_printable(&b, e->text, strlen(e->text));
	notes->notes = arena_alloc(a, sizeof(*notes->notes));
	notes->notes[0].is_error = true;
	notes->notes[0].text = arena_strdup(a, b.data);
	notes->n = notes->n_errors = 1;
	buf_release(&b);
}

static int
run(const struct options *o)
{
	struct rules r = {NULL, 0};
	struct rules_notes notes = {NULL, 0, 0};
	struct arena a = ARENA_INIT;
	struct buf data = BUF_INIT;
	json_t *doc = NULL;
	struct err e;
	int rc = CAU_OK;

	if (file_read(o->file, &data, RULES_MAX_BYTES, &e) == -1) {
		read_note(&notes, &e, &a);
		rc = CAU_USAGE;
		if (!o->json) {
			(void)fprintf(
			    stderr, "cau rules: %s\n", notes.notes[0].text);
			goto out;
		}
	} else if (rules_parse(&r, &notes, data.data, data.len, &a) == -1) {
		rc = CAU_USAGE;
	}
	if (o->json)
		doc = begin_json(o, &r, &notes);
	else
		print_notes(o, &notes);
	if (o->explain && rc == CAU_OK && doc != NULL)
		rules_explain_json(doc, &r, &o->question, &a);
	else if (o->explain && rc == CAU_OK)
		rules_explain(stdout, &r, &o->question, &a);
	else if (!o->explain && doc == NULL)
		print_summary(o, &r, &notes);
	if (doc != NULL)
		json_print(stdout, doc, true);
out:
	buf_release(&data);
	arena_release(&a);
	return rc;
}

int
cmd_rules(int argc, char **argv)
{
	struct options o = {.explain = false};
	struct err e;

	if (argc < 2)
		return command_misuse(
		    "rules", RULES_SYNOPSIS, "check or explain?");
	if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0) {
		help();
		return command_done("rules", CAU_OK);
	}
	o.explain = strcmp(argv[1], "explain") == 0;
	if (!o.explain && strcmp(argv[1], "check") != 0)
		return command_misuse("rules", RULES_SYNOPSIS,
		    "'%s' is none of check, explain", argv[1]);
	if (parse_options(&o, argc - 1, argv + 1, &e) == -1)
		return command_misuse("rules",
		    o.explain ? EXPLAIN_SYNOPSIS : CHECK_SYNOPSIS, "%s",
		    e.text);
	if (o.help) {
		help();
		return command_done("rules", CAU_OK);
	}
	return command_done("rules", run(&o));
}
