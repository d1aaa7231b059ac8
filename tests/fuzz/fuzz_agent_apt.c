/* SPDX-License-Identifier: ISC */
/* What a node says about apt: any lines give updates or an error in printable
 * words, and what becomes a word for a shell is harmless. */
#include <stdlib.h>
#include <string.h>

#include "wua_self.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_update(const struct agent_update *u, struct arena *a)
{
	json_t *j = wua_properties("apt", u, a);
	char *text = json_dumps(j, JSON_COMPACT);
	struct buf words = BUF_INIT;
	struct wua_record r;
	struct err e;

	if (text == NULL || u->n_packages != 1 || u->size_bytes < 0 ||
	    wua_record_from_json(&r, j, a, &e) == -1)
		abort();
	if (wua_add_packages(&words, "apt", text) == 0 &&
	    words.data[strcspn(words.data, "$`;&|<>\"\\*?[](){}\n")] != '\0')
		abort();
	buf_release(&words);
	free(text);
	json_decref(j);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	char *text = arena_strndup(&a, (const char *)data, size), *next, *blank;
	struct agent_line *lines = arena_alloc(&a, (size + 1) * sizeof(*lines));
	struct agent_list l;
	struct err e;
	size_t n = 0;

	for (; text != NULL && *text != '\0'; text = next) {
		next = strchr(text, '\n');
		if (next != NULL)
			*next++ = '\0';
		blank = strchr(text, ' ');
		if (blank == NULL)
			continue;
		*blank = '\0';
		lines[n++] = (struct agent_line){text, blank + 1};
	}
	if (agent_apt_parse(&l, lines, n, &a, &e) == 0)
		for (size_t i = 0; i < l.n_updates; i++)
			check_update(&l.updates[i], &a);
	else if (e.text[strcspn(e.text, "\033\n")] != '\0')
		abort();
	arena_release(&a);
	return 0;
}
