/* SPDX-License-Identifier: ISC */
/* Compound files, through the reader of installer databases. */
#include "msi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	struct bytesrc src;
	struct msi m;
	struct err e = {CAU_OK, ""};

	bytesrc_memory(&src, data, size);
	if (msi_read(&m, &src, &a, &e) == -1 && e.text[0] == '\0')
		__builtin_trap();
	arena_release(&a);
	return 0;
}
