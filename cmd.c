/* SPDX-License-Identifier: ISC */
/* How a command ends: in failure, in misuse, with its output written. */
#include "cmd.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "text.h"

static char **words;

void
command_line(char **argv)
{
	words = argv;
}

/* As getopt_long(3) takes it, also cut short. */
bool
command_wants_json(void)
{
	size_t len;

	for (char **w = words; w != NULL && *w != NULL; w++) {
		if (strcmp(*w, "--") == 0)
			return false;
		len = strlen(*w);
		if (len > 2 && strncmp(*w, "--json", len) == 0)
			return true;
	}
	return false;
}

void
print_json_error(const char *command, const struct err *e, bool one_line)
{
	struct buf b = BUF_INIT;
	json_t *doc = json_object();

	text_printable(&b, e->text, strlen(e->text));
	json_set(doc, "format", json_integer(1));
	json_set(doc, "command", json_from_text(command));
	json_set(doc, "error", json_from_text(b.data));
	json_print(stdout, doc, one_line);
	buf_release(&b);
}

int
command_fail(const char *name, const struct err *e)
{
	struct buf b = BUF_INIT;

	text_printable(&b, e->text, strlen(e->text));
	(void)fprintf(stderr, "cau %s: %s\n", name, b.data);
	buf_release(&b);
	return (int)e->code;
}

int
command_misuse(const char *name, const char *synopsis, const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	struct err e;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(e.text, sizeof(e.text), fmt, ap);
	va_end(ap);
	if (command_wants_json())
		print_json_error(name, &e, true);
	text_printable(&b, e.text, strlen(e.text));
	(void)fprintf(stderr,
	    "cau %s: %s\nusage: cau %s %s (see cau help %s)\n", name, b.data,
	    name, synopsis, name);
	buf_release(&b);
	return CAU_USAGE;
}

int
command_done(const char *name, int code)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return code;
	(void)fprintf(stderr, "cau %s: cannot write to standard output: %s\n",
	    name, strerror(errno));
	return code == CAU_OK || code == CAU_APPLICABLE ? CAU_FAILED : code;
}
