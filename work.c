/* SPDX-License-Identifier: ISC */
/* Operations on nodes, each on a thread. */
#include "work.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "text.h"

#define COMMAND_MS    600000
#define REBOOT_ASK_MS 60000
#define POLL_FIRST_MS 200
#define POLL_MOST_MS  3000
#define STACK_SIZE    (512U << 10)

static void
fail(struct order *o, enum op_outcome outcome, const char *text)
{
	o->ended.outcome = outcome;
	o->ended.error = arena_strdup(&o->arena, text);
}

/* By what became of the contact: a node that is lost is not given work. */
static void
fail_node(struct order *o, enum node_rc rc, const struct err *e)
{
	fail(o, rc == NODE_LOST ? OUTCOME_LOST : OUTCOME_FAILED, e->text);
}

static void
do_scan(struct order *o)
{
	struct work *w = o->work;
	struct scan_result one, *all = &o->ended.scan;
	enum node_rc rc;
	struct err e;

	for (size_t i = 0; i < w->n_plugins; i++) {
		memset(&one, 0, sizeof(one));
		rc = w->plugins[i].ops->scan(w->plugins[i].self, o->node,
		    w->run->reinstall, &one, &o->arena, &e);
		if (rc != NODE_OK) {
			fail_node(o, rc, &e);
			return;
		}
		if (w->n_plugins == 1) {
			*all = one;
			continue;
		}
		struct scan_result sum = {
		    arena_alloc(&o->arena, (all->n_updates + one.n_updates) *
					       sizeof(*sum.updates)),
		    all->n_updates + one.n_updates,
		    arena_alloc(&o->arena, (all->n_ignored + one.n_ignored) *
					       sizeof(*sum.ignored)),
		    all->n_ignored + one.n_ignored};
		for (size_t k = 0; k < sum.n_updates; k++)
			sum.updates[k] = k < all->n_updates
					     ? all->updates[k]
					     : one.updates[k - all->n_updates];
		for (size_t k = 0; k < sum.n_ignored; k++)
			sum.ignored[k] = k < all->n_ignored
					     ? all->ignored[k]
					     : one.ignored[k - all->n_ignored];
		*all = sum;
	}
	o->ended.boot_id = arena_strdup(&o->arena, o->node->boot_id);
}

/* The updates of an order that belong to a plug-in, in their order. */
static size_t
of_plugin(const struct order *o, const struct plugin *p, struct update *out,
    const char **jobs)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n_updates; i++)
		if (strcmp(o->updates[i].plugin, p->ops->name) == 0) {
			jobs[n] = o->jobs[i];
			out[n++] = o->updates[i];
		}
	return n;
}

static void
do_stage(struct order *o)
{
	struct work *w = o->work;
	struct update *updates =
	    arena_alloc(&o->arena, o->n_updates * sizeof(*updates));
	const char **jobs =
	    arena_alloc(&o->arena, o->n_updates * sizeof(*jobs));
	struct err e;
	enum node_rc rc;
	int64_t bytes;
	size_t n;

	for (size_t i = 0; i < w->n_plugins; i++) {
		n = of_plugin(o, &w->plugins[i], updates, jobs);
		bytes = 0;
		if (n == 0)
			continue;
		rc = w->plugins[i].ops->stage(
		    w->plugins[i].self, o->node, updates, jobs, n, &bytes, &e);
		if (rc != NODE_OK)
			fail_node(o, rc, &e);
		o->ended.bytes += bytes;
		if (o->ended.outcome != OUTCOME_OK)
			return;
	}
}

/* "003-name.log", from the last part of a path, harmless as a file name. */
static const char *
log_name(struct order *o, const char *path)
{
	const char *base = strrchr(path, '/');
	char *name;

	base = base == NULL ? path : base + 1;
	name = arena_printf(
	    &o->arena, "%03zu-%.80s.log", o->started.update + 1, base);
	for (char *p = name; *p != '\0'; p++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX"
			   "YZ0123456789._+-",
			*p) == NULL)
			*p = '_';
	return name;
}

