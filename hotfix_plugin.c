/* SPDX-License-Identifier: ISC */
/* Microsoft.HotfixPlugin: a hotfix root folder as a plug-in. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "hotfix_dir.h"
#include "job.h"
#include "meta.h"
#include "mount.h"
#include "plugin.h"
#include "pluginargs.h"
#include "template.h"
#include "text.h"

#define DEFAULT_CONFIG	   "DefaultHotfixConfig.xml"
#define DEFAULT_TIMEOUT_MS INT64_C(1800000)
/* Answers to scan requests; hashing what is staged takes longer. */
#define SCAN_MS	 60000
#define STAGE_MS 1800000
/* Files up to this size need no transfer of their own. */
#define SMALL_FILE  16384
#define STAGE_BATCH 200

/* An update file and what a scan shows of it. */
struct known {
	struct update update; /* strings in the arena, not yet of a node */
	const struct rule *rule;
	const char *path;    /* raw */
	const char *name;    /* last part of path */
	const char *package; /* of the node's package database, "" if none */
	const char *kind;    /* "deb", "rpm" or "" */
};

/* One folder below the root: CAUHotfix_All or a node's. */
struct section {
	const char *folder;
	struct known *known;
	struct hotfix_set set;
};

struct hotfix {
	struct arena arena;
	struct hotfix_root root;
	const char *root_path;
	const char *config_name;
	bool require_smb_encryption;
	bool disable_acl_checks;
	bool no_metadata;
	int64_t timeout_ms;
	struct rules rules;
	struct section *sections;
	size_t n_sections;
	struct hotfix_set strays;
	char digest[SHA256_HEX];
};

static int
take_args(struct hotfix *h, const char *text, struct err *e)
{
	static const char *const names[] = {"HotfixRootFolderPath",
	    "RequireSmbEncryption", "DisableAclChecks",
	    "HotfixInstallerTimeoutMinutes", "HotfixConfigFileName", NULL};
	struct plugin_args args;
	const char *value, *near;
	size_t k;

	if (pluginargs_parse(&args, text, &h->arena, e) == -1)
		return -1;
	for (size_t i = 0; i < args.n; i++) {
		for (k = 0; names[k] != NULL; k++)
			if (text_casecmp(args.args[i].name, names[k]) == 0)
				break;
		if (names[k] != NULL)
			continue;
		near = text_nearest(args.args[i].name, names);
		return err_set(e, CAU_USAGE, "unknown argument '%.60s'%s%s%s",
		    args.args[i].name, near == NULL ? "" : " (did you mean ",
		    near == NULL ? "" : near, near == NULL ? "" : "?)");
	}
	h->root_path = pluginargs_get(&args, names[0]);
	if (h->root_path == NULL || *h->root_path == '\0')
		return err_set(e, CAU_USAGE,
		    "HotfixRootFolderPath is missing (or use --root DIR)");
	if (strncmp(h->root_path, "\\\\", 2) == 0)
		return err_set(e, CAU_USAGE,
		    "HotfixRootFolderPath %s: mount the share and give the "
		    "folder that it is mounted on",
		    h->root_path);
	if (h->root_path[0] != '/')
		return err_set(e, CAU_USAGE,
		    "HotfixRootFolderPath %s: an absolute path is needed",
		    h->root_path);
	value = pluginargs_get(&args, names[1]);
	if (value != NULL &&
	    text_bool(value, &h->require_smb_encryption, e) == -1)
		return err_wrap(e, "%s", names[1]);
	value = pluginargs_get(&args, names[2]);
	if (value != NULL && text_bool(value, &h->disable_acl_checks, e) == -1)
		return err_wrap(e, "%s", names[2]);
	h->timeout_ms = DEFAULT_TIMEOUT_MS;
	value = pluginargs_get(&args, names[3]);
	if (value != NULL &&
	    text_duration(value, 60000, &h->timeout_ms, e) == -1)
		return err_wrap(e, "%s", names[3]);
	if (h->timeout_ms < 100)
		return err_set(e, CAU_USAGE, "%s: must not be 0", names[3]);
	value = pluginargs_get(&args, names[4]);
	h->config_name = value == NULL ? DEFAULT_CONFIG : value;
	if (*h->config_name == '\0' || strchr(h->config_name, '/') != NULL ||
	    strchr(h->config_name, '\\') != NULL || h->config_name[0] == '.')
		return err_set(e, CAU_USAGE,
		    "%s: '%.80s' is not a plain file name", names[4],
		    h->config_name);
	return 0;
}

