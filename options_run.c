/* SPDX-License-Identifier: ISC */
/* From the options of a command line to what a run is asked to do. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "names.h"
#include "node_sh.h"
#include "options_self.h"
#include "pacemaker.h"
#include "plan.h"
#include "text.h"
#include "words.h"

#define NODES_FILE_MAX (1U << 20)

const char *
options_absolute(struct options *o, const char *path)
{
	char *cwd;

	if (*path == '\0' || *path == '/')
		return path;
	cwd = getcwd(NULL, 0);
	if (cwd == NULL)
		return NULL;
	path = arena_printf(&o->arena, "%s/%s", cwd, path);
	free(cwd);
	return path;
}

static int
add_node(struct options *o, const char *spec, size_t len, size_t *cap,
    struct run_node **nodes, struct err *e)
{
	char *s = arena_strndup(&o->arena, spec, len), *eq = strchr(s, '=');
	struct run_info *r = &o->run;
	struct run_node *n;

	if (eq != NULL)
		*eq++ = '\0';
	else
		eq = s;
	if (node_check_name(s, e) == -1 || node_check_address(eq, e) == -1)
		return -1;
	for (size_t i = 0; *nodes != NULL && i < r->n_nodes; i++)
		if (text_casecmp((*nodes)[i].name, s) == 0)
			return err_set(
			    e, CAU_USAGE, "node %s is named twice", s);
	*nodes = xgrow(*nodes, r->n_nodes, cap, sizeof(**nodes));
	n = &(*nodes)[r->n_nodes++];
	n->name = s;
	n->address = eq;
	n->local = strcmp(eq, "local") == 0 || strncmp(eq, "local:", 6) == 0;
	return 0;
}

/* Node specifications separated by commas, blanks and line ends; '#' begins
 * a comment. */
static int
add_nodes(struct options *o, const char *text, size_t *cap,
    struct run_node **nodes, struct err *e)
{
	const char *p = text;
	size_t len;

	while (*p != '\0') {
		if (*p == '#') {
			p += strcspn(p, "\n");
			continue;
		}
		len = strcspn(p, ", \t\r\n");
		if (len > 0 && add_node(o, p, len, cap, nodes, e) == -1)
			return -1;
		p += len;
		p += strspn(p, ", \t\r\n");
	}
	return 0;
}

/* What the words say the cluster is; "" for what is to be found out. */
static int
cluster_type(struct options *o, const char **type, struct err *e)
{
	static const char *const types[] = {
	    "auto", "local", "list", "pacemaker", NULL};
	bool nodes = o->nodes != NULL || o->nodes_file != NULL;
	size_t i = 0;

	while (types[i] != NULL && strcmp(types[i], o->cluster) != 0)
		i++;
	*type = types[i];
	if (*type == NULL)
		return err_set(e, CAU_USAGE,
		    "--cluster %.40s: auto, local, list or pacemaker is "
		    "expected",
		    o->cluster);
	if (i == 0)
		*type = o->via != NULL				 ? "pacemaker"
			: nodes || access(NODES_FILE, F_OK) == 0 ? "list"
			: pacemaker_is_here()			 ? "pacemaker"
								 : "local";
	if (!nodes && strcmp(*type, "list") == 0 &&
	    access(NODES_FILE, F_OK) == 0)
		o->nodes_file = NODES_FILE;
	if (o->via != NULL && strcmp(*type, "pacemaker") != 0)
		return err_set(
		    e, CAU_USAGE, "--via is for --cluster pacemaker");
	if (nodes && strcmp(*type, "local") == 0)
		return err_set(e, CAU_USAGE,
		    "--cluster local is this machine; it takes no nodes");
	return 0;
}

