/* SPDX-License-Identifier: ISC */
/* What update files say, through meta_read, and the texts in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <cmocka.h>

#include <archive.h>
#include <archive_entry.h>
#include <sys/mman.h>
#include <unistd.h>

#include "meta.h"
#include "meta_archive.h"
#include "tests/unit/olebuild.h"

struct member {
	const char *name;
	const void *data;
	size_t len;
};

#define TEXT_MEMBER(name, text)                \
	{                                      \
		(name), (text), strlen((text)) \
	}

static const char mum[] =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n"
    "<assembly xmlns=\"urn:schemas-microsoft-com:asm.v3\""
    " displayName=\"Fix &amp; &lt;more&gt; &#38;amp;\""
    " description=\"Update for KB1234567\">\n"
    "<assemblyIdentity name=\"Package_for_KB1234567\" version=\"6.1.1.2\"/>"
    "<package identifier=\"KB1234567\"><update name=\"x\"/>";
static const char properties[] =
    "Applies to=\"Windows 7\"\r\n"
    "KB Article Number=\"7654321\"\r\nPackage Type=\"Hotfix\"\r\n"
    "Product Name=\"Windows\"\r\n";

static void
read_bytes(struct meta *m, const void *data, size_t len, const char *name,
    struct arena *a)
{
	int fd = memfd_create("meta", MFD_CLOEXEC);

	assert_true(fd != -1);
	assert_int_equal(write(fd, data, len), len);
	meta_read(m, fd, name, a);
	assert_int_equal(close(fd), 0);
}

/* A tar archive in memory; filter and format as libarchive counts them. */
static void
make_archive(struct buf *out, int format, int filter,
    const struct member *members, size_t n)
{
	struct archive *ar = archive_write_new();
	struct archive_entry *entry;
	size_t used, room = 65536;

	for (size_t i = 0; i < n; i++)
		room += members[i].len + 4096;
	assert_int_equal(archive_write_set_format(ar, format), ARCHIVE_OK);
	assert_int_equal(archive_write_add_filter(ar, filter), ARCHIVE_OK);
	assert_int_equal(
	    archive_write_open_memory(ar, buf_reserve(out, room), room, &used),
	    ARCHIVE_OK);
	for (size_t i = 0; i < n; i++) {
		entry = archive_entry_new();
		archive_entry_set_pathname(entry, members[i].name);
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_entry_set_perm(entry, 0644);
		archive_entry_set_size(entry, (la_int64_t)members[i].len);
		assert_int_equal(archive_write_header(ar, entry), ARCHIVE_OK);
		assert_int_equal(
		    archive_write_data(ar, members[i].data, members[i].len),
		    members[i].len);
		archive_entry_free(entry);
	}
	assert_int_equal(archive_write_close(ar), ARCHIVE_OK);
	assert_int_equal(archive_write_free(ar), ARCHIVE_OK);
	buf_setlen(out, out->len + used);
}

static void
add_ar_member(struct buf *out, const char *name, const void *data, size_t len)
{
	buf_addf(out, "%-16s%-12d%-6d%-6d%-8o%-10zu`\n", name, 0, 0, 0, 0100644,
	    len);
	buf_add(out, data, len);
	if (len % 2 != 0)
		buf_addc(out, '\n');
}

static void
make_deb(struct buf *out, const char *tar_name, int filter, const char *control)
{
	const struct member members[] = {TEXT_MEMBER("./md5sums", "none\n"),
	    TEXT_MEMBER("./control", control)};
	struct buf tar = BUF_INIT;

	make_archive(&tar, ARCHIVE_FORMAT_TAR_USTAR, filter, members, 2);
	buf_addstr(out, "!<arch>\n");
	add_ar_member(out, "debian-binary", "2.0\n", 4);
	add_ar_member(out, tar_name, tar.data, tar.len);
	add_ar_member(out, "data.tar", "pretend", 7);
	buf_release(&tar);
}

