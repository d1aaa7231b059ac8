/* SPDX-License-Identifier: ISC */
/* What zypper said through node/agent-zypper.sh. */
#include "agent_text.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "xml.h"

/* An <update>, of either kind. */
struct entry {
	bool is_patch;
	const char *name;
	const char *edition;
	const char *old;
	const char *arch;
	const char *status;
	const char *category;
	const char *severity;
	const char *summary;
	const char *description;
	const char *origin;
	bool licence;
	bool restart;
	bool interactive;
	struct agent_strings cves;
};

struct entries {
	struct entry *v;
	size_t n;
};

/* What "zypper info -t patch" says in words. */
struct words {
	const char *name;
	const char *interactive;
	struct agent_strings packages;
};

struct zypper {
	struct agent_items all;
	struct agent_items have;
	struct words *words;
	size_t n_words;
	bool in_conflicts;
	struct agent_strings core;
	bool installed;
	struct arena *a;
};

/* The first of this name. */
static size_t
first(const struct agent_items *l, const char *name)
{
	size_t low = 0, high = l->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (strcmp(l->v[mid].name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static const char *
attribute(const xmlNode *node, const char *name, struct arena *a)
{
	const xmlAttr *p;

	for (p = node->properties; p != NULL; p = p->next)
		if (strcmp((const char *)p->name, name) == 0)
			return xml_attr_value(p, a);
	return "";
}

/* The text of an element, which may stand in several nodes. */
static const char *
content(const xmlNode *node, struct arena *a)
{
	const xmlNode *child;
	const char *text = "";

	for (child = node->children; child != NULL; child = child->next)
		if (xml_is_text(child))
			text = *text == '\0' ? arena_strdup(a, xml_text(child))
					     : arena_printf(a, "%s%s", text,
						   xml_text(child));
	return text;
}

static void
read_issues(struct entry *t, const xmlNode *list, struct arena *a)
{
	const xmlNode *issue;

	for (issue = list->children; issue != NULL; issue = issue->next)
		if (issue->type == XML_ELEMENT_NODE &&
		    text_casecmp(attribute(issue, "type", a), "cve") == 0 &&
		    *attribute(issue, "id", a) != '\0')
			agent_add_string(
			    &t->cves, attribute(issue, "id", a), a);
}

static int
read_update(struct entries *l, const char *section, const xmlNode *node,
    struct arena *a, struct err *e)
{
	const xmlNode *child;
	const char *name;
	struct entry *t;

	l->v = agent_grow(l->v, l->n, sizeof(*l->v), a);
	t = &l->v[l->n++];
	memset(t, 0, sizeof(*t));
	t->is_patch = strcmp(attribute(node, "kind", a), "patch") == 0;
	t->name = attribute(node, "name", a);
	t->edition = attribute(node, "edition", a);
	if (strncmp(t->edition, "0:", 2) == 0)
		t->edition += 2;
	t->old = attribute(node, "edition-old", a);
	t->arch = attribute(node, "arch", a);
	t->status = attribute(node, "status", a);
	t->category = attribute(node, "category", a);
	t->severity = agent_severity(attribute(node, "severity", a));
	t->restart = strcmp(attribute(node, "restart", a), "true") == 0;
	t->interactive = strcmp(attribute(node, "interactive", a), "true") == 0;
	t->summary = t->description = t->origin = "";
	if (!agent_is_word(t->name) || !agent_is_word(t->edition))
		return agent_odd(e, section, t->name,
		    "an update without a proper name and edition");
	for (child = node->children; child != NULL; child = child->next) {
		if (child->type != XML_ELEMENT_NODE)
			continue;
		name = xml_name(child);
		if (strcmp(name, "summary") == 0)
			t->summary = content(child, a);
		else if (strcmp(name, "description") == 0)
			t->description = content(child, a);
		else if (strcmp(name, "license") == 0)
			t->licence = *content(child, a) != '\0';
		else if (strcmp(name, "source") == 0)
			t->origin = attribute(child, "alias", a);
		else if (strcmp(name, "issue-list") == 0)
			read_issues(t, child, a);
	}
	return 0;
}

/* The <update>s of a stream, wherever they stand: what waits for an update of
 * zypper itself has a list of its own. */
static int
read_stream(struct entries *l, const char *section, const xmlNode *node,
    struct arena *a, struct err *e)
{
	const char *name;

	for (; node != NULL; node = node->next) {
		if (node->type != XML_ELEMENT_NODE)
			continue;
		name = xml_name(node);
		if (strcmp(name, "update") == 0) {
			if (read_update(l, section, node, a, e) == -1)
				return -1;
		} else if (strcmp(name, "message") == 0) {
			if (strcmp(attribute(node, "type", a), "error") == 0)
				return agent_odd(e, section, content(node, a),
				    "zypper reports an error");
		} else if (read_stream(l, section, node->children, a, e) == -1)
			return -1;
	}
	return 0;
}

/* The document of a section. There may be other output around it. */
static int
read_xml(struct entries *l, const struct agent_line *lines, size_t n_lines,
    const char *section, struct arena *a, struct err *e)
{
	struct buf b = BUF_INIT;
	char *start, *end, *next;
	xmlDoc *doc = NULL;
	int rc = -1, line;
	struct err why;

	agent_join(&b, lines, n_lines, section);
	if (b.data[strspn(b.data, " \t\r\n")] == '\0') {
		buf_release(&b);
		return 0;
	}
	start = strstr(b.data, "<?xml");
	if (start == NULL)
		start = strstr(b.data, "<stream");
	end = NULL;
	for (next = start; next != NULL; next = strstr(next + 1, "</stream>"))
		if (next != start)
			end = next;
	if (start == NULL) {
		(void)agent_odd(e, section, b.data, "not the XML of zypper");
	} else if (end == NULL) {
		(void)agent_odd(
		    e, section, start, "the XML of zypper is cut off");
	} else {
		end += strlen("</stream>");
		doc = xml_parse(start, (size_t)(end - start), &line, &why);
		if (doc == NULL)
			(void)err_set(e, CAU_FAILED,
			    "%s: line %d of the XML of zypper: %s", section,
			    line, why.text);
		else if (strcmp(xml_name(doc->children), "stream") != 0)
			(void)agent_odd(
			    e, section, start, "not the XML of zypper");
		else
			rc = read_stream(l, section, doc->children, a, e);
	}
	xmlFreeDoc(doc);
	buf_release(&b);
	return rc;
}

/* "NAME [OPERATOR VERSION]" of a package, not of another kind. */
static void
add_conflict(struct zypper *z, const char *text)
{
	const char *words[1];

	if (z->n_words > 0 && agent_words(words, 1, text, z->a) > 0 &&
	    strchr(words[0], ':') == NULL && *words[0] != '[')
		agent_add_string(
		    &z->words[z->n_words - 1].packages, words[0], z->a);
}

static void
read_info(struct zypper *z, const char *text)
{
	static const char head[] = "Information for patch ";
	struct words *w;
	const char *colon;
	size_t len;

	if (strncmp(text, head, strlen(head)) == 0) {
		text += strlen(head);
		len = strlen(text);
		if (len > 0 && text[len - 1] == ':')
			len--;
		z->words =
		    agent_grow(z->words, z->n_words, sizeof(*z->words), z->a);
		w = &z->words[z->n_words++];
		memset(w, 0, sizeof(*w));
		w->name = arena_strndup(z->a, text, len);
		w->interactive = "";
		z->in_conflicts = false;
		return;
	}
	if (*text == ' ' || *text == '\0') {
		if (z->in_conflicts)
			add_conflict(z, text);
		return;
	}
	z->in_conflicts = false;
	colon = strchr(text, ':');
	if (z->n_words == 0 || colon == NULL)
		return;
	w = &z->words[z->n_words - 1];
	len = strcspn(text, " :");
	colon++;
	colon += strspn(colon, " ");
	if (len == strlen("Interactive") &&
	    strncmp(text, "Interactive", len) == 0)
		w->interactive = arena_strdup(z->a, colon);
	if (len == strlen("Conflicts") &&
	    strncmp(text, "Conflicts", len) == 0) {
		z->in_conflicts = true;
		add_conflict(z, colon);
	}
}

static int
compare_words(const void *x, const void *y)
{
	const struct words *p = x, *q = y;

	return strcmp(p->name, q->name);
}

static const struct words *
find_words(const struct zypper *z, const char *name)
{
	struct words key = {.name = name};

	return z->n_words == 0 ? NULL
			       : bsearch(&key, z->words, z->n_words,
				     sizeof(*z->words), compare_words);
}

static int
read_line(struct zypper *z, struct agent_list *l, const struct agent_line *line,
    struct err *e)
{
	static const char *const documents[] = {"patches", "updates", "all"};
	const char *s = line->section, *text = line->text;
	size_t k;

	if (strcmp(s, "info") == 0) {
		read_info(z, text);
		return 0;
	}
	if (strcmp(s, "installed") == 0)
		return agent_add_have(&z->have, text, z->a, e);
	if (strcmp(s, "reboot") == 0)
		return agent_reboot(l, &z->core, text, z->a, e);
	if (strcmp(s, "tool") == 0) {
		z->installed = strstr(text, " installed") != NULL;
		return 0;
	}
	for (k = 0; k < 3; k++)
		if (strcmp(s, documents[k]) == 0)
			return 0;
	return agent_odd(e, s, text, "this section is not known");
}

/* What may be newer: all of it, and whether a lock keeps it away. */
static void
join_items(
    struct zypper *z, const struct entries *all, const struct entries *open)
{
	const struct entries *lists[] = {all, open};
	const struct entry *t;
	struct agent_item *i;
	size_t k, n, from;

	for (n = 0; n < 2; n++) {
		from = z->all.n;
		for (k = 0; k < lists[n]->n; k++) {
			struct agent_items sorted = {
			    z->all.v, n == 0 ? 0 : from};
			size_t at;

			t = &lists[n]->v[k];
			if (t->is_patch)
				continue;
			for (at = first(&sorted, t->name); at < sorted.n; at++)
				if (strcmp(sorted.v[at].name, t->name) != 0 ||
				    strcmp(sorted.v[at].arch, t->arch) == 0)
					break;
			if (at < sorted.n &&
			    strcmp(sorted.v[at].name, t->name) == 0)
				i = &z->all.v[at];
			else
				i = agent_add_item(&z->all, z->a);
			i->name = t->name;
			i->arch = t->arch;
			i->version = t->edition;
			i->old = t->old;
			i->origin = t->origin;
			i->licence = t->licence;
			i->held = n == 0;
		}
		agent_sort_items(&z->all);
	}
}

static bool
is_one_of(const char *s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (text_casecmp(s, *words) == 0)
			return true;
	return false;
}

/* Why a patch is not installed without a person; "" when it is. */
static const char *
excluded(const struct entry *t, const struct words *w)
{
	static const char licence[] = "a person must agree to its licence";
	static const char message[] = "a person must read its message";

	if (t->licence)
		return licence;
	if (!t->interactive)
		return "";
	if (w != NULL && strstr(w->interactive, "icen") != NULL)
		return licence;
	if (w != NULL && strstr(w->interactive, "essage") != NULL)
		return message;
	/* An old zypper counts the restart, too. */
	if (t->restart && (w == NULL || strcmp(w->interactive, "reboot") == 0 ||
			      *w->interactive == '\0'))
		return "";
	return "it asks questions that a person must answer";
}

/* A name of a conflict: a package, or a package with its architecture. */
static bool
is_conflict(const struct agent_item *i, const char *name)
{
	size_t len = strlen(i->name);

	return strcmp(name, i->name) == 0 ||
	       (strncmp(name, i->name, len) == 0 && name[len] == '.' &&
		   strcmp(name + len + 1, i->arch) == 0);
}

static void
add_patch_packages(struct agent_update *u, struct agent_items *l,
    const struct words *w, bool installed, struct arena *a)
{
	const char *name, *base, *dot;
	struct agent_item *p;
	size_t i, k, at;

	for (i = 0; w != NULL && i < w->packages.n; i++) {
		name = w->packages.s[i];
		dot = strrchr(name, '.');
		for (k = 0; k < (dot == NULL ? 1 : 2); k++) {
			base = k == 0 ? name
				      : arena_strndup(
					    a, name, (size_t)(dot - name));
			for (at = first(l, base); at < l->n; at++) {
				p = &l->v[at];
				if (strcmp(p->name, base) != 0)
					break;
				if (!is_conflict(p, name))
					continue;
				if (!installed && p->licence)
					u->excluded =
					    "a person must agree to the "
					    "licence of a package";
				if (p->held)
					u->held = true;
				p->seen = 1;
				agent_add_package(
				    u, p->name, p->arch, p->version, p->old, a);
			}
		}
	}
}

static int
add_patch(
    struct agent_list *l, struct zypper *z, struct entry *t, struct err *e)
{
	static const char *const open[] = {"needed", "optional", "", NULL};
	static const char *const done[] = {
	    "applied", "satisfied", "installed", NULL};
	static const char *const held[] = {"unwanted", "locked", NULL};
	static const char *const none[] = {
	    "not needed", "not applicable", "undetermined", NULL};
	const struct words *w = find_words(z, t->name);
	struct agent_update *u;

	if (is_one_of(t->status, none))
		return 0;
	if (!is_one_of(t->status, open) && !is_one_of(t->status, done) &&
	    !is_one_of(t->status, held))
		return agent_odd(e, "patches", t->status,
		    "the status of a patch is not known");
	u = agent_add_update(l, z->a);
	u->advisory = t->name;
	u->title = *t->summary == '\0' ? t->name : t->summary;
	u->description = t->description;
	u->severity = t->severity;
	u->class = agent_class(t->category, t->severity);
	u->origin = t->origin;
	if (t->cves.n > 0)
		u->cves = agent_end_strings(&t->cves, z->a);
	u->held = is_one_of(t->status, held);
	u->installed = is_one_of(t->status, done);
	agent_add_package(u, arena_printf(z->a, "patch:%s", t->name), t->arch,
	    t->edition, "", z->a);
	add_patch_packages(
	    u, u->installed ? &z->have : &z->all, w, u->installed, z->a);
	if (!u->installed && *u->excluded == '\0')
		u->excluded = excluded(t, w);
	agent_rpm_flags(u);
	if (t->restart)
		u->wants_reboot = true;
	u->pending = u->installed && agent_is_named(&z->core, u);
	return 0;
}

static void
add_plain(struct agent_list *l, const struct zypper *z,
    const struct agent_items *of, bool installed)
{
	struct agent_update *u;
	const struct agent_item *i;
	size_t k;

	for (k = 0; k < of->n; k++) {
		i = &of->v[k];
		if (i->seen > 0)
			continue;
		u = agent_add_update(l, z->a);
		u->title = arena_printf(z->a, "%s %s", i->name, i->version);
		u->origin = i->origin;
		u->installed = installed;
		u->held = i->held;
		if (i->licence)
			u->excluded = "a person must agree to its licence";
		agent_add_package(
		    u, i->name, i->arch, i->version, i->old, z->a);
		agent_rpm_flags(u);
		u->pending = installed && agent_is_named(&z->core, u);
	}
}

int
agent_zypper_parse(struct agent_list *l, const struct agent_line *lines,
    size_t n_lines, struct arena *a, struct err *e)
{
	struct entries patches = {NULL, 0}, all = {NULL, 0}, open = {NULL, 0};
	struct zypper z = {.a = a};
	size_t i;

	memset(l, 0, sizeof(*l));
	for (i = 0; i < n_lines; i++)
		if (read_line(&z, l, &lines[i], e) == -1)
			return -1;
	if (read_xml(&patches, lines, n_lines, "patches", a, e) == -1 ||
	    read_xml(&all, lines, n_lines, "all", a, e) == -1 ||
	    read_xml(&open, lines, n_lines, "updates", a, e) == -1)
		return -1;
	if (z.n_words > 1)
		qsort(z.words, z.n_words, sizeof(*z.words), compare_words);
	join_items(&z, &all, &open);
	agent_sort_items(&z.have);
	for (i = 0; i < patches.n; i++)
		if (patches.v[i].is_patch &&
		    add_patch(l, &z, &patches.v[i], e) == -1)
			return -1;
	add_plain(l, &z, &z.all, false);
	if (z.installed)
		add_plain(l, &z, &z.have, true);
	return 0;
}
