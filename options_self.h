/* SPDX-License-Identifier: ISC */
/* What the files of the options share. Not for other modules; those use
 * options.h. */
#ifndef CAU_OPTIONS_SELF_H
#define CAU_OPTIONS_SELF_H

#include "options.h"

/* The id of an option that has no letter. */
enum {
	OPT_CLUSTER = 256,
	OPT_VIA,
	OPT_STANDBY_NODES,
	OPT_FAILED_RESOURCES,
	OPT_NODES,
	OPT_NODES_FILE,
	OPT_PROFILE,
	OPT_RSH,
	OPT_SUDO,
	OPT_PARALLEL,
	OPT_ROOT,
	OPT_STATE_DIR,
	OPT_NODE_STATE_DIR,
	OPT_MAX_FAILED,
	OPT_MAX_UNAVAILABLE,
	OPT_MAX_RETRIES,
	OPT_RETRY_WAIT,
	OPT_NODE_ORDER,
	OPT_ALL_ONLINE,
	OPT_WARN_AFTER,
	OPT_STOP_AFTER,
	OPT_PRE_SCRIPT,
	OPT_POST_SCRIPT,
	OPT_SCRIPT_TIMEOUT,
	OPT_SEPARATE_REBOOTS,
	OPT_PLUGINS_SERIALLY,
	OPT_STOP_ON_PLUGIN,
	OPT_SUSPEND_TIMEOUT,
	OPT_SUSPEND_RETRIES,
	OPT_FAILBACK_MODE,
	OPT_FORCE_DRAIN,
	OPT_NO_DRAIN,
	OPT_SOFT_REBOOT,
	OPT_SETTLE_TIME,
	OPT_REBOOT_TIMEOUT,
	OPT_CONNECT_TIMEOUT,
	OPT_CONTACT_TIMEOUT,
	OPT_ALLOW_SELF_REBOOT,
	OPT_REINSTALL,
	OPT_SUSPEND_COMMAND,
	OPT_RESUME_COMMAND,
	OPT_EXIT_CODE,
	OPT_ABANDON,
	OPT_AFTER_RESTART,
	OPT_WATCH,
	OPT_NOW,
	OPT_WAIT,
	OPT_NO_METADATA,
	OPT_ALERT_ACTION,
	OPT_ONLY,
	OPT_SKIP,
	OPT_ACKNOWLEDGE,
	OPT_MIN_FREE,
	OPT_CHECK_TIMEOUT,
	OPT_CHECKS_DIR,
	OPT_NODE_CHECKS_DIR,
	OPT_ALERTMANAGER,
	OPT_ALERT_FILTER,
	OPT_NAGIOS,
	OPT_PLAN,
	OPT_OUT,
	OPT_JSON,
	OPT_NO_COLOR
};

/* As nothing was given; command: its name. */
void options_defaults(struct options *o, const char *command);

/* Takes the value (NULL for an option without) of the option with this id. */
int options_take(
    struct options *o, int id, const char *value, struct err *e) CAU_MUSTCHECK;

/* The number in the table of the option with this name; that of the end when
 * there is none. */
size_t options_number(const char *name);

/* The path as it is from any folder: itself when it is empty or begins with
 * '/', NULL when the current folder cannot be found. In the arena, or path. */
const char *options_absolute(struct options *o, const char *path);

#endif
