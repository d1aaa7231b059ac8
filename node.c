/* SPDX-License-Identifier: ISC */
/* One node and the channel to it. */
#include "node.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "names.h"
#include "node_sh.h"
#include "text.h"

/* Lines longer than this do not come from our script. */
#define MAX_LINE      (1U << 20)
#define STOP_GRACE_MS 1000
/* For the login behind the connection; ssh gives up on its own before. */
#define LOGIN_MS    5000
#define WORDS_MS    2000
#define PROGRESS_MS 100
/* A transfer that stands still for so long is given up. */
#define PUT_STALL_MS 60000
/* How soon a cancellation is noticed. */
#define CANCEL_LOOK_MS 250

void
node_init(struct node *n, const char *name, const char *address,
    const struct transport *t, struct arena *a)
{
	memset(n, 0, sizeof(*n));
	n->name = arena_strdup(a, name);
	n->transport = t;
	n->state_dir = t->state_dir;
	if (strcmp(address, "local") == 0) {
		n->local = true;
	} else if (strncmp(address, "local:", 6) == 0) {
		n->local = true;
		n->state_dir = arena_strdup(a, address + 6);
	}
	n->address = n->local ? "" : arena_strdup(a, address);
}

void
node_clone(struct node *n, const struct node *of)
{
	memset(n, 0, sizeof(*n));
	n->name = of->name;
	n->address = of->address;
	n->state_dir = of->state_dir;
	n->local = of->local;
	n->transport = of->transport;
	n->clone = true;
}

void
node_arm(struct node *n, const _Atomic bool *cancel)
{
	n->cancel = atomic_load(cancel) ? NULL : cancel;
}

/* True once when the wait is to be given up. */
static bool
is_canceled(struct node *n)
{
	if (n->cancel == NULL || !atomic_load(n->cancel))
		return false;
	n->cancel = NULL;
	return true;
}

static bool
is_ssh(const struct transport *t)
{
	const char *slash;

	if (t->rsh[0] == NULL)
		return false;
	slash = strrchr(t->rsh[0], '/');
	return strcmp(slash == NULL ? t->rsh[0] : slash + 1, "ssh") == 0;
}

/*
 * The words that run a command on the node. ssh takes the first value that
 * it is given for an option, so what the user put into --rsh wins over ours.
 * master says whether this connection may become the shared one.
 */
static const char **
command_words(
    const struct node *n, const char *command, bool master, struct arena *a)
{
	const struct transport *t = n->transport;
	const char **argv, **p;
	size_t words = 0;

	while (t->rsh[words] != NULL)
		words++;
	p = argv = arena_alloc(a, (words + 24) * sizeof(*argv));
	if (n->local) {
		*p++ = "sh";
		*p++ = "-c";
		*p++ = command;
		return argv;
	}
	for (size_t i = 0; i < words; i++)
		*p++ = t->rsh[i];
	if (is_ssh(t)) {
		*p++ = "-T";
		*p++ = "-oBatchMode=yes";
		*p++ = arena_printf(a, "-oConnectTimeout=%d",
		    (int)((t->connect_ms + 999) / 1000));
		*p++ = "-oServerAliveInterval=5";
		*p++ = "-oServerAliveCountMax=3";
		if (t->control_dir != NULL) {
			*p++ = master ? "-oControlMaster=auto"
				      : "-oControlMaster=no";
			*p++ = arena_printf(
			    a, "-oControlPath=%s/%%C", t->control_dir);
			*p++ = "-oControlPersist=no";
		}
		*p++ = "--";
	}
	*p++ = n->address;
	*p++ = command;
	return argv;
}

/* The last line of stderr that says something, made printable. */
static void
last_words(struct buf *b, const struct buf *errors)
{
	const char *end = errors->data + errors->len, *start;

	while (end > errors->data && (unsigned char)end[-1] <= ' ')
		end--;
	start = end;
	while (start > errors->data && start[-1] != '\n')
		start--;
	text_printable(b, start, (size_t)(end - start));
}

static bool
says_key_changed(const struct node *n)
{
	return strstr(n->child.errors.data,
		   "REMOTE HOST IDENTIFICATION HAS CHANGED") != NULL;
}

/* What stands in a line of text between before and after, as a word for a
 * shell; false when there is no such line. */
static bool
add_between(
    struct buf *b, const char *text, const char *before, const char *after)
{
	struct buf word = BUF_INIT;
	const char *s = strstr(text, before), *end;

