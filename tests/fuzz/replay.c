/* SPDX-License-Identifier: ISC */
/* Feeds every file of a folder to a fuzzer, without a fuzzing engine. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "file.h"

#define MAX_BYTES ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of exactly this size, so that a sanitizer sees its end. */
static void
feed(const struct buf *b)
{
	uint8_t *copy = xmalloc(b->len);

	for (size_t i = 0; i < b->len; i++)
		copy[i] = (uint8_t)b->data[i];
	(void)LLVMFuzzerTestOneInput(copy, b->len);
	free(copy);
}

int
main(int argc, char **argv)
{
	struct buf b = BUF_INIT;
	struct dirent *de;
	unsigned n = 0;
	struct err e;
	char *path;
	DIR *dir;

	dir = argc == 2 ? opendir(argv[1]) : NULL;
	if (dir == NULL) {
		(void)fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	while ((de = readdir(dir)) != NULL) {
		if (de->d_name[0] == '.')
			continue;
		path = xasprintf("%s/%s", argv[1], de->d_name);
		buf_reset(&b);
		if (file_read(path, &b, MAX_BYTES, &e) == -1) {
			(void)fprintf(stderr, "%s\n", e.text);
			return 1;
		}
		/* What crashes is the last one named. */
		(void)fprintf(stderr, "%s\n", path);
		feed(&b);
		free(path);
		n++;
	}
	(void)closedir(dir);
	buf_release(&b);
	(void)printf("replayed %u inputs\n", n);
	return n == 0;
}
