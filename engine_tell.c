/* SPDX-License-Identifier: ISC */
/* What people are told of a run: phases, counts, the exit code. */
#include "engine_next.h"

static const char *const phase_names[] = {
#define X(id, name) name,
    NODE_PHASES(X)
#undef X
};

const char *
node_phase_name(enum node_phase p)
{
	return phase_names[p];
}

enum node_phase
engine_phase(const struct engine_node *n)
{
	if (n->finished)
		return PHASE_DONE;
	if (!n->busy)
		return PHASE_WAITING;
	switch (n->op) {
	case OP_SCAN:
		return PHASE_SCANNING;
	case OP_STAGE:
		return PHASE_STAGING;
	case OP_PRE_SCRIPT:
		return PHASE_PRE_SCRIPT;
	case OP_SUSPEND:
		return PHASE_SUSPENDING;
	case OP_INSTALL:
		return PHASE_INSTALLING;
	case OP_RESTART:
		return PHASE_RESTARTING;
	case OP_RESUME:
		return PHASE_RESUMING;
	case OP_POST_SCRIPT:
		return PHASE_POST_SCRIPT;
	case OP_KIND_COUNT:
		break;
	}
	return PHASE_WAITING;
}

struct engine_counts
engine_count(const struct engine_node *n)
{
	struct engine_counts c = {0};

	for (size_t i = 0; i < n->n_updates; i++) {
		if (!n->updates[i].done) {
			c.pending++;
			continue;
		}
		switch (n->updates[i].result.result) {
		case RESULT_NONE:
			break;
		case RESULT_SUCCEEDED:
			c.succeeded++;
			break;
		case RESULT_FAILED:
			c.failed++;
			break;
		case RESULT_CANCELED:
			c.canceled++;
			break;
		case RESULT_ALREADY_INSTALLED:
		case RESULT_NOT_APPLICABLE:
			c.skipped++;
			break;
		case RESULT_UNKNOWN:
			c.unknown++;
			break;
		}
	}
	return c;
}

bool
engine_restart_pending(const struct engine *g, const struct engine_node *n)
{
	return n->restart_needed && !engine_reboot_is_open(n) &&
	       (n->finished || !engine_may_restart(g, n));
}

enum cau_exit
engine_exit_code(const struct engine *g)
{
	for (size_t i = 0; i < g->run.n_nodes; i++)
		if (g->nodes[i].unknown)
			return CAU_UNKNOWN;
	if (g->stop == ENGINE_STOP_HELD)
		return CAU_LOCKED;
	if (g->stop == ENGINE_STOP_OFFLINE)
		return CAU_UNHEALTHY;
	if (g->stop == ENGINE_STOP_UNSAFE)
		return CAU_REFUSED;
	switch (g->status) {
	case STATUS_SUCCEEDED:
		return CAU_OK;
	case STATUS_PARTIALLY_FAILED:
		return CAU_PARTIAL;
	case STATUS_CANCELED:
		return CAU_CANCELED;
	case STATUS_NONE:
	case STATUS_FAILED:
		break;
	}
	return CAU_FAILED;
}
