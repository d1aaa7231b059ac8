/* SPDX-License-Identifier: ISC */
/* What dnf said of advisories: rows, blocks of text, and JSON. */
#include "agent_dnf.h"

#include <string.h>

#include "json.h"

static struct dnf_advisory *
advisory(struct dnf_advisories *l, const char *id, struct arena *a)
{
	struct dnf_advisory *v;
	size_t i;

	/* Those asked for again came last. */
	for (i = l->n; i > 0; i--)
		if (strcmp(l->v[i - 1].id, id) == 0)
			return &l->v[i - 1];
	l->v = agent_grow(l->v, l->n, sizeof(*l->v), a);
	v = &l->v[l->n++];
	memset(v, 0, sizeof(*v));
	v->id = arena_strdup(a, id);
	v->type = v->severity = v->title = "";
	buf_init(&v->description);
	return v;
}

static int
add_row(struct dnf_advisories *l, const char *section, const char *line,
    const char *id, const char *type, const char *severity, const char *nevra,
    struct arena *a, struct err *e)
{
	struct agent_package package = {.old_version = ""};
	struct dnf_advisory *v;

	if (!dnf_split_nevra(&package, nevra, a) || !agent_is_word(nevra))
		return agent_odd(
		    e, section, line, "not an advisory with its package");
	v = advisory(l, id, a);
	if (*v->type == '\0')
		v->type = arena_strdup(a, type);
	if (*v->severity == '\0')
		v->severity = agent_severity(severity);
	v->packages =
	    agent_grow(v->packages, v->n_packages, sizeof(*v->packages), a);
	v->packages[v->n_packages++] = package;
	return 0;
}

static bool
is_date(const char *s)
{
	return strlen(s) == 10 && s[4] == '-' && s[7] == '-' &&
	       strspn(s, "0123456789-") == 10;
}

int
dnf_read_list(struct dnf_advisories *l, const char *section, const char *text,
    struct arena *a, struct err *e)
{
	const char *words[7], **w = words, *severity, *type;
	size_t n;

	if (dnf_is_noise(text))
		return 0;
	n = agent_words(words, 7, text, a);
	if (n > 3 && strcmp(w[0], "i") == 0) {
		w++;
		n--;
	}
	if (n == 3) {
		severity = "";
		type = w[1];
		if (strlen(type) > 5 &&
		    strcmp(type + strlen(type) - 5, "/Sec.") == 0) {
			severity = arena_strndup(a, type, strlen(type) - 5);
			type = "security";
		}
		return add_row(
		    l, section, text, w[0], type, severity, w[2], a, e);
	}
	if (n == 5 && strcmp(w[0], "Name") == 0 && strcmp(w[1], "Type") == 0)
		return 0;
	if ((n == 5 || n == 6) && w == words && is_date(w[n - 2]))
		return add_row(l, section, text, w[0], w[1], n == 6 ? w[2] : "",
		    w[n - 3], a, e);
	return agent_odd(e, section, text, "not an advisory with its package");
}

static void
set_field(
    struct dnf_advisories *l, const char *value, bool more, struct arena *a)
{
	struct dnf_advisory *v = l->current;
	const char *words[1];

	if (strcmp(l->field, "Update ID") == 0 && !more) {
		if (agent_words(words, 1, value, a) == 0)
			return;
		l->current = v = advisory(l, words[0], a);
		if (*v->title == '\0')
			v->title = l->title;
	}
	if (v == NULL)
		return;
	if (strcmp(l->field, "Type") == 0 && *v->type == '\0')
		v->type = arena_strdup(a, value);
	else if (strcmp(l->field, "Severity") == 0 && *v->severity == '\0')
		v->severity = agent_severity(value);
	else if (strcmp(l->field, "CVEs") == 0 && *value != '\0')
		agent_add_string(&v->cves, arena_strdup(a, value), a);
	else if (strcmp(l->field, "Description") == 0) {
		if (v->description.len > 0)
			buf_addc(&v->description, '\n');
		buf_addstr(&v->description, value);
	}
}

int
dnf_read_info(struct dnf_advisories *l, const char *section, const char *text,
    struct arena *a, struct err *e)
{
	const char *colon, *label;
	size_t len = strlen(text);
	bool more;

