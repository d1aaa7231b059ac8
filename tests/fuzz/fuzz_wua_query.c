/* SPDX-License-Identifier: ISC */
/* Queries of the Windows Update Agent, and the updates that they filter.
 * What was parsed can be written down again and gives the same; an error has
 * a place and printable words. What stands behind the first line break that a
 * brace follows is filtered by the query. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wua_explain.h"
#include "wua_filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_words(const char *s)
{
	if (*s == '\0')
		abort();
	for (; *s != '\0'; s++)
		if (*s != '\t' && ((unsigned char)*s < ' ' || *s == 0x7f))
			abort();
}

static void
write_down(struct buf *b, const struct wua_query *q)
{
	for (size_t i = 0; i < q->n; i++) {
		buf_addstr(b, i == 0 ? "(" : "or(");
		for (size_t k = 0; k < q->groups[i].n; k++) {
			buf_addstr(b, k == 0 ? "" : " and ");
			wua_add_criterion(b, &q->groups[i].criteria[k]);
		}
		buf_addc(b, ')');
	}
}

static void
check_query(const struct wua_query *q, struct arena *a)
{
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct wua_error error;
	struct wua_query again;

	write_down(&first, q);
	if (first.len <= WUA_MAX_BYTES) {
		if (wua_parse(&again, &error, first.data, a) == -1)
			abort();
		write_down(&second, &again);
		if (strcmp(first.data, second.data) != 0)
			abort();
	}
	buf_reset(&first);
	wua_explain(&first, q, a);
	json_decref(wua_explain_json(q, a));
	buf_release(&first);
	buf_release(&second);
}

static void
filter(const struct wua_query *q, char *text, size_t size)
{
	FILE *in = fmemopen(text, size, "r"), *out;
	struct err e = {CAU_OK, ""};
	char *written = NULL;
	size_t n = 0;
	int rc;

	out = open_memstream(&written, &n);
	if (in == NULL || out == NULL)
		abort();
	rc = wua_filter(q, in, "in", out, &e);
	if (rc != 0 && (rc != -1 || e.code != CAU_USAGE || e.text[0] == '\0'))
		abort();
	(void)fclose(in);
	(void)fclose(out);
	free(written);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xcalloc(size + 1, 1), *records;
	struct arena a = ARENA_INIT;
	struct wua_error error;
	struct wua_query q;
	size_t len;

	if (size > 0)
		memcpy(text, data, size);
	records = strstr(text, "\n{");
	if (records != NULL)
		*records++ = '\0';
	len = strlen(text);
	if (wua_parse(&q, &error, text, &a) == -1) {
		check_words(error.reason);
		check_words(error.allowed);
		if (error.offset > len || error.column == 0 ||
		    error.column > error.offset + 1)
			abort();
	} else {
		check_query(&q, &a);
		if (records != NULL)
			filter(&q, records, size - (size_t)(records - text));
	}
	arena_release(&a);
	free(text);
	return 0;
}
