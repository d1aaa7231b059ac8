/* SPDX-License-Identifier: ISC */
/* What node/agent-apt.sh says, as updates. */
#include "agent_apt.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

/* "info" and "installed": fields between tabs. */
struct info {
	const char *name, *version, *arch, *size, *section, *summary;
};

/* "policy": fields between tabs. Where a package comes from is a list of
 * SUITE/COMPONENT. */
struct policy {
	const char *name, *installed, *candidate;
	const char *installed_from, *candidate_from;
};

struct apt {
	struct arena *arena;
	struct apt_plan upgrade, all;
	struct info *infos, *installed;
	size_t n_infos, n_installed;
	struct policy *policies; /* by name */
	size_t n_policies;
	const char **holds;
	size_t n_holds;
	const char *reboot; /* names between blanks, NULL: none is needed */
};

static const char *
field(const char **p, struct arena *a)
{
	const char *start = *p;
	size_t len = strcspn(start, "\t");

	*p = start + len + (start[len] == '\t');
	return arena_strndup(a, start, len);
}

static void
take_info(struct info *i, const char *text, struct arena *a)
{
	i->name = field(&text, a);
	i->version = field(&text, a);
	i->arch = field(&text, a);
	i->size = field(&text, a);
	i->section = field(&text, a);
	i->summary = field(&text, a);
}

static void
take_policy(struct policy *i, const char *text, struct arena *a)
{
	i->name = field(&text, a);
	i->installed = field(&text, a);
	i->candidate = field(&text, a);
	i->installed_from = field(&text, a);
	i->candidate_from = field(&text, a);
}

static int
compare_policies(const void *x, const void *y)
{
	const struct policy *p = x, *q = y;

	return strcmp(p->name, q->name);
}

/* A package of another architecture is NAME:ARCH there. */
static const struct policy *
find_policy(const struct apt *t, const char *name, const char *arch)
{
	struct policy key = {.name = name};
	const struct policy *p = NULL;

	if (t->n_policies == 0)
		return NULL;
	if (*arch != '\0') {
		key.name = arena_printf(t->arena, "%s:%s", name, arch);
		p = bsearch(&key, t->policies, t->n_policies,
		    sizeof(*t->policies), compare_policies);
		key.name = name;
	}
	if (p == NULL)
		p = bsearch(&key, t->policies, t->n_policies,
		    sizeof(*t->policies), compare_policies);
	return p;
}

static bool
has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static bool
has_suffix(const char *s, const char *suffix)
{
	size_t n = strlen(s), k = strlen(suffix);

	return n >= k && strcmp(s + n - k, suffix) == 0;
}

/* "libc6" for "libc6:i386". */
static const char *
plain(const char *name, struct arena *a)
{
	return arena_strndup(a, name, strcspn(name, ":"));
}

/* Labels and suites: "Debian-Security:12/oldstable-security". */
static enum agent_class
class_of(const struct apt_step *s)
{
	const char *o = s->origin;

	if (strstr(o, "Debian-Security:") != NULL ||
	    strstr(o, "-security") != NULL)
		return *s->old == '\0' && s->inst ? AGENT_NEW : AGENT_SECURITY;
	if (*s->old == '\0' && s->inst)
		return AGENT_NEW;
	if (strstr(o, "-backports") != NULL || strstr(o, "-proposed") != NULL)
		return AGENT_ENHANCEMENT;
	if (strstr(o, "Debian:") != NULL || strstr(o, "Ubuntu:") != NULL)
		return AGENT_FIX;
	return AGENT_OTHER;
}

static bool
is_driver(const char *name)
{
	return has_prefix(name, "firmware-") ||
	       has_prefix(name, "linux-firmware") ||
	       has_prefix(name, "linux-modules-") ||
	       has_suffix(name, "-microcode") || has_suffix(name, "-dkms");
}

static bool
in_words(const char *words, const char *name)
{
	size_t len = strlen(name);
	const char *p = words;

	while (p != NULL && (p = strstr(p, name)) != NULL) {
		if ((p == words || p[-1] == ' ') &&
		    (p[len] == ' ' || p[len] == '\0'))
			return true;
		p += len;
	}
	return false;
}

