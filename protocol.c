/* SPDX-License-Identifier: ISC */
/* What a plug-in of others prints. */
#include "protocol.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define SCAN_MS	   300000
#define INSTALL_MS 1800000

static const char *const verbs[] = {"describe", "scan", "stage", "install"};

const char *
protocol_verb_name(enum protocol_verb verb)
{
	return verbs[verb];
}

static bool
is_word(const char *s, const char *more)
{
	static const char alnum[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t n;

	for (n = 0; s[n] != '\0'; n++)
		if (strchr(alnum, s[n]) == NULL && strchr(more, s[n]) == NULL)
			return false;
	return n > 0;
}

bool
protocol_name_valid(const char *name)
{
	return strlen(name) <= 100 && is_word(name, "._-") &&
	       strchr(name, '.') != NULL && *name != '.' && *name != '-' &&
	       name[strlen(name) - 1] != '.' && strstr(name, "..") == NULL;
}

/* Text that is shown: at most max bytes, made printable. */
static int
take_text(const json_t *j, const char *key, size_t max, const char **out,
    struct arena *a, struct err *e)
{
	const json_t *v = json_object_get(j, key);
	struct buf b = BUF_INIT;

	*out = "";
	if (v == NULL || json_is_null(v))
		return 0;
	if (!json_is_string(v))
		return err_set(e, CAU_FAILED,
		    "\"%s\" is not a text: put it in double quotes", key);
	if (json_string_length(v) > max)
		return err_set(
		    e, CAU_FAILED, "\"%s\" is longer than %zu bytes", key, max);
	text_printable(&b, json_string_value(v), json_string_length(v));
	*out = arena_strdup(a, b.data);
	buf_release(&b);
	return 0;
}

/* The same for what is compared: nothing in it may need to be changed. */
static int
take_id(const json_t *j, const char *key, const char **out, struct arena *a,
    struct err *e)
{
	const json_t *v = json_object_get(j, key);

	if (take_text(j, key, PROTOCOL_MAX_ID, out, a, e) == -1)
		return -1;
	if (**out == '\0')
		return err_set(e, CAU_FAILED, "\"%s\" is missing", key);
	if (strcmp(*out, json_string_value(v)) != 0)
		return err_set(e, CAU_FAILED,
		    "\"%s\" has characters that cannot be printed: %s", key,
		    *out);
	return 0;
}

static int
take_flag(
    const json_t *j, const char *key, bool otherwise, bool *out, struct err *e)
{
	const json_t *v = json_object_get(j, key);

	*out = otherwise;
	if (v == NULL || json_is_null(v))
		return 0;
	if (!json_is_boolean(v))
		return err_set(
		    e, CAU_FAILED, "\"%s\" is neither true nor false", key);
	*out = json_is_true(v);
	return 0;
}

static int
take_number(const json_t *j, const char *key, int64_t min, int64_t max,
    int64_t otherwise, int64_t *out, struct err *e)
{
	const json_t *v = json_object_get(j, key);

	*out = otherwise;
	if (v == NULL || json_is_null(v))
		return 0;
	*out = json_integer_value(v);
	if (!json_is_integer(v) || *out < min || *out > max)
		return err_set(e, CAU_FAILED,
		    "\"%s\" is not a whole number from %" PRId64 " to %" PRId64,
		    key, min, max);
	return 0;
}

/* "protocol": a version, or the list of those that it speaks. */
static int
take_version(const json_t *j, struct err *e)
{
	const json_t *v = json_object_get(j, "protocol"), *one;
	struct buf b = BUF_INIT;

	if (v == NULL)
		return err_set(e, CAU_FAILED, "\"protocol\" is missing");
	for (size_t i = 0; json_is_integer(v) ? i < 1 : i < json_array_size(v);
	     i++) {
		one = json_is_integer(v) ? v : json_array_get(v, i);
		if (!json_is_integer(one)) {
			buf_reset(&b);
			break;
		}
		if (json_integer_value(one) == PROTOCOL_VERSION) {
			buf_release(&b);
			return 0;
		}
		if (b.len < 60)
			buf_addf(&b, "%s%" PRId64, b.len == 0 ? "" : ", ",
			    (int64_t)json_integer_value(one));
	}
	if (b.len == 0)
		(void)err_set(e, CAU_FAILED,
		    "\"protocol\" is neither a version nor a list of versions");
	else
		(void)err_set(e, CAU_FAILED,
		    "it speaks version %s of the protocol, this cau only "
		    "version %d",
		    b.data, PROTOCOL_VERSION);
	buf_release(&b);
	return -1;
}

static int
take_argument(struct plugin_argument *out, const struct plugin_argument *before,
    const json_t *j, struct arena *a, struct err *e)
{
	if (!json_is_object(j))
		return err_set(e, CAU_FAILED, "it is not an object");
	if (take_id(j, "name", &out->name, a, e) == -1 ||
	    take_flag(j, "required", false, &out->required, e) == -1 ||
	    take_text(j, "default", PROTOCOL_MAX_TEXT, &out->value, a, e) ==
		-1 ||
	    take_text(j, "help", PROTOCOL_MAX_TITLE, &out->help, a, e) == -1)
		return -1;
	if (strlen(out->name) > 64 || !is_word(out->name, "_") ||
	    strchr("0123456789_", *out->name) != NULL)
		return err_set(e, CAU_FAILED,
		    "'%.64s' is no name: a letter, then letters, digits and _ "
		    "(64 at the most)",
		    out->name);
	for (; before < out; before++)
		if (text_casecmp(before->name, out->name) == 0)
			return err_set(
			    e, CAU_FAILED, "'%s' comes twice", out->name);
	return 0;
}

static int
take_arguments(struct protocol_description *d, const json_t *j, struct arena *a,
    struct err *e)
{
	const json_t *list = json_object_get(j, "arguments");
	struct plugin_argument *args;

	if (list != NULL && !json_is_array(list))
		return err_set(e, CAU_FAILED, "\"arguments\" is not a list");
	if (json_array_size(list) > PLUGIN_MAX_ARGS)
		return err_set(
		    e, CAU_FAILED, "more than %d arguments", PLUGIN_MAX_ARGS);
	d->n_arguments = json_array_size(list);
	args = arena_alloc(a, (d->n_arguments + 1) * sizeof(*args));
	d->arguments = args;
	for (size_t i = 0; i < d->n_arguments; i++)
		if (take_argument(
			&args[i], args, json_array_get(list, i), a, e) == -1)
			return err_wrap(e, "argument %zu", i + 1);
	return 0;
}

static int
take_limits(struct protocol_description *d, const json_t *j, struct err *e)
{
	static const struct {
		enum protocol_verb verb;
		const char *key;
		int64_t ms;
	} limits[] = {
	    {VERB_SCAN, "scan_timeout_s", SCAN_MS},
	    {VERB_STAGE, "stage_timeout_s", INSTALL_MS},
	    {VERB_INSTALL, "install_timeout_s", INSTALL_MS},
	};
	int64_t s;

	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		if (take_number(j, limits[i].key, 1, PROTOCOL_MAX_TIME_S,
			limits[i].ms / 1000, &s, e) == -1)
			return -1;
		d->limit_ms[limits[i].verb] = s * 1000;
	}
	return 0;
}

