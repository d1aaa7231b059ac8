/* SPDX-License-Identifier: ISC */
/* Restarts of nodes. */
#include "restart.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

#define ASK_MS	      60000
#define LOOK_MS	      15000
#define FIRST_WAIT_MS 200
/* Between two looks: at a node that is away, and at one that is back. */
#define AWAY_WAIT_MS 3000
#define BACK_WAIT_MS 1000
/* Beyond the limit, for a contact that has begun. */
#define GRACE_MS 2000
/* Until it is seen that the order is canceled. */
#define CANCEL_MS 250
/* Of a list so many names are told, cut to so many bytes. */
#define NAMES_MOST 3
#define NAME_BYTES 80

struct names {
	struct buf text;
	unsigned n;
};

/* What a node says of itself (cau_back in node/restart.sh). */
struct view {
	const char *kind; /* NULL: it has not been restarted */
	char state[32];
	struct names failed; /* had not failed before */
	struct names unsure; /* failed; nobody knows since when */
	struct names jobs;   /* not done yet */
	struct buf kernel;   /* the old one although there is a new one */
};

struct restart {
	struct node *node;
	const struct restart_order *order;
	struct restart_end *end;
	struct view view;
	int64_t deadline;  /* for all services to be up */
	int64_t up_since;  /* 0: they are not */
	bool heard;	   /* the request was */
	bool maybe_heard;  /* the contact ended over it */
	bool key_was_odd;  /* before the restart already */
	unsigned again;	   /* restarts that nobody asked for */
	struct buf answer; /* to the request, if it was no */
};

static void
names_add(struct names *l, const char *text)
{
	size_t len = strlen(text);

	if (l->n++ >= NAMES_MOST)
		return;
	buf_addstr(&l->text, l->text.len == 0 ? "" : ", ");
	text_printable(&l->text, text, len < NAME_BYTES ? len : NAME_BYTES);
}

static void
names_end(struct names *l)
{
	if (l->n > NAMES_MOST)
		buf_addf(&l->text, " and %u more", l->n - NAMES_MOST);
}

static void
names_clear(struct names *l)
{
	buf_release(&l->text);
	l->n = 0;
}

static void
view_clear(struct view *v)
{
	v->kind = NULL;
	v->state[0] = '\0';
	names_clear(&v->failed);
	names_clear(&v->unsure);
	names_clear(&v->jobs);
	buf_release(&v->kernel);
}

static const char *
known_kind(const char *text)
{
	static const char *const kinds[] = {"full", "kexec", "soft"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(text, kinds[i]) == 0)
			return kinds[i];
	return "";
}

/* "OLD NEW": two words without blanks. */
static void
take_kernel(struct buf *b, const char *text)
{
	size_t old = strcspn(text, " "), new;

	if (text[old] == '\0')
		return;
	new = strlen(text + old + 1);
	buf_reset(b);
	buf_addstr(b, "the node came back with the old kernel ");
	text_printable(b, text, old < NAME_BYTES ? old : NAME_BYTES);
	buf_addstr(b, " although ");
	text_printable(b, text + old + 1, new < NAME_BYTES ? new : NAME_BYTES);
	buf_addstr(b, " is installed: look at its boot loader");
}

static void
view_line(void *ctx, const char *key, const char *text, size_t len)
{
	struct view *v = ctx;
	struct buf b = BUF_INIT;

	(void)len;
	if (strcmp(key, "restarted") == 0) {
		v->kind = known_kind(text);
	} else if (strcmp(key, "state") == 0) {
		text_printable(&b, text, strlen(text));
		(void)snprintf(v->state, sizeof(v->state), "%s", b.data);
		buf_release(&b);
	} else if (strcmp(key, "failed") == 0) {
		names_add(&v->failed, text);
	} else if (strcmp(key, "unsure") == 0) {
		names_add(&v->unsure, text);
	} else if (strcmp(key, "job") == 0) {
		names_add(&v->jobs, text);
	} else if (strcmp(key, "kernel") == 0) {
		take_kernel(&v->kernel, text);
	}
}

static void
kind_line(void *ctx, const char *key, const char *text, size_t len)
{
	struct restart_end *end = ctx;

	(void)len;
	if (strcmp(key, "kind") == 0)
		end->kind = known_kind(text);
}

static bool
canceled(const struct restart *r)
{
	return r->order->cancel != NULL && atomic_load(r->order->cancel);
}

/* As a request to the node: function and boot id before. */
static char *
request(const struct restart *r, const char *function, const char *more)
{
	struct buf b = BUF_INIT;

	buf_addf(&b, "%s ", function);
	text_shell_quote(&b, r->order->boot_id);
	buf_addstr(&b, more);
	return buf_detach(&b);
}

/*
 * Asks for the restart. A request that was cut may have been heard; to ask
 * again restarts nothing that has been restarted since.
 */
