/* SPDX-License-Identifier: ISC */
/* The hotfix configuration file: from the tree of the document to rules. */
#include "rules.h"

#include <string.h>

#include "rules_xml.h"
#include "text.h"

static const char *const no_names[] = {NULL};
static const char *const root_names[] = {"DefaultRules", "FolderRules", NULL};
static const char *const default_names[] = {"ExtensionRules", NULL};
static const char *const extension_names[] = {"Extension", NULL};
static const char *const folder_names[] = {"Folder", NULL};
static const char *const rule_names[] = {"Template", "ExitConditions", NULL};
static const char *const condition_names[] = {
#define X(id, name) name,
    EXIT_CONDITIONS(X)
#undef X
	NULL};
static const char *const code_names[] = {"ExitCode", NULL};

#define N_NAMES(a) (sizeof(a) / sizeof(*(a)) - 1)

const char *
rule_label(const struct rule *rule, struct arena *a)
{
	return arena_printf(a, "%s %s",
	    rule->is_folder ? "Folder" : "Extension",
	    rules_shown(a, rule->name));
}

static void
add_code(struct rules_parser *p, enum exit_condition c, int line, const char *s)
{
	struct rule_code code = {0, c, line};
	struct err e;

	if (exitcode_parse(s, &code.code, &e) == -1) {
		rules_error(p, line, "<%s>: %s", exit_condition_name(c),
		    rules_shown_bytes(p->a, e.text, sizeof(e.text)));
		return;
	}
	p->codes =
	    xgrow(p->codes, p->n_codes, &p->cap_codes, sizeof(*p->codes));
	p->codes[p->n_codes++] = code;
}

/* Codes in a text, separated by blanks, commas or semicolons. Returns how
 * many words there were, good or bad. */
static size_t
add_code_list(
    struct rules_parser *p, enum exit_condition c, int line, const char *s)
{
	size_t len, n = 0;

	for (;;) {
		for (; *s != '\0' && strchr(RULES_BLANKS ",;", *s) != NULL; s++)
			if (*s == '\n')
				line++;
		if (*s == '\0')
			return n;
		len = strcspn(s, RULES_BLANKS ",;");
		add_code(p, c, line, arena_strndup(p->a, s, len));
		s += len;
		n++;
	}
}

/* <ExitCode code="0"/>, <ExitCode value="0"/> or <ExitCode>0</ExitCode>. */
static void
parse_code(struct rules_parser *p, const xmlNode *node, enum exit_condition c)
{
	static const char *const names[] = {"code", "value", NULL};
	const char *values[N_NAMES(names)];
	const xmlNode *n;
	size_t i, count = 0;

	rules_take_attributes(p, node, names, values);
	for (i = 0; i < N_NAMES(names); i++) {
		if (values[i] == NULL)
			continue;
		add_code(p, c, xml_line(node), rules_trimmed(p->a, values[i]));
		count++;
	}
	for (n = node->children; n != NULL; n = n->next) {
		if (xml_is_text(n)) {
			add_code(p, c, xml_text_line(n),
			    rules_trimmed(p->a, xml_text(n)));
			count++;
		} else if (n->type == XML_ELEMENT_NODE) {
			rules_note_unknown(p, xml_line(n), "element",
			    xml_name(n), node, no_names);
		}
	}
	if (count != 1)
		rules_error(p, xml_line(node), "<ExitCode> has %s code",
		    count == 0 ? "no" : "more than one");
}

static void
parse_condition(
    struct rules_parser *p, const xmlNode *node, enum exit_condition c)
{
	const xmlNode *n;
	size_t count = 0;

	rules_no_attributes(p, node);
	for (n = node->children; n != NULL; n = n->next) {
		if (xml_is_text(n)) {
			count +=
			    add_code_list(p, c, xml_text_line(n), xml_text(n));
		} else if (n->type == XML_ELEMENT_NODE) {
			count++;
			if (rules_find_name(xml_name(n), code_names) == -1)
				rules_note_unknown(p, xml_line(n), "element",
				    xml_name(n), node, code_names);
			else
				parse_code(p, n, c);
		}
	}
	if (count == 0)
		rules_error(p, xml_line(node), "<%s> has no exit code",
		    exit_condition_name(c));
}

static void
parse_conditions(struct rules_parser *p, const xmlNode *node, struct rule *rule)
{
	const xmlNode *found[N_NAMES(condition_names)], *n;
	size_t i;

	rules_no_attributes(p, node);
	rules_take_children(p, node, condition_names, found);
	/* In the order of the file, so that the first of two is the first. */
	for (n = node->children; n != NULL; n = n->next)
		for (i = 0; i < N_NAMES(condition_names); i++)
			if (found[i] == n)
				parse_condition(
				    p, n, (enum exit_condition)(i + 1));
	if (found[COND_SUCCESS - 1] == NULL)
		rules_error(
		    p, xml_line(node), "<ExitConditions> has no <Success>");
	rules_check_codes(p);
	rule->n_codes = p->n_codes;
	rule->codes = arena_alloc(p->a, p->n_codes * sizeof(*p->codes));
	if (p->n_codes > 0)
		memcpy(rule->codes, p->codes, p->n_codes * sizeof(*p->codes));
}

static void
parse_template(struct rules_parser *p, const xmlNode *node, struct rule *rule)
{
	static const char *const names[] = {"path", "parameters", NULL};
	const char *values[N_NAMES(names)];
	size_t index;

	rules_take_attributes(p, node, names, values);
	/* Has no children: this only reports those that are there. */
	(void)rules_next_child(p, node, NULL, no_names, &index);
	if (values[0] == NULL)
		rules_error(
		    p, xml_line(node), "<Template> has no attribute 'path'");
	else if (*rules_trimmed(p->a, values[0]) == '\0')
		rules_error(p, xml_line(node),
		    "the attribute 'path' of <Template> is empty");
	else
		rules_check_path(p, xml_line(node), values[0]);
	rule->path = values[0] == NULL ? "" : values[0];
	rule->parameters = values[1] == NULL ? "" : values[1];
}

