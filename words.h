/* SPDX-License-Identifier: ISC */
/* Words of a command line given as one string, as --rsh has them. Pure. */
#ifndef CAU_WORDS_H
#define CAU_WORDS_H

#include "arena.h"

/*
 * Splits at blanks. Single quotes hold everything up to the next one; in
 * double quotes and outside of quotes a backslash takes the next character
 * as it is. Nothing is expanded. Returns the words, ended by NULL, in the
 * arena; NULL with an error when a quote is never closed.
 */
const char *const *words_split(const char *s, struct arena *a, struct err *e);

/* Adds one to a list of n; the list moves when it grows. */
void
words_append(struct arena *a, const char ***list, size_t *n, const char *word);

#endif
