/* SPDX-License-Identifier: ISC */
/* From an Updating Run Profile to options, as if they had been given. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access.h"
#include "file.h"
#include "options_self.h"
#include "profile.h"
#include "text.h"

#define NAMES_MAX 128

/* Names beside those of the table of options. */
enum extra_kind {
	EXTRA_ALIAS,	   /* of the option that text names */
	EXTRA_REBOOT_MODE, /* of the option that text names, in other words */
	EXTRA_IGNORED,	   /* means nothing here */
	EXTRA_REFUSED	   /* must not stand there; text says why */
};

static const struct {
	const char *name;
	enum extra_kind kind;
	const char *text;
} extras[] = {
    {"ScomAlertAction", EXTRA_ALIAS, "alert-action"},
    {"RebootTimeout", EXTRA_ALIAS, "reboot-timeout"},
    {"SuspendTimeout", EXTRA_ALIAS, "suspend-timeout"},
    {"RebootMode", EXTRA_REBOOT_MODE, "attempt-soft-reboot"},
    {"ConfigurationName", EXTRA_IGNORED, NULL},
    {"EnableFirewallRules", EXTRA_IGNORED, NULL},
    {"ForcePauseDrainAndReboot", EXTRA_IGNORED, NULL},
    {"Force", EXTRA_IGNORED, NULL},
    {"ForceSelfUpdate", EXTRA_IGNORED, NULL},
    {"OsRollingUpgrade", EXTRA_IGNORED, NULL},
    {"SiteAwareUpdatingOrder", EXTRA_IGNORED, NULL},
    {"SkipUpdateChecks", EXTRA_IGNORED, NULL},
    {"WaitForStorageRepairTimeoutMinutes", EXTRA_IGNORED, NULL},
    {"ClusterName", EXTRA_REFUSED,
	"a profile is for any cluster: use --nodes, --nodes-file or --cluster"},
    {"Credential", EXTRA_REFUSED,
	"a profile holds no credentials: use the login of --rsh, and --sudo"},
    {"WhatIf", EXTRA_REFUSED, "use cau run -n, or cau plan"},
    {"Confirm", EXTRA_REFUSED,
	"cau run does not ask; see what it would do by cau plan"},
    {"ForceRecovery", EXTRA_REFUSED, "use cau recover"},
    {"Recover", EXTRA_REFUSED, "use cau recover"},
    {"ClearCorruptReports", EXTRA_REFUSED,
	"a damaged report keeps no run from starting"},
    {"SuspendNode", EXTRA_REFUSED, "use what takes the node out of service"},
    {"ResumeNode", EXTRA_REFUSED, "use what puts the node back into service"},
};

#define N_EXTRAS (sizeof(extras) / sizeof(*extras))

/* What is done with a profile. */
struct taking {
	struct options *o;
	struct options unused; /* what is not for this command, or overridden */
	bool on_line[OPTIONS_MAX]; /* stands on the command line */
	struct profile p;
	char *folder; /* of the profile */
};

const char *
options_label(struct options *o, const char *option)
{
	size_t i = options_number(option);

	return o->profile_line[i] == 0
		   ? arena_printf(&o->arena, "--%s", option)
		   : arena_printf(&o->arena, "%s:%zu: %s", o->profile,
			 o->profile_line[i], option_defs[i].profile);
}

/* All names; ids are numbers of options, and behind them those of extras. */
static void
list_names(struct profile_name names[NAMES_MAX])
{
	struct profile_name *n = names;
	size_t i;

	for (i = 0; option_defs[i].name != NULL; i++)
		if (option_defs[i].profile != NULL)
			*n++ = (struct profile_name){option_defs[i].profile,
			    (int)i,
			    option_defs[i].id == 'a' ||
				strcmp(option_defs[i].name, "acknowledge") ==
				    0};
	for (i = 0; i < N_EXTRAS; i++)
		*n++ = (struct profile_name){extras[i].name,
		    extras[i].kind == EXTRA_ALIAS ||
			    extras[i].kind == EXTRA_REBOOT_MODE
			? (int)options_number(extras[i].text)
			: (int)(OPTIONS_MAX + i),
		    false};
	*n = (struct profile_name){NULL, 0, false};
}

