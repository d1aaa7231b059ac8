/* SPDX-License-Identifier: ISC */
/* The documents of Pacemaker's tools. */
#include "pcmk_xml.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "text.h"

/* Status codes of a tool that cannot reach the cluster: Pacemaker's
 * CRM_EX_UNAVAILABLE and CRM_EX_DISCONNECT. */
#define STATUS_UNAVAILABLE   69
#define STATUS_NOT_CONNECTED 102

/* Bytes of a foreign text in a message. */
#define MAX_SHOWN 100

const char *
pcmk_find(const xmlNode *node, const char *name, struct arena *a)
{
	const xmlAttr *p;

	for (p = node->properties; p != NULL; p = p->next)
		if (strcmp((const char *)p->name, name) == 0)
			return xml_attr_value(p, a);
	return NULL;
}

const char *
pcmk_text(const xmlNode *node, const char *name, struct arena *a)
{
	const char *value = pcmk_find(node, name, a);

	return value == NULL ? "" : value;
}

int
pcmk_take_name(const xmlNode *node, const char *name, const char **out,
    struct arena *a, struct err *e)
{
	*out = pcmk_text(node, name, a);
	if (**out != '\0')
		return 0;
	return err_set(e, CAU_FAILED, "line %d: a <%s> without %s",
	    xml_line(node), xml_name(node), name);
}

/* As Pacemaker reads them. */
static int
parse_bool(const char *s, bool *out)
{
	static const char *const yes[] = {"true", "on", "yes", "y", "1", NULL};
	static const char *const no[] = {"false", "off", "no", "n", "0", NULL};
	size_t i;

	for (i = 0; yes[i] != NULL; i++) {
		if (text_casecmp(s, yes[i]) != 0 && text_casecmp(s, no[i]) != 0)
			continue;
		*out = text_casecmp(s, yes[i]) == 0;
		return 0;
	}
	return -1;
}

int
pcmk_take_flags(const xmlNode *node, const struct pcmk_flag *flags,
    struct arena *a, struct err *e)
{
	const char *text;

	for (; flags->name != NULL; flags++) {
		text = pcmk_find(node, flags->name, a);
		if (text == NULL || parse_bool(text, flags->value) == 0)
			continue;
		return err_set(e, CAU_FAILED,
		    "line %d: %s of <%s> is '%s', neither true nor false",
		    xml_line(node), flags->name, xml_name(node),
		    pcmk_shown(a, text));
	}
	return 0;
}

int
pcmk_number(const xmlNode *node, const char *name, struct arena *a)
{
	const char *text = pcmk_text(node, name, a);
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || n < INT_MIN ||
	    n > INT_MAX)
		return 0;
	return (int)n;
}

const xmlNode *
pcmk_next(const xmlNode *n, const char *name)
{
	for (; n != NULL; n = n->next)
		if (n->type == XML_ELEMENT_NODE &&
		    (name == NULL || strcmp(xml_name(n), name) == 0))
			return n;
	return NULL;
}

const xmlNode *
pcmk_child(const xmlNode *parent, const char *name)
{
	return pcmk_next(parent->children, name);
}

/* The status at the end of a document of any of Pacemaker's tools. */
static int
check_status(
    const char *tool, const xmlNode *root, struct arena *a, struct err *e)
{
	const xmlNode *status = pcmk_child(root, "status");
	const char *code, *message;

	if (status == NULL)
		return 0;
	code = pcmk_text(status, "code", a);
	message = pcmk_shown(a, pcmk_text(status, "message", a));
	if (strcmp(code, "0") == 0)
		return 0;
	if (pcmk_number(status, "code", a) == STATUS_NOT_CONNECTED ||
	    pcmk_number(status, "code", a) == STATUS_UNAVAILABLE)
		return err_set(e, CAU_UNHEALTHY,
		    "the cluster does not run there (%s: %s)", tool, message);
	return err_set(e, CAU_FAILED, "%s failed with status %s: %s", tool,
	    pcmk_shown(a, code), message);
}

const xmlNode *
pcmk_xml_open(xmlDoc **doc, const char *tool, const char *xml, size_t len,
    struct arena *a, struct err *e)
{
	const xmlNode *root;
	const char *name;
	int line;

	*doc = NULL;
	if (len == 0) {
		(void)err_set(e, CAU_FAILED, "%s printed nothing", tool);
		return NULL;
	}
	*doc = xml_parse(xml, len, &line, e);
	if (*doc == NULL) {
		e->code = CAU_FAILED;
		if (line > 0)
			(void)err_wrap(e, "line %d", line);
		(void)err_wrap(e, "output of %s", tool);
		return NULL;
	}
	root = xmlDocGetRootElement(*doc);
	name = xml_name(root);
	if (strcmp(name, "pacemaker-result") != 0 &&
	    strcmp(name, "crm_mon") != 0) {
		(void)err_set(e, CAU_FAILED,
		    "output of %s: <%s> instead of <pacemaker-result>", tool,
		    pcmk_shown(a, name));
		return NULL;
	}
	return check_status(tool, root, a, e) == -1 ? NULL : root;
}

const char *
pcmk_shown(struct arena *a, const char *s)
{
	struct buf b = BUF_INIT;
	const char *text;

	text_printable(&b, s, strnlen(s, MAX_SHOWN));
	text = arena_strdup(a, b.data);
	buf_release(&b);
	return text;
}
