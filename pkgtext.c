/* SPDX-License-Identifier: ISC */
/* The texts in packages that say what they are. */
#include "pkgtext.h"

#include <limits.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/xmlerror.h>

#include "text.h"

/* So much of an update.mum is given to the parser at once; it is stopped
 * at the end of the head. */
#define MUM_CHUNK 4096

struct mum {
	struct pkgtext *t;
	struct arena *arena;
	xmlParserCtxt *xml;
	unsigned depth;
	bool identity;
	bool done;
	struct err *e; /* text "" as long as all is well */
};

void
pkgtext_init(struct pkgtext *t)
{
	*t = (struct pkgtext){.title = "",
	    .description = "",
	    .version = "",
	    .kb = "",
	    .package = "",
	    .arch = ""};
}

/* Takes the next line off the text, without its end. */
static bool
next_line(const char **p, const char *end, const char **line, size_t *len)
{
	const char *nl;

	if (*p == end)
		return false;
	nl = memchr(*p, '\n', (size_t)(end - *p));
	*line = *p;
	*len = (size_t)((nl == NULL ? end : nl) - *p);
	*p = nl == NULL ? end : nl + 1;
	if (*len > 0 && (*line)[*len - 1] == '\r')
		(*len)--;
	return true;
}

static bool
key_is(const char *line, size_t len, const char *key)
{
	char word[32];

	if (len != strlen(key) || len >= sizeof(word))
		return false;
	memcpy(word, line, len);
	word[len] = '\0';
	return text_casecmp(word, key) == 0;
}

