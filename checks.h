/* SPDX-License-Identifier: ISC */
/*
 * Monitoring plug-ins on the coordinator: programs in a folder, all of them at
 * the same time, each with a time limit of its own.
 */
#ifndef CAU_CHECKS_H
#define CAU_CHECKS_H

#include <stdatomic.h>

#include "health.h"

/* More are not looked at, and that is told. */
#define CHECKS_MOST 256

struct checks;

/*
 * Starts what is in the folder of h->options. NULL when there is nothing: no
 * folder, or nothing in it. What others could change is not run. Once stop is
 * true, what runs is ended. h is written to by checks_finish only.
 */
struct checks *checks_start(struct health *h, const _Atomic bool *stop);

/* Waits for them, adds what they found, frees. NULL is nothing. */
void checks_finish(struct checks *c, struct health *h);

#endif
