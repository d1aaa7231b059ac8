/* SPDX-License-Identifier: ISC */
/* XML from bytes that nobody vouches for, through libxml2. */
#include "xml.h"

#include <string.h>
#include <strings.h>

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <libxml/xmlversion.h>

#include "text.h"

/* Without NOENT libxml2 still expands internal entities in attributes, so
 * a document that could declare some is refused altogether. */
#define PARSE_FLAGS (XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_BIG_LINES)

#define MAX_ATTRIBUTES 1000

#if LIBXML_VERSION >= 21200
typedef const xmlError *xml_error;
#else
typedef xmlError *xml_error;
#endif

/* The first problem of a document; later ones mostly follow from it. */
struct problem {
	bool found;
	int line;
	struct err *err;
};

static void
set_problem(struct problem *p, int line, const char *text)
{
	struct buf b = BUF_INIT;

	if (p->found)
		return;
	p->found = true;
	p->line = line < 0 ? 0 : line;
	text_printable(&b, text, strcspn(text, "\n"));
	(void)err_set(p->err, CAU_USAGE, "%.200s", b.data);
	buf_release(&b);
}

static void
on_error(void *data, xml_error error)
{
	const char *text =
	    error->message == NULL ? "not well-formed XML" : error->message;

	/* Warnings concern relative namespace names and the like. */
	if (error->level < XML_ERR_ERROR)
		return;
	/* The advice in libxml2's text is for programmers. */
	if (strstr(text, "xcessive depth") != NULL ||
	    strstr(text, "XML_PARSE_HUGE") != NULL)
		text = "elements nested too deeply, or a text too long";
	set_problem(data, error->line, text);
}

static void
on_doctype(void *data, const xmlChar *name, const xmlChar *external_id,
    const xmlChar *system_id)
{
	xmlParserCtxt *ctxt = data;

	(void)name;
	(void)external_id;
	(void)system_id;
	set_problem(ctxt->_private, xmlSAX2GetLineNumber(ctxt),
	    "a DOCTYPE is not allowed");
	xmlStopParser(ctxt);
}

/*
 * UTF-8 (or ASCII) bytes whose declaration says UTF-16? Real UTF-16 has a
 * NUL in its first two bytes, or a byte order mark that is not UTF-8's.
 */
static bool
is_mislabelled(const char *s, size_t len)
{
	const char *p, *end;

	if (len >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0) {
		s += 3;
		len -= 3;
	}
	if (len < 5 || memcmp(s, "<?xml", 5) != 0)
		return false;
	end = memchr(s, '>', len);
	if (end == NULL)
		return false;
	p = memmem(s, (size_t)(end - s), "encoding", strlen("encoding"));
	if (p == NULL)
		return false;
	for (p += strlen("encoding"); p < end; p++)
		if (strchr(" \t\r\n=\"'", *p) == NULL)
			break;
	return end - p >= 6 && strncasecmp(p, "utf-16", 6) == 0;
}

/*
 * Before version 2.12 libxml2 takes a minute for a tag of 100000 attributes,
 * so that is found out beforehand, from the bytes: how often = and a quote
 * follow each other without a < (there is none in a tag). Returns the line,
 * 0 if all is well. Zeros are skipped for UTF-16's sake.
 */
static int
line_of_huge_tag(const char *s, size_t len)
{
	size_t i, n = 0;
	char last = '\0';
	int line = 1;

	for (i = 0; i < len; i++) {
		if (s[i] == '\n')
			line++;
		if (s[i] == '<')
			n = 0;
		else if (last == '=' && (s[i] == '"' || s[i] == '\'') &&
			 ++n > MAX_ATTRIBUTES)
			return line;
		if (strchr(" \t\r\n", s[i]) == NULL)
			last = s[i];
	}
	return 0;
}

xmlDoc *
xml_parse(const void *data, size_t len, int *line, struct err *e)
{
	struct problem p = {false, 0, e};
	bool mislabelled = is_mislabelled(data, len);
	xmlParserCtxt *ctxt;
	xmlDoc *doc = NULL;

	*line = 0;
	if (len == 0) {
		(void)err_set(e, CAU_USAGE, "the file is empty");
		return NULL;
	}
	if (len > INT32_MAX) {
		(void)err_set(e, CAU_USAGE, "the file is too large");
		return NULL;
	}
	*line = line_of_huge_tag(data, len);
	if (*line > 0) {
		(void)err_set(e, CAU_USAGE,
		    "more than %d attributes in one element", MAX_ATTRIBUTES);
		return NULL;
	}
	xmlInitParser();
	ctxt = xmlNewParserCtxt();
	if (ctxt == NULL) {
		(void)xmalloc(SIZE_MAX); /* never comes back */
		return NULL;
	}
	ctxt->_private = &p;
	ctxt->sax->internalSubset = on_doctype;
	/* Not the handler of ctxt: trouble with encodings does not get there
	 * in older versions and would be printed. */
	xmlSetStructuredErrorFunc(&p, on_error);
	doc = xmlCtxtReadMemory(ctxt, data, (int)len, NULL,
	    mislabelled ? "UTF-8" : NULL,
	    PARSE_FLAGS | (mislabelled ? XML_PARSE_IGNORE_ENC : 0));
	xmlSetStructuredErrorFunc(NULL, NULL);
	if (doc == NULL || xmlDocGetRootElement(doc) == NULL)
		set_problem(&p, 0, "not well-formed XML");
	xmlFreeParserCtxt(ctxt);
	if (!p.found)
		return doc;
	xmlFreeDoc(doc);
	*line = p.line;
	return NULL;
}

const char *
xml_name(const xmlNode *node)
{
	return (const char *)node->name;
}

const char *
xml_attr_value(const xmlAttr *attr, struct arena *a)
{
	xmlChar *value = xmlNodeListGetString(attr->doc, attr->children, 1);
	const char *s;

	if (value == NULL)
		return "";
	s = arena_strdup(a, (const char *)value);
	xmlFree(value);
	return s;
}

static const char *
content(const xmlNode *node)
{
	return node->content == NULL ? "" : (const char *)node->content;
}

const char *
xml_text(const xmlNode *node)
{
	return content(node) + strspn(content(node), " \t\r\n");
}

bool
xml_is_text(const xmlNode *node)
{
	if (node->type != XML_TEXT_NODE && node->type != XML_CDATA_SECTION_NODE)
		return false;
	return *xml_text(node) != '\0';
}

int
xml_line(const xmlNode *element)
{
	return (int)xmlGetLineNo(element);
}

static int
count_lines(const char *s, const char *end)
{
	int n = 0;

	while ((s = memchr(s, '\n', (size_t)(end - s))) != NULL) {
		n++;
		s++;
	}
	return n;
}

/*
 * libxml2 gives a text node the line of its end, or of its beginning when
 * lines end in CRLF. So it is counted from the last tag before it: elements
 * and comments know where they stand.
 */
int
xml_text_line(const xmlNode *text)
{
	const xmlNode *n = text;
	int lines = count_lines(content(text), xml_text(text));

	for (;;) {
		if (n->prev == NULL) {
			n = n->parent;
			break;
		}
		n = n->prev;
		while (n->type == XML_ELEMENT_NODE && n->last != NULL)
			n = n->last;
		if (n->type != XML_TEXT_NODE &&
		    n->type != XML_CDATA_SECTION_NODE)
			break;
		lines +=
		    count_lines(content(n), content(n) + strlen(content(n)));
	}
	return (int)xmlGetLineNo(n) + lines;
}
