/* SPDX-License-Identifier: ISC */
/* What dnf, of generation 4 and 5, said through node/agent-dnf.sh. */
#include "agent_dnf.h"

#include <string.h>

struct dnf {
	struct agent_items check;
	struct agent_items newer;
	struct agent_items have;
	struct dnf_advisories open;
	struct dnf_advisories done;
	struct agent_strings core;
	/* Of a table that was too narrow. */
	const char *words[3];
	size_t n_words;
	bool over; /* what follows are packages that go away */
	bool installed;
	struct arena *a;
};

static const char *
plain_epoch(const char *version)
{
	return strncmp(version, "0:", 2) == 0 ? version + 2 : version;
}

/* name.arch */
static bool
split_arch(
    const char **name, const char **arch, const char *text, struct arena *a)
{
	const char *dot = strrchr(text, '.');

	if (dot == NULL || dot == text || dot[1] == '\0')
		return false;
	*name = arena_strndup(a, text, (size_t)(dot - text));
	*arch = arena_strdup(a, dot + 1);
	return true;
}

bool
dnf_split_nevra(struct agent_package *p, const char *text, struct arena *a)
{
	char *dash, *name;

	if (!split_arch(&p->name, &p->arch, text, a))
		return false;
	name = arena_strdup(a, p->name);
	dash = strrchr(name, '-');
	if (dash == NULL || dash == name || dash[1] == '\0')
		return false;
	while (--dash > name && *dash != '-')
		continue;
	if (dash <= name || dash[1] == '-')
		return false;
	*dash = '\0';
	p->name = name;
	p->version = plain_epoch(dash + 1);
	return true;
}

