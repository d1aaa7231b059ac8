/* SPDX-License-Identifier: ISC */
/* Filters a stream of updates, as JSON, by a query. */
#include "wua_filter.h"

#include <string.h>

#include "json.h"
#include "wua_match.h"

/* A scan of a large cluster comes as one object. */
#define OBJECT_MAX ((size_t)256 << 20)

struct filter {
	const struct wua_query *query;
	FILE *in;
	const char *name;
	FILE *out;
	size_t line;	 /* how many were read */
	struct buf text; /* the object */
	size_t start;	 /* the line that it begins on */
};

/* Adds a line to the text, with its end. Returns 1, 0 at the end, or -1. */
static int
read_line(struct filter *f, struct err *e)
{
	size_t before = f->text.len;
	int c;

	f->line++;
	while ((c = getc_unlocked(f->in)) != EOF) {
		if (f->text.len >= OBJECT_MAX)
			return err_set(e, CAU_USAGE,
			    "%s:%zu: larger than %zu MiB", f->name, f->start,
			    OBJECT_MAX >> 20);
		buf_addc(&f->text, (char)c);
		if (c == '\n')
			break;
	}
	if (ferror(f->in) == 0)
		return f->text.len > before;
	(void)err_sys(e, "cannot read %s", f->name);
	e->code = CAU_USAGE;
	return -1;
}

static bool
is_line(const char *line, const char *what)
{
	size_t len = strlen(what);

	return strncmp(line, what, len) == 0 &&
	       line[len + strspn(line + len, " \t\r\n")] == '\0';
}

/* The next object; returns as read_line. */
static int
read_object(struct filter *f, struct err *e)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t before;
	int rc;

	do {
		buf_reset(&f->text);
		f->start = f->line + 1;
		rc = read_line(f, e);
		if (f->line == 1 && strncmp(f->text.data, mark, 3) == 0)
			buf_consume(&f->text, 3);
	} while (rc == 1 && is_line(f->text.data, "") &&
		 strlen(f->text.data) == f->text.len);
	if (rc != 1 || !is_line(f->text.data, "{"))
		return rc;
	do {
		before = f->text.len;
		rc = read_line(f, e);
	} while (rc == 1 && !is_line(f->text.data + before, "}"));
	return rc == -1 ? -1 : 1;
}

static bool
is_there(const json_t *j)
{
	return j != NULL && !json_is_null(j);
}

/* Whether an update matches, whose properties these are: 1, 0 or -1. */
static int
match(const struct filter *f, const json_t *properties, struct err *e)
{
	struct arena a = ARENA_INIT;
	struct wua_record r;
	int rc;

	if (!json_is_object(properties))
		return err_set(
		    e, CAU_USAGE, "properties: an object is expected");
	rc = wua_record_from_json(&r, properties, &a, e);
	if (rc == 0)
		rc = wua_match(f->query, &r);
	arena_release(&a);
	return rc;
}

/* An update that cau scan found, with the name of its node. */
static int
filter_update(
    const struct filter *f, const char *node, json_t *update, struct err *e)
{
	const json_t *properties = json_object_get(update, "properties");
	json_t *shown;
	int rc;

	/* Updates of other plug-ins have none. */
	if (!is_there(properties))
		return 0;
	rc = match(f, properties, e);
	if (rc == -1)
		return err_wrap(e, "%s: %s", node, json_text(update, "id"));
	if (rc == 1) {
		shown = json_object();
		json_set(shown, "node", json_string(node));
		(void)json_object_update(shown, update);
		json_print(f->out, shown, true);
	}
	return 0;
}

static int
filter_scan(const struct filter *f, const json_t *doc, struct err *e)
{
	const json_t *nodes = json_object_get(doc, "nodes"), *node, *updates;

	if (!json_is_array(nodes))
		return err_set(e, CAU_USAGE, "cau scan: %s",
		    is_there(json_object_get(doc, "error"))
			? json_text(doc, "error")
			: "no nodes");
	for (size_t i = 0; i < json_array_size(nodes); i++) {
		node = json_array_get(nodes, i);
		updates = json_object_get(node, "updates");
		for (size_t k = 0; k < json_array_size(updates); k++)
			if (filter_update(f, json_text(node, "name"),
				json_array_get(updates, k), e) == -1)
				return -1;
	}
	return 0;
}

/* A line is written as it came. */
static void
write_object(const struct filter *f, json_t *doc)
{
	if (strchr(f->text.data, '\n') != NULL) {
		json_print(f->out, json_incref(doc), true);
		return;
	}
	(void)fwrite(f->text.data, 1, f->text.len, f->out);
	(void)fputc('\n', f->out);
}

static int
filter_object(struct filter *f, struct err *e)
{
	json_error_t why = {.line = 0};
	struct buf *b = &f->text;
	const json_t *properties;
	json_t *doc;
	int rc;

	while (b->len > 0 &&
	       (b->data[b->len - 1] == '\n' || b->data[b->len - 1] == '\r'))
		buf_setlen(b, b->len - 1);
	doc = json_loadb(b->data, b->len, JSON_REJECT_DUPLICATES, &why);
	if (doc == NULL) {
		f->start += why.line > 1 ? (size_t)why.line - 1 : 0;
		return err_set(e, CAU_USAGE, "no JSON: %s", why.text);
	}
	properties = json_object_get(doc, "properties");
	if (!json_is_object(doc))
		rc = err_set(e, CAU_USAGE, "an object is expected");
	else if (strcmp(json_text(doc, "command"), "scan") == 0)
		rc = filter_scan(f, doc, e);
	else
		rc = match(f, is_there(properties) ? properties : doc, e);
	if (rc == 1)
		write_object(f, doc);
	json_decref(doc);
	return rc == -1 ? -1 : 0;
}

int
wua_filter(const struct wua_query *q, FILE *in, const char *name, FILE *out,
    struct err *e)
{
	struct filter f = {
	    .query = q, .in = in, .name = name, .out = out, .text = BUF_INIT};
	int rc;

	while ((rc = read_object(&f, e)) == 1)
		if (filter_object(&f, e) == -1) {
			rc = err_wrap(e, "%s:%zu", name, f.start);
			break;
		}
	buf_release(&f.text);
	return rc;
}
