/* SPDX-License-Identifier: ISC */
/*
 * Inside of the parsers of what Pacemaker's tools say: a document, and the
 * way through it. Used by pcmk.c and simulate.c only.
 */
#ifndef CAU_PCMK_XML_H
#define CAU_PCMK_XML_H

#include "pcmk.h"
#include "xml.h"

/*
 * The root element of a document of one of Pacemaker's tools (named for the
 * messages), or NULL with the error that it or the tool's own status makes.
 * *doc is to be freed with xmlFreeDoc in any case.
 */
const xmlNode *pcmk_xml_open(xmlDoc **doc, const char *tool, const char *xml,
    size_t len, struct arena *a, struct err *e);

/* Nodes, resources, attributes, failures and bans below parent; the rest of
 * p is as if nothing were known. */
int pcmk_take(struct pcmk *p, const xmlNode *parent, struct arena *a,
    struct err *e) CAU_MUSTCHECK;

/* The value of an attribute; of one that is not there NULL, or "". */
const char *pcmk_find(const xmlNode *node, const char *name, struct arena *a);
const char *pcmk_text(const xmlNode *node, const char *name, struct arena *a);
/* A number, 0 when it is none or not there. */
int pcmk_number(const xmlNode *node, const char *name, struct arena *a);
/* An attribute that has to be there and to say something. */
int pcmk_take_name(const xmlNode *node, const char *name, const char **out,
    struct arena *a, struct err *e) CAU_MUSTCHECK;

/* Attributes that are true or false, a list that ends with a NULL name. One
 * that is not there keeps the value that it has. */
struct pcmk_flag {
	const char *name;
	bool *value;
};
int pcmk_take_flags(const xmlNode *node, const struct pcmk_flag *flags,
    struct arena *a, struct err *e) CAU_MUSTCHECK;

/* n or the next element behind it of this name, NULL for any name. */
const xmlNode *pcmk_next(const xmlNode *n, const char *name);
const xmlNode *pcmk_child(const xmlNode *parent, const char *name);
/* for (n in the children of parent of this name) */
#define PCMK_EACH(n, parent, name)                            \
	for ((n) = pcmk_child((parent), (name)); (n) != NULL; \
	     (n) = pcmk_next((n)->next, (name)))

#endif