int
protocol_description(struct protocol_description *d, const json_t *j,
    struct arena *a, struct err *e)
{
	const char *where;

	memset(d, 0, sizeof(*d));
	/* First: whatever else another version has may mean something else. */
	if (take_version(j, e) == -1 ||
	    take_id(j, "name", &d->name, a, e) == -1)
		return -1;
	if (!protocol_name_valid(d->name))
		return err_set(e, CAU_FAILED,
		    "\"name\" '%.100s' is no name of a plug-in: words of "
		    "letters, digits, - and _ joined by dots, the company "
		    "first, as Contoso.Firmware",
		    d->name);
	if (take_id(j, "version", &d->version, a, e) == -1 ||
	    take_text(j, "summary", PROTOCOL_MAX_TITLE, &d->summary, a, e) ==
		-1 ||
	    take_text(j, "runs_on", 64, &where, a, e) == -1 ||
	    take_flag(j, "stage", true, &d->stages, e) == -1)
		return -1;
	d->on_coordinator = strcmp(where, "coordinator") == 0;
	if (!d->on_coordinator && strcmp(where, "node") != 0)
		return err_set(e, CAU_FAILED,
		    *where == '\0'
			? "\"runs_on\" is missing: \"node\" or \"coordinator\""
			: "\"runs_on\" is neither \"node\" nor "
			  "\"coordinator\"");
	if (take_arguments(d, j, a, e) == -1)
		return -1;
	return take_limits(d, j, e);
}

