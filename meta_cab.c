/* SPDX-License-Identifier: ISC */
/*
 * What a cabinet says about itself, an .msu above all: a cabinet with others
 * in it, which are read through the outer one.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "meta_walk.h"
#include "text.h"

#define DEPTH_MAX   3 /* an .msu, the .cab in it, one more */
#define NESTED_MAX  16
#define LAYER_MAX   (UINT64_C(64) << 20) /* bytes of a nested cabinet */
#define SKIPPED_MAX (UINT64_C(1) << 30)

/* A member that is an archive itself. */
struct layer {
	struct archive *outer;
	uint64_t left;
	bool full; /* LAYER_MAX was reached */
	char block[WALK_BLOCK];
};

static la_ssize_t
layer_read(struct archive *ar, void *ctx, const void **block)
{
	struct layer *l = ctx;
	la_ssize_t n;

	n = walk_data(l->outer, l->block, sizeof(l->block));
	if (n < 0) {
		archive_set_error(ar, EIO, "%s", walk_why(l->outer));
		return ARCHIVE_FATAL;
	}
	if ((uint64_t)n > l->left) {
		l->full = true;
		archive_set_error(ar, EIO, "it is too large");
		return ARCHIVE_FATAL;
	}
	l->left -= (uint64_t)n;
	*block = l->block;
	return n;
}

static int
walk_members(struct walk *w, struct archive *ar, unsigned depth, struct err *e);

static int
read_layer(struct walk *w, struct archive *outer, const char *name,
    unsigned depth, struct err *e)
{
	struct archive *ar = walk_new();
	struct layer *l = xmalloc(sizeof(*l));
	int rc = -1;

	l->outer = outer;
	l->left = LAYER_MAX;
	l->full = false;
	if (archive_read_support_format_cab(ar) < ARCHIVE_WARN ||
	    archive_read_open2(ar, l, NULL, layer_read, NULL, NULL) <
		ARCHIVE_WARN)
		(void)err_set(e, CAU_FAILED, "%s", walk_why(ar));
	else
		rc = walk_members(w, ar, depth, e);
	/* Large updates are no trouble: the properties tell enough. */
	if (rc == -1 && l->full) {
		w->limited = true;
		rc = 0;
	}
	(void)archive_read_free(ar);
	free(l);
	return rc == -1 ? err_wrap(e, "%.80s", name) : 0;
}

/*
 * Reads one member of a cabinet if it is of interest. What is passed in a
 * compressed folder is unpacked all the same once a later member of it is
 * read, so that is counted.
 */
static int
visit(struct walk *w, struct archive *ar, struct archive_entry *entry,
    unsigned depth, struct err *e)
{
	char *name = xstrdup(walk_name(entry));
	bool inner, text = walk_is_text(name);
	int rc = 0;

	inner = walk_ends_with(name, ".cab") &&
		text_casecmp(name, "WSUSSCAN.cab") != 0 &&
		depth + 1 < DEPTH_MAX && w->nested < NESTED_MAX;
	if (strstr(archive_format_name(ar), "(None)") == NULL)
		w->skipped += (uint64_t)archive_entry_size(entry);
	if ((text || inner) && w->skipped > SKIPPED_MAX) {
		rc = err_set(e, CAU_FAILED, "%.80s: too much to unpack", name);
	} else if (text) {
		rc = walk_take_text(w, ar, name, e);
	} else if (inner) {
		w->nested++;
		rc = read_layer(w, ar, name, depth + 1, e);
	}
	free(name);
	return rc;
}

/*
 * Trouble in what a member says does not hide the others; the first one is
 * told. A nested cabinet is left once its update.mum was seen; in the outer
 * one the properties may come last.
 */
static int
walk_members(struct walk *w, struct archive *ar, unsigned depth, struct err *e)
{
	struct archive_entry *entry;
	struct err later;
	int rc, result = 0;
	bool last = false;

	while (!last) {
		rc = walk_next(w, ar, &entry, result == 0 ? e : &later);
		if (rc == 0)
			break;
		if (rc == -1)
			return -1;
		last = depth > 0 && walk_is_manifest(walk_name(entry));
		archive_clear_error(ar);
		if (visit(w, ar, entry, depth, result == 0 ? e : &later) == 0)
			continue;
		result = -1;
		/* libarchive 3.6 crashes when it has to pass over the rest of
		 * a member whose blocks it could not read. */
		if (archive_error_string(ar) != NULL)
			break;
	}
	return result;
}

int
walk_cab(struct walk *w, struct err *e)
{
	struct archive *ar = walk_new();
	unsigned char size[4];
	uint64_t want;
	int rc = -1;

	if (bytesrc_read(w->src, 8, size, sizeof(size), e) == -1)
		goto out;
	if (archive_read_support_format_cab(ar) < ARCHIVE_WARN) {
		(void)err_set(e, CAU_FAILED, "%s", walk_why(ar));
		goto out;
	}
	if (walk_open(w, ar, e) == 0)
		rc = walk_members(w, ar, 0, e);
	want = (uint64_t)size[0] | (uint64_t)size[1] << 8 |
	       (uint64_t)size[2] << 16 | (uint64_t)size[3] << 24;
	if (want > w->src->size)
		rc = err_set(e, CAU_FAILED,
		    "truncated: %" PRIu64 " of %" PRIu64 " bytes", w->src->size,
		    want);
out:
	(void)archive_read_free(ar);
	return rc;
}
