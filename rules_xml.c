/* SPDX-License-Identifier: ISC */
/* The hotfix configuration file: notes, and the way through the document. */
#include "rules_xml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define XSI_SPACE "http://www.w3.org/2001/XMLSchema-instance"

/* Notes beyond these are counted, not kept: a file of commas must not fill
 * the memory. */
#define MAX_NOTES 1000
/* Bytes of a foreign name that a note shows. */
#define MAX_SHOWN 60

/* Sorting by line must not change the order within a line. */
struct numbered_note {
	struct rules_note note;
	size_t seq;
};

static const char *const no_names[] = {NULL};

static void
keep_note(struct rules_parser *p, bool is_error, int line, const char *text)
{
	struct numbered_note *n;

	p->notes = xgrow(p->notes, p->n_notes, &p->cap_notes, sizeof(*n));
	n = &p->notes[p->n_notes];
	n->note.is_error = is_error;
	n->note.line = line;
	n->note.text = text;
	n->seq = p->n_notes++;
	if (is_error)
		p->n_errors++;
}

void
rules_add_note(
    struct rules_parser *p, bool is_error, int line, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (p->n_notes >= MAX_NOTES) {
		p->n_dropped++;
		p->dropped_error = p->dropped_error || is_error;
		return;
	}
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	keep_note(p, is_error, line,
	    p->label == NULL ? arena_strdup(p->a, text)
			     : arena_printf(p->a, "%s: %s", p->label, text));
}

const char *
rules_shown_bytes(struct arena *a, const char *s, size_t max)
{
	struct buf b = BUF_INIT;
	size_t len = strlen(s), keep = len;
	const char *out;

	if (len > max) {
		keep = max;
		while (keep > 0 && ((unsigned char)s[keep] & 0xc0) == 0x80)
			keep--;
	}
	text_printable(&b, s, keep);
	if (keep < len)
		buf_addstr(&b, "...");
	out = arena_strndup(a, b.data, b.len);
	buf_release(&b);
	return out;
}

const char *
rules_shown(struct arena *a, const char *s)
{
	return rules_shown_bytes(a, s, MAX_SHOWN);
}

const char *
rules_trimmed(struct arena *a, const char *s)
{
	size_t len;

	s += strspn(s, RULES_BLANKS);
	for (len = strlen(s);
	     len > 0 && strchr(RULES_BLANKS, s[len - 1]) != NULL;)
		len--;
	return arena_strndup(a, s, len);
}

int
rules_find_name(const char *name, const char *const *names)
{
	int i;

	for (i = 0; names[i] != NULL; i++)
		if (strcmp(name, names[i]) == 0)
			return i;
	return -1;
}

void
rules_note_unknown(struct rules_parser *p, int line, const char *kind,
    const char *name, const xmlNode *parent, const char *const *names)
{
	const char *near = NULL;
	struct buf b = BUF_INIT;
	size_t i;

	for (i = 0; names[i] != NULL; i++)
		if (text_casecmp(name, names[i]) == 0)
			near = names[i];
	if (near == NULL && strlen(name) <= MAX_SHOWN)
		near = text_nearest(name, names);
	if (near != NULL)
		buf_addf(&b, ", did you mean '%s'?", near);
	buf_addstr(&b, " (allowed: ");
	for (i = 0; names[i] != NULL; i++)
		buf_addf(&b, "%s%s", i == 0 ? "" : ", ", names[i]);
	buf_addstr(&b, i == 0 ? "none)" : ")");
	rules_error(p, line, "unknown %s '%s' in <%s>%s", kind,
	    rules_shown(p->a, name), rules_shown(p->a, xml_name(parent)),
	    b.data);
	buf_release(&b);
}

void
rules_take_attributes(struct rules_parser *p, const xmlNode *node,
    const char *const *names, const char **values)
{
	const xmlAttr *attr;
	const char *name, *space;
	int i;

	for (i = 0; names[i] != NULL; i++)
		values[i] = NULL;
	for (attr = node->properties; attr != NULL; attr = attr->next) {
		space = attr->ns == NULL ? "" : (const char *)attr->ns->href;
		if (strcmp(space, XSI_SPACE) == 0 ||
		    strcmp(space, (const char *)XML_XML_NAMESPACE) == 0)
			continue;
		name = (const char *)attr->name;
		i = attr->ns == NULL ? rules_find_name(name, names) : -1;
		if (i == -1)
			rules_note_unknown(
			    p, xml_line(node), "attribute", name, node, names);
		else
			values[i] = xml_attr_value(attr, p->a);
	}
}

void
rules_no_attributes(struct rules_parser *p, const xmlNode *node)
{
	const char *none[1];

	rules_take_attributes(p, node, no_names, none);
}

const xmlNode *
rules_next_child(struct rules_parser *p, const xmlNode *parent,
    const xmlNode *prev, const char *const *names, size_t *index)
{
	const xmlNode *n = prev == NULL ? parent->children : prev->next;
	int i;

	for (; n != NULL; n = n->next) {
		if (xml_is_text(n)) {
			rules_error(p, xml_text_line(n),
			    "text '%s' in <%s>: only elements are allowed",
			    rules_shown(p->a, rules_trimmed(p->a, xml_text(n))),
			    rules_shown(p->a, xml_name(parent)));
		}
		if (n->type != XML_ELEMENT_NODE)
			continue;
		i = rules_find_name(xml_name(n), names);
		if (i == -1) {
			rules_note_unknown(p, xml_line(n), "element",
			    xml_name(n), parent, names);
			continue;
		}
		*index = (size_t)i;
		return n;
	}
	return NULL;
}

void
rules_take_children(struct rules_parser *p, const xmlNode *parent,
    const char *const *names, const xmlNode **found)
{
	const xmlNode *n = NULL;
	size_t i;

	for (i = 0; names[i] != NULL; i++)
		found[i] = NULL;
	while ((n = rules_next_child(p, parent, n, names, &i)) != NULL) {
		if (found[i] == NULL)
			found[i] = n;
		else
			rules_error(p, xml_line(n),
			    "<%s> is in <%s> twice, first on line %d", names[i],
			    rules_shown(p->a, xml_name(parent)),
			    xml_line(found[i]));
	}
}

static int
compare_notes(const void *x, const void *y)
{
	const struct numbered_note *a = x, *b = y;

	if (a->note.line != b->note.line)
		return a->note.line < b->note.line ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

void
rules_finish(struct rules_parser *p, struct rules *r, struct rules_notes *notes)
{
	size_t i;

	if (p->n_notes > 0)
		qsort(p->notes, p->n_notes, sizeof(*p->notes), compare_notes);
	if (p->n_dropped > 0)
		keep_note(p, p->dropped_error,
		    p->notes[p->n_notes - 1].note.line,
		    arena_printf(p->a, "and %zu more", p->n_dropped));
	notes->n = p->n_notes;
	notes->n_errors = p->n_errors;
	notes->notes = arena_alloc(p->a, p->n_notes * sizeof(*notes->notes));
	for (i = 0; i < p->n_notes; i++)
		notes->notes[i] = p->notes[i].note;
	r->n_rules = p->n_rules;
	r->rules = arena_alloc(p->a, p->n_rules * sizeof(*r->rules));
	if (p->n_rules > 0)
		memcpy(r->rules, p->rules, p->n_rules * sizeof(*r->rules));
	free(p->notes);
	free(p->rules);
	free(p->codes);
}
