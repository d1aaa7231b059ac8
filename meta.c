/* SPDX-License-Identifier: ISC */
/* What an update file says about itself. */
#include "meta.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bytesrc.h"
#include "meta_archive.h"
#include "msi.h"
#include "rpmhdr.h"
#include "text.h"

#define TEXT_MAX 500  /* bytes of a text in the result */
#define RAW_MAX	 4096 /* bytes of it that are looked at */
#define HEAD_MAX 32

#define ALPHA  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool
is_alpha(char c)
{
	return c != '\0' && strchr(ALPHA, c) != NULL;
}

/*
 * The digits of the first KB number in a text: KB, not the end of a word,
 * and 5 to 8 digits. Returns how many there are, 0 without one.
 */
static size_t
find_kb(const char *text, const char **digits)
{
	const char *p;
	size_t n;

	for (p = text; (p = strcasestr(p, "KB")) != NULL; p++) {
		n = strspn(p + 2, DIGITS);
		if (n < 5 || n > 8 || (p > text && is_alpha(p[-1])))
			continue;
		*digits = p + 2;
		return n;
	}
	return 0;
}

/* Takes the KB number from a text unless there is one already. */
static void
take_kb(struct meta *m, const char *text, struct arena *a)
{
	const char *digits;
	size_t n;

	if (m->kb[0] == '\0' && (n = find_kb(text, &digits)) != 0)
		m->kb = arena_strndup(a, digits, n);
}

/* As take_kb, from a field whose whole text may be the number. */
static void
take_article(struct meta *m, const char *text, struct arena *a)
{
	size_t n = strspn(text, DIGITS);

	if (m->kb[0] == '\0' && n >= 5 && n <= 8 && text[n] == '\0')
		m->kb = arena_strdup(a, text);
	take_kb(m, text, a);
}

/*
 * White space folded to single blanks, made printable, cut at a character
 * boundary.
 */
static const char *
clean(struct arena *a, const char *raw)
{
	struct buf line = BUF_INIT, out = BUF_INIT;
	size_t left = RAW_MAX, n;
	const char *text;

	for (; *raw != '\0' && left > 0; raw++, left--) {
		if (strchr(" \t\r\n\v\f", *raw) == NULL)
			buf_addc(&line, *raw);
		else if (line.len > 0 && line.data[line.len - 1] != ' ')
			buf_addc(&line, ' ');
	}
	if (line.len > 0 && line.data[line.len - 1] == ' ')
		buf_setlen(&line, line.len - 1);
	text_printable(&out, line.data, line.len);
	n = out.len;
	if (n > TEXT_MAX)
		for (n = TEXT_MAX; ((unsigned char)out.data[n] & 0xc0) == 0x80;)
			n--;
	text = arena_strndup(a, out.data, n);
	buf_release(&line);
	buf_release(&out);
	return text;
}

/* The word if it is made of the characters that such words may have, so
 * that it compares as it looks and cannot pass for an option. */
static const char *
word(struct arena *a, const char *raw, const char *also)
{
	size_t len = strnlen(raw, TEXT_MAX + 1), i;

	if (len == 0 || len > TEXT_MAX || strchr("+-.:~^", raw[0]) != NULL)
		return "";
	for (i = 0; i < len; i++)
		if (strchr(ALPHA DIGITS, raw[i]) == NULL &&
		    strchr(also, raw[i]) == NULL)
			return "";
	return arena_strdup(a, raw);
}

static void
set_problem(struct meta *m, const struct err *e, struct arena *a)
{
	m->problem = clean(a, e->text);
}

static void
read_archive(struct meta *m, const struct bytesrc *src, const char *name_kb,
    struct arena *a)
{
	struct pkgtext t;
	struct err e;

	if (meta_archive_read(&t, m->format, src, name_kb, a, &e) == -1)
		set_problem(m, &e, a);
	m->title = clean(a, t.title);
	m->description = clean(a, t.description);
	if (m->format == META_DEB) {
		m->version = word(a, t.version, ".+-:~");
		m->package = word(a, t.package, ".+-");
		m->arch = word(a, t.arch, "-");
	} else {
		if (m->title[0] == '\0')
			m->title = m->description;
		m->version = clean(a, t.version);
		take_article(m, t.kb, a);
	}
	take_kb(m, t.title, a);
	take_kb(m, t.description, a);
}

