/* SPDX-License-Identifier: ISC */
/* The headers of .rpm files. */
#include <string.h>

#include "rpmhdr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rpmhdr h;
	struct err e = {CAU_OK, ""};

	if (rpmhdr_parse(&h, data, size, &e) == -1 && e.text[0] == '\0')
		__builtin_trap();
	/* Each string ends within the input. */
	if (strlen(h.name) > size || strlen(h.version) > size ||
	    strlen(h.release) > size || strlen(h.summary) > size ||
	    strlen(h.description) > size || strlen(h.arch) > size)
		__builtin_trap();
	return 0;
}
