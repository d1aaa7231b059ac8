/* SPDX-License-Identifier: ISC */
/* cau query: checks a query of the Windows Update Agent, says in words what
 * it asks for, or filters updates by it. Touches nothing. */
#include "cmd.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "options.h"
#include "text.h"
#include "wua_args.h"
#include "wua_explain.h"
#include "wua_filter.h"

/* So many bytes of a query are shown before and behind an error. */
#define SHOW_BEFORE 60
#define SHOW_BEHIND 30

enum verb { VERB_CHECK, VERB_EXPLAIN, VERB_MATCH };

static const struct {
	const char *name, *command, *synopsis;
} verbs[] = {
    [VERB_CHECK] = {"check", "query check", "check QUERY [--json]"},
    [VERB_EXPLAIN] = {"explain", "query explain", "explain QUERY [--json]"},
    [VERB_MATCH] = {"match", "query match", "match QUERY [FILE]"},
};

struct request {
	enum verb verb;
	const char *text;
	const char *file; /* NULL: standard input */
	bool json;
	struct wua_query query;
	struct arena arena;
};

static int
help(void)
{
	(void)fputs("usage: cau query check QUERY [--json]\n"
		    "       cau query explain QUERY [--json]\n"
		    "       cau query match QUERY [FILE]\n"
		    "\n"
		    "check    says whether a query of the Windows Update Agent "
		    "is valid\n"
		    "explain  says in words which updates it asks for\n"
		    "match    reads updates as JSON, one per line, and prints "
		    "those that match;\n"
		    "         takes what cau scan --json prints, too\n"
		    "\n"
		    "      --json                         one JSON document\n"
		    "  -h, --help                         this help\n",
	    stdout);
	return command_done("query", CAU_OK);
}

/* The part of the query around an error, and a mark below it. */
static void
point_at(const char *text, size_t offset)
{
	size_t start = offset > SHOW_BEFORE ? offset - SHOW_BEFORE : 0;
	size_t end = offset + strnlen(text + offset, SHOW_BEHIND);
	struct buf line = BUF_INIT, shown = BUF_INIT;
	size_t width;

	/* No half characters at the ends. */
	while (start > 0 && ((unsigned char)text[start] & 0xc0) == 0x80)
		start--;
	while (((unsigned char)text[end] & 0xc0) == 0x80)
		end++;
	buf_add(&line, text + start, end - start);
	for (size_t i = 0; i < line.len; i++)
		if (strchr("\t\r\n", line.data[i]) != NULL)
			line.data[i] = ' ';
	buf_addstr(&shown, start > 0 ? "..." : "");
	text_printable(&shown, line.data, offset - start);
	width = text_width(shown.data);
	text_printable(&shown, line.data + (offset - start), end - offset);
	(void)fprintf(stderr, "  %s%s\n  %*s^\n", shown.data,
	    text[end] == '\0' ? "" : "...", (int)width, "");
	buf_release(&shown);
	buf_release(&line);
}

static json_t *
begin_json(const struct request *r, bool valid)
{
	return json_pack("{s:i, s:s, s:o, s:b}", "format", 1, "command",
	    verbs[r->verb].command, "query", json_from_text(r->text), "valid",
	    valid);
}

static void
bad_query(const struct request *r, const struct wua_error *error)
{
	struct buf b = BUF_INIT;
	json_t *doc;

	if (r->json) {
		doc = begin_json(r, false);
		json_set(doc, "error",
		    json_pack("{s:s, s:s, s:I, s:s, s:s}", "name", WUA_E_NAME,
			"code", WUA_E_CODE, "column", (json_int_t)error->column,
			"reason", error->reason, "allowed", error->allowed));
		json_print(stdout, doc, false);
		return;
	}
	wua_add_error(&b, error);
	(void)fprintf(stderr, "cau query: %s\n", b.data);
	buf_release(&b);
	point_at(r->text, error->offset);
}

static void
good_query_json(struct request *r)
{
	json_t *doc = begin_json(r, true);

	json_set(doc, "error", json_null());
	json_set(doc, "groups", wua_explain_json(&r->query, &r->arena));
	json_print(stdout, doc, false);
}