static int
take_rules(struct hotfix *h, const struct buf *config, struct buf *warnings,
    struct err *e)
{
	struct rules_notes notes = {0};
	const struct rules_note *note;
	int rc = rules_parse(
	    &h->rules, &notes, config->data, config->len, &h->arena);

	for (size_t i = 0; i < notes.n; i++) {
		note = &notes.notes[i];
		buf_addf(warnings, "%s/%s:", h->root_path, h->config_name);
		if (note->line > 0)
			buf_addf(warnings, "%d:", note->line);
		buf_addf(warnings, " %s: %s\n",
		    note->is_error ? "error" : "warning", note->text);
	}
	if (rc == -1)
		(void)err_set(e, CAU_USAGE, "%s/%s has %zu error%s",
		    h->root_path, h->config_name, notes.n_errors,
		    notes.n_errors == 1 ? "" : "s");
	return rc;
}

static const char *
escaped(struct arena *a, const char *raw)
{
	struct buf b = BUF_INIT;
	const char *s;

	text_escape(&b, raw, strlen(raw));
	s = arena_strdup(a, b.data);
	buf_release(&b);
	return s;
}

/* Everything about one file that does not depend on the node. */
static int
know(struct hotfix *h, struct known *k, const struct hotfix_file *f,
    struct access_report *report, struct buf *warnings, struct err *e)
{
	struct update *u = &k->update;
	char sha[SHA256_HEX];
	struct meta m;
	struct stat st;
	int fd;

	k->rule = f->rule;
	k->path = f->path;
	k->name = f->entry->name;
	k->package = k->kind = "";
	u->plugin = hotfix_plugin.name;
	u->id = u->path = escaped(&h->arena, f->path);
	u->rule = rule_label(f->rule, &h->arena);
	u->size_bytes = f->entry->size_bytes;
	u->title = u->description = u->version = u->kb = u->sha256 = u->reason =
	    "";
	if (h->no_metadata)
		return 0;
	fd = hotfix_open_file(&h->root, f->path, e);
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return err_set(
		    e, CAU_FAILED, "%s is no longer a regular file", u->path);
	}
	if (report != NULL) {
		char *full = xasprintf("%s/%s", h->root_path, f->path);

		access_check_fd(report, fd, &st, full);
		free(full);
	}
	if (file_sha256(fd, sha, &u->size_bytes, e) == -1) {
		(void)close(fd);
		return err_wrap(e, "%s", u->path);
	}
	u->sha256 = arena_strdup(&h->arena, sha);
	meta_read(&m, fd, k->name, &h->arena);
	(void)close(fd);
	u->title = m.title;
	u->description = m.description;
	u->version = m.version;
	u->kb = m.kb;
	if ((m.format == META_DEB || m.format == META_RPM) &&
	    *m.package != '\0' && *m.version != '\0') {
		k->kind = meta_format_name(m.format);
		k->package = m.package;
	}
	if (*m.problem != '\0')
		buf_addf(warnings, "%s: warning: %s\n", u->path, m.problem);
	return 0;
}

static int
collect(struct hotfix *h, struct access_report *report, struct buf *warnings,
    struct err *e)
{
	const struct listing *l = &h->root.listing;
	struct section *s;

