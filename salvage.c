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

#define MAX_BYTES ((size_t)1 << 30)

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
tell_rest(struct buf *text, const char *p, size_t len)
{
	const char *end = p + len, *nl;
	const char *op;
	json_t *j;

	for (; p < end && (nl = memchr(p, '\n', (size_t)(end - p))) != NULL;
	     p = nl + 1) {
		j = json_loadb(p, (size_t)(nl - p), 0, NULL);
		op = json_text(j, "op");
		if (strcmp(json_text(j, "event"), "op_started") == 0 &&
		    (strcmp(op, "Suspend") == 0 || strcmp(op, "Install") == 0 ||
			strcmp(op, "Restart") == 0))
			buf_addf(text,
			    "behind the damage it says: %s of %s%s%s\n", op,
			    json_text(j, "node"),
			    *json_text(j, "id") == '\0' ? "" : ", ",
			    json_text(j, "id"));
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

	if (file_read(path, &b, MAX_BYTES, &e) == -1) {
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
		tell_rest(text, b.data + good, b.len - good);
	engine_release(&g);
	buf_release(&b);
}

int
salvage_run(
    const char *state_dir, const char *run_id, struct buf *text, struct err *e)
{
	char *dir = state_run_dir(state_dir, run_id);
	char *aside = xasprintf("%s.damaged", dir);
	char *journal = xasprintf("%s/journal.jsonl", aside);
	int rc = 0;

	/* Its name must stay: it tells whose locks are left on nodes. */
	if (rename(dir, aside) == -1 && errno != ENOENT)
		rc = err_sys(e, "cannot put %s aside", dir);
	if (rc == 0)
		rc = file_mkdirs(aside, e);
	if (rc == 0)
		rc = file_sync_entry(aside, e);
	if (rc == 0) {
		buf_addf(text,
		    "the journal of run %s is damaged; it is kept in %s\n",
		    run_id, aside);
		tell(text, journal);
		state_clear_current(state_dir);
	}
	free(journal);
	free(aside);
	free(dir);
	return rc;
}
