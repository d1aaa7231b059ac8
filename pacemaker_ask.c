/* SPDX-License-Identifier: ISC */
/* Asks the members of a Pacemaker cluster. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "names.h"
#include "pacemaker.h"
#include "text.h"

#define CALL_MS	   60000
#define SELF_MS	   10000
#define MAX_ANSWER (64U << 20)

/* Lines of an answer by their keys. */
struct answer {
	struct buf xml, quorum;
	char self[256], cluster[256], config[64];
	bool idle, ready, too_much;
};

static void
add_line(struct buf *b, const char *text, size_t len)
{
	buf_add(b, text, len);
	buf_addc(b, '\n');
}

static void
copy_line(char *to, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len < size)
		memcpy(to, text, len + 1);
}

static void
answer_line(void *ctx, const char *key, const char *text, size_t len)
{
	struct answer *w = ctx;

	if (w->xml.len + w->quorum.len + len > MAX_ANSWER)
		w->too_much = true;
	else if (strcmp(key, "xml") == 0)
		add_line(&w->xml, text, len);
	else if (strcmp(key, "quorum") == 0)
		add_line(&w->quorum, text, len);
	else if (strcmp(key, "self") == 0)
		copy_line(w->self, sizeof(w->self), text);
	else if (strcmp(key, "cluster") == 0)
		copy_line(w->cluster, sizeof(w->cluster), text);
	else if (strcmp(key, "config") == 0)
		copy_line(w->config, sizeof(w->config), text);
	w->idle |= strcmp(key, "idle") == 0;
	w->ready |= strcmp(key, "ready") == 0;
}

static void
answer_reset(struct answer *w)
{
	buf_reset(&w->xml);
	buf_reset(&w->quorum);
	w->self[0] = w->cluster[0] = w->config[0] = '\0';
	w->idle = w->ready = w->too_much = false;
}

static void
answer_release(struct answer *w)
{
	buf_release(&w->xml);
	buf_release(&w->quorum);
}

void
pacemaker_open(struct pacemaker *p, const struct node *nodes, size_t n)
{
	memset(p, 0, sizeof(*p));
	p->nodes = nodes;
	p->n_nodes = n;
	(void)pthread_mutex_init(&p->mutex, NULL);
}

static void
hang_up(struct pacemaker *p)
{
	if (p->connected)
		node_close(&p->asked);
	p->connected = false;
}

void
pacemaker_close(struct pacemaker *p)
{
	hang_up(p);
	(void)pthread_mutex_destroy(&p->mutex);
}

/* Reads the answer of one member; to what, NULL: it has no document. POOR: it
 * is one for want of a better one. */
typedef int
answer_fn(struct answer *w, void *to, struct arena *a, struct err *e);
#define POOR 1

static int
ask_one(struct pacemaker *p, size_t i, const char *request, struct answer *w,
    answer_fn *take, void *to, struct arena *a, struct err *e)
{
	int rc;

	if (!p->connected || p->at != i) {
		hang_up(p);
		node_clone(&p->asked, &p->nodes[i]);
		p->at = i;
		p->connected = true;
	}
	answer_reset(w);
	if (node_call(&p->asked, request, answer_line, w, CALL_MS, e) !=
	    NODE_OK) {
		hang_up(p);
		return err_wrap(e, "%s", p->nodes[i].name);
	}
	if (w->too_much)
		return err_set(e, CAU_FAILED,
		    "%s answered with more than is believed", p->nodes[i].name);
	if (take == NULL)
		return 0;
	rc = take(w, to, a, e);
	return rc == -1 ? err_wrap(e, "%s", p->nodes[i].name) : rc;
}

/* Asks until one answers. Of the errors, that of the first one is kept. */
static int
ask(struct pacemaker *p, const char *avoid, const char *request,
    struct answer *w, answer_fn *take, void *to, struct arena *a, struct err *e)
{
	size_t first, i, poor = SIZE_MAX;
	struct err other;
	bool failed = false;
	int rc = -1;

