/* SPDX-License-Identifier: ISC */
/* Votes of a Corosync cluster. */
#include "quorum.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "text.h"

#define BLANKS	  " \t\r"
#define MAX_VOTES 100000
#define MAX_NODES 4096
#define MAX_SHOWN 100

struct reader {
	struct quorum *q;
	struct arena *a;
	struct err *e;
	size_t cap;
	bool in_members;
	bool has_device_column;
	bool seen_quorate, seen_expected, seen_total, seen_needed;
	const char *provider;
};

static const char *
shown(struct arena *a, const char *s)
{
	struct buf b = BUF_INIT;
	const char *text;

	text_printable(&b, s, strnlen(s, MAX_SHOWN));
	text = arena_strdup(a, b.data);
	buf_release(&b);
	return text;
}

/* Takes the next word from a line, "" at its end. */
static const char *
next_word(const char **p, struct arena *a)
{
	const char *start = *p + strspn(*p, BLANKS);
	size_t len = strcspn(start, BLANKS);

	*p = start + len;
	return arena_strndup(a, start, len);
}

/* The votes that a value begins with: "2 Activity blocked". */
static int
take_votes(struct reader *r, const char *key, const char *value, unsigned *out)
{
	const char *word = next_word(&value, r->a);
	uint64_t n;
	struct err why;

	if (text_u64(word, 0, MAX_VOTES, &n, &why) == -1)
		return err_set(r->e, CAU_FAILED,
		    "%s '%s' is no number of votes", key, shown(r->a, word));
	*out = (unsigned)n;
	return 0;
}

static void
take_flags(struct reader *r, const char *value)
{
	struct quorum *q = r->q;
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {{"2Node", &q->two_node}, {"WaitForAll", &q->wait_for_all},
	    {"LastManStanding", &q->last_man_standing},
	    {"AutoTieBreaker", &q->auto_tie_breaker},
	    {"AllowDowngrade", &q->allow_downgrade}, {"Qdevice", &q->device}};
	const char *word;
	size_t i;

	while (*(word = next_word(&value, r->a)) != '\0')
		for (i = 0; i < sizeof(flags) / sizeof(*flags); i++)
			if (strcmp(word, flags[i].name) == 0)
				*flags[i].flag = true;
}

static int
take_value(struct reader *r, const char *key, const char *value)
{
	struct quorum *q = r->q;
	const struct {
		const char *key;
		unsigned *votes;
		bool *seen;
	} numbers[] = {{"Expected votes", &q->expected, &r->seen_expected},
	    {"Total votes", &q->total, &r->seen_total},
	    {"Quorum", &q->needed, &r->seen_needed},
	    {"Highest expected", &q->highest, NULL}};
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		if (strcmp(key, numbers[i].key) != 0)
			continue;
		if (numbers[i].seen != NULL)
			*numbers[i].seen = true;
		return take_votes(r, key, value, numbers[i].votes);
	}
	if (strcmp(key, "Quorum provider") == 0) {
		r->provider = next_word(&value, r->a);
	} else if (strcmp(key, "Quorate") == 0) {
		r->seen_quorate = true;
		q->quorate = strcmp(next_word(&value, r->a), "Yes") == 0;
	} else if (strcmp(key, "Flags") == 0) {
		take_flags(r, value);
	}
	return 0;
}

/*
 * "1  1  n1 (local)", or with a quorum device "1  1  A,V,NMW n1 (local)" and
 * "0  1  Qdevice".
 */
static int
take_member(struct reader *r, const char *line)
{
	struct quorum *q = r->q;
	struct quorum_vote v = {.node_id = next_word(&line, r->a)};
	const char *word;

	if (*v.node_id == '\0')
		return 0;
	if (q->n_votes == MAX_NODES)
		return err_set(
		    r->e, CAU_FAILED, "more than %d members", MAX_NODES);
	if (take_votes(r, "Votes", next_word(&line, r->a), &v.votes) == -1)
		return -1;
	v.is_device = strspn(v.node_id, "0x") == strlen(v.node_id);
	word = next_word(&line, r->a);
	if (r->has_device_column && !v.is_device)
		word = next_word(&line, r->a);
	v.name = word;
	q->votes = xgrow(q->votes, q->n_votes, &r->cap, sizeof(*q->votes));
	q->votes[q->n_votes++] = v;
	return 0;
}

