/* SPDX-License-Identifier: ISC */
/*
 * The forms of names that come from outside and go into paths, commands and
 * journals: nodes, addresses, run ids, boot ids, hashes. Pure.
 */
#ifndef CAU_NAMES_H
#define CAU_NAMES_H

#include <stdbool.h>

#include "cau.h"

/* Refuses empty and odd node names, and addresses beginning with '-'. */
int node_check_name(const char *name, struct err *e) CAU_MUSTCHECK;
int node_check_address(const char *address, struct err *e) CAU_MUSTCHECK;

/* A UUID in small letters. */
bool run_id_valid(const char *s);
/* What the kernel gives as boot id, or "unknown". */
bool boot_id_valid(const char *s);
/* 64 hex digits in small letters, or "" for none. */
bool sha256_valid(const char *s);

#endif
