/* SPDX-License-Identifier: ISC */
/* A scan of all nodes, for cau scan and for the dry run of cau run. */
#ifndef CAU_SCAN_H
#define CAU_SCAN_H

#include "work.h"

struct options;

/* Scans all nodes of w, parallel at a time. results has a place per node;
 * the orders in it are freed by the caller, also on failure. */
int
scan_nodes(struct work *w, struct order **results, struct err *e) CAU_MUSTCHECK;

/* Why a scan did not wholly succeed: the node, or plug-ins. */
void scan_add_error(struct buf *b, const struct event *ended);
/* Adds status, error and updates to the object of a node. */
void scan_to_object(const struct event *ended, json_t *object);

/* To stdout. */
void scan_print_json(const struct run_info *run, struct order **results);
void scan_print_text(
    const struct run_info *run, struct order **results, bool verbose);

/* 0; 3 when some nodes failed, 1 when all did; 100 when asked for. */
int scan_exit_code(
    const struct run_info *run, struct order **results, bool applicable_is_100);

/* Profile and command line become o->run. -1 to go on, or the exit code when
 * that failed: it has been told. */
int complete_options(struct options *o, const char *synopsis, bool one_line);

#endif
