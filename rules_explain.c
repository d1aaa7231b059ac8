/* SPDX-License-Identifier: ISC */
/* What a hotfix configuration file means for one update. */
#include "rules_explain.h"

#include <inttypes.h>
#include <string.h>

#include "template.h"
#include "text.h"

/* Where a node keeps the updates; the sum is not known here. */
#define STAGE_FOLDER "/var/lib/cau/node/stage/<sha256>"

json_t *
rules_json_shown(const char *s)
{
	struct buf b = BUF_INIT;
	json_t *j;

	text_escape(&b, s, strlen(s));
	j = json_stringn(b.data, b.len);
	buf_release(&b);
	return j;
}

/* A code as people look for it: HRESULTs are mostly known in hex. */
static void
add_code(struct buf *b, uint32_t code)
{
	buf_addf(b, "%" PRIu32, code);
	if (code > UINT16_MAX)
		buf_addf(b, " (0x%08" PRIx32 ")", code);
}

static void
add_no_rule(struct buf *b, const struct rules_question *q)
{
	const char *dot = strrchr(q->name, '.');

	if (q->folder != NULL) {
		buf_addstr(b, "no rule for folder ");
		text_printable(b, q->folder, strlen(q->folder));
	} else if (dot == NULL) {
		buf_addstr(b, "no rule for files without extension");
	} else {
		buf_addstr(b, "no rule for extension ");
		text_printable(b, dot, strlen(dot));
	}
	buf_addstr(b, ": the file is ignored");
}

static const char *
meaning_text(const struct exit_meaning *m)
{
	switch (m->condition) {
	case COND_NONE:
		break;
	case COND_SUCCESS:
		return "the update succeeded; the node is not restarted";
	case COND_SUCCESS_REBOOT:
		return "the update succeeded; the node will be restarted";
	case COND_FAIL_REBOOT:
		return "the update failed; the node will be restarted";
	case COND_ALREADY_INSTALLED:
		return "the update was installed before; the node is not "
		       "restarted";
	case COND_NOT_APPLICABLE:
		return "the update does not apply to the node; the node is "
		       "not restarted";
	}
	return "the update failed; the node is not restarted";
}

/* "Success: the update succeeded; ...", with alwaysReboot if it matters. */
static void
add_meaning(struct buf *b, const struct rule *rule, uint32_t code)
{
	enum exit_condition c = rule_condition(rule, code);
	struct exit_meaning m = exit_condition_meaning(c, rule->always_reboot);

	buf_addf(b, "%s%s: %s",
	    c == COND_NONE ? "not listed" : exit_condition_name(c),
	    m.condition == c ? "" : " with alwaysReboot", meaning_text(&m));
}

/* What keeps a process from ending with this code; nothing for most. */
static void
add_hint(struct buf *b, uint32_t code)
{
	const char *name = exit_status_signal(code);

	if (code > 255)
		buf_addf(b,
		    "a process on Linux returns 0 to 255 (this one as %" PRIu32
		    "): the code counts only if the installer writes it to the "
		    "file $CAU_EXIT_CODE_FILE",
		    code % 256);
	else if (name != NULL)
		buf_addf(b,
		    "a process that exits with it counts as ended by the "
		    "signal %s: the code counts only if the installer writes "
		    "it to the file $CAU_EXIT_CODE_FILE and exits with another "
		    "one",
		    name);
}

static void
print_codes(FILE *out, const struct rule *rule)
{
	struct buf b = BUF_INIT;
	enum exit_condition c;
	size_t i;

	(void)fputs("exit codes:\n", out);
	for (c = COND_SUCCESS; c <= COND_NOT_APPLICABLE; c++) {
		buf_reset(&b);
		for (i = 0; i < rule->n_codes; i++) {
			if (rule->codes[i].condition != c)
				continue;
			if (b.len > 0)
				buf_addstr(&b, ", ");
			add_code(&b, rule->codes[i].code);
		}
		if (b.len > 0)
			(void)fprintf(
			    out, "  %s: %s\n", exit_condition_name(c), b.data);
	}
	buf_release(&b);
	(void)fputs(
	    "  any other: the update failed; the node is not restarted\n", out);
}

