/* SPDX-License-Identifier: ISC */
/*
 * Templates: up to three lines of input are path, parameters and the path of
 * the update. Splitting is checked by quoting what came out and splitting it
 * again, the shell words by taking their quotes off.
 */
#include <stdlib.h>
#include <string.h>

#include "template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Quotes one argument so that CommandLineToArgvW gives it back. */
static void
add_windows_quoted(struct buf *b, const char *s)
{
	size_t n;

	buf_addc(b, '"');
	for (; *s != '\0'; s++) {
		for (n = 0; *s == '\\'; s++)
			n++;
		for (; n > 0; n--)
			buf_addstr(b, *s == '"' || *s == '\0' ? "\\\\" : "\\");
		if (*s == '\0')
			break;
		if (*s == '"')
			buf_addc(b, '\\');
		buf_addc(b, *s);
	}
	buf_addc(b, '"');
}

static void
check_split(const char *parameters, struct arena *a)
{
	struct buf b = BUF_INIT;
	char **first, **second;
	size_t n, m, i;

	template_split(&first, &n, parameters, a);
	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_addc(&b, '\t');
		add_windows_quoted(&b, first[i]);
	}
	template_split(&second, &m, b.data, a);
	if (n != m || first[n] != NULL)
		abort();
	for (i = 0; i < n; i++)
		if (strcmp(first[i], second[i]) != 0)
			abort();
	buf_release(&b);
}

/* Takes quotes off as a shell does; aborts on anything outside of them
 * that is not a blank, and on a variable with a strange name. */
static void
unquote(struct buf *b, const char *s)
{
	size_t n;

	while (*s != '\0') {
		if (*s == ' ') {
			buf_addc(b, *s++);
		} else if (*s == '\'') {
			n = strcspn(++s, "'");
			buf_add(b, s, n);
			s += n;
			if (*s++ != '\'')
				abort();
		} else if (strncmp(s, "\\'", 2) == 0) {
			buf_addc(b, '\'');
			s += 2;
		} else if (strncmp(s, "\"${", 3) == 0) {
			n = strspn(s += 3,
			    "abcdefghijklmnopqrstuvwxyz_"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
			if (n == 0 || strncmp(s + n, "-%", 2) != 0 ||
			    strncmp(s + n + 2, s, n) != 0 ||
			    strncmp(s + n + 2 + n, "%}\"", 3) != 0)
				abort();
			buf_add(b, s + n + 1, n + 2);
			s += n + 2 + n + 3;
		} else {
			abort();
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size), *p = text;
	struct buf words = BUF_INIT, plain = BUF_INIT, want = BUF_INIT;
	struct arena a = ARENA_INIT;
	struct rule rule = {.parameters = ""};
	const char *update = "/u";
	struct arg_vector v;
	size_t i;

	rule.path = strsep(&p, "\n");
	if (p != NULL)
		rule.parameters = strsep(&p, "\n");
	if (p != NULL)
		update = p;
	check_split(rule.parameters, &a);
	template_expand(&v, &rule, update, &a);
	template_shell_words(&words, &v);
	unquote(&plain, words.data);
	for (i = 0; i < v.n_args; i++) {
		if (i > 0)
			buf_addc(&want, ' ');
		template_show_arg(&want, &v.args[i]);
	}
	if (strcmp(plain.data, want.data) != 0)
		abort();
	buf_reset(&words);
	template_show(&words, &v);
	buf_release(&words);
	buf_release(&plain);
	buf_release(&want);
	arena_release(&a);
	free(text);
	return 0;
}
