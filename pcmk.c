/* SPDX-License-Identifier: ISC */
/* What Pacemaker says of its cluster. */
#include "pcmk.h"

#include <stdlib.h>
#include <string.h>

#include "pcmk_xml.h"

/* Pacemaker itself ends far below. */
#define MAX_NODES     4096
#define MAX_RESOURCES 10000

struct reader {
	struct pcmk *p;
	struct arena *a;
	struct err *e;
	size_t cap_nodes, cap_resources, cap_failures, cap_bans;
};

/* Where a resource stands in the tree. */
struct place {
	const char *path;
	const char *group;
	const char *clone;
	const char *bundle;
	const char *replica;
	bool promotable;
};

static enum pcmk_node_type
node_type(const char *type, const char *container)
{
	if (strcmp(type, "member") == 0 || *type == '\0')
		return PCMK_MEMBER;
	if (strcmp(type, "remote") == 0)
		return *container == '\0' ? PCMK_REMOTE : PCMK_GUEST;
	return PCMK_OTHER;
}

static int
take_node(struct reader *r, const xmlNode *x)
{
	struct pcmk *p = r->p;
	struct pcmk_node n = {.attrs = NULL};
	const struct pcmk_flag flags[] = {{"online", &n.online},
	    {"standby", &n.standby}, {"standby_onfail", &n.standby_onfail},
	    {"maintenance", &n.maintenance}, {"pending", &n.pending},
	    {"unclean", &n.unclean}, {"shutdown", &n.shutdown},
	    {"expected_up", &n.expected_up}, {"is_dc", &n.is_dc}, {NULL, NULL}};
	int running = pcmk_number(x, "resources_running", r->a);

	if (pcmk_take_name(x, "name", &n.name, r->a, r->e) == -1)
		return -1;
	if (pcmk_find(x, "online", r->a) == NULL)
		return err_set(r->e, CAU_FAILED,
		    "line %d: node %s is neither said to be online nor not",
		    xml_line(x), pcmk_shown(r->a, n.name));
	if (p->n_nodes == MAX_NODES)
		return err_set(
		    r->e, CAU_FAILED, "more than %d nodes", MAX_NODES);
	if (pcmk_find_node(p, n.name) != NULL)
		return err_set(r->e, CAU_FAILED,
		    "line %d: there are two nodes of the name %s", xml_line(x),
		    pcmk_shown(r->a, n.name));
	if (pcmk_take_flags(x, flags, r->a, r->e) == -1)
		return -1;
	n.id = pcmk_text(x, "id", r->a);
	n.container = pcmk_text(x, "id_as_resource", r->a);
	if (*n.container == '\0')
		n.container = pcmk_text(x, "container_id", r->a);
	n.type = node_type(pcmk_text(x, "type", r->a), n.container);
	n.health = pcmk_text(x, "health", r->a);
	n.feature_set = pcmk_text(x, "feature_set", r->a);
	n.resources_running = running < 0 ? 0 : (size_t)running;
	p->nodes =
	    xgrow(p->nodes, p->n_nodes, &r->cap_nodes, sizeof(*p->nodes));
	p->nodes[p->n_nodes++] = n;
	return 0;
}

static void
take_running(struct reader *r, const xmlNode *x, struct pcmk_resource *out)
{
	const xmlNode *n;
	size_t max = 0;

	PCMK_EACH(n, x, "node")
	max++;
	out->nodes = arena_alloc(r->a, (max + 1) * sizeof(*out->nodes));
	PCMK_EACH(n, x, "node")
	if (*pcmk_text(n, "name", r->a) != '\0')
		out->nodes[out->n_nodes++] = pcmk_text(n, "name", r->a);
}

