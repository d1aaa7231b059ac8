/* SPDX-License-Identifier: ISC */
/* Updates and install results as JSON. */
#include "update.h"

#include <stdio.h>
#include <string.h>

#include "names.h"

/* In the order of enum update_restart. */
static const char *const restarts[] = {"", "Never", "Expected"};

const char *
update_label(const struct update *u)
{
	return u->path == NULL || *u->path == '\0' ? u->id : u->path;
}

json_t *
update_to_json(const struct update *u)
{
	json_t *j = json_object();

	json_set(j, "id", json_from_text(u->id));
	json_set(j, "title", json_from_text(u->title));
	json_set(j, "description", json_from_text(u->description));
	json_set(j, "plugin", json_from_text(u->plugin));
	json_set(j, "rule", json_from_text(u->rule));
	json_set(j, "path", json_from_text(u->path));
	json_set(j, "size", json_integer(u->size_bytes));
	json_set(j, "sha256", json_from_text(u->sha256));
	json_set(j, "version", json_from_text(u->version));
	json_set(j, "kb", json_from_text(u->kb));
	json_set(j, "state",
	    json_string(u->installed ? "AlreadyInstalled" : "Applicable"));
	json_set(j, "reason", json_from_text(u->reason));
	if (u->restart != UPDATE_RESTART_UNKNOWN)
		json_set(j, "restart", json_string(restarts[u->restart]));
	if (u->joint)
		json_set(j, "joint", json_true());
	if (u->once)
		json_set(j, "once", json_true());
	if (u->properties != NULL && *u->properties != '\0')
		json_set(j, "properties",
		    json_loads(u->properties, JSON_REJECT_DUPLICATES, NULL));
	return j;
}

static const char *
properties_from_json(const json_t *j, struct arena *a)
{
	const json_t *o = json_object_get(j, "properties");
	struct buf b = BUF_INIT;
	const char *text;

	if (!json_is_object(o))
		return "";
	json_add(&b, o);
	text = arena_strdup(a, b.data);
	buf_release(&b);
	return text;
}

int
update_from_json(struct update *u, const json_t *j, struct arena *a)
{
	const char *state = json_text(j, "state");

	if (!json_is_object(j) || *json_text(j, "id") == '\0' ||
	    *json_text(j, "plugin") == '\0' || *state == '\0' ||
	    !sha256_valid(json_text(j, "sha256")))
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
	u->properties = properties_from_json(j, a);
	for (size_t i = 0; i < sizeof(restarts) / sizeof(*restarts); i++)
		if (strcmp(json_text(j, "restart"), restarts[i]) == 0)
			u->restart = (enum update_restart)i;
	u->joint = json_flag(j, "joint");
	u->once = json_flag(j, "once");
	u->size_bytes = json_number(j, "size");
	u->installed = strcmp(state, "AlreadyInstalled") == 0;
	return 0;
}

void
install_result_to_json(const struct install_result *r, json_t *object)
{
	char hex[16];

	json_set(object, "result", json_string(update_result_name(r->result)));
	if (r->has_code) {
		(void)snprintf(hex, sizeof(hex), "0x%08x", r->exit_code);
		json_set(object, "exit_code", json_integer(r->exit_code));
		json_set(object, "exit_code_hex", json_string(hex));
	} else {
		json_set(object, "exit_code", json_null());
		json_set(object, "exit_code_hex", json_null());
	}
	json_set(object, "condition",
	    json_string(exit_condition_name(r->condition)));
	json_set(object, "reboot_required", json_boolean(r->reboot_required));
	json_set(object, "reason", json_from_text(r->reason));
	json_set(object, "log", json_from_text(r->log));
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
