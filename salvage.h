/* SPDX-License-Identifier: ISC */
/* A run whose journal is damaged: it must not be in the way of the next. */
#ifndef CAU_SALVAGE_H
#define CAU_SALVAGE_H

#include "buf.h"

/*
 * Puts the folder of the run aside, as runs/ID.damaged, and takes the link to
 * it away. Appends to text, in lines for people, where it is kept and what can
 * still be read of it: nodes that were out of service, with the command that
 * puts them back, and updates that were being installed. -1: it could not be
 * moved.
 */
int salvage_run(const char *state_dir, const char *run_id, struct buf *text,
    struct err *e) CAU_MUSTCHECK;

/* The same of a folder that was put aside. */
void salvage_tell(const char *aside, struct buf *text);

#endif
