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
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "operate.h"
#include "text.h"

#define STACK_SIZE (512U << 10)

static void
take_lock(struct order *o)
{
	struct work *w = o->work;
	struct err e;

	switch (nodelock_take(&w->lock, o->node, &e)) {
	case NODELOCK_OK:
		atomic_store(&w->locked[o->number], true);
		break;
	case NODELOCK_HELD:
		o->ended.outcome = OUTCOME_HELD;
		o->ended.error = arena_strdup(&o->arena, e.text);
		break;
	case NODELOCK_FAILED:
	case NODELOCK_LOST:
		break; /* its turn will tell */
	}
}

static void *
run_order(void *arg)
{
	struct order *o = arg;
	struct work *w = o->work;
	uint64_t one = 1;
	ssize_t n;

	node_arm(o->node, &w->cancel);
	switch (o->lock) {
	case ORDER_OPERATION:
		operate(o);
		break;
	case ORDER_LOCK:
		take_lock(o);
		break;
	case ORDER_UNLOCK:
		nodelock_release(&w->lock, o->node);
		break;
	case ORDER_CALL:
		o->call(o);
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
	o->node = &w->nodes[o->number];
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

/* An order for each node, as many at a time as are scanned. Those that take
 * wants (all others are freed here) belong to it. */
int
work_each(struct work *w, struct order *(*make)(struct work *, size_t),
    void (*take)(void *, struct order *), void *ctx, struct err *e)
{
	struct pollfd p = {w->done_fd, POLLIN, 0};
	size_t n = w->run->n_nodes, next = 0;
	struct order *o;

	while (next < n || w->in_flight > 0) {
		while (next < n && w->in_flight < (size_t)w->run->parallel) {
			o = make(w, next);
			if (o != NULL) {
				o->number = next;
				o->started.node = w->run->nodes[next].name;
			}
			next++;
			if (o != NULL && work_start(w, o, e) == -1) {
				order_free(o);
				return -1;
			}
		}
		if (w->in_flight > 0)
			(void)poll(&p, 1, -1);
		while ((o = work_take(w)) != NULL)
			take(ctx, o);
	}
	return 0;
}

static struct order *
make_lock(struct work *w, size_t node)
{
	struct order *o = xcalloc(1, sizeof(*o));

	(void)w;
	(void)node;
	o->lock = ORDER_LOCK;
	return o;
}

static void
took_lock(void *ctx, struct order *o)
{
	struct err *e = ctx;

	if (o->ended.outcome == OUTCOME_HELD)
		(void)err_set(
		    e, CAU_LOCKED, "%s: %s", o->node->name, o->ended.error);
	order_free(o);
}

int
work_lock(struct work *w, struct err *e)
{
	struct err held = {CAU_OK, ""};

	if (work_each(w, make_lock, took_lock, &held, e) == -1)
		return -1;
	if (held.code == CAU_OK)
		return 0;
	*e = held;
	return -1;
}

static struct order *
make_unlock(struct work *w, size_t node)
{
	struct order *o;

	if (!atomic_load(&w->locked[node]))
		return NULL;
	o = xcalloc(1, sizeof(*o));
	o->lock = ORDER_UNLOCK;
	return o;
}

static void
unlocked(void *ctx, struct order *o)
{
	struct work *w = ctx;

	atomic_store(&w->locked[o->number], false);
	order_free(o);
}

void
work_unlock(struct work *w)
{
	struct err e;
	int rc = work_each(w, make_unlock, unlocked, w, &e);

	(void)rc; /* what stays is void after an hour */
}

void
work_cancel(struct work *w)
{
	atomic_store(&w->cancel, true);
}

/* One that is not moved by changes of the clock. */
static void
make_condition(pthread_cond_t *c)
{
	pthread_condattr_t attr;

	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(c, &attr);
	(void)pthread_condattr_destroy(&attr);
}

/* True when the run is over; false when it is time to touch the locks. */
static bool
keeper_waits(struct work *w)
{
	struct timespec until;
	bool ended;
	int rc = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += NODELOCK_TOUCH_MS / 1000;
	(void)pthread_mutex_lock(&w->mutex);
	while (!atomic_load(&w->ended) && rc == 0)
		rc = pthread_cond_timedwait(&w->ending, &w->mutex, &until);
	ended = atomic_load(&w->ended);
	(void)pthread_mutex_unlock(&w->mutex);
	return ended;
}

static void *
keep_locks(void *arg)
{
	struct work *w = arg;
	struct node n;

	while (!keeper_waits(w))
		for (size_t i = 0; i < w->run->n_nodes; i++) {
			if (atomic_load(&w->ended))
				break;
			if (!atomic_load(&w->locked[i]))
				continue;
			/* A channel of its own: the node may be at work. */
			node_clone(&n, &w->nodes[i]);
			node_arm(&n, &w->ended);
			nodelock_touch(&w->lock, &n);
			node_close(&n);
		}
	return NULL;
}

static void
stop_keeper(struct work *w)
{
	if (!w->keeping)
		return;
	(void)pthread_mutex_lock(&w->mutex);
	atomic_store(&w->ended, true);
	(void)pthread_cond_signal(&w->ending);
	(void)pthread_mutex_unlock(&w->mutex);
	(void)pthread_join(w->keeper, NULL);
	w->keeping = false;
}

/* For the suspend and resume commands, which run here. Journals of the time
 * before these options have none. */
static void
tell_commands(const struct run_info *r)
{
	(void)setenv("CAU_RUN_ID", r->run_id, 1);
	(void)setenv("CAU_SUSPEND_MODE",
	    *r->suspend_mode == '\0' ? "Drain" : r->suspend_mode, 1);
	(void)setenv("CAU_FAILBACK_MODE",
	    *r->failback_mode == '\0' ? "Immediate" : r->failback_mode, 1);
}

int
work_begin(struct work *w, const char *run_dir, const struct coordinator *self,
    struct err *e)
{
	const char *slash = strrchr(run_dir, '/');
	int rc;

	w->run_dir = run_dir;
	w->lock.run_id = w->run->run_id;
	w->lock.self = self;
	w->lock.runs_dir =
	    arena_strndup(&w->arena, run_dir, (size_t)(slash - run_dir));
	w->locked =
	    arena_alloc(&w->arena, w->run->n_nodes * sizeof(*w->locked));
	w->turns = arena_alloc(&w->arena, w->run->n_nodes * sizeof(*w->turns));
	/* Before there are threads. */
	tell_commands(w->run);
	rc = pthread_create(&w->keeper, NULL, keep_locks, w);
	if (rc != 0) {
		errno = rc;
		return err_sys(e, "cannot start a thread");
	}
	w->keeping = true;
	return 0;
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

/* Arguments that the next plug-in would know: a word about the order. */
static int
hint_order(
    struct work *w, const struct run_info *r, size_t plugin, struct err *e)
{
	const struct plugin_ops *ops =
	    plugin_find(&w->known, r->plugins[plugin].name);
	const struct plugin_ops *other;
	struct plugin_args args;
	struct err ignored;

	if (e->code != CAU_USAGE ||
	    pluginargs_parse(
		&args, r->plugins[plugin].args, &w->arena, &ignored) == -1)
		return -1;
	for (size_t i = 0; i < r->n_plugins; i++) {
		other = plugin_find(&w->known, r->plugins[i].name);
		for (size_t k = 0; other != NULL && k < args.n; k++)
			if (!pluginargs_knows(
				ops->arguments, args.args[k].name) &&
			    pluginargs_knows(
				other->arguments, args.args[k].name))
				return err_set(e, CAU_USAGE,
				    "%s is an argument of %s: -a comes in the "
				    "order of -p, '' for one without arguments",
				    args.args[k].name, other->name);
	}
	return -1;
}

static int
configure(struct work *w, struct run_info *r, const char *state_dir,
    bool refuse, struct err *e)
{
	const struct plugin_ops *ops;
	struct plugin_config config;

	w->plugins = arena_alloc(&w->arena, r->n_plugins * sizeof(*w->plugins));
	for (size_t i = 0; i < r->n_plugins; i++) {
		ops = plugin_find(&w->known, r->plugins[i].name);
		if (ops == NULL)
			return err_set(e, CAU_USAGE,
			    "there is no plug-in %.100s (see cau plugin list)",
			    r->plugins[i].name);
		for (size_t k = 0; k < i; k++)
			if (w->plugins[k].ops == ops)
				return err_set(e, CAU_USAGE,
				    "plug-in %s is named twice", ops->name);
		/* Events and updates carry the plug-in's own spelling. */
		r->plugins[i].name = arena_strdup(&w->arena, ops->name);
		config =
		    (struct plugin_config){ops, state_dir, r->plugins[i].args,
			r->nodes, r->n_nodes, w->no_metadata, refuse, false};
		if (ops->configure(
			&w->plugins[i].self, &config, &w->warnings, e) == -1) {
			(void)hint_order(w, r, i, e);
			return err_wrap(e, "%s", ops->name);
		}
		w->plugins[i].ops = ops;
		w->n_plugins++;
	}
	return 0;
}

/* What the plug-ins bring along for the shells on the nodes. */
static const char *
plugin_text(struct work *w)
{
	struct buf b = BUF_INIT;
	const char *const *s;
	const char *text;

	for (size_t i = 0; i < w->n_plugins; i++)
		for (s = w->plugins[i].ops->node_scripts;
		     s != NULL && *s != NULL; s++)
			buf_addstr(&b, *s);
	if (w->cluster->node_script != NULL)
		buf_addstr(&b, w->cluster->node_script);
	text = b.len == 0 ? NULL : arena_strdup(&w->arena, b.data);
	buf_release(&b);
	return text;
}

/* Room for the pipes of as many nodes as are worked on at once. Without it,
 * those that come last would seem to be away. */
static void
make_room(const struct run_info *r)
{
	size_t nodes =
	    r->n_nodes < (size_t)r->parallel ? r->n_nodes : (size_t)r->parallel;
	rlim_t need = (rlim_t)(nodes * (r->n_plugins + 2) * 4 + 64);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 || limit.rlim_cur >= need)
		return;
	limit.rlim_cur = need < limit.rlim_max ? need : limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

int
work_init(struct work *w, struct run_info *run, const char *state_dir,
    bool no_metadata, bool refuse, struct err *e)
{
	memset(w, 0, sizeof(*w));
	buf_init(&w->warnings);
	w->run = run;
	w->no_metadata = no_metadata;
	w->cluster = cluster_find(run->cluster_type);
	w->pre_script.fd = w->post_script.fd = -1;
	(void)pthread_mutex_init(&w->mutex, NULL);
	make_condition(&w->ending);
	w->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->done_fd == -1)
		return err_sys(e, "cannot make an event descriptor");
	make_room(run);
	plugin_set_load(&w->known, state_dir);
	if (configure(w, run, state_dir, refuse, e) == -1)
		return -1;
	if (script_load(&w->pre_script, run->pre_script, &w->warnings, e) == -1)
		return err_wrap(e, "--pre-update-script");
	if (script_load(&w->post_script, run->post_script, &w->warnings, e) ==
	    -1)
		return err_wrap(e, "--post-update-script");
	for (size_t i = 0; i < run->n_nodes; i++)
		if (!run->nodes[i].local && w->control_dir == NULL)
			make_control_dir(w);
	w->transport =
	    (struct transport){run->rsh, run->sudo, run->node_state_dir,
		w->control_dir, run->connect_timeout_ms, plugin_text(w)};
	w->nodes = arena_alloc(&w->arena, run->n_nodes * sizeof(*w->nodes));
	for (size_t i = 0; i < run->n_nodes; i++)
		node_init(&w->nodes[i], run->nodes[i].name,
		    run->nodes[i].address, &w->transport, &w->arena);
	if (w->cluster->open != NULL)
		w->cluster_self = w->cluster->open(run, w->nodes);
	return 0;
}

const char *
work_digest(struct work *w)
{
	struct buf b = BUF_INIT;
	const char *text;

	for (size_t i = 0; i < w->n_plugins; i++)
		buf_addf(&b, "%s %s;", w->plugins[i].ops->name,
		    w->plugins[i].ops->digest(w->plugins[i].self));
	if (w->pre_script.fd != -1)
		buf_addf(&b, "PreUpdateScript %s;", w->pre_script.sha256);
	if (w->post_script.fd != -1)
		buf_addf(&b, "PostUpdateScript %s;", w->post_script.sha256);
	text = arena_strdup(&w->arena, b.data);
	buf_release(&b);
	return text;
}

const char *
work_changes(struct work *w, const char *before)
{
	const char *now = work_digest(w), *text;
	struct buf b = BUF_INIT;
	size_t len, old_len;

	for (; *now != '\0'; now += len) {
		len = strcspn(now, ";") + 1;
		old_len = strcspn(before, ";") + 1;
		if (len != old_len || strncmp(now, before, len) != 0)
			buf_addf(&b, "%s%.*s", b.len == 0 ? "" : ", ",
			    (int)strcspn(now, " "), now);
		before += strnlen(before, old_len);
	}
	text = arena_strdup(&w->arena, b.data);
	buf_release(&b);
	return text;
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
	stop_keeper(w);
	if (w->cluster_self != NULL)
		w->cluster->close(w->cluster_self);
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
	program_release(&w->pre_script);
	program_release(&w->post_script);
	(void)pthread_cond_destroy(&w->ending);
	(void)pthread_mutex_destroy(&w->mutex);
	buf_release(&w->warnings);
	plugin_set_release(&w->known);
	arena_release(&w->arena);
}
