/* SPDX-License-Identifier: ISC */
/* The forms of names that come from outside. */
#include "names.h"

#include <string.h>

#include "buf.h"
#include "text.h"

int
node_check_name(const char *name, struct err *e)
{
	size_t len = strlen(name);

	if (len == 0)
		return err_set(e, CAU_USAGE, "a node name is empty");
	if (len > 253 || name[0] == '-' || name[0] == '.' ||
	    name[strspn(name,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789._-")] != '\0') {
		struct buf b = BUF_INIT;

		text_printable(&b, name, len < 80 ? len : 80);
		(void)err_set(e, CAU_USAGE,
		    "'%s' is not a node name (letters, digits, '.', '_', '-', "
		    "not beginning with '-' or '.')",
		    b.data);
		buf_release(&b);
		return -1;
	}
	return 0;
}

int
node_check_address(const char *address, struct err *e)
{
	struct buf b = BUF_INIT;
	const char *why = NULL;
	const char *p;

	if (*address == '\0')
		why = "is empty";
	else if (*address == '-')
		why = "begins with '-': a remote shell would take it for an "
		      "option";
	else if (strncmp(address, "local:", 6) == 0 && address[6] != '/')
		why = "needs an absolute folder behind local:";
	for (p = address; *p != '\0' && why == NULL; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f ||
		    (*p == ' ' && strncmp(address, "local:", 6) != 0))
			why = "holds a blank or a control character";
	if (why == NULL)
		return 0;
	text_printable(&b, address, strlen(address));
	(void)err_set(e, CAU_USAGE, "node address '%s' %s", b.data, why);
	buf_release(&b);
	return -1;
}

bool
run_id_valid(const char *s)
{
	size_t i;

	for (i = 0; s[i] != '\0'; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (s[i] != '-')
				return false;
		} else if (strchr("0123456789abcdef", s[i]) == NULL) {
			return false;
		}
	return i == 36;
}

bool
boot_id_valid(const char *s)
{
	size_t len = strlen(s);

	return len > 0 && len < 40 &&
	       strspn(s, "0123456789abcdefghijklmnopqrstuvwxyz-") == len;
}

bool
sha256_valid(const char *s)
{
	size_t len = strlen(s);

	return (len == 0 || len == 64) && strspn(s, "0123456789abcdef") == len;
}