/* "data" is the plug-in's own: kept as it is and given back to it. */
static int
take_data(const json_t *j, const char **out, struct arena *a, struct err *e)
{
	json_t *data = json_object_get(j, "data"), *box;
	struct buf b = BUF_INIT;
	int rc = 0;

	*out = "";
	if (data == NULL || json_is_null(data))
		return 0;
	if (!json_is_object(data))
		return err_set(e, CAU_FAILED, "\"data\" is not an object");
	box = json_object();
	(void)json_object_set(box, "data", data);
	json_add(&b, box);
	json_decref(box);
	if (b.len > PROTOCOL_MAX_DATA)
		rc = err_set(e, CAU_FAILED, "\"data\" is longer than %d bytes",
		    PROTOCOL_MAX_DATA);
	else
		*out = arena_strdup(a, b.data);
	buf_release(&b);
	return rc;
}

static int
take_update(struct protocol *p, const json_t *j, struct err *e)
{
	struct arena *a = p->arena;
	struct update u = {
	    .plugin = "", .rule = "", .path = "", .sha256 = "", .reason = ""};

	if (take_id(j, "id", &u.id, a, e) == -1 ||
	    take_text(j, "title", PROTOCOL_MAX_TITLE, &u.title, a, e) == -1 ||
	    take_text(j, "description", PROTOCOL_MAX_TEXT, &u.description, a,
		e) == -1 ||
	    take_text(j, "version", PROTOCOL_MAX_ID, &u.version, a, e) == -1 ||
	    take_text(j, "kb", PROTOCOL_MAX_ID, &u.kb, a, e) == -1 ||
	    take_number(j, "size", 0, INT64_C(1) << 53, 0, &u.size_bytes, e) ==
		-1 ||
	    take_data(j, &u.properties, a, e) == -1)
		return -1;
	for (size_t i = 0; i < p->n_updates; i++)
		if (strcmp(p->updates[i].id, u.id) == 0)
			return err_set(e, CAU_FAILED,
			    "update '%s' is offered twice", u.id);
	if (p->n_updates == PROTOCOL_MAX_UPDATES)
		return err_set(e, CAU_FAILED, "more than %d updates",
		    PROTOCOL_MAX_UPDATES);
	u.once = true;
	p->updates = xgrow(
	    p->updates, p->n_updates, &p->cap_updates, sizeof(*p->updates));
	p->updates[p->n_updates++] = u;
	return 0;
}

static int
check_result_name(const char *name, enum update_result *out, struct err *e)
{
	static const char *const names[] = {
	    "Succeeded", "Failed", "AlreadyInstalled", "NotApplicable", NULL};

	for (size_t i = 0; names[i] != NULL; i++)
		if (strcmp(name, names[i]) == 0) {
			*out = update_result_parse(name);
			return 0;
		}
	return err_set(e, CAU_FAILED,
	    "\"result\" is '%.40s'; Succeeded, Failed, AlreadyInstalled or "
	    "NotApplicable is expected",
	    name);
}