/* A cabinet of one folder, not compressed, checksums left out. */
static void
make_cab(struct buf *out, const struct member *members, size_t n)
{
	struct buf files = BUF_INIT, data = BUF_INIT;
	unsigned char head[44] = {'M', 'S', 'C', 'F'}, entry[16], block[8];
	size_t i, at, len;
	unsigned blocks = 0;

	for (i = 0; i < n; i++) {
		memset(entry, 0, sizeof(entry));
		put32(entry, 0, (uint32_t)members[i].len);
		put32(entry, 4, (uint32_t)data.len);
		put16(entry, 10, 0x5b75);
		put16(entry, 12, 0x8000);
		put16(entry, 14, 0x20);
		buf_add(&files, entry, sizeof(entry));
		buf_add(&files, members[i].name, strlen(members[i].name) + 1);
		buf_add(&data, members[i].data, members[i].len);
	}
	blocks = (unsigned)((data.len + 32767) / 32768);
	put32(head, 8, (uint32_t)(44 + files.len + data.len) + blocks * 8);
	put32(head, 16, 44);
	head[24] = 3;
	head[25] = 1;
	put16(head, 26, 1);
	put16(head, 28, (uint32_t)n);
	put32(head, 36, (uint32_t)(44 + files.len));
	put16(head, 40, blocks);
	buf_add(out, head, sizeof(head));
	buf_add(out, files.data, files.len);
	for (at = 0; at < data.len; at += len) {
		len = data.len - at < 32768 ? data.len - at : 32768;
		memset(block, 0, sizeof(block));
		put16(block, 4, (uint32_t)len);
		put16(block, 6, (uint32_t)len);
		buf_add(out, block, sizeof(block));
		buf_add(out, data.data + at, len);
	}
	buf_release(&files);
	buf_release(&data);
}

/* An .msu: the scan cabinet, the update, the properties behind it. */
static void
make_msu(struct buf *out, const char *manifest, const char *props)
{
	const struct member inner[] = {TEXT_MEMBER("payload.txt", "payload"),
	    TEXT_MEMBER("update.mum", manifest)};
	const struct member wrong[] = {
	    TEXT_MEMBER("update.mum", "<assembly/>")};
	struct buf cab = BUF_INIT, scan = BUF_INIT;
	struct member members[3];

	make_cab(&cab, inner, 2);
	make_cab(&scan, wrong, 1);
	members[0] = (struct member){"wsusscan.CAB", scan.data, scan.len};
	members[1] = (struct member){"Windows6.1-x64.cab", cab.data, cab.len};
	members[2] = (struct member){
	    "Windows6.1-x64-pkgProperties.txt", props, strlen(props)};
	make_cab(out, members, 3);
	buf_release(&cab);
	buf_release(&scan);
}

static void
test_deb(void **state)
{
	static const char control[] =
	    "Package: libc6\nversion: 1:2.36-9+deb12u1\nArchitecture: amd64\n"
	    "X: y\n folded\nDescription: GNU  C Library\n Line one.\n .\n Line "
	    "two.\nHomepage: x\n\nPackage: second\n";
	static const struct {
		const char *name;
		int filter;
	} kinds[] = {{"control.tar", ARCHIVE_FILTER_NONE},
	    {"control.tar.gz", ARCHIVE_FILTER_GZIP},
	    {"control.tar.xz/", ARCHIVE_FILTER_XZ},
	    {"control.tar.zst", ARCHIVE_FILTER_ZSTD}};
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	struct meta m;

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		buf_reset(&b);
		make_deb(&b, kinds[i].name, kinds[i].filter, control);
		read_bytes(&m, b.data, b.len, "KB1234567.deb", &a);
		assert_string_equal(m.problem, "");
		assert_int_equal(m.format, META_DEB);
		assert_string_equal(m.package, "libc6");
		assert_string_equal(m.version, "1:2.36-9+deb12u1");
		assert_string_equal(m.arch, "amd64");
		assert_string_equal(m.title, "GNU C Library");
		assert_string_equal(m.description, "Line one. Line two.");
		assert_string_equal(m.kb, "1234567");
	}
	buf_reset(&b);
	make_deb(&b, "control.tar.bz2", ARCHIVE_FILTER_NONE, control);
	read_bytes(&m, b.data, b.len, "x", &a);
	assert_string_equal(
	    m.problem, "control.tar.bz2: its compression is not supported");
	buf_reset(&b);
	make_deb(&b, "other.tar", ARCHIVE_FILTER_NONE, control);
	read_bytes(&m, b.data, b.len, "x", &a);
	assert_string_equal(m.problem, "it has no control.tar");
	/* Names that could not be real are not taken over. */
	buf_reset(&b);
	make_deb(&b, "control.tar", ARCHIVE_FILTER_NONE,
	    "Package: -o evil\nVersion: 1;reboot\nArchitecture: a\tb\n");
	read_bytes(&m, b.data, b.len, "x", &a);
	assert_string_equal(m.package, "");
	assert_string_equal(m.version, "");
	assert_string_equal(m.arch, "");
	arena_release(&a);
	buf_release(&b);
}

