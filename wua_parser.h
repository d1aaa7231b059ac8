/* SPDX-License-Identifier: ISC */
/* What wua_query.c and wua_value.c share. */
#ifndef CAU_WUA_PARSER_H
#define CAU_WUA_PARSER_H

#include "wua_query.h"

/* As much of a foreign word is shown in a message, in bytes. */
#define WUA_SHOWN 40

struct wua_parser {
	const char *text;
	const char *at; /* what comes next */
	struct arena *arena;
	struct wua_error *error;
	const char **opens; /* the parentheses that are open */
	size_t depth;
	struct wua_criterion *criteria; /* of all groups */
	size_t n;
	struct wua_group *groups; /* the last one is not finished */
	size_t n_groups;
};

/* Set the error and return -1. */
int wua_fail_at(struct wua_parser *p, const char *at, const char *reason,
    const char *allowed);

/* Foreign text for a message: printable, and not too long. */
const char *wua_shown(const struct wua_parser *p, const char *s, size_t len);
/* The same for the word, operator or whatever that stands at a place. */
const char *wua_token(const struct wua_parser *p, const char *at);

bool wua_is_blank(char c);

/* The value of a criterion whose name and operator are known. */
int wua_take_value(struct wua_parser *p, struct wua_criterion *c) CAU_MUSTCHECK;

#endif