	h->sections = arena_alloc(&h->arena, l->n * sizeof(*h->sections));
	for (size_t i = 0; i < l->n; i++) {
		if (l->entries[i].folder == NULL)
			continue;
		s = &h->sections[h->n_sections++];
		s->folder = l->entries[i].name;
		hotfix_collect(&s->set, &l->entries[i], &h->rules, &h->arena);
		s->known =
		    arena_alloc(&h->arena, s->set.n_files * sizeof(*s->known));
		for (size_t k = 0; k < s->set.n_files; k++)
			if (know(h, &s->known[k], &s->set.files[k], report,
				warnings, e) == -1)
				return -1;
	}
	return 0;
}

static void
make_digest(struct hotfix *h, const struct buf *config)
{
	char *text, sha[SHA256_HEX];

	sha256_hex(sha, config->data, config->len);
	text = xasprintf("%s %" PRId64, sha, h->timeout_ms);
	sha256_hex(h->digest, text, strlen(text));
	free(text);
}

/* The connection to a file server must be signed or encrypted (facts on the
 * hotfix plug-in, 7). */
static int
check_mount(struct hotfix *h, struct err *e)
{
	struct buf text = BUF_INIT;
	int rc = file_read("/proc/self/mountinfo", &text, 16U << 20, e);

	if (rc == 0)
		rc = mount_check(text.data, h->root_path,
		    h->require_smb_encryption, !h->disable_acl_checks, e);
	buf_release(&text);
	return rc;
}

static void hotfix_release(void *self);

static int
load(struct hotfix *h, const struct plugin_config *config, struct buf *warnings,
    struct err *e)
{
	struct access_report report = {BUF_INIT, 0}, *r = NULL;
	struct buf bytes = BUF_INIT;
	const char **nodes;
	int rc;

	nodes = arena_alloc(&h->arena, config->n_nodes * sizeof(*nodes));
	for (size_t i = 0; i < config->n_nodes; i++)
		nodes[i] = config->nodes[i].name;
	if (!h->disable_acl_checks && !h->no_metadata) {
		r = &report;
		access_check_path(r, h->root_path);
	}
	rc = hotfix_open(&h->root, h->root_path, h->config_name, &bytes, r, e);
	if (rc == 0)
		rc = check_mount(h, e);
	if (rc == 0)
		rc = take_rules(h, &bytes, warnings, e);
	if (rc == 0)
		rc = hotfix_list(&h->root, &h->rules, nodes, config->n_nodes,
		    &h->arena, r, e);
	if (rc == 0)
		rc = collect(h, r, warnings, e);
	if (rc == 0) {
		hotfix_strays(&h->strays, &h->root.listing, h->config_name,
		    nodes, config->n_nodes, &h->arena);
		make_digest(h, &bytes);
	}
	if (rc == 0 && report.n > 0) {
		buf_addstr(warnings, report.text.data);
		if (config->refuse)
			rc = err_set(e, CAU_REFUSED,
			    "refused: others could change what would be run "
			    "(%zu problem%s above; see ACCESS in "
			    "cau-hotfix(5))",
			    report.n, report.n == 1 ? "" : "s");
		else
			buf_addstr(warnings,
			    "cau run would refuse this root folder\n");
	}
	buf_release(&report.text);
	buf_release(&bytes);
	return rc;
}

static int
hotfix_configure(void **self, const struct plugin_config *config,
    struct buf *warnings, struct err *e)
{
	struct hotfix *h = xcalloc(1, sizeof(*h));

	h->root.fd = -1;
	h->no_metadata = config->no_metadata;
	if (take_args(h, config->args, e) == -1 ||
	    load(h, config, warnings, e) == -1) {
		hotfix_release(h);
		return -1;
	}
	*self = h;
	return 0;
}

static void
hotfix_release(void *self)
{
	struct hotfix *h = self;

	hotfix_close(&h->root);
	arena_release(&h->arena);
	free(h);
}

static const char *
hotfix_digest(const void *self)
{
	const struct hotfix *h = self;

	return h->digest;
}

static bool
is_for(const struct section *s, const char *node)
{
	return text_casecmp(s->folder, HOTFIX_ALL) == 0 ||
	       hotfix_is_node_folder(s->folder, node);
}

