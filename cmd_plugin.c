/* SPDX-License-Identifier: ISC */
/* cau plugin: the plug-ins that a run can use. */
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "options.h"
#include "plugin_test.h"
#include "external.h"
#include "report.h"
#include "scan.h"
#include "text.h"

static json_t *
arguments_json(const struct plugin_argument *a)
{
	json_t *list = json_array(), *j;

	for (; a->name != NULL; a++) {
		j = json_object();
		json_set(j, "name", json_from_text(a->name));
		json_set(j, "required", json_boolean(a->required));
		json_set(j, "default", json_from_text_or_null(a->value));
		json_set(j, "help", json_from_text(a->help));
		(void)json_array_append_new(list, j);
	}
	return list;
}

static json_t *
plugin_json(const struct plugin_ops *ops, const struct registered *p)
{
	json_t *j = json_object();

	json_set(j, "name", json_from_text(ops->name));
	json_set(
	    j, "origin", json_string(p == NULL ? "built-in" : "registered"));
	json_set(j, "version", json_from_text(ops->version));
	json_set(j, "summary", json_from_text(ops->summary));
	json_set(j, "runs_on",
	    json_string(p != NULL && p->description.on_coordinator
			    ? "coordinator"
			    : "node"));
	json_set(j, "path", json_from_text_or_null(p == NULL ? "" : p->path));
	json_set(
	    j, "sha256", json_from_text_or_null(p == NULL ? "" : p->sha256));
	json_set(
	    j, "problem", json_from_text_or_null(p == NULL ? "" : p->problem));
	json_set(j, "arguments", arguments_json(ops->arguments));
	return j;
}

static void
print_json(const char *verb, json_t *list)
{
	char command[32];

	(void)snprintf(command, sizeof(command), "plugin %s", verb);
	json_print(stdout,
	    json_pack("{s:i, s:s, s:o}", "format", 1, "command", command,
		"plugins", list),
	    false);
}

static void
list_text(const struct plugin_set *s)
{
	const char **cells = xcalloc(4 * (s->n + 1), sizeof(*cells));
	const char **c = cells;
	const struct registered *p;
	struct buf b = BUF_INIT;

	*c++ = "NAME";
	*c++ = "ORIGIN";
	*c++ = "VERSION";
	*c++ = "WHAT IT DOES";
	for (size_t i = 0; i < s->n; i++) {
		p = registry_find(&s->registry, s->all[i]->name);
		*c++ = s->all[i]->name;
		*c++ = p == NULL ? "built-in" : "registered";
		*c++ = s->all[i]->version;
		*c++ = p != NULL && p->problem != NULL ? "UNUSABLE, see cau "
							 "plugin list NAME"
						       : s->all[i]->summary;
	}
	report_table(&b, cells, 4, s->n + 1);
	(void)fputs(b.data, stdout);
	buf_release(&b);
	free(cells);
}

static void
show_text(const struct plugin_ops *ops, const struct registered *p)
{
	const struct plugin_argument *a = ops->arguments;

	(void)printf("%s%s%s, %s\n", ops->name,
	    *ops->version == '\0' ? "" : " ", ops->version,
	    p == NULL ? "built-in" : "registered");
	if (*ops->summary != '\0')
		(void)printf("  %s\n", ops->summary);
	if (p != NULL && *p->path != '\0')
		(void)printf(
		    "  program: %s\n  sha256: %s\n", p->path, p->sha256);
	if (p != NULL && p->problem != NULL) {
		(void)printf("  problem: %s\n", p->problem);
		return;
	}
	(void)printf("  runs on: %s\n",
	    p != NULL && p->description.on_coordinator ? "coordinator"
						       : "node");
	(void)puts(a->name == NULL ? "  arguments: none" : "  arguments:");
	for (; a->name != NULL; a++) {
		(void)printf("    %s", a->name);
		if (a->required)
			(void)printf(" (required)");
		else if (*a->value != '\0')
			(void)printf(" (default %s)", a->value);
		(void)printf("%s%s\n", *a->help == '\0' ? "" : ": ", a->help);
	}
}

