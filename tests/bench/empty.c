/* SPDX-License-Identifier: ISC */
/* Linked with the libraries of cau and does nothing: what starting costs. */
#include <archive.h>
#include <jansson.h>
#include <libxml/parser.h>
#include <nettle/sha2.h>
#include <stdio.h>

/* Keeps the linker from leaving the libraries out. */
const void *volatile used[4];

int
main(int argc, char **argv)
{
	(void)argv;
	if (argc > 100) {
		used[0] = archive_version_string();
		used[1] = json_object();
		used[2] = xmlParserVersion;
		sha256_init(NULL);
	}
	(void)puts("cau 0.1.0");
	return 0;
}
