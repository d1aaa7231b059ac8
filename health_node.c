/* SPDX-License-Identifier: ISC */
/* From the facts of nodes to what is wrong with them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "health.h"
#include "text.h"

/* More is a matter of minutes for what compares times: apt refuses lists that
 * are dated in the future. */
#define CLOCK_WARNING_MS  5000
#define CLOCK_CRITICAL_MS 300000
/* A small file system is not full for being small. */
#define WARNING_PERCENT	 10
#define CRITICAL_PERCENT 1
/* Names in one message. */
#define NAMES_MOST 5

static const char *
fact(const struct health_node *n, const char *key)
{
	for (size_t i = 0; i < n->n_facts; i++)
		if (strcmp(n->facts[i].key, key) == 0)
			return n->facts[i].text;
	return NULL;
}

static bool
has_done(const struct health_node *n, const char *probe)
{
	for (size_t i = 0; i < n->n_facts; i++)
		if (strcmp(n->facts[i].key, "done") == 0 &&
		    strcmp(n->facts[i].text, probe) == 0)
			return true;
	return false;
}

/* The texts of all facts of that key, "a, b, c and 4 more"; how many. With a
 * prefix only those that begin with it, without it. */
static size_t
join(struct buf *b, const struct health_node *n, const char *key,
    const char *prefix)
{
	size_t count = 0, len = strlen(prefix);

	for (size_t i = 0; i < n->n_facts; i++) {
		if (strcmp(n->facts[i].key, key) != 0 ||
		    strncmp(n->facts[i].text, prefix, len) != 0)
			continue;
		if (count++ < NAMES_MOST)
			buf_addf(b, "%s%.100s", b->len == 0 ? "" : ", ",
			    n->facts[i].text + len);
	}
	if (count > NAMES_MOST)
		buf_addf(b, " and %zu more", count - NAMES_MOST);
	return count;
}

static void
judge_contact(struct health *h, const struct health_node *n)
{
	if (n->key_changed)
		health_add(h, "host-key", n->name, SEVERITY_CRITICAL,
		    "its ssh host key has changed: another machine may pose "
		    "as this node");
	if (!n->reached)
		health_add(
		    h, "reachable", n->name, SEVERITY_CRITICAL, "%s", n->error);
}

/* "PROBE PROGRAM": what kept a probe from its end, or NULL. */
static const char *
find_program(const struct health_node *n, const char *key, const char *probe)
{
	size_t len = strlen(probe);

	for (size_t i = 0; i < n->n_facts; i++)
		if (strcmp(n->facts[i].key, key) == 0 &&
		    strncmp(n->facts[i].text, probe, len) == 0 &&
		    n->facts[i].text[len] == ' ')
			return n->facts[i].text + len + 1;
	return NULL;
}

/* No answer is no good answer. */
static void
judge_probes(struct health *h, const struct health_node *n)
{
	const struct health_check *c;
	const char *done[32], *slow, *failed;
	size_t n_done = 0, k;

	for (size_t i = 0; i < n->n_facts && n_done < 32; i++)
		if (strcmp(n->facts[i].key, "done") == 0)
			done[n_done++] = n->facts[i].text;
	for (c = health_checks; c->id != NULL; c++) {
		if (c->need != NEED_PROBE || !health_wants(h, c->id))
			continue;
		for (k = 0; k < n_done && strcmp(done[k], c->probe) != 0; k++)
			continue;
		if (k < n_done)
			continue;
		slow = find_program(n, "slow", c->probe);
		failed = find_program(n, "failed", c->probe);
		if (slow != NULL)
			health_add(h, c->id, n->name, SEVERITY_CRITICAL,
			    "no answer: %.60s did not end within %d s", slow,
			    (int)(h->options->limit_ms / 1000));
		else if (failed != NULL)
			health_add(h, c->id, n->name, SEVERITY_CRITICAL,
			    "no answer: %.60s failed", failed);
		else
			health_add(h, c->id, n->name, SEVERITY_CRITICAL,
			    "no answer: %s",
			    n->error == NULL ? "the check was cut short"
					     : n->error);
	}
}

