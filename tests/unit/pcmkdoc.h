/* SPDX-License-Identifier: ISC */
/* For the tests on what Pacemaker says: documents of a real cluster, which
 * are also the corpus of the fuzzer, and small ones. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "file.h"
#include "pcmk_state.h"

#define SAMPLES "tests/fuzz/corpus/pcmk/"

static void
pcmk_read_sample(struct buf *in, const char *name)
{
	char *path = xasprintf(SAMPLES "%s.xml", name);
	struct err e;

	assert_int_equal(file_read(path, in, (size_t)1 << 24, &e), 0);
	free(path);
}

static void
pcmk_load(struct pcmk *p, const char *sample, struct arena *a)
{
	struct buf in = BUF_INIT;
	struct err e;

	pcmk_read_sample(&in, sample);
	if (pcmk_parse(p, in.data, in.len, a, &e) == -1)
		fail_msg("%s: %s", sample, e.text);
	buf_release(&in);
}

#define SUMMARY(options)                                                \
	"<summary><current_dc present='true' version='2.0.5' name='a' " \
	"with_quorum='true'/><cluster_options " options "/></summary>"
#define DOC(nodes, rest)                                \
	"<pacemaker-result api-version='2.0'>" SUMMARY( \
	    "") "<nodes>" nodes "</nodes>" rest "</pacemaker-result>"
#define A "<node name='a' id='1' online='true' type='member'/>"