static void
check(struct request *r)
{
	size_t n = r->query.n;
	const char *never;

	/* Most likely not meant. */
	for (size_t i = 0; i < n; i++) {
		never = wua_never(&r->query.groups[i], &r->arena);
		if (never != NULL)
			(void)fprintf(stderr,
			    "cau query: warning: no update can match group "
			    "%zu: %s\n",
			    i + 1, never);
	}
	(void)printf("valid: %zu group%s\n", n, n == 1 ? "" : "s");
}

static void
explain(struct request *r)
{
	struct buf b = BUF_INIT;

	wua_explain(&b, &r->query, &r->arena);
	(void)fputs(b.data, stdout);
	buf_release(&b);
}

static int
match(const struct request *r)
{
	bool named = r->file != NULL && strcmp(r->file, "-") != 0;
	FILE *in = named ? fopen(r->file, "re") : stdin;
	struct err e;
	int rc = -1;

	if (in == NULL)
		(void)err_sys(&e, "cannot read %s", r->file);
	else
		rc = wua_filter(&r->query, in,
		    named ? r->file : "standard input", stdout, &e);
	if (named && in != NULL)
		(void)fclose(in);
	if (rc == 0)
		return CAU_OK;
	/* What matched before the error stands before it. */
	(void)fflush(stdout);
	(void)command_fail("query", &e);
	return CAU_USAGE;
}

static int
run(struct request *r)
{
	struct wua_error error;
	int code = CAU_OK;

	if (wua_parse(&r->query, &error, r->text, &r->arena) == -1) {
		bad_query(r, &error);
		code = CAU_USAGE;
	} else if (r->verb == VERB_MATCH) {
		code = match(r);
	} else if (r->json) {
		good_query_json(r);
	} else if (r->verb == VERB_CHECK) {
		check(r);
	} else {
		explain(r);
	}
	arena_release(&r->arena);
	return command_done("query", code);
}

static int
bad_option(const char *synopsis, char **argv)
{
	const char *word = argv[optind - 1];

	if (optopt >= 256)
		return command_misuse(
		    "query", synopsis, "%s takes no value", word);
	if (optopt != 0)
		return command_misuse(
		    "query", synopsis, "unknown option -%c", optopt);
	return command_misuse("query", synopsis, "unknown option %s", word);
}

int
cmd_query(int argc, char **argv)
{
	enum { OPT_JSON = 256 };
	static const struct option longs[] = {{"help", 0, NULL, 'h'},
	    {"json", 0, NULL, OPT_JSON}, {NULL, 0, NULL, 0}};
	static const struct option match_longs[] = {
	    {"help", 0, NULL, 'h'}, {NULL, 0, NULL, 0}};
	struct request r = {.verb = VERB_CHECK, .arena = ARENA_INIT};
	const char *synopsis;
	int c, n, most;

	if (argc < 2)
		return command_misuse(
		    "query", QUERY_SYNOPSIS, "check, explain or match?");
	if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)
		return help();
	while (strcmp(argv[1], verbs[r.verb].name) != 0)
		if (r.verb++ == VERB_MATCH)
			return command_misuse("query", QUERY_SYNOPSIS,
			    "'%s' is none of check, explain, match", argv[1]);
	synopsis = verbs[r.verb].synopsis;
	most = r.verb == VERB_MATCH ? 2 : 1;
	argc--;
	argv++;
	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h",
		    r.verb == VERB_MATCH ? match_longs : longs, NULL)) != -1) {
		if (c == 'h')
			return help();
		if (c != OPT_JSON)
			return bad_option(synopsis, argv);
		r.json = true;
	}
	n = argc - optind;
	if (n == 0)
		return command_misuse("query", synopsis, "QUERY is missing");
	if (n > most)
		return command_misuse("query", synopsis,
		    "unexpected word '%s'; a query with blanks needs quotes "
		    "around it",
		    argv[optind + most]);
	r.text = argv[optind];
	r.file = n > 1 ? argv[optind + 1] : NULL;
	return run(&r);
}
