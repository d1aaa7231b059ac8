/* SPDX-License-Identifier: ISC */
/*
 * What a query costs: its parse; and one million updates in memory through it,
 * against a plain C loop over the same structs with the criteria written out.
 * Side by side, CPU time, medians. Prints two rows of the table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "wua_args.h"
#include "wua_match.h"

#define RECORDS 1000000
#define PARSES	20000
#define ROUNDS	15

static const char query[] = "IsInstalled=0 and Type='Software' and IsHidden=0 "
			    "and IsAssigned=1";

static double
cpu_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static int
compare(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

static double
median(double *v)
{
	qsort(v, ROUNDS, sizeof(*v), compare);
	return v[ROUNDS / 2];
}

/* One update in three is installed, few are drivers or hidden, half of them
 * important, in no order that a processor could learn. */
static struct wua_record *
records(void)
{
	struct wua_record *r = xcalloc(RECORDS, sizeof(*r));
	uint64_t x = 88172645463325252U;

	for (size_t i = 0; i < RECORDS; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		r[i].update_id = "f6ce46c1-971c-43f9-a2aa-783df125f003";
		r[i].facts =
		    wua_fact(
			WUA_TYPE, x % 10 == 0 ? WUA_DRIVER : WUA_SOFTWARE) |
		    wua_fact(WUA_DEPLOYMENT_ACTION,
			(x >> 8 & 7) != 0 ? WUA_INSTALLATION
					  : WUA_OPTIONAL_INSTALLATION) |
		    wua_fact(WUA_IS_INSTALLED, (x >> 16) % 3 == 0) |
		    wua_fact(WUA_IS_HIDDEN, (x >> 24) % 20 == 0) |
		    wua_fact(WUA_IS_ASSIGNED, x >> 32 & 1);
	}
	return r;
}

static size_t
with_query(const struct wua_query *q, const struct wua_record *r)
{
	size_t n = 0;

	for (size_t i = 0; i < RECORDS; i++)
		n += wua_match(q, &r[i]);
	return n;
}

static size_t
by_hand(const struct wua_record *r)
{
	const uint32_t facts =
	    wua_fact(WUA_IS_INSTALLED, 0) | wua_fact(WUA_TYPE, WUA_SOFTWARE) |
	    wua_fact(WUA_IS_HIDDEN, 0) | wua_fact(WUA_IS_ASSIGNED, 1) |
	    wua_fact(WUA_DEPLOYMENT_ACTION, WUA_INSTALLATION);
	size_t n = 0;

	for (size_t i = 0; i < RECORDS; i++)
		n += (r[i].facts & facts) == facts;
	return n;
}

static double
parse_ns(void)
{
	struct wua_error error;
	struct wua_query q;
	double since = cpu_ns();

	for (size_t i = 0; i < PARSES; i++) {
		struct arena a = ARENA_INIT;

		if (wua_parse(&q, &error, query, &a) == -1)
			exit(2);
		arena_release(&a);
	}
	return (cpu_ns() - since) / PARSES;
}

int
main(void)
{
	double parse[ROUNDS], ours[ROUNDS], plain[ROUNDS], ratio[ROUNDS], t;
	struct wua_record *r = records();
	struct arena a = ARENA_INIT;
	struct wua_error error;
	struct wua_query q;

	if (wua_parse(&q, &error, query, &a) == -1)
		return 2;
	for (size_t i = 0; i < ROUNDS; i++) {
		size_t n, m;

		parse[i] = parse_ns();
		t = cpu_ns();
		n = with_query(&q, r);
		ours[i] = cpu_ns() - t;
		t = cpu_ns();
		m = by_hand(r);
		plain[i] = cpu_ns() - t;
		ratio[i] = ours[i] / plain[i];
		if (n != m)
			return 1;
	}
	(void)printf("| parse of the default query | %.2f us | | | < 2 us |\n",
	    median(parse) / 1e3);
	(void)printf("| a million updates through it, in memory, against a C "
		     "loop over the same structs | %.1f ms | %.1f ms | %.2f | "
		     "< 3, < 30 ms |\n",
	    median(ours) / 1e6, median(plain) / 1e6, median(ratio));
	arena_release(&a);
	free(r);
	return 0;
}
