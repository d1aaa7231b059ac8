/* SPDX-License-Identifier: ISC */
/* For the fuzzers of agents' parsers: lines "SECTION TEXT". */
#include <stdlib.h>
#include <string.h>

#include "agent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
agent_check(const struct agent_update *u)
{
	const struct agent_package *p;
	size_t i;

	if (u->advisory == NULL || *u->title == '\0' ||
	    u->description == NULL || u->severity == NULL ||
	    u->origin == NULL || u->excluded == NULL || u->n_packages == 0 ||
	    u->size_bytes < 0 || (u->pending && !u->installed))
		abort();
	for (i = 0; u->cves[i] != NULL; i++)
		if (*u->cves[i] == '\0')
			abort();
	for (i = 0; i < u->n_packages; i++) {
		p = &u->packages[i];
		/* They become words of a command. */
		if (*p->name == '\0' || *p->name == '-' ||
		    *p->version == '\0' ||
		    strpbrk(p->name, " \t=;$`'\"") != NULL || p->arch == NULL ||
		    p->old_version == NULL)
			abort();
	}
}

static void
agent_fuzz(int (*parse)(struct agent_list *, const struct agent_line *, size_t,
	       struct arena *, struct err *),
    const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	const char *text = arena_strndup(&a, (const char *)data, size);
	const char *blank;
	struct agent_line *lines;
	struct agent_list l;
	struct err e;
	size_t i, len, n = 0;

	lines = arena_alloc(&a, (size + 1) * sizeof(*lines));
	for (; *text != '\0'; text += len + (text[len] == '\n' ? 1 : 0)) {
		len = strcspn(text, "\n");
		blank = memchr(text, ' ', len);
		lines[n].section = arena_strndup(
		    &a, text, blank == NULL ? len : (size_t)(blank - text));
		lines[n++].text = blank == NULL
				      ? ""
				      : arena_strndup(&a, blank + 1,
					    len - (size_t)(blank - text) - 1);
	}
	e.text[0] = '\0';
	if (parse(&l, lines, n, &a, &e) == -1) {
		if (e.text[0] == '\0' || strpbrk(e.text, "\n\x1b") != NULL)
			abort();
	} else {
		for (i = 0; i < l.n_updates; i++)
			agent_check(&l.updates[i]);
	}
	arena_release(&a);
}
