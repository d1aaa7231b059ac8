/* SPDX-License-Identifier: ISC */
/* Options in a sealed plan, in the place of a profile. */
#include <string.h>

#include "options_self.h"
#include "plan.h"
#include "text.h"

#define PLAN_MAX_BYTES ((size_t)64 << 20)

/* Options of a run that do not decide what it does. */
static const char *const loose[] = {"dry-run", "json", "no-color", "plan",
    "profile", "quiet", "state-dir", "verbose", "yes", NULL};

/* Those of its health check, which is made anew: the command line may have
 * other ones than the plan. */
static const char *const health[] = {"acknowledge", "alert-action",
    "alert-filter", "alertmanager", "check-timeout", "checks-dir", "min-free",
    "node-checks-dir", "skip", NULL};

static bool
is_one_of(const struct option_def *d, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcmp(d->name, *names) == 0)
			return true;
	return false;
}

static bool
is_sealed(const struct option_def *d)
{
	return (d->commands & CMD_RUN) != 0 && !is_one_of(d, loose);
}

static json_t *
value_of(struct options *o, const struct option_def *d, const char *value)
{
	const char *path = NULL;

	if (value == NULL)
		return json_null();
	if (d->argument != NULL && (strcmp(d->argument, "FILE") == 0 ||
				       strcmp(d->argument, "DIR") == 0))
		path = options_absolute(o, value);
	return json_from_text(path == NULL ? value : path);
}

void
options_note(struct options *o, const struct option_def *d, const char *value)
{
	json_t *j;

	if (!is_sealed(d))
		return;
	j = json_object();
	json_set(j, "name", json_string(d->name));
	json_set(j, "value", value_of(o, d, value));
	if (o->arguments == NULL)
		o->arguments = json_array();
	(void)json_array_append_new(o->arguments, j);
}

/* The values of one option, "a, b"; NULL when it is not there. */
static const char *
values_of(struct options *o, const json_t *list, const char *name)
{
	struct buf b = BUF_INIT;
	const char *text = NULL, *value;
	const json_t *j;

	for (size_t i = 0; i < json_array_size(list); i++) {
		j = json_array_get(list, i);
		if (strcmp(json_text(j, "name"), name) != 0)
			continue;
		value = json_text(j, "value");
		if (text != NULL)
			buf_addstr(&b, ", ");
		text_printable(&b, value, strlen(value));
		text = "";
	}
	if (text != NULL)
		text = arena_strdup(&o->arena, b.data);
	buf_release(&b);
	return text;
}

/* Whether the command line repeats what the plan says, or is silent. */
static int
compare(struct options *o, const json_t *sealed, struct err *e)
{
	const struct option_def *d;
	const char *given, *planned;

	for (d = option_defs; d->name != NULL; d++) {
		if (!is_sealed(d) || !options_given(o, d) ||
		    is_one_of(d, health))
			continue;
		given = values_of(o, o->arguments, d->name);
		planned = values_of(o, sealed, d->name);
		if (planned == NULL)
			return err_set(e, CAU_USAGE,
			    "--%s is not in the plan %s: leave it out, or make "
			    "a new plan",
			    d->name, o->plan);
		if (given == NULL || strcmp(given, planned) != 0)
			return err_set(e, CAU_USAGE,
			    "--%s is '%.200s' in the plan %s, not '%.200s': "
			    "leave it out, or make a new plan",
			    d->name, planned, o->plan,
			    given == NULL ? "" : given);
	}
	return 0;
}

static int
take_arguments(struct options *o, const json_t *sealed, struct err *e)
{
	const struct option_def *d;
	bool given[OPTIONS_MAX];
	const char *name, *value;
	const json_t *j;

	memcpy(given, o->given, sizeof(given));
	for (size_t i = 0; i < json_array_size(sealed); i++) {
		j = json_array_get(sealed, i);
		name = json_text(j, "name");
		value = json_string_value(json_object_get(j, "value"));
		d = &option_defs[options_number(name)];
		if (!is_sealed(d) || (d->argument == NULL) != (value == NULL))
			return err_set(e, CAU_USAGE,
			    "the plan %s has an option that this cau does not "
			    "know: %.40s",
			    o->plan, name);
		if (!given[d - option_defs] &&
		    options_set(o, d, value, e) == -1)
			return err_wrap(
			    e, "the plan %s: --%s", o->plan, d->name);
	}
	return 0;
}

int
options_plan(struct options *o, struct err *e)
{
	struct buf text = BUF_INIT;
	const json_t *sealed;
	int rc;

	if (o->profile != NULL && *o->profile != '\0')
		return err_set(e, CAU_USAGE,
		    "--profile and --plan exclude each other: what the profile "
		    "said is in the plan");
	rc = options_read(o, "the plan", o->plan, PLAN_MAX_BYTES, &text, e);
	if (rc == 0) {
		o->sealed = plan_open(text.data, text.len, e);
		rc = o->sealed != NULL ? 0 : err_wrap(e, "%s", o->plan);
	}
	buf_release(&text);
	if (rc == -1)
		return -1;
	sealed = json_object_get(o->sealed, "arguments");
	if (compare(o, sealed, e) == -1)
		return -1;
	return take_arguments(o, sealed, e);
}