static void
judge_base(struct health *h, const struct health_node *n)
{
	const char *uid = fact(n, "uid");
	struct buf b = BUF_INIT;

	if (uid != NULL && strcmp(uid, "0") != 0)
		health_add(h, "privileges", n->name,
		    h->packages ? SEVERITY_CRITICAL : SEVERITY_WARNING,
		    "the login there has user id %.20s, not 0", uid);
	if (join(&b, n, "missing", "") > 0)
		health_add(h, "tools", n->name, SEVERITY_CRITICAL,
		    "not found: %s", b.data);
	buf_release(&b);
	if (uid != NULL && h->packages && fact(n, "agent") == NULL)
		health_add(h, "update-agent", n->name, SEVERITY_CRITICAL,
		    "neither apt-get nor dnf nor zypper is there");
}

/* A line of df -P: size and what is available, and where it is mounted. The
 * name of the device comes first and may hold anything. */
static bool
parse_df(const char *line, uint64_t *size, uint64_t *avail, const char **mount)
{
	const char *end = strstr(line, "% /"), *p;
	uint64_t used;

	if (end == NULL)
		return false;
	*mount = end + 2;
	/* Back over the capacity, then over three numbers. */
	p = end;
	for (int fields = 0; p > line && fields < 4; p--)
		if (p[-1] == ' ' && p[0] != ' ' && ++fields == 4)
			break;
	return sscanf(p, "%" SCNu64 " %" SCNu64 " %" SCNu64, size, &used,
		   avail) == 3;
}

static uint64_t
at_most_part(uint64_t limit, uint64_t size, unsigned percent)
{
	uint64_t part = size / 100 * percent;

	return limit < part ? limit : part;
}

/* False when the line says nothing of a file system. */
static bool
judge_room(struct health *h, const struct health_node *n, const char *line)
{
	uint64_t size, avail, limit = h->options->min_free_kb;
	char left[TEXT_SMALL_SIZE];
	const char *mount;

	if (!parse_df(line, &size, &avail, &mount))
		return false;
	if (size == 0 || avail >= at_most_part(limit, size, WARNING_PERCENT))
		return true;
	text_size(left, avail * 1024);
	health_add(h, "disk-space", n->name,
	    avail < at_most_part(limit / 10, size, CRITICAL_PERCENT) ||
		    avail == 0
		? SEVERITY_CRITICAL
		: SEVERITY_WARNING,
	    "%.200s has %s left", mount, left);
	return true;
}

static void
judge_inodes(struct health *h, const struct health_node *n, const char *line)
{
	uint64_t size, avail;
	const char *mount;

	/* Some file systems have no such limit: 0. */
	if (!parse_df(line, &size, &avail, &mount) || size == 0 ||
	    avail > size / 100)
		return;
	health_add(h, "disk-space", n->name,
	    avail < 100 ? SEVERITY_CRITICAL : SEVERITY_WARNING,
	    "%.200s has room for %" PRIu64 " more files only", mount, avail);
}

/* Both are asked for several folders: each file system counts once. */
static void
judge_disk(struct health *h, const struct health_node *n)
{
	const struct health_fact *f;
	bool told = false;

	for (size_t i = 0; i < n->n_facts; i++) {
		size_t k;

		f = &n->facts[i];
		for (k = 0; k < i; k++)
			if (strcmp(n->facts[k].key, f->key) == 0 &&
			    strcmp(n->facts[k].text, f->text) == 0)
				break;
		if (k < i)
			continue;
		if (strcmp(f->key, "fs") == 0)
			told |= judge_room(h, n, f->text);
		else if (strcmp(f->key, "inodes") == 0)
			judge_inodes(h, n, f->text);
	}
	if (!told && has_done(n, "disk"))
		health_add(h, "disk-space", n->name, SEVERITY_CRITICAL,
		    "no answer: df told nothing of use");
}

static void
judge_packages(struct health *h, const struct health_node *n)
{
	const char *text = fact(n, "database"), *words;

	if (text != NULL) {
		words = text + strcspn(text, " ");
		words += *words == ' ';
		health_add(h, "package-database", n->name,
		    h->packages ? SEVERITY_CRITICAL : SEVERITY_WARNING,
		    "the package database is not in order: %.300s",
		    *words == '\0' ? text : words);
	}
	text = fact(n, "unfinished");
	if (text != NULL)
		health_add(h, "package-database", n->name, SEVERITY_WARNING,
		    "dpkg was interrupted before it had configured %.300s",
		    text);
	text = fact(n, "lock");
	if (text != NULL)
		health_add(h, "package-lock", n->name, SEVERITY_WARNING,
		    "the package manager is in use: process %.200s", text);
}

