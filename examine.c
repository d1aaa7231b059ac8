/* SPDX-License-Identifier: ISC */
/* Makes a health check. */
#include "examine.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "alertmanager.h"
#include "checks.h"
#include "health_cluster.h"
#include "journal.h"
#include "node_sh.h"
#include "pacemaker.h"
#include "state.h"
#include "text.h"

/* A node that answers with more than this is not believed. */
#define FACTS_MOST 5000
#define FACT_BYTES 8192
/* For all that is not waiting for a program. */
#define MARGIN_MS 10000

static const char *const probes[] = {"base", "disk", "packages", "auto",
    "restart", "units", "jobs", "sources", "services", NULL};

/* Looks out for a signal while others wait for answers. */
struct watch {
	struct work *w;
	int stop_fd, end_fd;
	pthread_t thread;
	bool threaded;
};

struct examination {
	struct health *h;
	struct work *w;
	const char *request;
	struct health_node *nodes;
	struct order **orders; /* hold the facts */
};

/* Of one node, on its thread. */
struct answer {
	struct arena *arena;
	struct health_fact *facts;
	size_t n, cap;
	bool too_much;
};

static void
take_fact(void *ctx, const char *key, const char *text, size_t len)
{
	struct answer *a = ctx;

	if (a->n == FACTS_MOST || len > FACT_BYTES) {
		a->too_much = true;
		return;
	}
	a->facts = xgrow(a->facts, a->n, &a->cap, sizeof(*a->facts));
	while (len > 0 && text[len - 1] == ' ')
		len--;
	a->facts[a->n++] = (struct health_fact){arena_strdup(a->arena, key),
	    arena_strndup(a->arena, text, len), clock_wall_ms()};
}

static void
ask(struct order *o)
{
	struct examination *x = o->ctx;
	struct health_node *n = &x->nodes[o->number];
	struct answer a = {.arena = &o->arena};
	struct err e;
	enum node_rc rc = node_open(o->node, &e);

	n->key_changed = o->node->key_changed;
	if (rc != NODE_OK) {
		n->error = arena_strdup(&o->arena, e.text);
		return;
	}
	n->reached = true;
	rc = node_call(o->node, x->request, take_fact, &a,
	    x->h->options->limit_ms + MARGIN_MS, &e);
	if (rc != NODE_OK)
		n->error = arena_strdup(&o->arena, e.text);
	else if (a.too_much)
		n->error = "the node answered with more than is believed";
	n->n_facts = a.n;
	n->facts = arena_alloc(&o->arena, a.n * sizeof(*a.facts));
	if (a.n > 0)
		memcpy(n->facts, a.facts, a.n * sizeof(*a.facts));
	free(a.facts);
}

static struct order *
make_ask(struct work *w, size_t node)
{
	struct examination *x = w->ctx;
	struct order *o;

	(void)node;
	/* Those that were not asked yet are not any more. */
	if (atomic_load(&w->cancel))
		return NULL;
	o = xcalloc(1, sizeof(*o));
	o->lock = ORDER_CALL;
	o->call = ask;
	o->ctx = x;
	return o;
}

static void
asked(void *ctx, struct order *o)
{
	struct examination *x = ctx;

	x->orders[o->number] = o;
}

/* The program, and the call of it, for a shell that has read session.sh. */
static const char *
make_request(struct health *h)
{
	struct buf b = BUF_INIT, text = BUF_INIT;
	const char *request;
	size_t n = 0;

	buf_addf(&text, "%s%scau_health %d ", node_holder_sh, node_health_sh,
	    (int)((h->options->limit_ms + 999) / 1000));
	text_shell_quote(&text, h->options->node_checks_dir);
	for (const char *const *p = probes; *p != NULL; p++) {
		if (!health_wants_probe(h, *p))
			continue;
		buf_addf(&text, " %s", *p);
		n++;
	}
	if (health_wants(h, HEALTH_MONITOR)) {
		buf_addstr(&text, " monitors");
		n++;
	}
	buf_addstr(&b, "eval ");
	text_shell_quote(&b, n == 0 ? ":" : text.data);
	request = arena_strdup(&h->arena, b.data);
	buf_release(&text);
	buf_release(&b);
	return request;
}

/* A run here that was cut short, and nodes that the last one left drained. */
static void
look_back(struct health *h, const char *state_dir)
{
	char id[RUN_ID_SIZE], *path, **runs;
	struct engine g;
	struct err e;

	if (state_current(state_dir, id) == 0 &&
	    state_is_driven(state_dir, id)) {
		h->own_run = arena_strdup(&h->arena, id);
		return;
	}
	if (state_left_over(state_dir, id) == 0) {
		health_add(h, "leftover-run", NULL, SEVERITY_CRITICAL,
		    "run %s was cut short and nobody works on it", id);
		return;
	}
	runs = state_runs(state_dir, false);
	if (runs != NULL && runs[0] != NULL &&
	    health_wants(h, "drained-node")) {
		path = state_journal(state_dir, runs[0]);
		engine_init(&g);
		if (journal_load(&g, path, NULL, &e) == 0)
			for (size_t i = 0; i < g.run.n_nodes; i++)
				if (g.nodes[i].suspended)
					health_add(h, "drained-node",
					    g.run.nodes[i].name,
					    SEVERITY_WARNING,
					    "run %s left it out of service",
					    runs[0]);
		engine_release(&g);
		free(path);
	}
	state_runs_free(runs);
}

static bool
is_complete(const struct health_node *n)
{
	for (size_t i = 0; i < n->n_facts; i++)
		if (strcmp(n->facts[i].key, "done") == 0 &&
		    strcmp(n->facts[i].text, "monitors") == 0)
			return true;
	return false;
}

