/* SPDX-License-Identifier: ISC */
/* The checks of a Pacemaker cluster. Pure. */
#ifndef CAU_HEALTH_CLUSTER_H
#define CAU_HEALTH_CLUSTER_H

#include "health.h"
#include "pcmk.h"
#include "quorum.h"
#include "simulate.h"

/* q: NULL when votes are not known. owner_attr: the attribute of a node that
 * names the run that took it out of service. */
void health_judge_cluster(struct health *h, const struct pcmk *p,
    const struct quorum *q, const char *owner_attr);

/* What would be lost with the node, by what Pacemaker would do without it. */
void health_judge_drain(
    struct health *h, const struct simulate *s, const char *node);

#endif