	if (s == NULL)
		return false;
	s += strlen(before);
	end = s + strcspn(s, "\r\n");
	while (end > s && strncmp(end, after, strlen(after)) != 0)
		end--;
	if (end == s)
		return false;
	text_printable(&word, s, (size_t)(end - s));
	text_shell_quote(b, word.data);
	buf_release(&word);
	return true;
}

void
node_key_error(const struct node *n, struct err *e)
{
	const char *errors = n->child.errors.data, *at, *line;
	struct buf host = BUF_INIT, file = BUF_INIT;

	/* ssh has looked for the key under this name, it may have a port. */
	if (!add_between(&host, errors, "ost key for ", " has changed and ")) {
		at = strrchr(n->address, '@');
		text_shell_quote(&host, at == NULL ? n->address : at + 1);
	}
	line = strstr(errors, "Offending ");
	if (line != NULL)
		(void)add_between(&file, line, " in ", ":");
	(void)err_set(e, CAU_FAILED,
	    "the ssh host key of %s is not the one that is known: find out "
	    "why before you go on; if this is the node, for instance because "
	    "it was reinstalled, forget the old key with ssh-keygen -R %s%s%s",
	    n->address, host.data, file.len == 0 ? "" : " -f ", file.data);
	buf_release(&host);
	buf_release(&file);
}

/* Why there is no contact, in words that say what to do. Closes. */
static enum node_rc
lost(struct node *n, const char *what, struct err *e)
{
	struct buf why = BUF_INIT;
	const char *errors = n->child.errors.data;

	if (says_key_changed(n)) {
		n->key_changed = true;
		node_key_error(n, e);
	} else if (strstr(errors, "Host key verification failed") != NULL) {
		(void)err_set(e, CAU_FAILED,
		    "the ssh host key of %s is not known: log in once by "
		    "hand, or add it with ssh-keyscan",
		    n->address);
	} else {
		last_words(&why, &n->child.errors);
		if (why.len == 0 && n->child.status.how != CHILD_RUNNING)
			child_describe(&why, &n->child.status);
		(void)err_set(e, CAU_FAILED, "%s%s%s", what,
		    why.len == 0 ? "" : ": ", why.data);
	}
	buf_release(&why);
	node_close(n);
	return NODE_LOST;
}

void
node_close(struct node *n)
{
	if (n->open)
		child_stop(&n->child, STOP_GRACE_MS);
	n->open = false;
}

static void
assign(struct buf *b, const char *name, const char *value)
{
	buf_addf(b, "%s=", name);
	text_shell_quote(b, value);
	buf_addc(b, '\n');
}

struct hello {
	struct node *n;
	bool boot;
};

static void
hello_line(void *ctx, const char *key, const char *text, size_t len)
{
	struct hello *h = ctx;
	struct err e;
	struct buf b = BUF_INIT;
	uint64_t uid;

	if (strcmp(key, "boot") == 0 && boot_id_valid(text) &&
	    strlen(text) < sizeof(h->n->boot_id)) {
		memcpy(h->n->boot_id, text, strlen(text) + 1);
		h->boot = true;
	} else if (strcmp(key, "uid") == 0 &&
		   text_u64(text, 0, UINT32_MAX, &uid, &e) == 0) {
		h->n->uid = (unsigned)uid;
	} else if (strcmp(key, "host") == 0) {
		(void)snprintf(h->n->host, sizeof(h->n->host), "%.255s", text);
	} else if (strcmp(key, "restart") == 0) {
		text_printable(&b, text, len);
		(void)snprintf(
		    h->n->restart, sizeof(h->n->restart), "%.511s", b.data);
		buf_release(&b);
	}
}

static enum node_rc read_answer(struct node *n, node_line_fn *line, void *ctx,
    int64_t deadline_ms, struct err *e);