static void
print_explanation(FILE *out, const struct rules_question *q,
    const struct rule *rule, const struct arg_vector *v, struct arena *a)
{
	struct buf raw = BUF_INIT, b = BUF_INIT;
	size_t i;

	(void)fprintf(
	    out, "rule: %s (line %d)\n", rule_label(rule, a), rule->line);
	if (rule->always_reboot)
		(void)fputs("always reboot: yes, Success counts as "
			    "Success_RebootRequired\n",
		    out);
	(void)fputs("arguments:\n", out);
	for (i = 0; i < v->n_args; i++) {
		buf_reset(&raw);
		buf_reset(&b);
		template_show_arg(&raw, &v->args[i]);
		text_printable(&b, raw.data, raw.len);
		(void)fprintf(out, "  %zu: %s\n", i, b.data);
	}
	buf_reset(&b);
	template_show(&b, v);
	(void)fprintf(out, "command: %s\n", b.data);
	print_codes(out, rule);
	if (q->has_code) {
		buf_reset(&b);
		buf_addf(
		    &b, "%" PRIu32 " (0x%08" PRIx32 "): ", q->code, q->code);
		add_meaning(&b, rule, q->code);
		(void)fprintf(out, "%s\n", b.data);
		buf_reset(&b);
		add_hint(&b, q->code);
		if (b.len > 0)
			(void)fprintf(out, "%s\n", b.data);
	}
	buf_release(&raw);
	buf_release(&b);
}

static json_t *
conditions_to_json(const struct rule *rule)
{
	json_t *list = json_array(), *codes;
	enum exit_condition c;
	size_t i;

	for (c = COND_SUCCESS; c <= COND_NOT_APPLICABLE; c++) {
		codes = json_array();
		for (i = 0; i < rule->n_codes; i++)
			if (rule->codes[i].condition == c)
				(void)json_array_append_new(codes,
				    json_integer(
					(json_int_t)rule->codes[i].code));
		if (json_array_size(codes) == 0)
			json_decref(codes);
		else
			(void)json_array_append_new(
			    list, json_pack("{s:s, s:o}", "condition",
				      exit_condition_name(c), "codes", codes));
	}
	return list;
}

static json_t *
exit_to_json(const struct rules_question *q, const struct rule *rule)
{
	struct exit_meaning m;
	struct buf b = BUF_INIT;
	char hex[16];
	json_t *j;

	m = exit_condition_meaning(
	    rule_condition(rule, q->code), rule->always_reboot);
	(void)snprintf(hex, sizeof(hex), "0x%08" PRIx32, q->code);
	add_meaning(&b, rule, q->code);
	j = json_pack("{s:I, s:s, s:s, s:s, s:b, s:s}", "exit_code",
	    (json_int_t)q->code, "exit_code_hex", hex, "condition",
	    exit_condition_name(m.condition), "result",
	    update_result_name(m.result), "reboot_required", m.reboot_required,
	    "text", b.data);
	buf_reset(&b);
	add_hint(&b, q->code);
	if (b.len > 0)
		json_set(j, "hint", json_string(b.data));
	buf_release(&b);
	return j;
}

static void
explanation_to_json(json_t *doc, const struct rules_question *q,
    const struct rule *rule, const struct arg_vector *v, struct arena *a)
{
	json_t *args = json_array();
	struct buf b = BUF_INIT;
	size_t i;

	json_set(doc, "rule",
	    json_pack("{s:s, s:i, s:b}", "label", rule_label(rule, a), "line",
		rule->line, "always_reboot", rule->always_reboot));
	for (i = 0; i < v->n_args; i++) {
		buf_reset(&b);
		template_show_arg(&b, &v->args[i]);
		(void)json_array_append_new(args, rules_json_shown(b.data));
	}
	json_set(doc, "arguments", args);
	buf_reset(&b);
	template_show(&b, v);
	json_set(doc, "shell", json_string(b.data));
	json_set(doc, "conditions", conditions_to_json(rule));
	json_set(
	    doc, "exit", q->has_code ? exit_to_json(q, rule) : json_null());
	buf_release(&b);
}

static const struct rule *
find(const struct rules *r, const struct rules_question *q)
{
	return q->folder != NULL ? rules_for_folder(r, q->folder)
				 : rules_for_file(r, q->name);
}

static void
expand(struct arg_vector *v, const struct rule *rule,
    const struct rules_question *q, struct arena *a)
{
	template_expand(
	    v, rule, arena_printf(a, STAGE_FOLDER "/%s", q->name), a);
}

void
rules_explain(FILE *out, const struct rules *r, const struct rules_question *q,
    struct arena *a)
{
	const struct rule *rule = find(r, q);
	struct buf b = BUF_INIT;
	struct arg_vector v;

	if (rule != NULL) {
		expand(&v, rule, q, a);
		print_explanation(out, q, rule, &v, a);
		return;
	}
	add_no_rule(&b, q);
	(void)fprintf(out, "%s\n", b.data);
	buf_release(&b);
}

void
rules_explain_json(json_t *doc, const struct rules *r,
    const struct rules_question *q, struct arena *a)
{
	const struct rule *rule = find(r, q);
	struct buf b = BUF_INIT;
	struct arg_vector v;

	if (rule != NULL) {
		expand(&v, rule, q, a);
		explanation_to_json(doc, q, rule, &v, a);
		return;
	}
	add_no_rule(&b, q);
	json_set(doc, "rule", json_null());
	json_set(doc, "reason", json_string(b.data));
	buf_release(&b);
}
