/* SPDX-License-Identifier: ISC */
/* Files that are kept: written beside, fsynced, renamed. And folders. */
#ifndef CAU_FILE_H
#define CAU_FILE_H

#include "buf.h"

/* Appends the whole file to b; more than max bytes is an error. */
int file_read(
    const char *path, struct buf *b, size_t max, struct err *e) CAU_MUSTCHECK;

/* Opens a file that we keep, to be read; what stands in its place and is no
 * regular file (a pipe has no end) is an error. Then the same as file_read. */
int file_open_kept(const char *path, struct err *e) CAU_MUSTCHECK;
int file_read_kept(
    const char *path, struct buf *b, size_t max, struct err *e) CAU_MUSTCHECK;

/* Replaces path, or leaves it as it was. Mode 0600. */
int file_write(const char *path, const void *data, size_t len,
    struct err *e) CAU_MUSTCHECK;

/* As mkdir -p with mode 0700. What it makes is on disk when it returns. */
int file_mkdirs(const char *path, struct err *e) CAU_MUSTCHECK;

/* Makes path a symbolic link to target, in the place of what was there. */
int
file_link(const char *path, const char *target, struct err *e) CAU_MUSTCHECK;

/* Waits until the entries of the folder that path lies in are on disk. */
int file_sync_entry(const char *path, struct err *e) CAU_MUSTCHECK;

/* Removes a folder and all in it; links are not followed. Best effort. */
void file_remove_tree(const char *path);

/* SHA-256 of what fd holds from its beginning, as 64 hex digits. size_bytes
 * (may be NULL) gets how many bytes were read. */
#define SHA256_HEX 65
int file_sha256(int fd, char out[SHA256_HEX], int64_t *size_bytes,
    struct err *e) CAU_MUSTCHECK;
void sha256_hex(char out[SHA256_HEX], const void *data, size_t len);

#endif
