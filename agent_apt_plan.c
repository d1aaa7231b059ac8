/* SPDX-License-Identifier: ISC */
/* What apt-get says that it would do. */
#include "agent_apt.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

/* What an indented line is about. */
enum kept { KEPT_NOT, KEPT_BACK, KEPT_PHASED };

static int
bad_line(const struct agent_line *line, const char *why, struct err *e)
{
	struct buf b = BUF_INIT;

	text_printable(&b, line->text, strlen(line->text));
	(void)err_set(e, CAU_FAILED, "apt: %s in \"%.200s\" (%s)", why, b.data,
	    line->section);
	buf_release(&b);
	return -1;
}

/* The next word, up to a blank or one of stop. */
static const char *
take_word(const char **p, const char *stop, struct arena *a)
{
	const char *start = *p + strspn(*p, " ");
	size_t len = strcspn(start, stop);

	*p = start + len;
	return arena_strndup(a, start, len);
}

static int
take_step(struct apt_step *s, const struct agent_line *line, struct arena *a,
    struct err *e)
{
	const char *p = line->text + 4, *start, *end, *bracket = NULL;

	memset(s, 0, sizeof(*s));
	s->inst = line->text[0] == 'I';
	s->old = s->arch = "";
	s->name = take_word(&p, " ", a);
	p += strspn(p, " ");
	if (*p == '[') {
		p++;
		s->old = take_word(&p, "] ", a);
		if (*p++ != ']')
			return bad_line(line, "no ]", e);
		p += strspn(p, " ");
	}
	if (*s->name == '\0' || *p++ != '(')
		return bad_line(line, "no package and version", e);
	s->version = take_word(&p, " )", a);
	start = p + strspn(p, " ");
	end = strchr(start, ')');
	if (*s->version == '\0' || end == NULL)
		return bad_line(line, "no version", e);
	for (const char *q = start; q < end; q++)
		if (*q == '[')
			bracket = q;
	if (bracket != NULL && end[-1] == ']') {
		s->arch = arena_strndup(
		    a, bracket + 1, (size_t)(end - 1 - (bracket + 1)));
		end = bracket;
	}
	while (end > start && end[-1] == ' ')
		end--;
	s->origin = arena_strndup(a, start, (size_t)(end - start));
	return 0;
}

/* "2 upgraded, 1 newly installed, 0 to remove and 3 not upgraded." */
static void
take_summary(struct apt_plan *p, const char *text)
{
	uint64_t upgraded, new;

	if (sscanf(text, "%" SCNu64 " upgraded, %" SCNu64 " newly installed,",
		&upgraded, &new) != 2)
		return;
	p->summary = true;
	p->promised = upgraded + new;
}

static void
take_names(const char ***names, size_t *n, const char *text, size_t max,
    struct arena *a)
{
	const char *word;

	if (*names == NULL)
		*names = arena_alloc(a, max * sizeof(**names));
	while (*(word = take_word(&text, " ", a)) != '\0')
		(*names)[(*n)++] = word;
}

/* Indented lines belong to the heading above them. */
static enum kept
heading(const char *text)
{
	if (strstr(text, "kept back:") != NULL)
		return KEPT_BACK;
	return strstr(text, "due to phasing:") != NULL ? KEPT_PHASED : KEPT_NOT;
}

int
apt_plan_parse(struct apt_plan *p, const char *section,
    const struct agent_line *lines, size_t n_lines, struct arena *a,
    struct err *e)
{
	enum kept kept = KEPT_NOT;
	const char *text;
	size_t names = 0, steps = 0;

	for (size_t i = 0; i < n_lines; i++) {
		if (strcmp(lines[i].section, section) != 0)
			continue;
		steps++;
		names += strlen(lines[i].text) / 2 + 1;
	}
	if (steps > 10 * APT_MAX_STEPS)
		return err_set(
		    e, CAU_FAILED, "apt: far too many lines (%s)", section);
	p->steps = arena_alloc(a, (steps + 1) * sizeof(*p->steps));
	for (size_t i = 0; i < n_lines; i++) {
		if (strcmp(lines[i].section, section) != 0)
			continue;
		text = lines[i].text;
		if (text[0] == ' ' && kept == KEPT_BACK)
			take_names(&p->back, &p->n_back, text, names, a);
		else if (text[0] == ' ' && kept == KEPT_PHASED)
			take_names(&p->phased, &p->n_phased, text, names, a);
		if (text[0] == ' ')
			continue;
		if (strncmp(text, "Remv ", 5) == 0)
			take_names(&p->gone, &p->n_gone,
			    arena_strndup(a, text + 5, strcspn(text + 5, " ")),
			    names, a);
		kept = heading(text);
		take_summary(p, text);
		if (strncmp(text, "Inst ", 5) != 0 &&
		    strncmp(text, "Conf ", 5) != 0)
			continue;
		if (p->n == APT_MAX_STEPS)
			return bad_line(&lines[i], "too many packages", e);
		if (take_step(&p->steps[p->n], &lines[i], a, e) == -1)
			return -1;
		p->n_inst += p->steps[p->n++].inst;
	}
	if (!p->summary || p->n_inst < p->promised)
		return err_set(e, CAU_FAILED,
		    "apt: what it would do (%s) is not understood: %zu steps, "
		    "%s",
		    section, p->n_inst,
		    p->summary ? "less than it says" : "and no sum of them");
	return 0;
}
