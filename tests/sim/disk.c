/* SPDX-License-Identifier: ISC */
/*
 * The disk under the journal. The program is linked so that the calls of
 * journal.c come here (ld --wrap); those for other files go on.
 */
#include "sim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define DISK_FD 1000000

int __real_open(const char *path, int flags, ...);
int __real_close(int fd);
ssize_t __real_write(int fd, const void *data, size_t len);
int __real_fdatasync(int fd);
int __real_ftruncate(int fd, off_t len);
int __real_file_read_kept(
    const char *path, struct buf *b, size_t max, struct err *e);
int __real_file_sync_entry(const char *path, struct err *e);
int __wrap_open(const char *path, int flags, ...);
int __wrap_close(int fd);
ssize_t __wrap_write(int fd, const void *data, size_t len);
int __wrap_fdatasync(int fd);
int __wrap_ftruncate(int fd, off_t len);
int __wrap_file_read_kept(
    const char *path, struct buf *b, size_t max, struct err *e);
int __wrap_file_sync_entry(const char *path, struct err *e);

static struct disk *disk;

void
disk_init(struct disk *d, uint64_t random)
{
	buf_init(&d->bytes);
	d->durable = 0;
	d->room = SIZE_MAX;
	d->broken = d->stubborn = false;
	d->random = random;
}

void
disk_release(struct disk *d)
{
	buf_release(&d->bytes);
}

void
disk_use(struct disk *d)
{
	disk = d;
}

/* What was not synced survives up to some byte; behind it may stand blocks
 * that were never written. */
void
disk_lose_power(struct disk *d)
{
	size_t left = d->bytes.len - d->durable;

	left = (size_t)(sim_random(&d->random) % (left + 1));
	buf_setlen(&d->bytes, d->durable + left);
	if (sim_random(&d->random) % 8 == 0)
		for (size_t i = sim_random(&d->random) % 600; i > 0; i--)
			buf_addc(&d->bytes, '\0');
}

int
__wrap_open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	if (strcmp(path, DISK_PATH) == 0 && disk->stubborn &&
	    sim_random(&disk->random) % 2 == 0) {
		disk->stubborn = false;
		errno = EROFS;
		return -1;
	}
	if (strcmp(path, DISK_PATH) == 0)
		return DISK_FD;
	if ((flags & O_CREAT) != 0) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return __real_open(path, flags, mode);
}

int
__wrap_close(int fd)
{
	return fd == DISK_FD ? 0 : __real_close(fd);
}

/* Short now and then, interrupted now and then; what does not fit is left
 * out. */
ssize_t
__wrap_write(int fd, const void *data, size_t len)
{
	uint64_t r;

	if (fd != DISK_FD)
		return __real_write(fd, data, len);
	r = sim_random(&disk->random);
	if (r % 64 == 0) {
		errno = EINTR;
		return -1;
	}
	if (r % 64 == 1 && len > 1)
		len = 1 + (size_t)(r / 64 % (len - 1));
	if (len > disk->room)
		len = disk->room;
	if (len == 0) {
		errno = ENOSPC;
		return -1;
	}
	if (disk->room != SIZE_MAX)
		disk->room -= len;
	buf_add(&disk->bytes, data, len);
	return (ssize_t)len;
}

int
__wrap_fdatasync(int fd)
{
	if (fd != DISK_FD)
		return __real_fdatasync(fd);
	if (disk->broken) {
		disk->broken = false;
		errno = EIO;
		return -1;
	}
	disk->durable = disk->bytes.len;
	return 0;
}

int
__wrap_ftruncate(int fd, off_t len)
{
	if (fd != DISK_FD)
		return __real_ftruncate(fd, len);
	if (disk->stubborn || (size_t)len > disk->bytes.len) {
		errno = disk->stubborn ? EIO : EINVAL;
		disk->stubborn = false;
		return -1;
	}
	buf_setlen(&disk->bytes, (size_t)len);
	if (disk->durable > (size_t)len)
		disk->durable = (size_t)len;
	return 0;
}

int
__wrap_file_read_kept(
    const char *path, struct buf *b, size_t max, struct err *e)
{
	if (strcmp(path, DISK_PATH) != 0)
		return __real_file_read_kept(path, b, max, e);
	buf_add(b, disk->bytes.data, disk->bytes.len);
	return 0;
}

int
__wrap_file_sync_entry(const char *path, struct err *e)
{
	return strcmp(path, DISK_PATH) == 0 ? 0
					    : __real_file_sync_entry(path, e);
}