bool
dnf_is_noise(const char *text)
{
	static const char *const begins[] = {"Last metadata expiration check",
	    "Loaded plugins", "Security: ", "Updating and loading repositories",
	    "Repositories loaded", "Available upgrades", "Available Upgrades",
	    "updateinfo list done", "updateinfo info done",
	    "Unable to detect release version"};
	size_t i;

	if (text[strspn(text, " \t\r")] == '\0')
		return true;
	for (i = 0; i < sizeof(begins) / sizeof(*begins); i++)
		if (strncmp(text, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

/* A row of check-update. A long name goes on in the next line. */
static int
read_check(struct dnf *d, const char *text, struct err *e)
{
	struct agent_item *i;
	size_t n;

	if (d->over || (d->n_words == 0 && dnf_is_noise(text)))
		return 0;
	if (strncmp(text, "Obsoleting ", strlen("Obsoleting ")) == 0) {
		d->over = true;
		return d->n_words == 0
			   ? 0
			   : agent_odd(e, "check", text, "a row is not whole");
	}
	n = d->n_words;
	n += agent_words(d->words + n, 3 - n, text, d->a);
	if (n > 3 || n == d->n_words)
		return agent_odd(
		    e, "check", text, "not a package, a version, a repository");
	d->n_words = n;
	if (n < 3)
		return 0;
	d->n_words = 0;
	i = agent_add_item(&d->check, d->a);
	if (!split_arch(&i->name, &i->arch, d->words[0], d->a) ||
	    !agent_is_word(d->words[0]) || !agent_is_word(d->words[1]) ||
	    strchr(d->words[1], '-') == NULL)
		return agent_odd(
		    e, "check", text, "not a package, a version, a repository");
	i->version = plain_epoch(d->words[1]);
	i->origin = d->words[2];
	return 0;
}

static int
read_newer(struct dnf *d, const char *text, struct err *e)
{
	const char *f[7];
	struct agent_item *i;
	const char *s;

	if (dnf_is_noise(text))
		return 0;
	if (!agent_fields(f, 7, text, d->a) || !agent_is_word(f[0]) ||
	    !agent_is_word(f[2]) || !agent_is_word(f[3]) ||
	    !agent_is_word(f[4]))
		return agent_odd(e, "upgrade", text,
		    "not |NAME|EPOCH|VERSION|RELEASE|ARCH|REPOSITORY|SIZE|");
	i = agent_add_item(&d->newer, d->a);
	i->name = f[0];
	i->arch = f[4];
	i->version =
	    plain_epoch(strcmp(f[1], "(none)") == 0 || *f[1] == '\0'
			    ? arena_printf(d->a, "%s-%s", f[2], f[3])
			    : arena_printf(d->a, "%s:%s-%s", f[1], f[2], f[3]));
	i->origin = f[5];
	for (s = f[6]; *s >= '0' && *s <= '9' && i->size < INT64_MAX / 100; s++)
		i->size = i->size * 10 + (*s - '0');
	return 0;
}

static int
read_line(struct dnf *d, struct agent_list *l, const struct agent_line *line,
    struct err *e)
{
	const char *s = line->section, *text = line->text;

	if (strcmp(s, "check") == 0)
		return read_check(d, text, e);
	if (strcmp(s, "upgrade") == 0)
		return read_newer(d, text, e);
	if (strcmp(s, "installed") == 0)
		return agent_add_have(&d->have, text, d->a, e);
	if (strcmp(s, "list") == 0)
		return dnf_read_list(&d->open, s, text, d->a, e);
	if (strcmp(s, "done-list") == 0)
		return dnf_read_list(&d->done, s, text, d->a, e);
	if (strcmp(s, "info") == 0)
		return dnf_read_info(&d->open, s, text, d->a, e);
	if (strcmp(s, "done-info") == 0)
		return dnf_read_info(&d->done, s, text, d->a, e);
	if (strcmp(s, "reboot") == 0)
		return agent_reboot(l, &d->core, text, d->a, e);
	if (strcmp(s, "tool") == 0) {
		d->installed = strstr(text, " installed") != NULL;
		return 0;
	}
	if (strcmp(s, "list-json") == 0 || strcmp(s, "info-json") == 0 ||
	    strcmp(s, "done-list-json") == 0 ||
	    strcmp(s, "done-info-json") == 0)
		return 0;
	return agent_odd(e, s, text, "this section is not known");
}

/* check-update has what may be installed; what is newer beyond that is held
 * back by a lock or an exclude. */
static void
join_items(struct dnf *d)
{
	struct agent_item *i, *other;
	size_t k, n = d->check.n;

	agent_sort_items(&d->newer);
	agent_sort_items(&d->have);
	agent_sort_items(&d->check);
	for (k = 0; k < d->newer.n; k++) {
		struct agent_items allowed = {d->check.v, n};

		other = &d->newer.v[k];
		i = agent_find_item(&allowed, other->name, other->arch);
		if (i == NULL) {
			i = agent_add_item(&d->check, d->a);
			*i = *other;
			i->held = true;
		} else if (strcmp(i->version, other->version) == 0) {
			i->size = other->size;
		}
	}
	agent_sort_items(&d->check);
	for (k = 0; k < d->check.n; k++) {
		i = &d->check.v[k];
		other = agent_find_item(&d->have, i->name, i->arch);
		if (other != NULL)
			i->old = other->version;
	}
}

static void
add_package(struct agent_update *u, const struct agent_item *i, struct arena *a)
{
	agent_add_package(u, i->name, i->arch, i->version, i->old, a);
	if (i->size < INT64_MAX / 2 && u->size_bytes < INT64_MAX / 2)
		u->size_bytes += i->size;
	if (*u->origin == '\0')
		u->origin = i->origin;
}

static struct agent_update *
add_advisory(struct agent_list *l, struct dnf_advisory *v, struct arena *a)
{
	struct agent_update *u = agent_add_update(l, a);

	u->advisory = v->id;
	u->title = *v->title == '\0' ? v->id : v->title;
	u->description = arena_strdup(a, v->description.data);
	u->severity = v->severity;
	u->class = agent_class(v->type, v->severity);
	if (v->cves.n > 0)
		u->cves = agent_end_strings(&v->cves, a);
	return u;
}

static void
add_open(struct agent_list *l, struct dnf *d)
{
	struct agent_update *u;
	struct dnf_advisory *v;
	size_t i, k, n_open;
	struct agent_item *p;

	for (i = 0; i < d->open.n; i++) {
		v = &d->open.v[i];
		u = NULL;
		n_open = 0;
		for (k = 0; k < v->n_packages; k++) {
			p = agent_find_item(&d->check, v->packages[k].name,
			    v->packages[k].arch);
			if (p != NULL && !p->held)
				n_open++;
		}
		/* Held are those of which nothing can be installed. */
		for (k = 0; k < v->n_packages; k++) {
			p = agent_find_item(&d->check, v->packages[k].name,
			    v->packages[k].arch);
			if (p == NULL || p->seen == i + 1 ||
			    (p->held && n_open > 0))
				continue;
			p->seen = i + 1;
			if (u == NULL)
				u = add_advisory(l, v, d->a);
			add_package(u, p, d->a);
			u->held = p->held;
		}
		if (u != NULL)
			agent_rpm_flags(u);
	}
	for (k = 0; k < d->check.n; k++) {
		p = &d->check.v[k];
		if (p->seen > 0)
			continue;
		u = agent_add_update(l, d->a);
		u->title = arena_printf(d->a, "%s %s", p->name, p->version);
		u->held = p->held;
		add_package(u, p, d->a);
		agent_rpm_flags(u);
	}
}

static void
add_done(struct agent_list *l, struct dnf *d)
{
	struct agent_update *u;
	struct dnf_advisory *v;
	size_t i, k;
	struct agent_item *p;

	for (i = 0; i < d->done.n; i++) {
		v = &d->done.v[i];
		if (v->n_packages == 0)
			continue;
		u = add_advisory(l, v, d->a);
		for (k = 0; k < v->n_packages; k++) {
			p = agent_find_item(
			    &d->have, v->packages[k].name, v->packages[k].arch);
			if (p != NULL)
				p->seen = i + 1;
			agent_add_package(u, v->packages[k].name,
			    v->packages[k].arch,
			    p != NULL ? p->version : v->packages[k].version, "",
			    d->a);
		}
		u->installed = true;
		u->pending = agent_is_named(&d->core, u);
		agent_rpm_flags(u);
	}
	for (k = 0; d->installed && k < d->have.n; k++) {
		p = &d->have.v[k];
		if (p->seen > 0)
			continue;
		u = agent_add_update(l, d->a);
		u->title = arena_printf(d->a, "%s %s", p->name, p->version);
		agent_add_package(u, p->name, p->arch, p->version, "", d->a);
		u->installed = true;
		u->pending = agent_is_named(&d->core, u);
		agent_rpm_flags(u);
	}
}

int
agent_dnf_parse(struct agent_list *l, const struct agent_line *lines,
    size_t n_lines, struct arena *a, struct err *e)
{
	struct dnf d = {.a = a};
	size_t i;
	int rc = 0;

	memset(l, 0, sizeof(*l));
	for (i = 0; rc == 0 && i < n_lines; i++)
		rc = read_line(&d, l, &lines[i], e);
	if (rc == 0 && d.n_words > 0)
		rc = agent_odd(e, "check", d.words[0], "a row is not whole");
	if (rc == 0)
		rc = dnf_read_json(
		    &d.open, lines, n_lines, "list-json", "info-json", a, e);
	if (rc == 0)
		rc = dnf_read_json(&d.done, lines, n_lines, "done-list-json",
		    "done-info-json", a, e);
	if (rc == 0) {
		join_items(&d);
		add_open(l, &d);
		add_done(l, &d);
	}
	dnf_advisories_release(&d.open);
	dnf_advisories_release(&d.done);
	return rc;
}