static int
take_resource(struct reader *r, const xmlNode *x, const struct place *at)
{
	struct pcmk *p = r->p;
	struct pcmk_resource out = {.managed = true,
	    .path = at->path,
	    .group = at->group,
	    .clone = at->clone,
	    .bundle = at->bundle,
	    .replica = at->replica,
	    .promotable = at->promotable};
	const struct pcmk_flag flags[] = {{"active", &out.active},
	    {"removed", &out.orphaned}, {"orphaned", &out.orphaned},
	    {"blocked", &out.blocked}, {"managed", &out.managed},
	    {"maintenance", &out.maintenance}, {"failed", &out.failed},
	    {"failure_ignored", &out.failure_ignored}, {NULL, NULL}};

	if (pcmk_take_name(x, "id", &out.id, r->a, r->e) == -1 ||
	    pcmk_take_name(x, "role", &out.role, r->a, r->e) == -1 ||
	    pcmk_take_flags(x, flags, r->a, r->e) == -1)
		return -1;
	out.agent = pcmk_text(x, "resource_agent", r->a);
	out.target_role = pcmk_text(x, "target_role", r->a);
	out.pending = pcmk_text(x, "pending", r->a);
	take_running(r, x, &out);
	if (p->n_resources == MAX_RESOURCES)
		return err_set(
		    r->e, CAU_FAILED, "more than %d resources", MAX_RESOURCES);
	p->resources = xgrow(p->resources, p->n_resources, &r->cap_resources,
	    sizeof(*p->resources));
	p->resources[p->n_resources++] = out;
	return 0;
}

static int
take_resources(struct reader *r, const xmlNode *parent, const struct place *at);

/* A group, clone, bundle or replica, and what is in it. */
static int
take_parent(struct reader *r, const xmlNode *x, const struct place *at)
{
	struct place in = *at;
	const char *kind = xml_name(x), *id;
	const struct pcmk_flag flags[] = {
	    {"multi_state", &in.promotable}, {NULL, NULL}};

	if (pcmk_take_name(x, "id", &id, r->a, r->e) == -1)
		return -1;
	in.path =
	    *at->path == '\0' ? id : arena_printf(r->a, "%s/%s", at->path, id);
	if (strcmp(kind, "group") == 0)
		in.group = id;
	else if (strcmp(kind, "bundle") == 0)
		in.bundle = id;
	else if (strcmp(kind, "replica") == 0)
		in.replica = id;
	else
		in.clone = id;
	if (strcmp(kind, "clone") == 0 &&
	    pcmk_take_flags(x, flags, r->a, r->e) == -1)
		return -1;
	return take_resources(r, x, &in);
}

static int
take_resources(struct reader *r, const xmlNode *parent, const struct place *at)
{
	static const char *const parents[] = {
	    "group", "clone", "bundle", "replica"};
	const xmlNode *x;
	size_t i;

	PCMK_EACH(x, parent, NULL)
	{
		if (strcmp(xml_name(x), "resource") == 0 &&
		    take_resource(r, x, at) == -1)
			return -1;
		for (i = 0; i < sizeof(parents) / sizeof(*parents); i++)
			if (strcmp(xml_name(x), parents[i]) == 0 &&
			    take_parent(r, x, at) == -1)
				return -1;
	}
	return 0;
}

static void
take_attributes(struct reader *r, const xmlNode *section)
{
	const xmlNode *x, *y;
	struct pcmk_node *n;
	size_t i, cap;

	PCMK_EACH(x, section, "node")
	{
		n = NULL;
		for (i = 0; i < r->p->n_nodes; i++)
			if (strcmp(r->p->nodes[i].name,
				pcmk_text(x, "name", r->a)) == 0)
				n = &r->p->nodes[i];
		if (n == NULL || n->attrs != NULL)
			continue;
		cap = 0;
		PCMK_EACH(y, x, "attribute")
		cap++;
		n->attrs = arena_alloc(r->a, (cap + 1) * sizeof(*n->attrs));
		PCMK_EACH(y, x, "attribute")
		{
			n->attrs[n->n_attrs].name = pcmk_text(y, "name", r->a);
			n->attrs[n->n_attrs++].value =
			    pcmk_text(y, "value", r->a);
			r->p->has_attributes = true;
		}
	}
}

/* "bad_start_0" is a start of bad: an interval behind a task behind the
 * resource. Tasks with a _ in them are few. */
static void
split_op_key(struct reader *r, struct pcmk_failure *f)
{
	static const char *const tasks[] = {"migrate_to", "migrate_from"};
	size_t i, n, len = strlen(f->op_key);
	const char *task = "";

	while (len > 0 && strchr("0123456789", f->op_key[len - 1]) != NULL)
		len--;
	if (len == 0 || f->op_key[len - 1] != '_' || f->op_key[len] == '\0')
		return;
	len--;
	for (i = 0; i < sizeof(tasks) / sizeof(*tasks); i++) {
		n = strlen(tasks[i]);
		if (len > n && f->op_key[len - n - 1] == '_' &&
		    memcmp(f->op_key + len - n, tasks[i], n) == 0)
			task = tasks[i];
	}
	n = strlen(task);
	for (; *task == '\0' && n < len && f->op_key[len - n - 1] != '_'; n++)
		;
	if (n >= len)
		return;
	if (*f->task == '\0')
		f->task = arena_strndup(r->a, f->op_key + len - n, n);
	f->resource = arena_strndup(r->a, f->op_key, len - n - 1);
}

