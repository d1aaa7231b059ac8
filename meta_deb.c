/* SPDX-License-Identifier: ISC */
/* What a .deb says about itself. */
#include <string.h>

#include "meta_walk.h"
#include "text.h"

#define CONTROL_MAX (UINT64_C(64) << 20) /* control.tar, packed or not */
#define HEADER_SIZE 60

static int
find_control(struct walk *w, struct archive *ar, struct err *e)
{
	struct archive_entry *entry;
	struct buf b = BUF_INIT;
	uint64_t passed = 0;
	int rc;

	while ((rc = walk_next(w, ar, &entry, e)) == 1) {
		if (strcmp(walk_name(entry), "control") == 0 &&
		    archive_entry_filetype(entry) == AE_IFREG) {
			rc = walk_text(ar, &b, e);
			if (rc == 0)
				pkgtext_control(w->t, b.data, b.len, w->arena);
			buf_release(&b);
			return rc;
		}
		passed += (uint64_t)archive_entry_size(entry);
		if (passed > CONTROL_MAX)
			return err_set(e, CAU_FAILED, "it is too large");
	}
	return rc == 0 ? err_set(e, CAU_FAILED, "it has no control file") : -1;
}

/* Only what dpkg unpacks, and told by the name as there: no guessing
 * through layers of compression. */
static int
add_filter(struct archive *ar, const char *name, struct err *e)
{
	static const struct {
		const char *name;
		int filter;
	} filters[] = {{"control.tar", ARCHIVE_FILTER_NONE},
	    {"control.tar.gz", ARCHIVE_FILTER_GZIP},
	    {"control.tar.xz", ARCHIVE_FILTER_XZ},
	    {"control.tar.zst", ARCHIVE_FILTER_ZSTD}};

	for (size_t i = 0; i < sizeof(filters) / sizeof(*filters); i++) {
		if (strcmp(name, filters[i].name) != 0)
			continue;
		if (archive_read_append_filter(ar, filters[i].filter) <
		    ARCHIVE_WARN)
			return err_set(e, CAU_FAILED, "%s", walk_why(ar));
		return 0;
	}
	return err_set(e, CAU_FAILED, "its compression is not supported");
}

static int
read_control(struct walk *w, const char *name, struct err *e)
{
	struct archive *ar;
	int rc = -1;

	if (w->end - w->off > CONTROL_MAX)
		return err_set(e, CAU_FAILED, "it is too large");
	ar = walk_new();
	if (add_filter(ar, name, e) == -1)
		goto out;
	if (archive_read_support_format_tar(ar) < ARCHIVE_WARN) {
		(void)err_set(e, CAU_FAILED, "%s", walk_why(ar));
		goto out;
	}
	if (walk_open(w, ar, e) == 0)
		rc = find_control(w, ar, e);
out:
	(void)archive_read_free(ar);
	return rc;
}

/* A member of the outer archive: name of 16 bytes, size at 48. */
static int
read_header(const struct walk *w, uint64_t at, char name[17], uint64_t *size,
    struct err *e)
{
	char header[HEADER_SIZE], digits[11];

	if (bytesrc_read(w->src, at, header, sizeof(header), e) == -1)
		return -1;
	memcpy(name, header, 16);
	name[16] = '\0';
	name[strcspn(name, " /")] = '\0';
	memcpy(digits, header + 48, 10);
	digits[10] = '\0';
	digits[strcspn(digits, " ")] = '\0';
	if (memcmp(header + 58, "`\n", 2) != 0 ||
	    text_u64(digits, 0, UINT64_MAX, size, e) == -1)
		return err_set(
		    e, CAU_FAILED, "the header of a member is damaged");
	return 0;
}

/*
 * The outer archive is so plain that it is read here: a library would pass
 * over a last member that is cut off.
 */
int
walk_deb(struct walk *w, struct err *e)
{
	uint64_t at = sizeof("!<arch>"), size;
	bool found = false, data = false;
	char name[17];

	while (at < w->src->size) {
		if (walk_count(w, e) == -1 ||
		    read_header(w, at, name, &size, e) == -1)
			return -1;
		at += HEADER_SIZE;
		if (size > w->src->size - at)
			return err_set(e, CAU_FAILED,
			    "truncated: %s goes on behind the end", name);
		if (!found && strncmp(name, "control.tar", 11) == 0) {
			found = true;
			w->off = at;
			w->end = at + size;
			if (read_control(w, name, e) == -1)
				return err_wrap(e, "%s", name);
		}
		data = data || strncmp(name, "data.tar", 8) == 0;
		at += size + size % 2;
	}
	if (!found || !data)
		return err_set(e, CAU_FAILED, "it has no %s",
		    found ? "data.tar" : "control.tar");
	return 0;
}