static enum exit_condition
condition_of(const struct install_result *r)
{
	switch (r->result) {
	case RESULT_SUCCEEDED:
		return r->reboot_required ? COND_SUCCESS_REBOOT : COND_SUCCESS;
	case RESULT_FAILED:
		return r->reboot_required ? COND_FAIL_REBOOT : COND_NONE;
	case RESULT_ALREADY_INSTALLED:
		return COND_ALREADY_INSTALLED;
	case RESULT_NOT_APPLICABLE:
		return COND_NOT_APPLICABLE;
	default:
		return COND_NONE;
	}
}

static int
take_result(struct protocol *p, const json_t *j, struct err *e)
{
	struct install_result r = {.log = ""};
	const char *id, *name;
	int64_t code;

	if (take_id(j, "id", &id, p->arena, e) == -1 ||
	    take_id(j, "result", &name, p->arena, e) == -1 ||
	    check_result_name(name, &r.result, e) == -1 ||
	    take_flag(j, "reboot_required", false, &r.reboot_required, e) ==
		-1 ||
	    take_number(j, "exit_code", INT32_MIN, UINT32_MAX, 0, &code, e) ==
		-1 ||
	    take_text(
		j, "reason", PROTOCOL_MAX_TITLE, &r.reason, p->arena, e) == -1)
		return -1;
	if (strcmp(id, p->id) != 0)
		return err_set(e, CAU_FAILED,
		    "a result for '%s', which it was not asked for", id);
	if (p->has_result)
		return err_set(e, CAU_FAILED, "a second result");
	r.has_code = json_is_integer(json_object_get(j, "exit_code"));
	r.exit_code = (uint32_t)code;
	r.condition = condition_of(&r);
	p->has_result = true;
	p->result = r;
	return 0;
}

static int
take_progress(struct protocol *p, const json_t *j, struct err *e)
{
	int64_t percent;

	if (take_number(j, "percent", 0, 100, -1, &percent, e) == -1 ||
	    take_text(j, "text", PROTOCOL_MAX_TEXT, &p->words, p->arena, e) ==
		-1)
		return -1;
	if (percent >= 0)
		p->words = arena_printf(p->arena, "%d%%%s%s", (int)percent,
		    *p->words == '\0' ? "" : " ", p->words);
	buf_addf(&p->log, "%s\n", p->words);
	return 0;
}

static int
take_log(struct protocol *p, const json_t *j, struct err *e)
{
	if (take_text(j, "text", PROTOCOL_MAX_LINE, &p->words, p->arena, e) ==
	    -1)
		return -1;
	buf_addf(&p->log, "%s\n", p->words);
	return 0;
}

static int
take_description(struct protocol *p, const json_t *j, struct err *e)
{
	if (p->described)
		return err_set(e, CAU_FAILED, "a second description");
	if (protocol_description(&p->description, j, p->arena, e) == -1)
		return -1;
	p->described = true;
	p->object = json_deep_copy(j);
	return 0;
}

/* What a line may be, and in answer to which verbs. */
static const struct {
	const char *type;
	unsigned verbs;
	int (*take)(struct protocol *p, const json_t *j, struct err *e);
} types[] = {
    {"description", 1U << VERB_DESCRIBE, take_description},
    {"update", 1U << VERB_SCAN, take_update},
    {"result", 1U << VERB_STAGE | 1U << VERB_INSTALL, take_result},
    {"progress", ~0U, take_progress},
    {"log", ~0U, take_log},
};

#define N_TYPES (sizeof(types) / sizeof(*types))

