/* SPDX-License-Identifier: ISC */
/* The lock that a run has on each of its nodes. */
#include "nodelock.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "names.h"
#include "state.h"
#include "text.h"

#define CALL_MS	 30000
#define RETRY_MS 200
/* Of two runs that begin in the same moment, the one with the greater id
 * steps back as soon as it meets the other, which waits for it so long. */
#define YIELD_MS 10000

struct answer {
	bool held;
	bool busy; /* an installer of another run still runs: who */
	char run[40];
	char who[256];
};

static void
answer_line(void *ctx, const char *key, const char *text, size_t len)
{
	struct answer *a = ctx;
	struct buf b = BUF_INIT;
	size_t id;

	if (strcmp(key, "held") != 0 && strcmp(key, "busy") != 0)
		return;
	a->held = true;
	a->busy = a->busy || strcmp(key, "busy") == 0;
	text_printable(&b, text, len);
	id = strcspn(b.data, " .");
	if (id < sizeof(a->run)) {
		memcpy(a->run, b.data, id);
		a->run[id] = '\0';
	}
	(void)snprintf(a->who, sizeof(a->who), "%.250s", b.data + id);
	buf_release(&b);
}

/* One of our own runs that is not this one: we have the lock of the state
 * folder, so nobody works on it any more. */
static bool
is_over(const struct nodelock *l, const char *run)
{
	char *path, *aside;
	struct stat st;
	bool ours;

	if (!run_id_valid(run) || strcmp(run, l->run_id) == 0)
		return false;
	path = xasprintf("%s/%s", l->runs_dir, run);
	aside = xasprintf("%s" STATE_ASIDE, path);
	ours = lstat(path, &st) == 0 || lstat(aside, &st) == 0;
	free(aside);
	free(path);
	return ours;
}

static enum node_rc
ask(const struct nodelock *l, struct node *n, const char *over,
    struct answer *a, struct err *e)
{
	struct buf b = BUF_INIT;
	enum node_rc rc;
	char *who = xasprintf("%s on %s (process %d)", l->self->user,
	    l->self->host, (int)l->self->pid);

	buf_addstr(&b, "cau_lock ");
	text_shell_quote(&b, l->run_id);
	buf_addc(&b, ' ');
	text_shell_quote(&b, who);
	buf_addc(&b, ' ');
	text_shell_quote(&b, over);
	memset(a, 0, sizeof(*a));
	rc = node_call(n, b.data, answer_line, a, CALL_MS, e);
	buf_release(&b);
	free(who);
	return rc;
}

enum nodelock_rc
nodelock_take(const struct nodelock *l, struct node *n, struct err *e)
{
	int64_t deadline = clock_ms() + YIELD_MS;
	struct answer a = {0};
	char over[40] = "";
	enum node_rc rc;

	for (;;) {
		rc = ask(l, n, over, &a, e);
		if (rc == NODE_LOST)
			return NODELOCK_LOST;
		if (rc == NODE_FAILED) {
			(void)err_wrap(e, "cannot lock the node");
			return NODELOCK_FAILED;
		}
		if (!a.held)
			return NODELOCK_OK;
		if (a.busy)
			break;
		if (is_over(l, a.run) && strcmp(over, a.run) != 0) {
			memcpy(over, a.run, sizeof(over));
			continue;
		}
		if (strcmp(a.run, l->run_id) < 0 || clock_ms() >= deadline)
			break;
		clock_sleep(RETRY_MS);
	}
	if (a.busy)
		(void)err_set(e, CAU_LOCKED,
		    "an installer of run %.36s still runs on the node: wait "
		    "until it has ended, or end it",
		    a.run);
	else
		(void)err_set(e, CAU_LOCKED,
		    "the node is locked by run %s, started by%s; if that run "
		    "is dead: cau recover on its coordinator, or wait until "
		    "the lock is an hour old",
		    a.run, a.who);
	return NODELOCK_HELD;
}

static void
call(const char *function, const struct nodelock *l, struct node *n)
{
	struct buf b = BUF_INIT;
	enum node_rc rc;
	struct err e;

	buf_addf(&b, "%s ", function);
	text_shell_quote(&b, l->run_id);
	rc = node_call(n, b.data, NULL, NULL, CALL_MS, &e);
	(void)rc;
	buf_release(&b);
}

void
nodelock_release(const struct nodelock *l, struct node *n)
{
	call("cau_unlock", l, n);
}

void
nodelock_touch(const struct nodelock *l, struct node *n)
{
	call("cau_touch", l, n);
}
