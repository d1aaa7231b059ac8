/* SPDX-License-Identifier: ISC */
/* OLE2 compound files. */
#include "ole2.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_SIZE   512
#define HEADER_DIFAT  109 /* FAT locations in the header itself */
#define ENTRY_SIZE    128
#define MINI_SIZE     64
#define MINI_CUTOFF   4096
#define DIRECTORY_MAX ((size_t)8 << 20)
#define MINI_MAX      ((size_t)256 << 20)
#define NO_CACHE      UINT32_MAX

/* Sector numbers and directory indexes from here on are marks. */
#define SECTOR_MAX   UINT32_C(0xfffffffa)
#define END_OF_CHAIN UINT32_C(0xfffffffe)
#define FREE_SECTOR  UINT32_C(0xffffffff)

enum entry_type { ENTRY_STREAM = 2, ENTRY_ROOT = 5 };

struct siblings {
	unsigned char *seen;
	uint32_t *todo;
	size_t ntodo;
	uint32_t count;
};

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

static int
sector_read(const struct ole2 *o, uint32_t sector, size_t skip, void *out,
    size_t len, struct err *e)
{
	if (sector >= o->nsectors)
		return err_set(
		    e, CAU_FAILED, "sector %u is outside the file", sector);
	return bytesrc_read(o->src,
	    ((uint64_t)sector + 1) * o->sector_size + skip, out, len, e);
}

static int
fat_load(struct ole2 *o, uint32_t index, struct err *e)
{
	if (o->cached == index)
		return 0;
	o->cached = NO_CACHE;
	if (sector_read(o, o->fat[index], 0, o->cache, o->sector_size, e) == -1)
		return err_wrap(e, "sector table");
	o->cached = index;
	return 0;
}

/*
 * Walks a chain of sectors. A chain that comes back to itself meets the
 * mark that is left behind at growing distances (Brent).
 */
struct chain {
	uint32_t sector;
	uint32_t mark;
	uint32_t steps;
	uint32_t limit;
};

static struct chain
chain_start(uint32_t sector)
{
	return (struct chain){
	    .sector = sector, .mark = FREE_SECTOR, .limit = 1};
}

static int
chain_step(struct chain *c, uint32_t next, struct err *e)
{
	if (c->steps == c->limit) {
		c->mark = c->sector;
		c->steps = 0;
		c->limit = c->limit < UINT32_MAX / 2 ? c->limit * 2 : c->limit;
	}
	c->steps++;
	c->sector = next;
	if (next == c->mark)
		return err_set(e, CAU_FAILED, "a chain of sectors is a loop");
	return 0;
}

static int
fat_step(struct ole2 *o, struct chain *c, struct err *e)
{
	uint32_t per = (uint32_t)o->sector_size / 4, index = c->sector / per;

	if (index >= o->nfat)
		return err_set(
		    e, CAU_FAILED, "sector %u is in no table", c->sector);
	if (fat_load(o, index, e) == -1)
		return -1;
	return chain_step(c, le32(o->cache + (size_t)(c->sector % per) * 4), e);
}

/*
 * Appends the bytes of a chain: exactly size of them, or all when size is
 * SIZE_MAX, and never more than max.
 */
static int
chain_read(struct ole2 *o, uint32_t start, size_t size, size_t max,
    struct buf *out, struct err *e)
{
	struct chain c = chain_start(start);
	size_t done = 0, n;

	while (done < size && (size != SIZE_MAX || c.sector < SECTOR_MAX)) {
		n = size - done < o->sector_size ? size - done : o->sector_size;
		if (n > max - done)
			return err_set(
			    e, CAU_FAILED, "more than %zu KiB", max / 1024);
		if (sector_read(o, c.sector, 0, buf_reserve(out, n), n, e) ==
		    -1)
			return -1;
		buf_setlen(out, out->len + n);
		done += n;
		if (done < size && fat_step(o, &c, e) == -1)
			return -1;
	}
	return 0;
}

/* Where the FAT is: 109 locations in the header, more in a chain of
 * sectors of their own. */
