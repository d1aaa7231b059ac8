/* SPDX-License-Identifier: ISC */
/* The pre-update and the post-update script. */
#include "script.h"

#include <stdlib.h>

#include "text.h"

#define MAX_BYTES (INT64_C(1) << 20)
#define STAGE_MS  600000

int
script_load(
    struct program *s, const char *path, struct buf *warnings, struct err *e)
{
	return program_load(s, path, "script", MAX_BYTES, warnings, e);
}

static enum node_rc
stage(const struct program *s, struct node *n, const char *job, struct err *e)
{
	struct buf b = BUF_INIT;
	enum node_rc rc = program_stage(s, n, e);

	buf_addstr(&b, "cau_jobs ");
	text_shell_quote(&b, job);
	if (rc == NODE_OK)
		rc = node_call(n, b.data, NULL, NULL, STAGE_MS, e);
	buf_release(&b);
	return rc;
}

enum node_rc
script_run(const struct program *s, struct node *n, struct job_spec *spec,
    struct job_end *end, struct err *e)
{
	char *target = program_staged_path(s, n);
	struct buf words = BUF_INIT;
	enum node_rc rc = NODE_OK;

	/* Also for one that may have been started: the coordinator may have
	 * died between its record and this. */
	if (!spec->look_only)
		rc = stage(s, n, spec->id, e);
	text_shell_quote(&words, target);
	spec->words = words.data;
	if (rc == NODE_OK)
		rc = job_run(n, spec, end, e);
	else
		(void)err_wrap(e, "cannot bring %s to the node", s->name);
	buf_release(&words);
	free(target);
	return rc;
}
