/* SPDX-License-Identifier: ISC */
/* Who could change what cau is about to run. */
#include "access.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "text.h"

/* Layout of the attribute: linux/posix_acl_xattr.h; numbers little-endian. */
#define ACL_VERSION    2
#define ACL_ENTRY_SIZE 8
#define ACL_USER       0x02
#define ACL_GROUP_OBJ  0x04
#define ACL_GROUP      0x08
#define ACL_MASK       0x10
#define ACL_WRITE      0x02
#define ACL_MAX_BYTES  65536

static unsigned
le16(const unsigned char *p)
{
	return p[0] | (unsigned)p[1] << 8;
}

static unsigned
le32(const unsigned char *p)
{
	return le16(p) | le16(p + 2) << 16;
}

int
access_writer(
    struct buf *b, mode_t mode, uid_t uid, const unsigned char *acl, size_t len)
{
	unsigned mask = ACL_WRITE, tag, perm, id;
	size_t at;

	if ((mode & S_IWOTH) != 0) {
		buf_addstr(b, "everybody");
		return 1;
	}
	if (len == 0) {
		if ((mode & S_IWGRP) == 0)
			return 0;
		buf_addstr(b, "its group");
		return 1;
	}
	if (len < 4 || le32(acl) != ACL_VERSION ||
	    (len - 4) % ACL_ENTRY_SIZE != 0)
		return -1;
	for (at = 4; at < len; at += ACL_ENTRY_SIZE)
		if (le16(acl + at) == ACL_MASK)
			mask = le16(acl + at + 2);
	for (at = 4; at < len; at += ACL_ENTRY_SIZE) {
		tag = le16(acl + at);
		perm = le16(acl + at + 2) & mask;
		id = le32(acl + at + 4);
		if ((perm & ACL_WRITE) == 0)
			continue;
		if (tag == ACL_USER && id != 0 && id != uid)
			buf_addf(b, "user %u (ACL)", id);
		else if (tag == ACL_GROUP)
			buf_addf(b, "group %u (ACL)", id);
		else if (tag == ACL_GROUP_OBJ)
			buf_addstr(b, "its group");
		else
			continue;
		return 1;
	}
	return 0;
}

static void
offend(
    struct access_report *r, const char *path, const char *why, const char *who)
{
	text_printable(&r->text, path, strlen(path));
	buf_addf(&r->text, ": %s%s\n", why, who);
	r->n++;
}

static void
check_rights(struct access_report *r, const struct stat *st, const char *path,
    const unsigned char *acl, ssize_t len, bool sticky_passes)
{
	struct buf who = BUF_INIT;
	uid_t uid = geteuid();

	if (len == -1 && errno != ENODATA && errno != ENOTSUP) {
		offend(r, path, "its ACL cannot be read: ", strerror(errno));
		return;
	}
	if (st->st_uid != 0 && st->st_uid != uid) {
		buf_addf(&who, "%u", (unsigned)st->st_uid);
		offend(r, path, "owned by user ", who.data);
	}
	buf_reset(&who);
	if (!(sticky_passes && (st->st_mode & S_ISVTX) != 0))
		switch (access_writer(
		    &who, st->st_mode, uid, acl, len == -1 ? 0 : (size_t)len)) {
		case 1:
			offend(r, path, "writable by ", who.data);
			break;
		case -1:
			offend(r, path, "its ACL is not understood", "");
			break;
		}
	buf_release(&who);
}

void
access_check_fd(
    struct access_report *r, int fd, const struct stat *st, const char *path)
{
	unsigned char acl[4096];
	ssize_t len =
	    fgetxattr(fd, "system.posix_acl_access", acl, sizeof(acl));

	check_rights(r, st, path, acl, len, false);
}

static void
check_folder(struct access_report *r, const char *path, bool is_above)
{
	unsigned char *acl = xmalloc(ACL_MAX_BYTES);
	struct stat st;
	ssize_t len;

	if (stat(path, &st) == -1) {
		offend(r, path, strerror(errno), "");
	} else if (!S_ISDIR(st.st_mode)) {
		offend(r, path, "not a folder", "");
	} else {
		len = getxattr(
		    path, "system.posix_acl_access", acl, ACL_MAX_BYTES);
		check_rights(r, &st, path, acl, len, is_above);
	}
	free(acl);
}

/* Every folder above path, from the top. */
static void
check_above(struct access_report *r, const char *path)
{
	char *copy = xstrdup(path), *p;

	check_folder(r, "/", true);
	for (p = copy + 1; *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		check_folder(r, copy, true);
		*p = '/';
	}
	free(copy);
}

void
access_check_path(struct access_report *r, const char *path)
{
	char *real = realpath(path, NULL), *written;

	if (real == NULL) {
		offend(r, path, strerror(errno), "");
		return;
	}
	check_above(r, real);
	check_folder(r, real, false);
	written = xstrdup(path);
	while (strlen(written) > 1 && written[strlen(written) - 1] == '/')
		written[strlen(written) - 1] = '\0';
	/* A symbolic link on the way could be turned by whoever may write to
	 * the folder that it lies in. */
	if (written[0] == '/' && strcmp(written, real) != 0)
		check_above(r, written);
	free(written);
	free(real);
}
