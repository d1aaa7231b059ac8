/* SPDX-License-Identifier: ISC */
/* What crm_mon says, and what cau makes of it. The documents are those of a
 * real cluster, and also the corpus of the fuzzer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "file.h"
#include "pcmk_state.h"

#define SAMPLES "tests/fuzz/corpus/pcmk/"

static void
show_flag(struct buf *b, bool flag, const char *name)
{
	if (flag)
		buf_addf(b, " %s", name);
}

static void
show_cluster(struct buf *b, const struct pcmk *p)
{
	buf_addf(b, "api %s version %s dc %s policy %s", p->api_version,
	    p->version, p->dc, p->no_quorum_policy);
	show_flag(b, p->with_quorum, "quorum");
	show_flag(b, p->maintenance_mode, "maintenance");
	show_flag(b, p->stonith_enabled, "stonith");
	show_flag(b, p->stop_all_resources, "stop-all");
	show_flag(b, p->symmetric, "symmetric");
	show_flag(b, p->has_attributes, "attributes");
	buf_addc(b, '\n');
}

static void
show_node(struct buf *b, const struct pcmk_node *n)
{
	static const char *const types[] = {
	    "member", "remote", "guest", "other"};
	size_t i;

	buf_addf(b, "%s %s (%s):", types[n->type], n->name, n->id);
	show_flag(b, n->online, "online");
	show_flag(b, n->standby, "standby");
	show_flag(b, n->standby_onfail, "standby_onfail");
	show_flag(b, n->maintenance, "maintenance");
	show_flag(b, n->pending, "pending");
	show_flag(b, n->unclean, "unclean");
	show_flag(b, n->shutdown, "shutdown");
	show_flag(b, n->expected_up, "up");
	show_flag(b, n->is_dc, "dc");
	buf_addf(b, " %s %s %zu %s", n->health, n->feature_set,
	    n->resources_running, n->container);
	for (i = 0; i < n->n_attrs; i++)
		buf_addf(b, " %s=%s", n->attrs[i].name, n->attrs[i].value);
	buf_addc(b, '\n');
}

static void
show_resource(struct buf *b, const struct pcmk_resource *r)
{
	size_t i;

	buf_addf(b, "%s%s%s %s %s", r->path, *r->path == '\0' ? "" : "/", r->id,
	    r->agent, r->role);
	if (*r->target_role != '\0')
		buf_addf(b, " target=%s", r->target_role);
	if (*r->pending != '\0')
		buf_addf(b, " pending=%s", r->pending);
	show_flag(b, !r->active, "inactive");
	show_flag(b, r->promotable, "promotable");
	show_flag(b, r->orphaned, "orphaned");
	show_flag(b, r->blocked, "blocked");
	show_flag(b, !r->managed, "unmanaged");
	show_flag(b, r->maintenance, "maintenance");
	show_flag(b, r->failed, "failed");
	show_flag(b, r->failure_ignored, "ignored");
	buf_addstr(b, ":");
	for (i = 0; i < r->n_nodes; i++)
		buf_addf(b, " %s", r->nodes[i]);
	buf_addc(b, '\n');
}

static void
show_rest(struct buf *b, const struct pcmk *p)
{
	const struct pcmk_failure *f;
	size_t i;

	for (i = 0; i < p->n_failures; i++) {
		f = &p->failures[i];
		buf_addf(b, "failure %s %s of %s on %s: %s %d %s (%s) %s\n",
		    f->op_key, f->task, f->resource, f->node, f->status, f->rc,
		    f->rc_text, f->reason, f->when);
	}
	for (i = 0; i < p->n_bans; i++)
		buf_addf(b, "ban %s %s from %s %d%s\n", p->bans[i].id,
		    p->bans[i].resource, p->bans[i].node, p->bans[i].weight,
		    p->bans[i].promoted_only ? " promoted" : "");
}

static void
show(struct buf *b, const struct pcmk *p)
{
	size_t i;

	show_cluster(b, p);
	for (i = 0; i < p->n_nodes; i++)
		show_node(b, &p->nodes[i]);
	for (i = 0; i < p->n_resources; i++)
		show_resource(b, &p->resources[i]);
	show_rest(b, p);
}

/* The whole of a sample as text. */
static void
show_file(const char *path)
{
	struct arena a = ARENA_INIT;
	struct buf in = BUF_INIT, out = BUF_INIT;
	struct pcmk p;
	struct err e;

	if (file_read(path, &in, (size_t)1 << 24, &e) == -1 ||
	    pcmk_parse(&p, in.data, in.len, &a, &e) == -1)
		(void)printf("error: %s\n", e.text);
	else
		show(&out, &p);
	(void)printf("%s", out.data);
	buf_release(&in);
	buf_release(&out);
	arena_release(&a);
}

static void
test_stack_down(void **state)
{
	struct arena a = ARENA_INIT;
	struct buf in = BUF_INIT;
	struct pcmk p;
	struct err e;

	(void)state;
	assert_int_equal(
	    file_read(SAMPLES "stack-down.xml", &in, (size_t)1 << 24, &e), 0);
	assert_int_equal(pcmk_parse(&p, in.data, in.len, &a, &e), -1);
	assert_string_equal(
	    e.text, "the cluster does not run there (crm_mon: Not connected)");
	assert_true(pcmk_is_down(&e));
	buf_release(&in);
	arena_release(&a);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stack_down),
	};

	if (argc == 3 && strcmp(argv[1], "show") == 0) {
		show_file(argv[2]);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
