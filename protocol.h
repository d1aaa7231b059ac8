/* SPDX-License-Identifier: ISC */
/*
 * What a plug-in of others prints: one JSON object a line (cau-plugin(7)).
 * Pure: bytes in, structs or one clear error out. Everything that it prints
 * is hostile until it is checked here.
 */
#ifndef CAU_PROTOCOL_H
#define CAU_PROTOCOL_H

#include "pluginargs.h"
#include "update.h"

/* The versions of the protocol that are spoken here: just one. */
#define PROTOCOL_VERSION 1

/* Limits, as the manual states them. */
#define PROTOCOL_MAX_LINE    65536
#define PROTOCOL_MAX_LINES   20000
#define PROTOCOL_MAX_BYTES   (4U << 20)
#define PROTOCOL_MAX_UPDATES 5000
#define PROTOCOL_MAX_ID	     255
#define PROTOCOL_MAX_TITLE   512
#define PROTOCOL_MAX_TEXT    4096
#define PROTOCOL_MAX_DATA    16384
#define PROTOCOL_MAX_TIME_S  86400

enum protocol_verb { VERB_DESCRIBE, VERB_SCAN, VERB_STAGE, VERB_INSTALL };
const char *protocol_verb_name(enum protocol_verb verb);

/* What a plug-in says about itself. */
struct protocol_description {
	const char *name; /* company-qualified: Contoso.Firmware */
	const char *version;
	const char *summary;
	bool on_coordinator;			 /* else on the node */
	bool stages;				 /* has something to stage */
	const struct plugin_argument *arguments; /* ends with a NULL name */
	size_t n_arguments;
	int64_t limit_ms[VERB_INSTALL + 1]; /* by verb */
};

/* Strings go to the arena. The object may be one that cau has written. */
int protocol_description(struct protocol_description *d, const json_t *j,
    struct arena *a, struct err *e) CAU_MUSTCHECK;

/* The form of a name of a plug-in: words of letters, digits, '-' and '_',
 * two or more, joined by dots. */
bool protocol_name_valid(const char *name);

/* Reads the answer to one call. All strings live in the arena. */
struct protocol {
	enum protocol_verb verb;
	const char *id; /* stage, install: of the update that was asked for */
	struct arena *arena;
	size_t lines, bytes;
	bool failed; /* e says why; nothing is read any more */
	struct err e;
	bool described;
	struct protocol_description description;
	json_t *object;		/* the description as it came */
	struct update *updates; /* scan */
	size_t n_updates, cap_updates;
	bool has_result;
	struct install_result result; /* stage, install */
	struct buf log;	   /* the texts of progress and log, a line each */
	const char *words; /* the last one of them, or "" */
};

/* To be released in the end. */
void protocol_begin(struct protocol *p, enum protocol_verb verb, const char *id,
    struct arena *a);
void protocol_release(struct protocol *p);
/* One line without its end. An empty one does not count. */
void protocol_line(struct protocol *p, const char *s, size_t len);
/*
 * The program has ended well. -1: the answer is none, e says in which line
 * and why. What must be there is there then: description, or result of an
 * installation.
 */
int protocol_end(struct protocol *p, struct err *e) CAU_MUSTCHECK;

#endif
