/* SPDX-License-Identifier: ISC */
/* Error values and memory that ends the program when it is out. */
#include "cau.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef err_set
#undef err_sys
#undef err_wrap

int
err_set(struct err *e, enum cau_exit code, const char *fmt, ...)
{
	va_list ap;

	e->code = code;
	va_start(ap, fmt);
	(void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return -1;
}

/* Adds ": reason". When the room is too small, the end of what is there
 * already goes, and the middle of the reason: the end says what happened. */
static void
add_reason(struct err *e, const char *reason)
{
	const size_t room = sizeof(e->text) - 1, half = room / 2;
	size_t len = strlen(e->text), more = strlen(reason);

	if (len + 2 + more > room && len > half)
		len = more < half - 2 ? room - 2 - more : half;
	memcpy(e->text + len, ": ", 2);
	len += 2;
	if (more > room - len) {
		memcpy(e->text + len, reason, (room - len) / 2);
		len += (room - len) / 2;
		memcpy(e->text + len, "...", 3);
		len += 3;
		reason += more - (room - len);
		more = room - len;
	}
	memcpy(e->text + len, reason, more);
	e->text[len + more] = '\0';
}

int
err_sys(struct err *e, const char *fmt, ...)
{
	int errnum = errno;
	va_list ap;

	e->code = CAU_FAILED;
	va_start(ap, fmt);
	(void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	add_reason(e, strerror(errnum));
	return -1;
}

int
err_wrap(struct err *e, const char *fmt, ...)
{
	char inner[sizeof(e->text)];
	va_list ap;

	memcpy(inner, e->text, sizeof(inner));
	va_start(ap, fmt);
	(void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	add_reason(e, inner);
	return -1;
}

static void *
check(void *p)
{
	if (p == NULL) {
		(void)fputs("cau: out of memory\n", stderr);
		exit(CAU_FAILED);
	}
	return p;
}

void *
xmalloc(size_t size)
{
	return check(malloc(size == 0 ? 1 : size));
}

void *
xcalloc(size_t n, size_t size)
{
	return check(calloc(n == 0 ? 1 : n, size == 0 ? 1 : size));
}

void *
xreallocarray(void *p, size_t n, size_t size)
{
	return check(reallocarray(p, n == 0 ? 1 : n, size == 0 ? 1 : size));
}

char *
xstrdup(const char *s)
{
	return check(strdup(s));
}

char *
xstrndup(const char *s, size_t len)
{
	return check(strndup(s, len));
}

char *
xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s = NULL;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) == -1)
		s = NULL;
	va_end(ap);
	return check(s);
}

void *
xgrow(void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap == 0 ? 8 : *cap * 2;
	return xreallocarray(p, *cap, size);
}
