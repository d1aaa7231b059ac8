/* SPDX-License-Identifier: ISC */
/* A run whose journal is damaged. */
#include "salvage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "journal.h"
#include "report.h"
#include "state.h"

#define MAX_BYTES  ((size_t)1 << 30)
#define MOST_ASIDE 100 /* of one run */

static void
tell_node(struct buf *text, const struct engine *g, const struct engine_node *n)
{
	if (n->suspended) {
		buf_addf(text,
		    "%s WAS OUT OF SERVICE: look at it, then: ", n->info->name);
		report_resume_command(text, g, n);
		buf_addc(text, '\n');
	}
	for (size_t i = 0; i < n->n_updates; i++)
		if (n->updates[i].started && !n->updates[i].done)
			buf_addf(text,
			    "%s: nobody knows what became of %s (job %s)\n",
			    n->info->name, n->updates[i].info.id,
			    n->updates[i].job);
}

/* What the lines behind the damage say was begun; they do not fold. */
static void
tell_rest(struct buf *text, const struct engine *g, const char *p, size_t len)
{
	const struct engine_node *n;
	const char *end = p + len, *nl;
	const char *op;
	json_t *j;

	for (; p < end && (nl = memchr(p, '\n', (size_t)(end - p))) != NULL;
	     p = nl + 1) {
		j = json_loadb(p, (size_t)(nl - p), 0, NULL);
		op = json_text(j, "op");
		if (strcmp(json_text(j, "event"), "op_started") == 0 &&
		    (strcmp(op, "Suspend") == 0 || strcmp(op, "Install") == 0 ||
			strcmp(op, "Restart") == 0 ||
			strcmp(op, "Resume") == 0)) {
			buf_addf(text,
			    "behind the damage it says: %s of %s%s%s", op,
			    json_text(j, "node"),
			    *json_text(j, "id") == '\0' ? "" : ", ",
			    json_text(j, "id"));
			n = g->run.run_id == NULL
				? NULL
				: engine_find(g, json_text(j, "node"));
			if (n != NULL && strcmp(op, "Suspend") == 0) {
				buf_addstr(text, "; it is put back by: ");
				report_resume_command(text, g, n);
			}
			buf_addc(text, '\n');
		}
		json_decref(j);
	}
}

/* The lines before the damage. */
static void
tell(struct buf *text, const char *path)
{
	struct buf b = BUF_INIT;
	struct engine g;
	size_t good = 0;
	struct err e;

	if (file_read_kept(path, &b, MAX_BYTES, &e) == -1) {
		buf_addf(text, "%s\n", e.text);
		buf_reset(&b);
	}
	engine_init(&g);
	if (journal_fold(&g, b.data, b.len, &good, &e) == -1) {
		buf_addf(text,
		    "%s; what came after it is not known for sure: look at "
		    "all nodes\n",
		    e.text);
		engine_release(&g);
		if (journal_fold(&g, b.data, good, &good, &e) == -1)
			good = 0;
	}
	if (good == 0 || g.run.run_id == NULL)
		buf_addstr(text,
		    "it does not say which nodes were out of service: look "
		    "at them\n");
	for (size_t i = 0; g.run.run_id != NULL && i < g.run.n_nodes; i++)
		tell_node(text, &g, &g.nodes[i]);
	if (good < b.len)
		tell_rest(text, &g, b.data + good, b.len - good);
	engine_release(&g);
	buf_release(&b);
}

void
salvage_tell(const char *aside, struct buf *text)
{
	char *journal = xasprintf("%s/journal.jsonl", aside);
	const char *slash = strrchr(aside, '/');

	buf_addf(text, "the journal of run %.*s is damaged; it is kept in %s\n",
	    RUN_ID_SIZE - 1, slash == NULL ? aside : slash + 1, aside);
	tell(text, journal);
	free(journal);
}

/* To where; NULL and why. Its name must stay: it tells whose locks are left
 * on nodes. What was put aside before (and copied back by hand) stays, too. */
static char *
put_aside(const char *dir, int *why)
{
	char *aside = xasprintf("%s" STATE_ASIDE, dir);

	for (int i = 2; rename(dir, aside) == -1 && errno != ENOENT; i++) {
		if (i > MOST_ASIDE || (errno != ENOTEMPTY && errno != EEXIST &&
					  errno != ENOTDIR)) {
			*why = errno;
			free(aside);
			return NULL;
		}
		free(aside);
		aside = xasprintf("%s" STATE_ASIDE ".%d", dir, i);
	}
	return aside;
}

int
salvage_run(
    const char *state_dir, const char *run_id, struct buf *text, struct err *e)
{
	char *dir = state_run_dir(state_dir, run_id);
	int rc = 0, why = 0;
	char *aside = put_aside(dir, &why);

	if (aside == NULL) {
		errno = why;
		rc = err_sys(e, "cannot put %s aside", dir);
		free(dir);
		return rc;
	}
	if (rc == 0)
		rc = file_mkdirs(aside, e);
	if (rc == 0)
		rc = file_sync_entry(aside, e);
	if (rc == 0) {
		salvage_tell(aside, text);
		state_clear_current(state_dir);
	}
	free(aside);
	free(dir);
	return rc;
}
