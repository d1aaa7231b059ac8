/* SPDX-License-Identifier: ISC */
/* Text in and out. */
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define DAY_MS INT64_C(86400000)

/*
 * Length of the well-formed UTF-8 character at s (RFC 3629: no overlong
 * forms, no surrogates), 0 if there is none. *cp gets the code point.
 */
static size_t
utf8_char(const unsigned char *s, size_t len, uint32_t *cp)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t i, n;
	uint32_t c;

	if (s[0] < 0x80) {
		*cp = s[0];
		return 1;
	}
	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		n = 2;
		c = s[0] & 0x1fU;
	} else if (s[0] >= 0xe0 && s[0] <= 0xef) {
		n = 3;
		c = s[0] & 0x0fU;
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		n = 4;
		c = s[0] & 0x07U;
	} else {
		return 0;
	}
	if (len < n)
		return 0;
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3fU);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*cp = c;
	return n;
}

/*
 * Characters that move the cursor, change direction or hide: C0, C1, DEL,
 * the line separators, the bidirectional and zero-width controls.
 */
static bool
steers_terminal(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) ||
	       (cp >= 0x200b && cp <= 0x200f) ||
	       (cp >= 0x2028 && cp <= 0x202e) ||
	       (cp >= 0x2060 && cp <= 0x206f) || cp == 0x61c || cp == 0xfeff ||
	       (cp >= 0xe0000 && cp <= 0xe007f);
}

static void
add_escaped(struct buf *b, const void *data, size_t len, bool reversible)
{
	const unsigned char *s = data;
	size_t i, n, start = 0;
	uint32_t cp = 0;

	for (i = 0; i < len; i += n) {
		n = utf8_char(s + i, len - i, &cp);
		if (n != 0 && !steers_terminal(cp) &&
		    !(reversible && cp == '\\'))
			continue;
		if (n != 0 && cp == '\t' && !reversible)
			continue;
		buf_add(b, s + start, i - start);
		n = n == 0 ? 1 : n;
		start = i + n;
		if (s[i] == '\n')
			buf_addstr(b, "\\n");
		else if (s[i] == '\t')
			buf_addstr(b, "\\t");
		else if (s[i] == '\\')
			buf_addstr(b, "\\\\");
		else
			for (size_t k = i; k < start; k++)
				buf_addf(b, "\\x%02x", s[k]);
	}
	buf_add(b, s + start, len - start);
}

void
text_escape(struct buf *b, const void *s, size_t len)
{
	add_escaped(b, s, len, true);
}

void
text_printable(struct buf *b, const void *s, size_t len)
{
	add_escaped(b, s, len, false);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int
text_unescape(struct buf *b, const char *s)
{
	int hi, lo;

	for (; *s != '\0'; s++) {
		if (*s != '\\') {
			buf_addc(b, *s);
			continue;
		}
		s++;
		if (*s == 'n') {
			buf_addc(b, '\n');
		} else if (*s == 't') {
			buf_addc(b, '\t');
		} else if (*s == '\\') {
			buf_addc(b, '\\');
		} else if (*s == 'x' && (hi = hex_digit(s[1])) != -1 &&
			   (lo = hex_digit(s[2])) != -1) {
			buf_addc(b, (char)(unsigned char)(hi << 4 | lo));
			s += 2;
		} else {
			return -1;
		}
	}
	return 0;
}

void
text_shell_quote(struct buf *b, const char *s)
{
	const char *q;

	if (*s != '\0' &&
	    s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789"
			"ABCDEFGHIJKLMNOPQRSTUVWXYZ%+,-./:@_")] == '\0') {
		buf_addstr(b, s);
		return;
	}
	buf_addc(b, '\'');
	while ((q = strchr(s, '\'')) != NULL) {
		buf_add(b, s, (size_t)(q - s));
		buf_addstr(b, "'\\''");
		s = q + 1;
	}
	buf_addstr(b, s);
	buf_addc(b, '\'');
}

static int
lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

int
text_casecmp(const char *a, const char *b)
{
	while (*a != '\0' &&
	       lower((unsigned char)*a) == lower((unsigned char)*b)) {
		a++;
		b++;
	}
	return lower((unsigned char)*a) - lower((unsigned char)*b);
}

