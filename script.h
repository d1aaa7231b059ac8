/* SPDX-License-Identifier: ISC */
/*
 * The pre-update and the post-update script: a program on the coordinator
 * that is brought to a node and run there as a durable job (facts on the run,
 * 2 and 3).
 */
#ifndef CAU_SCRIPT_H
#define CAU_SCRIPT_H

#include "job.h"
#include "program.h"

/* As program_load; of 1 MiB at the most. program_release gives it back. */
int script_load(struct program *s, const char *path, struct buf *warnings,
    struct err *e) CAU_MUSTCHECK;

/*
 * Brings it to the node and runs it. spec->words is filled in here. As
 * job_run: NODE_OK with an end, else it was not started and e says why.
 */
enum node_rc script_run(const struct program *s, struct node *n,
    struct job_spec *spec, struct job_end *end, struct err *e) CAU_MUSTCHECK;

#endif
