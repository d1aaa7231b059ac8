/* SPDX-License-Identifier: ISC */
/* What the readers of agents' words have in common. */
#include "agent_text.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

void *
agent_grow(void *p, size_t n, size_t size, struct arena *a)
{
	void *bigger;

	if (n > 0 && (n & (n - 1)) != 0)
		return p;
	bigger = arena_alloc(a, (n == 0 ? 1 : 2 * n) * size);
	if (n > 0)
		memcpy(bigger, p, n * size);
	return bigger;
}

struct agent_update *
agent_add_update(struct agent_list *l, struct arena *a)
{
	static const char *const none[] = {NULL};
	struct agent_update *u;

	l->updates =
	    agent_grow(l->updates, l->n_updates, sizeof(*l->updates), a);
	u = &l->updates[l->n_updates++];
	u->advisory = u->title = u->description = "";
	u->severity = u->origin = u->excluded = "";
	u->class = AGENT_OTHER;
	u->cves = none;
	return u;
}

void
agent_add_package(struct agent_update *u, const char *name, const char *arch,
    const char *version, const char *old, struct arena *a)
{
	struct agent_package *p;

	u->packages =
	    agent_grow(u->packages, u->n_packages, sizeof(*u->packages), a);
	p = &u->packages[u->n_packages++];
	p->name = name;
	p->arch = arch;
	p->version = version;
	p->old_version = old;
}

void
agent_add_string(struct agent_strings *v, const char *s, struct arena *a)
{
	v->s = agent_grow(v->s, v->n, sizeof(*v->s), a);
	v->s[v->n++] = s;
}

const char *const *
agent_end_strings(struct agent_strings *v, struct arena *a)
{
	agent_add_string(v, NULL, a);
	v->n--;
	return (const char *const *)v->s;
}

int
agent_odd(struct err *e, const char *section, const char *line, const char *why)
{
	struct buf b = BUF_INIT, out = BUF_INIT;
	size_t len = strlen(line);

	buf_addf(&b, "%s: %s", section, why);
	if (len > 0) {
		buf_addstr(&b, ": '");
		buf_add(&b, line, len > 200 ? 200 : len);
		buf_addstr(&b, len > 200 ? "...'" : "'");
	}
	text_printable(&out, b.data, b.len);
	(void)err_set(e, CAU_FAILED, "%s", out.data);
	buf_release(&out);
	buf_release(&b);
	return -1;
}