enum node_rc
node_open(struct node *n, struct err *e)
{
	struct hello h = {n, false};
	struct child_spec spec = {NULL, -1, true, n->local};
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	enum node_rc rc;
	uint64_t r;

	if (n->open)
		return NODE_OK;
	n->key_changed = false;
	*n->restart = '\0';
	spec.argv = command_words(n,
	    n->transport->sudo ? "exec sudo -n sh" : "exec sh", !n->clone, &a);
	if (child_start(&n->child, &spec, e) == -1) {
		arena_release(&a);
		return NODE_LOST;
	}
	arena_release(&a);
	n->open = true;
	n->seq = 0;
	if (getrandom(&r, sizeof(r), 0) != sizeof(r))
		r = (uint64_t)clock_ms() * UINT64_C(0x9e3779b97f4a7c15);
	(void)snprintf(n->mark, sizeof(n->mark), "@%016" PRIx64, r);
	assign(&b, "cau_mark", n->mark);
	assign(&b, "cau_state", n->state_dir);
	assign(&b, "cau_node", n->name);
	assign(&b, "cau_job_text", node_job_sh);
	buf_addstr(&b, node_session_sh);
	buf_addstr(&b, node_restart_sh);
	if (n->transport->plugin_text != NULL) {
		assign(&b, "cau_plugin_text", n->transport->plugin_text);
		buf_addstr(&b, "eval \"$cau_plugin_text\"\n");
	}
	buf_addstr(&b, "cau_req 0 cau_hello\n");
	child_send(&n->child, b.data, b.len);
	buf_release(&b);
	rc = read_answer(n, hello_line, &h,
	    clock_ms() + n->transport->connect_ms + LOGIN_MS, e);
	if (rc == NODE_FAILED || (rc == NODE_OK && !h.boot)) {
		(void)err_set(e, CAU_FAILED,
		    "the greeting of the node is not understood");
		node_close(n);
		rc = NODE_LOST;
	} else if (rc == NODE_OK && n->transport->sudo && n->uid != 0) {
		(void)err_set(
		    e, CAU_FAILED, "sudo did not make this login root");
		node_close(n);
		rc = NODE_LOST;
	} else if (rc == NODE_OK) {
		n->key_changed = says_key_changed(n);
	}
	return rc;
}

/*
 * One line of the channel. Returns true when it ends the answer, with its
 * status in *status. Lines without our mark and number are not ours.
 */
static bool
take_line(struct node *n, char *s, size_t len, node_line_fn *line, void *ctx,
    int *status)
{
	size_t mark = strlen(n->mark);
	char seq[16], *key, *text;

	(void)snprintf(seq, sizeof(seq), " %u ", n->seq);
	if (len < mark + strlen(seq) || memcmp(s, n->mark, mark) != 0 ||
	    memcmp(s + mark, seq, strlen(seq)) != 0)
		return false;
	key = s + mark + strlen(seq);
	text = memchr(key, ' ', len - (size_t)(key - s));
	if (text == NULL)
		return false;
	*text++ = '\0';
	len -= (size_t)(text - s);
	if (strcmp(key, "end") == 0) {
		*status = strcmp(text, "0") == 0 ? 0 : 1;
		return true;
	}
	if (line != NULL)
		line(ctx, key, text, len);
	return false;
}

/*
 * What a function that failed had to say comes on another stream than its
 * answer, and may come later; the mark ends it.
 */
static void
await_words(struct node *n)
{
	int64_t deadline = clock_ms() + WORDS_MS;
	char *end;

	while ((end = strstr(n->child.errors.data, n->mark)) == NULL)
		if (child_turn(&n->child, deadline) != CHILD_TURN_SOMETHING)
			return;
	buf_setlen(&n->child.errors, (size_t)(end - n->child.errors.data));
}

static enum node_rc
read_answer(struct node *n, node_line_fn *line, void *ctx, int64_t deadline_ms,
    struct err *e)
{
	struct buf *out = &n->child.output;
	enum child_turn t = CHILD_TURN_SOMETHING;
	size_t start, from = 0; /* no newline before from */
	int64_t now, slice;
	bool done = false;
	char *nl;
	int status = 1;