/* The members of the cluster; nodes that were given are their addresses. */
static int
find_members(struct options *o, struct err *e)
{
	struct run_info *r = &o->run;
	const struct transport t = {.rsh = r->rsh,
	    .sudo = r->sudo,
	    .state_dir = r->node_state_dir,
	    .connect_ms = r->connect_timeout_ms,
	    .plugin_text = node_pacemaker_sh};
	struct pacemaker_members m;

	if (o->via != NULL && node_check_address(o->via, e) == -1)
		return err_wrap(e, "--via");
	if (r->suspend_command[0] != NULL)
		return err_set(e, CAU_USAGE,
		    "%s: Pacemaker takes nodes out of service itself",
		    options_label(o, "suspend-command"));
	if (strcmp(r->suspend_mode, "NoDrain") == 0)
		return err_set(e, CAU_USAGE,
		    "%s: Pacemaker always drains a node that it puts in "
		    "standby",
		    options_label(o, "force-pause-no-drain"));
	if (pacemaker_find(
		&t, o->via, r->nodes, r->n_nodes, &m, &o->arena, e) == -1)
		return err_wrap(e,
		    o->via == NULL ? "cannot find the members of the cluster "
				     "(--cluster local is for this machine "
				     "alone)"
				   : "cannot find the members of the cluster");
	r->nodes = m.nodes;
	r->n_nodes = m.n;
	r->cluster_name = m.cluster;
	return 0;
}

static int
find_nodes(struct options *o, struct err *e)
{
	struct run_node *nodes = NULL, *copy;
	struct buf text = BUF_INIT;
	char host[256] = "localhost";
	const char *type;
	size_t cap = 0;
	int rc = 0;

	if (cluster_type(o, &type, e) == -1)
		return -1;
	if (o->nodes_file != NULL) {
		rc = file_read(o->nodes_file, &text, NODES_FILE_MAX, e);
		e->code = CAU_USAGE;
		if (rc == 0)
			rc = add_nodes(o, text.data, &cap, &nodes, e);
	}
	if (rc == 0 && o->nodes != NULL)
		rc = add_nodes(o, o->nodes, &cap, &nodes, e);
	buf_release(&text);
	if (rc == 0 && o->run.n_nodes == 0 &&
	    (strcmp(type, "list") == 0 || o->nodes != NULL ||
		o->nodes_file != NULL))
		rc = err_set(e, CAU_USAGE, "the list of nodes is empty");
	o->run.cluster_type = type;
	if (rc == 0 && strcmp(type, "local") == 0) {
		(void)gethostname(host, sizeof(host) - 1);
		host[strcspn(host, ".")] = '\0';
		rc = add_node(o, arena_printf(&o->arena, "%s=local", host),
		    strlen(host) + strlen("=local"), &cap, &nodes, e);
	}
	copy = arena_alloc(&o->arena, o->run.n_nodes * sizeof(*copy));
	if (nodes != NULL)
		memcpy(copy, nodes, o->run.n_nodes * sizeof(*copy));
	free(nodes);
	o->run.nodes = copy;
	o->run.cluster_name = o->run.n_nodes > 0 && strcmp(type, "local") == 0
				  ? copy[0].name
				  : "";
	if (rc == 0 && strcmp(type, "pacemaker") == 0)
		rc = find_members(o, e);
	return rc;
}

/* HotfixRootFolderPath="DIR", absolute, quotes doubled. */
static int
root_args(struct options *o, const char **out, struct err *e)
{
	struct buf b = BUF_INIT;
	const char *p;

	if (*o->root == '\0')
		return err_set(e, CAU_USAGE, "--root: a folder is expected");
	p = options_absolute(o, o->root);
	if (p == NULL)
		p = o->root;
	buf_addstr(&b, "HotfixRootFolderPath=\"");
	for (; *p != '\0'; p++) {
		if (*p == '"')
			buf_addc(&b, '"');
		buf_addc(&b, *p);
	}
	buf_addc(&b, '"');
	*out = arena_strdup(&o->arena, b.data);
	buf_release(&b);
	return 0;
}

