/* SPDX-License-Identifier: ISC */
/* Names as UUIDs. */
#include "uuid.h"

#include <nettle/sha1.h>
#include <string.h>

static unsigned
hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *p = strchr(digits, c);

	return p == NULL ? 0 : (unsigned)(p - digits);
}

void
uuid_v5(char out[UUID_SIZE], const char *space, const void *name, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t bytes[SHA1_DIGEST_SIZE];
	struct sha1_ctx ctx;
	unsigned high = 0;
	size_t n = 0;

	for (const char *p = space; *p != '\0' && n < 32; p++) {
		if (*p == '-')
			continue;
		if (n % 2 == 0)
			high = hex_digit(*p);
		else
			bytes[n / 2] = (uint8_t)(high << 4 | hex_digit(*p));
		n++;
	}
	sha1_init(&ctx);
	sha1_update(&ctx, 16, bytes);
	sha1_update(&ctx, len, name);
	sha1_digest(&ctx, sizeof(bytes), bytes);
	bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x50);
	bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
	n = 0;
	for (size_t i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			out[n++] = '-';
		out[n++] = digits[bytes[i] >> 4];
		out[n++] = digits[bytes[i] & 15];
	}
	out[n] = '\0';
}
