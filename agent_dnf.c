/* SPDX-License-Identifier: ISC */
/* What dnf, of generation 4 and 5, said through node/agent-dnf.sh. */
#include "agent_text.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"

/* A package that could be newer. */
struct item {
	const char *name;
	const char *arch;
	const char *version;
	const char *origin;
	const char *old;
	int64_t size;
	bool held;   /* newer ones are there, but kept away */
	size_t seen; /* in which advisory last, counted from 1; 0: in none */
};

struct items {
	struct item *v;
	size_t n;
};

/* An advisory, with the packages that dnf lists for it. */
struct advisory {
	const char *id;
	const char *type;
	const char *severity;
	const char *title;
	struct buf description;
	struct agent_strings cves;
	struct item *packages;
	size_t n_packages;
};

struct advisories {
	struct advisory *v;
	size_t n;
	/* Where a text with "Update ID:" is read. */
	bool in_title;
	const char *title;
	struct advisory *current;
	char field[16];
};

struct dnf {
	struct items check;
	struct items newer;
	struct items have;
	struct advisories open;
	struct advisories done;
	struct agent_strings core;
	/* Of a table that was too narrow. */
	const char *words[3];
	size_t n_words;
	bool over; /* what follows are packages that go away */
	bool installed;
	struct arena *a;
};

static int
compare(const void *x, const void *y)
{
	const struct item *p = x, *q = y;
	int c = strcmp(p->name, q->name);

	return c != 0 ? c : strcmp(p->arch, q->arch);
}

static void
sort(struct items *l)
{
	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), compare);
}

static struct item *
find(const struct items *l, const char *name, const char *arch)
{
	struct item key = {.name = name, .arch = arch};

	return l->n == 0 ? NULL
			 : bsearch(&key, l->v, l->n, sizeof(*l->v), compare);
}

static struct item *
add_item(struct items *l, struct arena *a)
{
	struct item *i;

	l->v = agent_grow(l->v, l->n, sizeof(*l->v), a);
	i = &l->v[l->n++];
	memset(i, 0, sizeof(*i));
	i->name = i->arch = i->version = i->origin = i->old = "";
	return i;
}

static const char *
plain_epoch(const char *version)
{
	return strncmp(version, "0:", 2) == 0 ? version + 2 : version;
}

/* name.arch */
static bool
split_arch(struct item *i, const char *text, struct arena *a)
{
	const char *dot = strrchr(text, '.');

	if (dot == NULL || dot == text || dot[1] == '\0')
		return false;
	i->name = arena_strndup(a, text, (size_t)(dot - text));
	i->arch = arena_strdup(a, dot + 1);
	return true;
}

/* name-[epoch:]version-release.arch */
static bool
split_nevra(struct item *i, const char *text, struct arena *a)
{
	char *dash, *name;

	if (!split_arch(i, text, a))
		return false;
	name = arena_strdup(a, i->name);
	dash = strrchr(name, '-');
	if (dash == NULL || dash == name || dash[1] == '\0')
		return false;
	while (--dash > name && *dash != '-')
		continue;
	if (dash <= name || dash[1] == '-')
		return false;
	*dash = '\0';
	i->name = name;
	i->version = plain_epoch(dash + 1);
	return true;
}

/* What dnf says beside the answer when it has not learnt to be quiet. */
static bool
is_noise(const char *text)
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
	struct item *i;
	size_t n;

	if (d->over || (d->n_words == 0 && is_noise(text)))
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
	i = add_item(&d->check, d->a);
	if (!split_arch(i, d->words[0], d->a) || !agent_is_word(d->words[0]) ||
	    !agent_is_word(d->words[1]) || strchr(d->words[1], '-') == NULL)
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
	struct item *i;
	const char *s;

	if (is_noise(text))
		return 0;
	if (!agent_fields(f, 7, text, d->a) || !agent_is_word(f[0]) ||
	    !agent_is_word(f[2]) || !agent_is_word(f[3]) ||
	    !agent_is_word(f[4]))
		return agent_odd(e, "upgrade", text,
		    "not |NAME|EPOCH|VERSION|RELEASE|ARCH|REPOSITORY|SIZE|");
	i = add_item(&d->newer, d->a);
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
read_have(struct dnf *d, const char *text, struct err *e)
{
	struct agent_have h;
	struct item *i;

	if (agent_have(&h, text, d->a, e) == -1)
		return -1;
	i = add_item(&d->have, d->a);
	i->name = h.name;
	i->arch = h.arch;
	i->version = h.version;
	return 0;
}