static int
take_object(struct protocol *p, const json_t *j, struct err *e)
{
	const char *names[N_TYPES + 1] = {NULL}, *type, *near;

	if (take_id(j, "type", &type, p->arena, e) == -1)
		return -1;
	for (size_t i = 0; i < N_TYPES; i++) {
		names[i] = types[i].type;
		if (strcmp(type, types[i].type) != 0)
			continue;
		if ((types[i].verbs & 1U << p->verb) == 0)
			return err_set(e, CAU_FAILED,
			    "\"%s\" is no answer to %s", type, verbs[p->verb]);
		return types[i].take(p, j, e);
	}
	near = text_nearest(type, names);
	return err_set(e, CAU_FAILED, "\"type\" is '%.40s'%s%s%s", type,
	    near == NULL ? "" : " (did you mean ", near == NULL ? "" : near,
	    near == NULL ? "; description, update, result, progress or log "
			   "is expected"
			 : "?)");
}

/* Says what a line is that is none, with its beginning. */
static int
no_json(const char *s, size_t len, const json_error_t *why, struct err *e)
{
	struct buf b = BUF_INIT, reason = BUF_INIT;
	size_t some = len > 60 ? 60 : len;

	text_printable(&b, s, some);
	text_printable(&reason, why->text, strcspn(why->text, "\n"));
	if (*s == '{')
		(void)err_set(e, CAU_FAILED,
		    "broken JSON: '%s%s': %.100s (an object is whole in one "
		    "line)",
		    b.data, some < len ? "..." : "", reason.data);
	else
		(void)err_set(e, CAU_FAILED,
		    "not a JSON object: '%s%s' (what people are to read goes "
		    "to standard error)",
		    b.data, some < len ? "..." : "");
	buf_release(&reason);
	buf_release(&b);
	return -1;
}

static int
take_line(struct protocol *p, const char *s, size_t len, struct err *e)
{
	json_error_t why = {.text = ""};
	json_t *j;
	int rc;

	p->bytes += len + 1;
	if (len > PROTOCOL_MAX_LINE)
		return err_set(e, CAU_FAILED, "it is longer than %d bytes",
		    PROTOCOL_MAX_LINE);
	if (p->lines > PROTOCOL_MAX_LINES || p->bytes > PROTOCOL_MAX_BYTES)
		return err_set(e, CAU_FAILED,
		    "it goes on beyond %d lines or %u MiB", PROTOCOL_MAX_LINES,
		    PROTOCOL_MAX_BYTES >> 20);
	j = json_loadb(s, len, JSON_REJECT_DUPLICATES, &why);
	if (!json_is_object(j))
		rc = no_json(s, len, &why, e);
	else
		rc = take_object(p, j, e);
	json_decref(j);
	return rc;
}

void
protocol_begin(struct protocol *p, enum protocol_verb verb, const char *id,
    struct arena *a)
{
	*p = (struct protocol){.verb = verb,
	    .id = id,
	    .arena = a,
	    .words = "",
	    .result = {.reason = "", .log = ""}};
	buf_init(&p->log);
}

void
protocol_release(struct protocol *p)
{
	free(p->updates);
	json_decref(p->object);
	buf_release(&p->log);
	p->updates = NULL;
	p->object = NULL;
}

void
protocol_line(struct protocol *p, const char *s, size_t len)
{
	if (p->failed)
		return;
	p->lines++;
	while (len > 0 && (s[len - 1] == '\r' || s[len - 1] == ' '))
		len--;
	if (len > 0 && take_line(p, s, len, &p->e) == -1) {
		p->failed = true;
		(void)err_wrap(&p->e, "line %zu of its output", p->lines);
	}
}

int
protocol_end(struct protocol *p, struct err *e)
{
	if (p->failed) {
		*e = p->e;
		return -1;
	}
	if (p->verb == VERB_DESCRIBE && !p->described)
		return err_set(e, CAU_FAILED, "it gave no description");
	if (p->verb == VERB_INSTALL && !p->has_result)
		return err_set(e, CAU_FAILED, "it gave no result");
	return 0;
}
