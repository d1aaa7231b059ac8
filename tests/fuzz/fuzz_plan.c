/* SPDX-License-Identifier: ISC */
/* Sealed plans: what anybody may have written, sealed again, is compared with
 * an empty plan and with itself; the lines about it are printable. */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
compare(const json_t *plan, const json_t *now)
{
	struct buf b = BUF_INIT;
	size_t n = plan_drift(&b, plan, now), lines = 0;

	for (size_t i = 0; i < b.len; i++) {
		lines += b.data[i] == '\n';
		if (((unsigned char)b.data[i] < ' ' && b.data[i] != '\n' &&
			b.data[i] != '\t') ||
		    b.data[i] == 0x7f)
			abort();
	}
	if (lines != n)
		abort();
	buf_release(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run_node nodes[] = {{"n1", "n1", false}, {"n2", "n2", false}};
	json_t *doc, *sealed, *none = json_object();
	struct err e;
	char *text;

	sealed = plan_open((const char *)data, size, &e);
	json_decref(sealed);
	doc =
	    json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(doc)) {
		json_set(doc, "format", json_integer(1));
		json_set(doc, "command", json_string("plan"));
		plan_seal(doc);
		text = json_dumps(doc, 0);
		sealed =
		    text == NULL ? NULL : plan_open(text, strlen(text), &e);
		if (sealed == NULL)
			abort();
		compare(sealed, none);
		compare(none, sealed);
		compare(sealed, sealed);
		plan_order(sealed, nodes, 2);
		json_decref(sealed);
		free(text);
	}
	json_decref(doc);
	json_decref(none);
	return 0;
}
