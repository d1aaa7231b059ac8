/* SPDX-License-Identifier: ISC */
/*
 * The texts in packages that say what they are: control of a .deb,
 * pkgProperties.txt and update.mum of an .msu. Pure; input is hostile.
 */
#ifndef CAU_PKGTEXT_H
#define CAU_PKGTEXT_H

#include "arena.h"

/* Strings live in the arena, as the text has them; "" for what it does not
 * say. */
struct pkgtext {
	const char *title;
	const char *description;
	const char *version;
	const char *kb; /* as written: KB1234567, 1234567, or longer text */
	const char *package;
	const char *arch;
};

void pkgtext_init(struct pkgtext *t);

/* The first paragraph of a Debian control file. */
void pkgtext_control(
    struct pkgtext *t, const char *data, size_t len, struct arena *a);

/* Lines of Key="Value", UTF-8 or UTF-16 with a byte order mark. The title
 * is made up from what the package is for. */
void pkgtext_properties(
    struct pkgtext *t, const char *data, size_t len, struct arena *a);

/*
 * The head of a servicing manifest: displayName, description, version and
 * KB number, read up to the list of components. A document type is refused
 * before it is read. data may end early when the head is whole.
 */
int pkgtext_mum(struct pkgtext *t, const char *data, size_t len,
    struct arena *a, struct err *e) CAU_MUSTCHECK;

#endif