static const char *
trimmed(struct arena *a, const char *s, size_t len)
{
	while (len > 0 && (*s == ' ' || *s == '\t')) {
		s++;
		len--;
	}
	while (len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\t'))
		len--;
	return arena_strndup(a, s, len);
}

void
pkgtext_control(
    struct pkgtext *t, const char *data, size_t len, struct arena *a)
{
	const struct {
		const char *key;
		const char **value;
	} fields[] = {{"Package", &t->package}, {"Version", &t->version},
	    {"Architecture", &t->arch}, {"Description", &t->title}};
	const char *p = data, *end = data + len, *line, *colon;
	const char **last = NULL;
	struct buf more = BUF_INIT;
	size_t n, i;

	while (next_line(&p, end, &line, &n) && n > 0) {
		if (*line == ' ' || *line == '\t') {
			/* A line of one dot stands for an empty one. */
			if (last == &t->title && !(n == 2 && line[1] == '.')) {
				buf_add(&more, line + 1, n - 1);
				buf_addc(&more, '\n');
			}
			continue;
		}
		last = NULL;
		colon = memchr(line, ':', n);
		if (colon == NULL)
			continue;
		for (i = 0; i < sizeof(fields) / sizeof(*fields); i++)
			if (key_is(line, (size_t)(colon - line), fields[i].key))
				last = fields[i].value;
		if (last != NULL)
			*last = trimmed(
			    a, colon + 1, (size_t)(line + n - colon - 1));
	}
	t->description = arena_strndup(a, more.data, more.len);
	buf_release(&more);
}

static void
add_utf8(struct buf *b, uint32_t c)
{
	if (c < 0x80) {
		buf_addc(b, (char)c);
		return;
	}
	if (c < 0x800) {
		buf_addc(b, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			buf_addc(b, (char)(0xe0 | c >> 12));
		} else {
			buf_addc(b, (char)(0xf0 | c >> 18));
			buf_addc(b, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		buf_addc(b, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_addc(b, (char)(0x80 | (c & 0x3f)));
}

/* UTF-8 from UTF-16; a lone surrogate becomes U+FFFD. */
static void
from_utf16(struct buf *out, const char *data, size_t len, bool big)
{
	const unsigned char *p = (const unsigned char *)data;
	uint32_t c, high = 0;

	for (size_t i = 0; i + 2 <= len; i += 2) {
		c = big ? (uint32_t)p[i] << 8 | p[i + 1]
			: (uint32_t)p[i + 1] << 8 | p[i];
		if (high != 0 && c >= 0xdc00 && c <= 0xdfff) {
			add_utf8(out,
			    0x10000 + ((high - 0xd800) << 10) + (c - 0xdc00));
			high = 0;
			continue;
		}
		if (high != 0)
			add_utf8(out, 0xfffd);
		high = c >= 0xd800 && c <= 0xdbff ? c : 0;
		if (high == 0)
			add_utf8(out, c >= 0xdc00 && c <= 0xdfff ? 0xfffd : c);
	}
}

/* "Update for Windows 7 (KB1234567)", as the titles of such updates read. */
static const char *
properties_title(
    struct arena *a, const char *type, const char *product, const char *kb)
{
	struct buf b = BUF_INIT;
	const char *title;

	if (*product != '\0') {
		buf_addf(
		    &b, "%s for %s", *type == '\0' ? "Update" : type, product);
		if (*kb != '\0' && (*kb < '0' || *kb > '9'))
			buf_addf(&b, " (%s)", kb);
		else if (*kb != '\0')
			buf_addf(&b, " (KB%s)", kb);
	}
	title = arena_strdup(a, b.data);
	buf_release(&b);
	return title;
}

void
pkgtext_properties(
    struct pkgtext *t, const char *data, size_t len, struct arena *a)
{
	const char *type = "", *applies = "", *product = "", *p, *end, *line;
	const struct {
		const char *key;
		const char **value;
	} fields[] = {{"KB Article Number", &t->kb}, {"Package Type", &type},
	    {"Applies to", &applies}, {"Product Name", &product}};
	struct buf text = BUF_INIT;
	const char *equals, *value;
	size_t n, i;

	if (len >= 2 && memcmp(data, "\xff\xfe", 2) == 0)
		from_utf16(&text, data + 2, len - 2, false);
	else if (len >= 2 && memcmp(data, "\xfe\xff", 2) == 0)
		from_utf16(&text, data + 2, len - 2, true);
	else if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
		buf_add(&text, data + 3, len - 3);
	else
		buf_add(&text, data, len);
	p = text.data;
	end = p + text.len;
	while (next_line(&p, end, &line, &n)) {
		equals = memchr(line, '=', n);
		if (equals == NULL)
			continue;
		value = equals + 1;
		n -= (size_t)(value - line);
		if (n >= 2 && value[0] == '"' && value[n - 1] == '"') {
			value++;
			n -= 2;
		}
		for (i = 0; i < sizeof(fields) / sizeof(*fields); i++)
			if (key_is(
				line, (size_t)(equals - line), fields[i].key))
				*fields[i].value = trimmed(a, value, n);
	}
	t->title = properties_title(
	    a, type, *applies == '\0' ? product : applies, t->kb);
	buf_release(&text);
}

static void
mum_stop(struct mum *m, const char *why)
{
	if (why != NULL && m->e->text[0] == '\0')
		(void)err_set(m->e, CAU_FAILED, "%s", why);
	m->done = true;
	xmlStopParser(m->xml);
}

/*
 * The value of an attribute. The parser hands ampersands over as "&#38;",
 * for a second round of expansion that does not take place here.
 */
static void
take_attribute(struct mum *m, const char **out, const char *name,
    const xmlChar **attributes, int count)
{
	struct buf b = BUF_INIT;
	const char *p, *end;

	for (int i = 0; i < count; i++, attributes += 5) {
		if (strcmp((const char *)attributes[0], name) != 0 ||
		    attributes[1] != NULL)
			continue;
		end = (const char *)attributes[4];
		for (p = (const char *)attributes[3]; p < end; p++) {
			buf_addc(&b, *p);
			if (end - p >= 5 && memcmp(p, "&#38;", 5) == 0)
				p += 4;
		}
		*out = arena_strndup(m->arena, b.data, b.len);
		buf_release(&b);
		return;
	}
}

static void
mum_start(void *ctx, const xmlChar *name, const xmlChar *prefix,
    const xmlChar *uri, int nspaces, const xmlChar **spaces, int count,
    int defaulted, const xmlChar **attributes)
{
	struct mum *m = ctx;
	const char *element = (const char *)name;

	(void)prefix;
	(void)uri;
	(void)nspaces;
	(void)spaces;
	(void)defaulted;
	if (m->done)
		return;
	m->depth++;
	if (m->depth == 1) {
		if (strcmp(element, "assembly") != 0) {
			mum_stop(m, "not a servicing manifest");
			return;
		}
		take_attribute(
		    m, &m->t->title, "displayName", attributes, count);
		take_attribute(
		    m, &m->t->description, "description", attributes, count);
	} else if (m->depth == 2 && strcmp(element, "assemblyIdentity") == 0) {
		if (!m->identity)
			take_attribute(
			    m, &m->t->version, "version", attributes, count);
		m->identity = true;
	} else if (m->depth == 2 && strcmp(element, "package") == 0) {
		take_attribute(m, &m->t->kb, "identifier", attributes, count);
		mum_stop(m, NULL);
	}
}

static void
mum_end(
    void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct mum *m = ctx;

	(void)name;
	(void)prefix;
	(void)uri;
	if (!m->done)
		m->depth--;
}

/* Called at the name of a document type, before anything in it. */
static void
mum_doctype(void *ctx, const xmlChar *name, const xmlChar *external,
    const xmlChar *system_id)
{
	struct mum *m = ctx;

	(void)name;
	(void)external;
	(void)system_id;
	mum_stop(m, "it has a document type");
}

static void
mum_error(void *ctx, xmlErrorPtr error)
{
	struct mum *m = ctx;
	const char *text = error->message == NULL ? "?" : error->message;

	if (error->level < XML_ERR_ERROR || m->done || m->e->text[0] != '\0')
		return;
	(void)err_set(m->e, CAU_FAILED, "line %d: %.*s", error->line,
	    (int)strcspn(text, "\n"), text);
}

static void
mum_parse(struct mum *m, const char *data, size_t len, int options)
{
	xmlSAXHandler sax = {.initialized = XML_SAX2_MAGIC,
	    .startElementNs = mum_start,
	    .endElementNs = mum_end,
	    .internalSubset = mum_doctype,
	    .serror = mum_error};
	size_t done, n;

	pkgtext_init(m->t);
	m->depth = 0;
	m->identity = m->done = false;
	m->e->text[0] = '\0';
	m->xml = xmlCreatePushParserCtxt(&sax, m, NULL, 0, NULL);
	if (m->xml == NULL) {
		(void)err_set(m->e, CAU_FAILED, "cannot start the XML parser");
		return;
	}
	(void)xmlCtxtUseOptions(
	    m->xml, XML_PARSE_NONET | XML_PARSE_NOCDATA | options);
	for (done = 0; done < len && !m->done && m->e->text[0] == '\0';
	     done += n) {
		n = len - done < MUM_CHUNK ? len - done : MUM_CHUNK;
		(void)xmlParseChunk(m->xml, data + done, (int)n, 0);
	}
	if (!m->done && m->e->text[0] == '\0')
		(void)xmlParseChunk(m->xml, NULL, 0, 1);
	xmlFreeParserCtxt(m->xml);
}

int
pkgtext_mum(struct pkgtext *t, const char *data, size_t len, struct arena *a,
    struct err *e)
{
	struct mum m = {.t = t, .arena = a, .e = e};

	mum_parse(&m, data, len, 0);
	/* Tools on Windows like to label UTF-8 as UTF-16. */
	if (e->text[0] != '\0' && m.depth == 0 && len > 1 && data[0] == '<' &&
	    data[1] != '\0')
		mum_parse(&m, data, len, XML_PARSE_IGNORE_ENC);
	/* Which the tools write that leave the name out. */
	if (strcmp(t->title, "default") == 0)
		t->title = "";
	return e->text[0] == '\0' ? 0 : -1;
}