static int
list(const struct options *o, struct err *e)
{
	const struct plugin_ops *ops = NULL;
	const struct registered *p;
	json_t *all = json_array();
	struct plugin_set s;
	int rc = 0;

	plugin_set_load(&s, o->state_dir);
	if (o->n_operands > 0)
		ops = plugin_find(&s, o->operands[0]);
	for (size_t i = 0; i < s.n; i++) {
		p = registry_find(&s.registry, s.all[i]->name);
		if (o->n_operands == 0 || ops == s.all[i])
			(void)json_array_append_new(
			    all, plugin_json(s.all[i], p));
	}
	if (o->n_operands > 0 && ops == NULL)
		rc = err_set(
		    e, CAU_USAGE, "there is no plug-in %.100s", o->operands[0]);
	else if (o->json)
		print_json("list", json_incref(all));
	else if (ops != NULL)
		show_text(ops, registry_find(&s.registry, ops->name));
	else
		list_text(&s);
	json_decref(all);
	plugin_set_release(&s);
	return rc;
}

/* Registering the same again changes nothing. */
static int
check_taken(const struct registered *p, const struct plugin_set *s,
    bool *is_there, struct err *e)
{
	const struct registered *old = registry_find(&s->registry, p->name);

	*is_there = false;
	if (plugin_builtin(p->name) != NULL)
		return err_set(e, CAU_USAGE,
		    "%s is the name of a built-in plug-in", p->name);
	if (old == NULL)
		return 0;
	*is_there = old->problem == NULL && strcmp(old->path, p->path) == 0 &&
		    strcmp(old->sha256, p->sha256) == 0;
	if (*is_there || old->problem != NULL)
		return 0;
	if (strcmp(old->path, p->path) == 0)
		return err_set(e, CAU_USAGE,
		    "%s is registered, and %s has changed since: cau plugin "
		    "unregister %s first",
		    p->name, p->path, old->name);
	return err_set(e, CAU_USAGE,
	    "the name %s is taken by %s: cau plugin unregister %s first",
	    p->name, old->path, old->name);
}

static int
registered(const struct options *o, const struct registered *p,
    const json_t *object, struct err *e)
{
	struct registered show = *p;
	struct plugin_set s;
	bool is_there;
	int rc;

	plugin_set_load(&s, o->state_dir);
	rc = check_taken(p, &s, &is_there, e);
	if (rc == 0 && !is_there)
		rc = registry_add(o->state_dir, p, object, e);
	if (rc == 0 && o->json) {
		json_t *all = json_array();

		(void)json_array_append_new(all,
		    plugin_json(external_ops(&show, &s.registry.arena), p));
		print_json("register", all);
	} else if (rc == 0) {
		(void)printf("%s %s is %sregistered\n", p->name,
		    p->description.version, is_there ? "already " : "");
	}
	plugin_set_release(&s);
	return rc;
}

static int
do_register(const struct options *o, struct err *e)
{
	struct arena a = ARENA_INIT;
	struct buf warnings = BUF_INIT;
	struct registered p;
	json_t *object = NULL;
	int rc =
	    registry_describe(&p, &object, o->operands[0], &warnings, &a, e);

	(void)fputs(warnings.data, stderr);
	if (rc == 0)
		rc = registered(o, &p, object, e);
	json_decref(object);
	buf_release(&warnings);
	arena_release(&a);
	return rc;
}

static int
do_unregister(const struct options *o, struct err *e)
{
	const char *name = o->operands[0];
	const struct registered *p;
	struct plugin_set s;
	int rc;

	if (plugin_builtin(name) != NULL)
		return err_set(e, CAU_USAGE,
		    "%s is built in and cannot be removed",
		    plugin_builtin(name)->name);
	plugin_set_load(&s, o->state_dir);
	p = registry_find(&s.registry, name);
	if (p == NULL)
		rc = err_set(e, CAU_USAGE,
		    "there is no registered plug-in %.100s", name);
	else
		rc = registry_remove(o->state_dir, p, e);
	if (rc == 0 && o->json)
		print_json("unregister", json_pack("[{s:s}]", "name", p->name));
	else if (rc == 0)
		(void)printf("%s is no longer registered\n", p->name);
	plugin_set_release(&s);
	return rc;
}

