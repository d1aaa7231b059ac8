/* SPDX-License-Identifier: ISC */
/* From what Pacemaker says of its cluster to what is wrong with it. */
#include <string.h>

#include "health_cluster.h"
#include "pcmk_state.h"
#include "text.h"

/* A run is refused for what the cluster is not fit for, with an exit code of
 * its own; before it, that is told and no more. */
static enum severity
critical(const struct health *h)
{
	return h->gate ? SEVERITY_WARNING : SEVERITY_CRITICAL;
}

static void
judge_quorum(struct health *h, const struct pcmk *p, const struct quorum *q)
{
	if (!p->with_quorum)
		health_add(h, "cluster-quorum", NULL, critical(h),
		    "the cluster has no quorum");
	else if (*p->dc == '\0')
		health_add(h, "cluster-quorum", NULL, critical(h),
		    "no node has been elected to decide (DC)");
	else if (q != NULL && !quorum_survives(q, 1))
		health_add(h, "cluster-quorum", NULL, critical(h),
		    "quorum would be lost with the next node: there are %u of "
		    "%u votes, and %u are needed",
		    q->total, q->expected, q->needed);
}

/* Whether the run in progress has taken the node out of service. */
static bool
is_own(const struct health *h, const struct pcmk_node *n, const char *attr)
{
	const char *owner = pcmk_attr(n, attr);

	return *h->own_run != '\0' && owner != NULL &&
	       strcmp(owner, h->own_run) == 0;
}

static void
judge_node(struct health *h, const struct pcmk_node *n, const char *attr)
{
	const char *why = pcmk_not_joined(n);

	if (!pcmk_is_machine(n) || is_own(h, n, attr))
		return;
	if (n->maintenance)
		health_add(h, "cluster-maintenance", n->name, critical(h),
		    "it is in maintenance mode: nothing is moved away from it");
	if (why != NULL) {
		health_add(
		    h, "cluster-nodes", n->name, critical(h), "it %s", why);
		return;
	}
	if (n->standby || n->standby_onfail)
		health_add(h, "cluster-nodes", n->name, SEVERITY_WARNING,
		    "it is in standby%s",
		    n->standby ? "" : ", because a resource failed there");
	if (strcmp(n->health, "red") == 0 || strcmp(n->health, "yellow") == 0)
		health_add(h, "cluster-nodes", n->name, SEVERITY_WARNING,
		    "its health is %s", n->health);
}

static void
judge_modes(struct health *h, const struct pcmk *p)
{
	bool device = false;

	if (p->maintenance_mode)
		health_add(h, "cluster-maintenance", NULL, critical(h),
		    "the cluster is in maintenance mode: nothing is moved away "
		    "from nodes");
	if (p->stop_all_resources)
		health_add(h, "cluster-maintenance", NULL, critical(h),
		    "the cluster is told to stop all resources "
		    "(stop-all-resources)");
	for (size_t i = 0; i < p->n_resources; i++)
		device |= strncmp(p->resources[i].agent, "stonith:", 8) == 0;
	if (!p->stonith_enabled)
		health_add(h, "cluster-fencing", NULL, SEVERITY_WARNING,
		    "fencing is switched off: a node that hangs cannot be "
		    "taken out for good");
	else if (!device)
		health_add(h, "cluster-fencing", NULL, SEVERITY_WARNING,
		    "fencing is switched on, and there is no device for it");
}

void
health_judge_cluster(struct health *h, const struct pcmk *p,
    const struct quorum *q, const char *owner_attr)
{
	struct pcmk_failed *failed;
	size_t n = pcmk_failed_any(p, &failed, &h->arena);

	judge_quorum(h, p, q);
	judge_modes(h, p);
	for (size_t i = 0; i < p->n_nodes; i++)
		judge_node(h, &p->nodes[i], owner_attr);
	for (size_t i = 0; i < n; i++)
		health_add(h, "cluster-resources", NULL, critical(h), "%s",
		    failed[i].text);
}

void
health_judge_drain(struct health *h, const struct simulate *s, const char *node)
{
	struct simulate_move *moves;
	size_t n = simulate_moves(s, node, &moves, &h->arena);

	for (size_t i = 0; i < n; i++)
		if (simulate_is_loss(moves[i].fate))
			health_add(h, "cluster-redundancy", node,
			    SEVERITY_WARNING, "without this node, %s",
			    moves[i].text);
}