static int
take_failures(struct reader *r, const xmlNode *section)
{
	struct pcmk *p = r->p;
	struct pcmk_failure f;
	const xmlNode *x;

	PCMK_EACH(x, section, "failure")
	{
		if (p->n_failures == MAX_RESOURCES)
			return err_set(r->e, CAU_FAILED,
			    "more than %d failures", MAX_RESOURCES);
		f.op_key = pcmk_text(x, "op_key", r->a);
		/* What an operation without a key has. */
		if (*f.op_key == '\0')
			f.op_key = pcmk_text(x, "id", r->a);
		f.resource = "";
		f.task = pcmk_text(x, "task", r->a);
		f.node = pcmk_text(x, "node", r->a);
		f.status = pcmk_text(x, "status", r->a);
		f.rc_text = pcmk_text(x, "exitstatus", r->a);
		f.rc = pcmk_number(x, "exitcode", r->a);
		f.reason = pcmk_text(x, "exitreason", r->a);
		f.when = pcmk_text(x, "last-rc-change", r->a);
		split_op_key(r, &f);
		p->failures = xgrow(p->failures, p->n_failures,
		    &r->cap_failures, sizeof(*p->failures));
		p->failures[p->n_failures++] = f;
	}
	return 0;
}

static int
take_bans(struct reader *r, const xmlNode *section)
{
	struct pcmk *p = r->p;
	struct pcmk_ban b;
	const struct pcmk_flag flags[] = {{"master_only", &b.promoted_only},
	    {"promoted-only", &b.promoted_only}, {NULL, NULL}};
	const xmlNode *x;

	PCMK_EACH(x, section, "ban")
	{
		b.id = pcmk_text(x, "id", r->a);
		b.resource = pcmk_text(x, "resource", r->a);
		b.node = pcmk_text(x, "node", r->a);
		b.weight = pcmk_number(x, "weight", r->a);
		b.promoted_only = false;
		if (pcmk_take_flags(x, flags, r->a, r->e) == -1)
			return -1;
		p->bans =
		    xgrow(p->bans, p->n_bans, &r->cap_bans, sizeof(*p->bans));
		p->bans[p->n_bans++] = b;
	}
	return 0;
}

/* Nobody may think that a node is empty because its resources were left out
 * of the document. */
static int
check_complete(const struct reader *r, const xmlNode *parent)
{
	const struct pcmk_node *n;
	size_t i;

	for (i = 0; i < r->p->n_nodes; i++) {
		n = &r->p->nodes[i];
		if (n->resources_running > 0 &&
		    pcmk_child(parent, "resources") == NULL)
			return err_set(r->e, CAU_FAILED,
			    "no <resources> in <%s>, though %s runs %zu",
			    xml_name(parent), pcmk_shown(r->a, n->name),
			    n->resources_running);
	}
	return 0;
}

static int
take_sections(struct reader *r, const xmlNode *parent)
{
	static const struct place top = {"", "", "", "", "", false};
	const xmlNode *nodes = pcmk_child(parent, "nodes"), *x;

	if (nodes == NULL)
		return err_set(
		    r->e, CAU_FAILED, "no <nodes> in <%s>", xml_name(parent));
	PCMK_EACH(x, nodes, "node")
	if (take_node(r, x) == -1)
		return -1;
	if (r->p->n_nodes == 0)
		return err_set(r->e, CAU_FAILED, "line %d: no node in <nodes>",
		    xml_line(nodes));
	x = pcmk_child(parent, "resources");
	if (x != NULL && take_resources(r, x, &top) == -1)
		return -1;
	x = pcmk_child(parent, "node_attributes");
	if (x != NULL)
		take_attributes(r, x);
	x = pcmk_child(parent, "failures");
	if (x != NULL && take_failures(r, x) == -1)
		return -1;
	x = pcmk_child(parent, "bans");
	if (x != NULL && take_bans(r, x) == -1)
		return -1;
	return check_complete(r, parent);
}