static void
ignored(struct taking *t, const struct profile_line *l, const char *what)
{
	struct buf *b = &t->o->warnings;

	buf_addstr(b, "warning: ");
	text_printable(b, t->o->profile, strlen(t->o->profile));
	buf_addf(b, ":%zu: %s%s means nothing here and is ignored\n", l->line,
	    l->name->name, what);
}

/* SoftReboot and FullReboot are the two values of AttemptSoftReboot. NULL:
 * nothing is to be set. */
static const char *
reboot_mode(struct taking *t, const struct profile_line *l)
{
	static const char *const other[] = {
	    "ClusProp", "PluginCustomReboot", "OrchestratorDefault"};

	if (text_casecmp(l->value, "SoftReboot") == 0)
		return "True";
	if (text_casecmp(l->value, "FullReboot") == 0)
		return "False";
	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++)
		if (text_casecmp(l->value, other[i]) == 0) {
			ignored(
			    t, l, arena_printf(&t->o->arena, "=%s", other[i]));
			return NULL;
		}
	profile_add_error(&t->p, &t->o->arena, l->line,
	    "%s: '%.60s' is none of FullReboot, SoftReboot, ClusProp, "
	    "PluginCustomReboot, OrchestratorDefault",
	    l->name->name, l->value);
	return NULL;
}

/* Whether what stands on the command line leaves room for the option. */
static bool
is_overridden(const struct taking *t, const struct option_def *d)
{
	bool drain = t->on_line[options_number("force-pause-and-drain")] ||
		     t->on_line[options_number("force-pause-no-drain")];
	bool plugin = t->on_line[options_number("plugin")] ||
		      t->on_line[options_number("root")];

	if (t->on_line[d - option_defs])
		return true;
	if (strncmp(d->name, "force-pause-", 12) == 0)
		return drain;
	return plugin && (d->id == 'p' || d->id == 'a');
}

static void
take_value(struct taking *t, const struct profile_line *l,
    const struct option_def *d, const char *value)
{
	struct options *o = t->o, *to = o;
	bool script = strcmp(d->name, "pre-update-script") == 0 ||
		      strcmp(d->name, "post-update-script") == 0;
	bool on = true;
	struct err e;
	int rc = 0;

	if ((d->commands & o->bit) == 0 || is_overridden(t, d))
		to = &t->unused;
	if (d->argument == NULL) {
		rc = text_bool(value, &on, &e);
		value = NULL;
	} else if (script && *value != '\0' && *value != '/') {
		value = arena_printf(&o->arena, "%s/%s", t->folder, value);
	}
	if (rc == 0 && on)
		rc = options_set(to, d, value, &e);
	if (rc == -1)
		profile_add_error(
		    &t->p, &o->arena, l->line, "%s: %s", l->name->name, e.text);
	if (to == o)
		o->profile_line[d - option_defs] = l->line;
}

static void
take_line(struct taking *t, const struct profile_line *l)
{
	const char *value = l->value;
	size_t i;

	for (i = 0; i < N_EXTRAS; i++)
		if (strcmp(extras[i].name, l->name->name) == 0)
			break;
	if (i < N_EXTRAS)
		switch (extras[i].kind) {
		case EXTRA_ALIAS:
			break;
		case EXTRA_REBOOT_MODE:
			value = reboot_mode(t, l);
			if (value == NULL)
				return;
			break;
		case EXTRA_IGNORED:
			ignored(t, l, "");
			return;
		case EXTRA_REFUSED:
			profile_add_error(&t->p, &t->o->arena, l->line,
			    "%s: %s", l->name->name, extras[i].text);
			return;
		}
	take_value(t, l, &option_defs[l->name->id], value);
}

static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return xstrdup(".");
	return slash == path ? xstrdup("/")
			     : xstrndup(path, (size_t)(slash - path));
}

