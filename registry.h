/* SPDX-License-Identifier: ISC */
/*
 * The plug-ins of others that are registered: a file each in the folder
 * plugins/ of the state folder. What is registered in the default state folder
 * can be used by all users of the machine, whatever theirs is.
 */
#ifndef CAU_REGISTRY_H
#define CAU_REGISTRY_H

#include "program.h"
#include "protocol.h"

/* The state folder of the machine. */
#define REGISTRY_STATE_DIR "/var/lib/cau"

/* A plug-in program is not larger. */
#define REGISTRY_MAX_BYTES (INT64_C(256) << 20)

struct registered {
	const char *file;    /* of its registration */
	const char *problem; /* why it cannot be used, or NULL */
	const char *name;    /* also when there is a problem */
	const char *path;
	const char *sha256;
	struct protocol_description description;
};

struct registry {
	struct arena arena;
	struct registered *plugins; /* sorted by name */
	size_t n, cap;
};

/* Never fails: what cannot be read has a problem. */
void registry_load(struct registry *r, const char *state_dir);
void registry_release(struct registry *r);
/* By name without case, or NULL. */
const struct registered *
registry_find(const struct registry *r, const char *name);

/*
 * Has the program describe itself, here and now. out and everything it points
 * to live in the arena; object is a new reference to the description as it
 * came. Problems of access are refused (CAU_REFUSED).
 */
int registry_describe(struct registered *out, json_t **object, const char *path,
    struct buf *warnings, struct arena *a, struct err *e) CAU_MUSTCHECK;

/* Keeps it. The state folder is made if needed. */
int registry_add(const char *state_dir, const struct registered *p,
    const json_t *object, struct err *e) CAU_MUSTCHECK;
/* Only what is registered in that state folder. */
int registry_remove(const char *state_dir, const struct registered *p,
    struct err *e) CAU_MUSTCHECK;

#endif
