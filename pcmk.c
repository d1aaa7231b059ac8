/* SPDX-License-Identifier: ISC */
/* What Pacemaker says of its cluster. */
#include "pcmk.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "xml.h"

/* The status code of crm_mon when it cannot reach the cluster: Pacemaker's
 * CRM_EX_DISCONNECT (and 69, CRM_EX_UNAVAILABLE, from Pacemaker 3 on). */
#define STATUS_NOT_CONNECTED 102
#define STATUS_UNAVAILABLE   69

/* Bytes of a foreign text in a message. */
#define MAX_SHOWN 100
/* Pacemaker itself ends far below. */
#define MAX_NODES 4096

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

static const char *
find(const xmlNode *node, const char *name, struct arena *a)
{
	const xmlAttr *p;

	for (p = node->properties; p != NULL; p = p->next)
		if (strcmp((const char *)p->name, name) == 0)
			return xml_attr_value(p, a);
	return NULL;
}

static const char *
text_of(const struct reader *r, const xmlNode *node, const char *name)
{
	const char *value = find(node, name, r->a);

	return value == NULL ? "" : value;
}

/* An attribute that has to be there and to say something. */
static int
take_name(const struct reader *r, const xmlNode *node, const char *name,
    const char **out)
{
	*out = text_of(r, node, name);
	if (**out != '\0')
		return 0;
	return err_set(r->e, CAU_FAILED, "line %d: a <%s> without %s",
	    xml_line(node), xml_name(node), name);
}

/* As Pacemaker reads them. */
static int
parse_bool(const char *s, bool *out)
{
	static const char *const yes[] = {"true", "on", "yes", "y", "1", NULL};
	static const char *const no[] = {"false", "off", "no", "n", "0", NULL};
	size_t i;

	for (i = 0; yes[i] != NULL; i++) {
		if (text_casecmp(s, yes[i]) != 0 && text_casecmp(s, no[i]) != 0)
			continue;
		*out = text_casecmp(s, yes[i]) == 0;
		return 0;
	}
	return -1;
}

/* Attributes that are true or false, a list that ends with a NULL name. One
 * that is not there keeps the value that it has. */
struct flag {
	const char *name;
	bool *value;
};

static int
take_flags(
    const struct reader *r, const xmlNode *node, const struct flag *flags)
{
	const char *text;

	for (; flags->name != NULL; flags++) {
		text = find(node, flags->name, r->a);
		if (text == NULL || parse_bool(text, flags->value) == 0)
			continue;
		return err_set(r->e, CAU_FAILED,
		    "line %d: %s of <%s> is '%s', neither true nor false",
		    xml_line(node), flags->name, xml_name(node),
		    pcmk_shown(r->a, text));
	}
	return 0;
}

/* A number, 0 when it is none or not there: none of them decides alone. */
static int
number_of(const struct reader *r, const xmlNode *node, const char *name)
{
	const char *text = text_of(r, node, name);
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || n < INT_MIN ||
	    n > INT_MAX)
		return 0;
	return (int)n;
}

static const xmlNode *
next_named(const xmlNode *n, const char *name)
{
	for (; n != NULL; n = n->next)
		if (n->type == XML_ELEMENT_NODE &&
		    (name == NULL || strcmp(xml_name(n), name) == 0))
			return n;
	return NULL;
}

static const xmlNode *
child(const xmlNode *parent, const char *name)
{
	return next_named(parent->children, name);
}