/* Calls f for the sections of a node: CAUHotfix_All first. */
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
		if (strcmp(u->sha256, sha) != 0)
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
		rc = node_call(n, b.data, scan_line, s, SCAN_MS, e);
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
	rc = node_call(n, b.data, scan_line, s, SCAN_MS, e);
	buf_release(&b);
	return rc;
}

static void
add_ignored(
    struct scan_result *r, const struct hotfix_set *set, struct arena *a)
{
	for (size_t i = 0; i < set->n_ignored; i++)
		r->ignored[r->n_ignored++] = (struct ignored){
		    escaped(a, set->ignored[i].path), set->ignored[i].reason};
}

static enum node_rc
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

static const struct known *
find_known(const struct hotfix *h, const struct update *u)
{
	for (size_t i = 0; i < h->n_sections; i++)
		for (size_t k = 0; k < h->sections[i].set.n_files; k++)
			if (strcmp(h->sections[i].known[k].update.id, u->id) ==
			    0)
				return &h->sections[i].known[k];
	return NULL;
}

/* Where the node keeps a staged file. */
static char *
staged_path(const struct node *n, const struct update *u, const char *name)
{
	return xasprintf("%s/stage/%s/%s", n->state_dir, u->sha256, name);
}

/* The contents that the node lacks, or has but damaged. */
struct marks {
	const struct update *updates;
	size_t n;
	const char *key; /* "need" or "differs" */
	bool *marked;
	size_t n_marked;
};

static void
mark_line(void *ctx, const char *key, const char *text, size_t len)
{
	struct marks *m = ctx;

	(void)len;
	if (strcmp(key, m->key) != 0)
		return;
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->updates[i].sha256, text) == 0) {
			m->marked[i] = true;
			m->n_marked++;
		}
}

/* Calls function with "SHA NAME" of every update (marked ones only, when
 * only is not NULL), some at a time. */
static enum node_rc
for_all(struct node *n, const char *function, const struct update *updates,
    const struct known **known, size_t n_updates, const bool *only,
    struct marks *m, struct err *e)
{
	struct buf b = BUF_INIT;
	enum node_rc rc = NODE_OK;
	size_t in = 0;

	for (size_t i = 0; i < n_updates && rc == NODE_OK; i++) {
		if (in == 0) {
			buf_reset(&b);
			buf_addstr(&b, function);
		}
		if (only == NULL || only[i]) {
			buf_addf(&b, " %s ", updates[i].sha256);
			text_shell_quote(&b, known[i]->name);
			in++;
		}
		if (in == STAGE_BATCH || (i + 1 == n_updates && in > 0)) {
			rc = node_call(n, b.data, mark_line, m, STAGE_MS, e);
			in = 0;
		}
	}
	buf_release(&b);
	return rc;
}

/* A small file travels in the request itself, as escapes of printf. */
static enum node_rc
write_small(struct node *n, const struct known *k, const struct update *u,
    int fd, struct err *e)
{
	unsigned char data[SMALL_FILE];
	struct buf text = BUF_INIT, request = BUF_INIT;
	ssize_t len = pread(fd, data, sizeof(data), 0);
	enum node_rc rc;

	for (ssize_t i = 0; i < len; i++)
		if (data[i] >= ' ' && data[i] < 0x7f && data[i] != '\\')
			buf_addc(&text, (char)data[i]);
		else
			buf_addf(&text, "\\0%03o", data[i]);
	buf_addf(&request, "cau_write %s ", u->sha256);
	text_shell_quote(&request, k->name);
	buf_addc(&request, ' ');
	text_shell_quote(&request, text.data);
	rc = node_call(n, request.data, NULL, NULL, STAGE_MS, e);
	buf_release(&request);
	buf_release(&text);
	return rc;
}

static enum node_rc
send_file(const struct hotfix *h, struct node *n, const struct known *k,
    const struct update *u, int64_t *bytes, struct err *e)
{
	int fd = hotfix_open_file(&h->root, k->path, e);
	enum node_rc rc;
	char *path;

	if (fd == -1)
		return NODE_FAILED;
	if (u->size_bytes <= SMALL_FILE) {
		rc = write_small(n, k, u, fd, e);
	} else {
		path = staged_path(n, u, k->name);
		rc = node_put(n, path, fd, e);
		free(path);
	}
	(void)close(fd);
	if (rc == NODE_OK) {
		*bytes += u->size_bytes;
		atomic_store(&n->sent, (uint64_t)*bytes);
	}
	return rc;
}

