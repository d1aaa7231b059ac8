/* SPDX-License-Identifier: ISC */
/* Makes compound files and installer databases for tests, in memory. */
#ifndef CAU_TESTS_OLEBUILD_H
#define CAU_TESTS_OLEBUILD_H

#include <stdlib.h>
#include <string.h>

#include "buf.h"

#define OLE_END	 UINT32_C(0xfffffffe)
#define OLE_FREE UINT32_C(0xffffffff)

struct ole_file {
	const uint16_t *name;
	size_t name_len;
	const void *data;
	size_t len;
};

static inline void
put16(void *p, size_t off, uint32_t v)
{
	unsigned char *b = (unsigned char *)p + off;

	b[0] = v & 0xff;
	b[1] = v >> 8 & 0xff;
}

static inline void
put32(void *p, size_t off, uint32_t v)
{
	put16(p, off, v & 0xffff);
	put16(p, off + 2, v >> 16);
}

static inline uint32_t
get32(const void *p, size_t off)
{
	const unsigned char *b = (const unsigned char *)p + off;

	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
	       (uint32_t)b[3] << 24;
}

/* Appends data as a chain of sectors; fat[] is extended by it. Returns its
 * first sector. */
static inline uint32_t
ole_chain(struct buf *body, struct buf *fat, size_t sector, const void *data,
    size_t len)
{
	uint32_t first = (uint32_t)(body->len / sector), n, i;
	unsigned char word[4];

	if (len == 0)
		return OLE_END;
	n = (uint32_t)((len - 1) / sector) + 1;
	buf_add(body, data, len);
	while (body->len % sector != 0)
		buf_addc(body, 0);
	for (i = 0; i < n; i++) {
		put32(word, 0, i + 1 == n ? OLE_END : first + i + 1);
		buf_add(fat, word, 4);
	}
	return first;
}

