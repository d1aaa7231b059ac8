/* SPDX-License-Identifier: ISC */
/*
 * Votes of a Corosync cluster, from the text of corosync-quorumtool -s, and
 * how many nodes may still go away. Pure.
 */
#ifndef CAU_QUORUM_H
#define CAU_QUORUM_H

#include <stdbool.h>

#include "arena.h"

struct quorum_vote {
	const char *node_id;
	const char *name; /* or an address, or "Qdevice" */
	unsigned votes;
	bool is_device; /* a quorum device, no node */
};

struct quorum {
	bool quorate;
	unsigned expected; /* votes of all nodes there should be */
	unsigned highest;  /* seen as expected so far */
	unsigned total;	   /* votes of those that are there */
	unsigned needed;
	bool two_node; /* one of two is enough */
	bool wait_for_all;
	bool last_man_standing;
	bool auto_tie_breaker;
	bool allow_downgrade;
	bool device;
	struct quorum_vote *votes; /* of those that are there */
	size_t n_votes;
};

/*
 * Reads what corosync-quorumtool -s printed, with LC_ALL=C, whatever its
 * exit status (2 says "not quorate"). CAU_FAILED when that is not the status
 * of a cluster with votes: Corosync does not run, another quorum provider.
 */
int quorum_parse(struct quorum *q, const char *text, size_t len,
    struct arena *a, struct err *e) CAU_MUSTCHECK;

/* Where that tool is not there: one vote for each of total members, online
 * of which are there, a majority needed (with two_node: one of two). */
void quorum_from_counts(
    struct quorum *q, unsigned online, unsigned total, bool two_node);

/*
 * Whether quorum holds when so many of the nodes go away at the same time,
 * those with the most votes first. The quorum device stays. What Corosync
 * could do about it over time (last_man_standing, allow_downgrade) or by
 * luck (auto_tie_breaker) does not count. False when there is no quorum now.
 */
bool quorum_survives(const struct quorum *q, unsigned nodes_lost);
/* How many may go away. */
unsigned quorum_spare(const struct quorum *q);

#endif
