/* SPDX-License-Identifier: ISC */
/* The checks, which of them are wanted, and what they found. */
#include "health.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define DAY_MS INT64_C(86400000)

const struct health_check health_checks[] = {
    {"access", NEED_HERE, NULL, CHECK_NO_RUN,
	"others cannot change the scripts and the updates",
	"take the right to write away from others (chmod go-w, chown root)"},
    {"auto-updates", NEED_PROBE, "auto", CHECK_ALWAYS,
	"no node installs updates by itself",
	"switch that off, or let it download only"},
    {"clock", NEED_PROBE, "base", CHECK_ALWAYS, "the clocks of all nodes agree",
	"start chrony, ntpd or systemd-timesyncd there"},
    {"cluster-fencing", NEED_CLUSTER, NULL, CHECK_ALWAYS,
	"the cluster has fencing (STONITH) switched on",
	"pcs property set stonith-enabled=true, with a fencing device"},
    {"cluster-maintenance", NEED_CLUSTER, NULL, CHECK_ALWAYS,
	"neither the cluster nor a node is in maintenance mode",
	"pcs property set maintenance-mode=false"},
    {"cluster-nodes", NEED_CLUSTER, NULL, CHECK_ALWAYS,
	"all members are online, clean and not in standby",
	"crm_mon -1 shows them; start the cluster services there"},
    {"cluster-quorum", NEED_CLUSTER, NULL, CHECK_ALWAYS,
	"the cluster has quorum",
	"bring members back before any is taken away"},
    {"cluster-redundancy", NEED_CLUSTER, NULL, CHECK_NO_RUN,
	"no resource stops when a single node goes",
	"give it a second node that may run it"},
    {"cluster-resources", NEED_CLUSTER, NULL, CHECK_ALWAYS,
	"no resource has failed or is blocked",
	"mend it, then crm_resource --cleanup"},
    {"cluster-services", NEED_PROBE, "services", CHECK_ALWAYS,
	"corosync and pacemaker run and start by themselves",
	"systemctl enable --now corosync pacemaker"},
    {"disk-space", NEED_PROBE, "disk", CHECK_ALWAYS,
	"the file systems that updates use have room",
	"make room there: old kernels, package caches, logs"},
    {"drained-node", NEED_HERE, NULL, CHECK_ALWAYS,
	"no earlier run left a node out of service",
	"see cau report show; put it back into service if it still is out"},
    {"failed-units", NEED_PROBE, "units", CHECK_ALWAYS,
	"no systemd unit has failed",
	"systemctl status UNIT; then systemctl reset-failed"},
    {"host-key", NEED_CONTACT, NULL, CHECK_ALWAYS,
	"the ssh host key of each node is the known one",
	"find out why; if it is right: ssh-keygen -R ADDRESS, then log in "
	"once"},
    {"leftover-jobs", NEED_PROBE, "jobs", CHECK_ALWAYS,
	"no installer of an earlier run still runs or was cut short",
	"see what it did in the folder jobs of the node, then remove it there"},
    {"leftover-run", NEED_HERE, NULL, CHECK_NO_RUN,
	"no earlier run was cut short",
	"cau recover, or cau recover --abandon"},
    {"node-lock", NEED_PROBE, "jobs", CHECK_NO_RUN,
	"no other coordinator has the node locked",
	"wait for that run; if it is dead: cau recover on its coordinator"},
    {"package-database", NEED_PROBE, "packages", CHECK_PACKAGES,
	"the package database is consistent",
	"dpkg --configure -a and apt-get -f install, or rpm --rebuilddb"},
    {"package-lock", NEED_PROBE, "packages", CHECK_PACKAGES,
	"nobody else uses the package manager", "wait until it is done"},
    {"plugins", NEED_HERE, NULL, CHECK_NO_RUN,
	"plug-ins, their arguments, hotfix root folder and rules are valid",
	"mend what the message says; cau rules check FILE tells more"},
    {"privileges", NEED_PROBE, "base", CHECK_ALWAYS, "cau is root on the nodes",
	"log in as root, or use --sudo"},
    {"proxy", NEED_PROBE, "sources", CHECK_PACKAGES,
	"updates do not go through a proxy on the node itself",
	"leave it so if a proxy runs there"},
    {"reachable", NEED_CONTACT, NULL, CHECK_ALWAYS, "every node answers",
	"look at the node, its address and its sshd"},
    {"restart-pending", NEED_PROBE, "restart", CHECK_ALWAYS,
	"no node waits for a restart", "restart it before the run"},
    {"scripts", NEED_HERE, NULL, CHECK_NO_RUN,
	"the pre- and post-update scripts are there",
	"put it where the option says"},
    {"tools", NEED_PROBE, "base", CHECK_ALWAYS,
	"the nodes have the programs that cau needs",
	"install them: coreutils, findutils, grep, sed"},
    {"update-agent", NEED_PROBE, "base", CHECK_PACKAGES,
	"nodes that are to install packages have apt, dnf or zypper",
	"use Microsoft.HotfixPlugin for such a node"},
    {"update-sources", NEED_PROBE, "sources", CHECK_PACKAGES,
	"nodes with the same system have the same update sources",
	"compare /etc/apt, /etc/yum.repos.d or /etc/zypp/repos.d"},
    {"warn-after", NEED_HERE, NULL, CHECK_NO_RUN,
	"WarnAfter is before StopAfter",
	"give WarnAfter less time than StopAfter"},
    {NULL, NEED_HERE, NULL, CHECK_ALWAYS, NULL, NULL},
};