bool
agent_is_word(const char *s)
{
	return *s != '\0' && *s != '-' &&
	       s[strspn(s, "0123456789abcdefghijklmnopqrstuvwxyz"
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZ._+~^:-")] == '\0';
}

void
agent_join(struct buf *b, const struct agent_line *lines, size_t n_lines,
    const char *section)
{
	size_t i;

	for (i = 0; i < n_lines; i++) {
		if (strcmp(lines[i].section, section) != 0)
			continue;
		buf_addstr(b, lines[i].text);
		buf_addc(b, '\n');
	}
}

bool
agent_fields(const char **fields, size_t n, const char *line, struct arena *a)
{
	size_t i, len;

	if (*line++ != '|')
		return false;
	for (i = 0; i < n; i++) {
		len = strcspn(line, "|");
		if (line[len] != '|')
			return false;
		fields[i] = arena_strndup(a, line, len);
		line += len + 1;
	}
	return *line == '\0';
}

size_t
agent_words(const char **words, size_t max, const char *line, struct arena *a)
{
	size_t len, n = 0;

	for (;;) {
		line += strspn(line, " \t\r");
		len = strcspn(line, " \t\r");
		if (len == 0)
			return n;
		if (n < max)
			words[n] = arena_strndup(a, line, len);
		n++;
		line += len;
	}
}

const char *
agent_severity(const char *s)
{
	static const char *const names[] = {
	    "Critical", "Important", "Moderate", "Low"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (text_casecmp(s, names[i]) == 0)
			return names[i];
	return "";
}

enum agent_class
agent_class(const char *type, const char *severity)
{
	if (text_casecmp(type, "security") == 0)
		return AGENT_SECURITY;
	if (text_casecmp(type, "bugfix") == 0 ||
	    text_casecmp(type, "recommended") == 0)
		return strcmp(severity, "Critical") == 0 ? AGENT_CRITICAL
							 : AGENT_FIX;
	if (text_casecmp(type, "enhancement") == 0 ||
	    text_casecmp(type, "optional") == 0 ||
	    text_casecmp(type, "feature") == 0)
		return AGENT_ENHANCEMENT;
	if (text_casecmp(type, "newpackage") == 0)
		return AGENT_NEW;
	return AGENT_OTHER;
}

static bool
begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

bool
agent_rpm_is_driver(const char *name)
{
	return begins(name, "kmod-") || begins(name, "akmod-") ||
	       begins(name, "dkms-") || begins(name, "microcode_ctl") ||
	       begins(name, "ucode-") || strstr(name, "-kmp-") != NULL ||
	       strstr(name, "-firmware") != NULL ||
	       strstr(name, "-microcode") != NULL;
}

bool
agent_rpm_wants_reboot(const char *name)
{
	/* The list of needs-restarting(1), and the kernels of SUSE. */
	static const char *const names[] = {"kernel", "kernel-core",
	    "kernel-modules", "kernel-modules-core", "kernel-rt",
	    "kernel-rt-core", "kernel-64k", "kernel-64k-core", "kernel-default",
	    "kernel-default-base", "kernel-azure", "kernel-longterm",
	    "kernel-uek", "kernel-uek-core", "kernel-lt", "kernel-ml", "glibc",
	    "systemd", "dbus", "dbus-1", "dbus-broker", "dbus-daemon",
	    "linux-firmware"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return begins(name, "kernel-firmware") ||
	       begins(name, "microcode_ctl") || begins(name, "ucode-") ||
	       strstr(name, "-microcode") != NULL;
}

void
agent_rpm_flags(struct agent_update *u)
{
	bool driver = false, other = false;
	size_t i;

	for (i = 0; i < u->n_packages; i++) {
		if (begins(u->packages[i].name, "patch:"))
			continue;
		if (agent_rpm_is_driver(u->packages[i].name))
			driver = true;
		else
			other = true;
		if (agent_rpm_wants_reboot(u->packages[i].name))
			u->wants_reboot = true;
	}
	u->driver = driver && !other;
}

int
agent_reboot(struct agent_list *l, struct agent_strings *names,
    const char *text, struct arena *a, struct err *e)
{
	const char *words[64];
	size_t i, n = agent_words(words, 64, text, a);

	if (n > 0 && strcmp(words[0], "yes") == 0)
		l->reboot_pending = true;
	else if (n != 1 || strcmp(words[0], "no") != 0)
		return agent_odd(e, "reboot", text, "neither yes nor no");
	for (i = 1; i < n && i < 64; i++)
		agent_add_string(names, words[i], a);
	return 0;
}

bool
agent_is_named(const struct agent_strings *names, const struct agent_update *u)
{
	size_t i, k;

	for (i = 0; i < u->n_packages; i++)
		for (k = 0; k < names->n; k++)
			if (strcmp(names->s[k], u->packages[i].name) == 0)
				return true;
	return false;
}

struct agent_item *
agent_add_item(struct agent_items *l, struct arena *a)
{
	struct agent_item *i;

	l->v = agent_grow(l->v, l->n, sizeof(*l->v), a);
	i = &l->v[l->n++];
	memset(i, 0, sizeof(*i));
	i->name = i->arch = i->version = i->old = i->origin = "";
	return i;
}

int
agent_add_have(
    struct agent_items *l, const char *text, struct arena *a, struct err *e)
{
	struct agent_item *i;
	const char *f[3];

	if (!agent_fields(f, 3, text, a) || !agent_is_word(f[0]))
		return agent_odd(
		    e, "installed", text, "not |NAME|ARCH|VERSION|");
	i = agent_add_item(l, a);
	i->name = f[0];
	i->arch = f[1];
	i->version = begins(f[2], "0:") ? f[2] + 2 : f[2];
	return 0;
}

static int
compare(const void *x, const void *y)
{
	const struct agent_item *p = x, *q = y;
	int c = strcmp(p->name, q->name);

	return c != 0 ? c : strcmp(p->arch, q->arch);
}

void
agent_sort_items(struct agent_items *l)
{
	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), compare);
}

struct agent_item *
agent_find_item(const struct agent_items *l, const char *name, const char *arch)
{
	struct agent_item key = {.name = name, .arch = arch};

	return l->n == 0 ? NULL
			 : bsearch(&key, l->v, l->n, sizeof(*l->v), compare);
}
