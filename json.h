/* SPDX-License-Identifier: ISC */
/* Small helpers over jansson, so that one way of doing things is used. */
#ifndef CAU_JSON_H
#define CAU_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "buf.h"

/* Puts value, whose reference it takes, into object. */
void json_set(json_t *object, const char *key, json_t *value);

/* A string from any bytes: made printable if they are not UTF-8. */
json_t *json_from_text(const char *s);
/* null for NULL and "". */
json_t *json_from_text_or_null(const char *s);
/* Seconds, as a number with a fraction, from milliseconds. */
json_t *json_from_ms(int64_t ms);

/* A member of an object; "" or 0 or false when it is not there. */
const char *json_text(const json_t *object, const char *key);
int64_t json_number(const json_t *object, const char *key);
bool json_flag(const json_t *object, const char *key);

/* Writes a document and a newline, in one line or indented, and drops the
 * reference. */
void json_print(FILE *f, json_t *doc, bool one_line);
/* Appends a document in one line; the reference stays. */
void json_add(struct buf *b, const json_t *doc);

#endif
