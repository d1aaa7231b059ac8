/* SPDX-License-Identifier: ISC */
/* Archives by their first bytes, and the texts in them when there is no
 * archive: the first byte then chooses the kind of text. */
#include "meta_archive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_text(const uint8_t *data, size_t size, struct arena *a)
{
	const char *text = (const char *)data + 1;
	struct pkgtext t;
	struct err e = {CAU_OK, ""};

	pkgtext_init(&t);
	if (data[0] == 'c')
		pkgtext_control(&t, text, size - 1, a);
	else if (data[0] == 'p')
		pkgtext_properties(&t, text, size - 1, a);
	else if (pkgtext_mum(&t, text, size - 1, a, &e) == -1 &&
		 e.text[0] == '\0')
		__builtin_trap();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum meta_format format = meta_format_of(data, size);
	struct arena a = ARENA_INIT;
	struct bytesrc src;
	struct pkgtext t;
	struct err e = {CAU_OK, ""};

	bytesrc_memory(&src, data, size);
	if (format == META_DEB || format == META_CAB || format == META_ZIP) {
		if (meta_archive_read(&t, format, &src, "KB9999991", &a, &e) ==
			-1 &&
		    e.text[0] == '\0')
			__builtin_trap();
	} else if (size > 0) {
		read_text(data, size, &a);
	}
	arena_release(&a);
	return 0;
}