static const struct plugin *
plugin_of(const struct work *w, const struct update *u)
{
	for (size_t i = 0; i < w->n_plugins; i++)
		if (strcmp(w->plugins[i].ops->name, u->plugin) == 0)
			return &w->plugins[i];
	return NULL;
}

static void
do_install(struct order *o)
{
	struct work *w = o->work;
	const struct plugin *p = plugin_of(w, &o->updates[0]);
	struct install_result *r = &o->ended.result;
	struct install_order io = {0};
	enum node_rc rc;
	struct err e;
	char *dir;

	*r = (struct install_result){
	    .result = RESULT_FAILED, .reason = "", .log = ""};
	if (p == NULL) {
		r->reason = "its plug-in is not part of this run";
		return;
	}
	dir = xasprintf("%s/log/%s", w->run_dir, o->node->name);
	if (mkdir(dir, 0700) == -1 && errno != EEXIST)
		io.log_dir = -1;
	else
		io.log_dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(dir);
	io.run_id = w->run->run_id;
	io.job = o->started.job;
	io.boot_id = o->started.boot_id;
	io.again = o->again;
	io.look_only = o->look_only;
	io.contact_ms = w->run->contact_timeout_ms;
	io.log_name = log_name(o, o->updates[0].path);
	rc = p->ops->install(
	    p->self, o->node, &o->updates[0], &io, r, &o->arena, &e);
	if (io.log_dir != -1)
		(void)close(io.log_dir);
	if (*r->log != '\0')
		r->log =
		    arena_printf(&o->arena, "log/%s/%s", o->node->name, r->log);
	o->ended.boot_id = r->boot_id;
	if (rc != NODE_OK && r->result == RESULT_UNKNOWN)
		fail(o, OUTCOME_UNKNOWN, e.text);
	else if (rc != NODE_OK)
		fail_node(o, rc, &e);
}

/* The words of a command here, with the node's name behind them. */
static void
do_command(struct order *o, const char *const *words, const char *what)
{
	const char **argv;
	struct buf errors = BUF_INIT, why = BUF_INIT;
	struct child_status status;
	size_t n = 0;
	struct err e;

	while (words[n] != NULL)
		n++;
	argv = arena_alloc(&o->arena, (n + 2) * sizeof(*argv));
	memcpy(argv, words, n * sizeof(*argv));
	argv[n] = o->node->name;
	if (child_run(argv, NULL, NULL, SIZE_MAX, &errors,
		clock_ms() + COMMAND_MS, &status, &e) == -1) {
		fail(o, OUTCOME_FAILED, e.text);
	} else if (status.how != CHILD_EXITED || status.code != 0) {
		child_describe(&why, &status);
		buf_addstr(&why, errors.len > 0 ? ": " : "");
		text_printable(&why, errors.data, strcspn(errors.data, "\n"));
		fail(o, OUTCOME_FAILED,
		    arena_printf(
			&o->arena, "%s %s: %s", what, argv[0], why.data));
	}
	buf_release(&errors);
	buf_release(&why);
}

/*
 * Restarts the node unless it has been restarted since boot_id was read, and
 * waits until it answers with another one. What the node says to the request
 * matters only when it is still there: the connection may end before it.
 */
