/* SPDX-License-Identifier: ISC */
/* Registered plug-ins: their arguments, and the table of their verbs. */
#include "external_self.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "node_sh.h"
#include "text.h"

#define MAX_ARGS_TEXT 65536

/* The verbs of one plug-in, and which it is. */
struct external_ops {
	struct plugin_ops ops; /* first: it is found by that */
	const struct registered *plugin;
};

/* One that is configured; only read from then on. */

static const char *const scripts[] = {node_external_sh, NULL};

void
external_add_env(
    struct buf *b, const char *before, const char *name, const char *value)
{
	struct buf word = BUF_INIT;

	buf_addf(&word, "%s%s=%s", before, name, value);
	buf_addc(b, ' ');
	text_shell_quote(b, word.data);
	buf_release(&word);
}

static int
take_arguments(struct external *x, const char *text, struct err *e)
{
	const struct protocol_description *d = &x->plugin->description;
	const struct plugin_argument *known;
	struct plugin_args args;
	struct buf env = BUF_INIT, json = BUF_INIT;
	json_t *object;
	const char *value;
	char *upper;

	if (strlen(text) > MAX_ARGS_TEXT)
		return err_set(e, CAU_USAGE,
		    "the arguments are longer than %d bytes", MAX_ARGS_TEXT);
	if (pluginargs_parse(&args, text, &x->arena, e) == -1 ||
	    pluginargs_check(d->arguments, &args, e) == -1)
		return -1;
	for (known = d->arguments; known->name != NULL; known++)
		if (known->required &&
		    pluginargs_get(&args, known->name) == NULL)
			return err_set(e, CAU_USAGE,
			    "the argument %s is missing%s%s", known->name,
			    *known->help == '\0' ? "" : ": ", known->help);
	object = json_object();
	for (known = d->arguments; known->name != NULL; known++) {
		value = pluginargs_get(&args, known->name);
		if (value == NULL)
			value = known->value;
		json_set(object, known->name, json_from_text(value));
		upper = arena_strdup(&x->arena, known->name);
		for (char *c = upper; *c != '\0'; c++)
			*c = (char)toupper((unsigned char)*c);
		external_add_env(&env, "CAU_ARG_", upper, value);
	}
	json_add(&json, object);
	x->arguments = arena_strdup(&x->arena, json.data);
	x->env = arena_strdup(&x->arena, env.data);
	json_decref(object);
	buf_release(&json);
	buf_release(&env);
	return 0;
}

static void
external_release(void *self)
{
	struct external *x = self;

	program_release(&x->program);
	free(x->here);
	arena_release(&x->arena);
	free(x);
}

/* The program must still be the one that was registered. */
static int
load(struct external *x, struct buf *warnings, struct err *e)
{
	const struct registered *p = x->plugin;

	if (program_load(&x->program, p->path, "plug-in", REGISTRY_MAX_BYTES,
		warnings, e) == -1)
		return -1;
	if (strcmp(x->program.sha256, p->sha256) != 0)
		return err_set(e, CAU_REFUSED,
		    "%s is not the file that was registered: if it may be "
		    "used, register it again (cau plugin unregister, then "
		    "register)",
		    p->path);
	return 0;
}

static int
external_configure(void **self, const struct plugin_config *config,
    struct buf *warnings, struct err *e)
{
	const struct external_ops *ops =
	    (const struct external_ops *)config->ops;
	struct external *x = xcalloc(1, sizeof(*x));
	struct buf b = BUF_INIT;
	int rc = 0;

	x->plugin = ops->plugin;
	x->program.fd = -1;
	if (x->plugin->problem != NULL)
		rc = err_set(e, CAU_REFUSED, "%s; register it again",
		    x->plugin->problem);
	if (rc == 0)
		rc = take_arguments(x, config->args, e);
	if (rc == 0)
		rc = load(x, warnings, e);
	if (rc == 0)
		x->here = xasprintf("%s/coordinator", config->state_dir);
	if (rc == -1) {
		external_release(x);
		return -1;
	}
	buf_addf(&b, "%s %s", x->program.sha256, config->args);
	sha256_hex(x->digest, b.data, b.len);
	buf_release(&b);
	*self = x;
	return 0;
}

static const char *
external_digest(const void *self)
{
	const struct external *x = self;

	return x->digest;
}

const struct plugin_ops *
external_ops(const struct registered *p, struct arena *a)
{
	static const struct plugin_argument none[] = {
	    {NULL, false, NULL, NULL}};
	struct external_ops *x = arena_alloc(a, sizeof(*x));
	const struct protocol_description *d = &p->description;

	x->plugin = p;
	x->ops = (struct plugin_ops){
	    .name = p->name,
	    .version = d->version == NULL ? "" : d->version,
	    .summary = d->summary == NULL ? "" : d->summary,
	    .arguments = d->arguments == NULL ? none : d->arguments,
	    .node_scripts = scripts,
	    .configure = external_configure,
	    .release = external_release,
	    .digest = external_digest,
	    .scan = external_scan,
	    .stage = external_stage,
	    .install = external_install,
	};
	return &x->ops;
}
