/* SPDX-License-Identifier: ISC */
/* Words of a command line given as one string. */
#include "words.h"

#include <string.h>

#include "buf.h"

static const char *
skip_blanks(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

/* One word from *p on; -1 when a quote stays open. */
static int
take_word(const char **p, struct buf *word)
{
	char quote = '\0';

	for (; **p != '\0'; (*p)++) {
		if (quote == '\0' && strchr(" \t\r\n", **p) != NULL)
			break;
		if (**p == quote) {
			quote = '\0';
		} else if (quote == '\0' && (**p == '\'' || **p == '"')) {
			quote = **p;
		} else if (**p == '\\' && quote != '\'' && (*p)[1] != '\0') {
			(*p)++;
			buf_addc(word, **p);
		} else {
			buf_addc(word, **p);
		}
	}
	return quote == '\0' ? 0 : -1;
}

const char *const *
words_split(const char *s, struct arena *a, struct err *e)
{
	/* Every word takes two characters of s at the least. */
	const char **words =
	    arena_alloc(a, (strlen(s) / 2 + 2) * sizeof(*words));
	struct buf word = BUF_INIT;
	size_t n = 0;

	for (s = skip_blanks(s); *s != '\0'; s = skip_blanks(s)) {
		buf_reset(&word);
		if (take_word(&s, &word) == -1) {
			buf_release(&word);
			(void)err_set(e, CAU_USAGE, "a quote is never closed");
			return NULL;
		}
		words[n++] = arena_strdup(a, word.data);
	}
	words[n] = NULL;
	buf_release(&word);
	return words;
}

void
words_append(struct arena *a, const char ***list, size_t *n, const char *word)
{
	const char **more = arena_alloc(a, (*n + 2) * sizeof(*more));

	if (*n > 0)
		memcpy(more, *list, *n * sizeof(*more));
	more[(*n)++] = word;
	*list = more;
}