/* What restarts by itself takes nodes away in the middle of their work. */
static void
judge_auto(struct health *h, const struct health_node *n)
{
	struct buf b = BUF_INIT;

	if (join(&b, n, "auto", "restart ") > 0)
		health_add(h, "auto-updates", n->name, SEVERITY_CRITICAL,
		    "%s installs updates and restarts the node by itself",
		    b.data);
	buf_reset(&b);
	if (join(&b, n, "auto", "install ") > 0)
		health_add(h, "auto-updates", n->name, SEVERITY_WARNING,
		    "%s installs updates by itself", b.data);
	buf_release(&b);
}

static void
judge_state(struct health *h, const struct health_node *n)
{
	const char *text = fact(n, "restart");
	struct buf b = BUF_INIT;
	size_t count;

	if (text != NULL)
		health_add(h, "restart-pending", n->name, SEVERITY_WARNING,
		    "it waits for a restart: %.300s", text);
	count = join(&b, n, "unit", "");
	if (count > 0)
		health_add(h, "failed-units", n->name, SEVERITY_WARNING,
		    "%zu unit%s failed: %s", count, count == 1 ? "" : "s",
		    b.data);
	buf_release(&b);
}

/* Whether a job or a lock belongs to the run in progress here: its id begins
 * with that of the run. */
static bool
is_own(const struct health *h, const char *text)
{
	size_t len = strlen(h->own_run);

	return len > 0 && strncmp(text, h->own_run, len) == 0;
}

static void
judge_jobs(struct health *h, const struct health_node *n)
{
	const char *held = fact(n, "held"), *text;
	size_t cut = 0;

	for (size_t i = 0; i < n->n_facts; i++) {
		text = n->facts[i].text;
		if (strcmp(n->facts[i].key, "job") != 0)
			continue;
		/* A run is refused the lock of the node, then. */
		if (strncmp(text, "alive ", 6) == 0 && !is_own(h, text + 6) &&
		    !h->gate)
			health_add(h, "leftover-jobs", n->name,
			    SEVERITY_CRITICAL,
			    "an installer of another run still runs: job "
			    "%.80s",
			    text + 6);
		cut += strncmp(text, "cut ", 4) == 0 && !is_own(h, text + 4);
	}
	if (cut > 0)
		health_add(h, "leftover-jobs", n->name, SEVERITY_WARNING,
		    "%zu installer%s of earlier runs never came to an end "
		    "that is known",
		    cut, cut == 1 ? "" : "s");
	if (held == NULL || strlen(held) < 4 || is_own(h, held + 4))
		return;
	health_add(h, "node-lock", n->name,
	    strncmp(held, "old", 3) == 0 ? SEVERITY_WARNING : SEVERITY_CRITICAL,
	    "%s locked by run %.200s",
	    strncmp(held, "old", 3) == 0 ? "for more than an hour it was"
					 : "it is",
	    held + 4);
}

static void
judge_sources(struct health *h, const struct health_node *n)
{
	struct buf b = BUF_INIT;

	if (join(&b, n, "proxy", "") > 0)
		health_add(h, "proxy", n->name, SEVERITY_WARNING,
		    "updates go through a proxy on the node itself: %s",
		    b.data);
	buf_release(&b);
}

static void
judge_services(struct health *h, const struct health_node *n)
{
	char name[64], start[16], state[16];

	for (size_t i = 0; i < n->n_facts; i++) {
		if (strcmp(n->facts[i].key, "service") != 0 ||
		    sscanf(n->facts[i].text, "%63s %15s %15s", name, start,
			state) != 3)
			continue;
		if (strcmp(state, "active") != 0)
			health_add(h, "cluster-services", n->name,
			    SEVERITY_CRITICAL, "%s does not run", name);
		else if (strcmp(start, "enabled") != 0)
			health_add(h, "cluster-services", n->name,
			    SEVERITY_WARNING,
			    "%s would not start by itself after a restart",
			    name);
	}
}

