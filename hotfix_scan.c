/* SPDX-License-Identifier: ISC */
/* What a hotfix root folder holds for a node, and what the node has of it. */
#include "hotfix_self.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "text.h"

static bool
is_for(const struct section *s, const char *node)
{
	return text_casecmp(s->folder, HOTFIX_ALL) == 0 ||
	       hotfix_is_node_folder(s->folder, node);
}

/* The nth section of a node, or NULL: CAUHotfix_All first. */
static const struct section *
nth_section(const struct hotfix *h, const char *node, size_t nth)
{
	bool all;

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < h->n_sections; i++) {
			all = text_casecmp(h->sections[i].folder, HOTFIX_ALL) ==
			      0;
			if (all != (pass == 0) ||
			    !is_for(&h->sections[i], node))
				continue;
			if (nth-- == 0)
				return &h->sections[i];
		}
	return NULL;
}

/* What a scan of one node works on while the node answers. */
struct scan {
	struct scan_result *result;
	const struct known **known; /* of each update */
	struct arena *arena;
};

/* The n-th field of a tab-separated line, as an arena string. */
static const char *
field(const char *line, int n, struct arena *a)
{
	for (; n > 0; n--) {
		line = strchr(line, '\t');
		if (line == NULL)
			return "";
		line++;
	}
	return arena_strndup(a, line, strcspn(line, "\t"));
}

/* What names the rule of an update in its id: the folder of a folder rule, or
 * the extension. */
static const char *
rule_part(const char *id, size_t *len)
{
	const char *first = strchr(id, '/'), *last = strrchr(id, '/');
	const char *dot = strrchr(id, '.');

	if (first != NULL && first != last) {
		*len = (size_t)(last - first);
		return first;
	}
	if (dot == NULL)
		dot = "";
	*len = strlen(dot);
	return dot;
}

/* The same contents under another rule are another update: other arguments,
 * other meanings of what came of it. */
static bool
same_rule(const char *a, const char *b)
{
	size_t la, lb;
	const char *pa = rule_part(a, &la), *pb = rule_part(b, &lb);

	return la == lb && strncasecmp(pa, pb, la) == 0;
}

static void
take_receipt(struct scan *s, const char *line)
{
	const char *sha = field(line, 2, s->arena);
	enum update_result r = update_result_parse(field(line, 4, s->arena));
	struct update *u;

	if (r != RESULT_SUCCEEDED && r != RESULT_ALREADY_INSTALLED)
		return;
	for (size_t i = 0; i < s->result->n_updates; i++) {
		u = &s->result->updates[i];
		if (strcmp(u->sha256, sha) != 0 ||
		    !same_rule(u->id, field(line, 3, s->arena)))
			continue;
		u->installed = true;
		u->reason = arena_printf(s->arena,
		    "this file was installed here on %.10s by run %.8s",
		    field(line, 0, s->arena), field(line, 1, s->arena));
	}
}

/* "deb NAME VERSION lt|eq|gt HAVE" */
static void
take_package(struct scan *s, const char *line)
{
	char kind[8], name[512], version[512], order[8], have[512];
	struct update *u;

	if (sscanf(line, "%7s %511s %511s %7s %511s", kind, name, version,
		order, have) != 5)
		return;
	for (size_t i = 0; i < s->result->n_updates; i++) {
		u = &s->result->updates[i];
		if (u->installed || strcmp(s->known[i]->kind, kind) != 0 ||
		    strcmp(s->known[i]->package, name) != 0 ||
		    strcmp(u->version, version) != 0)
			continue;
		u->installed = strcmp(order, "lt") != 0;
		u->reason = arena_printf(s->arena,
		    strcmp(order, "gt") == 0 ? "the node has the newer %s"
		    : u->installed	     ? "the node has %s"
					     : "the node has the older %s",
		    have);
	}
}

static void
scan_line(void *ctx, const char *key, const char *text, size_t len)
{
	struct scan *s = ctx;
	struct buf b = BUF_INIT;

	text_printable(&b, text, len);
	if (strcmp(key, "receipt") == 0)
		take_receipt(s, b.data);
	else if (strcmp(key, "package") == 0)
		take_package(s, b.data);
	buf_release(&b);
}

static enum node_rc
ask_packages(struct scan *s, struct node *n, const char *kind, struct err *e)
{
	enum node_rc rc = NODE_OK;
	struct buf b = BUF_INIT;
	bool any = false;

	buf_addf(&b, "cau_packages %s", kind);
	for (size_t i = 0; i < s->result->n_updates; i++) {
		if (strcmp(s->known[i]->kind, kind) != 0)
			continue;
		buf_addc(&b, ' ');
		text_shell_quote(&b, s->known[i]->package);
		buf_addc(&b, ' ');
		text_shell_quote(&b, s->result->updates[i].version);
		any = true;
	}
	if (any)
		rc = node_call(n, b.data, scan_line, s, HOTFIX_SCAN_MS, e);
	buf_release(&b);
	return rc;
}

static enum node_rc
ask_receipts(struct scan *s, struct node *n, struct err *e)
{
	enum node_rc rc;
	struct buf b = BUF_INIT;

	buf_addstr(&b, "cau_receipts");
	for (size_t i = 0; i < s->result->n_updates; i++)
		buf_addf(&b, " %s", s->result->updates[i].sha256);
	rc = node_call(n, b.data, scan_line, s, HOTFIX_SCAN_MS, e);
	buf_release(&b);
	return rc;
}

static void
add_ignored(
    struct scan_result *r, const struct hotfix_set *set, struct arena *a)
{
	for (size_t i = 0; i < set->n_ignored; i++)
		r->ignored[r->n_ignored++] =
		    (struct ignored){hotfix_escaped(a, set->ignored[i].path),
			set->ignored[i].reason};
}

enum node_rc
hotfix_scan(const void *self, struct node *n, bool ignore_receipts,
    struct scan_result *result, struct arena *a, struct err *e)
{
	const struct hotfix *h = self;
	const struct section *sec;
	struct scan s = {result, NULL, a};
	size_t updates = 0, ignored = h->strays.n_ignored;
	enum node_rc rc = node_open(n, e);

	if (rc != NODE_OK)
		return rc;
	for (size_t i = 0; (sec = nth_section(h, n->name, i)) != NULL; i++) {
		updates += sec->set.n_files;
		ignored += sec->set.n_ignored;
	}
	memset(result, 0, sizeof(*result));
	result->updates = arena_alloc(a, updates * sizeof(*result->updates));
	result->ignored = arena_alloc(a, ignored * sizeof(*result->ignored));
	s.known = arena_alloc(a, updates * sizeof(*s.known));
	for (size_t i = 0; (sec = nth_section(h, n->name, i)) != NULL; i++) {
		for (size_t k = 0; k < sec->set.n_files; k++) {
			s.known[result->n_updates] = &sec->known[k];
			result->updates[result->n_updates++] =
			    sec->known[k].update;
		}
		add_ignored(result, &sec->set, a);
	}
	add_ignored(result, &h->strays, a);
	if (updates == 0 || h->no_metadata || ignore_receipts)
		return NODE_OK;
	rc = ask_receipts(&s, n, e);
	if (rc == NODE_OK)
		rc = ask_packages(&s, n, "deb", e);
	if (rc == NODE_OK)
		rc = ask_packages(&s, n, "rpm", e);
	return rc;
}