static void
test_msu(void **state)
{
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	struct meta m;

	(void)state;
	make_msu(&b, mum, properties);
	read_bytes(&m, b.data, b.len, "x.msu", &a);
	assert_string_equal(m.problem, "");
	assert_int_equal(m.format, META_CAB);
	assert_string_equal(m.title, "Fix & <more> &amp;");
	assert_string_equal(m.description, "Update for KB1234567");
	assert_string_equal(m.version, "6.1.1.2");
	assert_string_equal(m.kb, "7654321");
	buf_reset(&b);
	make_msu(&b,
	    "<assembly displayName='default' description='Fix for KB1234567'>"
	    "<package identifier='KB1234567'/></assembly>",
	    "Applies to=\"Windows 7\"");
	read_bytes(&m, b.data, b.len, "x.msu", &a);
	assert_string_equal(m.problem, "");
	assert_string_equal(m.title, "Update for Windows 7");
	assert_string_equal(m.kb, "1234567");
	/* Nothing in the manifest of use, and no article. */
	buf_reset(&b);
	make_msu(&b, "<nothing/>", "");
	read_bytes(&m, b.data, b.len, "Windows6.1-kb123456-v2.msu", &a);
	assert_string_equal(m.problem,
	    "Windows6.1-x64.cab: update.mum: not a servicing manifest");
	assert_string_equal(m.title, "");
	assert_string_equal(m.kb, "123456");
	arena_release(&a);
	buf_release(&b);
}

/* Of several updates in one file, that of the name is told. */
static void
test_preferred(void **state)
{
	static const char *const kbs[] = {
	    "KB1111111", "KB2222222", "KB3333333"};
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT, cabs[3], text = BUF_INIT;
	struct member members[3], inner;
	struct meta m;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		buf_reset(&text);
		buf_addf(&text,
		    "<assembly displayName='%s'><package identifier='%s'/>",
		    kbs[i], kbs[i]);
		inner = (struct member){"update.mum", text.data, text.len};
		buf_init(&cabs[i]);
		make_cab(&cabs[i], &inner, 1);
		members[i] =
		    (struct member){"a.cab", cabs[i].data, cabs[i].len};
	}
	make_cab(&b, members, 3);
	read_bytes(&m, b.data, b.len, "windows10.0-kb2222222.msu", &a);
	assert_string_equal(m.problem, "");
	assert_string_equal(m.title, "KB2222222");
	read_bytes(&m, b.data, b.len, "x.msu", &a);
	assert_string_equal(m.title, "KB1111111");
	for (size_t i = 0; i < 3; i++)
		buf_release(&cabs[i]);
	arena_release(&a);
	buf_release(&text);
	buf_release(&b);
}

/* Cabinets in cabinets end at the third. */
static void
test_nesting(void **state)
{
	struct member one = TEXT_MEMBER("update.mum", mum);
	struct arena a = ARENA_INIT;
	struct buf in = BUF_INIT, out = BUF_INIT;
	struct meta m;

	(void)state;
	make_cab(&in, &one, 1);
	for (int depth = 2; depth < 6; depth++) {
		one = (struct member){"a.cab", in.data, in.len};
		buf_reset(&out);
		make_cab(&out, &one, 1);
		read_bytes(&m, out.data, out.len, "x", &a);
		assert_string_equal(m.problem, "");
		assert_string_equal(m.version, depth <= 3 ? "6.1.1.2" : "");
		buf_reset(&in);
		buf_add(&in, out.data, out.len);
	}
	arena_release(&a);
	buf_release(&in);
	buf_release(&out);
}

