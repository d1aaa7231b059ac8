/* SPDX-License-Identifier: ISC */
/*
 * A program on the coordinator that is brought to nodes and run there: a
 * script around the updates, or a plug-in. What was checked is what runs: it
 * is opened once, hashed, and goes to the nodes by its contents.
 */
#ifndef CAU_PROGRAM_H
#define CAU_PROGRAM_H

#include "file.h"
#include "node.h"

struct program {
	const char *path; /* "" when there is none */
	const char *name; /* last part of path */
	int fd;
	char sha256[SHA256_HEX];
};

/*
 * Opens and checks it: a regular file with a #! line or ELF, of max_bytes at
 * the most, that nobody but root and the caller could have changed
 * (CAU_REFUSED, with a line per problem in warnings). what says what it is,
 * in messages. path must outlive p. An empty path is no program, and no error.
 * On failure, too, p is to be released.
 */
int program_load(struct program *p, const char *path, const char *what,
    int64_t max_bytes, struct buf *warnings, struct err *e) CAU_MUSTCHECK;
void program_release(struct program *p);

/* Brings it to the node unless it is there. */
enum node_rc program_stage(
    const struct program *p, struct node *n, struct err *e) CAU_MUSTCHECK;
/* Where it is then; the caller frees. */
char *program_staged_path(const struct program *p, const struct node *n);

#endif