static bool
in_names(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static const struct info *
find_info(const struct apt *t, const struct apt_step *s, const char *name)
{
	for (size_t i = 0; i < t->n_infos; i++)
		if (strcmp(t->infos[i].name, name) == 0 &&
		    strcmp(t->infos[i].version, s->version) == 0 &&
		    (*s->arch == '\0' ||
			strcmp(t->infos[i].arch, s->arch) == 0))
			return &t->infos[i];
	return NULL;
}

static const char *
title(const char *name, const char *summary, struct arena *a)
{
	return *summary == '\0' ? name
				: arena_printf(a, "%s: %s", name, summary);
}

static struct agent_package *
package(const char *name, const char *arch, const char *version,
    const char *old, struct arena *a)
{
	struct agent_package *p = arena_alloc(a, sizeof(*p));

	*p = (struct agent_package){name, arch, version, old};
	return p;
}

static void
add_step(struct agent_list *l, const struct apt *t, const struct apt_step *s)
{
	struct agent_update *u = &l->updates[l->n_updates++];
	struct arena *a = t->arena;
	const char *name = plain(s->name, a);
	const struct info *i = find_info(t, s, name);
	struct err e;
	uint64_t size;

	*u = (struct agent_update){.advisory = "",
	    .severity = "",
	    .origin = s->origin,
	    .class = class_of(s),
	    .n_packages = 1,
	    .cves = arena_alloc(a, sizeof(*u->cves)),
	    .excluded = ""};
	u->title = title(name, i == NULL ? "" : i->summary, a);
	u->description =
	    !s->inst ? arena_printf(
			   a, "%s is unpacked, but not configured", s->version)
	    : *s->old == '\0' ? arena_printf(a, "new, from %s", s->origin)
			      : arena_printf(a, "%s instead of %s, from %s",
				    s->version, s->old, s->origin);
	u->packages =
	    package(name, *s->arch != '\0' || i == NULL ? s->arch : i->arch,
		s->version, s->old, a);
	if (i != NULL && text_u64(i->size, 0, INT64_MAX, &size, &e) == 0)
		u->size_bytes = (int64_t)size;
	u->driver = is_driver(name);
	u->held = in_names(t->holds, t->n_holds, s->name) ||
		  in_names(t->holds, t->n_holds, name);
	u->wants_reboot =
	    has_prefix(name, "linux-image-") || has_suffix(name, "-microcode");
}

static void
add_installed(struct agent_list *l, const struct apt *t, const struct info *i)
{
	struct agent_update *u = &l->updates[l->n_updates++];
	struct arena *a = t->arena;
	const struct policy *p = find_policy(t, i->name, i->arch);
	struct apt_step s = {.old = i->version, .origin = ""};

	if (p != NULL && strcmp(p->installed, i->version) == 0)
		s.origin = p->installed_from;
	*u = (struct agent_update){.advisory = "",
	    .severity = "",
	    .description = "",
	    .origin = s.origin,
	    .class = class_of(&s),
	    .n_packages = 1,
	    .cves = arena_alloc(a, sizeof(*u->cves)),
	    .excluded = "",
	    .installed = true};
	u->title = title(i->name, i->summary, a);
	u->packages = package(i->name, i->arch, i->version, i->version, a);
	u->driver = is_driver(i->name);
	u->pending = in_words(t->reboot, i->name);
	u->held = in_names(t->holds, t->n_holds, i->name);
}

static bool
has_step(const struct apt_plan *p, const struct apt_step *s, bool inst)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->steps[i].inst == inst &&
		    strcmp(p->steps[i].name, s->name) == 0 &&
		    strcmp(p->steps[i].arch, s->arch) == 0)
			return true;
	return false;
}