static int
read_difat(struct ole2 *o, const unsigned char *header, struct err *e)
{
	uint32_t per = (uint32_t)o->sector_size / 4 - 1, i, k, sector;

	o->nfat = le32(header + 44);
	if (o->nfat > o->nsectors)
		return err_set(e, CAU_FAILED,
		    "truncated: the sector table is larger than the file");
	o->fat = xcalloc(o->nfat, sizeof(*o->fat));
	for (i = 0; i < o->nfat && i < HEADER_DIFAT; i++)
		o->fat[i] = le32(header + 76 + (size_t)i * 4);
	sector = le32(header + 68);
	/* Each round fills some of fat, so a loop ends too. */
	while (i < o->nfat) {
		if (sector_read(o, sector, 0, o->cache, o->sector_size, e) ==
		    -1)
			return err_wrap(e, "table of tables");
		for (k = 0; k < per && i < o->nfat; k++, i++)
			o->fat[i] = le32(o->cache + (size_t)k * 4);
		sector = le32(o->cache + (size_t)per * 4);
	}
	return 0;
}

static uint64_t
entry_size(const struct ole2 *o, const unsigned char *entry)
{
	uint64_t size = le32(entry + 120);

	/* The upper half is only defined for large sectors. */
	if (o->sector_size == 4096)
		size |= (uint64_t)le32(entry + 124) << 32;
	return size;
}

static int
read_mini(struct ole2 *o, const unsigned char *header,
    const unsigned char *root, struct err *e)
{
	uint64_t size = entry_size(o, root);
	struct chain c = chain_start(le32(root + 116));
	struct buf b = BUF_INIT;
	size_t n;
	int rc;

	if (size == 0)
		return 0;
	n = (size_t)((size - 1) / o->sector_size) + 1;
	if (size > MINI_MAX || n > o->nsectors)
		return err_set(e, CAU_FAILED, "the mini stream is too large");
	o->mini = xcalloc(n, sizeof(*o->mini));
	while (o->nmini < n) {
		o->mini[o->nmini++] = c.sector;
		if (o->nmini < n && fat_step(o, &c, e) == -1)
			return -1;
	}
	rc = chain_read(
	    o, le32(header + 60), SIZE_MAX, MINI_MAX / MINI_SIZE * 4, &b, e);
	o->nminifat = b.len / 4;
	o->minifat = xcalloc(o->nminifat, sizeof(*o->minifat));
	for (size_t i = 0; i < o->nminifat; i++)
		o->minifat[i] = le32((unsigned char *)b.data + i * 4);
	buf_release(&b);
	return rc;
}

static int
add_stream(struct ole2 *o, size_t *cap, const unsigned char *entry)
{
	uint32_t bytes = le16(entry + 64), i;
	struct ole2_stream *s;

	if (bytes < 2 || bytes % 2 != 0 || bytes / 2 - 1 > OLE2_NAME_MAX)
		return -1;
	o->streams = xgrow(o->streams, o->nstreams, cap, sizeof(*o->streams));
	s = &o->streams[o->nstreams++];
	*s = (struct ole2_stream){.name_len = bytes / 2 - 1,
	    .start = le32(entry + 116),
	    .size = entry_size(o, entry)};
	for (i = 0; i < s->name_len; i++)
		s->name[i] = (uint16_t)le16(entry + (size_t)i * 2);
	return 0;
}

/* Puts an entry on the list of those to visit, once. */
static int
visit(struct siblings *s, uint32_t index, struct err *e)
{
	if (index == FREE_SECTOR)
		return 0;
	if (index >= s->count || s->seen[index] != 0)
		return err_set(e, CAU_FAILED, "it is not a tree");
	s->seen[index] = 1;
	s->todo[s->ntodo++] = index;
	return 0;
}

/*
 * The children of the root are a binary tree of siblings. Streams further
 * down belong to storages in the file (the transforms of a patch) and must
 * not be taken for those of the root.
 */
static int
read_children(
    struct ole2 *o, const unsigned char *dir, uint32_t count, struct err *e)
{
	struct siblings s = {xcalloc(count, 1), xcalloc(count, 4), 0, count};
	const unsigned char *entry;
	size_t cap = 0;
	int rc;

	s.seen[0] = 1;
	rc = visit(&s, le32(dir + 76), e);
	while (rc == 0 && s.ntodo > 0) {
		entry = dir + (size_t)s.todo[--s.ntodo] * ENTRY_SIZE;
		if (entry[66] == ENTRY_STREAM &&
		    add_stream(o, &cap, entry) == -1)
			rc = err_set(e, CAU_FAILED, "a name is too long");
		else if (visit(&s, le32(entry + 68), e) == -1 ||
			 visit(&s, le32(entry + 72), e) == -1)
			rc = -1;
	}
	free(s.seen);
	free(s.todo);
	return rc;
}

