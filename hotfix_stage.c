/* SPDX-License-Identifier: ISC */
/* Brings hotfix files to a node, by their contents. */
#include "hotfix_self.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

/* Files up to this size need no transfer of their own. */
#define SMALL_FILE  16384
#define STAGE_BATCH 200

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
			rc = node_call(
			    n, b.data, mark_line, m, HOTFIX_STAGE_MS, e);
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
	size_t len = 0;
	enum node_rc rc;
	ssize_t n_read;

	while (
	    len < sizeof(data) && (n_read = pread(fd, data + len,
				       sizeof(data) - len, (off_t)len)) != 0) {
		if (n_read == -1) {
			(void)err_sys(e, "cannot read");
			return NODE_FAILED;
		}
		len += (size_t)n_read;
	}
	for (size_t i = 0; i < len; i++)
		if (data[i] >= ' ' && data[i] < 0x7f && data[i] != '\\')
			buf_addc(&text, (char)data[i]);
		else
			buf_addf(&text, "\\0%03o", data[i]);
	buf_addf(&request, "cau_write %s ", u->sha256);
	text_shell_quote(&request, k->name);
	buf_addc(&request, ' ');
	text_shell_quote(&request, text.data);
	rc = node_call(n, request.data, NULL, NULL, HOTFIX_STAGE_MS, e);
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
		path = hotfix_staged_path(n, u, k->name);
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

enum node_rc
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
		buf_addc(&b, ' ');
		text_shell_quote(&b, jobs[i]);
		known[i] = hotfix_find(h, &updates[i]);
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
		rc = node_call(n, b.data, NULL, NULL, HOTFIX_SCAN_MS, e);
	buf_release(&b);
	free(known);
	return rc;
}
