/* SPDX-License-Identifier: ISC */
/*
 * For the tests of agents' parsers: lines "SECTION TEXT" in, a text out that
 * shows the whole list. With the word "dump" the test program reads lines from
 * standard input instead (tests/lab/rpm.sh).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent.h"

typedef int parse_fn(struct agent_list *l, const struct agent_line *lines,
    size_t n_lines, struct arena *a, struct err *e);

static size_t
agent_split(struct agent_line **lines, const char *text, struct arena *a)
{
	const char *blank;
	size_t len, n = 0;

	*lines = arena_alloc(a, (strlen(text) + 1) * sizeof(**lines));
	for (; *text != '\0'; text += len + (text[len] == '\n' ? 1 : 0)) {
		len = strcspn(text, "\n");
		blank = memchr(text, ' ', len);
		(*lines)[n].section = arena_strndup(
		    a, text, blank == NULL ? len : (size_t)(blank - text));
		(*lines)[n++].text =
		    blank == NULL ? ""
				  : arena_strndup(a, blank + 1,
					len - (size_t)(blank - text) - 1);
	}
	return n;
}

static void
agent_show(struct buf *b, const struct agent_list *l)
{
	static const char *const classes[] = {
	    "security", "critical", "fix", "enhancement", "new", "other"};
	const struct agent_update *u;
	const struct agent_package *p;
	size_t i, k;

	for (i = 0; i < l->n_updates; i++) {
		u = &l->updates[i];
		buf_addf(b, "[%s] %s | %s %s", u->advisory, u->title,
		    classes[u->class], u->severity);
		for (k = 0; u->cves[k] != NULL; k++)
			buf_addf(b, " %s", u->cves[k]);
		buf_addf(b, "%s%s%s%s%s", u->installed ? " installed" : "",
		    u->held ? " held" : "", u->wants_reboot ? " reboot" : "",
		    u->pending ? " pending" : "", u->driver ? " driver" : "");
		if (*u->excluded != '\0')
			buf_addf(b, " (%s)", u->excluded);
		buf_addc(b, '\n');
		for (k = 0; k < u->n_packages; k++) {
			p = &u->packages[k];
			buf_addf(b, "  %s.%s %s <- %s\n", p->name, p->arch,
			    p->version, p->old_version);
		}
	}
	if (l->reboot_pending)
		buf_addstr(b, "the node waits for a restart\n");
}

/* The list, or "error: " and why not. To be freed. */
static char *
agent_dump(parse_fn *parse, const char *text)
{
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	struct agent_line *lines;
	struct agent_list l;
	struct err e;
	size_t n = agent_split(&lines, text, &a);

	if (parse(&l, lines, n, &a, &e) == 0)
		agent_show(&b, &l);
	else
		buf_addf(&b, "error: %s\n", e.text);
	arena_release(&a);
	return buf_detach(&b);
}

struct agent_case {
	const char *in, *out;
};

static void
agent_check(parse_fn *parse, const struct agent_case *cases, size_t n)
{
	size_t i;
	char *out;

	for (i = 0; i < n; i++) {
		out = agent_dump(parse, cases[i].in);
		if (strcmp(out, cases[i].out) != 0)
			print_error("input:\n%s\n", cases[i].in);
		assert_string_equal(out, cases[i].out);
		free(out);
	}
}

#define AGENT_CHECK(parse, cases) \
	agent_check(parse, cases, sizeof(cases) / sizeof(*(cases)))

static int
agent_dump_stdin(parse_fn *parse)
{
	struct buf b = BUF_INIT;
	char data[4096], *out;
	size_t n;

	while ((n = fread(data, 1, sizeof(data), stdin)) > 0)
		buf_add(&b, data, n);
	out = agent_dump(parse, b.data);
	(void)fputs(out, stdout);
	n = strncmp(out, "error: ", 7) == 0;
	free(out);
	buf_release(&b);
	return (int)n;
}
