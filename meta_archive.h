/* SPDX-License-Identifier: ISC */
/*
 * What the archives among the update files say about themselves. Private to
 * meta.c and its tests.
 */
#ifndef CAU_META_ARCHIVE_H
#define CAU_META_ARCHIVE_H

#include "bytesrc.h"
#include "meta.h"
#include "pkgtext.h"

/*
 * Reads a META_DEB, META_CAB or META_ZIP. Where an .msu holds several
 * updates, the one for the article want_kb ("KB1234567", may be "") is
 * preferred. What was found before a failure stays in t.
 */
int meta_archive_read(struct pkgtext *t, enum meta_format format,
    const struct bytesrc *src, const char *want_kb, struct arena *a,
    struct err *e) CAU_MUSTCHECK;

#endif
