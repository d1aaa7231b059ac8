/* SPDX-License-Identifier: ISC */
/*
 * What a health check found, as it travels: from the checks to tables, JSON,
 * the journal of a run and its report. Pure.
 */
#ifndef CAU_FINDING_H
#define CAU_FINDING_H

#include "arena.h"
#include "json.h"

#define SEVERITIES(X)                  \
	X(SEVERITY_OK, "OK")           \
	X(SEVERITY_WARNING, "WARNING") \
	X(SEVERITY_CRITICAL, "CRITICAL")

enum severity {
#define X(id, name) id,
	SEVERITIES(X)
#undef X
};

/* Texts are printable; "" where there is none. */
struct finding {
	const char *id;	  /* cau-healthcheck(8); "monitor/NAME", "alert/NAME" */
	const char *node; /* NULL: the cluster, or the coordinator */
	enum severity severity;
	const char *message;
	const char *remedy;
	const char *source;	  /* cau, monitor or alertmanager */
	const char *perfdata;	  /* of a monitoring plug-in */
	const char *acknowledged; /* the reason; then it stops nothing */
	const char *until;	  /* the last day of that, "2026-12-31" */
};

const char *severity_name(enum severity s);

/* A new reference. */
json_t *finding_to_json(const struct finding *f);
/* Strings go to the arena. -1 when the object is none. */
int finding_from_json(
    struct finding *f, const json_t *j, struct arena *a) CAU_MUSTCHECK;

/* {"status":..., "checks":[...]}. A new reference. */
json_t *findings_to_json(const struct finding *f, size_t n);

/* A copy of all strings in the arena. */
struct finding finding_copy(const struct finding *f, struct arena *a);

/* The worst of those that are not acknowledged. */
enum severity findings_status(const struct finding *f, size_t n);

#endif