	(void)pthread_mutex_lock(&p->mutex);
	first = p->at;
	for (int last = 0; last < 2 && rc != 0; last++)
		for (size_t k = 0; k < p->n_nodes && rc != 0; k++) {
			i = (first + k) % p->n_nodes;
			if ((avoid != NULL && strcmp(p->nodes[i].name, avoid) ==
						  0) != (last == 1))
				continue;
			rc = ask_one(
			    p, i, request, w, take, to, a, failed ? &other : e);
			failed |= rc == -1;
			if (rc == POOR && poor == SIZE_MAX)
				poor = i;
		}
	/* The one that it was taken from may have been overwritten. */
	if (rc != 0 && poor != SIZE_MAX)
		rc = ask_one(p, poor, request, w, take, to, a, e);
	(void)pthread_mutex_unlock(&p->mutex);
	return rc != -1 ? 0 : err_wrap(e, "no member of the cluster can say");
}

static void
count_members(const struct pcmk *m, unsigned *online, unsigned *total)
{
	*online = *total = 0;
	for (size_t i = 0; i < m->n_nodes; i++)
		if (m->nodes[i].type == PCMK_MEMBER) {
			++*total;
			*online += m->nodes[i].online && !m->nodes[i].unclean;
		}
}

static int
take_state(struct answer *w, void *to, struct arena *a, struct err *e)
{
	struct pacemaker_state *s = to;
	unsigned online, total;
	struct err none;

	memset(s, 0, sizeof(*s));
	if (pcmk_parse(&s->pcmk, w->xml.data, w->xml.len, a, e) == -1)
		return -1;
	if (quorum_parse(&s->quorum, w->quorum.data, w->quorum.len, a, &none) ==
	    -1) {
		count_members(&s->pcmk, &online, &total);
		quorum_from_counts(&s->quorum, online, total, total == 2);
	}
	s->idle = w->idle;
	s->self = arena_strdup(a, w->self);
	s->cluster = arena_strdup(a, w->cluster);
	s->config = arena_strdup(a, w->config);
	/* Remote nodes know nothing of votes. */
	return s->pcmk.with_quorum && *s->pcmk.dc != '\0' && w->quorum.len > 0
		   ? 0
		   : POOR;
}

static int
ask_state(struct pacemaker *p, const char *avoid, const char *request,
    struct pacemaker_state *s, struct arena *a, struct err *e)
{
	struct answer w = {.xml = BUF_INIT, .quorum = BUF_INIT};
	int rc = ask(p, avoid, request, &w, take_state, s, a, e);

	answer_release(&w);
	return rc;
}

int
pacemaker_state(struct pacemaker *p, const char *avoid, bool idle,
    struct pacemaker_state *s, struct arena *a, struct err *e)
{
	return ask_state(
	    p, avoid, idle ? "cau_pcmk_state idle" : "cau_pcmk_state", s, a, e);
}

int
pacemaker_who(struct pacemaker *p, struct pacemaker_state *s, struct arena *a,
    struct err *e)
{
	return ask_state(p, NULL, "cau_pcmk_who", s, a, e);
}

int
pacemaker_is_itself(const struct node *node, struct err *e)
{
	struct answer w = {.xml = BUF_INIT, .quorum = BUF_INIT};
	struct buf self = BUF_INIT;
	enum node_rc rc;
	struct node n;

	node_clone(&n, node);
	rc = node_call(&n, "cau_pcmk_self", answer_line, &w, SELF_MS, e);
	node_close(&n);
	answer_release(&w);
	if (rc != NODE_OK || w.self[0] == '\0' ||
	    strcmp(w.self, node->name) == 0)
		return 0;
	text_printable(&self, w.self, strlen(w.self));
	(void)err_set(e, CAU_REFUSED,
	    "what answers at its address (%s) is %s: give the right one with "
	    "--nodes",
	    node->local ? "this machine" : node->address, self.data);
	buf_release(&self);
	return -1;
}

static void
add_word(struct buf *b, const char *word)
{
	buf_addc(b, ' ');
	text_shell_quote(b, word);
}

/* About a node, by way of another one if there is one. */
static int
ask_words(struct pacemaker *p, const char *function, const char *node,
    const char *run, struct answer *w, struct err *e)
{
	struct buf b = BUF_INIT;
	int rc;

	buf_addstr(&b, function);
	add_word(&b, node);
	add_word(&b, run);
	rc = ask(p, node, b.data, w, NULL, NULL, NULL, e);
	buf_release(&b);
	return rc;
}

int
pacemaker_standby(
    struct pacemaker *p, const char *node, const char *run, struct err *e)
{
	struct answer w = {.xml = BUF_INIT, .quorum = BUF_INIT};
	int rc = ask_words(p, "cau_pcmk_standby", node, run, &w, e);

