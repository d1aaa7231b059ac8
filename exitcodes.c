/* SPDX-License-Identifier: ISC */
/* Exit codes of installers and what they mean. */
#include "exitcodes.h"

#include <string.h>

static const char *const condition_names[] = {"",
#define X(id, name) name,
    EXIT_CONDITIONS(X)
#undef X
};

static const char *const result_names[] = {"",
#define X(id, name) name,
    UPDATE_RESULTS(X)
#undef X
};

static int
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

int
exitcode_parse(const char *s, uint32_t *out, struct err *e)
{
	const char *p = s;
	bool negative = *p == '-';
	int base = 10, d;
	uint64_t v = 0;

	if (negative)
		p++;
	else if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
		base = 16;
		p += 2;
	}
	if (*p == '\0')
		goto bad;
	for (; *p != '\0'; p++) {
		d = digit_value(*p);
		if (d >= base)
			goto bad;
		v = v * (uint64_t)base + (uint64_t)d;
		if (v > (negative ? UINT64_C(0x80000000) : UINT32_MAX))
			return err_set(e, CAU_USAGE,
			    "exit code '%.40s' does not fit into 32 bits", s);
	}
	*out = (uint32_t)(negative ? 0 - v : v);
	return 0;
bad:
	return err_set(e, CAU_USAGE,
	    "'%.40s' is not an exit code (decimal, or hex with 0x)", s);
}

const char *
exit_status_signal(uint32_t status)
{
	return status == 130 ? "INT" : status == 141 ? "PIPE" : NULL;
}

const char *
exit_condition_name(enum exit_condition c)
{
	return condition_names[c];
}

enum exit_condition
exit_condition_parse(const char *name)
{
	size_t i;

	for (i = 1; i < sizeof(condition_names) / sizeof(*condition_names); i++)
		if (strcmp(name, condition_names[i]) == 0)
			return (enum exit_condition)i;
	return COND_NONE;
}

const char *
update_result_name(enum update_result r)
{
	return result_names[r];
}

enum update_result
update_result_parse(const char *name)
{
	size_t i;

	for (i = 1; i < sizeof(result_names) / sizeof(*result_names); i++)
		if (strcmp(name, result_names[i]) == 0)
			return (enum update_result)i;
	return RESULT_NONE;
}

struct exit_meaning
exit_condition_meaning(enum exit_condition c, bool always_reboot)
{
	struct exit_meaning m = {c, RESULT_FAILED, false};

	if (c == COND_SUCCESS && always_reboot)
		m.condition = COND_SUCCESS_REBOOT;
	switch (m.condition) {
	case COND_NONE:
		break;
	case COND_SUCCESS:
		m.result = RESULT_SUCCEEDED;
		break;
	case COND_SUCCESS_REBOOT:
		m.result = RESULT_SUCCEEDED;
		m.reboot_required = true;
		break;
	case COND_FAIL_REBOOT:
		m.reboot_required = true;
		break;
	case COND_ALREADY_INSTALLED:
		m.result = RESULT_ALREADY_INSTALLED;
		break;
	case COND_NOT_APPLICABLE:
		m.result = RESULT_NOT_APPLICABLE;
		break;
	}
	return m;
}

const char *
cau_exit_name(int code)
{
	switch (code) {
	case CAU_OK:
		return "done; nothing failed";
	case CAU_FAILED:
		return "failed";
	case CAU_USAGE:
		return "bad usage or input; nothing was touched";
	case CAU_PARTIAL:
		return "failures within the failure budget";
	case CAU_UNHEALTHY:
		return "stopped by the health check";
	case CAU_LOCKED:
		return "another run holds the lock";
	case CAU_CANCELED:
		return "canceled or interrupted";
	case CAU_REFUSED:
		return "refused for safety";
	case CAU_UNKNOWN:
		return "an outcome is unknown";
	case CAU_APPLICABLE:
		return "updates are applicable";
	default:
		return NULL;
	}
}
