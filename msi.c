/* SPDX-License-Identifier: ISC */
/* Windows Installer packages and patches. */
#include "msi.h"

#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ole2.h"

#define STREAM_MAX  ((size_t)32 << 20)
#define SUMMARY_MAX ((size_t)1 << 20)
#define STRING_MAX  ((size_t)4096) /* nobody shows more of one */

#define CODEPAGE_UTF8 65001

/* Variant types of the summary information. */
enum variant { VT_I2 = 2, VT_LPSTR = 30 };

struct pool_string {
	size_t off;
	size_t len;
};

struct pool {
	struct buf data;
	struct pool_string *strings; /* [0] is the empty string */
	size_t n;
	size_t ref_size; /* bytes of a string number in a table */
	unsigned codepage;
};

struct field {
	const char *key;
	const char **value;
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

/*
 * Stream names squeeze two characters of 64 into one UTF-16 unit, from
 * 0x3800 on; 0x4800 holds a single one, and 0x4840 marks a table.
 */
int
msi_decode_name(char out[MSI_NAME_SIZE], const uint16_t *name, size_t len)
{
	static const char set[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz._";
	size_t n = 0, i;
	uint16_t c;

	for (i = 0; i < len; i++) {
		c = name[i];
		if (n + 3 > MSI_NAME_SIZE || c == 0)
			return -1;
		if (c == 0x4840 && i == 0) {
			out[n++] = '!';
		} else if (c >= 0x3800 && c < 0x4800) {
			out[n++] = set[(c - 0x3800) & 0x3f];
			out[n++] = set[(c - 0x3800) >> 6];
		} else if (c >= 0x4800 && c < 0x4840) {
			out[n++] = set[c - 0x4800];
		} else if (c < 0x80) {
			out[n++] = (char)c;
		} else {
			return -1;
		}
	}
	out[n] = '\0';
	return 0;
}

static const struct ole2_stream *
find_stream(const struct ole2 *o, const char *want)
{
	char name[MSI_NAME_SIZE];

	for (size_t i = 0; i < o->nstreams; i++)
		if (msi_decode_name(name, o->streams[i].name,
			o->streams[i].name_len) == 0 &&
		    strcmp(name, want) == 0)
			return &o->streams[i];
	return NULL;
}

/* The name that iconv knows a Windows code page by; NULL for others, whose
 * bytes stay as they are. */
static const char *
codepage_name(unsigned codepage, char out[16])
{
	static const unsigned known[] = {874, 932, 936, 949, 950, 1250, 1251,
	    1252, 1253, 1254, 1255, 1256, 1257, 1258};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (known[i] == codepage) {
			(void)snprintf(out, 16, "CP%u", codepage);
			return out;
		}
	}
	return NULL;
}

static bool
is_ascii(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] >= 0x80)
			return false;
	return true;
}

static const char *
to_utf8(struct arena *a, unsigned codepage, const char *s, size_t len)
{
	char name[16], *in, *out, *at, *copy;
	const char *from = codepage_name(codepage, name), *text;
	size_t in_left, out_left;
	iconv_t cd;

	len = strnlen(s, len < STRING_MAX ? len : STRING_MAX);
	if (from == NULL || is_ascii(s, len) ||
	    (cd = iconv_open("UTF-8", from)) == (iconv_t)-1)
		return arena_strndup(a, s, len);
	in = copy = xstrndup(s, len);
	in_left = len;
	/* No character of these code pages is longer than 4 bytes per byte. */
	out_left = len * 4;
	at = out = xmalloc(out_left);
	if (iconv(cd, &in, &in_left, &at, &out_left) == (size_t)-1)
		text = arena_strndup(a, s, len);
	else
		text = arena_strndup(a, out, (size_t)(at - out));
	(void)iconv_close(cd);
	free(copy);
	free(out);
	return text;
}

/* Where the value of a property is in the one section; NULL if there is
 * none, or no room for its type and first four bytes. */