const struct health_check *
health_check_find(const char *id)
{
	for (const struct health_check *c = health_checks; c->id != NULL; c++)
		if (strcmp(c->id, id) == 0)
			return c;
	return NULL;
}

void
health_init(struct health *h, const struct health_options *options)
{
	memset(h, 0, sizeof(*h));
	h->options = options;
	h->own_run = "";
}

void
health_release(struct health *h)
{
	free(h->findings);
	arena_release(&h->arena);
}

/* "monitor" stands for "monitor/NAME" too. */
static bool
matches(const char *word, const char *id)
{
	size_t n = strlen(word);

	return strncmp(word, id, n) == 0 && (id[n] == '\0' || id[n] == '/');
}

static bool
among(const char *const *words, const char *id)
{
	for (; words != NULL && *words != NULL; words++)
		if (matches(*words, id) || matches(id, *words))
			return true;
	return false;
}

bool
health_wants(const struct health *h, const char *id)
{
	const struct health_options *o = h->options;
	const struct health_check *c = health_check_find(id);

	if (!h->cluster && strncmp(id, "cluster-", 8) == 0)
		return false;
	if (c != NULL && h->gate &&
	    (c->when == CHECK_NO_RUN ||
		(c->when == CHECK_PACKAGES && !h->packages)))
		return false;
	/* Without an answer nothing else could be told. */
	if (o->only != NULL && !among(o->only, id) &&
	    strcmp(id, "reachable") != 0)
		return false;
	/* "monitor" as a whole is wanted while one of them may be. */
	for (const char *const *w = o->skip; w != NULL && *w != NULL; w++)
		if (matches(*w, id))
			return false;
	return true;
}

bool
health_wants_probe(const struct health *h, const char *probe)
{
	for (const struct health_check *c = health_checks; c->id != NULL; c++)
		if (c->need == NEED_PROBE && strcmp(c->probe, probe) == 0 &&
		    health_wants(h, c->id))
			return true;
	return false;
}

static const char *
printable(struct health *h, const char *s)
{
	struct buf b = BUF_INIT;
	const char *copy;

	text_printable(&b, s, strlen(s));
	copy = arena_strdup(&h->arena, b.data);
	buf_release(&b);
	return copy;
}

void
health_add_finding(struct health *h, const struct finding *f)
{
	struct finding *to;

	if (!health_wants(h, f->id))
		return;
	h->findings = xgrow(h->findings, h->n, &h->cap, sizeof(*h->findings));
	to = &h->findings[h->n++];
	*to = *f;
	to->id = printable(h, f->id);
	to->node = f->node == NULL ? NULL : printable(h, f->node);
	to->message = printable(h, f->message);
	to->remedy = printable(h, f->remedy);
	to->perfdata = printable(h, f->perfdata);
	to->acknowledged = to->until = "";
}

void
health_add(struct health *h, const char *id, const char *node,
    enum severity severity, const char *fmt, ...)
{
	const struct health_check *c = health_check_find(id);
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	health_add_finding(h, &(struct finding){.id = id,
				  .node = node,
				  .severity = severity,
				  .message = text,
				  .remedy = c == NULL ? "" : c->remedy,
				  .source = "cau",
				  .perfdata = ""});
}

static void
acknowledge(struct health *h, struct finding *f)
{
	const struct acknowledgement *k;

	if (f->severity == SEVERITY_OK)
		return;
	for (size_t i = 0; i < h->options->n_acks; i++) {
		k = &h->options->acks[i];
		if (!matches(k->id, f->id) ||
		    (k->node != NULL &&
			(f->node == NULL ||
			    text_casecmp(k->node, f->node) != 0)))
			continue;
		if (h->now_ms < k->until_ms) {
			f->acknowledged = k->reason;
			f->until = k->until;
			return;
		}
		f->message = arena_printf(&h->arena,
		    "%s (acknowledged until %s only: %s)", f->message, k->until,
		    k->reason);
	}
}