static void
print_list(const char *word, const json_t *texts)
{
	for (size_t i = 0; i < json_array_size(texts); i++)
		(void)printf("%-10s%s\n", word,
		    json_string_value(json_array_get(texts, i)));
}

static int
do_test(const struct options *o, struct err *e)
{
	struct plugin_findings f;
	const char *args = o->n_plugin_args == 0 ? "" : o->plugin_args[0];
	size_t n;
	int rc = plugin_test(&f, o->operands[0], args, o->yes, e);

	n = json_array_size(f.problems);
	if (rc == 0 && o->json) {
		json_print(stdout,
		    json_pack("{s:i, s:s, s:O, s:O, s:O}", "format", 1,
			"command", "plugin test", "problems", f.problems,
			"fine", f.fine, "not_tried", f.not_tried),
		    false);
	} else if (rc == 0) {
		print_list("problem", f.problems);
		print_list("fine", f.fine);
		print_list("not tried", f.not_tried);
	}
	json_decref(f.problems);
	json_decref(f.fine);
	json_decref(f.not_tried);
	/* The problems are the answer; nothing more is to be said. */
	return rc == -1 ? -1 : n > 0 ? (int)CAU_FAILED : 0;
}

static const struct {
	const char *verb;
	int least, most;
	const char *wants;
	int (*run)(const struct options *o, struct err *e);
} verbs[] = {
    {"list", 0, 1, "at most one name", list},
    {"register", 1, 1, "the path of one program", do_register},
    {"unregister", 1, 1, "one name", do_unregister},
    {"test", 1, 1, "the path of one program", do_test},
};

#define N_VERBS (sizeof(verbs) / sizeof(*verbs))

static int
run(const struct options *o, const char *verb)
{
	struct err e = {CAU_FAILED, ""};
	size_t i = 0;
	int rc;

	while (i < N_VERBS && strcmp(verbs[i].verb, verb) != 0)
		i++;
	if (i == N_VERBS)
		return command_misuse("plugin", PLUGIN_SYNOPSIS,
		    *verb == '\0' ? "what about plug-ins?"
				  : "'%.40s': list, register, unregister or "
				    "test is expected",
		    verb);
	if (o->n_operands < verbs[i].least || o->n_operands > verbs[i].most)
		return command_misuse("plugin", PLUGIN_SYNOPSIS, "%s wants %s",
		    verb, verbs[i].wants);
	if (o->n_plugin_args > (strcmp(verb, "test") == 0))
		return command_misuse("plugin", PLUGIN_SYNOPSIS,
		    "-a is for test, and comes once");
	rc = verbs[i].run(o, &e);
	if (rc != -1)
		return rc;
	if (o->json)
		print_json_error("plugin", &e, false);
	return command_fail("plugin", &e);
}

int
cmd_plugin(int argc, char **argv)
{
	char none[] = "", *verb = argc > 1 ? argv[1] : none, *word;
	struct options o;
	int rc;

	/* The verb stands before the options, as in cau plugin list --json; so
	 * may the word behind it. */
	if (*verb != '-' && *verb != '\0') {
		argv[1] = argv[0];
		argc--;
		argv++;
		if (argc > 2 && argv[1][0] != '-') {
			word = argv[1];
			memmove(&argv[1], &argv[2],
			    (size_t)(argc - 2) * sizeof(*argv));
			argv[argc - 1] = word;
		}
	} else {
		verb = none;
	}
	rc = options_parse(&o, CMD_PLUGIN, PLUGIN_SYNOPSIS, argc, argv);
	if (rc == -1)
		rc = command_done("plugin", run(&o, verb));
	options_release(&o);
	return rc;
}
