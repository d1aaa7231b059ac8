/* SPDX-License-Identifier: ISC */
/*
 * One node and the channel to it: a shell at the far end (this machine, or
 * through the remote shell command) that has read node/session.sh and
 * node/restart.sh and answers requests. Files travel beside the channel, over
 * the same ssh connection. Blocking; one thread drives one node.
 */
#ifndef CAU_NODE_H
#define CAU_NODE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "arena.h"
#include "child.h"

/* What all nodes of one command share. */
struct transport {
	const char *const *rsh; /* words of --rsh; ends with NULL */
	bool sudo;
	const char *state_dir;	 /* --node-state-dir, absolute */
	const char *control_dir; /* for ssh's control sockets, or NULL */
	int64_t connect_ms;	 /* time for a connection and its greeting */
	/* More functions for the shell, of the plug-ins, or NULL. The shell
	 * also has them as text, in cau_plugin_text, for jobs. */
	const char *plugin_text;
};

struct node {
	const char *name;
	const char *address;   /* "" for the local transport */
	const char *state_dir; /* on the node */
	bool local;
	const struct transport *transport;
	/* Known once it has answered. */
	char boot_id[40];
	char host[256];
	unsigned uid;
	/* Why it waits for a restart that a run has left undone, or "": so it
	 * was when the channel was opened. Printable. */
	char restart[512];
	/* The last try to open it met another ssh host key than the known one,
	 * whether that made ssh give up or not. */
	bool key_changed;
	/* Bytes brought over so far, for progress; set to 0 by who begins. */
	_Atomic uint64_t sent;
	/* The channel. */
	bool open;
	struct child child;
	char mark[20];
	unsigned seq;
	/* Once true, what waits for an answer is given up; NULL: never. */
	const _Atomic bool *cancel;
	bool clone; /* its connection must not become that of others */
	/* On clock_ms(): no call goes on beyond it; 0: none. */
	int64_t give_up_ms;
};

enum node_rc {
	NODE_OK,     /* done, status 0 */
	NODE_FAILED, /* the node answered that it could not */
	NODE_LOST    /* no (more) contact; what happened there is not known */
};

/*
 * name and address must outlive the node. address is "local", "local:DIR"
 * or what the remote shell takes (names.h checks both).
 */
void node_init(struct node *n, const char *name, const char *address,
    const struct transport *t, struct arena *a);

/* A node like another one, with a channel of its own. */
void node_clone(struct node *n, const struct node *of);

/* From now until cancel becomes true, and is noticed once, calls can be given
 * up: they are NODE_LOST then. Not if it is true already. */
void node_arm(struct node *n, const _Atomic bool *cancel);

/* Opens the channel unless it is open, and learns boot id, uid and host. */
enum node_rc node_open(struct node *n, struct err *e) CAU_MUSTCHECK;
void node_close(struct node *n);

/* key_changed in words that say what to do; while the channel is open. */
void node_key_error(const struct node *n, struct err *e);

/* One line of an answer: key and text (NUL-terminated, may hold any byte but
 * newline; len counts NULs in it too). */
typedef void
node_line_fn(void *ctx, const char *key, const char *text, size_t len);

/*
 * Calls a function of the scripts of node/: request is its name and its words,
 * already quoted (text_shell_quote). Opens the channel if needed. limit_ms
 * is for the whole call; when it passes, the channel is closed and the call
 * is NODE_LOST.
 */
enum node_rc node_call(struct node *n, const char *request, node_line_fn *line,
    void *ctx, int64_t limit_ms, struct err *e) CAU_MUSTCHECK;

/* Writes what fd holds from its beginning to path on the node. */
enum node_rc
node_put(struct node *n, const char *path, int fd, struct err *e) CAU_MUSTCHECK;

#endif