	if (n->give_up_ms != 0 && n->give_up_ms < deadline_ms)
		deadline_ms = n->give_up_ms;
	for (;;) {
		start = 0;
		while (!done && (nl = memchr(out->data + from, '\n',
				     out->len - from)) != NULL) {
			*nl = '\0';
			done = take_line(n, out->data + start,
			    (size_t)(nl - out->data) - start, line, ctx,
			    &status);
			start = from = (size_t)(nl - out->data) + 1;
		}
		buf_consume(out, start);
		from = out->len;
		if (done) {
			if (status != 0)
				await_words(n);
			return status == 0 ? NODE_OK : NODE_FAILED;
		}
		if (out->len > MAX_LINE) {
			(void)err_set(e, CAU_FAILED,
			    "the node sent a line of more than %u bytes",
			    MAX_LINE);
			node_close(n);
			return NODE_LOST;
		}
		if (t == CHILD_TURN_ENDED)
			return lost(n, "no contact", e);
		/* Not only in silence: it may talk without end. */
		if (is_canceled(n)) {
			(void)err_set(e, CAU_CANCELED, "the run was stopped");
			node_close(n);
			return NODE_LOST;
		}
		now = clock_ms();
		if (now >= deadline_ms)
			return lost(n, "no answer in time", e);
		slice = n->cancel == NULL ? INT64_MAX : now + CANCEL_LOOK_MS;
		t = child_turn(
		    &n->child, slice < deadline_ms ? slice : deadline_ms);
	}
}

enum node_rc
node_call(struct node *n, const char *request, node_line_fn *line, void *ctx,
    int64_t limit_ms, struct err *e)
{
	struct buf b = BUF_INIT;
	enum node_rc rc = node_open(n, e);

	if (rc != NODE_OK)
		return rc;
	buf_reset(&n->child.errors);
	buf_addf(&b, "{ cau_req %u %s\n}\n", ++n->seq, request);
	child_send(&n->child, b.data, b.len);
	buf_release(&b);
	rc = read_answer(n, line, ctx, clock_ms() + limit_ms, e);
	if (rc == NODE_FAILED) {
		last_words(&b, &n->child.errors);
		(void)err_set(e, CAU_FAILED, "%s",
		    b.len == 0 ? "the node gave no reason" : b.data);
		buf_release(&b);
	}
	return rc;
}

/* What became of a transfer whose process has ended. */
static enum node_rc
put_end(const struct child *c, struct err *e)
{
	struct buf why = BUF_INIT;

	if (c->status.how == CHILD_EXITED && c->status.code == 0)
		return NODE_OK;
	last_words(&why, &c->errors);
	if (why.len == 0)
		child_describe(&why, &c->status);
	(void)err_set(e, CAU_FAILED, "%s", why.data);
	buf_release(&why);
	/* 255 is ssh's own; everything else comes from the node. */
	return c->status.how == CHILD_EXITED && c->status.code != 255
		   ? NODE_FAILED
		   : NODE_LOST;
}

enum node_rc
node_put(struct node *n, const char *path, int fd, struct err *e)
{
	struct child_spec spec = {NULL, fd, true, n->local};
	struct child c;
	struct arena a = ARENA_INIT;
	struct buf command = BUF_INIT;
	enum node_rc rc = NODE_OK;
	enum child_turn t;
	int64_t moved = clock_ms();
	off_t at, before = 0;
	uint64_t base = atomic_load(&n->sent);

	if (lseek(fd, 0, SEEK_SET) == -1) {
		(void)err_sys(e, "cannot read again");
		return NODE_FAILED;
	}
	buf_addf(
	    &command, "exec %ssh -c ", n->transport->sudo ? "sudo -n " : "");
	text_shell_quote(&command, "umask 077; cat >\"$1\"");
	buf_addstr(&command, " cau ");
	text_shell_quote(&command, path);
	spec.argv = command_words(n, arena_strdup(&a, command.data), false, &a);
	buf_release(&command);
	if (child_start(&c, &spec, e) == -1) {
		arena_release(&a);
		return NODE_LOST;
	}
	do {
		t = child_turn(&c, clock_ms() + PROGRESS_MS);
		/* The child reads the file through our descriptor, so its
		 * offset is what has been sent. */
		at = lseek(fd, 0, SEEK_CUR);
		if (at > before) {
			before = at;
			moved = clock_ms();
			atomic_store(&n->sent, base + (uint64_t)at);
		}
		buf_reset(&c.output);
		if (is_canceled(n)) {
			(void)err_set(e, CAU_CANCELED, "the run was stopped");
			rc = NODE_LOST;
			break;
		}
		if (clock_ms() - moved > PUT_STALL_MS) {
			(void)err_set(e, CAU_FAILED,
			    "the transfer stood still for %d s",
			    PUT_STALL_MS / 1000);
			rc = NODE_LOST;
			break;
		}
	} while (t != CHILD_TURN_ENDED);
	if (rc == NODE_OK)
		rc = put_end(&c, e);
	child_stop(&c, STOP_GRACE_MS);
	arena_release(&a);
	return rc;
}
