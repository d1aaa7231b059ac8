/* SPDX-License-Identifier: ISC */
/* What a health check found. */
#include "finding.h"

#include <string.h>

static const char *const severity_names[] = {
#define X(id, name) name,
    SEVERITIES(X)
#undef X
};

const char *
severity_name(enum severity s)
{
	return severity_names[s];
}

json_t *
finding_to_json(const struct finding *f)
{
	json_t *j = json_object();

	json_set(j, "id", json_from_text(f->id));
	json_set(j, "node", json_from_text_or_null(f->node));
	json_set(j, "severity", json_string(severity_names[f->severity]));
	json_set(j, "message", json_from_text(f->message));
	json_set(j, "remedy", json_from_text_or_null(f->remedy));
	json_set(j, "source", json_from_text(f->source));
	if (*f->perfdata != '\0')
		json_set(j, "perfdata", json_from_text(f->perfdata));
	if (*f->until != '\0') {
		json_set(j, "acknowledged", json_from_text(f->acknowledged));
		json_set(j, "until", json_from_text(f->until));
	}
	return j;
}

int
finding_from_json(struct finding *f, const json_t *j, struct arena *a)
{
	const char *severity = json_text(j, "severity");
	const char *node = json_text(j, "node");
	size_t i;

	for (i = 0; i < sizeof(severity_names) / sizeof(*severity_names); i++)
		if (strcmp(severity_names[i], severity) == 0)
			break;
	if (i == sizeof(severity_names) / sizeof(*severity_names) ||
	    *json_text(j, "id") == '\0')
		return -1;
	*f = (struct finding){
	    .id = arena_strdup(a, json_text(j, "id")),
	    .node = *node == '\0' ? NULL : arena_strdup(a, node),
	    .severity = (enum severity)i,
	    .message = arena_strdup(a, json_text(j, "message")),
	    .remedy = arena_strdup(a, json_text(j, "remedy")),
	    .source = arena_strdup(a, json_text(j, "source")),
	    .perfdata = arena_strdup(a, json_text(j, "perfdata")),
	    .acknowledged = arena_strdup(a, json_text(j, "acknowledged")),
	    .until = arena_strdup(a, json_text(j, "until")),
	};
	return 0;
}

struct finding
finding_copy(const struct finding *f, struct arena *a)
{
	return (struct finding){
	    .id = arena_strdup(a, f->id),
	    .node = f->node == NULL ? NULL : arena_strdup(a, f->node),
	    .severity = f->severity,
	    .message = arena_strdup(a, f->message),
	    .remedy = arena_strdup(a, f->remedy),
	    .source = arena_strdup(a, f->source),
	    .perfdata = arena_strdup(a, f->perfdata),
	    .acknowledged = arena_strdup(a, f->acknowledged),
	    .until = arena_strdup(a, f->until),
	};
}

enum severity
findings_status(const struct finding *f, size_t n)
{
	enum severity worst = SEVERITY_OK;

	for (size_t i = 0; i < n; i++)
		if (*f[i].until == '\0' && f[i].severity > worst)
			worst = f[i].severity;
	return worst;
}

json_t *
findings_to_json(const struct finding *f, size_t n)
{
	json_t *j = json_object(), *checks = json_array();

	json_set(
	    j, "status", json_string(severity_name(findings_status(f, n))));
	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(checks, finding_to_json(&f[i]));
	json_set(j, "checks", checks);
	return j;
}