static void
test_zip(void **state)
{
	const struct member plain[] = {
	    TEXT_MEMBER("../../etc/x", "text"), TEXT_MEMBER("/abs/y", "text")};
	const struct member update[] = {TEXT_MEMBER("C:\\x\\y", "text"),
	    TEXT_MEMBER("sub/UPDATE.MUM", mum)};
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	struct meta m;

	(void)state;
	make_archive(&b, ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, plain, 2);
	read_bytes(&m, b.data, b.len, "x", &a);
	assert_int_equal(m.format, META_ZIP);
	assert_string_equal(m.problem, "");
	assert_string_equal(m.title, "");
	put16(b.data, b.len - 2, 22);
	buf_addstr(&b, "Rollup\r\n(KB1234567)  \xff");
	b.len--;
	read_bytes(&m, b.data, b.len, "x", &a);
	assert_int_equal(strlen(m.problem) > 0, true);
	b.len++;
	read_bytes(&m, b.data, b.len, "x", &a);
	assert_string_equal(m.problem, "");
	assert_string_equal(m.title, "Rollup (KB1234567) \\xff");
	assert_string_equal(m.kb, "1234567");
	buf_reset(&b);
	make_archive(&b, ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, update, 2);
	read_bytes(&m, b.data, b.len, "x", &a);
	assert_string_equal(m.problem, "");
	assert_string_equal(m.version, "6.1.1.2");
	arena_release(&a);
	buf_release(&b);
}

static void
test_msp(void **state)
{
	struct buf b = BUF_INIT, summary = BUF_INIT;
	struct arena a = ARENA_INIT;
	struct msi_build build;
	struct meta m;

	(void)state;
	for (int patch = 0; patch < 2; patch++) {
		buf_reset(&b);
		buf_reset(&summary);
		msi_summary(
		    &summary, 1252, "Title KB111111", "Subject", "Comments");
		msi_init(&build, 1252, false);
		if (patch != 0) {
			msi_metadata(&build, "DisplayName", "Hotfix");
			msi_metadata(&build, "KBArticle Number", "222222");
		} else {
			msi_property(&build, "ProductName", "Product");
			msi_property(&build, "ProductVersion", "1.2");
		}
		msi_finish(&b, &build, patch ? 0xc1086 : 0xc1084, &summary);
		read_bytes(&m, b.data, b.len, "KB333333.msi", &a);
		assert_string_equal(m.problem, "");
		assert_int_equal(m.format, META_OLE);
		assert_string_equal(m.title, patch ? "Hotfix" : "Product");
		assert_string_equal(m.version, patch ? "" : "1.2");
		assert_string_equal(m.description, "Comments");
		assert_string_equal(m.kb, patch ? "222222" : "111111");
	}
	arena_release(&a);
	buf_release(&summary);
	buf_release(&b);
}

static void
test_kb_in_name(void **state)
{
	static const struct {
		const char *name;
		const char *kb;
	} cases[] = {{"KB1234567.exe", "1234567"}, {"a-kb12345_x", "12345"},
	    {"xKB12345", ""}, {"1kb12345", "12345"}, {"KB1234", ""},
	    {"KB123456789", ""}, {"KB12345678", "12345678"}, {"KBKB55555", ""},
	    {"KB 55555", ""}, {"KB1-KB77777", "77777"}, {"", ""}, {"KB", ""}};
	struct arena a = ARENA_INIT;
	struct meta m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		read_bytes(&m, "x", 1, cases[i].name, &a);
		assert_int_equal(m.format, META_UNKNOWN);
		assert_string_equal(m.kb, cases[i].kb);
		assert_string_equal(m.problem, "");
	}
	read_bytes(&m, "MSWIM\0\0\0data", 12, "KB55555.msu", &a);
	assert_int_equal(m.format, META_WIM);
	assert_string_equal(m.title, "(a package in WIM format)");
	assert_string_equal(m.kb, "55555");
	assert_string_equal(meta_format_name(m.format), "wim");
	assert_string_equal(meta_format_name(META_UNKNOWN), "");
	arena_release(&a);
}

static void
test_not_a_file(void **state)
{
	struct arena a = ARENA_INIT;
	struct meta m;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	meta_read(&m, fds[0], "KB55555.msu", &a);
	assert_string_equal(m.problem, "not a regular file");
	assert_string_equal(m.kb, "55555");
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(close(fds[1]), 0);
	arena_release(&a);
}

