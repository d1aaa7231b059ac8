/* SPDX-License-Identifier: ISC */
/* Bytes that can be read at any offset. */
#include "bytesrc.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
fd_read(const struct bytesrc *s, uint64_t off, void *out, size_t len)
{
	char *p = out;
	ssize_t n;

	while (len > 0) {
		n = pread(s->fd, p, len, (off_t)off);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		if (n == 0) {
			/* The file shrank since its size was asked for. */
			errno = ENODATA;
			return -1;
		}
		p += n;
		off += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static int
memory_read(const struct bytesrc *s, uint64_t off, void *out, size_t len)
{
	memcpy(out, s->data + off, len);
	return 0;
}

int
bytesrc_fd(struct bytesrc *s, int fd, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return err_sys(e, "cannot read the file");
	if (!S_ISREG(st.st_mode))
		return err_set(e, CAU_FAILED, "not a regular file");
	*s = (struct bytesrc){
	    .read = fd_read, .size = (uint64_t)st.st_size, .fd = fd};
	return 0;
}

void
bytesrc_memory(struct bytesrc *s, const void *data, size_t len)
{
	*s = (struct bytesrc){
	    .read = memory_read, .size = len, .fd = -1, .data = data};
}

int
bytesrc_read(
    const struct bytesrc *s, uint64_t off, void *out, size_t len, struct err *e)
{
	if (off > s->size || len > s->size - off)
		return err_set(e, CAU_FAILED,
		    "truncated: %zu bytes at %" PRIu64 " are not there", len,
		    off);
	if (len == 0)
		return 0;
	if (s->read(s, off, out, len) == -1)
		return err_sys(e, "cannot read the file");
	return 0;
}