static const unsigned char *
summary_find(const unsigned char *p, size_t len, uint32_t id, uint32_t type)
{
	size_t count, off, i;

	count = le32(p + 4);
	for (i = 0; i < count && 16 + i * 8 <= len; i++) {
		off = le32(p + 12 + i * 8);
		if (le32(p + 8 + i * 8) == id && off <= len - 8 &&
		    le32(p + off) == type)
			return p + off;
	}
	return NULL;
}

static int
read_summary(struct msi *m, struct ole2 *o, struct arena *a, struct err *e)
{
	const struct {
		uint32_t id;
		const char **value;
	} fields[] = {{2, &m->title}, {3, &m->subject}, {6, &m->comments}};
	const struct ole2_stream *s = find_stream(o, "\005SummaryInformation");
	struct buf b = BUF_INIT;
	const unsigned char *p, *v;
	size_t i, len, off, n;
	unsigned codepage = 0;
	int rc = -1;

	if (s == NULL)
		return err_set(e, CAU_FAILED, "there is none");
	if (ole2_read(o, s, SUMMARY_MAX, &b, e) == -1)
		goto out;
	p = (unsigned char *)b.data;
	off = b.len < 48 ? 0 : le32(p + 44);
	if (b.len < 48 || le16(p) != 0xfffe || off < 48 || off > b.len ||
	    b.len - off < 8) {
		(void)err_set(e, CAU_FAILED, "it is damaged");
		goto out;
	}
	p += off;
	len = b.len - off;
	v = summary_find(p, len, 1, VT_I2);
	if (v != NULL)
		codepage = le16(v + 4);
	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		v = summary_find(p, len, fields[i].id, VT_LPSTR);
		if (v == NULL)
			continue;
		n = le32(v + 4);
		off = (size_t)(v - p) + 8;
		if (n > len - off)
			n = len - off;
		*fields[i].value = to_utf8(a, codepage, (const char *)v + 8, n);
	}
	rc = 0;
out:
	buf_release(&b);
	return rc;
}

/*
 * _StringPool holds length and reference count of each string in turn, in
 * two bytes each; _StringData the bytes. The first pair is the code page
 * and a flag instead. A length of 0 with references says that the string is
 * long: the count is the upper half of the length, the next pair the rest.
 */
static int
pool_parse(struct pool *pool, const unsigned char *p, size_t len, struct err *e)
{
	size_t i, size, off = 0, pairs = len / 4;

	if (pairs == 0)
		return err_set(e, CAU_FAILED, "the string pool is empty");
	pool->codepage = le32(p) & 0x7fffffffU;
	pool->ref_size = (p[3] & 0x80) != 0 ? 3 : 2;
	pool->strings = xcalloc(pairs, sizeof(*pool->strings));
	pool->n = 1;
	for (i = 1; i < pairs; i++) {
		size = le16(p + i * 4);
		if (size == 0 && le16(p + i * 4 + 2) != 0) {
			size = (size_t)le16(p + i * 4 + 2) << 16;
			if (++i == pairs)
				return err_set(e, CAU_FAILED,
				    "the string pool ends within a string");
			size |= le16(p + i * 4);
		}
		if (size > pool->data.len - off)
			return err_set(e, CAU_FAILED,
			    "the string pool is larger than its data");
		pool->strings[pool->n++] = (struct pool_string){off, size};
		off += size;
	}
	return 0;
}

static int
pool_read(struct pool *pool, struct ole2 *o, struct err *e)
{
	const struct ole2_stream *index = find_stream(o, "!_StringPool");
	const struct ole2_stream *data = find_stream(o, "!_StringData");
	struct buf b = BUF_INIT;
	int rc = -1;

	if (index == NULL || data == NULL)
		return err_set(e, CAU_FAILED, "there is no string pool");
	if (ole2_read(o, data, STREAM_MAX, &pool->data, e) == 0 &&
	    ole2_read(o, index, STREAM_MAX, &b, e) == 0)
		rc = pool_parse(pool, (unsigned char *)b.data, b.len, e);
	buf_release(&b);
	return rc;
}

/* String number ref; one that is not there reads as the empty string. */
static struct pool_string
pool_get(const struct pool *pool, const unsigned char *ref)
{
	size_t id = le16(ref);

	if (pool->ref_size == 3)
		id |= (size_t)ref[2] << 16;
	return id < pool->n ? pool->strings[id] : (struct pool_string){0, 0};
}