/* for (n in children of parent with this name, NULL: any) */
#define EACH(n, parent, name)                            \
	for ((n) = child((parent), (name)); (n) != NULL; \
	     (n) = next_named((n)->next, (name)))

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
	const struct flag flags[] = {{"online", &n.online},
	    {"standby", &n.standby}, {"standby_onfail", &n.standby_onfail},
	    {"maintenance", &n.maintenance}, {"pending", &n.pending},
	    {"unclean", &n.unclean}, {"shutdown", &n.shutdown},
	    {"expected_up", &n.expected_up}, {"is_dc", &n.is_dc}, {NULL, NULL}};
	int running = number_of(r, x, "resources_running");

	if (take_name(r, x, "name", &n.name) == -1)
		return -1;
	if (find(x, "online", r->a) == NULL)
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
	if (take_flags(r, x, flags) == -1)
		return -1;
	n.id = text_of(r, x, "id");
	n.container = text_of(r, x, "id_as_resource");
	if (*n.container == '\0')
		n.container = text_of(r, x, "container_id");
	n.type = node_type(text_of(r, x, "type"), n.container);
	n.health = text_of(r, x, "health");
	n.feature_set = text_of(r, x, "feature_set");
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

	EACH(n, x, "node")
	max++;
	out->nodes = arena_alloc(r->a, (max + 1) * sizeof(*out->nodes));
	EACH(n, x, "node")
	if (*text_of(r, n, "name") != '\0')
		out->nodes[out->n_nodes++] = text_of(r, n, "name");
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
	const struct flag flags[] = {{"active", &out.active},
	    {"removed", &out.orphaned}, {"orphaned", &out.orphaned},
	    {"blocked", &out.blocked}, {"managed", &out.managed},
	    {"maintenance", &out.maintenance}, {"failed", &out.failed},
	    {"failure_ignored", &out.failure_ignored}, {NULL, NULL}};

	if (take_name(r, x, "id", &out.id) == -1 ||
	    take_name(r, x, "role", &out.role) == -1 ||
	    take_flags(r, x, flags) == -1)
		return -1;
	out.agent = text_of(r, x, "resource_agent");
	out.target_role = text_of(r, x, "target_role");
	out.pending = text_of(r, x, "pending");
	take_running(r, x, &out);
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
	const struct flag flags[] = {
	    {"multi_state", &in.promotable}, {NULL, NULL}};

	if (take_name(r, x, "id", &id) == -1)
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
	if (strcmp(kind, "clone") == 0 && take_flags(r, x, flags) == -1)
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

	EACH(x, parent, NULL)
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

	EACH(x, section, "node")
	{
		n = NULL;
		for (i = 0; i < r->p->n_nodes; i++)
			if (strcmp(r->p->nodes[i].name,
				text_of(r, x, "name")) == 0)
				n = &r->p->nodes[i];
		if (n == NULL || n->attrs != NULL)
			continue;
		cap = 0;
		EACH(y, x, "attribute")
		cap++;
		n->attrs = arena_alloc(r->a, (cap + 1) * sizeof(*n->attrs));
		EACH(y, x, "attribute")
		{
			n->attrs[n->n_attrs].name = text_of(r, y, "name");
			n->attrs[n->n_attrs++].value = text_of(r, y, "value");
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

static void
take_failures(struct reader *r, const xmlNode *section)
{
	struct pcmk *p = r->p;
	struct pcmk_failure f;
	const xmlNode *x;

	EACH(x, section, "failure")
	{
		f.op_key = text_of(r, x, "op_key");
		/* What an operation without a key has. */
		if (*f.op_key == '\0')
			f.op_key = text_of(r, x, "id");
		f.resource = "";
		f.task = text_of(r, x, "task");
		f.node = text_of(r, x, "node");
		f.status = text_of(r, x, "status");
		f.rc_text = text_of(r, x, "exitstatus");
		f.rc = number_of(r, x, "exitcode");
		f.reason = text_of(r, x, "exitreason");
		f.when = text_of(r, x, "last-rc-change");
		split_op_key(r, &f);
		p->failures = xgrow(p->failures, p->n_failures,
		    &r->cap_failures, sizeof(*p->failures));
		p->failures[p->n_failures++] = f;
	}
}

static int
take_bans(struct reader *r, const xmlNode *section)
{
	struct pcmk *p = r->p;
	struct pcmk_ban b;
	const struct flag flags[] = {{"master_only", &b.promoted_only},
	    {"promoted-only", &b.promoted_only}, {NULL, NULL}};
	const xmlNode *x;

	EACH(x, section, "ban")
	{
		b.id = text_of(r, x, "id");
		b.resource = text_of(r, x, "resource");
		b.node = text_of(r, x, "node");
		b.weight = number_of(r, x, "weight");
		b.promoted_only = false;
		if (take_flags(r, x, flags) == -1)
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
		    child(parent, "resources") == NULL)
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
	const xmlNode *nodes = child(parent, "nodes"), *x;

	if (nodes == NULL)
		return err_set(
		    r->e, CAU_FAILED, "no <nodes> in <%s>", xml_name(parent));
	EACH(x, nodes, "node")
	if (take_node(r, x) == -1)
		return -1;
	if (r->p->n_nodes == 0)
		return err_set(r->e, CAU_FAILED, "line %d: no node in <nodes>",
		    xml_line(nodes));
	x = child(parent, "resources");
	if (x != NULL && take_resources(r, x, &top) == -1)
		return -1;
	x = child(parent, "node_attributes");
	if (x != NULL)
		take_attributes(r, x);
	x = child(parent, "failures");
	if (x != NULL)
		take_failures(r, x);
	x = child(parent, "bans");
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
	const xmlNode *summary = child(root, "summary"), *dc, *options;
	bool present = false;
	const struct flag of_dc[] = {{"present", &present},
	    {"with_quorum", &p->with_quorum}, {NULL, NULL}};
	const struct flag of_cluster[] = {
	    {"maintenance-mode", &p->maintenance_mode},
	    {"stonith-enabled", &p->stonith_enabled},
	    {"stop-all-resources", &p->stop_all_resources},
	    {"symmetric-cluster", &p->symmetric}, {NULL, NULL}};

	dc = summary == NULL ? NULL : child(summary, "current_dc");
	options = summary == NULL ? NULL : child(summary, "cluster_options");
	if (dc == NULL)
		return err_set(r->e, CAU_FAILED,
		    "no <current_dc> in a <summary>: it does not say whether "
		    "there is quorum");
	if (options == NULL)
		return err_set(r->e, CAU_FAILED,
		    "no <cluster_options> in <summary>: it does not say "
		    "whether the cluster is in maintenance mode");
	if (take_flags(r, dc, of_dc) == -1 ||
	    take_flags(r, options, of_cluster) == -1)
		return -1;
	if (present) {
		p->dc = text_of(r, dc, "name");
		p->version = text_of(r, dc, "version");
	}
	p->no_quorum_policy = text_of(r, options, "no-quorum-policy");
	return 0;
}

/* The status at the end of a document of any of Pacemaker's tools. */
static int
check_status(const struct reader *r, const char *tool, const xmlNode *root)
{
	const xmlNode *status = child(root, "status");
	const char *code, *message;

	if (status == NULL)
		return 0;
	code = text_of(r, status, "code");
	message = pcmk_shown(r->a, text_of(r, status, "message"));
	if (strcmp(code, "0") == 0)
		return 0;
	if (number_of(r, status, "code") == STATUS_NOT_CONNECTED ||
	    number_of(r, status, "code") == STATUS_UNAVAILABLE)
		return err_set(r->e, CAU_UNHEALTHY,
		    "the cluster does not run there (%s: %s)", tool, message);
	return err_set(r->e, CAU_FAILED, "%s failed with status %s: %s", tool,
	    pcmk_shown(r->a, code), message);
}

const xmlNode *
pcmk_open(xmlDoc **doc, const char *tool, const char *xml, size_t len,
    struct arena *a, struct err *e)
{
	struct reader r = {.a = a, .e = e};
	const xmlNode *root;
	const char *name;
	int line;

	*doc = xml_parse(xml, len, &line, e);
	if (*doc == NULL) {
		e->code = CAU_FAILED;
		if (line > 0)
			(void)err_wrap(e, "line %d", line);
		(void)err_wrap(e, "output of %s", tool);
		return NULL;
	}
	root = xmlDocGetRootElement(*doc);
	name = xml_name(root);
	if (strcmp(name, "pacemaker-result") != 0 &&
	    strcmp(name, "crm_mon") != 0) {
		(void)err_set(e, CAU_FAILED,
		    "output of %s: <%s> instead of <pacemaker-result>", tool,
		    pcmk_shown(a, name));
		return NULL;
	}
	return check_status(&r, tool, root) == -1 ? NULL : root;
}

static int
take_document(
    struct pcmk *p, const xmlNode *root, struct arena *a, struct err *e)
{
	struct reader r = {.p = p, .a = a, .e = e};

	if (pcmk_take(p, root, a, e) == -1 || take_summary(&r, root) == -1)
		return err_wrap(e, "output of crm_mon");
	p->api_version = text_of(&r, root, "api-version");
	return 0;
}

int
pcmk_parse(
    struct pcmk *p, const char *xml, size_t len, struct arena *a, struct err *e)
{
	xmlDoc *doc;
	const xmlNode *root = pcmk_open(&doc, "crm_mon", xml, len, a, e);
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

const char *
pcmk_shown(struct arena *a, const char *s)
{
	struct buf b = BUF_INIT;
	const char *text;

	text_printable(&b, s, strnlen(s, MAX_SHOWN));
	text = arena_strdup(a, b.data);
	buf_release(&b);
	return text;
}