	if (dnf_is_noise(text) && !l->in_title)
		return 0;
	if (len >= 10 && strspn(text, "=") == len) {
		l->in_title = !l->in_title;
		if (l->in_title) {
			l->title = "";
			l->current = NULL;
			l->field[0] = '\0';
		}
		return 0;
	}
	if (l->in_title) {
		text += strspn(text, " ");
		l->title = *l->title == '\0'
			       ? arena_strdup(a, text)
			       : arena_printf(a, "%s %s", l->title, text);
		return 0;
	}
	label = text + strspn(text, " ");
	colon = strchr(label, ':');
	if (l->title == NULL || colon == NULL ||
	    (colon == label && l->field[0] == '\0'))
		return agent_odd(e, section, text, "not part of an advisory");
	more = colon == label;
	if (!more) {
		while (colon > label && colon[-1] == ' ')
			colon--;
		len = (size_t)(colon - label);
		if (len >= sizeof(l->field))
			len = sizeof(l->field) - 1;
		memcpy(l->field, label, len);
		l->field[len] = '\0';
		colon = strchr(colon, ':');
	}
	text = colon + 1;
	if (*text == ' ')
		text++;
	set_field(l, text, more, a);
	if (l->current == NULL)
		return agent_odd(
		    e, section, label, "an advisory without Update ID");
	return 0;
}

/* The lines of a section as JSON; NULL and 0 when there is nothing. */
static int
load(json_t **doc, const struct agent_line *lines, size_t n_lines,
    const char *section, struct err *e)
{
	struct buf b = BUF_INIT;
	json_error_t error;
	int rc = 0;

	*doc = NULL;
	agent_join(&b, lines, n_lines, section);
	if (b.data[strspn(b.data, " \t\r\n")] != '\0') {
		*doc = json_loadb(b.data, b.len, 0, &error);
		if (*doc == NULL)
			rc = agent_odd(e, section, b.data, error.text);
	}
	buf_release(&b);
	return rc;
}

static int
json_list(struct dnf_advisories *l, const json_t *doc, const char *section,
    struct arena *a, struct err *e)
{
	const json_t *row;
	size_t i;

	if (!json_is_array(doc))
		return agent_odd(e, section, "", "not a list of advisories");
	json_array_foreach(doc, i, row)
	{
		if (*json_text(row, "name") == '\0')
			return agent_odd(e, section, json_text(row, "nevra"),
			    "an advisory without name");
		if (add_row(l, section, json_text(row, "nevra"),
			json_text(row, "name"), json_text(row, "type"),
			json_text(row, "severity"), json_text(row, "nevra"), a,
			e) == -1)
			return -1;
	}
	return 0;
}

static int
json_info(struct dnf_advisories *l, json_t *doc, const char *section,
    struct arena *a, struct err *e)
{
	struct dnf_advisory *v;
	const json_t *ref;
	const char *name;
	json_t *row;
	size_t i;

	if (json_is_array(doc) && json_array_size(doc) == 0)
		return 0;
	if (!json_is_object(doc))
		return agent_odd(e, section, "", "not a table of advisories");
	json_object_foreach(doc, name, row)
	{
		if (*name == '\0' || !json_is_object(row))
			return agent_odd(e, section, name, "not an advisory");
		v = advisory(l, name, a);
		v->title = arena_strdup(a, json_text(row, "Title"));
		if (*v->type == '\0')
			v->type = arena_strdup(a, json_text(row, "Type"));
		if (*v->severity == '\0')
			v->severity =
			    agent_severity(json_text(row, "Severity"));
		buf_reset(&v->description);
		buf_addstr(&v->description, json_text(row, "Description"));
		json_array_foreach(json_object_get(row, "references"), i, ref)
		{
			if (strcmp(json_text(ref, "Type"), "cve") == 0 &&
			    *json_text(ref, "Id") != '\0')
				agent_add_string(&v->cves,
				    arena_strdup(a, json_text(ref, "Id")), a);
		}
	}
	return 0;
}

int
dnf_read_json(struct dnf_advisories *l, const struct agent_line *lines,
    size_t n_lines, const char *list, const char *info, struct arena *a,
    struct err *e)
{
	json_t *doc;
	int rc = 0;

	if (load(&doc, lines, n_lines, list, e) == -1)
		return -1;
	if (doc != NULL)
		rc = json_list(l, doc, list, a, e);
	json_decref(doc);
	if (rc == -1 || load(&doc, lines, n_lines, info, e) == -1)
		return -1;
	if (doc != NULL)
		rc = json_info(l, doc, info, a, e);
	json_decref(doc);
	return rc;
}

void
dnf_advisories_release(struct dnf_advisories *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		buf_release(&l->v[i].description);
}
