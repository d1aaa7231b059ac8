/* SPDX-License-Identifier: ISC */
/*
 * Restarts a node and proves that it is back: another boot id (or systemd's
 * word for a soft reboot), its services up, and that it stays so. Blocking.
 */
#ifndef CAU_RESTART_H
#define CAU_RESTART_H

#include "node.h"

struct restart_order {
	const char *boot_id;	    /* what it was before the restart */
	int64_t limit_ms;	    /* for the restart and all services */
	int64_t settle_ms;	    /* it has to stay up so long after that */
	bool soft;		    /* without the firmware, if that goes */
	const _Atomic bool *cancel; /* NULL: never */
};

enum restart_how {
	RESTART_DONE,
	RESTART_REFUSED,  /* it could not be restarted and is as it was */
	RESTART_NOT_DOWN, /* it was asked to, and has not gone down */
	RESTART_NOT_BACK,
	RESTART_HOST_KEY, /* what is back has another ssh host key */
	RESTART_SERVICES, /* it is back, and some of them do not start */
	RESTART_FAILED,	  /* it is back, and some of them have failed */
	RESTART_UNSTABLE, /* it restarts again and again */
	RESTART_CANCELED
};

struct restart_end {
	enum restart_how how;
	char boot_id[40]; /* after the restart; "" if it is not back */
	/* "", or what is wrong with a node that is back and up, and what
	 * another try would not cure. */
	char flaw[768];
	const char *kind; /* "full", "kexec", "soft"; "" if not known */
	/* What came of it, in one word for the report. */
	const char *result;
};

/*
 * Restarts the node unless it has been restarted since its boot id was read;
 * so it can be called again after anything but RESTART_DONE, by another
 * process too. e is set when the end is not RESTART_DONE. The channel is
 * left open only if the node is back.
 */
enum restart_how restart_node(struct node *n, const struct restart_order *o,
    struct restart_end *end, struct err *e);

#endif