/* Where a symbolic link leads to, another could be put. */
static void
check_target(struct access_report *report, const char *path, const char *folder)
{
	char *target = realpath(path, NULL), *real = realpath(folder, NULL);
	char *there = target == NULL ? NULL : folder_of(target);

	if (there != NULL && real != NULL && strcmp(there, real) != 0)
		access_check_path(report, there);
	free(there);
	free(real);
	free(target);
}

static int
check_access(struct options *o, int fd, const struct stat *st, const char *what,
    const char *path, struct err *e)
{
	struct access_report report = {BUF_INIT, 0};
	char *folder = folder_of(path);

	access_check_path(&report, folder);
	check_target(&report, path, folder);
	access_check_fd(&report, fd, st, path);
	free(folder);
	buf_add(&o->warnings, report.text.data, report.text.len);
	buf_release(&report.text);
	if (report.n == 0)
		return 0;
	return err_set(e, CAU_REFUSED,
	    "refused: others could change %s %s (%zu problem%s above)", what,
	    path, report.n, report.n == 1 ? "" : "s");
}

static int
read_fd(struct options *o, int fd, const char *what, const char *path,
    size_t max, struct buf *text, struct err *e)
{
	char *self = xasprintf("/proc/self/fd/%d", fd);
	struct stat st;
	int rc = 0;

	if (fstat(fd, &st) == -1)
		rc = err_sys(e, "cannot read %s %s", what, path);
	else if (!S_ISREG(st.st_mode))
		rc = err_set(
		    e, CAU_USAGE, "%s %s is not a regular file", what, path);
	else if (st.st_size > (off_t)max)
		rc = err_set(e, CAU_USAGE, "%s %s is larger than %zu MiB", what,
		    path, max >> 20);
	else
		rc = check_access(o, fd, &st, what, path, e);
	if (rc == 0 && file_read(self, text, max, e) == -1) {
		rc = err_wrap(e, "%s %s", what, path);
		e->code = CAU_USAGE;
	}
	free(self);
	return rc;
}

int
options_read(struct options *o, const char *what, const char *path, size_t max,
    struct buf *text, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc;

	if (fd == -1) {
		(void)err_sys(e, "cannot read %s %s", what, path);
		e->code = CAU_USAGE;
		return -1;
	}
	rc = read_fd(o, fd, what, path, max, text, e);
	(void)close(fd);
	return rc;
}

static int
take_profile(struct taking *t, const struct buf *text, struct err *e)
{
	struct options *o = t->o;
	struct profile_name names[NAMES_MAX];
	struct buf all = BUF_INIT;
	char more[48];

	list_names(names);
	profile_parse(&t->p, text->data, text->len, names, &o->arena);
	for (size_t i = 0; i < t->p.n_lines; i++)
		take_line(t, &t->p.lines[i]);
	if (t->p.n_errors == 0)
		return 0;
	profile_show_errors(&all, &t->p, o->profile);
	(void)snprintf(
	    more, sizeof(more), " (the first of %zu errors)", t->p.n_errors);
	if (t->p.n_errors == 1)
		*more = '\0';
	else
		buf_addstr(&o->warnings, all.data);
	buf_release(&all);
	return err_set(e, CAU_USAGE, "%s:%zu: %s%s", o->profile,
	    t->p.errors[0].line, t->p.errors[0].text, more);
}

int
options_profile(struct options *o, struct err *e)
{
	struct buf text = BUF_INIT;
	struct taking t = {.o = o};
	bool named = o->profile != NULL;
	int rc;

	if (named && *o->profile == '\0')
		return 0;
	if (!named)
		o->profile = PROFILE_FILE;
	if (!named && access(o->profile, F_OK) == -1 &&
	    (errno == ENOENT || errno == ENOTDIR))
		return 0;
	buf_init(&t.unused.warnings);
	memcpy(t.on_line, o->given, sizeof(t.on_line));
	t.folder = folder_of(o->profile);
	rc = options_read(
	    o, "the profile", o->profile, PROFILE_MAX_BYTES, &text, e);
	if (rc == 0)
		rc = take_profile(&t, &text, e);
	free(t.folder);
	options_release(&t.unused);
	buf_release(&text);
	return rc;
}