static enum node_rc
stage_missing(const struct hotfix *h, struct node *n,
    const struct update *updates, const struct known **known, size_t n_updates,
    int64_t *bytes, struct err *e)
{
	bool *need = xcalloc(n_updates, sizeof(*need));
	bool *differ = xcalloc(n_updates, sizeof(*differ));
	struct marks m = {updates, n_updates, "need", need, 0};
	enum node_rc rc =
	    for_all(n, "cau_have", updates, known, n_updates, NULL, &m, e);

	for (size_t i = 0; i < n_updates && rc == NODE_OK; i++) {
		if (!need[i])
			continue;
		rc = send_file(h, n, known[i], &updates[i], bytes, e);
		if (rc != NODE_OK)
			(void)err_wrap(e, "%s", updates[i].path);
	}
	m = (struct marks){updates, n_updates, "differs", differ, 0};
	if (rc == NODE_OK)
		rc = for_all(
		    n, "cau_verify", updates, known, n_updates, need, &m, e);
	for (size_t i = 0; i < n_updates && m.n_marked > 0; i++)
		if (differ[i]) {
			(void)err_set(e, CAU_REFUSED,
			    "%s: it is not the file that was checked: it was "
			    "changed since, or damaged on the way",
			    updates[i].path);
			break;
		}
	free(need);
	free(differ);
	return rc;
}

static enum node_rc
hotfix_stage(const void *self, struct node *n, const struct update *updates,
    const char *const *jobs, size_t n_updates, int64_t *bytes, struct err *e)
{
	const struct hotfix *h = self;
	const struct known **known =
	    xcalloc(n_updates, sizeof(const struct known *));
	struct buf b = BUF_INIT;
	enum node_rc rc = NODE_OK;

	*bytes = 0;
	atomic_store(&n->sent, 0);
	buf_addstr(&b, "cau_jobs");
	for (size_t i = 0; i < n_updates && rc == NODE_OK; i++) {
		buf_addf(&b, " %s", jobs[i]);
		known[i] = find_known(h, &updates[i]);
		if (known[i] == NULL) {
			(void)err_set(e, CAU_REFUSED,
			    "%s is no longer in the hotfix root folder",
			    updates[i].path);
			rc = NODE_FAILED;
		}
	}
	if (rc == NODE_OK)
		rc = stage_missing(h, n, updates, known, n_updates, bytes, e);
	if (rc == NODE_OK)
		rc = node_call(n, b.data, NULL, NULL, SCAN_MS, e);
	buf_release(&b);
	free(known);
	return rc;
}

/* What the end of a job means by the rule. */
static void
judge(const struct hotfix *h, const struct rule *rule,
    const struct job_end *end, struct install_result *r, struct arena *a)
{
	char span[TEXT_SMALL_SIZE];
	struct exit_meaning m;
	struct err e;

	r->result = RESULT_FAILED;
	switch (end->how) {
	case JOB_UNKNOWN:
		r->result = RESULT_UNKNOWN;
		r->reason = arena_strdup(a, end->words);
		return;
	case JOB_NOT_STARTED:
		r->reason = arena_strdup(a, end->words[0] == '\0'
						? "it could not be started"
						: end->words);
		return;
	case JOB_TIMEOUT:
		text_span(span, h->timeout_ms);
		r->reason = arena_printf(
		    a, "timeout: ended on the node after %s", span);
		return;
	case JOB_SIGNALED:
		r->reason = arena_printf(a, "killed by signal %d (%s)",
		    end->code, strsignal(end->code));
		return;
	case JOB_EXITED:
		break;
	}
	r->exit_code = (uint32_t)end->code;
	if (end->wide[0] != '\0' &&
	    exitcode_parse(end->wide, &r->exit_code, &e) == -1) {
		r->reason = "what the installer wrote to CAU_EXIT_CODE_FILE "
			    "is not an exit code";
		return;
	}
	r->has_code = true;
	m = exit_condition_meaning(
	    rule_condition(rule, r->exit_code), rule->always_reboot);
	r->condition = m.condition;
	r->result = m.result;
	r->reboot_required = m.reboot_required;
	if (m.condition == COND_NONE)
		r->reason = arena_printf(a,
		    "exit code %" PRIu32 " is not listed in rule %s",
		    r->exit_code, rule_label(rule, a));
	else if (m.result != RESULT_SUCCEEDED)
		r->reason = arena_printf(a, "exit code %" PRIu32 " means %s",
		    r->exit_code, exit_condition_name(m.condition));
}

