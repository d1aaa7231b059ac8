/* SPDX-License-Identifier: ISC */
/* What Alertmanager answered: alerts, or an error. */
#include <stdlib.h>
#include <string.h>

#include "alertmanager.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct health_options options = {.limit_ms = 10000};
	char *text = xstrndup((const char *)data, size);
	struct err e = {CAU_OK, ""};
	struct health h;

	health_init(&h, &options);
	if (alerts_parse(&h, text, strlen(text), &e) == -1 && e.text[0] == '\0')
		__builtin_trap();
	if (h.n > ALERTS_MOST + 1)
		__builtin_trap();
	health_finish(&h);
	health_release(&h);
	free(text);
	return 0;
}
