/* SPDX-License-Identifier: ISC */
/*
 * The pre-update and the post-update script: a program on the coordinator
 * that is brought to a node and run there as a durable job (facts on the run,
 * 2 and 3).
 */
#ifndef CAU_SCRIPT_H
#define CAU_SCRIPT_H

#include "file.h"
#include "job.h"

struct script {
	const char *path; /* "" when there is none */
	const char *name; /* last part of path */
	int fd;
	char sha256[SHA256_HEX];
};

/*
 * Opens and checks it: a regular file with a #! line or ELF, of 1 MiB at the
 * most, that nobody but root and the caller could have changed (CAU_REFUSED,
 * with a line per problem in warnings). path must outlive s. An empty path is
 * no script, and no error.
 */
int script_load(struct script *s, const char *path, struct buf *warnings,
    struct err *e) CAU_MUSTCHECK;
void script_release(struct script *s);

/*
 * Brings it to the node and runs it. spec->words is filled in here. As
 * job_run: NODE_OK with an end, else it was not started and e says why.
 */
enum node_rc script_run(const struct script *s, struct node *n,
    struct job_spec *spec, struct job_end *end, struct err *e) CAU_MUSTCHECK;

#endif
