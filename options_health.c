/* SPDX-License-Identifier: ISC */
/* From the options of a command line to what a health check is to look at. */
#include <stdlib.h>
#include <string.h>

#include "alertmanager.h"
#include "options.h"
#include "text.h"

#define MIN_FREE_KB   (UINT64_C(1) << 20)
#define LIMIT_MS      10000
#define LIMIT_MOST_MS 3600000
#define ALERT_FILTER  "severity=\"critical\""

/* "500M", "2G", bytes without a letter; in KiB. */
static int
parse_size(const char *text, uint64_t *kb, struct err *e)
{
	static const char units[] = "KMGT";
	size_t digits = strspn(text, "0123456789");
	const char *unit =
	    text[digits] == '\0' ? NULL : strchr(units, text[digits]);
	char number[16];
	uint64_t v;

	if (digits == 0 || digits > 12 ||
	    (text[digits] != '\0' &&
		(unit == NULL || text[digits + 1] != '\0')))
		return err_set(e, CAU_USAGE,
		    "'%.40s' is no size, such as 500M or 2G", text);
	memcpy(number, text, digits);
	number[digits] = '\0';
	if (text_u64(number, 0, UINT64_C(1) << 40, &v, e) == -1)
		return -1;
	*kb = v / 1024;
	if (unit != NULL)
		*kb = v << (10 * (unsigned)(unit - units));
	return 0;
}

static int
take_acknowledgements(struct options *o, struct err *e)
{
	struct acknowledgement *k =
	    arena_alloc(&o->arena, o->n_acknowledge * sizeof(*k));

	for (size_t i = 0; i < o->n_acknowledge; i++)
		if (acknowledgement_parse(
			&k[i], o->acknowledge[i], &o->arena, e) == -1)
			return err_wrap(
			    e, "%s", options_label(o, "acknowledge"));
	o->health.acks = k;
	o->health.n_acks = o->n_acknowledge;
	return 0;
}

int
options_health(struct options *o, struct err *e)
{
	struct health_options *h = &o->health;

	h->min_free_kb = MIN_FREE_KB;
	if (h->limit_ms == 0)
		h->limit_ms = LIMIT_MS;
	if (h->checks_dir == NULL)
		h->checks_dir = CHECKS_DIR;
	if (h->node_checks_dir == NULL)
		h->node_checks_dir = NODE_CHECKS_DIR;
	if (h->alert_filter == NULL)
		h->alert_filter = ALERT_FILTER;
	if (h->limit_ms < 1000 || h->limit_ms > LIMIT_MOST_MS)
		return err_set(e, CAU_USAGE,
		    "%s: a time from 1s to 1h is expected",
		    options_label(o, "check-timeout"));
	if (*h->checks_dir != '/' && *h->checks_dir != '.')
		h->checks_dir = arena_printf(&o->arena, "./%s", h->checks_dir);
	if (*h->node_checks_dir != '/')
		return err_set(e, CAU_USAGE,
		    "--node-checks-dir: an absolute path is needed");
	if (h->alertmanager != NULL &&
	    alerts_check_url(h->alertmanager, e) == -1)
		return err_wrap(e, "%s", options_label(o, "alertmanager"));
	if (o->min_free != NULL &&
	    parse_size(o->min_free, &h->min_free_kb, e) == -1)
		return err_wrap(e, "%s", options_label(o, "min-free"));
	if (o->only != NULL &&
	    (h->only = health_parse_ids(o->only, &o->arena, e)) == NULL)
		return err_wrap(e, "--only");
	if (o->skip != NULL &&
	    (h->skip = health_parse_ids(o->skip, &o->arena, e)) == NULL)
		return err_wrap(e, "%s", options_label(o, "skip"));
	return take_acknowledgements(o, e);
}
