/* SPDX-License-Identifier: ISC */
/* From a rule's Template to the argument vector of the installer. */
#include "template.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

#define UPDATE_TOKEN "$update$"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Takes one argument from s, which stands on no blank; returns what is
 * behind it. */
static const char *
split_one(struct buf *b, const char *s)
{
	bool quoted = false;
	size_t n;

	for (; *s != '\0' && (quoted || !is_blank(*s)); s++) {
		if (*s == '"') {
			if (quoted && s[1] == '"') {
				buf_addc(b, '"');
				s++;
			}
			quoted = !quoted;
			continue;
		}
		if (*s != '\\') {
			buf_addc(b, *s);
			continue;
		}
		n = strspn(s, "\\");
		if (s[n] != '"') {
			buf_add(b, s, n);
			s += n - 1;
			continue;
		}
		buf_add(b, s, n / 2);
		s += n - 1;
		if (n % 2 == 1) {
			buf_addc(b, '"');
			s++;
		}
	}
	return s;
}

void
template_split(
    char ***argv, size_t *argc, const char *parameters, struct arena *a)
{
	const char *s = parameters;
	char **v = NULL;
	size_t n = 0, cap = 0;
	struct buf b = BUF_INIT;

	for (;;) {
		while (is_blank(*s))
			s++;
		if (*s == '\0')
			break;
		buf_reset(&b);
		s = split_one(&b, s);
		v = xgrow(v, n, &cap, sizeof(*v));
		v[n++] = arena_strndup(a, b.data, b.len);
	}
	*argv = arena_alloc(a, (n + 1) * sizeof(**argv));
	if (n > 0)
		memcpy(*argv, v, n * sizeof(*v));
	*argc = n;
	free(v);
	buf_release(&b);
}

/* Length of %NAME% at s, 0 if there is none. */
static size_t
variable_length(const char *s)
{
	size_t n = 1;

	if (s[0] != '%' || !is_name_start(s[1]))
		return 0;
	while (is_name_start(s[n]) || (s[n] >= '0' && s[n] <= '9'))
		n++;
	return s[n] == '%' ? n + 1 : 0;
}

struct pieces {
	struct arg_piece *v;
	size_t n;
	size_t cap;
	struct arena *a;
};

static void
add_piece(struct pieces *p, bool is_variable, const char *s, size_t len)
{
	p->v = xgrow(p->v, p->n, &p->cap, sizeof(*p->v));
	p->v[p->n].is_variable = is_variable;
	p->v[p->n].text = arena_strndup(p->a, s, len);
	p->n++;
}

/* Ends the literal text collected in b. */
static void
flush_literal(struct pieces *p, struct buf *b)
{
	if (b->len > 0)
		add_piece(p, false, b->data, b->len);
	buf_reset(b);
}

/* One element: the template text is read once from left to right, so what
 * was put in for $update$ is never looked at again. */
static void
expand_one(
    struct arg *arg, const char *s, const char *update_path, struct arena *a)
{
	struct pieces p = {NULL, 0, 0, a};
	struct buf literal = BUF_INIT;
	size_t n;

	while (*s != '\0') {
		if (strncmp(s, UPDATE_TOKEN, strlen(UPDATE_TOKEN)) == 0) {
			buf_addstr(&literal, update_path);
			s += strlen(UPDATE_TOKEN);
		} else if ((n = variable_length(s)) != 0) {
			flush_literal(&p, &literal);
			add_piece(&p, true, s + 1, n - 2);
			s += n;
		} else {
			buf_addc(&literal, *s++);
		}
	}
	flush_literal(&p, &literal);
	arg->pieces = arena_alloc(a, p.n * sizeof(*p.v));
	if (p.n > 0)
		memcpy(arg->pieces, p.v, p.n * sizeof(*p.v));
	arg->n_pieces = p.n;
	free(p.v);
	buf_release(&literal);
}

void
template_expand(struct arg_vector *v, const struct rule *rule,
    const char *update_path, struct arena *a)
{
	char **words;
	size_t i, n;

	template_split(&words, &n, rule->parameters, a);
	v->n_args = n + 1;
	v->args = arena_alloc(a, v->n_args * sizeof(*v->args));
	expand_one(&v->args[0], rule->path, update_path, a);
	for (i = 0; i < n; i++)
		expand_one(&v->args[i + 1], words[i], update_path, a);
}

static void
add_single_quoted(struct buf *b, const char *s)
{
	buf_addc(b, '\'');
	for (; *s != '\0'; s++) {
		if (*s == '\'')
			buf_addstr(b, "'\\''");
		else
			buf_addc(b, *s);
	}
	buf_addc(b, '\'');
}

void
template_shell_words(struct buf *b, const struct arg_vector *v)
{
	const struct arg *arg;
	const struct arg_piece *p;
	size_t i, k;

	for (i = 0; i < v->n_args; i++) {
		arg = &v->args[i];
		if (i > 0)
			buf_addc(b, ' ');
		if (arg->n_pieces == 0)
			buf_addstr(b, "''");
		for (k = 0; k < arg->n_pieces; k++) {
			p = &arg->pieces[k];
			if (p->is_variable)
				buf_addf(
				    b, "\"${%s-%%%s%%}\"", p->text, p->text);
			else
				add_single_quoted(b, p->text);
		}
	}
}

void
template_show_arg(struct buf *b, const struct arg *arg)
{
	size_t i;

	for (i = 0; i < arg->n_pieces; i++)
		buf_addf(b, arg->pieces[i].is_variable ? "%%%s%%" : "%s",
		    arg->pieces[i].text);
}

void
template_show(struct buf *b, const struct arg_vector *v)
{
	struct buf word = BUF_INIT, quoted = BUF_INIT;
	size_t i;

	for (i = 0; i < v->n_args; i++) {
		buf_reset(&word);
		template_show_arg(&word, &v->args[i]);
		if (i > 0)
			buf_addc(&quoted, ' ');
		text_shell_quote(&quoted, word.data);
	}
	text_printable(b, quoted.data, quoted.len);
	buf_release(&word);
	buf_release(&quoted);
}