static void
do_restart(struct order *o)
{
	struct work *w = o->work;
	struct node *n = o->node;
	int64_t limit = w->run->reboot_timeout_ms;
	int64_t deadline = clock_ms() + limit, wait = POLL_FIRST_MS;
	const char *before = o->started.boot_id;
	char span[TEXT_SMALL_SIZE];
	bool heard = false, first = true;
	struct buf b = BUF_INIT;
	enum node_rc rc;
	struct err e;

	buf_addstr(&b, "cau_reboot ");
	text_shell_quote(&b, before);
	for (;;) {
		/* A request that was cut may not have been heard. Asking again
		 * restarts nothing that has been restarted since. */
		if (!heard) {
			rc =
			    node_call(n, b.data, NULL, NULL, REBOOT_ASK_MS, &e);
			/* A node on its way down refuses to be asked twice. */
			if (rc == NODE_FAILED && first)
				break;
			heard = rc == NODE_OK;
			first = false;
		}
		node_close(n);
		rc = node_open(n, &e);
		if (rc == NODE_OK && strcmp(n->boot_id, before) != 0)
			break;
		if (clock_ms() >= deadline)
			break;
		clock_sleep(wait);
		wait = wait * 2 > POLL_MOST_MS ? POLL_MOST_MS : wait * 2;
	}
	buf_release(&b);
	if (rc == NODE_FAILED && !heard && n->open) {
		fail(o, OUTCOME_FAILED,
		    arena_printf(&o->arena,
			"the node could not be restarted: %s", e.text));
		return;
	}
	if (rc == NODE_OK && strcmp(n->boot_id, before) != 0) {
		o->ended.boot_id = arena_strdup(&o->arena, n->boot_id);
		return;
	}
	text_span(span, limit);
	if (rc == NODE_OK)
		fail(o, OUTCOME_FAILED,
		    arena_printf(&o->arena,
			"the node did not go down within %s (its boot id is "
			"still %.8s)",
			span, before));
	else
		fail(o, OUTCOME_FAILED,
		    arena_printf(&o->arena,
			"the node did not come back within %s: %s", span,
			e.text));
}

static void *
run_order(void *arg)
{
	struct order *o = arg;
	struct work *w = o->work;
	uint64_t one = 1;
	ssize_t n;

	o->ended.type = EV_OP_ENDED;
	o->ended.node = o->started.node;
	o->ended.op = o->started.op;
	o->ended.pass = o->started.pass;
	o->ended.update = o->started.update;
	o->ended.id = o->started.id;
	switch (o->started.op) {
	case OP_SCAN:
		do_scan(o);
		break;
	case OP_STAGE:
		do_stage(o);
		break;
	case OP_SUSPEND:
		do_command(o, w->run->suspend_command, "suspend command");
		break;
	case OP_INSTALL:
		do_install(o);
		break;
	case OP_RESTART:
		do_restart(o);
		break;
	case OP_RESUME:
		do_command(o, w->run->resume_command, "resume command");
		break;
	case OP_KIND_COUNT:
		break;
	}
	/* With many nodes a connection each would be too many. */
	if (w->run->n_nodes > (size_t)w->run->parallel)
		node_close(o->node);
	o->ended.at_ms = clock_wall_ms();
	(void)pthread_mutex_lock(&w->mutex);
	o->next = w->done;
	w->done = o;
	(void)pthread_mutex_unlock(&w->mutex);
	n = write(w->done_fd, &one, sizeof(one));
	(void)n; /* the counter cannot overflow; a reader looks again anyway */
	return NULL;
}

int
work_start(struct work *w, struct order *o, struct err *e)
{
	pthread_attr_t attr;
	int rc;

	o->work = w;
	for (size_t i = 0; i < w->run->n_nodes; i++)
		if (strcmp(w->nodes[i].name, o->started.node) == 0)
			o->node = &w->nodes[i];
	if (o->node == NULL)
		return err_set(e, CAU_FAILED, "no node %s", o->started.node);
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, STACK_SIZE);
	rc = pthread_create(&o->thread, &attr, run_order, o);
	(void)pthread_attr_destroy(&attr);
	if (rc != 0) {
		errno = rc;
		return err_sys(e, "cannot start a thread");
	}
	w->in_flight++;
	return 0;
}

struct order *
work_take(struct work *w)
{
	struct order *o;
	uint64_t count;
	ssize_t n = read(w->done_fd, &count, sizeof(count));

	(void)n; /* empty: nothing has ended since the last look */
	(void)pthread_mutex_lock(&w->mutex);
	o = w->done;
	if (o != NULL)
		w->done = o->next;
	/* More may be there: the next look must not wait for them. */
	if (w->done != NULL) {
		count = 1;
		n = write(w->done_fd, &count, sizeof(count));
	}
	(void)pthread_mutex_unlock(&w->mutex);
	if (o != NULL) {
		(void)pthread_join(o->thread, NULL);
		w->in_flight--;
	}
	return o;
}

void
order_free(struct order *o)
{
	arena_release(&o->arena);
	free(o);
}

