/* SPDX-License-Identifier: ISC */
/*
 * The alerts of a Prometheus Alertmanager that fire and are neither silenced
 * nor inhibited, by its API v2, through curl(1), or amtool(1) where there is
 * no curl.
 */
#ifndef CAU_ALERTMANAGER_H
#define CAU_ALERTMANAGER_H

#include <stdatomic.h>

#include "health.h"

struct alerts;

/* Starts to ask the one of h->options; NULL when there is none, or alerts are
 * not wanted. Once stop is true it is given up. h is left alone. */
struct alerts *alerts_start(const struct health *h, const _Atomic bool *stop);
/* Waits, adds what it said, frees. No answer is a critical finding. */
void alerts_finish(struct alerts *a, struct health *h);

/*
 * Adds the alerts of an answer. -1 when it is none. Pure. At most so many are
 * findings of their own:
 */
#define ALERTS_MOST 100
int alerts_parse(struct health *h, const char *text, size_t len,
    struct err *e) CAU_MUSTCHECK;

/* http or https, a host, nothing that a URL has not. */
int alerts_check_url(const char *url, struct err *e) CAU_MUSTCHECK;

#endif
