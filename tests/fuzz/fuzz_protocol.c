/* SPDX-License-Identifier: ISC */
/* Answers of plug-ins: any bytes, in answer to any verb, give what the manual
 * permits, or one printable error. The first byte chooses the verb. */
#include <stdlib.h>
#include <string.h>

#include "protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
printable(const char *s, size_t max)
{
	/* Escapes make a byte four at the most. */
	if (s == NULL || strlen(s) > 4 * max)
		abort();
	for (; *s != '\0'; s++)
		if (((unsigned char)*s < ' ' && *s != '\t') || *s == 0x7f)
			abort();
}

static void
check_description(const struct protocol *p)
{
	const struct protocol_description *d = &p->description, again = {0};
	struct protocol_description copy = again;
	struct arena a = ARENA_INIT;
	struct err e;

	if (!protocol_name_valid(d->name) || *d->version == '\0' ||
	    d->n_arguments > PLUGIN_MAX_ARGS ||
	    d->arguments[d->n_arguments].name != NULL)
		abort();
	printable(d->summary, PROTOCOL_MAX_TITLE);
	for (size_t i = 0; i < d->n_arguments; i++) {
		printable(d->arguments[i].name, 64);
		printable(d->arguments[i].help, PROTOCOL_MAX_TITLE);
		for (size_t k = 0; k < i; k++)
			if (strcmp(d->arguments[i].name,
				d->arguments[k].name) == 0)
				abort();
	}
	for (int v = VERB_SCAN; v <= VERB_INSTALL; v++)
		if (d->limit_ms[v] < 1000 ||
		    d->limit_ms[v] > INT64_C(1000) * PROTOCOL_MAX_TIME_S)
			abort();
	/* What is registered is read again the same way. */
	if (protocol_description(&copy, p->object, &a, &e) == -1 ||
	    strcmp(copy.name, d->name) != 0)
		abort();
	arena_release(&a);
}

static void
check_answer(const struct protocol *p)
{
	const struct update *u = p->updates;

	if ((p->n_updates > 0 && p->verb != VERB_SCAN) ||
	    p->n_updates > PROTOCOL_MAX_UPDATES ||
	    (p->has_result && p->verb < VERB_STAGE) ||
	    (p->described && p->verb != VERB_DESCRIBE))
		abort();
	for (size_t i = 0; i < p->n_updates; i++) {
		printable(u[i].id, PROTOCOL_MAX_ID);
		printable(u[i].title, PROTOCOL_MAX_TITLE);
		printable(u[i].description, PROTOCOL_MAX_TEXT);
		printable(u[i].version, PROTOCOL_MAX_ID);
		if (*u[i].id == '\0' || u[i].size_bytes < 0 || !u[i].once ||
		    strlen(u[i].properties) > PROTOCOL_MAX_DATA)
			abort();
		for (size_t k = 0; k < i && i < 50; k++)
			if (strcmp(u[i].id, u[k].id) == 0)
				abort();
	}
	if (p->has_result && (p->result.result == RESULT_NONE ||
				 p->result.result == RESULT_UNKNOWN ||
				 p->result.result == RESULT_CANCELED))
		abort();
	printable(p->result.reason, PROTOCOL_MAX_TITLE);
	printable(p->words, PROTOCOL_MAX_LINE);
	if (p->log.len > 5 * p->bytes)
		abort();
	if (p->described)
		check_description(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	struct err e = {CAU_OK, ""};
	const uint8_t *nl;
	struct protocol p;
	size_t len;
	char *line;

	if (size == 0)
		return 0;
	protocol_begin(&p, (enum protocol_verb)(*data % 4), "u1", &a);
	for (data++, size--; size > 0; data += len, size -= len) {
		nl = memchr(data, '\n', size);
		len = nl == NULL ? size : (size_t)(nl - data) + 1;
		line = xmalloc(len);
		memcpy(line, data, len);
		protocol_line(&p, line, len - (nl != NULL));
		free(line);
	}
	if (protocol_end(&p, &e) == -1) {
		printable(e.text, sizeof(e.text));
		if (*e.text == '\0')
			abort();
	}
	check_answer(&p);
	protocol_release(&p);
	arena_release(&a);
	return 0;
}