/* xs:boolean. */
static int
parse_boolean(const char *s, bool *out)
{
	*out = strcmp(s, "true") == 0 || strcmp(s, "1") == 0;
	return *out || strcmp(s, "false") == 0 || strcmp(s, "0") == 0 ? 0 : -1;
}

static void
parse_rule(struct rules_parser *p, const xmlNode *node, bool is_folder)
{
	static const char *const extension_attrs[] = {"name", NULL};
	static const char *const folder_attrs[] = {
	    "name", "alwaysReboot", NULL};
	const xmlNode *found[N_NAMES(rule_names)];
	const char *values[N_NAMES(folder_attrs)] = {NULL, NULL}, *problem;
	struct rule rule = {.is_folder = is_folder,
	    .name = "",
	    .path = "",
	    .parameters = "",
	    .line = xml_line(node)};
	size_t i;

	rules_take_attributes(
	    p, node, is_folder ? folder_attrs : extension_attrs, values);
	if (values[0] == NULL) {
		rules_error(p, rule.line, "<%s> has no attribute 'name'",
		    xml_name(node));
		p->label = xml_name(node);
	} else {
		rule.name = values[0];
		p->label = rule_label(&rule, p->a);
		problem = rules_name_problem(rule.name, is_folder, p->a);
		if (problem != NULL)
			rules_error(p, rule.line, "%s", problem);
	}
	if (values[1] != NULL && parse_boolean(rules_trimmed(p->a, values[1]),
				     &rule.always_reboot) == -1)
		rules_error(p, rule.line,
		    "alwaysReboot '%s' is none of true, false, 1, 0",
		    rules_shown(p->a, values[1]));
	rules_take_children(p, node, rule_names, found);
	for (i = 0; i < N_NAMES(rule_names); i++)
		if (found[i] == NULL)
			rules_error(p, rule.line, "<%s> has no <%s>",
			    xml_name(node), rule_names[i]);
	p->n_codes = 0;
	if (found[0] != NULL)
		parse_template(p, found[0], &rule);
	if (found[1] != NULL)
		parse_conditions(p, found[1], &rule);
	p->label = NULL;
	p->rules =
	    xgrow(p->rules, p->n_rules, &p->cap_rules, sizeof(*p->rules));
	p->rules[p->n_rules++] = rule;
}

static void
parse_rule_list(struct rules_parser *p, const xmlNode *node, bool is_folder)
{
	const xmlNode *n = NULL;
	size_t index;

	rules_no_attributes(p, node);
	while (
	    (n = rules_next_child(p, node, n,
		 is_folder ? folder_names : extension_names, &index)) != NULL)
		parse_rule(p, n, is_folder);
}

static void
parse_root(struct rules_parser *p, const xmlNode *root)
{
	const xmlNode *found[N_NAMES(root_names)];
	const xmlNode *lists[N_NAMES(default_names)] = {NULL}, *n;

	/* The documents show these two without what stands around them. */
	if (rules_find_name(xml_name(root), root_names) != -1) {
		rules_error(p, xml_line(root),
		    "<%s> is the root element: put it into a root element of "
		    "any other name",
		    xml_name(root));
		return;
	}
	rules_no_attributes(p, root);
	rules_take_children(p, root, root_names, found);
	if (found[0] != NULL) {
		rules_no_attributes(p, found[0]);
		rules_take_children(p, found[0], default_names, lists);
	}
	/* Rules keep the order of the file. */
	for (n = root->children; n != NULL; n = n->next)
		if (n == found[0] && lists[0] != NULL)
			parse_rule_list(p, lists[0], false);
		else if (n == found[1])
			parse_rule_list(p, found[1], true);
}

int
rules_parse(struct rules *r, struct rules_notes *notes, const void *data,
    size_t len, struct arena *a)
{
	struct rules_parser p = {.a = a};
	struct err e;
	xmlDoc *doc;
	int line;

	if (len > RULES_MAX_BYTES) {
		rules_error(&p, 0, "the file is larger than %u MiB",
		    RULES_MAX_BYTES >> 20);
	} else if ((doc = xml_parse(data, len, &line, &e)) == NULL) {
		rules_error(&p, line, "%s", e.text);
	} else {
		parse_root(&p, xmlDocGetRootElement(doc));
		rules_check_names(&p);
		xmlFreeDoc(doc);
	}
	rules_finish(&p, r, notes);
	return notes->n_errors > 0 ? -1 : 0;
}

static const struct rule *
find_rule(const struct rules *r, const char *name, bool is_folder)
{
	size_t i;

	for (i = 0; i < r->n_rules; i++)
		if (r->rules[i].is_folder == is_folder &&
		    text_casecmp(r->rules[i].name, name) == 0)
			return &r->rules[i];
	return NULL;
}

const struct rule *
rules_for_file(const struct rules *r, const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot == NULL ? NULL : find_rule(r, dot + 1, false);
}

const struct rule *
rules_for_folder(const struct rules *r, const char *folder)
{
	return find_rule(r, folder, true);
}

enum exit_condition
rule_condition(const struct rule *rule, uint32_t code)
{
	size_t i;

	for (i = 0; i < rule->n_codes; i++)
		if (rule->codes[i].code == code)
			return rule->codes[i].condition;
	return COND_NONE;
}
