/* SPDX-License-Identifier: ISC */
/*
 * Functions that this tree does without: no bounds, hidden state, a shell
 * behind one's back, or something better in text.h, buf.h and child.h. The
 * Makefile puts this in front of every source; tests/lint.sh leaves it out,
 * so that an include that is missing shows.
 */
#ifndef CAU_BANNED_H
#define CAU_BANNED_H

/* Declared (and used in macros) before the names are taken away. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Macros here and there, which would be poisoned with a warning. */
#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef sprintf
#undef vsprintf

/* buf.h, arena_printf, xasprintf, snprintf */
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets
/* strtok_r; text_time; text_u64, exitcode_parse */
#pragma GCC poison strtok ctime asctime gmtime localtime
#pragma GCC poison atoi atol atoll
/* child.h */
#pragma GCC poison system popen
/* mkstemp, mkdtemp */
#pragma GCC poison mktemp tmpnam tempnam

#endif