/* A lost receipt costs a second installation some day, not this one. */
static void
keep_receipt(struct node *n, const struct update *u,
    const struct install_order *order, struct install_result *r,
    struct arena *a)
{
	char now[TEXT_TIME_SIZE];
	struct buf b = BUF_INIT;
	enum node_rc rc = NODE_LOST;
	struct timespec ts;
	struct err e;
	char *line;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	text_time(now, (int64_t)ts.tv_sec * 1000);
	line = xasprintf("%s\t%s\t%s\t%s\t%s\t%s%" PRIu32, now, order->run_id,
	    u->sha256, u->id, update_result_name(r->result),
	    r->has_code ? "" : "-", r->exit_code);
	buf_addf(&b, "cau_receipt %s ", order->job);
	text_shell_quote(&b, line);
	for (int i = 0; i < 2 && rc == NODE_LOST; i++)
		rc = node_call(n, b.data, NULL, NULL, SCAN_MS, &e);
	if (rc != NODE_OK)
		r->reason = arena_printf(a, "%s%sno receipt was kept: %s",
		    r->reason, *r->reason == '\0' ? "" : "; ", e.text);
	buf_release(&b);
	free(line);
}

static enum node_rc
hotfix_install(const void *self, struct node *n, const struct update *update,
    const struct install_order *order, struct install_result *result,
    struct arena *a, struct err *e)
{
	const struct hotfix *h = self;
	const struct known *k = find_known(h, update);
	struct arg_vector argv;
	struct buf words = BUF_INIT;
	struct job_spec spec = {0};
	struct job_end end;
	enum node_rc rc;
	char *path;

	*result = (struct install_result){
	    .result = RESULT_FAILED, .reason = "", .log = ""};
	if (k == NULL) {
		result->reason = "it is no longer in the hotfix root folder";
		(void)err_set(
		    e, CAU_REFUSED, "%s %s", update->path, result->reason);
		return NODE_FAILED;
	}
	path = staged_path(n, update, k->name);
	template_expand(&argv, k->rule, path, a);
	free(path);
	template_shell_words(&words, &argv);
	spec = (struct job_spec){order->job, words.data, order->boot_id,
	    order->again, h->timeout_ms, order->contact_ms, order->log_dir,
	    order->log_name};
	rc = job_run(n, &spec, &end, e);
	buf_release(&words);
	if (rc != NODE_OK) {
		result->reason =
		    arena_printf(a, "it was not started: %s", e->text);
		return rc;
	}
	judge(h, k->rule, &end, result, a);
	if (end.has_log)
		result->log = order->log_name;
	if (result->result != RESULT_UNKNOWN) {
		keep_receipt(n, update, order, result, a);
		return NODE_OK;
	}
	(void)err_set(e, CAU_UNKNOWN, "%s: %s", update->path, result->reason);
	return NODE_LOST;
}

const struct plugin_ops hotfix_plugin = {
    .name = "Microsoft.HotfixPlugin",
    .summary = "hotfixes of a root folder, by the rules of an XML file",
    .configure = hotfix_configure,
    .release = hotfix_release,
    .digest = hotfix_digest,
    .scan = hotfix_scan,
    .stage = hotfix_stage,
    .install = hotfix_install,
};