static void
judge(struct examination *x)
{
	struct health *h = x->h;

	for (size_t i = 0; i < h->n_nodes; i++) {
		struct health_node *n = &x->nodes[i];

		health_judge_node(h, n);
		if ((n->reached || !health_wants(h, "reachable")) &&
		    health_wants(h, HEALTH_MONITOR) && !is_complete(n))
			health_add_finding(
			    h, &(struct finding){.id = HEALTH_MONITOR,
				   .node = n->name,
				   .severity = SEVERITY_CRITICAL,
				   .message = "no answer from all monitoring "
					      "plug-ins there",
				   .remedy = "see which one hangs",
				   .source = HEALTH_MONITOR,
				   .perfdata = ""});
	}
	health_judge_nodes(h, x->nodes, h->n_nodes);
}

/* A simulation for each is more than many clusters can wait for. */
#define DRAINS_MOST 32

static void
examine_drains(
    struct examination *x, struct pacemaker *p, const struct pacemaker_state *s)
{
	struct simulate sim;
	struct err e;

	if (!health_wants(x->h, "cluster-redundancy"))
		return;
	for (size_t i = 0; i < x->h->n_nodes && i < DRAINS_MOST; i++) {
		const char *name = x->nodes[i].name;
		const struct pcmk_node *n = pcmk_find_node(&s->pcmk, name);

		if (atomic_load(&x->w->cancel))
			return;
		if (n == NULL || pcmk_not_joined(n) != NULL ||
		    pcmk_out_of_service(n) != NULL)
			continue;
		if (pacemaker_simulate(p, &name, 1, &sim, &x->h->arena, &e) ==
		    -1) {
			health_add(x->h, "cluster-redundancy", name,
			    SEVERITY_WARNING,
			    "nobody knows what would be without it: %s",
			    e.text);
			return;
		}
		health_judge_drain(x->h, &sim, name);
	}
}

/* A member that has answered is asked first, about all of them. */
static void
examine_cluster(struct examination *x)
{
	struct pacemaker p;
	struct pacemaker_state s = {0};
	struct err e;

	pacemaker_open(&p, x->w->nodes, x->h->n_nodes);
	while (p.at + 1 < p.n_nodes && !x->nodes[p.at].reached)
		p.at++;
	if (!x->nodes[p.at].reached)
		p.at = 0;
	if (pacemaker_state(&p, NULL, false, &s, &x->h->arena, &e) == -1) {
		health_add(x->h, "cluster-nodes", NULL,
		    x->h->gate ? SEVERITY_WARNING : SEVERITY_CRITICAL,
		    "no answer about the cluster: %s", e.text);
	} else {
		health_judge_cluster(x->h, &s.pcmk, &s.quorum, PACEMAKER_OWNER);
		examine_drains(x, &p, &s);
	}
	pacemaker_close(&p);
}

static void *
look_out(void *arg)
{
	struct watch *x = arg;
	struct pollfd p[2] = {{x->stop_fd, POLLIN, 0}, {x->end_fd, POLLIN, 0}};

	while (poll(p, 2, -1) == -1 && errno == EINTR)
		continue;
	if (p[0].revents != 0)
		work_cancel(x->w);
	return NULL;
}

static void
watch_start(struct watch *x, struct work *w, int stop_fd)
{
	*x = (struct watch){.w = w, .stop_fd = stop_fd, .end_fd = -1};
	if (stop_fd == -1)
		return;
	x->end_fd = eventfd(0, EFD_CLOEXEC);
	if (x->end_fd != -1)
		x->threaded =
		    pthread_create(&x->thread, NULL, look_out, x) == 0;
}

static void
watch_end(struct watch *x)
{
	uint64_t one = 1;
	ssize_t n;

	if (x->threaded) {
		n = write(x->end_fd, &one, sizeof(one));
		(void)n; /* the counter cannot overflow */
		(void)pthread_join(x->thread, NULL);
	}
	if (x->end_fd != -1)
		(void)close(x->end_fd);
}

int
examine(struct health *h, struct work *w, const char *state_dir, int stop_fd,
    struct err *e)
{
	struct examination *x = arena_alloc(&h->arena, sizeof(*x));
	struct checks *checks;
	struct alerts *alerts;
	struct watch watch;
	int rc;

	x->h = h;
	x->w = w;
	h->now_ms = clock_wall_ms();
	h->n_nodes = w->run->n_nodes;
	h->cluster = strcmp(w->run->cluster_type, "pacemaker") == 0;
	look_back(h, state_dir);
	x->request = make_request(h);
	x->nodes = xcalloc(h->n_nodes, sizeof(*x->nodes));
	x->orders = xcalloc(h->n_nodes, sizeof(struct order *));
	for (size_t i = 0; i < h->n_nodes; i++) {
		x->nodes[i].name = w->run->nodes[i].name;
		x->nodes[i].error = "it was not asked";
	}
	watch_start(&watch, w, stop_fd);
	checks = checks_start(h, &w->cancel);
	alerts = alerts_start(h, &w->cancel);
	w->ctx = x;
	rc = work_each(w, make_ask, asked, x, e);
	if (rc == 0 && h->cluster && !atomic_load(&w->cancel))
		examine_cluster(x);
	checks_finish(checks, h);
	alerts_finish(alerts, h);
	watch_end(&watch);
	if (rc == 0 && atomic_load(&w->cancel))
		rc = err_set(e, CAU_CANCELED,
		    "interrupted during the health check; nothing was touched");
	if (rc == 0)
		judge(x);
	for (size_t i = 0; i < h->n_nodes; i++)
		if (x->orders[i] != NULL)
			order_free(x->orders[i]);
	free(x->orders);
	free(x->nodes);
	return rc;
}
