/* SPDX-License-Identifier: ISC */
/*
 * Text in and out: making foreign bytes printable, quoting for a shell,
 * strict numbers, durations, times, sizes. Pure.
 */
#ifndef CAU_TEXT_H
#define CAU_TEXT_H

#include <stdbool.h>

#include "buf.h"

/*
 * Printable and reversible: control characters, bytes that are not UTF-8
 * and characters that steer a terminal become \n, \t or \xHH, a backslash
 * becomes \\. What text_escape made, text_unescape takes back; it returns
 * -1 for text that text_escape cannot have made. File names travel this way
 * through JSON, the journal and tables.
 */
void text_escape(struct buf *b, const void *s, size_t len);
int text_unescape(struct buf *b, const char *s) CAU_MUSTCHECK;

/* As text_escape, but a backslash and a tab stay as they are: for logs and
 * messages, which nobody reads back. */
void text_printable(struct buf *b, const void *s, size_t len);

/* One word for a POSIX shell, whatever the bytes (no NUL). */
void text_shell_quote(struct buf *b, const char *s);

/* Compares ASCII letters without case, everything else as bytes. */
int text_casecmp(const char *a, const char *b);
/* Columns that UTF-8 text takes on a terminal: one a character, two for those
 * of East Asia, none for marks that combine. */
size_t text_width(const char *s);
/* How many bytes of s, whole characters, fit into so many columns. */
size_t text_fit(const char *s, size_t columns);

/* A decimal number from min to max, digits only; min is not below 0. */
int text_u64(const char *s, uint64_t min, uint64_t max, uint64_t *out,
    struct err *e) CAU_MUSTCHECK;

/*
 * A duration in milliseconds: 500ms, 90s, 30m, 2h, 1d, hh:mm:ss, d.hh:mm:ss,
 * or a bare number counted in unit_ms (the unit of the CAU option). At most 366
 * days.
 */
int text_duration(const char *s, int64_t unit_ms, int64_t *out_ms,
    struct err *e) CAU_MUSTCHECK;

/* "2026-01-31T03:00:00.250Z" from milliseconds since 1970, and back (-1
 * when it is not exactly of this form). */
#define TEXT_TIME_SIZE 32
void text_time(char out[TEXT_TIME_SIZE], int64_t ms);
int text_parse_time(const char *s, int64_t *ms) CAU_MUSTCHECK;

/* "1.5 MiB", "12.3 s", "4 min 05 s": for people. */
#define TEXT_SMALL_SIZE 32
void text_size(char out[TEXT_SMALL_SIZE], uint64_t bytes);
void text_span(char out[TEXT_SMALL_SIZE], int64_t ms);

/* True or False in any case, in single quotes or none, nothing else (facts on
 * plug-in arguments). */
int text_bool(const char *s, bool *out, struct err *e) CAU_MUSTCHECK;

/* The candidate nearest to word, or NULL when none is near: for "did you
 * mean". names ends with NULL. */
const char *text_nearest(const char *word, const char *const *names);

#endif
