/* SPDX-License-Identifier: ISC */
/* What two nodes said: whatever it is, the findings are printable, survive the
 * journal, and a node that did not come to an end is not well. */
#include <stdlib.h>
#include <string.h>

#include "health.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* "KEY TEXT", a line each. */
static size_t
split(char *text, struct health_fact *facts, size_t most)
{
	char *save = NULL, *line, *gap;
	size_t n = 0;

	for (line = strtok_r(text, "\n", &save); line != NULL && n < most;
	     line = strtok_r(NULL, "\n", &save)) {
		gap = strchr(line, ' ');
		if (gap != NULL)
			*gap++ = '\0';
		facts[n++] = (struct health_fact){
		    line, gap == NULL ? "" : gap, INT64_C(1800000000000)};
	}
	return n;
}

static void
check(const struct health *h)
{
	struct arena a = ARENA_INIT;
	struct finding again;
	json_t *j;

	for (size_t i = 0; i < h->n; i++) {
		const struct finding *f = &h->findings[i];

		for (const char *p = f->message; *p != '\0'; p++)
			if ((unsigned char)*p < ' ' && *p != '\t')
				__builtin_trap();
		j = finding_to_json(f);
		if (finding_from_json(&again, j, &a) == -1 ||
		    strcmp(again.message, f->message) != 0 ||
		    again.severity != f->severity)
			__builtin_trap();
		json_decref(j);
	}
	arena_release(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct health_options options = {
	    .min_free_kb = 1 << 20, .limit_ms = 10000};
	struct health_fact facts[64];
	struct health_node nodes[2] = {
	    {.name = "n1", .reached = true}, {.name = "n2", .reached = true}};
	char *text = xstrndup((const char *)data, size);
	struct buf b = BUF_INIT;
	struct health h;
	size_t n = split(text, facts, 64);

	nodes[0].facts = facts;
	nodes[0].n_facts = n / 2;
	nodes[1].facts = facts + n / 2;
	nodes[1].n_facts = n - n / 2;
	health_init(&h, &options);
	for (int i = 0; i < 2; i++)
		health_judge_node(&h, &nodes[i]);
	health_judge_nodes(&h, nodes, 2);
	health_finish(&h);
	check(&h);
	if (n < 2 && findings_status(h.findings, h.n) != SEVERITY_CRITICAL)
		__builtin_trap();
	health_to_text(&b, &h, true);
	json_decref(health_to_json(&h));
	(void)health_to_nagios(&b, &h, 1);
	buf_release(&b);
	health_release(&h);
	free(text);
	return 0;
}