/* Critical, warnings, what was acknowledged, and what is well. */
static int
rank(const struct finding *f)
{
	if (f->severity == SEVERITY_OK)
		return 3;
	if (*f->until != '\0')
		return 2;
	return f->severity == SEVERITY_CRITICAL ? 0 : 1;
}

static int
by_severity(const void *x, const void *y)
{
	const struct finding *a = x, *b = y;
	int rc = rank(a) - rank(b);

	if (rc == 0)
		rc = strcmp(a->node == NULL ? "" : a->node,
		    b->node == NULL ? "" : b->node);
	if (rc == 0)
		rc = strcmp(a->id, b->id);
	return rc != 0 ? rc : strcmp(a->message, b->message);
}

void
health_finish(struct health *h)
{
	for (size_t i = 0; i < h->n; i++)
		acknowledge(h, &h->findings[i]);
	/* Nothing found is not the same as nobody looked. */
	h->findings = xgrow(h->findings, h->n, &h->cap, sizeof(*h->findings));
	if (h->n > 0)
		qsort(h->findings, h->n, sizeof(*h->findings), by_severity);
}

struct health_counts
health_count(const struct finding *f, size_t n)
{
	struct health_counts c = {0};

	for (size_t i = 0; i < n; i++) {
		if (*f[i].until != '\0')
			c.acknowledged++;
		else if (f[i].severity == SEVERITY_CRITICAL)
			c.critical++;
		else if (f[i].severity == SEVERITY_WARNING)
			c.warnings++;
	}
	return c;
}

static int
check_id(const char *id, struct err *e)
{
	const char *names[64], *near;
	size_t n = 0;

	if (matches(HEALTH_MONITOR, id) || matches(HEALTH_ALERT, id) ||
	    health_check_find(id) != NULL)
		return 0;
	for (const struct health_check *c = health_checks; c->id != NULL; c++)
		names[n++] = c->id;
	names[n++] = HEALTH_MONITOR;
	names[n++] = HEALTH_ALERT;
	names[n] = NULL;
	near = text_nearest(id, names);
	return err_set(e, CAU_USAGE, "there is no check '%.60s'%s%s%s", id,
	    near == NULL ? "" : " (did you mean ", near == NULL ? "" : near,
	    near == NULL ? "" : "?)");
}

int
acknowledgement_parse(
    struct acknowledgement *k, const char *text, struct arena *a, struct err *e)
{
	size_t id = strcspn(text, " \t"), gap = strspn(text + id, " \t"), date;
	const char *p = text + id + gap;
	char *name = arena_strndup(a, text, id), *at = strchr(name, '@');
	int64_t start;

	date = strcspn(p, " \t");
	*k = (struct acknowledgement){.id = name};
	if (at != NULL) {
		*at = '\0';
		k->node = at + 1;
	}
	if (check_id(name, e) == -1)
		return -1;
	if (at != NULL && *k->node == '\0')
		return err_set(
		    e, CAU_USAGE, "there is no node behind '%s@'", name);
	k->until = arena_strndup(a, p, date);
	k->reason = p + date + strspn(p + date, " \t");
	if (text_parse_time(
		arena_printf(a, "%sT00:00:00.000Z", k->until), &start) == -1)
		return err_set(e, CAU_USAGE,
		    "'%.40s' is no date: CHECK[@NODE] YYYY-MM-DD REASON is "
		    "expected",
		    k->until);
	k->until_ms = start + DAY_MS;
	if (*k->reason == '\0')
		return err_set(e, CAU_USAGE,
		    "a reason is needed: CHECK[@NODE] YYYY-MM-DD REASON");
	k->reason = arena_strdup(a, k->reason);
	return 0;
}

const char *const *
health_parse_ids(const char *list, struct arena *a, struct err *e)
{
	const char **ids = arena_alloc(a, (strlen(list) + 2) * sizeof(*ids));
	size_t n = 0, len;

	for (const char *p = list; *p != '\0'; p += len) {
		len = strcspn(p, ", \t");
		if (len == 0) {
			len = 1;
			continue;
		}
		ids[n] = arena_strndup(a, p, len);
		if (check_id(ids[n++], e) == -1)
			return NULL;
	}
	if (n == 0) {
		(void)err_set(e, CAU_USAGE, "a check is expected");
		return NULL;
	}
	return ids;
}