/* "NAME STATUS OUTPUT" */
static void
judge_monitors(struct health *h, const struct health_node *n)
{
	char id[300];
	const char *text, *p, *out;
	struct err e;
	uint64_t code;

	for (size_t i = 0; i < n->n_facts; i++) {
		text = n->facts[i].text;
		if (strcmp(n->facts[i].key, "unsafe") == 0 ||
		    strcmp(n->facts[i].key, "badname") == 0) {
			(void)snprintf(
			    id, sizeof(id), HEALTH_MONITOR "/%.200s", text);
			health_add_finding(h,
			    &(struct finding){.id = id,
				.node = n->name,
				.severity = SEVERITY_CRITICAL,
				.message =
				    *n->facts[i].key == 'u'
					? "not run: others could change it"
					: "not run: a name of letters, digits "
					  "and ._+- is expected",
				.remedy = "chown root and chmod go-w, or take "
					  "it away",
				.source = HEALTH_MONITOR,
				.perfdata = ""});
			continue;
		}
		p = text + strcspn(text, " ");
		if (strcmp(n->facts[i].key, "monitor") != 0 || *p != ' ')
			continue;
		out = p + 1 + strcspn(p + 1, " ");
		(void)snprintf(id, sizeof(id), "%.*s", (int)(p - text), text);
		if (text_u64(
			arena_strndup(&h->arena, p + 1, (size_t)(out - p - 1)),
			0, 255, &code, &e) == -1)
			code = 3;
		/* timeout(1) ended it, or that of busybox. */
		health_add_monitor(h, id, n->name,
		    code == 124 || code == 143 ? MONITOR_TIMEOUT
		    : code > 128	       ? MONITOR_DIED
					       : MONITOR_EXITED,
		    (int)(code > 128 ? code - 128 : code),
		    *out == ' ' ? out + 1 : out);
	}
}

void
health_judge_node(struct health *h, const struct health_node *n)
{
	judge_contact(h, n);
	/* Once is enough; but who wants to know nothing of that hears of it
	 * from every check. */
	if (!n->reached && health_wants(h, "reachable"))
		return;
	judge_probes(h, n);
	if (!n->reached)
		return;
	judge_base(h, n);
	judge_disk(h, n);
	judge_packages(h, n);
	judge_auto(h, n);
	judge_state(h, n);
	judge_jobs(h, n);
	judge_sources(h, n);
	judge_services(h, n);
	judge_monitors(h, n);
}

struct offset {
	const char *name; /* NULL: the coordinator */
	int64_t ms;
};

static int
by_ms(const void *x, const void *y)
{
	const struct offset *a = x, *b = y;

	return a->ms < b->ms ? -1 : a->ms > b->ms;
}

/* Those that are far from the middle of all clocks, ours among them. */
static void
judge_clocks(struct health *h, const struct health_node *nodes, size_t n)
{
	struct offset *o = xcalloc(n + 1, sizeof(*o));
	char span[TEXT_SMALL_SIZE];
	size_t count = 1;
	uint64_t s;
	struct err e;
	int64_t off;

	for (size_t i = 0; i < n; i++) {
		size_t before = count;

		for (size_t k = 0; k < nodes[i].n_facts; k++) {
			const struct health_fact *f = &nodes[i].facts[k];

			if (strcmp(f->key, "time") != 0 ||
			    text_u64(f->text, 0, UINT32_MAX, &s, &e) == -1)
				continue;
			o[count].name = nodes[i].name;
			/* Whole seconds: half a second is gone on average. */
			o[count++].ms = (int64_t)s * 1000 + 500 - f->at_ms;
			break;
		}
		if (count == before && has_done(&nodes[i], "base"))
			health_add(h, "clock", nodes[i].name, SEVERITY_CRITICAL,
			    "no answer: date told no time");
	}
	qsort(o, count, sizeof(*o), by_ms);
	/* Of two that disagree, the node is named: ours is in the middle. */
	off = count == 2 ? 0 : o[count / 2].ms;
	for (size_t i = 0; i < count; i++) {
		int64_t d = o[i].ms - off, abs = d < 0 ? -d : d;

		if (abs < CLOCK_WARNING_MS)
			continue;
		/* Not better than to the second. */
		text_span(span, (abs + 500) / 1000 * 1000);
		health_add(h, "clock", o[i].name,
		    abs < CLOCK_CRITICAL_MS ? SEVERITY_WARNING
					    : SEVERITY_CRITICAL,
		    "%s clock is %s %s",
		    o[i].name == NULL ? "the coordinator's" : "its", span,
		    d < 0 ? "behind the others" : "ahead of the others");
	}
	free(o);
}