/* What East Asian terminals give two columns, and pictures (Unicode Standard
 * Annex 11, in large blocks), and the marks that combine. */
static size_t
columns_of(uint32_t cp)
{
	static const struct {
		uint32_t first, last;
		size_t columns;
	} blocks[] = {
	    {0x300, 0x36f, 0},
	    {0x1100, 0x115f, 2},
	    {0x2e80, 0xa4cf, 2},
	    {0xac00, 0xd7a3, 2},
	    {0xf900, 0xfaff, 2},
	    {0xfe00, 0xfe0f, 0},
	    {0xfe30, 0xfe6f, 2},
	    {0xff00, 0xff60, 2},
	    {0xffe0, 0xffe6, 2},
	    {0x1f300, 0x1f6ff, 2},
	    {0x1f900, 0x1f9ff, 2},
	    {0x20000, 0x3fffd, 2},
	};

	for (size_t i = 0; i < sizeof(blocks) / sizeof(*blocks); i++)
		if (cp >= blocks[i].first && cp <= blocks[i].last)
			return blocks[i].columns;
	return 1;
}

/* Goes through s for as long as it fits; *len gets the bytes. */
static size_t
measure(const char *s, size_t columns, size_t *len)
{
	size_t all = strlen(s), width = 0, i, n, w;
	uint32_t cp = 0;

	for (i = 0; i < all; i += n) {
		n = utf8_char((const unsigned char *)s + i, all - i, &cp);
		w = n == 0 ? 1 : columns_of(cp);
		n = n == 0 ? 1 : n;
		if (w > columns - width)
			break;
		width += w;
	}
	*len = i;
	return width;
}

size_t
text_width(const char *s)
{
	size_t len;

	return measure(s, SIZE_MAX, &len);
}

size_t
text_fit(const char *s, size_t columns)
{
	size_t len;

	(void)measure(s, columns, &len);
	return len;
}

int
text_u64(
    const char *s, uint64_t min, uint64_t max, uint64_t *out, struct err *e)
{
	bool negative = *s == '-' && s[1] != '\0';
	uint64_t v = 0, digit;
	const char *p;

	if (*s == '\0')
		return err_set(e, CAU_USAGE, "a number is expected");
	for (p = s + negative; *p != '\0'; p++) {
		if (*p < '0' || *p > '9')
			return err_set(
			    e, CAU_USAGE, "'%.40s' is not a number", s);
		digit = (uint64_t)(*p - '0');
		if (v > (UINT64_MAX - digit) / 10) {
			v = UINT64_MAX;
			break;
		}
		v = v * 10 + digit;
	}
	if (*p != '\0' || negative || v < min || v > max)
		return err_set(e, CAU_USAGE,
		    "%.40s is outside %" PRIu64 " to %" PRIu64, s, min, max);
	*out = v;
	return 0;
}

/* Digits at *s up to 9 of them; moves *s behind them. */
static int
take_digits(const char **s, int64_t *out)
{
	int64_t v = 0;
	int n = 0;

	for (; **s >= '0' && **s <= '9'; (*s)++) {
		if (++n > 9)
			return -1;
		v = v * 10 + (**s - '0');
	}
	*out = v;
	return n == 0 ? -1 : 0;
}

int
text_duration(const char *s, int64_t unit_ms, int64_t *out_ms, struct err *e)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"min", 60000},
	    {"h", 3600000}, {"d", DAY_MS}};
	const char *p = s;
	int64_t v, m, sec, days = 0, unit = -1;

	if (take_digits(&p, &v) == -1)
		goto bad;
	if (*p == '.') {
		days = v;
		p++;
		if (take_digits(&p, &v) == -1 || *p != ':' || v > 23)
			goto bad;
	}
	if (*p == '\0') {
		unit = unit_ms;
	} else if (*p == ':') {
		p++;
		if (take_digits(&p, &m) == -1 || *p++ != ':' ||
		    take_digits(&p, &sec) == -1 || *p != '\0' || m > 59 ||
		    sec > 59)
			goto bad;
		v = (days * 24 + v) * 3600 + m * 60 + sec;
		unit = 1000;
	} else {
		for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
			if (strcmp(p, units[i].name) == 0)
				unit = units[i].ms;
		if (unit == -1)
			goto bad;
	}
	if (v > 366 * DAY_MS / unit)
		return err_set(
		    e, CAU_USAGE, "'%.40s' is longer than 366 days", s);
	*out_ms = v * unit;
	return 0;
