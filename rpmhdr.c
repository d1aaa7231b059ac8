/* SPDX-License-Identifier: ISC */
/* The headers of an .rpm file. */
#include "rpmhdr.h"

#include <string.h>

#define LEAD_SIZE  96
#define INTRO_SIZE 16
#define ENTRY_SIZE 16

enum rpm_type {
	TYPE_INT32 = 4,
	TYPE_INT64 = 5,
	TYPE_STRING = 6,
	TYPE_I18NSTRING = 9
};

enum sig_tag { SIG_LONGSIZE = 270, SIG_SIZE = 1000 };

enum main_tag {
	TAG_NAME = 1000,
	TAG_VERSION = 1001,
	TAG_RELEASE = 1002,
	TAG_EPOCH = 1003,
	TAG_SUMMARY = 1004,
	TAG_DESCRIPTION = 1005,
	TAG_ARCH = 1022
};

/* One header: count index entries of 16 bytes, then the values. */
struct section {
	const unsigned char *index;
	size_t count;
	const unsigned char *store;
	size_t store_len;
	size_t total;
};

static uint32_t
be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static int
section_parse(
    struct section *s, const unsigned char *p, size_t len, struct err *e)
{
	static const unsigned char magic[] = {0x8e, 0xad, 0xe8, 0x01};

	if (len < INTRO_SIZE)
		return err_set(e, CAU_FAILED, "truncated before a header");
	if (memcmp(p, magic, sizeof(magic)) != 0)
		return err_set(e, CAU_FAILED, "a header has the wrong magic");
	s->count = be32(p + 8);
	s->store_len = be32(p + 12);
	len -= INTRO_SIZE;
	if (s->count > RPMHDR_MAX / ENTRY_SIZE || s->store_len > RPMHDR_MAX)
		return err_set(e, CAU_FAILED, "a header is too large");
	if (s->count * ENTRY_SIZE > len ||
	    s->store_len > len - s->count * ENTRY_SIZE)
		return err_set(e, CAU_FAILED, "truncated within a header");
	s->index = p + INTRO_SIZE;
	s->store = s->index + s->count * ENTRY_SIZE;
	s->total = INTRO_SIZE + s->count * ENTRY_SIZE + s->store_len;
	return 0;
}

/*
 * The value of a tag and how many bytes of the store are behind it; NULL
 * when there is none of the type or it lies outside.
 */
static const unsigned char *
section_find(const struct section *s, uint32_t tag, uint32_t type, size_t *room)
{
	const unsigned char *p;
	uint32_t off;

	for (size_t i = 0; i < s->count; i++) {
		p = s->index + i * ENTRY_SIZE;
		off = be32(p + 8);
		if (be32(p) != tag || be32(p + 4) != type ||
		    be32(p + 12) == 0 || off >= s->store_len)
			continue;
		*room = s->store_len - off;
		return s->store + off;
	}
	return NULL;
}

/* An i18nstring has one string per language; the first is the default. */
static const char *
find_string(const struct section *s, uint32_t tag)
{
	const unsigned char *p;
	size_t room;

	p = section_find(s, tag, TYPE_STRING, &room);
	if (p == NULL)
		p = section_find(s, tag, TYPE_I18NSTRING, &room);
	if (p == NULL || memchr(p, '\0', room) == NULL)
		return "";
	return (const char *)p;
}

/* What the signature header says about the size of all that follows it. */
static uint64_t
payload_size(const struct section *sig)
{
	const unsigned char *p;
	size_t room;

	p = section_find(sig, SIG_LONGSIZE, TYPE_INT64, &room);
	if (p != NULL && room >= 8)
		return (uint64_t)be32(p) << 32 | be32(p + 4);
	p = section_find(sig, SIG_SIZE, TYPE_INT32, &room);
	if (p != NULL && room >= 4)
		return be32(p);
	return 0;
}

int
rpmhdr_parse(struct rpmhdr *h, const void *data, size_t len, struct err *e)
{
	const unsigned char *p = data, *value;
	struct section sig, head;
	uint64_t payload;
	size_t start, room;

	*h = (struct rpmhdr){.name = "",
	    .version = "",
	    .release = "",
	    .summary = "",
	    .description = "",
	    .arch = ""};
	if (len < LEAD_SIZE)
		return err_set(e, CAU_FAILED, "truncated within the lead");
	if (memcmp(p, "\xed\xab\xee\xdb", 4) != 0)
		return err_set(e, CAU_FAILED, "not an rpm package");
	if (section_parse(&sig, p + LEAD_SIZE, len - LEAD_SIZE, e) == -1)
		return err_wrap(e, "signature");
	/* The main header starts at a multiple of 8. */
	start = LEAD_SIZE + (sig.total + 7) / 8 * 8;
	if (start > len)
		return err_set(e, CAU_FAILED, "truncated before a header");
	if (section_parse(&head, p + start, len - start, e) == -1)
		return -1;
	h->name = find_string(&head, TAG_NAME);
	h->version = find_string(&head, TAG_VERSION);
	h->release = find_string(&head, TAG_RELEASE);
	h->summary = find_string(&head, TAG_SUMMARY);
	h->description = find_string(&head, TAG_DESCRIPTION);
	h->arch = find_string(&head, TAG_ARCH);
	value = section_find(&head, TAG_EPOCH, TYPE_INT32, &room);
	if (value != NULL && room >= 4) {
		h->has_epoch = true;
		h->epoch = be32(value);
	}
	payload = payload_size(&sig);
	if (payload != 0 && payload <= UINT64_MAX - start)
		h->file_size = start + payload;
	return 0;
}
