/* SPDX-License-Identifier: ISC */
/* What dnf said: any lines give updates that are whole, or an error. */
#include "agentfuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	agent_fuzz(agent_dnf_parse, data, size);
	return 0;
}
