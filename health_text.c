/* SPDX-License-Identifier: ISC */
/* What a health check found, for people and for programs. */
#include <string.h>

#include "health.h"
#include "report.h"
#include "text.h"

static const char *
paint(bool color, const struct finding *f)
{
	static const char *const colors[] = {
	    "\033[32m", "\033[33m", "\033[31m"};

	return color && *f->until == '\0' ? colors[f->severity] : "";
}

static const char *
word(const struct finding *f)
{
	return *f->until == '\0' ? severity_name(f->severity) : "acknowledged";
}

static size_t
widest(const struct finding *f, size_t n,
    const char *(*text)(const struct finding *))
{
	size_t most = 0, w;

	for (size_t i = 0; i < n; i++) {
		w = text_width(text(&f[i]));
		if (w > most)
			most = w;
	}
	return most;
}

static const char *
node_of(const struct finding *f)
{
	return f->node == NULL ? "-" : f->node;
}

static const char *
id_of(const struct finding *f)
{
	return f->id;
}

static void
add_cell(struct buf *b, const char *text, size_t width)
{
	buf_addstr(b, text);
	for (size_t w = text_width(text); w < width + 2; w++)
		buf_addc(b, ' ');
}

static void
add_findings(struct buf *b, const struct finding *f, size_t n,
    const char *indent, bool color)
{
	size_t first = widest(f, n, word), second = widest(f, n, node_of);
	size_t third = widest(f, n, id_of);
	const char *on;

	for (size_t i = 0; i < n; i++) {
		on = paint(color, &f[i]);
		buf_addf(b, "%s%s", indent, on);
		add_cell(b, word(&f[i]), first);
		buf_addstr(b, *on == '\0' ? "" : "\033[0m");
		add_cell(b, node_of(&f[i]), second);
		add_cell(b, f[i].id, third);
		buf_addstr(b, f[i].message);
		if (*f[i].until != '\0')
			buf_addf(b, " (%s, until %s: %s)",
			    severity_name(f[i].severity), f[i].until,
			    f[i].acknowledged);
		buf_addc(b, '\n');
	}
}

void
findings_to_text(
    struct buf *b, const struct finding *f, size_t n, const char *indent)
{
	add_findings(b, f, n, indent, false);
}

/* "2 critical, 1 warning, 1 acknowledged" */
static void
add_counts(struct buf *b, const struct health_counts *c)
{
	buf_addf(b, "%zu critical, %zu warning%s", c->critical, c->warnings,
	    c->warnings == 1 ? "" : "s");
	if (c->acknowledged > 0)
		buf_addf(b, ", %zu acknowledged", c->acknowledged);
}

/* Each remedy once. */
static void
add_remedies(struct buf *b, const struct health *h)
{
	const struct finding *f;
	const char *head = "What to do:\n";
	size_t width = widest(h->findings, h->n, id_of), k;

	for (size_t i = 0; i < h->n; i++) {
		f = &h->findings[i];
		if (f->severity == SEVERITY_OK || *f->until != '\0' ||
		    *f->remedy == '\0')
			continue;
		for (k = 0; k < i; k++)
			if (strcmp(h->findings[k].id, f->id) == 0)
				break;
		if (k < i)
			continue;
		buf_addf(b, "%s  ", head);
		add_cell(b, f->id, width);
		buf_addf(b, "%s\n", f->remedy);
		head = "";
	}
}

void
health_to_text(struct buf *b, const struct health *h, bool color)
{
	struct health_counts c = health_count(h->findings, h->n);

	add_findings(b, h->findings, h->n, "", color);
	add_remedies(b, h);
	buf_addf(b, "%s: ", severity_name(findings_status(h->findings, h->n)));
	add_counts(b, &c);
	buf_addf(b, "; %zu node%s\n", h->n_nodes, h->n_nodes == 1 ? "" : "s");
}

/* Checks that found nothing are told as well: they were made. */
json_t *
health_to_json(const struct health *h)
{
	json_t *checks = json_array(), *j;
	size_t i;

	for (i = 0; i < h->n; i++)
		(void)json_array_append_new(
		    checks, finding_to_json(&h->findings[i]));
	for (const struct health_check *c = health_checks; c->id != NULL; c++) {
		if (!health_wants(h, c->id))
			continue;
		for (i = 0; i < h->n; i++)
			if (strcmp(h->findings[i].id, c->id) == 0)
				break;
		if (i < h->n)
			continue;
		(void)json_array_append_new(
		    checks, finding_to_json(&(struct finding){.id = c->id,
				.severity = SEVERITY_OK,
				.message = c->summary,
				.remedy = "",
				.source = "cau",
				.perfdata = "",
				.acknowledged = "",
				.until = ""}));
	}
	j = json_object();
	json_set(j, "format", json_integer(1));
	json_set(j, "command", json_string("healthcheck"));
	json_set(j, "status",
	    json_string(severity_name(findings_status(h->findings, h->n))));
	json_set(j, "checks", checks);
	return j;
}

/* A bar would end the text for who reads it. */
static void
add_plain(struct buf *b, const char *s)
{
	for (; *s != '\0'; s++)
		buf_addc(b, *s == '|' ? '/' : *s);
}

int
health_to_nagios(struct buf *b, const struct health *h, int64_t took_ms)
{
	struct health_counts c = health_count(h->findings, h->n);
	enum severity status = findings_status(h->findings, h->n);
	const struct finding *f;
	size_t told = 0;

	buf_addf(b, "CAU %s - ", severity_name(status));
	add_counts(b, &c);
	for (size_t i = 0; i < h->n && told < 3; i++) {
		f = &h->findings[i];
		if (*f->until != '\0' || f->severity == SEVERITY_OK)
			continue;
		buf_addf(b, "; %s%s", f->node == NULL ? "" : f->node,
		    f->node == NULL ? "" : " ");
		add_plain(b, f->id);
		buf_addstr(b, ": ");
		add_plain(b, f->message);
		told++;
	}
	if (c.critical + c.warnings > told)
		buf_addf(b, "; and %zu more", c.critical + c.warnings - told);
	buf_addf(b,
	    " | critical=%zu;;0 warnings=%zu;0 acknowledged=%zu nodes=%zu "
	    "time=%d.%03ds\n",
	    c.critical, c.warnings, c.acknowledged, h->n_nodes,
	    (int)(took_ms / 1000), (int)(took_ms % 1000));
	return (int)status;
}