static int
read_directory(struct ole2 *o, const unsigned char *header, struct err *e)
{
	struct buf b = BUF_INIT;
	unsigned char *dir;
	int rc = -1;

	if (chain_read(o, le32(header + 48), SIZE_MAX, DIRECTORY_MAX, &b, e) ==
	    -1)
		goto out;
	dir = (unsigned char *)b.data;
	if (b.len < ENTRY_SIZE || dir[66] != ENTRY_ROOT) {
		(void)err_set(e, CAU_FAILED, "there is no root");
		goto out;
	}
	memcpy(o->clsid, dir + 80, sizeof(o->clsid));
	if (read_children(o, dir, (uint32_t)(b.len / ENTRY_SIZE), e) == -1 ||
	    read_mini(o, header, dir, e) == -1)
		goto out;
	rc = 0;
out:
	buf_release(&b);
	return rc == -1 ? err_wrap(e, "directory") : 0;
}

int
ole2_open(struct ole2 *o, const struct bytesrc *src, struct err *e)
{
	static const unsigned char magic[] = {
	    0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1};
	unsigned char header[HEADER_SIZE];
	uint32_t version, shift;
	uint64_t n;

	*o = (struct ole2){.src = src, .cached = NO_CACHE};
	if (bytesrc_read(src, 0, header, sizeof(header), e) == -1)
		return -1;
	version = le16(header + 26);
	shift = le16(header + 30);
	if (memcmp(header, magic, sizeof(magic)) != 0 ||
	    le16(header + 28) != 0xfffe || le16(header + 32) != 6 ||
	    le32(header + 56) != MINI_CUTOFF ||
	    !((version == 3 && shift == 9) || (version == 4 && shift == 12)))
		return err_set(
		    e, CAU_FAILED, "the header is not that of a compound file");
	o->sector_size = (size_t)1 << shift;
	n = src->size / o->sector_size;
	n = n == 0 ? 0 : n - 1;
	o->nsectors = n > SECTOR_MAX ? SECTOR_MAX : (uint32_t)n;
	o->cache = xmalloc(o->sector_size);
	if (read_difat(o, header, e) == -1)
		return -1;
	return read_directory(o, header, e);
}

void
ole2_close(struct ole2 *o)
{
	free(o->fat);
	free(o->cache);
	free(o->mini);
	free(o->minifat);
	free(o->streams);
	*o = (struct ole2){.cached = NO_CACHE};
}

int
ole2_complete(struct ole2 *o, struct err *e)
{
	uint32_t per = (uint32_t)o->sector_size / 4, i, k;
	uint64_t last;

	for (i = o->nfat; i-- > 0;) {
		if (fat_load(o, i, e) == -1)
			return -1;
		for (k = per; k-- > 0;) {
			if (le32(o->cache + (size_t)k * 4) == FREE_SECTOR)
				continue;
			last = (uint64_t)i * per + k;
			if (last < o->nsectors)
				return 0;
			return err_set(e, CAU_FAILED,
			    "truncated: %u of more than %" PRIu64 " sectors",
			    o->nsectors, last);
		}
	}
	return 0;
}

static int
mini_read(
    struct ole2 *o, const struct ole2_stream *s, struct buf *out, struct err *e)
{
	struct chain c = chain_start(s->start);
	size_t left = (size_t)s->size, n, at, index;

	while (left > 0) {
		at = (size_t)c.sector * MINI_SIZE;
		index = at / o->sector_size;
		if (c.sector >= o->nminifat || index >= o->nmini)
			return err_set(e, CAU_FAILED,
			    "mini sector %u is not there", c.sector);
		n = left < MINI_SIZE ? left : MINI_SIZE;
		if (sector_read(o, o->mini[index], at % o->sector_size,
			buf_reserve(out, n), n, e) == -1)
			return -1;
		buf_setlen(out, out->len + n);
		left -= n;
		if (left > 0 && chain_step(&c, o->minifat[c.sector], e) == -1)
			return -1;
	}
	return 0;
}

int
ole2_read(struct ole2 *o, const struct ole2_stream *s, size_t max,
    struct buf *out, struct err *e)
{
	if (s->size > max)
		return err_set(e, CAU_FAILED, "a stream has more than %zu KiB",
		    max / 1024);
	if (s->size < MINI_CUTOFF)
		return mini_read(o, s, out, e);
	return chain_read(o, s->start, (size_t)s->size, max, out, e);
}
