/* SPDX-License-Identifier: ISC */
/*
 * The headers of an .rpm file: lead, signature header, main header. Pure;
 * input is hostile.
 */
#ifndef CAU_RPMHDR_H
#define CAU_RPMHDR_H

#include <stdbool.h>

#include "cau.h"

/* A header beyond this is refused by rpm itself. */
#define RPMHDR_MAX ((size_t)16 << 20)

/* Strings point into the input; "" for a tag that is not there. */
struct rpmhdr {
	const char *name;
	const char *version;
	const char *release;
	const char *summary;
	const char *description;
	const char *arch;
	bool has_epoch;
	uint32_t epoch;
	/* What the whole file must be long; 0 when the package does not
	 * say. */
	uint64_t file_size;
};

/*
 * Reads the first len bytes of a package, at most RPMHDR_MAX of them are
 * needed. On failure h holds nothing but "".
 */
int rpmhdr_parse(struct rpmhdr *h, const void *data, size_t len,
    struct err *e) CAU_MUSTCHECK;

#endif
