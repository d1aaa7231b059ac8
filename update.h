/* SPDX-License-Identifier: ISC */
/*
 * An update as a scan shows it and a run carries it, and what became of one
 * that was installed; both as JSON (cau-report(5)). Pure.
 */
#ifndef CAU_UPDATE_H
#define CAU_UPDATE_H

#include <stdbool.h>

#include "arena.h"
#include "exitcodes.h"
#include "json.h"

/* Whether an update asks for a restart, as far as that is known before. */
enum update_restart {
	UPDATE_RESTART_UNKNOWN,
	UPDATE_RESTART_NEVER,
	UPDATE_RESTART_EXPECTED
};

struct update {
	const char *id; /* unique per node and plug-in */
	const char *title;
	const char *description;
	const char *plugin;
	const char *rule;
	const char *path; /* below the root folder, escaped */
	const char *version;
	const char *kb;
	const char *sha256; /* "" when it was not read */
	/* What only its plug-in understands: a JSON object as text, or "". The
	 * journal keeps it, so install has it after a crash as well. */
	const char *properties;
	int64_t size_bytes;
	/* Installed in one transaction with all others of its plug-in that
	 * were staged with it: when one is started, all are. */
	bool joint;
	/* Its plug-in promises that no scan offers it once it is installed: one
	 * that does so all the same has not installed it. */
	bool once;
	enum update_restart restart;
	bool installed;	    /* state AlreadyInstalled, else Applicable */
	const char *reason; /* why it is AlreadyInstalled */
};

struct ignored {
	const char *path;
	const char *reason;
};

/* What a scan of one node found; everything lives in the caller's arena. */
struct scan_result {
	struct update *updates;
	size_t n_updates;
	struct ignored *ignored;
	size_t n_ignored;
	/* Why the node still waits for a restart that an earlier run left
	 * undone, or NULL. */
	const char *restart;
};

/* What installing one update came to. */
struct install_result {
	enum update_result result;
	const char *boot_id; /* of the node while it ran, NULL if unknown */
	bool has_code;
	uint32_t exit_code;
	enum exit_condition condition;
	bool reboot_required;
	const char *reason; /* why, when it did not just succeed */
	const char *log;    /* below the run's folder, "" if there is none */
};

/* What people call it: its path, or else its id. */
const char *update_label(const struct update *u);

/* New references; never NULL. */
json_t *update_to_json(const struct update *u);
/* Strings go to the arena. -1: a member is missing or of another type. */
int update_from_json(
    struct update *u, const json_t *j, struct arena *a) CAU_MUSTCHECK;

/* Adds the members of an install result to an object. */
void install_result_to_json(const struct install_result *r, json_t *object);
int install_result_from_json(
    struct install_result *r, const json_t *j, struct arena *a) CAU_MUSTCHECK;

#endif
