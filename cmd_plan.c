/* SPDX-License-Identifier: ISC */
/* cau plan: what a run would do, in its order. Changes nothing. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "file.h"
#include "scan.h"
#include "survey.h"

/* The plan as a file for cau run --plan. */
static int
write_sealed(const char *path, const json_t *doc, struct err *e)
{
	char *text = json_dumps(doc, JSON_INDENT(2));
	struct buf b = BUF_INIT;
	int rc;

	buf_addstr(&b, text == NULL ? "" : text);
	buf_addc(&b, '\n');
	free(text);
	rc = file_write(path, b.data, b.len, e);
	buf_release(&b);
	return rc == 0 ? 0 : err_wrap(e, "cannot write the plan");
}

static int
exit_code(const struct survey *s)
{
	int rc = scan_exit_code(s->plan.run, s->results, false);

	return rc == CAU_OK && s->plan.refused ? CAU_REFUSED : rc;
}

/* What is not whole, or would be refused, is no promise to hold a run to. */
static int
seal(
    const struct options *o, const struct survey *s, json_t *doc, struct err *e)
{
	int rc = exit_code(s);

	if (o->out == NULL)
		return 0;
	if (rc != CAU_OK)
		return err_set(e, (enum cau_exit)rc, "%s is not written: %s",
		    o->out,
		    rc == CAU_REFUSED ? "a run would be refused"
				      : "not all nodes could be scanned");
	plan_seal(doc);
	return write_sealed(o->out, doc, e);
}

static int
show(const struct options *o, const struct survey *s)
{
	json_t *doc = plan_to_json(&s->plan, clock_wall_ms());
	struct buf b = BUF_INIT;
	int rc = exit_code(s);
	struct err e;

	if (seal(o, s, doc, &e) == -1)
		rc = command_fail("plan", &e);
	if (o->json) {
		json_print(stdout, json_incref(doc), false);
	} else {
		plan_to_text(&b, &s->plan);
		(void)fputs(b.data, stdout);
		buf_release(&b);
	}
	json_decref(doc);
	return rc;
}

static int
plan(struct options *o)
{
	struct survey s = {.n = 0};
	struct work w;
	struct err e;
	int rc = work_init(&w, &o->run, o->state_dir, false, true, &e);

	if (!o->quiet || rc == -1)
		(void)fputs(w.warnings.data, stderr);
	if (rc == 0)
		rc = survey_make(&s, &w, o, true, &e);
	if (rc == -1) {
		if (o->json)
			print_json_error("plan", &e, false);
		rc = command_fail("plan", &e);
	} else {
		rc = show(o, &s);
	}
	survey_release(&s);
	work_release(&w);
	return rc;
}

int
cmd_plan(int argc, char **argv)
{
	struct options o;
	int rc = options_parse(&o, CMD_PLAN, PLAN_SYNOPSIS, argc, argv);

	if (rc == -1 && o.n_operands > 0)
		rc = command_misuse("plan", PLAN_SYNOPSIS,
		    "unexpected word '%s'", o.operands[0]);
	if (rc == -1)
		rc = complete_options(&o, PLAN_SYNOPSIS, false);
	if (rc == -1)
		rc = command_done("plan", plan(&o));
	options_release(&o);
	return rc;
}
