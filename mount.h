/* SPDX-License-Identifier: ISC */
/*
 * Whether what is read from a folder can be changed on its way over the
 * network (facts on the hotfix plug-in, 7). Pure.
 */
#ifndef CAU_MOUNT_H
#define CAU_MOUNT_H

#include <stdbool.h>

#include "cau.h"

/*
 * mountinfo: the text of /proc/self/mountinfo (proc(5)). An SMB share must be
 * signed or encrypted, encrypted if need_encryption; as far as the mount
 * options tell, because a mount that did not ask for it promises nothing.
 * Its mode bits say nothing about the server, so with check_access it is
 * refused. Any other file system over the network is refused with
 * need_encryption; a local one always passes. Errors are CAU_REFUSED.
 */
int mount_check(const char *mountinfo, const char *path, bool need_encryption,
    bool check_access, struct err *e) CAU_MUSTCHECK;

#endif