/* What grew becomes part of the arena. */
static void *
keep(struct arena *a, void *list, size_t n, size_t size)
{
	void *kept = arena_alloc(a, n * size + 1);

	if (n > 0)
		memcpy(kept, list, n * size);
	free(list);
	return kept;
}

int
pcmk_take(struct pcmk *p, const xmlNode *parent, struct arena *a, struct err *e)
{
	struct reader r = {.p = p, .a = a, .e = e};
	int rc;

	memset(p, 0, sizeof(*p));
	p->api_version = p->version = p->dc = p->no_quorum_policy = "";
	p->stonith_enabled = p->symmetric = true;
	rc = take_sections(&r, parent);
	p->nodes = keep(a, p->nodes, p->n_nodes, sizeof(*p->nodes));
	p->resources =
	    keep(a, p->resources, p->n_resources, sizeof(*p->resources));
	p->failures = keep(a, p->failures, p->n_failures, sizeof(*p->failures));
	p->bans = keep(a, p->bans, p->n_bans, sizeof(*p->bans));
	return rc;
}

static int
take_summary(struct reader *r, const xmlNode *root)
{
	struct pcmk *p = r->p;
	const xmlNode *summary = pcmk_child(root, "summary"), *dc, *options;
	bool present = false;
	const struct pcmk_flag of_dc[] = {{"present", &present},
	    {"with_quorum", &p->with_quorum}, {NULL, NULL}};
	const struct pcmk_flag of_cluster[] = {
	    {"maintenance-mode", &p->maintenance_mode},
	    {"stonith-enabled", &p->stonith_enabled},
	    {"stop-all-resources", &p->stop_all_resources},
	    {"symmetric-cluster", &p->symmetric}, {NULL, NULL}};

	dc = summary == NULL ? NULL : pcmk_child(summary, "current_dc");
	options =
	    summary == NULL ? NULL : pcmk_child(summary, "cluster_options");
	if (dc == NULL)
		return err_set(r->e, CAU_FAILED,
		    "no <current_dc> in a <summary>: it does not say whether "
		    "there is quorum");
	if (options == NULL)
		return err_set(r->e, CAU_FAILED,
		    "no <cluster_options> in <summary>: it does not say "
		    "whether the cluster is in maintenance mode");
	if (pcmk_take_flags(dc, of_dc, r->a, r->e) == -1 ||
	    pcmk_take_flags(options, of_cluster, r->a, r->e) == -1)
		return -1;
	if (present) {
		p->dc = pcmk_text(dc, "name", r->a);
		p->version = pcmk_text(dc, "version", r->a);
	}
	p->no_quorum_policy = pcmk_text(options, "no-quorum-policy", r->a);
	return 0;
}

static int
take_document(
    struct pcmk *p, const xmlNode *root, struct arena *a, struct err *e)
{
	struct reader r = {.p = p, .a = a, .e = e};

	if (pcmk_take(p, root, a, e) == -1 || take_summary(&r, root) == -1)
		return err_wrap(e, "output of crm_mon");
	p->api_version = pcmk_text(root, "api-version", r.a);
	return 0;
}

int
pcmk_parse(
    struct pcmk *p, const char *xml, size_t len, struct arena *a, struct err *e)
{
	xmlDoc *doc;
	const xmlNode *root = pcmk_xml_open(&doc, "crm_mon", xml, len, a, e);
	int rc = root == NULL ? -1 : take_document(p, root, a, e);

	xmlFreeDoc(doc);
	return rc;
}

bool
pcmk_is_down(const struct err *e)
{
	return e->code == CAU_UNHEALTHY;
}

const struct pcmk_node *
pcmk_find_node(const struct pcmk *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->n_nodes; i++)
		if (strcmp(p->nodes[i].name, name) == 0)
			return &p->nodes[i];
	return NULL;
}

const char *
pcmk_attr(const struct pcmk_node *n, const char *name)
{
	size_t i;

	for (i = 0; i < n->n_attrs; i++)
		if (strcmp(n->attrs[i].name, name) == 0)
			return n->attrs[i].value;
	return NULL;
}

bool
pcmk_runs_on(const struct pcmk_resource *r, const char *node)
{
	size_t i;

	for (i = 0; i < r->n_nodes; i++)
		if (strcmp(r->nodes[i], node) == 0)
			return true;
	return false;
}
