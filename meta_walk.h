/* SPDX-License-Identifier: ISC */
/*
 * The visit to one archive, shared by the readers of its kinds. Private to
 * meta_*.c.
 */
#ifndef CAU_META_WALK_H
#define CAU_META_WALK_H

#include <stdbool.h>

#include <archive.h>
#include <archive_entry.h>

#include "buf.h"
#include "meta_archive.h"

#define WALK_BLOCK	 65536
#define WALK_MEMBERS_MAX 200000
#define WALK_TEXTS_MAX	 32

struct walk {
	const struct bytesrc *src;
	uint64_t off; /* where the reader is in src, and where it must stop */
	uint64_t end;
	uint64_t skipped; /* bytes unpacked only to be passed */
	unsigned members;
	unsigned nested;
	unsigned texts;
	bool manifest; /* an update.mum was seen */
	bool limited;  /* a nested archive was too large to look through */
	const char *want_kb;
	struct pkgtext *t;
	struct pkgtext properties;
	struct arena *arena;
	char block[WALK_BLOCK];
};

struct archive *walk_new(void);
/* Opens the part of the file between off and end. */
int walk_open(struct walk *w, struct archive *ar, struct err *e) CAU_MUSTCHECK;
/* 1 with the next member, 0 at the end, -1. */
int walk_next(struct walk *w, struct archive *ar, struct archive_entry **entry,
    struct err *e) CAU_MUSTCHECK;
/* Counts a member that was not found by walk_next. */
int walk_count(struct walk *w, struct err *e) CAU_MUSTCHECK;
/* The last part of a member's name, "" for one that cannot be told. */
const char *walk_name(struct archive_entry *entry);
const char *walk_last_part(const char *path);
/* As archive_read_data, past warnings and interruptions. */
la_ssize_t walk_data(struct archive *ar, void *out, size_t len);
/* The first MiB of a member. */
int walk_text(struct archive *ar, struct buf *out, struct err *e) CAU_MUSTCHECK;
/* What libarchive says about its last failure. */
const char *walk_why(struct archive *ar);

bool walk_ends_with(const char *s, const char *tail);

/* Members of Windows packages that say what the package is. */
bool walk_is_manifest(const char *name);
bool walk_is_text(const char *name);
int walk_take_text(struct walk *w, struct archive *ar, const char *name,
    struct err *e) CAU_MUSTCHECK;

int walk_deb(struct walk *w, struct err *e) CAU_MUSTCHECK;
int walk_cab(struct walk *w, struct err *e) CAU_MUSTCHECK;

#endif