static bool
is_same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/*
 * Nodes with the same system and the same sources are a group, known by its
 * first node. The largest group of a system, and the first of such, is taken
 * for right.
 */
static void
judge_same_sources(struct health *h, const struct health_node *nodes, size_t n)
{
	struct group {
		const char *os, *sum;
		size_t first, size;
	} *g = xcalloc(n, sizeof(*g));
	size_t k, best;

	for (size_t i = 0; i < n; i++) {
		g[i].os = fact(&nodes[i], "os");
		g[i].sum = fact(&nodes[i], "sources");
		if (g[i].os == NULL || g[i].sum == NULL)
			continue;
		for (k = 0; k < i; k++)
			if (is_same(g[k].os, g[i].os) &&
			    is_same(g[k].sum, g[i].sum))
				break;
		g[i].first = k;
		g[k].size++;
	}
	for (size_t i = 0; i < n; i++) {
		if (g[i].os == NULL || g[i].sum == NULL)
			continue;
		best = g[i].first;
		for (k = 0; k < n; k++)
			if (is_same(g[k].os, g[i].os) &&
			    (g[k].size > g[best].size ||
				(k < best && g[k].size == g[best].size)))
				best = k;
		if (best != g[i].first)
			health_add(h, "update-sources", nodes[i].name,
			    SEVERITY_WARNING,
			    "its update sources are others than those of %s",
			    nodes[best].name);
	}
	free(g);
}

void
health_judge_nodes(struct health *h, const struct health_node *nodes, size_t n)
{
	judge_clocks(h, nodes, n);
	judge_same_sources(h, nodes, n);
}

void
health_add_monitor(struct health *h, const char *name, const char *node,
    enum monitor_how how, int code, const char *output)
{
	static const enum severity severities[] = {
	    SEVERITY_OK, SEVERITY_WARNING, SEVERITY_CRITICAL};
	char id[300], why[64] = "";
	size_t line = strcspn(output, "\n\001"), text = strcspn(output, "|");
	struct buf message = BUF_INIT, perf = BUF_INIT;
	const char *rest;

	(void)snprintf(id, sizeof(id), HEALTH_MONITOR "/%.250s", name);
	if (how == MONITOR_TIMEOUT)
		(void)snprintf(why, sizeof(why), "no answer within %d s",
		    (int)(h->options->limit_ms / 1000));
	else if (how == MONITOR_DIED)
		(void)snprintf(why, sizeof(why), "killed by signal %d", code);
	else if (code < 0 || code > 2)
		(void)snprintf(
		    why, sizeof(why), "unknown, exit status %d", code);
	if (text >= line)
		text = line;
	else
		buf_add(&perf, output + text + 1, line - text - 1);
	/* More of it may stand behind a bar in the lines that follow. */
	rest = strchr(output + line, '|');
	if (rest != NULL)
		for (buf_addc(&perf, ' '), rest++; *rest != '\0'; rest++)
			buf_addc(&perf,
			    *rest == '\n' || *rest == '\001' ? ' ' : *rest);
	buf_addf(&message, "%s%s", why, *why != '\0' && text > 0 ? ": " : "");
	buf_add(&message, output, text < 500 ? text : 500);
	if (message.len == 0)
		buf_addstr(&message, "(it said nothing)");
	while (perf.len > 0 && perf.data[perf.len - 1] == ' ')
		buf_setlen(&perf, perf.len - 1);
	health_add_finding(h,
	    &(struct finding){.id = id,
		.node = node,
		.severity = *why != '\0' ? SEVERITY_CRITICAL : severities[code],
		.message = message.data,
		.remedy = "",
		.source = HEALTH_MONITOR,
		.perfdata = perf.data + strspn(perf.data, " ")});
	buf_release(&message);
	buf_release(&perf);
}
