/* SPDX-License-Identifier: ISC */
/*
 * Exit codes of installers: 32-bit values, and the five conditions that a
 * rule maps them to (seed: "Customize the hotfix configuration file"). Also
 * the names of the exit codes of cau itself. Pure.
 */
#ifndef CAU_EXITCODES_H
#define CAU_EXITCODES_H

#include <stdbool.h>

#include "cau.h"

/* The element names of ExitConditions, in the order of the documents. */
#define EXIT_CONDITIONS(X)                               \
	X(COND_SUCCESS, "Success")                       \
	X(COND_SUCCESS_REBOOT, "Success_RebootRequired") \
	X(COND_FAIL_REBOOT, "Fail_RebootRequired")       \
	X(COND_ALREADY_INSTALLED, "AlreadyInstalled")    \
	X(COND_NOT_APPLICABLE, "NotApplicable")

enum exit_condition {
	COND_NONE, /* not listed: the update failed, no restart */
#define X(id, name) id,
	EXIT_CONDITIONS(X)
#undef X
};

/* What became of one update; spelled as CAU spells it. */
#define UPDATE_RESULTS(X)                               \
	X(RESULT_SUCCEEDED, "Succeeded")                \
	X(RESULT_FAILED, "Failed")                      \
	X(RESULT_CANCELED, "Canceled")                  \
	X(RESULT_ALREADY_INSTALLED, "AlreadyInstalled") \
	X(RESULT_NOT_APPLICABLE, "NotApplicable")       \
	X(RESULT_UNKNOWN, "Unknown")

enum update_result {
	RESULT_NONE, /* not tried (yet) */
#define X(id, name) id,
	UPDATE_RESULTS(X)
#undef X
};

/*
 * A code as people and vendors write it: decimal, negative decimal, or hex
 * with 0x; -2147483648 to 4294967295. Compared as uint32 everywhere, so
 * 2149842967, -2145124329 and 0x80240017 are one value.
 */
int exitcode_parse(const char *s, uint32_t *out, struct err *e) CAU_MUSTCHECK;

/*
 * The signal, "INT" or "PIPE", that a process with this exit status is taken to
 * have died by: shells do not tell the two apart (node/job.sh). NULL for any
 * other status.
 */
const char *exit_status_signal(uint32_t status);

/* "Success" and so on; "" for COND_NONE. */
const char *exit_condition_name(enum exit_condition c);
/* COND_NONE when the name is none of them (exact spelling). */
enum exit_condition exit_condition_parse(const char *name);

/* "Succeeded" and so on; "" for RESULT_NONE; and back. */
const char *update_result_name(enum update_result r);
enum update_result update_result_parse(const char *name);

/*
 * The result and restart need that a condition means. always_reboot is the
 * attribute of a Folder rule: it turns Success into Success_RebootRequired
 * and touches nothing else.
 */
struct exit_meaning {
	enum exit_condition condition; /* after always_reboot */
	enum update_result result;
	bool reboot_required;
};
struct exit_meaning
exit_condition_meaning(enum exit_condition c, bool always_reboot);

/* "done", "failed", ...: one word and one sentence per cau_exit, for the
 * manual and its test; NULL for a number that is none. */
const char *cau_exit_name(int code);

#endif
