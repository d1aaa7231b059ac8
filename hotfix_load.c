/* SPDX-License-Identifier: ISC */
/* Loads a hotfix root folder: arguments, rules, files, who may write. */
#include "hotfix_self.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "meta.h"
#include "mount.h"
#include "pluginargs.h"
#include "text.h"

#define DEFAULT_CONFIG	   "DefaultHotfixConfig.xml"
#define DEFAULT_TIMEOUT_MS INT64_C(1800000)

const struct plugin_argument hotfix_arguments[] = {
    {"HotfixRootFolderPath", true, "", "the hotfix root folder"},
    {"RequireSmbEncryption", false, "False",
	"whether a share must be encrypted, not only signed"},
    {"DisableAclChecks", false, "False",
	"True: it does not matter who may write to the folder"},
    {"HotfixInstallerTimeoutMinutes", false, "30", "for one installer"},
    {"HotfixConfigFileName", false, DEFAULT_CONFIG,
	"the file with the rules, in the root folder"},
    {NULL, false, NULL, NULL},
};

static int
take_args(struct hotfix *h, const char *text, struct err *e)
{
	const struct plugin_argument *known = hotfix_arguments;
	struct plugin_args args;
	const char *value;

	if (pluginargs_parse(&args, text, &h->arena, e) == -1 ||
	    pluginargs_check(known, &args, e) == -1)
		return -1;
	h->root_path = pluginargs_get(&args, known[0].name);
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
	value = pluginargs_get(&args, known[1].name);
	if (value != NULL &&
	    text_bool(value, &h->require_smb_encryption, e) == -1)
		return err_wrap(e, "%s", known[1].name);
	value = pluginargs_get(&args, known[2].name);
	if (value != NULL && text_bool(value, &h->disable_acl_checks, e) == -1)
		return err_wrap(e, "%s", known[2].name);
	h->timeout_ms = DEFAULT_TIMEOUT_MS;
	value = pluginargs_get(&args, known[3].name);
	if (value != NULL &&
	    text_duration(value, 60000, &h->timeout_ms, e) == -1)
		return err_wrap(e, "%s", known[3].name);
	if (h->timeout_ms < 100)
		return err_set(
		    e, CAU_USAGE, "%s: must not be 0", known[3].name);
	value = pluginargs_get(&args, known[4].name);
	h->config_name = value == NULL ? DEFAULT_CONFIG : value;
	if (*h->config_name == '\0' || strchr(h->config_name, '/') != NULL ||
	    strchr(h->config_name, '\\') != NULL || h->config_name[0] == '.')
		return err_set(e, CAU_USAGE,
		    "%s: '%.80s' is not a plain file name", known[4].name,
		    h->config_name);
	return 0;
}

static int
take_rules(struct hotfix *h, const struct buf *config, bool advise,
    struct buf *warnings, struct err *e)
{
	struct rules_notes notes = {0};
	const struct rules_note *note;
	int rc = rules_parse(
	    &h->rules, &notes, config->data, config->len, &h->arena);

	/* Warnings are for cau rules check and the health check. */
	for (size_t i = 0; i < notes.n; i++) {
		note = &notes.notes[i];
		if (!note->is_error && !advise)
			continue;
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

const char *
hotfix_escaped(struct arena *a, const char *raw)
{
	struct buf b = BUF_INIT;
	const char *s;

	text_escape(&b, raw, strlen(raw));
	s = arena_strdup(a, b.data);
	buf_release(&b);
	return s;
}

/* By what the exit codes of the rule can mean. */
static enum update_restart
restart_of(const struct rule *r)
{
	if (r->always_reboot)
		return UPDATE_RESTART_EXPECTED;
	for (size_t i = 0; i < r->n_codes; i++)
		if (exit_condition_meaning(r->codes[i].condition, false)
			.reboot_required)
			return UPDATE_RESTART_UNKNOWN;
	return UPDATE_RESTART_NEVER;
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
	u->restart = restart_of(f->rule);
	k->path = f->path;
	k->name = f->entry->name;
	k->package = k->kind = "";
	u->plugin = hotfix_plugin.name;
	u->id = u->path = hotfix_escaped(&h->arena, f->path);
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

/* Of the rules with the arguments, and of the files, so that it can be told
 * which of them are others. */
static void
make_digest(struct hotfix *h, const struct buf *config)
{
	char sha[SHA256_HEX], files[SHA256_HEX];
	struct buf b = BUF_INIT;

	sha256_hex(sha, config->data, config->len);
	buf_addf(&b, "%s %" PRId64, sha, h->timeout_ms);
	sha256_hex(sha, b.data, b.len);
	buf_reset(&b);
	for (size_t i = 0; i < h->n_sections; i++)
		for (size_t k = 0; k < h->sections[i].set.n_files; k++)
			buf_addf(&b, "%s %s\n",
			    h->sections[i].known[k].update.sha256,
			    h->sections[i].known[k].update.id);
	sha256_hex(files, b.data, b.len);
	h->digest =
	    arena_printf(&h->arena, "%s;" HOTFIX_FILES " %s", sha, files);
	buf_release(&b);
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
		rc = take_rules(h, &bytes, config->advise, warnings, e);
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
			    "(%zu problem%s above; see SECURITY "
			    "CONSIDERATIONS in cau-hotfix(5))",
			    report.n, report.n == 1 ? "" : "s");
		else
			buf_addstr(warnings,
			    "cau run would refuse this root folder\n");
	}
	buf_release(&report.text);
	buf_release(&bytes);
	return rc;
}

int
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

void
hotfix_release(void *self)
{
	struct hotfix *h = self;

	hotfix_close(&h->root);
	arena_release(&h->arena);
	free(h);
}

const struct known *
hotfix_find(const struct hotfix *h, const struct update *u)
{
	for (size_t i = 0; i < h->n_sections; i++)
		for (size_t k = 0; k < h->sections[i].set.n_files; k++)
			if (strcmp(h->sections[i].known[k].update.id, u->id) ==
			    0)
				return &h->sections[i].known[k];
	return NULL;
}

/* Where the node keeps a staged file. */
char *
hotfix_staged_path(
    const struct node *n, const struct update *u, const char *name)
{
	return xasprintf("%s/stage/%s/%s", n->state_dir, u->sha256, name);
}