static struct advisory *
advisory(struct advisories *l, const char *id, struct arena *a)
{
	struct advisory *v;
	size_t i;

	/* Those asked for again came last. */
	for (i = l->n; i > 0; i--)
		if (strcmp(l->v[i - 1].id, id) == 0)
			return &l->v[i - 1];
	l->v = agent_grow(l->v, l->n, sizeof(*l->v), a);
	v = &l->v[l->n++];
	memset(v, 0, sizeof(*v));
	v->id = arena_strdup(a, id);
	v->type = v->severity = v->title = "";
	buf_init(&v->description);
	return v;
}

static int
add_row(struct advisories *l, const char *section, const char *line,
    const char *id, const char *type, const char *severity, const char *nevra,
    struct arena *a, struct err *e)
{
	struct item package = {.old = ""};
	struct advisory *v;

	if (!split_nevra(&package, nevra, a) || !agent_is_word(nevra))
		return agent_odd(
		    e, section, line, "not an advisory with its package");
	v = advisory(l, id, a);
	if (*v->type == '\0')
		v->type = arena_strdup(a, type);
	if (*v->severity == '\0')
		v->severity = agent_severity(severity);
	v->packages =
	    agent_grow(v->packages, v->n_packages, sizeof(*v->packages), a);
	v->packages[v->n_packages++] = package;
	return 0;
}

static bool
is_date(const char *s)
{
	return strlen(s) == 10 && s[4] == '-' && s[7] == '-' &&
	       strspn(s, "0123456789-") == 10;
}

/*
 * dnf 4: "ID TYPE PACKAGE" or "ID SEVERITY/Sec. PACKAGE", with "i" before it
 * when it is installed. dnf5: "ID TYPE [SEVERITY] PACKAGE DATE TIME".
 */
static int
read_list(struct advisories *l, const char *section, const char *text,
    struct arena *a, struct err *e)
{
	const char *words[7], **w = words, *severity, *type;
	size_t n;

	if (is_noise(text))
		return 0;
	n = agent_words(words, 7, text, a);
	if (n > 3 && strcmp(w[0], "i") == 0) {
		w++;
		n--;
	}
	if (n == 3) {
		severity = "";
		type = w[1];
		if (strlen(type) > 5 &&
		    strcmp(type + strlen(type) - 5, "/Sec.") == 0) {
			severity = arena_strndup(a, type, strlen(type) - 5);
			type = "security";
		}
		return add_row(
		    l, section, text, w[0], type, severity, w[2], a, e);
	}
	if (n == 5 && strcmp(w[0], "Name") == 0 && strcmp(w[1], "Type") == 0)
		return 0;
	if ((n == 5 || n == 6) && w == words && is_date(w[n - 2]))
		return add_row(l, section, text, w[0], w[1], n == 6 ? w[2] : "",
		    w[n - 3], a, e);
	return agent_odd(e, section, text, "not an advisory with its package");
}

static void
set_field(struct advisories *l, const char *value, bool more, struct arena *a)
{
	struct advisory *v = l->current;
	const char *words[1];

	if (strcmp(l->field, "Update ID") == 0 && !more) {
		if (agent_words(words, 1, value, a) == 0)
			return;
		l->current = v = advisory(l, words[0], a);
		if (*v->title == '\0')
			v->title = l->title;
	}
	if (v == NULL)
		return;
	if (strcmp(l->field, "Type") == 0 && *v->type == '\0')
		v->type = arena_strdup(a, value);
	else if (strcmp(l->field, "Severity") == 0 && *v->severity == '\0')
		v->severity = agent_severity(value);
	else if (strcmp(l->field, "CVEs") == 0 && *value != '\0')
		agent_add_string(&v->cves, arena_strdup(a, value), a);
	else if (strcmp(l->field, "Description") == 0) {
		if (v->description.len > 0)
			buf_addc(&v->description, '\n');
		buf_addstr(&v->description, value);
	}
}

