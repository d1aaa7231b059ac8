/* SPDX-License-Identifier: ISC */
/*
 * Makes a health check: asks nodes, monitoring plug-ins and Alertmanager, all
 * at the same time, and has the answers judged. Changes nothing.
 */
#ifndef CAU_EXAMINE_H
#define CAU_EXAMINE_H

#include "health.h"
#include "work.h"

/*
 * Adds what was found to h; health_finish is the caller's. The nodes are those
 * of w: their channels stay open for what comes after. As soon as stop_fd (-1:
 * none) can be read, it is given up: CAU_CANCELED.
 */
int examine(struct health *h, struct work *w, const char *state_dir,
    int stop_fd, struct err *e) CAU_MUSTCHECK;

#endif
