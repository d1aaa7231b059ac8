/* SPDX-License-Identifier: ISC */
/*
 * What archives say about themselves. Members are read into memory; no name
 * in an archive is ever used as a path.
 */
#include "meta_archive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "meta_walk.h"
#include "text.h"
#include "zipdir.h"

#define RETRIES_MAX 16
#define TEXT_MAX    ((size_t)1 << 20)

static la_ssize_t
file_read(struct archive *ar, void *ctx, const void **block)
{
	struct walk *w = ctx;
	uint64_t left = w->end - w->off;
	size_t n = left < WALK_BLOCK ? (size_t)left : WALK_BLOCK;
	struct err e;

	if (bytesrc_read(w->src, w->off, w->block, n, &e) == -1) {
		archive_set_error(ar, EIO, "%s", e.text);
		return ARCHIVE_FATAL;
	}
	w->off += n;
	*block = w->block;
	return (la_ssize_t)n;
}

static la_int64_t
file_skip(struct archive *ar, void *ctx, la_int64_t want)
{
	struct walk *w = ctx;
	uint64_t left = w->end - w->off;

	(void)ar;
	if (want <= 0)
		return 0;
	if ((uint64_t)want < left)
		left = (uint64_t)want;
	w->off += left;
	return (la_int64_t)left;
}

const char *
walk_why(struct archive *ar)
{
	const char *s = archive_error_string(ar);

	return s == NULL || *s == '\0' ? "it is damaged" : s;
}

la_ssize_t
walk_data(struct archive *ar, void *out, size_t len)
{
	la_ssize_t n = ARCHIVE_RETRY;

	for (int i = 0; i < RETRIES_MAX; i++) {
		n = archive_read_data(ar, out, len);
		if (n != ARCHIVE_RETRY && n != ARCHIVE_WARN)
			break;
	}
	return n;
}

struct archive *
walk_new(void)
{
	struct archive *ar = archive_read_new();

	return ar == NULL ? xmalloc(SIZE_MAX) : ar;
}

int
walk_open(struct walk *w, struct archive *ar, struct err *e)
{
	if (archive_read_open2(ar, w, NULL, file_read, file_skip, NULL) <
	    ARCHIVE_WARN)
		return err_set(e, CAU_FAILED, "%s", walk_why(ar));
	return 0;
}

int
walk_count(struct walk *w, struct err *e)
{
	if (++w->members > WALK_MEMBERS_MAX)
		return err_set(e, CAU_FAILED, "more than %u members",
		    (unsigned)WALK_MEMBERS_MAX);
	return 0;
}

int
walk_next(struct walk *w, struct archive *ar, struct archive_entry **entry,
    struct err *e)
{
	int rc = ARCHIVE_RETRY;

	if (walk_count(w, e) == -1)
		return -1;
	for (int i = 0; i < RETRIES_MAX && rc == ARCHIVE_RETRY; i++)
		rc = archive_read_next_header(ar, entry);
	if (rc == ARCHIVE_EOF)
		return 0;
	/* A warning is about a name or a time. */
	if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
		return err_set(e, CAU_FAILED, "%s", walk_why(ar));
	return 1;
}

const char *
walk_last_part(const char *path)
{
	const char *name = path;

	for (; *path != '\0'; path++)
		if (*path == '/' || *path == '\\')
			name = path + 1;
	return name;
}

const char *
walk_name(struct archive_entry *entry)
{
	const char *name = archive_entry_pathname(entry);

	if (name == NULL)
		name = archive_entry_pathname_utf8(entry);
	return walk_last_part(name == NULL ? "" : name);
}

bool
walk_ends_with(const char *s, const char *tail)
{
	size_t len = strlen(s), n = strlen(tail);

	return len >= n && text_casecmp(s + len - n, tail) == 0;
}

bool
walk_is_manifest(const char *name)
{
	return text_casecmp(name, "update.mum") == 0;
}

bool
walk_is_text(const char *name)
{
	return walk_is_manifest(name) ||
	       walk_ends_with(name, "pkgProperties.txt");
}

