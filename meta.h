/* SPDX-License-Identifier: ISC */
/*
 * What an update file says about itself: title, version, KB number. Reads
 * .deb, .rpm, .msu and .cab, .zip, .msi and .msp by their first bytes, not
 * by their names. Input is hostile; nothing is unpacked to disk.
 */
#ifndef CAU_META_H
#define CAU_META_H

#include "arena.h"

/* What kind of file the first bytes promise. */
#define META_FORMATS(X)     \
	X(META_UNKNOWN, "") \
	X(META_DEB, "deb")  \
	X(META_RPM, "rpm")  \
	X(META_CAB, "cab")  \
	X(META_WIM, "wim")  \
	X(META_ZIP, "zip")  \
	X(META_OLE, "msi")

enum meta_format {
#define X(id, name) id,
	META_FORMATS(X)
#undef X
};

/*
 * Texts are UTF-8 made printable (text_printable) and at most 500 bytes;
 * "" where the file does not say. package, arch and version are those of
 * the package database for deb (Package, Architecture, Version) and rpm
 * (NAME, ARCH, [EPOCH:]VERSION-RELEASE), and are only set when they consist
 * of the characters that such names may have, so they are safe to compare.
 */
struct meta {
	enum meta_format format;
	const char *title;
	const char *description;
	const char *version;
	const char *kb; /* digits only, without "KB" */
	const char *package;
	const char *arch;
	/* Why the file could not be read to its end ("" when it could): the
	 * scan shows it as a warning; what was found before stays. */
	const char *problem;
};

/*
 * Reads what the file behind fd says; fd is read from its beginning and its
 * offset is left anywhere. name is only used for a KB number in it
 * (Windows6.1-KB1234567-x64.msu) when the contents have none. Never fails:
 * trouble is told in problem. Strings live in the arena. Nothing is read of
 * META_UNKNOWN and META_WIM files, which is no problem.
 */
void meta_read(struct meta *m, int fd, const char *name, struct arena *a);

/* What the first 21 bytes of a file promise, or fewer of them. */
enum meta_format meta_format_of(const void *head, size_t len);

const char *meta_format_name(enum meta_format f);

#endif