static enum node_rc
ask(struct restart *r, struct err *e)
{
	char *text =
	    request(r, "cau_restart", r->order->soft ? " soft" : " full");
	enum node_rc rc =
	    node_call(r->node, text, kind_line, r->end, ASK_MS, e);

	free(text);
	if (rc == NODE_OK)
		r->heard = true;
	else if (rc == NODE_LOST)
		r->maybe_heard = true;
	else {
		buf_reset(&r->answer);
		buf_addstr(&r->answer, e->text);
	}
	return rc;
}

static enum node_rc
look(struct restart *r, struct err *e)
{
	char *text = request(r, "cau_back", "");
	enum node_rc rc;

	view_clear(&r->view);
	rc = node_call(r->node, text, view_line, &r->view, LOOK_MS, e);
	free(text);
	names_end(&r->view.failed);
	names_end(&r->view.unsure);
	names_end(&r->view.jobs);
	return rc;
}

/* Before and after the restart the boot id says who is there; a warning of
 * ssh that was there before is the user's choice. */
static bool
key_is_odd(struct restart *r)
{
	const struct node *n = r->node;

	if (strcmp(n->boot_id, r->order->boot_id) != 0)
		return n->key_changed && !r->key_was_odd;
	if (n->key_changed)
		r->key_was_odd = true;
	return false;
}

/* One contact: asks if need be, and looks whether it is back. */
static enum node_rc
contact(struct restart *r, bool *odd_key, bool *refused, struct err *e)
{
	struct node *n = r->node;
	enum node_rc rc;

	*odd_key = *refused = false;
	rc = node_open(n, e);
	if (rc != NODE_OK) {
		*odd_key = n->key_changed;
		return rc;
	}
	if (key_is_odd(r)) {
		node_key_error(n, e);
		*odd_key = true;
		return rc;
	}
	if (strcmp(n->boot_id, r->order->boot_id) != 0)
		r->heard = true;
	if (!r->heard) {
		rc = ask(r, e);
		*refused = rc == NODE_FAILED && !r->maybe_heard;
		/* The connection ends soon, and does not always say so. */
		node_close(n);
		return rc;
	}
	return look(r, e);
}

static bool
is_up(const struct view *v)
{
	return strcmp(v->state, "running") == 0 ||
	       strcmp(v->state, "degraded") == 0;
}

/* Takes note of what is back. */
static void
take_view(struct restart *r, bool away, int64_t now)
{
	const struct view *v = &r->view;
	struct restart_end *end = r->end;
	const char *boot_id = r->node->boot_id;

	end->kind = v->kind;
	if (strcmp(end->boot_id, boot_id) != 0) {
		if (*end->boot_id != '\0') {
			r->again++;
			r->up_since = 0;
		}
		memcpy(end->boot_id, boot_id, strlen(boot_id) + 1);
	}
	if (!is_up(v))
		r->up_since = 0;
	else if (r->up_since == 0 ? now < r->deadline + GRACE_MS
				  : away && now < r->deadline)
		r->up_since = now;
}

/* As cau-report(5) has them. */
static const char *const results[] = {
    [RESTART_DONE] = "Restarted",
    [RESTART_REFUSED] = "Refused",
    [RESTART_NOT_DOWN] = "NotDown",
    [RESTART_NOT_BACK] = "NotBack",
    [RESTART_HOST_KEY] = "HostKeyChanged",
    [RESTART_SERVICES] = "ServicesNotStarted",
    [RESTART_FAILED] = "ServicesFailed",
    [RESTART_UNSTABLE] = "Unstable",
    [RESTART_CANCELED] = "Canceled",
};

/* Of a node that is back and up: the first of its flaws. */
static const char *
done_result(const struct restart *r)
{
	if (r->view.kernel.len > 0)
		return "OldKernel";
	if (r->again > 0)
		return "RestartedAgain";
	if (r->view.unsure.n > 0)
		return "ServicesUnknown";
	return results[RESTART_DONE];
}

static void
add_flaw(struct buf *b, const char *before, const char *text)
{
	buf_addf(b, "%s%s%s", b->len == 0 ? "" : "; ", before, text);
}

static enum restart_how
done(struct restart *r)
{
	struct view *v = &r->view;
	struct buf b = BUF_INIT;

	if (r->again > 0)
		add_flaw(&b,
		    "it restarted again by itself while it was coming up", "");
	if (v->kernel.len > 0)
		add_flaw(&b, "", v->kernel.data);
	if (v->unsure.n > 0)
		add_flaw(&b,
		    "services have failed, and whether they had before is "
		    "not known: ",
		    v->unsure.text.data);
	(void)snprintf(r->end->flaw, sizeof(r->end->flaw), "%s", b.data);
	buf_release(&b);
	return RESTART_DONE;
}

/* The time is over. rc is that of the last contact; last, unless it is empty,
 * what there was to say about the last one that failed. */
static enum restart_how
too_late(const struct restart *r, enum node_rc rc, const struct err *last,
    struct err *e)
{
	const struct restart_order *o = r->order;
	const struct view *v = &r->view;
	char span[TEXT_SMALL_SIZE];
	unsigned again = r->again;

