/* SPDX-License-Identifier: ISC */
/*
 * Who could change what cau is about to run as root: owner, mode and POSIX
 * ACL of files and of every folder on the way to them (seed: "Configure
 * permissions to access the hotfix root folder").
 */
#ifndef CAU_ACCESS_H
#define CAU_ACCESS_H

#include <sys/stat.h>
#include <sys/types.h>

#include "buf.h"

/* Each problem is one line in text; offenders are counted. */
struct access_report {
	struct buf text;
	size_t n;
};

/*
 * The folder at path and all folders above it, along the path as written
 * and along the real one: each owned by root or by the caller, and writable
 * by nobody else. A folder above with the sticky bit (as /tmp) passes: there
 * only the owner of an entry can replace it, and the entry is checked.
 */
void access_check_path(struct access_report *r, const char *path);

/* An opened file or folder, shown as path. */
void access_check_fd(
    struct access_report *r, int fd, const struct stat *st, const char *path);

/*
 * Pure: the first user or group that may write by these rights, other than
 * root and uid. acl is the raw system.posix_acl_access attribute (len 0:
 * none). Appends who it is to b and returns 1, 0 for nobody, -1 when the
 * attribute cannot be understood.
 */
int access_writer(struct buf *b, mode_t mode, uid_t uid,
    const unsigned char *acl, size_t len);

#endif