/*
 * Blocks of a title between two lines of =, then lines "LABEL: TEXT", which
 * go on with an empty label.
 */
static int
read_info(struct advisories *l, const char *section, const char *text,
    struct arena *a, struct err *e)
{
	const char *colon, *label;
	size_t len = strlen(text);
	bool more;

	if (is_noise(text) && !l->in_title)
		return 0;
	if (len >= 10 && strspn(text, "=") == len) {
		l->in_title = !l->in_title;
		if (l->in_title) {
			l->title = "";
			l->current = NULL;
			l->field[0] = '\0';
		}
		return 0;
	}
	if (l->in_title) {
		text += strspn(text, " ");
		l->title = *l->title == '\0'
			       ? arena_strdup(a, text)
			       : arena_printf(a, "%s %s", l->title, text);
		return 0;
	}
	label = text + strspn(text, " ");
	colon = strchr(label, ':');
	if (l->title == NULL || colon == NULL ||
	    (colon == label && l->field[0] == '\0'))
		return agent_odd(e, section, text, "not part of an advisory");
	more = colon == label;
	if (!more) {
		while (colon > label && colon[-1] == ' ')
			colon--;
		len = (size_t)(colon - label);
		if (len >= sizeof(l->field))
			len = sizeof(l->field) - 1;
		memcpy(l->field, label, len);
		l->field[len] = '\0';
		colon = strchr(colon, ':');
	}
	text = colon + 1;
	if (*text == ' ')
		text++;
	set_field(l, text, more, a);
	if (l->current == NULL)
		return agent_odd(
		    e, section, label, "an advisory without Update ID");
	return 0;
}

/* The lines of a section as JSON; NULL and 0 when there is nothing. */
static int
load(json_t **doc, const struct agent_line *lines, size_t n_lines,
    const char *section, struct err *e)
{
	struct buf b = BUF_INIT;
	json_error_t error;
	int rc = 0;

	*doc = NULL;
	agent_join(&b, lines, n_lines, section);
	if (b.data[strspn(b.data, " \t\r\n")] != '\0') {
		*doc = json_loadb(b.data, b.len, 0, &error);
		if (*doc == NULL)
			rc = agent_odd(e, section, b.data, error.text);
	}
	buf_release(&b);
	return rc;
}

static int
json_list(struct advisories *l, const json_t *doc, const char *section,
    struct arena *a, struct err *e)
{
	const json_t *row;
	size_t i;

	if (!json_is_array(doc))
		return agent_odd(e, section, "", "not a list of advisories");
	json_array_foreach(doc, i, row)
	{
		if (*json_text(row, "name") == '\0')
			return agent_odd(e, section, json_text(row, "nevra"),
			    "an advisory without name");
		if (add_row(l, section, json_text(row, "nevra"),
			json_text(row, "name"), json_text(row, "type"),
			json_text(row, "severity"), json_text(row, "nevra"), a,
			e) == -1)
			return -1;
	}
	return 0;
}

static int
json_info(struct advisories *l, json_t *doc, const char *section,
    struct arena *a, struct err *e)
{
	struct advisory *v;
	const json_t *ref;
	const char *name;
	json_t *row;
	size_t i;

	if (json_is_array(doc) && json_array_size(doc) == 0)
		return 0;
	if (!json_is_object(doc))
		return agent_odd(e, section, "", "not a table of advisories");
	json_object_foreach(doc, name, row)
	{
		if (*name == '\0' || !json_is_object(row))
			return agent_odd(e, section, name, "not an advisory");
		v = advisory(l, name, a);
		v->title = arena_strdup(a, json_text(row, "Title"));
		if (*v->type == '\0')
			v->type = arena_strdup(a, json_text(row, "Type"));
		if (*v->severity == '\0')
			v->severity =
			    agent_severity(json_text(row, "Severity"));
		buf_reset(&v->description);
		buf_addstr(&v->description, json_text(row, "Description"));
		json_array_foreach(json_object_get(row, "references"), i, ref)
		{
			if (strcmp(json_text(ref, "Type"), "cve") == 0 &&
			    *json_text(ref, "Id") != '\0')
				agent_add_string(&v->cves,
				    arena_strdup(a, json_text(ref, "Id")), a);
		}
	}
	return 0;
}

