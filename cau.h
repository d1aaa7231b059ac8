/* SPDX-License-Identifier: ISC */
/*
 * What every file of cau needs: exit codes, error values, memory that
 * cannot fail quietly.
 *
 * Conventions of the whole tree: a function that can fail returns 0 or -1
 * (or a pointer or NULL) and takes a struct err last; the error is set once
 * where it happens, wrapped on the way up, and printed once, by the command.
 */
#ifndef CAU_H
#define CAU_H

#include <stddef.h>
#include <stdint.h>

#define CAU_VERSION "0.1.0"

#define CAU_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define CAU_MUSTCHECK	      __attribute__((warn_unused_result))

/*
 * Exit codes of the cau command (cau(8), EXIT STATUS). Scripts branch on
 * them: append only.
 */
enum cau_exit {
	CAU_OK = 0,
	CAU_FAILED = 1,	     /* the run, or the command itself */
	CAU_USAGE = 2,	     /* bad usage or input; nothing was touched */
	CAU_PARTIAL = 3,     /* failures within the failure budget */
	CAU_UNHEALTHY = 4,   /* stopped before anything was touched */
	CAU_LOCKED = 5,	     /* another run holds the lock */
	CAU_CANCELED = 6,    /* canceled or interrupted */
	CAU_REFUSED = 7,     /* refused for safety */
	CAU_UNKNOWN = 8,     /* an outcome is unknown */
	CAU_APPLICABLE = 100 /* scan --exit-code: updates are applicable */
};

/* One error, by value. The text reads from the outside in: what was
 * attempted, on what, why not. */
struct err {
	enum cau_exit code;
	char text[1024];
};

/* Set e and return -1. Texts that do not fit are cut. */
int err_set(struct err *e, enum cau_exit code, const char *fmt, ...)
    CAU_PRINTF(3, 4);
/* As err_set with CAU_FAILED, ": " and the text of errno added. */
int err_sys(struct err *e, const char *fmt, ...) CAU_PRINTF(2, 3);
/* Put "text: " in front of what e says. Returns -1. */
int err_wrap(struct err *e, const char *fmt, ...) CAU_PRINTF(2, 3);

/* clang-tidy looks at one file at a time and would doubt the -1. */
#ifdef __clang_analyzer__
#define err_set(...)  ((void)err_set(__VA_ARGS__), -1)
#define err_sys(...)  ((void)err_sys(__VA_ARGS__), -1)
#define err_wrap(...) ((void)err_wrap(__VA_ARGS__), -1)
#endif

/* Ends the program with one message when memory is out; what must survive
 * that is on disk before the step starts. Sizes are checked for overflow. */
void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t len);
char *xasprintf(const char *fmt, ...) CAU_PRINTF(1, 2);

/*
 * Make room for one more element in an array that doubles: p holds n
 * elements of the given size, *cap of them allocated. Returns the array.
 */
void *xgrow(void *p, size_t n, size_t *cap, size_t size);

#endif