/*
 * Fills fields from a table all of whose columns are strings; the last two
 * are key and value. Tables are stored column by column.
 */
static int
read_table(struct ole2 *o, const struct pool *pool, const char *name,
    size_t columns, const struct field *fields, struct arena *a, struct err *e)
{
	const struct ole2_stream *s = find_stream(o, name);
	const unsigned char *keys, *values;
	struct pool_string key, value;
	struct buf b = BUF_INIT;
	const struct field *f;
	size_t rows, i;

	if (s == NULL)
		return 0;
	if (ole2_read(o, s, STREAM_MAX, &b, e) == -1) {
		buf_release(&b);
		return err_wrap(e, "table %s", name + 1);
	}
	rows = b.len / (columns * pool->ref_size);
	keys = (unsigned char *)b.data + (columns - 2) * rows * pool->ref_size;
	values = keys + rows * pool->ref_size;
	for (i = 0; i < rows; i++) {
		key = pool_get(pool, keys + i * pool->ref_size);
		for (f = fields; f->key != NULL; f++)
			if (key.len == strlen(f->key) &&
			    memcmp(pool->data.data + key.off, f->key,
				key.len) == 0)
				break;
		if (f->key == NULL || **f->value != '\0')
			continue;
		value = pool_get(pool, values + i * pool->ref_size);
		*f->value = to_utf8(
		    a, pool->codepage, pool->data.data + value.off, value.len);
	}
	buf_release(&b);
	return 0;
}

static int
read_tables(struct msi *m, struct ole2 *o, struct arena *a, struct err *e)
{
	const struct field property[] = {{"ProductName", &m->product_name},
	    {"ProductVersion", &m->product_version},
	    {"ProductCode", &m->product_code}, {NULL, NULL}};
	const struct field metadata[] = {{"DisplayName", &m->display_name},
	    {"Description", &m->description},
	    {"KBArticle Number", &m->kb_article},
	    {"KBArticleNumber", &m->kb_article}, {NULL, NULL}};
	struct pool pool = {.data = BUF_INIT};
	int rc = -1;

	/* Patches need no database; only newer ones describe themselves in
	 * one. */
	if (m->patch && find_stream(o, "!_StringPool") == NULL)
		return 0;
	if (pool_read(&pool, o, e) == 0 &&
	    read_table(o, &pool, "!Property", 2, property, a, e) == 0 &&
	    read_table(o, &pool, "!MsiPatchMetadata", 3, metadata, a, e) == 0)
		rc = 0;
	buf_release(&pool.data);
	free(pool.strings);
	return rc;
}

int
msi_read(
    struct msi *m, const struct bytesrc *src, struct arena *a, struct err *e)
{
	static const unsigned char class_tail[] = {
	    0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
	struct err later;
	struct ole2 o;
	uint32_t class;
	int rc;

	*m = (struct msi){.title = "",
	    .subject = "",
	    .comments = "",
	    .product_name = "",
	    .product_version = "",
	    .product_code = "",
	    .display_name = "",
	    .description = "",
	    .kb_article = ""};
	if (ole2_open(&o, src, e) == -1) {
		ole2_close(&o);
		return -1;
	}
	/* 000c1084-0000-0000-c000-000000000046, and 1086 for patches. */
	class = le32(o.clsid);
	if ((class != 0xc1084 && class != 0xc1086) ||
	    memcmp(o.clsid + 4, class_tail, 12) != 0) {
		ole2_close(&o);
		return err_set(e, CAU_FAILED,
		    "a compound file, but not of Windows Installer");
	}
	m->patch = class == 0xc1086;
	/* Each part is worth having without the others; the first trouble
	 * is told. */
	rc = read_summary(m, &o, a, e);
	if (rc == -1)
		(void)err_wrap(e, "summary information");
	if (read_tables(m, &o, a, rc == 0 ? e : &later) == -1)
		rc = -1;
	if (ole2_complete(&o, rc == 0 ? e : &later) == -1)
		rc = -1;
	ole2_close(&o);
	return rc;
}