static int
take_line(struct reader *r, const char *line)
{
	const char *colon, *p = line;

	if (r->in_members)
		return take_member(r, line);
	if (strcmp(next_word(&p, r->a), "Nodeid") == 0) {
		r->in_members = true;
		r->has_device_column = strstr(line, "Qdevice") != NULL;
		return 0;
	}
	colon = strchr(line, ':');
	if (colon == NULL)
		return 0;
	return take_value(
	    r, arena_strndup(r->a, line, (size_t)(colon - line)), colon + 1);
}

static int
check(const struct reader *r, const char *text)
{
	const char *first = arena_strndup(r->a, text, strcspn(text, "\n"));

	if (!r->seen_quorate)
		return err_set(r->e, CAU_FAILED,
		    "it does not say whether the cluster is quorate: '%s'",
		    shown(r->a, first));
	if (!r->seen_expected || !r->seen_total || !r->seen_needed)
		return err_set(r->e, CAU_FAILED,
		    "no votes: the quorum provider is '%s', not "
		    "corosync_votequorum",
		    shown(r->a, r->provider));
	if (r->q->needed == 0)
		return err_set(r->e, CAU_FAILED, "a quorum of 0 votes");
	return 0;
}

static int
parse(struct reader *r, const char *text)
{
	const char *p;
	size_t len;

	for (p = text; *p != '\0'; p += len + (p[len] == '\n' ? 1 : 0)) {
		len = strcspn(p, "\n");
		if (take_line(r, arena_strndup(r->a, p, len)) == -1)
			return -1;
	}
	return check(r, text);
}

int
quorum_parse(struct quorum *q, const char *text, size_t len, struct arena *a,
    struct err *e)
{
	struct reader r = {.q = q, .a = a, .e = e, .provider = ""};
	struct quorum_vote *kept;
	int rc;

	memset(q, 0, sizeof(*q));
	rc = parse(&r, arena_strndup(a, text, len));
	kept = arena_alloc(a, (q->n_votes + 1) * sizeof(*kept));
	if (q->n_votes > 0)
		memcpy(kept, q->votes, q->n_votes * sizeof(*kept));
	free(q->votes);
	q->votes = kept;
	return rc == 0 ? 0 : err_wrap(e, "output of corosync-quorumtool");
}

void
quorum_from_counts(
    struct quorum *q, unsigned online, unsigned total, bool two_node)
{
	memset(q, 0, sizeof(*q));
	q->expected = q->highest = total;
	q->total = online;
	q->two_node = two_node && total == 2;
	q->needed = q->two_node ? 1 : total / 2 + 1;
	q->quorate = online >= q->needed;
}

static int
most_first(const void *x, const void *y)
{
	const unsigned *a = x, *b = y;

	return *a == *b ? 0 : *a > *b ? -1 : 1;
}

/* Votes of the nodes that are there, the most first; how many. */
static size_t
node_votes(const struct quorum *q, unsigned *votes)
{
	size_t i, n = 0;

	for (i = 0; i < q->n_votes; i++)
		if (!q->votes[i].is_device)
			votes[n++] = q->votes[i].votes;
	qsort(votes, n, sizeof(*votes), most_first);
	return n;
}

bool
quorum_survives(const struct quorum *q, unsigned nodes_lost)
{
	unsigned *votes, gone, left = q->total;
	size_t i, n;

	if (!q->quorate)
		return false;
	votes = xcalloc(q->n_votes + 1, sizeof(*votes));
	n = node_votes(q, votes);
	for (i = 0; i < nodes_lost && left >= q->needed; i++) {
		/* Where none are listed, each has one. */
		gone = n == 0 ? 1 : i < n ? votes[i] : left;
		left -= gone < left ? gone : left;
	}
	free(votes);
	return left >= q->needed;
}

unsigned
quorum_spare(const struct quorum *q)
{
	unsigned n = 0;

	while (n < MAX_VOTES && quorum_survives(q, n + 1))
		n++;
	return n;
}