int
walk_text(struct archive *ar, struct buf *out, struct err *e)
{
	la_ssize_t n = 1;

	while (out->len < TEXT_MAX && n != 0) {
		n = walk_data(ar, buf_reserve(out, WALK_BLOCK), WALK_BLOCK);
		if (n < 0)
			return err_set(e, CAU_FAILED, "%s", walk_why(ar));
		buf_setlen(out, out->len + (size_t)n);
	}
	return 0;
}

/* Whether the text has this article's number and not a longer one. */
static bool
mentions(const char *text, const char *kb)
{
	const char *p = text;

	while (*kb != '\0' && (p = strcasestr(p, kb)) != NULL) {
		p += strlen(kb);
		if (*p < '0' || *p > '9')
			return true;
	}
	return false;
}

int
walk_take_text(
    struct walk *w, struct archive *ar, const char *name, struct err *e)
{
	struct buf b = BUF_INIT;
	struct pkgtext t;
	int rc;

	/* What is kept of each adds up. */
	if (w->texts++ >= WALK_TEXTS_MAX)
		return err_set(e, CAU_FAILED, "too many texts in it");
	rc = walk_text(ar, &b, e);
	if (rc == 0 && walk_is_manifest(name)) {
		rc = pkgtext_mum(&t, b.data, b.len, w->arena, e);
		if (!w->manifest || mentions(t.kb, w->want_kb))
			*w->t = t;
		w->manifest = true;
	} else if (rc == 0) {
		pkgtext_properties(&w->properties, b.data, b.len, w->arena);
	}
	buf_release(&b);
	return rc == -1 ? err_wrap(e, "%.80s", walk_last_part(name)) : 0;
}

static int
read_zip_member(struct walk *w, const struct zipdir *z, struct err *e)
{
	struct archive *ar = walk_new();
	struct archive_entry *entry;
	int rc = -1;

	w->off = z->off < w->src->size ? z->off : w->src->size;
	w->end = w->src->size;
	if (archive_read_support_format_zip_streamable(ar) < ARCHIVE_WARN) {
		(void)err_set(e, CAU_FAILED, "%s", walk_why(ar));
	} else if (walk_open(w, ar, e) == 0) {
		rc = walk_next(w, ar, &entry, e);
		if (rc == 1)
			rc = walk_take_text(w, ar, walk_last_part(z->name), e);
		else if (rc == 0)
			rc = err_set(e, CAU_FAILED, "a member is not there");
	}
	(void)archive_read_free(ar);
	return rc;
}

static int
walk_zip(struct walk *w, struct err *e)
{
	struct zipdir z;
	int rc;

	if (zipdir_open(&z, w->src, w->arena, e) == -1)
		return -1;
	w->t->title = z.comment;
	while ((rc = zipdir_next(&z, e)) == 1) {
		if (walk_count(w, e) == -1)
			return -1;
		if (walk_is_text(walk_last_part(z.name)) &&
		    read_zip_member(w, &z, e) == -1)
			return -1;
	}
	return rc;
}

int
meta_archive_read(struct pkgtext *t, enum meta_format format,
    const struct bytesrc *src, const char *want_kb, struct arena *a,
    struct err *e)
{
	struct walk *w = xcalloc(1, sizeof(*w));
	int rc;

	pkgtext_init(t);
	w->src = src;
	w->end = src->size;
	w->want_kb = want_kb;
	w->t = t;
	w->arena = a;
	pkgtext_init(&w->properties);
	if (format == META_DEB)
		rc = walk_deb(w, e);
	else if (format == META_CAB)
		rc = walk_cab(w, e);
	else
		rc = walk_zip(w, e);
	/* The properties are about the whole file, a manifest about one
	 * part. */
	if (w->properties.kb[0] != '\0')
		t->kb = w->properties.kb;
	if (t->title[0] == '\0')
		t->title = w->properties.title;
	if (rc == 0 && w->limited && t->title[0] == '\0')
		rc = err_set(e, CAU_FAILED,
		    "the update in it is too large to be looked through");
	free(w);
	return rc;
}
