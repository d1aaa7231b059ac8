/* SPDX-License-Identifier: ISC */
/*
 * XML from bytes, for documents that nobody vouches for: no entities, no
 * DOCTYPE, no network, no include, limited depth. Nothing is printed.
 * The caller walks the tree of libxml2 with the helpers below; elements and
 * attributes are known by their local names.
 */
#ifndef CAU_XML_H
#define CAU_XML_H

#include <stdbool.h>

#include <libxml/tree.h>

#include "arena.h"

/*
 * Parses a document. Returns it (free with xmlFreeDoc), or NULL with the
 * first problem in e and its line in *line (0: none). Reads UTF-8, UTF-16
 * and what iconv knows; bytes that are plainly UTF-8 but declared UTF-16,
 * as Windows tools write them, are read as UTF-8.
 */
xmlDoc *
xml_parse(const void *data, size_t len, int *line, struct err *e) CAU_MUSTCHECK;

/* Local name, as a C string. */
const char *xml_name(const xmlNode *node);
/* The value of an attribute node, copied to the arena. */
const char *xml_attr_value(const xmlAttr *attr, struct arena *a);
/* Text node (CDATA included) that is more than blanks? */
bool xml_is_text(const xmlNode *node);
/* The text of a text node, without the blanks it begins with. */
const char *xml_text(const xmlNode *node);
/* The line an element's start tag ends on; beyond 65535 it may be one off. */
int xml_line(const xmlNode *element);
/* The line of the first character of a text node that is no blank. */
int xml_text_line(const xmlNode *text);

#endif
