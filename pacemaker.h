/* SPDX-License-Identifier: ISC */
/*
 * A Pacemaker cluster: its members are asked through node/pacemaker.sh what
 * they know of it, whichever of them answers. What that means is decided in
 * pcmk_state.c, quorum.c and simulate.c.
 */
#ifndef CAU_PACEMAKER_H
#define CAU_PACEMAKER_H

#include <pthread.h>

#include "cluster.h"
#include "pcmk_state.h"
#include "quorum.h"
#include "simulate.h"

/* Where members can be reached. */
struct pacemaker {
	const struct node *nodes; /* must stay where they are */
	size_t n_nodes;
	pthread_mutex_t mutex; /* one question at a time */
	struct node asked;     /* a channel of our own */
	size_t at;	       /* to this node */
	/* Members that may go away at any time, besides those in standby in
	 * the name of the run: for pacemaker_refusals. */
	unsigned going;
	bool connected;
};

/* What a member said; texts live in the arena. */
struct pacemaker_state {
	struct pcmk pcmk;
	struct quorum quorum;
	bool idle;	     /* it has nothing left to do; if that was asked */
	const char *self;    /* name of the member, pacemaker_who only */
	const char *cluster; /* its name, "" for none, pacemaker_who only */
	/* The version of its configuration, "0.15": another one after each
	 * change; pacemaker_who only, "" when it cannot be read. */
	const char *config;
};

void pacemaker_open(struct pacemaker *p, const struct node *nodes, size_t n);
void pacemaker_close(struct pacemaker *p);

/*
 * Asks one member after the other, the one that answered last first, and
 * avoid (a name, or NULL) last, until one answers whose cluster stack runs.
 * One that has no quorum, as it is cut off or has just been started, is
 * believed only when no other one has.
 */
int pacemaker_state(struct pacemaker *p, const char *avoid, bool idle,
    struct pacemaker_state *s, struct arena *a, struct err *e) CAU_MUSTCHECK;
/* The same, and who answers. */
int pacemaker_who(struct pacemaker *p, struct pacemaker_state *s,
    struct arena *a, struct err *e) CAU_MUSTCHECK;

/* 0 unless what answers at the node's address is another member of the
 * cluster; what does not say who it is passes. */
int pacemaker_is_itself(const struct node *node, struct err *e) CAU_MUSTCHECK;

/* Puts a node in standby, in the name of the run. Like what follows, only by
 * a member that has quorum: what others say the cluster may never hear. */
int pacemaker_standby(struct pacemaker *p, const char *node, const char *run,
    struct err *e) CAU_MUSTCHECK;
/* Takes that back. *ours: it was in the name of this run, else nothing is
 * done. */
int pacemaker_ready(struct pacemaker *p, const char *node, const char *run,
    bool *ours, struct err *e) CAU_MUSTCHECK;

/* What would become of the resources if these were in standby. */
int pacemaker_simulate(struct pacemaker *p, const char *const *names, size_t n,
    struct simulate *s, struct arena *a, struct err *e) CAU_MUSTCHECK;

/* The members of a cluster, for a command. */
struct pacemaker_members {
	struct run_node *nodes; /* in the order to update them, self last */
	size_t n;
	const char *cluster;
};

/*
 * Finds them: from this machine, a member (via NULL), or by way of the member
 * that the remote shell reaches at via. known: addresses of some of them;
 * others are reached by their names, and this machine through sh. CAU_USAGE
 * when known names one that is no member.
 */
int pacemaker_find(const struct transport *t, const char *via,
    const struct run_node *known, size_t n_known, struct pacemaker_members *m,
    struct arena *a, struct err *e) CAU_MUSTCHECK;

/* Whether the cluster stack is set up on this machine. */
bool pacemaker_is_here(void);

/*
 * Why the node should not be taken out of service now, a line each: what
 * struct pcmk_refusal says, votes, and (proof) resources that would have
 * nowhere to go. ours: the run has it in standby already. *kind is that of
 * the first one. Returns 0 when there is none, 1, or -1 with e.
 */
int pacemaker_refusals(struct pacemaker *p, const struct run_info *run,
    const struct pacemaker_state *s, const char *node, bool proof,
    enum pcmk_refusal_kind *kind, struct buf *lines, struct err *e);

#endif