static int
find_plugins(struct options *o, struct err *e)
{
	struct run_plugin *plugins;
	const char *args = "";

	if (o->root != NULL) {
		if (o->n_plugins > 0)
			return err_set(e, CAU_USAGE,
			    "--root is short for -p Microsoft.HotfixPlugin; "
			    "give one of the two");
		words_append(&o->arena, &o->plugins, &o->n_plugins,
		    "Microsoft.HotfixPlugin");
		if (root_args(o, &args, e) == -1)
			return -1;
		/* More arguments may stand beside the root folder; they come
		 * first, so that an error names the right column. */
		if (o->n_plugin_args == 1)
			args = arena_printf(
			    &o->arena, "%s;%s", o->plugin_args[0], args);
		else if (o->n_plugin_args > 1)
			return err_set(e, CAU_USAGE,
			    "-a comes %zu times for one plug-in",
			    o->n_plugin_args);
		o->n_plugin_args = 0;
		words_append(
		    &o->arena, &o->plugin_args, &o->n_plugin_args, args);
	}
	if (o->n_plugins == 0)
		words_append(&o->arena, &o->plugins, &o->n_plugins,
		    "Microsoft.WindowsUpdatePlugin");
	/* One that is left out would shift those behind it to others. */
	if (o->n_plugin_args > 0 && o->n_plugin_args != o->n_plugins)
		return err_set(e, CAU_USAGE,
		    "-a comes %zu time%s for %zu plug-in%s%s", o->n_plugin_args,
		    o->n_plugin_args == 1 ? "" : "s", o->n_plugins,
		    o->n_plugins == 1 ? "" : "s",
		    o->n_plugins == 1
			? ""
			: ": once for each of them, '' for one without "
			  "arguments");
	plugins = arena_alloc(&o->arena, o->n_plugins * sizeof(*plugins));
	for (size_t i = 0; i < o->n_plugins; i++)
		plugins[i] = (struct run_plugin){o->plugins[i],
		    i < o->n_plugin_args ? o->plugin_args[i] : ""};
	o->run.plugins = plugins;
	o->run.n_plugins = o->n_plugins;
	return 0;
}

/* A member that updates its own cluster takes itself last: its restart cuts
 * the run. The first n_ordered nodes stand where they were told to. */
static void
own_last(struct options *o, struct run_node *nodes, size_t n, size_t n_ordered)
{
	struct run_node own;
	size_t i = 0;

	while (i < n && !nodes[i].local)
		i++;
	if (i + 1 >= n)
		return;
	own = nodes[i];
	memmove(&nodes[i], &nodes[i + 1], (n - i - 1) * sizeof(*nodes));
	nodes[n - 1] = own;
	if (i < n_ordered)
		buf_addf(&o->warnings,
		    "warning: %s comes last, because cau runs on it\n",
		    own.name);
}

/* NodeOrder: these nodes first; the others keep their order behind them. */
static int
find_order(struct options *o, struct err *e)
{
	struct run_info *r = &o->run;
	struct run_node *nodes =
	    arena_alloc(&o->arena, r->n_nodes * sizeof(*nodes));
	bool *taken = arena_alloc(&o->arena, r->n_nodes * sizeof(*taken));
	const char *p = o->node_order, *name;
	size_t n = 0, n_ordered, i, len;

	/* The members come in an order that changes as resources move. */
	if (o->sealed != NULL && strcmp(r->cluster_type, "pacemaker") == 0)
		plan_order(o->sealed, r->nodes, r->n_nodes);
	while (p != NULL && *(p += strspn(p, ", \t")) != '\0') {
		len = strcspn(p, ", \t");
		name = arena_strndup(&o->arena, p, len);
		p += len;
		for (i = 0; i < r->n_nodes; i++)
			if (text_casecmp(r->nodes[i].name, name) == 0)
				break;
		if (i == r->n_nodes || taken[i])
			return err_set(e, CAU_USAGE, "%s: %s %s",
			    options_label(o, "node-order"), name,
			    i == r->n_nodes ? "is none of the nodes"
					    : "is named twice");
		taken[i] = true;
		nodes[n++] = r->nodes[i];
	}
	n_ordered = n;
	for (i = 0; i < r->n_nodes; i++)
		if (!taken[i])
			nodes[n++] = r->nodes[i];
	r->nodes = nodes;
	if (strcmp(r->cluster_type, "pacemaker") == 0)
		own_last(o, nodes, r->n_nodes, n_ordered);
	return 0;
}

