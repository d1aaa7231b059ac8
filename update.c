/* SPDX-License-Identifier: ISC */
/* Updates and install results as JSON. */
#include "update.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

const char *
json_text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s == NULL ? "" : s;
}

int64_t
json_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

bool
json_flag(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

json_t *
json_from_text(const char *s)
{
	json_t *j = json_string(s);
	struct buf b = BUF_INIT;

	if (j != NULL)
		return j;
	text_printable(&b, s, strlen(s));
	j = json_string(b.data);
	buf_release(&b);
	return j;
}

static void
set(json_t *object, const char *key, json_t *value)
{
	(void)json_object_set_new(object, key, value);
}

json_t *
update_to_json(const struct update *u)
{
	json_t *j = json_object();

	set(j, "id", json_from_text(u->id));
	set(j, "title", json_from_text(u->title));
	set(j, "description", json_from_text(u->description));
	set(j, "plugin", json_from_text(u->plugin));
	set(j, "rule", json_from_text(u->rule));
	set(j, "path", json_from_text(u->path));
	set(j, "size", json_integer(u->size_bytes));
	set(j, "sha256", json_from_text(u->sha256));
	set(j, "version", json_from_text(u->version));
	set(j, "kb", json_from_text(u->kb));
	set(j, "state",
	    json_string(u->installed ? "AlreadyInstalled" : "Applicable"));
	set(j, "reason", json_from_text(u->reason));
	return j;
}

int
update_from_json(struct update *u, const json_t *j, struct arena *a)
{
	const char *state = json_text(j, "state");

	if (!json_is_object(j) || *json_text(j, "id") == '\0' ||
	    *json_text(j, "plugin") == '\0' || *state == '\0')
		return -1;
	u->id = arena_strdup(a, json_text(j, "id"));
	u->title = arena_strdup(a, json_text(j, "title"));
	u->description = arena_strdup(a, json_text(j, "description"));
	u->plugin = arena_strdup(a, json_text(j, "plugin"));
	u->rule = arena_strdup(a, json_text(j, "rule"));
	u->path = arena_strdup(a, json_text(j, "path"));
	u->version = arena_strdup(a, json_text(j, "version"));
	u->kb = arena_strdup(a, json_text(j, "kb"));
	u->sha256 = arena_strdup(a, json_text(j, "sha256"));
	u->reason = arena_strdup(a, json_text(j, "reason"));
	u->size_bytes = json_number(j, "size");
	u->installed = strcmp(state, "AlreadyInstalled") == 0;
	return 0;
}

void
install_result_to_json(const struct install_result *r, json_t *object)
{
	char hex[16];

	set(object, "result", json_string(update_result_name(r->result)));
	if (r->has_code) {
		(void)snprintf(hex, sizeof(hex), "0x%08x", r->exit_code);
		set(object, "exit_code", json_integer(r->exit_code));
		set(object, "exit_code_hex", json_string(hex));
	} else {
		set(object, "exit_code", json_null());
		set(object, "exit_code_hex", json_null());
	}
	set(object, "condition",
	    json_string(exit_condition_name(r->condition)));
	set(object, "reboot_required", json_boolean(r->reboot_required));
	set(object, "reason", json_from_text(r->reason));
	set(object, "log", json_from_text(r->log));
}

int
install_result_from_json(
    struct install_result *r, const json_t *j, struct arena *a)
{
	const json_t *code = json_object_get(j, "exit_code");
	int64_t v = json_integer_value(code);

	r->result = update_result_parse(json_text(j, "result"));
	if (r->result == RESULT_NONE)
		return -1;
	r->has_code = json_is_integer(code);
	if (r->has_code && (v < 0 || v > UINT32_MAX))
		return -1;
	r->exit_code = (uint32_t)v;
	r->condition = exit_condition_parse(json_text(j, "condition"));
	r->reboot_required = json_flag(j, "reboot_required");
	r->reason = arena_strdup(a, json_text(j, "reason"));
	r->log = arena_strdup(a, json_text(j, "log"));
	return 0;
}
