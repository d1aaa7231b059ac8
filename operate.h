/* SPDX-License-Identifier: ISC */
/*
 * One operation on one node: carries out what order->started announces and
 * fills order->ended. Blocking; runs on a thread of work.c.
 */
#ifndef CAU_OPERATE_H
#define CAU_OPERATE_H

#include "work.h"

void operate(struct order *o);

#endif
