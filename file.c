/* SPDX-License-Identifier: ISC */
/* Files that are kept. */
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 262144

/* Closes fd. */
static int
read_all(int fd, const char *path, struct buf *b, size_t max, struct err *e)
{
	size_t got = 0;
	ssize_t n;

	while ((n = read(fd, buf_reserve(b, CHUNK), CHUNK)) > 0) {
		buf_setlen(b, b->len + (size_t)n);
		got += (size_t)n;
		if (got > max) {
			(void)close(fd);
			return err_set(e, CAU_FAILED,
			    "%s is larger than %zu bytes", path, max);
		}
	}
	if (n == -1) {
		(void)err_sys(e, "cannot read %s", path);
		(void)close(fd);
		return -1;
	}
	(void)close(fd);
	return 0;
}

int
file_read(const char *path, struct buf *b, size_t max, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return err_sys(e, "cannot read %s", path);
	return read_all(fd, path, b, max, e);
}

int
file_open_kept(const char *path, struct err *e)
{
	/* Not waiting for the other end of something that is no file. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd == -1)
		return err_sys(e, "cannot read %s", path);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	(void)close(fd);
	return err_set(e, CAU_FAILED, "cannot read %s: it is not a file", path);
}

int
file_read_kept(const char *path, struct buf *b, size_t max, struct err *e)
{
	int fd = file_open_kept(path, e);

	return fd == -1 ? -1 : read_all(fd, path, b, max, e);
}

static int
write_all(int fd, const char *data, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, data, len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
sync_folder_of(const char *path)
{
	char *copy = xstrdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	free(copy);
	if (fd == -1)
		return -1;
	rc = fsync(fd);
	(void)close(fd);
	return rc;
}

int
file_write(const char *path, const void *data, size_t len, struct err *e)
{
	char *beside = xasprintf("%s.XXXXXX", path);
	int fd = mkostemp(beside, O_CLOEXEC), rc = 0;

	if (fd == -1) {
		rc = err_sys(e, "cannot write %s", path);
		free(beside);
		return rc;
	}
	if (write_all(fd, data, len) == -1 || fsync(fd) == -1)
		rc = err_sys(e, "cannot write %s", path);
	if (close(fd) == -1 && rc == 0)
		rc = err_sys(e, "cannot write %s", path);
	if (rc == 0 &&
	    (rename(beside, path) == -1 || sync_folder_of(path) == -1))
		rc = err_sys(e, "cannot write %s", path);
	if (rc == -1)
		(void)unlink(beside);
	free(beside);
	return rc;
}

int
file_sync_entry(const char *path, struct err *e)
{
	return sync_folder_of(path) == 0 ? 0
					 : err_sys(e, "cannot sync %s", path);
}

int
file_link(const char *path, const char *target, struct err *e)
{
	char *beside = xasprintf("%s.new", path);
	int rc = 0;

	(void)unlink(beside);
	if (symlink(target, beside) == -1 || rename(beside, path) == -1 ||
	    sync_folder_of(path) == -1) {
		rc = err_sys(e, "cannot make %s", path);
		(void)unlink(beside);
	}
	free(beside);
	return rc;
}

static int
make_folder(const char *path, struct err *e)
{
	if (mkdir(path, 0700) == 0)
		return file_sync_entry(path, e);
	return errno == EEXIST ? 0 : err_sys(e, "cannot make folder %s", path);
}

int
file_mkdirs(const char *path, struct err *e)
{
	char *copy = xstrdup(path), *p;
	int rc = 0;

	for (p = copy + 1; rc == 0 && *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		rc = make_folder(copy, e);
		*p = '/';
	}
	if (rc == 0)
		rc = make_folder(copy, e);
	free(copy);
	return rc;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	(void)remove(path);
	return 0;
}

void
file_remove_tree(const char *path)
{
	(void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static void
hex(char out[SHA256_HEX], struct sha256_ctx *ctx)
{
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_digest(ctx, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		(void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

int
file_sha256(int fd, char out[SHA256_HEX], int64_t *size_bytes, struct err *e)
{
	struct sha256_ctx ctx;
	uint8_t *chunk = xmalloc(CHUNK);
	int64_t size = 0;
	ssize_t n;

	sha256_init(&ctx);
	while ((n = pread(fd, chunk, CHUNK, size)) > 0) {
		sha256_update(&ctx, (size_t)n, chunk);
		size += n;
	}
	free(chunk);
	if (n == -1)
		return err_sys(e, "cannot read");
	hex(out, &ctx);
	if (size_bytes != NULL)
		*size_bytes = size;
	return 0;
}

void
sha256_hex(char out[SHA256_HEX], const void *data, size_t len)
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, len, data);
	hex(out, &ctx);
}
