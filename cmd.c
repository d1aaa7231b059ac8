/* SPDX-License-Identifier: ISC */
/* How a command ends: in failure, in misuse, with its output written. */
#include "cmd.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

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
	va_list ap;
	char *text = NULL;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) == -1)
		text = NULL;
	va_end(ap);
	if (text != NULL)
		text_printable(&b, text, strlen(text));
	free(text);
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
