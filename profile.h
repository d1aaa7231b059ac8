/* SPDX-License-Identifier: ISC */
/*
 * The text of an Updating Run Profile: lines "OptionName=value", blank lines
 * and comments (cau-profile(5)). What a value means is not looked at. Pure.
 */
#ifndef CAU_PROFILE_H
#define CAU_PROFILE_H

#include <stdbool.h>

#include "arena.h"
#include "buf.h"

#define PROFILE_MAX_BYTES  (1U << 20)
#define PROFILE_MAX_LINE   8192
#define PROFILE_MAX_REPEAT 64 /* of a name that may come more than once */

/* A name that may stand there. Those with the same id mean the same. */
struct profile_name {
	const char *name;
	int id;
	bool repeats;
};

struct profile_line {
	size_t line; /* from 1 */
	const struct profile_name *name;
	const char *value; /* without the blanks around it */
};

struct profile_error {
	size_t line;
	const char *text; /* printable */
};

struct profile {
	struct profile_line *lines; /* in their order */
	size_t n_lines;
	struct profile_error *errors;
	size_t n_errors; /* all of them: */
	size_t n_kept;	 /* so many are in errors */
};

/*
 * Takes the text apart. names ends with a NULL name and is compared without
 * regard to case. Everything that is wrong is in errors, and what is right in
 * lines all the same. The result lives in the arena and points into names.
 */
void profile_parse(struct profile *p, const char *text, size_t len,
    const struct profile_name *names, struct arena *a);

/* One error more, found in a value. */
void profile_add_error(struct profile *p, struct arena *a, size_t line,
    const char *fmt, ...) CAU_PRINTF(4, 5);

/* A line "PATH:LINE: text" for each error, in the order of the file. */
void profile_show_errors(struct buf *b, struct profile *p, const char *path);

#endif