/* Long texts are cut between characters. */
static void
test_cut(void **state)
{
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT, control = BUF_INIT;
	struct meta m;

	(void)state;
	buf_addstr(&control, "Description: x");
	for (int i = 0; i < 400; i++)
		buf_addstr(&control, "\xc3\xa9");
	buf_addstr(&control, "\n \x1b[31mred\x07\n");
	make_deb(&b, "control.tar", ARCHIVE_FILTER_NONE, control.data);
	read_bytes(&m, b.data, b.len, "x", &a);
	assert_int_equal(strlen(m.title), 499);
	assert_string_equal(m.title + 497, "\xc3\xa9");
	assert_string_equal(m.description, "\\x1b[31mred\\x07");
	arena_release(&a);
	buf_release(&control);
	buf_release(&b);
}

static int
parse_mum(struct pkgtext *t, const char *text, struct arena *a)
{
	struct err e;

	return pkgtext_mum(t, text, strlen(text), a, &e);
}

static void
test_mum(void **state)
{
	static const char bad_label[] =
	    "<?xml version=\"1.0\" encoding=\"utf-16\"?>"
	    "<assembly displayName=\"a\"><package identifier=\"KB1\"/>";
	static const char *const hostile[] = {"<!DOCTYPE assembly><assembly/>",
	    "<!DOCTYPE a [<!ENTITY x \"y\">]><assembly displayName=\"&x;\"/>",
	    "<!DOCTYPE a SYSTEM \"/etc/passwd\"><assembly/>",
	    "<assembly displayName=\"&x;\"/>", "<assembly", "", "junk",
	    "<assembly displayName=\"a\"><b>"};
	struct arena a = ARENA_INIT;
	struct buf wide = BUF_INIT;
	struct pkgtext t;
	struct err e;

	(void)state;
	assert_int_equal(parse_mum(&t, bad_label, &a), 0);
	assert_string_equal(t.title, "a");
	assert_string_equal(t.kb, "KB1");
	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++)
		assert_int_equal(parse_mum(&t, hostile[i], &a), -1);
	/* As the tools of Windows write it. */
	buf_add(&wide, "\xff\xfe", 2);
	for (const char *p = bad_label; *p != '\0'; p++) {
		buf_addc(&wide, *p);
		buf_addc(&wide, '\0');
	}
	assert_int_equal(pkgtext_mum(&t, wide.data, wide.len, &a, &e), 0);
	assert_string_equal(t.title, "a");
	arena_release(&a);
	buf_release(&wide);
}

static void
test_properties(void **state)
{
	static const char wide[] =
	    "\xff\xfeK\0B\0 \0A\0r\0t\0i\0c\0l\0e\0 \0N\0"
	    "u\0m\0b\0e\0r\0=\0\"\0\x3d\xd8\x00\xde\"\0";
	struct arena a = ARENA_INIT;
	struct pkgtext t;

	(void)state;
	pkgtext_init(&t);
	pkgtext_properties(&t, properties, strlen(properties), &a);
	assert_string_equal(t.title, "Hotfix for Windows 7 (KB7654321)");
	pkgtext_init(&t);
	pkgtext_properties(&t, wide, sizeof(wide) - 1, &a);
	assert_string_equal(t.kb, "\xf0\x9f\x98\x80");
	pkgtext_init(&t);
	pkgtext_properties(&t, "\xef\xbb\xbfproduct NAME = x", 19, &a);
	assert_string_equal(t.title, "");
	pkgtext_properties(&t, "\xef\xbb\xbfproduct NAME=x\nKB", 19, &a);
	assert_string_equal(t.title, "Update for x");
	arena_release(&a);
}

/*
 * The manifest comes early in a large cabinet, so the rest is passed over:
 * also when it is damaged, in either of the two.
 */