static void
read_rpm(struct meta *m, const struct bytesrc *src, struct arena *a)
{
	size_t len = src->size < RPMHDR_MAX ? (size_t)src->size : RPMHDR_MAX;
	char *data = xmalloc(len), *evr;
	struct rpmhdr h;
	struct err e;

	if (bytesrc_read(src, 0, data, len, &e) == -1 ||
	    rpmhdr_parse(&h, data, len, &e) == -1) {
		set_problem(m, &e, a);
		free(data);
		return;
	}
	m->title = clean(a, h.summary);
	m->description = clean(a, h.description);
	take_kb(m, h.summary, a);
	take_kb(m, h.description, a);
	m->package = word(a, h.name, "._+-");
	m->arch = word(a, h.arch, "_");
	if (word(a, h.version, "._+~^")[0] != '\0' &&
	    word(a, h.release, "._+~^")[0] != '\0') {
		evr = xasprintf(
		    "%" PRIu32 ":%s-%s", h.epoch, h.version, h.release);
		m->version =
		    arena_strdup(a, h.has_epoch ? evr : strchr(evr, ':') + 1);
		free(evr);
	}
	if (h.file_size > src->size) {
		(void)err_set(&e, CAU_FAILED,
		    "truncated: %" PRIu64 " of %" PRIu64 " bytes", src->size,
		    h.file_size);
		set_problem(m, &e, a);
	}
	free(data);
}

/* The first of the texts that says anything. */
static const char *
first_of(const char *s, const char *t, const char *u)
{
	if (*s != '\0')
		return s;
	return *t != '\0' ? t : u;
}

static void
read_msi(struct meta *m, const struct bytesrc *src, struct arena *a)
{
	struct msi msi;
	struct err e;

	if (msi_read(&msi, src, a, &e) == -1)
		set_problem(m, &e, a);
	if (msi.patch)
		m->title = clean(
		    a, first_of(msi.display_name, msi.title, msi.subject));
	else
		m->title = clean(
		    a, first_of(msi.product_name, msi.subject, msi.title));
	m->description = clean(a, first_of(msi.description, msi.comments, ""));
	m->version = clean(a, msi.product_version);
	take_article(m, msi.kb_article, a);
	take_kb(m, msi.display_name, a);
	take_kb(m, msi.product_name, a);
	take_kb(m, msi.title, a);
	take_kb(m, msi.subject, a);
	take_kb(m, msi.comments, a);
}

enum meta_format
meta_format_of(const void *head, size_t len)
{
	static const struct {
		enum meta_format format;
		size_t len;
		const char *magic;
	} known[] = {{META_DEB, 21, "!<arch>\ndebian-binary"},
	    {META_RPM, 4, "\xed\xab\xee\xdb"}, {META_CAB, 4, "MSCF"},
	    {META_WIM, 8, "MSWIM\0\0\0"}, {META_ZIP, 4, "PK\3\4"},
	    {META_OLE, 8, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"}};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (len >= known[i].len &&
		    memcmp(head, known[i].magic, known[i].len) == 0)
			return known[i].format;
	return META_UNKNOWN;
}

void
meta_read(struct meta *m, int fd, const char *name, struct arena *a)
{
	const char *digits, *name_kb = "";
	char head[HEAD_MAX];
	struct bytesrc src;
	struct err e;
	size_t n;

	*m = (struct meta){.title = "",
	    .description = "",
	    .version = "",
	    .kb = "",
	    .package = "",
	    .arch = "",
	    .problem = ""};
	n = find_kb(name, &digits);
	if (n != 0)
		name_kb = arena_printf(a, "KB%.*s", (int)n, digits);
	if (bytesrc_fd(&src, fd, &e) == 0) {
		n = src.size < HEAD_MAX ? (size_t)src.size : HEAD_MAX;
		if (bytesrc_read(&src, 0, head, n, &e) == 0)
			m->format = meta_format_of(head, n);
		else
			set_problem(m, &e, a);
	} else {
		set_problem(m, &e, a);
	}
	switch (m->format) {
	case META_DEB:
	case META_CAB:
	case META_ZIP:
		read_archive(m, &src, name_kb, a);
		break;
	case META_RPM:
		read_rpm(m, &src, a);
		break;
	case META_OLE:
		read_msi(m, &src, a);
		break;
	case META_WIM:
		m->title = "(a package in WIM format)";
		break;
	case META_UNKNOWN:
		break;
	}
	take_kb(m, name_kb, a);
}

const char *
meta_format_name(enum meta_format f)
{
	static const char *const names[] = {
#define X(id, text) text,
	    META_FORMATS(X)
#undef X
	};

	return names[f];
}
