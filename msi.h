/* SPDX-License-Identifier: ISC */
/*
 * Windows Installer packages (.msi) and patches (.msp): what the summary
 * information and a few tables of the database say. Input is hostile.
 */
#ifndef CAU_MSI_H
#define CAU_MSI_H

#include <stdbool.h>

#include "arena.h"
#include "bytesrc.h"

/* Strings live in the arena, "" where the file does not say; UTF-8 where
 * the code page of the file is known, raw bytes otherwise. */
struct msi {
	bool patch;
	/* Summary information. */
	const char *title;
	const char *subject;
	const char *comments;
	/* Table Property. */
	const char *product_name;
	const char *product_version;
	const char *product_code;
	/* Table MsiPatchMetadata of a patch. */
	const char *display_name;
	const char *description;
	const char *kb_article;
};

/* What was found before a failure stays in m. */
int msi_read(struct msi *m, const struct bytesrc *src, struct arena *a,
    struct err *e) CAU_MUSTCHECK;

#define MSI_NAME_SIZE 64

/*
 * The name of a stream or table as people write it. Tables get a '!' in
 * front, as the database format itself tells them from plain streams by one
 * extra character. -1 for a name that is not ASCII.
 */
int msi_decode_name(
    char out[MSI_NAME_SIZE], const uint16_t *name, size_t len) CAU_MUSTCHECK;

#endif