/* A short private folder for ssh's control sockets: the path of a socket
 * has room for about 100 bytes only, the state folder may be deeper. */
static void
make_control_dir(struct work *w)
{
	const char *base = getenv("XDG_RUNTIME_DIR");
	char *path;

	if (base == NULL || *base != '/' || strlen(base) > 30)
		base = "/tmp";
	path = xasprintf("%s/cau.XXXXXX", base);
	if (mkdtemp(path) != NULL)
		w->control_dir = path;
	else
		free(path);
}

static int
configure(struct work *w, bool refuse, struct err *e)
{
	const struct run_info *r = w->run;
	const struct plugin_ops *ops;
	struct plugin_config config;

	w->plugins = arena_alloc(&w->arena, r->n_plugins * sizeof(*w->plugins));
	for (size_t i = 0; i < r->n_plugins; i++) {
		ops = plugin_find(r->plugins[i].name);
		if (ops == NULL)
			return err_set(e, CAU_USAGE,
			    "there is no plug-in %.100s (see cau plugin list)",
			    r->plugins[i].name);
		for (size_t k = 0; k < i; k++)
			if (w->plugins[k].ops == ops)
				return err_set(e, CAU_USAGE,
				    "plug-in %s is named twice", ops->name);
		config = (struct plugin_config){r->plugins[i].args, r->nodes,
		    r->n_nodes, w->no_metadata, refuse};
		if (ops->configure(
			&w->plugins[i].self, &config, &w->warnings, e) == -1)
			return err_wrap(e, "%s", ops->name);
		w->plugins[i].ops = ops;
		w->n_plugins++;
	}
	return 0;
}

int
work_init(struct work *w, const struct run_info *run, const char *run_dir,
    bool no_metadata, bool refuse, struct err *e)
{
	memset(w, 0, sizeof(*w));
	buf_init(&w->warnings);
	w->run = run;
	w->run_dir = run_dir;
	w->no_metadata = no_metadata;
	(void)pthread_mutex_init(&w->mutex, NULL);
	w->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->done_fd == -1)
		return err_sys(e, "cannot make an event descriptor");
	if (configure(w, refuse, e) == -1)
		return -1;
	for (size_t i = 0; i < run->n_nodes; i++)
		if (!run->nodes[i].local && w->control_dir == NULL)
			make_control_dir(w);
	w->transport = (struct transport){run->rsh, run->sudo,
	    run->node_state_dir, w->control_dir, run->connect_timeout_ms};
	w->nodes = arena_alloc(&w->arena, run->n_nodes * sizeof(*w->nodes));
	for (size_t i = 0; i < run->n_nodes; i++)
		node_init(&w->nodes[i], run->nodes[i].name,
		    run->nodes[i].address, &w->transport, &w->arena);
	return 0;
}

const char *
work_digest(struct work *w)
{
	struct buf b = BUF_INIT;
	char out[SHA256_HEX];

	for (size_t i = 0; i < w->n_plugins; i++)
		buf_addf(&b, "%s %s\n", w->plugins[i].ops->name,
		    w->plugins[i].ops->digest(w->plugins[i].self));
	sha256_hex(out, b.data, b.len);
	buf_release(&b);
	return arena_strdup(&w->arena, out);
}

void
work_release(struct work *w)
{
	struct pollfd p = {w->done_fd, POLLIN, 0};
	struct order *o;

	while (w->in_flight > 0) {
		if ((o = work_take(w)) != NULL)
			order_free(o);
		else
			(void)poll(&p, 1, -1);
	}
	for (size_t i = 0; w->nodes != NULL && i < w->run->n_nodes; i++)
		node_close(&w->nodes[i]);
	for (size_t i = 0; i < w->n_plugins; i++)
		w->plugins[i].ops->release(w->plugins[i].self);
	if (w->control_dir != NULL) {
		file_remove_tree(w->control_dir);
		free(w->control_dir);
	}
	if (w->done_fd != -1)
		(void)close(w->done_fd);
	(void)pthread_mutex_destroy(&w->mutex);
	buf_release(&w->warnings);
	arena_release(&w->arena);
}
