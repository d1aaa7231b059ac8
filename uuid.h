/* SPDX-License-Identifier: ISC */
/* Names as UUIDs of version 5 (RFC 9562, 5.5). Pure. */
#ifndef CAU_UUID_H
#define CAU_UUID_H

#include "cau.h"

#define UUID_SIZE 37

/* What updates of Microsoft.WindowsUpdatePlugin are named in. Never changes:
 * the ids are in scripts and reports of users. */
#define UUID_UPDATES "1340b99d-e200-49e1-acdd-623511c0c338"

/* space is a UUID in its text form; name is any bytes. */
void
uuid_v5(char out[UUID_SIZE], const char *space, const void *name, size_t len);

#endif