/* What the upgrade does, what was left half done, and what it passes over. */
static void
add_steps(struct agent_list *l, const struct apt *t)
{
	const struct apt_plan *up = &t->upgrade, *all = &t->all;
	const struct apt_step *s;

	for (s = up->steps; s < up->steps + up->n; s++)
		if (s->inst || !has_step(up, s, true))
			add_step(l, t, s);
	for (s = all->steps; s < all->steps + all->n; s++) {
		if (!s->inst || *s->old == '\0' || has_step(up, s, true))
			continue;
		add_step(l, t, s);
		if (!l->updates[l->n_updates - 1].held)
			l->updates[l->n_updates - 1].excluded =
			    in_names(up->phased, up->n_phased, s->name)
				? "apt does not offer it to this node yet "
				  "(phased update)"
				: "held back: other packages would have to be "
				  "removed";
	}
}

static bool
would_remove(const struct apt_plan *p, const char *name)
{
	for (size_t i = 0; i < p->n_gone; i++)
		if (strcmp(p->gone[i], name) == 0)
			return true;
	return false;
}

/* What is passed over without a word on what it would become, even if others
 * were removed for it. */
static void
add_kept_back(struct agent_list *l, const struct apt *t)
{
	const struct policy *p;
	struct apt_step s;
	struct agent_update *u;
	size_t done = l->n_updates, k;
	const char *name;

	for (size_t i = 0; i < t->upgrade.n_back; i++) {
		name = t->upgrade.back[i];
		for (k = 0; k < done; k++)
			if (strcmp(l->updates[k].packages->name,
				plain(name, t->arena)) == 0)
				break;
		if (k < done)
			continue;
		s = (struct apt_step){.inst = true,
		    .name = name,
		    .version = "",
		    .old = "",
		    .origin = "",
		    .arch = ""};
		p = find_policy(t, name, "");
		if (p != NULL) {
			s.old = p->installed;
			s.version = p->candidate;
			s.origin = p->candidate_from;
		}
		add_step(l, t, &s);
		u = &l->updates[l->n_updates - 1];
		if (p == NULL) {
			u->class = AGENT_OTHER;
			u->description = "";
		}
		u->excluded = would_remove(&t->all, name)
				  ? "held back: apt would rather remove it"
				  : "held back: what it depends on cannot be "
				    "installed";
	}
}

static void
count(struct apt *t, const struct agent_line *lines, size_t n_lines)
{
	struct arena *a = t->arena;

	t->infos = arena_alloc(a, (n_lines + 1) * sizeof(*t->infos));
	t->installed = arena_alloc(a, (n_lines + 1) * sizeof(*t->installed));
	t->policies = arena_alloc(a, (n_lines + 1) * sizeof(*t->policies));
	t->holds = arena_alloc(a, (n_lines + 1) * sizeof(*t->holds));
	for (size_t i = 0; i < n_lines; i++) {
		const char *section = lines[i].section, *text = lines[i].text;

		if (strcmp(section, "info") == 0)
			take_info(&t->infos[t->n_infos++], text, a);
		else if (strcmp(section, "installed") == 0)
			take_info(&t->installed[t->n_installed++], text, a);
		else if (strcmp(section, "policy") == 0)
			take_policy(&t->policies[t->n_policies++], text, a);
		else if (strcmp(section, "hold") == 0)
			t->holds[t->n_holds++] = text;
		else if (strcmp(section, "reboot") == 0 &&
			 has_prefix(text, "yes"))
			t->reboot = text + 3;
	}
	qsort(
	    t->policies, t->n_policies, sizeof(*t->policies), compare_policies);
}

int
agent_apt_parse(struct agent_list *l, const struct agent_line *lines,
    size_t n_lines, struct arena *a, struct err *e)
{
	struct apt t = {.arena = a};

	memset(l, 0, sizeof(*l));
	count(&t, lines, n_lines);
	if (apt_plan_parse(&t.upgrade, "upgrade", lines, n_lines, a, e) == -1 ||
	    apt_plan_parse(&t.all, "all", lines, n_lines, a, e) == -1)
		return -1;
	l->updates = arena_alloc(
	    a, (t.upgrade.n + t.upgrade.n_back + t.all.n + t.n_installed + 1) *
		   sizeof(*l->updates));
	l->reboot_pending = t.reboot != NULL;
	add_steps(l, &t);
	add_kept_back(l, &t);
	for (size_t i = 0; i < t.n_installed; i++)
		add_installed(l, &t, &t.installed[i]);
	return 0;
}
