/* SPDX-License-Identifier: ISC */
/*
 * What the files of registered plug-ins share. external.c configures one,
 * external_call.c has one verb carried out, external_verbs.c makes a scan, a
 * stage and an installation of it. Not for other modules; those use plugin.h.
 */
#ifndef CAU_EXTERNAL_SELF_H
#define CAU_EXTERNAL_SELF_H

#include "external.h"
#include "job.h"

/* How long a node may take over a small request. */
#define EXTERNAL_CALL_MS 60000

/* One that is configured; only read from then on. */
struct external {
	struct arena arena;
	const struct registered *plugin;
	struct program program;
	char *here;	       /* state folder for those that run here */
	const char *arguments; /* a JSON object */
	const char *env;       /* the same as words of a shell */
	char digest[SHA256_HEX];
};

/* One call of one verb. */
struct call {
	const struct external *x;
	enum protocol_verb verb;
	struct node *node;	     /* for which */
	struct node *at;	     /* on which: that one, or own */
	struct node own;	     /* this machine in place of the node */
	struct transport transport;  /* of own */
	const struct update *update; /* stage, install */
	const char *run_id;	     /* install */
	const _Atomic bool *cancel;
	struct arena *arena;
	struct protocol answer;
	const char *words; /* the last ones of its log */
};

/* A call for a node. It runs there, or beside the coordinator, with a state
 * folder for each node, so that nodes are kept apart. To be ended. */
void call_begin(struct call *c, const struct external *x,
    enum protocol_verb verb, struct node *n, struct arena *a);
void call_end(struct call *c);

/* Brings the program to where it runs. */
enum node_rc call_prepare(struct call *c, struct err *e) CAU_MUSTCHECK;

/* As job_run; words and limit of spec are filled in here. */
enum node_rc call_run(struct call *c, struct job_spec *spec,
    struct job_end *end, struct err *e) CAU_MUSTCHECK;
/* Fetches what it printed. A lost node is looked for. */
enum node_rc call_fetch(struct call *c, const char *job, int64_t contact_ms,
    struct err *e) CAU_MUSTCHECK;
/* What is wrong with how it ended and with what it said; NULL: nothing. */
const char *call_complaint(struct call *c, const struct job_end *end);

/* All of it, for a scan or stage: what goes wrong concerns the node. */
enum node_rc
call_ask(struct call *c, const char *job, struct err *e) CAU_MUSTCHECK;

/* The verbs, as plugin.h has them. */
enum node_rc
external_scan(const void *self, struct node *n, bool ignore_receipts,
    struct scan_result *result, struct arena *a, struct err *e) CAU_MUSTCHECK;
enum node_rc external_stage(const void *self, struct node *n,
    const struct update *updates, const char *const *jobs, size_t n_updates,
    int64_t *bytes, struct err *e) CAU_MUSTCHECK;
enum node_rc
external_install(const void *self, struct node *n, const struct update *update,
    const struct install_order *order, struct install_result *result,
    struct arena *a, struct err *e) CAU_MUSTCHECK;

/* A word NAME=VALUE for a shell, behind a blank. */
void external_add_env(
    struct buf *b, const char *before, const char *name, const char *value);

#endif
