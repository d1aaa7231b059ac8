/* SPDX-License-Identifier: ISC */
/* The directory at the end of a .zip. */
#include "zipdir.h"

#include <stdlib.h>
#include <string.h>

#define END_SIZE    22
#define ENTRY_SIZE  46
#define COMMENT_MAX 65535

static uint32_t
le16(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t
le32(const unsigned char *p)
{
	return le16(p) | le16(p + 2) << 16;
}

/* The end record is the last thing in the file but for its comment, whose
 * length it tells. */
static const unsigned char *
find_end(const unsigned char *tail, size_t len)
{
	for (size_t i = len - END_SIZE + 1; i-- > 0;)
		if (memcmp(tail + i, "PK\5\6", 4) == 0 &&
		    le16(tail + i + 20) == len - i - END_SIZE)
			return tail + i;
	return NULL;
}

int
zipdir_open(
    struct zipdir *z, const struct bytesrc *src, struct arena *a, struct err *e)
{
	unsigned char *tail;
	const unsigned char *p;
	uint64_t start, size;
	size_t len;
	int rc = -1;

	*z = (struct zipdir){.src = src, .comment = ""};
	if (src->size < END_SIZE)
		return err_set(e, CAU_FAILED, "truncated: it has no directory");
	len = src->size < END_SIZE + COMMENT_MAX ? (size_t)src->size
						 : END_SIZE + COMMENT_MAX;
	tail = xmalloc(len);
	if (bytesrc_read(src, src->size - len, tail, len, e) == -1)
		goto out;
	p = find_end(tail, len);
	if (p == NULL) {
		(void)err_set(e, CAU_FAILED, "truncated: it has no directory");
		goto out;
	}
	z->comment = arena_strndup(
	    a, (const char *)p + END_SIZE, (size_t)(tail + len - p) - END_SIZE);
	size = le32(p + 12);
	start = le32(p + 16);
	rc = 0;
	/* A zip64 file has its directory where only a 64-bit record tells:
	 * what it says is not needed enough. */
	if (size == UINT32_MAX || start == UINT32_MAX)
		goto out;
	if (start > src->size || size > src->size - start)
		rc = err_set(e, CAU_FAILED,
		    "truncated: the directory is outside the file");
	z->at = start;
	z->end = rc == 0 ? start + size : start;
out:
	free(tail);
	return rc;
}

int
zipdir_next(struct zipdir *z, struct err *e)
{
	unsigned char p[ENTRY_SIZE];
	size_t len, keep;

	if (z->at == z->end)
		return 0;
	if (z->end - z->at < ENTRY_SIZE)
		return err_set(e, CAU_FAILED, "the directory is damaged");
	if (bytesrc_read(z->src, z->at, p, sizeof(p), e) == -1)
		return -1;
	len = le16(p + 28);
	if (memcmp(p, "PK\1\2", 4) != 0 ||
	    z->end - z->at < ENTRY_SIZE + len + le16(p + 30) + le16(p + 32))
		return err_set(e, CAU_FAILED, "the directory is damaged");
	keep = len < sizeof(z->name) ? len : sizeof(z->name) - 1;
	/* The end of a name tells what the member is. */
	if (bytesrc_read(z->src, z->at + ENTRY_SIZE + (len - keep), z->name,
		keep, e) == -1)
		return -1;
	z->name[keep] = '\0';
	z->off = le32(p + 42);
	z->at += ENTRY_SIZE + len + le16(p + 30) + le16(p + 32);
	return 1;
}