static inline void
ole_entry(struct buf *dir, const struct ole_file *f, unsigned type,
    uint32_t right, uint32_t child, uint32_t class, uint32_t start, size_t size)
{
	static const unsigned char tail[] = {
	    0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
	unsigned char e[128] = {0};
	size_t i;

	for (i = 0; i < f->name_len; i++)
		put16(e, i * 2, f->name[i]);
	put16(e, 64, (uint32_t)(f->name_len + 1) * 2);
	e[66] = (unsigned char)type;
	put32(e, 68, OLE_FREE);
	put32(e, 72, right);
	put32(e, 76, child);
	if (class != 0) {
		put32(e, 80, class);
		memcpy(e + 84, tail, sizeof(tail));
	}
	put32(e, 116, start);
	put32(e, 120, (uint32_t)size);
	buf_add(dir, e, sizeof(e));
}

/* A compound file: shift 9 or 12, the class of its root, its streams. The
 * sectors hold the streams, the mini stream, the mini FAT, the directory,
 * then the FAT and the table of its sectors. */
static inline void
ole_build(struct buf *out, unsigned shift, uint32_t class,
    const struct ole_file *files, size_t n)
{
	static const uint16_t root_name[] = {'R', 'o', 'o', 't'};
	struct buf body = BUF_INIT, fat = BUF_INIT, dir = BUF_INIT;
	struct buf mini = BUF_INIT, minifat = BUF_INIT, difat = BUF_INIT;
	struct ole_file root = {root_name, 4, NULL, 0};
	uint32_t *start = xcalloc(n + 1, 4), at, nfat, ndifat, i, first_difat;
	size_t sector = (size_t)1 << shift, per = sector / 4;
	unsigned char header[4096] = {
	    0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1};
	unsigned char word[4];

	for (i = 0; i < n; i++)
		start[i] = files[i].len >= 4096
			       ? ole_chain(&body, &fat, sector, files[i].data,
				     files[i].len)
			       : ole_chain(&mini, &minifat, 64, files[i].data,
				     files[i].len);
	at = ole_chain(&body, &fat, sector, mini.data, mini.len);
	ole_entry(&dir, &root, 5, OLE_FREE, n == 0 ? OLE_FREE : 1, class, at,
	    mini.len);
	for (i = 0; i < n; i++)
		ole_entry(&dir, &files[i], 2, i + 1 == n ? OLE_FREE : i + 2,
		    OLE_FREE, 0, start[i], files[i].len);
	put32(header, 60,
	    ole_chain(&body, &fat, sector, minifat.data, minifat.len));
	put32(header, 64, (uint32_t)((minifat.len + sector - 1) / sector));
	put32(header, 48, ole_chain(&body, &fat, sector, dir.data, dir.len));

	at = (uint32_t)(body.len / sector);
	for (nfat = 1, ndifat = 0; (size_t)nfat * per < at + nfat + ndifat;) {
		nfat++;
		ndifat =
		    nfat <= 109 ? 0 : (nfat - 110) / (uint32_t)(per - 1) + 1;
	}
	for (i = 0; i < nfat + ndifat; i++) {
		put32(word, 0, i < nfat ? 0xfffffffd : 0xfffffffc);
		buf_add(&fat, word, 4);
	}
	while (fat.len < (size_t)nfat * sector)
		buf_addc(&fat, (char)0xff);
	buf_add(&body, fat.data, fat.len);
	first_difat = ndifat == 0 ? OLE_END : at + nfat;
	for (i = 0; i < 109; i++)
		put32(header, 76 + (size_t)i * 4, i < nfat ? at + i : OLE_FREE);
	for (i = 109; i < nfat; i++) {
		put32(word, 0, at + i);
		buf_add(&difat, word, 4);
		if (difat.len % sector == sector - 4) {
			put32(word, 0,
			    first_difat + (uint32_t)(difat.len / sector) + 1);
			buf_add(&difat, word, 4);
		}
	}
	while (difat.len % sector != 0)
		buf_addc(&difat, (char)0xff);
	buf_add(&body, difat.data, difat.len);

	put16(header, 24, 0x3e);
	put16(header, 26, shift == 9 ? 3 : 4);
	put16(header, 28, 0xfffe);
	put16(header, 30, shift);
	put16(header, 32, 6);
	put32(header, 44, nfat);
	put32(header, 56, 4096);
	put32(header, 68, first_difat);
	put32(header, 72, ndifat);
	buf_add(out, header, sector);
	buf_add(out, body.data, body.len);
	free(start);
	buf_release(&body);
	buf_release(&fat);
	buf_release(&dir);
	buf_release(&mini);
	buf_release(&minifat);
	buf_release(&difat);
}

static inline unsigned
msi_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A') + 10;
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 36;
	return c == '.' ? 62 : 63;
}

/* The name of a table as its stream has it; returns its length. */
static inline size_t
msi_encode(uint16_t out[32], const char *name)
{
	size_t n = 0;

	out[n++] = 0x4840;
	for (; name[0] != '\0' && name[1] != '\0'; name += 2)
		out[n++] = (uint16_t)(0x3800 + msi_digit(name[0]) +
				      (msi_digit(name[1]) << 6));
	if (name[0] != '\0')
		out[n++] = (uint16_t)(0x4800 + msi_digit(*name));
	return n;
}

/* A database under construction: strings and two tables that hold them. */
struct msi_build {
	struct buf pool, data, property[2], metadata[3];
	uint32_t nstrings;
	bool wide; /* string numbers of three bytes */
};

static inline void
msi_init(struct msi_build *m, unsigned codepage, bool wide)
{
	unsigned char word[4];

	memset(m, 0, sizeof(*m));
	buf_init(&m->pool);
	buf_init(&m->data);
	for (size_t i = 0; i < 2; i++)
		buf_init(&m->property[i]);
	for (size_t i = 0; i < 3; i++)
		buf_init(&m->metadata[i]);
	m->wide = wide;
	put32(word, 0, codepage | (wide ? UINT32_C(0x80000000) : 0));
	buf_add(&m->pool, word, 4);
}

