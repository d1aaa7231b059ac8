/* SPDX-License-Identifier: ISC */
/*
 * Registered plug-ins: programs of others behind the verbs of plugin.h. Where
 * one runs, on the node or beside the coordinator, it is brought there by its
 * contents, and each of its verbs is a durable job (cau-plugin(7)).
 */
#ifndef CAU_EXTERNAL_H
#define CAU_EXTERNAL_H

#include "plugin.h"

/* The verbs of one; p must outlive them. One with a problem can be found, and
 * refuses to be configured. */
const struct plugin_ops *
external_ops(const struct registered *p, struct arena *a);

#endif
