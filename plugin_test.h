/* SPDX-License-Identifier: ISC */
/*
 * cau plugin test: takes a plug-in of others through the whole protocol, on a
 * node that is made up, in a folder of its own.
 */
#ifndef CAU_PLUGIN_TEST_H
#define CAU_PLUGIN_TEST_H

#include "json.h"

/* Lists of texts: what is wrong, first things first; what is right; what was
 * not tried, and why. */
struct plugin_findings {
	json_t *problems;
	json_t *fine;
	json_t *not_tried;
};

/*
 * args: as with -a. really: also stage and install, which change what the
 * plug-in changes. -1 when the test itself could not be made. The lists are
 * new references in any case.
 */
int plugin_test(struct plugin_findings *f, const char *path, const char *args,
    bool really, struct err *e) CAU_MUSTCHECK;

#endif
