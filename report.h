/* SPDX-License-Identifier: ISC */
/*
 * The report of a run, as JSON (cau-report(5)) and for people; and what a
 * scan shows. Pure: a function of the folded journal.
 */
#ifndef CAU_REPORT_H
#define CAU_REPORT_H

#include "buf.h"
#include "engine.h"

/* A new reference. Also of a run that is not over: its status is then null,
 * and every node says its phase. */
json_t *report_to_json(const struct engine *g);

/* For people, lines of text. run_dir: the folder of the run, for the paths of
 * logs. color: with escape sequences. */
void report_to_text(
    struct buf *b, const struct engine *g, const char *run_dir, bool color);

/* One line: "9f1c2d3e  2026-01-31 03:00:00Z  12.3 s  Succeeded  ...". */
void report_line(struct buf *b, const struct engine *g);

/* A node's state in words of one line: what it does or how it ended. */
void report_node_line(struct buf *b, const struct engine *g,
    const struct engine_node *n, int64_t now_ms);

/* Its two parts that others have a use for: "3 succeeded, 1 failed"; and what
 * comes behind, ", attempt 2, out of service", or nothing. */
void report_counts(struct buf *b, const struct engine_node *n);
void report_node_flags(
    struct buf *b, const struct engine *g, const struct engine_node *n);

/* The escape sequence that begins the colour of a status, "" for none. */
const char *report_color(enum summary_status s);

/* The command that puts a node back into service, to be pasted into a shell;
 * empty when the run has none. */
void report_resume_command(
    struct buf *b, const struct engine *g, const struct engine_node *n);

/* Rows of cells as a table with aligned columns. The first row is the head.
 * A NULL cell ends a row; cells may be empty. */
void report_table(
    struct buf *b, const char *const *cells, size_t columns, size_t rows);

#endif
