/* SPDX-License-Identifier: ISC */
/* Filters a stream of updates, as JSON, by a query. */
#ifndef CAU_WUA_FILTER_H
#define CAU_WUA_FILTER_H

#include <stdio.h>

#include "wua_query.h"

/*
 * Reads objects, one per line, and writes those that match in the same way.
 * An object holds the properties of an update itself, or has them in its
 * member "properties", or is what cau scan --json prints: then the updates in
 * it that match are written, each with its node. An object may be spread over
 * lines from "{" to "}". name is that of the input; an error says the line.
 */
int wua_filter(const struct wua_query *q, FILE *in, const char *name, FILE *out,
    struct err *e) CAU_MUSTCHECK;

#endif
