/* SPDX-License-Identifier: ISC */
/*
 * From a rule's Template to the argument vector of the installer. There is
 * never a shell between: parameters are split as CommandLineToArgvW splits
 * them, then $update$ is replaced inside the elements, so a path with
 * blanks stays one argument. %NAME% is left for the node to expand. Pure.
 */
#ifndef CAU_TEMPLATE_H
#define CAU_TEMPLATE_H

#include "arena.h"
#include "buf.h"
#include "rules.h"

/*
 * One argument as a list of pieces: literal text, or the name of a variable
 * of the node's environment. A variable that is not set there stays as
 * %NAME%, as on Windows.
 */
struct arg_piece {
	bool is_variable;
	const char *text;
};

struct arg {
	struct arg_piece *pieces;
	size_t n_pieces;
};

/* argv[0] is the program. */
struct arg_vector {
	struct arg *args;
	size_t n_args;
};

/*
 * The vector of a rule for an update that lies at update_path on the node.
 * The path of a Template is one element, never split. What $update$ brings
 * in is literal: %NAME% or $update$ inside a file name are not expanded.
 * A NAME is a letter or underscore, then letters, digits, underscores.
 */
void template_expand(struct arg_vector *v, const struct rule *rule,
    const char *update_path, struct arena *a);

/*
 * Splits a string as CommandLineToArgvW splits the part behind the program
 * name. Blanks and tabs separate; a double quote starts and ends quoting.
 *
 *	2n backslashes and "	n backslashes, the quote works
 *	2n+1 backslashes and "	n backslashes and a quote as text
 *	backslashes elsewhere	themselves
 *	"" inside quotes	a quote as text; the quoting ends there, as in
 *				the function itself (the C run-time library
 *				of Windows since 2008 would go on quoting)
 *	"" outside of quotes	nothing, or an empty argument when alone
 *
 * A quote that is never closed reaches to the end. argv has argc elements
 * and a NULL behind them; all lives in the arena.
 */
void template_split(
    char ***argv, size_t *argc, const char *parameters, struct arena *a);

/*
 * The vector as words of a POSIX shell: literals always in single quotes,
 * so that none is taken for a keyword or an assignment, variables as
 * "${NAME-%NAME%}", separated by blanks. Nothing of a literal can leave its
 * quotes.
 */
void template_shell_words(struct buf *b, const struct arg_vector *v);

/* One element with its variables as %NAME%: raw, as one string. */
void template_show_arg(struct buf *b, const struct arg *arg);

/* The vector for people: each element shell-quoted, variables as %NAME%,
 * made printable. */
void template_show(struct buf *b, const struct arg_vector *v);

#endif