static int
read_json(struct dnf *d, const struct agent_line *lines, size_t n_lines,
    struct err *e)
{
	static const char *const sections[] = {
	    "list-json", "info-json", "done-list-json", "done-info-json"};
	struct advisories *l;
	json_t *doc;
	size_t i;
	int rc;

	for (i = 0; i < 4; i++) {
		if (load(&doc, lines, n_lines, sections[i], e) == -1)
			return -1;
		if (doc == NULL)
			continue;
		l = i < 2 ? &d->open : &d->done;
		rc = i % 2 == 0 ? json_list(l, doc, sections[i], d->a, e)
				: json_info(l, doc, sections[i], d->a, e);
		json_decref(doc);
		if (rc == -1)
			return -1;
	}
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
		return read_have(d, text, e);
	if (strcmp(s, "list") == 0)
		return read_list(&d->open, s, text, d->a, e);
	if (strcmp(s, "done-list") == 0)
		return read_list(&d->done, s, text, d->a, e);
	if (strcmp(s, "info") == 0)
		return read_info(&d->open, s, text, d->a, e);
	if (strcmp(s, "done-info") == 0)
		return read_info(&d->done, s, text, d->a, e);
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
	struct item *i, *other;
	size_t k, n = d->check.n;

	sort(&d->newer);
	sort(&d->have);
	sort(&d->check);
	for (k = 0; k < d->newer.n; k++) {
		struct items allowed = {d->check.v, n};

		other = &d->newer.v[k];
		i = find(&allowed, other->name, other->arch);
		if (i == NULL) {
			i = add_item(&d->check, d->a);
			*i = *other;
			i->held = true;
		} else if (strcmp(i->version, other->version) == 0) {
			i->size = other->size;
		}
	}
	sort(&d->check);
	for (k = 0; k < d->check.n; k++) {
		i = &d->check.v[k];
		other = find(&d->have, i->name, i->arch);
		if (other != NULL)
			i->old = other->version;
	}
}

static void
add_package(struct agent_update *u, const struct item *i, struct arena *a)
{
	agent_add_package(u, i->name, i->arch, i->version, i->old, a);
	if (i->size < INT64_MAX / 2 && u->size_bytes < INT64_MAX / 2)
		u->size_bytes += i->size;
	if (*u->origin == '\0')
		u->origin = i->origin;
}

static struct agent_update *
add_advisory(struct agent_list *l, struct advisory *v, struct arena *a)
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
	struct advisory *v;
	size_t i, k, n_open;
	struct item *p;

	for (i = 0; i < d->open.n; i++) {
		v = &d->open.v[i];
		u = NULL;
		n_open = 0;
		for (k = 0; k < v->n_packages; k++) {
			p = find(&d->check, v->packages[k].name,
			    v->packages[k].arch);
			if (p != NULL && !p->held)
				n_open++;
		}
		/* Held are those of which nothing can be installed. */
		for (k = 0; k < v->n_packages; k++) {
			p = find(&d->check, v->packages[k].name,
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
	struct advisory *v;
	size_t i, k;
	struct item *p;

	for (i = 0; i < d->done.n; i++) {
		v = &d->done.v[i];
		if (v->n_packages == 0)
			continue;
		u = add_advisory(l, v, d->a);
		for (k = 0; k < v->n_packages; k++) {
			p = find(
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

static void
release(struct advisories *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		buf_release(&l->v[i].description);
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
		rc = read_json(&d, lines, n_lines, e);
	if (rc == 0) {
		join_items(&d);
		add_open(l, &d);
		add_done(l, &d);
	}
	release(&d.open);
	release(&d.done);
	return rc;
}