	answer_release(&w);
	return rc;
}

int
pacemaker_ready(struct pacemaker *p, const char *node, const char *run,
    bool *ours, struct err *e)
{
	struct answer w = {.xml = BUF_INIT, .quorum = BUF_INIT};
	int rc = ask_words(p, "cau_pcmk_ready", node, run, &w, e);

	*ours = w.ready;
	answer_release(&w);
	return rc;
}

static int
take_simulation(struct answer *w, void *to, struct arena *a, struct err *e)
{
	return simulate_parse(to, w->xml.data, w->xml.len, a, e);
}

int
pacemaker_simulate(struct pacemaker *p, const char *const *names, size_t n,
    struct simulate *s, struct arena *a, struct err *e)
{
	struct answer w = {.xml = BUF_INIT, .quorum = BUF_INIT};
	struct buf b = BUF_INIT;
	int rc;

	buf_addstr(&b, "cau_pcmk_simulate");
	for (size_t i = 0; i < n; i++)
		add_word(&b, names[i]);
	rc = ask(p, NULL, b.data, &w, take_simulation, s, a, e);
	buf_release(&b);
	answer_release(&w);
	return rc;
}

bool
pacemaker_is_here(void)
{
	return access("/etc/corosync/corosync.conf", F_OK) == 0 &&
	       (access("/usr/sbin/crm_mon", X_OK) == 0 ||
		   access("/usr/bin/crm_mon", X_OK) == 0);
}

static const char *
address_of(const char *name, const char *self, const char *via,
    const struct run_node *known, size_t n_known)
{
	for (size_t i = 0; i < n_known; i++)
		if (text_casecmp(known[i].name, name) == 0)
			return known[i].address;
	if (strcmp(name, self) == 0)
		return via == NULL ? "local" : via;
	return name;
}

static int
check_known(const struct pacemaker_members *m, const struct run_node *known,
    size_t n_known, struct err *e)
{
	size_t k;

	for (size_t i = 0; i < n_known; i++) {
		for (k = 0; k < m->n; k++)
			if (text_casecmp(m->nodes[k].name, known[i].name) == 0)
				break;
		if (k == m->n)
			return err_set(e, CAU_USAGE,
			    "%s is no member of the cluster: all of its "
			    "members are updated, and a list of nodes can "
			    "only give their addresses",
			    known[i].name);
	}
	return 0;
}

static int
add_members(const struct pacemaker_state *s, const char *via,
    const struct run_node *known, size_t n_known, struct pacemaker_members *m,
    struct arena *a, struct err *e)
{
	const struct pcmk_node **order;
	size_t n = pcmk_node_order(&s->pcmk, &order, a);
	struct run_node *to, own = {0};
	const char *name;

	m->nodes = arena_alloc(a, (n + 1) * sizeof(*m->nodes));
	for (size_t i = 0; i < n; i++) {
		name = order[i]->name;
		to = &m->nodes[m->n++];
		to->name = name;
		to->address = address_of(name, s->self, via, known, n_known);
		to->local = strcmp(to->address, "local") == 0 ||
			    strncmp(to->address, "local:", 6) == 0;
		if (node_check_name(name, e) == -1 ||
		    node_check_address(to->address, e) == -1)
			return -1;
		if (to->local) {
			own = *to;
			m->n--;
		}
	}
	if (own.name != NULL)
		m->nodes[m->n++] = own;
	if (m->n == 0)
		return err_set(e, CAU_FAILED, "the cluster has no members");
	return check_known(m, known, n_known, e);
}

int
pacemaker_find(const struct transport *t, const char *via,
    const struct run_node *known, size_t n_known, struct pacemaker_members *m,
    struct arena *a, struct err *e)
{
	struct pacemaker_state s;
	struct pacemaker p;
	struct node n;
	int rc;

	memset(m, 0, sizeof(*m));
	node_init(&n, via == NULL ? "this machine" : via,
	    via == NULL ? "local" : via, t, a);
	pacemaker_open(&p, &n, 1);
	rc = pacemaker_who(&p, &s, a, e);
	pacemaker_close(&p);
	if (rc == -1)
		return -1;
	m->cluster = s.cluster;
	return add_members(&s, via, known, n_known, m, a, e);
}