static void
test_left_early(void **state)
{
	struct member members[] = {
	    TEXT_MEMBER("update.mum", mum), {"payload", NULL, 300000}};
	char *payload = xcalloc(1, 300000);
	struct buf in = BUF_INIT, out = BUF_INIT;
	struct arena a = ARENA_INIT;
	struct meta m;
	size_t at;

	(void)state;
	members[1].data = payload;
	make_cab(&in, members, 2);
	members[0] = (struct member){"a.cab", in.data, in.len};
	members[1] =
	    (struct member)TEXT_MEMBER("x-pkgProperties.txt", properties);
	make_cab(&out, members, 2);
	read_bytes(&m, out.data, out.len, "x", &a);
	assert_string_equal(m.problem, "");
	assert_string_equal(m.kb, "7654321");
	/* The blocks of the outer one are 32768 bytes and a header each. */
	for (at = get32(out.data, 36); at < out.len; at += 32768 + 8) {
		for (size_t i = 0; i < 8; i++) {
			out.data[at + i] = (char)~out.data[at + i];
			read_bytes(&m, out.data, out.len, "x", &a);
			assert_true(m.problem[0] != '\0');
			out.data[at + i] = (char)~out.data[at + i];
			arena_release(&a);
		}
	}
	for (at = 1021; at < out.len; at += 1021) {
		read_bytes(&m, out.data, at, "x", &a);
		assert_true(m.problem[0] != '\0');
		arena_release(&a);
	}
	buf_release(&in);
	buf_release(&out);
	free(payload);
}

/* An update of more than 64 MiB is told by the properties. */
static void
test_large(void **state)
{
	const size_t len = (size_t)65 << 20;
	char *payload = xcalloc(1, len);
	struct member members[] = {{"payload", payload, len / 3},
	    {"payload", payload, len / 3}, {"payload", payload, len / 3},
	    TEXT_MEMBER("update.mum", mum)};
	struct buf in = BUF_INIT, out = BUF_INIT;
	struct arena a = ARENA_INIT;
	struct meta m;

	(void)state;
	make_cab(&in, members, 4);
	members[0] = (struct member){"a.cab", in.data, in.len};
	members[1] =
	    (struct member)TEXT_MEMBER("x-pkgProperties.txt", properties);
	make_cab(&out, members, 2);
	read_bytes(&m, out.data, out.len, "x", &a);
	assert_string_equal(m.problem, "");
	assert_string_equal(m.title, "Hotfix for Windows 7 (KB7654321)");
	buf_reset(&out);
	make_cab(&out, members, 1);
	read_bytes(&m, out.data, out.len, "x", &a);
	assert_string_equal(
	    m.problem, "the update in it is too large to be looked through");
	arena_release(&a);
	buf_release(&in);
	buf_release(&out);
	free(payload);
}

/* Every shorter file and every wrong byte of the small ones. */
static void
damage(const struct buf *b)
{
	char *copy = xmalloc(b->len);
	struct arena a = ARENA_INIT;
	struct pkgtext t;
	struct bytesrc src;
	enum meta_format format = meta_format_of(b->data, b->len);
	struct err e;
	size_t i;

	/* Of an odd .deb the last byte is padding. */
	for (i = 0; i + 1 < b->len; i++) {
		memcpy(copy, b->data, b->len);
		bytesrc_memory(&src, copy, i);
		assert_int_equal(
		    meta_archive_read(&t, format, &src, "", &a, &e), -1);
		bytesrc_memory(&src, copy, b->len);
		copy[i] = (char)~copy[i];
		if (meta_archive_read(&t, format, &src, "", &a, &e) == -1)
			assert_true(strlen(e.text) > 0);
		assert_non_null(t.title);
		arena_release(&a);
	}
	free(copy);
}

static void
test_damage(void **state)
{
	const struct member update[] = {
	    TEXT_MEMBER("x", "text"), TEXT_MEMBER("update.mum", mum)};
	struct buf b = BUF_INIT;

	(void)state;
	make_deb(&b, "control.tar.gz", ARCHIVE_FILTER_GZIP,
	    "Package: a\nVersion: 1\nDescription: b\n");
	damage(&b);
	buf_reset(&b);
	make_msu(&b, mum, properties);
	damage(&b);
	buf_reset(&b);
	make_archive(&b, ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, update, 2);
	damage(&b);
	buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_deb),
	    cmocka_unit_test(test_msu),
	    cmocka_unit_test(test_preferred),
	    cmocka_unit_test(test_nesting),
	    cmocka_unit_test(test_zip),
	    cmocka_unit_test(test_msp),
	    cmocka_unit_test(test_kb_in_name),
	    cmocka_unit_test(test_not_a_file),
	    cmocka_unit_test(test_cut),
	    cmocka_unit_test(test_mum),
	    cmocka_unit_test(test_properties),
	    cmocka_unit_test(test_left_early),
	    cmocka_unit_test(test_large),
	    cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