/* The path of a script: recovery may be started from another folder. */
static int
absolute(
    struct options *o, const char **path, const char *option, struct err *e)
{
	const char *there = options_absolute(o, *path);

	if (there == NULL)
		return err_sys(e, "%s: cannot find the current folder", option);
	*path = there;
	return 0;
}

/* Options that were given and do nothing. */
static void
warn(struct options *o)
{
	const struct run_info *r = &o->run;
	const char *idle[3];
	size_t n = 0;

	if (r->separate_reboots)
		idle[n++] = "--separate-reboots";
	if (r->run_plugins_serially)
		idle[n++] = "--run-plugins-serially";
	if (r->stop_on_plugin_failure)
		idle[n++] = "--stop-on-plugin-failure";
	if (r->n_plugins == 1 && n > 0) {
		buf_addf(&o->warnings, "warning: with one plug-in, %s", *idle);
		for (size_t i = 1; i < n; i++)
			buf_addf(&o->warnings, "%s%s",
			    i + 1 == n ? " and " : ", ", idle[i]);
		buf_addf(&o->warnings, " %s nothing\n", n == 1 ? "does" : "do");
	}
	if (r->warn_after_ms > 0 && r->stop_after_ms > 0 &&
	    r->warn_after_ms >= r->stop_after_ms)
		buf_addstr(&o->warnings,
		    "warning: --warn-after is not before --stop-after, so it "
		    "never warns\n");
}

int
options_run_info(struct options *o, struct err *e)
{
	struct run_info *r = &o->run;
	const char *one;

	r->run_id = r->digest = "";
	r->rsh = words_split(o->rsh, &o->arena, e);
	if (r->rsh == NULL)
		return err_wrap(e, "--rsh");
	r->suspend_command = words_split(o->suspend_command, &o->arena, e);
	if (r->suspend_command == NULL)
		return err_wrap(e, "%s", options_label(o, "suspend-command"));
	r->resume_command = words_split(o->resume_command, &o->arena, e);
	if (r->resume_command == NULL)
		return err_wrap(e, "%s", options_label(o, "resume-command"));
	if (r->rsh[0] == NULL)
		return err_set(e, CAU_USAGE, "--rsh: a command is expected");
	one = r->suspend_command[0] == NULL ? "resume-command"
					    : "suspend-command";
	if ((r->suspend_command[0] == NULL) != (r->resume_command[0] == NULL))
		return err_set(e, CAU_USAGE,
		    "%s: there is no %s command, the two belong together",
		    options_label(o, one), *one == 'r' ? "suspend" : "resume");
	if (r->node_state_dir[0] != '/')
		return err_set(e, CAU_USAGE,
		    "--node-state-dir: an absolute path is needed");
	if (absolute(o, &r->pre_script, "--pre-update-script", e) == -1 ||
	    absolute(o, &r->post_script, "--post-update-script", e) == -1)
		return -1;
	if (r->connect_timeout_ms < 100)
		return err_set(e, CAU_USAGE,
		    "--connect-timeout: at least 100ms is expected");
	if (find_nodes(o, e) == -1 || find_plugins(o, e) == -1)
		return -1;
	if (find_order(o, e) == -1)
		return -1;
	if (r->max_failed_nodes == -1)
		r->max_failed_nodes = (int64_t)(r->n_nodes / 3);
	if ((size_t)r->max_failed_nodes >= r->n_nodes)
		return err_set(e, CAU_USAGE,
		    "%s: %d is outside 0 to %zu: there %s %zu node%s",
		    options_label(o, "max-failed-nodes"),
		    (int)r->max_failed_nodes, r->n_nodes - 1,
		    r->n_nodes == 1 ? "is" : "are", r->n_nodes,
		    r->n_nodes == 1 ? "" : "s");
	if ((o->bit & (CMD_RUN | CMD_PLAN | CMD_HEALTH)) != 0 &&
	    options_health(o, e) == -1)
		return -1;
	if (o->bit != CMD_HEALTH)
		warn(o);
	return 0;
}