bad:
	return err_set(e, CAU_USAGE,
	    "'%.40s' is not a duration (90s, 30m, 2h, 01:30:00)", s);
}

void
text_time(char out[TEXT_TIME_SIZE], int64_t ms)
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;
	size_t n;

	if (ms < 0 || gmtime_r(&t, &tm) == NULL ||
	    (n = strftime(out, TEXT_TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &tm)) ==
		0) {
		memcpy(out, "1970-01-01T00:00:00.000Z", 25);
		return;
	}
	(void)snprintf(out + n, TEXT_TIME_SIZE - n, ".%03dZ", (int)(ms % 1000));
}

int
text_parse_time(const char *s, int64_t *ms)
{
	struct tm tm = {0};
	char again[TEXT_TIME_SIZE];
	int milli;
	time_t t;

	if (strlen(s) != 24 ||
	    sscanf(s, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ", &tm.tm_year, &tm.tm_mon,
		&tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &milli) != 7)
		return -1;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	t = timegm(&tm);
	*ms = (int64_t)t * 1000 + milli;
	text_time(again, *ms);
	return strcmp(s, again) == 0 ? 0 : -1;
}

void
text_size(char out[TEXT_SMALL_SIZE], uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	double v = (double)bytes / 1024;
	size_t i = 0;

	if (bytes < 1024) {
		(void)snprintf(out, TEXT_SMALL_SIZE, "%u B", (unsigned)bytes);
		return;
	}
	while (v >= 1023.95 && i < 3) {
		v /= 1024;
		i++;
	}
	(void)snprintf(out, TEXT_SMALL_SIZE, "%.1f %s", v, units[i]);
}

void
text_span(char out[TEXT_SMALL_SIZE], int64_t ms)
{
	int64_t s;

	if (ms < 0)
		ms = 0;
	s = ms / 1000;
	if (s < 60)
		(void)snprintf(out, TEXT_SMALL_SIZE, "%d.%d s", (int)s,
		    (int)(ms % 1000 / 100));
	else if (s < 3600)
		(void)snprintf(out, TEXT_SMALL_SIZE, "%d min %02d s",
		    (int)(s / 60), (int)(s % 60));
	else
		(void)snprintf(out, TEXT_SMALL_SIZE, "%" PRId64 " h %02d min",
		    s / 3600, (int)(s % 3600 / 60));
}

int
text_bool(const char *s, bool *out, struct err *e)
{
	if (text_casecmp(s, "True") == 0 || text_casecmp(s, "'True'") == 0)
		*out = true;
	else if (text_casecmp(s, "False") == 0 ||
		 text_casecmp(s, "'False'") == 0)
		*out = false;
	else
		return err_set(
		    e, CAU_USAGE, "'%.40s' is neither True nor False", s);
	return 0;
}

/* Edit distance of two short words, insertions, deletions, changes; case does
 * not count. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[65], i, j, la = strlen(a), lb = strlen(b), diag, best;

	if (la > 64 || lb > 64)
		return 65;
	for (j = 0; j <= lb; j++)
		row[j] = j;
	for (i = 1; i <= la; i++) {
		diag = row[0];
		row[0] = i;
		for (j = 1; j <= lb; j++) {
			best = diag + (lower((unsigned char)a[i - 1]) ==
						  lower((unsigned char)b[j - 1])
					      ? 0
					      : 1);
			diag = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[lb];
}

const char *
text_nearest(const char *word, const char *const *names)
{
	const char *found = NULL;
	size_t d, best = strlen(word) / 3 + 2;

	if (strlen(word) > 64)
		return NULL;

	for (; *names != NULL; names++) {
		d = distance(word, *names);
		if (d < best) {
			best = d;
			found = *names;
		}
	}
	return found;
}