static inline void
msi_string(struct msi_build *m, struct buf *column, const char *s, size_t len)
{
	unsigned char word[8];
	size_t n = 4;

	put16(word, 0, len & 0xffff);
	put16(word, 2, 1);
	if (len > 0xffff) {
		put32(word, 0, (uint32_t)(len >> 16) << 16);
		put16(word, 4, len & 0xffff);
		put16(word, 6, 1);
		n = 8;
	}
	buf_add(&m->pool, word, n);
	buf_add(&m->data, s, len);
	put32(word, 0, ++m->nstrings);
	buf_add(column, word, m->wide ? 3 : 2);
}

static inline void
msi_property(struct msi_build *m, const char *key, const char *value)
{
	msi_string(m, &m->property[0], key, strlen(key));
	msi_string(m, &m->property[1], value, strlen(value));
}

static inline void
msi_metadata(struct msi_build *m, const char *key, const char *value)
{
	msi_string(m, &m->metadata[0], "Nobody", 6);
	msi_string(m, &m->metadata[1], key, strlen(key));
	msi_string(m, &m->metadata[2], value, strlen(value));
}

/* \005SummaryInformation with texts for the ids that have one. */
static inline void
msi_summary(struct buf *out, unsigned codepage, const char *title,
    const char *subject, const char *comments)
{
	const struct {
		uint32_t id;
		const char *text;
	} props[] = {{1, NULL}, {2, title}, {3, subject}, {6, comments}};
	unsigned char head[48] = {0xfe, 0xff, 0, 0}, word[8];
	struct buf values = BUF_INIT;
	size_t i, len;

	put32(head, 24, 1);
	put32(head, 44, 48);
	buf_add(out, head, sizeof(head));
	put32(word, 4, 4);
	buf_add(out, word, 8);
	for (i = 0; i < 4; i++) {
		put32(word, 0, props[i].id);
		put32(word, 4, (uint32_t)(40 + values.len));
		buf_add(out, word, 8);
		if (props[i].text == NULL) {
			put32(word, 0, 2);
			put32(word, 4, codepage);
			buf_add(&values, word, 8);
			continue;
		}
		len = strlen(props[i].text) + 1;
		put32(word, 0, 30);
		put32(word, 4, (uint32_t)len);
		buf_add(&values, word, 8);
		buf_add(&values, props[i].text, len);
		while (values.len % 4 != 0)
			buf_addc(&values, 0);
	}
	buf_add(out, values.data, values.len);
	put32(out->data, 48, (uint32_t)out->len - 48);
	buf_release(&values);
}

/* Frees m; the file goes to out. */
static inline void
msi_finish(struct buf *out, struct msi_build *m, uint32_t class,
    const struct buf *summary)
{
	static const uint16_t summary_name[] = {5, 'S', 'u', 'm', 'm', 'a', 'r',
	    'y', 'I', 'n', 'f', 'o', 'r', 'm', 'a', 't', 'i', 'o', 'n'};
	static const char *const names[] = {
	    "_StringPool", "_StringData", "Property", "MsiPatchMetadata"};
	struct ole_file files[5] = {
	    {summary_name, 19, summary->data, summary->len}};
	struct buf *tables[2] = {m->property, m->metadata};
	uint16_t encoded[4][32];
	size_t i, k;

	for (i = 0; i < 2; i++) {
		for (k = 1; k < i + 2; k++) {
			buf_add(
			    &tables[i][0], tables[i][k].data, tables[i][k].len);
			buf_release(&tables[i][k]);
		}
	}
	for (i = 0; i < 4; i++) {
		const struct buf *b = i == 0   ? &m->pool
				      : i == 1 ? &m->data
				      : i == 2 ? &m->property[0]
					       : &m->metadata[0];

		files[i + 1] = (struct ole_file){encoded[i],
		    msi_encode(encoded[i], names[i]), b->data, b->len};
	}
	ole_build(out, 9, class, files, 5);
	buf_release(&m->pool);
	buf_release(&m->data);
	buf_release(&m->property[0]);
	buf_release(&m->metadata[0]);
}

#endif
