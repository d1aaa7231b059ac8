/* SPDX-License-Identifier: ISC */
/* What corosync-quorumtool says: any bytes give votes or an error. */
#include <stdlib.h>
#include <string.h>

#include "quorum.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	struct quorum q;
	struct err e;
	unsigned n;

	e.text[0] = '\0';
	if (quorum_parse(&q, (const char *)data, size, &a, &e) == -1) {
		if (e.text[0] == '\0' || strpbrk(e.text, "\n\r\x1b") != NULL)
			abort();
	} else {
		n = quorum_spare(&q);
		if (q.needed == 0 || quorum_survives(&q, n + 1) ||
		    (n > 0 && !quorum_survives(&q, n)) ||
		    quorum_survives(&q, 0) !=
			(q.quorate && q.total >= q.needed))
			abort();
	}
	arena_release(&a);
	return 0;
}