	text_span(span, o->limit_ms);
	if (rc == NODE_OK && strcmp(v->state, "stopping") == 0)
		again++;
	if (again > 0) {
		(void)err_set(e, CAU_FAILED,
		    "the node does not stay up: it went down %u more time%s by "
		    "itself within %s",
		    again, again == 1 ? "" : "s", span);
		return RESTART_UNSTABLE;
	}
	if (rc != NODE_OK && *r->end->boot_id != '\0') {
		(void)err_set(e, CAU_FAILED,
		    "the node was back, but cannot be reached any more: %s",
		    last->text);
		return RESTART_NOT_BACK;
	}
	if (rc != NODE_OK) {
		(void)err_set(e, CAU_FAILED,
		    "the node did not come back within %s: %s", span,
		    last->text);
		return RESTART_NOT_BACK;
	}
	if (v->kind == NULL) {
		(void)err_set(e, CAU_FAILED,
		    "the node did not go down within %s (its boot id is "
		    "still %.8s)%s%s",
		    span, o->boot_id, r->answer.len == 0 ? "" : ": ",
		    r->answer.data);
		return RESTART_NOT_DOWN;
	}
	(void)err_set(e, CAU_FAILED,
	    "the node is back, but did not start all its services within %s "
	    "(it is %s)%s%s",
	    span, *v->state == '\0' ? "silent" : v->state,
	    v->jobs.n == 0 ? "" : ": waiting for ", v->jobs.text.data);
	return RESTART_SERVICES;
}

static void
nap(const struct restart *r, int64_t ms)
{
	int64_t until = clock_ms() + ms, left;

	while (!canceled(r) && (left = until - clock_ms()) > 0)
		clock_sleep(left < CANCEL_MS ? left : CANCEL_MS);
}

static int64_t
min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static enum restart_how
run(struct restart *r, struct err *e)
{
	const struct restart_order *o = r->order;
	int64_t wait = FIRST_WAIT_MS, now, until, most;
	bool odd_key, refused, away = false, back = false;
	struct err last = {CAU_OK, ""}, one;
	enum node_rc rc;

	while (!canceled(r)) {
		/* Once it is up, the time that it has to stay so counts. */
		until = r->deadline;
		if (r->up_since != 0 && r->up_since + o->settle_ms > until)
			until = r->up_since + o->settle_ms;
		r->node->give_up_ms = until + GRACE_MS;
		rc = contact(r, &odd_key, &refused, &one);
		now = clock_ms();
		if (canceled(r))
			break;
		if (odd_key) {
			*e = one;
			return RESTART_HOST_KEY;
		}
		if (refused) {
			(void)err_set(e, CAU_FAILED,
			    "the node could not be restarted: %s", one.text);
			return RESTART_REFUSED;
		}
		/* A contact cut short by the limit has nothing to say. */
		if (rc != NODE_OK && (now < until || *last.text == '\0'))
			last = one;
		if (rc == NODE_OK && r->view.kind != NULL) {
			take_view(r, away, now);
			if (!back)
				wait = FIRST_WAIT_MS;
			back = true;
			if (is_up(&r->view) && r->view.failed.n > 0) {
				(void)err_set(e, CAU_FAILED,
				    "the node is back, but services have "
				    "failed that had not failed before: %s",
				    r->view.failed.text.data);
				return RESTART_FAILED;
			}
			if (r->up_since != 0 &&
			    now - r->up_since >= o->settle_ms)
				return done(r);
		} else {
			/* Only a new connection shows that it has gone. */
			node_close(r->node);
			back = false;
		}
		away = rc != NODE_OK;
		if (now >= until)
			return too_late(r, rc, &last, e);
		most = back ? BACK_WAIT_MS : AWAY_WAIT_MS;
		nap(r, min64(min64(wait, most), until - now));
		wait = min64(wait * 2, most);
	}
	(void)err_set(e, CAU_CANCELED,
	    "the run was stopped while the node was restarting");
	return RESTART_CANCELED;
}

enum restart_how
restart_node(struct node *n, const struct restart_order *o,
    struct restart_end *end, struct err *e)
{
	struct restart r = {.node = n, .order = o, .end = end};
	struct view *v = &r.view;
	const _Atomic bool *cancel = n->cancel;

	memset(end, 0, sizeof(*end));
	end->kind = "";
	buf_init(&v->failed.text);
	buf_init(&v->unsure.text);
	buf_init(&v->jobs.text);
	buf_init(&v->kernel);
	buf_init(&r.answer);
	r.deadline = clock_ms() + o->limit_ms;
	n->cancel = o->cancel;
	end->how = run(&r, e);
	end->result =
	    end->how == RESTART_DONE ? done_result(&r) : results[end->how];
	/* Once that was noticed, what is left to be done is done. */
	n->cancel = canceled(&r) ? NULL : cancel;
	n->give_up_ms = 0;
	view_clear(&r.view);
	buf_release(&r.answer);
	if (end->how != RESTART_DONE && end->how != RESTART_SERVICES &&
	    end->how != RESTART_FAILED)
		node_close(n);
	return end->how;
}
