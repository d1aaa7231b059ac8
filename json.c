/* SPDX-License-Identifier: ISC */
/* Small helpers over jansson. */
#include "json.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

/* Milliseconds are the finest that is known; more digits would be noise. */
#define FLAGS (JSON_REAL_PRECISION(12) | JSON_ENCODE_ANY)

void
json_set(json_t *object, const char *key, json_t *value)
{
	/* Only fails without memory, and then jansson returns NULL values,
	 * which it refuses here as well. */
	(void)json_object_set_new(object, key, value);
}

json_t *
json_from_text(const char *s)
{
	json_t *j = json_string(s);
	struct buf b = BUF_INIT;

	if (j != NULL)
		return j;
	text_printable(&b, s, strlen(s));
	j = json_string(b.data);
	buf_release(&b);
	return j;
}

json_t *
json_from_text_or_null(const char *s)
{
	return s == NULL || *s == '\0' ? json_null() : json_from_text(s);
}

json_t *
json_from_ms(int64_t ms)
{
	return json_real((double)ms / 1000.0);
}

const char *
json_text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s == NULL ? "" : s;
}

int64_t
json_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

bool
json_flag(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

void
json_print(FILE *f, json_t *doc, bool one_line)
{
	(void)json_dumpf(
	    doc, f, FLAGS | (one_line ? JSON_COMPACT : JSON_INDENT(2)));
	(void)fputc('\n', f);
	(void)fflush(f);
	json_decref(doc);
}

void
json_add(struct buf *b, const json_t *doc)
{
	char *text = json_dumps(doc, FLAGS | JSON_COMPACT);

	buf_addstr(b, text == NULL ? "null" : text);
	free(text);
}
