/* SPDX-License-Identifier: ISC */
/* The hotfix configuration file: what is read, what is refused, and the
 * words it is refused with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "rules.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

#define WIDE_HINT                                                     \
	"a process on Linux returns 0 to 255: this code counts only " \
	"if the installer writes it to the file $CAU_EXIT_CODE_FILE"
#define WIDES_HINT                                                      \
	"a process on Linux returns 0 to 255: such a code counts only " \
	"if the installer writes it to the file $CAU_EXIT_CODE_FILE"
#define SIGNAL_HINT(name)                                                  \
	"a process that exits with it counts as ended by the signal " name \
	": this code counts only if the installer writes it to the file "  \
	"$CAU_EXIT_CODE_FILE and exits with another one\n"
#define CONDITIONS                                    \
	"(allowed: Success, Success_RebootRequired, " \
	"Fail_RebootRequired, AlreadyInstalled, NotApplicable)"

/* A document around a rule folder, its template and its conditions. */
#define IN_FOLDERS(body) "<c><FolderRules>" body "</FolderRules></c>"
#define IN_EXTENSIONS(body)                      \
	"<c><DefaultRules><ExtensionRules>" body \
	"</ExtensionRules></DefaultRules></c>"
#define FOLDER(template, conditions)                                          \
	IN_FOLDERS("<Folder name='f'>" template "<ExitConditions>" conditions \
						"</ExitConditions></Folder>")
#define T	 "<Template path='/x'/>"
#define OK	 "<ExitConditions><Success>0</Success></ExitConditions>"
#define CODES(c) FOLDER(T, c)
#define PATH(p)	 FOLDER("<Template path='" p "'/>", "<Success>0</Success>")

/* Notes as lines "LINE e TEXT" or "LINE w TEXT"; rc is checked on the way. */
static char *
notes_of(const void *data, size_t len)
{
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	struct rules_notes notes;
	struct rules r;
	size_t i, n_errors = 0;
	int rc, line = 0;

	rc = rules_parse(&r, &notes, data, len, &a);
	for (i = 0; i < notes.n; i++) {
		buf_addf(&b, "%d %c %s\n", notes.notes[i].line,
		    notes.notes[i].is_error ? 'e' : 'w', notes.notes[i].text);
		n_errors += notes.notes[i].is_error ? 1 : 0;
		assert_true(notes.notes[i].line >= line);
		line = notes.notes[i].line;
	}
	assert_int_equal(notes.n_errors, n_errors);
	assert_int_equal(rc, n_errors > 0 ? -1 : 0);
	arena_release(&a);
	return buf_detach(&b);
}

struct note_case {
	const char *in, *notes;
};

static void
check_notes(const struct note_case *cases, size_t n)
{
	size_t i;
	char *got;

	for (i = 0; i < n; i++) {
		got = notes_of(cases[i].in, strlen(cases[i].in));
		if (strcmp(got, cases[i].notes) != 0)
			print_error("input: %s\n", cases[i].in);
		assert_string_equal(got, cases[i].notes);
		free(got);
	}
}

static void
test_structure(void **state)
{
	static const struct note_case cases[] = {
	    {"<c/>", "0 w no rules: no file will be installed\n"},
	    {"<c><DefaultRules/></c>",
		"0 w no rules: no file will be installed\n"},
	    {"<c><DefaultRules><ExtensionRules/></DefaultRules>"
	     "<FolderRules/></c>",
		"0 w no rules: no file will be installed\n"},
	    {CODES("<Success>0</Success>"), ""},
	    {"<DefaultRules/>",
		"1 e <DefaultRules> is the root element: put it into a root "
		"element of any other name\n"},
	    {"<c>\n<FolderRules/>\n<FolderRules/></c>",
		"3 e <FolderRules> is in <c> twice, first on line 2\n"},
	    {"<c><DefaultRules><ExtensionRules/>\n<ExtensionRules/>"
	     "</DefaultRules></c>",
		"2 e <ExtensionRules> is in <DefaultRules> twice, first on "
		"line 1\n"},
	    {"<c x='1'/>",
		"1 e unknown attribute 'x' in <c> (allowed: none)\n"},
	    {"<c><folderRules/></c>",
		"1 e unknown element 'folderRules' in <c>, did you mean "
		"'FolderRules'? (allowed: DefaultRules, FolderRules)\n"},
	    {"<c><FOLDERRULES/></c>",
		"1 e unknown element 'FOLDERRULES' in <c>, did you mean "
		"'FolderRules'? (allowed: DefaultRules, FolderRules)\n"},
	    {"<c><Extension/></c>",
		"1 e unknown element 'Extension' in <c> (allowed: "
		"DefaultRules, FolderRules)\n"},
	    {"<c>\n\n some\nwords\n</c>",
		"3 e text 'some\\nwords' in <c>: only elements are allowed\n"},
	    {"<c>\r\n<!-- a\r\nb -->\r\nx</c>",
		"4 e text 'x' in <c>: only elements are allowed\n"},
	    {"<c>\n<![CDATA[\nx]]></c>",
		"3 e text 'x' in <c>: only elements are allowed\n"},
	    {IN_FOLDERS("<Folder name='a'>\n" T "\n" OK "</Folder>\nx"),
		"4 e text 'x' in <FolderRules>: only elements are allowed\n"},
	    {FOLDER(T "\n" T, "<Success>0</Success>"),
		"2 e Folder f: <Template> is in <Folder> twice, first on line "
		"1\n"},
	    {FOLDER("<Templat path='/x'/>", "<Success>0</Success>"),
		"1 e Folder f: unknown element 'Templat' in <Folder>, did you "
		"mean 'Template'? (allowed: Template, ExitConditions)\n"
		"1 e Folder f: <Folder> has no <Template>\n"},
	    {IN_FOLDERS("<Folder name='a'/>"),
		"1 e Folder a: <Folder> has no <Template>\n"
		"1 e Folder a: <Folder> has no <ExitConditions>\n"},
	    {FOLDER(
		 "<Template path='/x'><y/></Template>", "<Success>0</Success>"),
		"1 e Folder f: unknown element 'y' in <Template> (allowed: "
		"none)\n"},
	    /* A name of the file cannot steer the terminal, nor fill it. */
	    {"<c>\xc2\x9b"
	     "2J\t\\</c>",
		"1 e text '\\xc2\\x9b2J\t\\' in <c>: only elements are "
		"allowed\n"},
	    {"<c>0123456789012345678901234567890123456789012345678901234567"
	     "8\xc3\xa4z</c>",
		"1 e text '01234567890123456789012345678901234567890123456789"
		"012345678...' in <c>: only elements are allowed\n"},
	};

	(void)state;
	check_notes(cases, N_ELEMENTS(cases));
}

static void
test_names(void **state)
{
	static const struct note_case cases[] = {
	    {IN_FOLDERS("<Folder>" T OK "</Folder>"),
		"1 e <Folder> has no attribute 'name'\n"},
	    {IN_FOLDERS("<Folder nmae='x'>" T OK "</Folder>"),
		"1 e unknown attribute 'nmae' in <Folder>, did you mean "
		"'name'? (allowed: name, alwaysReboot)\n"
		"1 e <Folder> has no attribute 'name'\n"},
	    {IN_FOLDERS("<Folder name=''>" T OK "</Folder>"),
		"1 e Folder : the attribute 'name' is empty\n"},
	    {IN_FOLDERS("<Folder name='a '>" T OK "</Folder>"),
		"1 e Folder a : the name has blanks around it\n"},
	    {IN_FOLDERS("<Folder name='a/b'>" T OK "</Folder>"),
		"1 e Folder a/b: a name cannot hold '/'\n"},
	    {IN_FOLDERS("<Folder name='..'>" T OK "</Folder>"),
		"1 e Folder ..: this is not the name of a folder\n"},
	    {IN_FOLDERS("<Folder name='.'>" T OK "</Folder>"),
		"1 e Folder .: this is not the name of a folder\n"},
	    {IN_FOLDERS("<Folder name='cauHOTFIX_all'>" T OK "</Folder>"),
		"1 e Folder cauHOTFIX_all: this folder holds the updates of "
		"all nodes, it cannot be a rule folder\n"},
	    {IN_FOLDERS("<Folder name='a b.c'>" T OK "</Folder>"), ""},
	    {IN_EXTENSIONS("<Extension name='.msi'>" T OK "</Extension>"),
		"1 e Extension .msi: an extension is named without its dot\n"},
	    {IN_EXTENSIONS("<Extension name='tar.gz'>" T OK "</Extension>"),
		"1 e Extension tar.gz: an extension is what stands behind the "
		"last dot of a file name, it cannot hold a dot\n"},
	    {IN_EXTENSIONS(
		 "<Extension name='A' alwaysReboot='1'>" T OK "</Extension>"),
		"1 e unknown attribute 'alwaysReboot' in <Extension> "
		"(allowed: name)\n"},
	    {IN_FOLDERS(
		 "<Folder name='a' alwaysReboot='True'>" T OK "</Folder>"),
		"1 e Folder a: alwaysReboot 'True' is none of true, false, 1, "
		"0\n"},
	    {IN_EXTENSIONS("<Extension name='msi'>" T OK "</Extension>\n"
			   "<Extension name='x'>" T OK "</Extension>\n"
			   "<Extension name='MSI'>" T OK "</Extension>\n"
			   "<Extension name='Msi'>" T OK "</Extension>"),
		"3 e Extension MSI is there twice, first on line 1\n"
		"4 e Extension Msi is there twice, first on line 1\n"},
	    /* An extension and a folder may share a name. */
	    {"<c><DefaultRules><ExtensionRules><Extension name='a'>" T OK
	     "</Extension></ExtensionRules></DefaultRules><FolderRules>"
	     "<Folder name='a'>" T OK "</Folder></FolderRules></c>",
		""},
	};

	(void)state;
	check_notes(cases, N_ELEMENTS(cases));
}

static void
test_paths(void **state)
{
	static const struct note_case cases[] = {
	    {PATH("/bin/sh"), ""},
	    {PATH("/my dir/x"), ""},
	    {PATH("rpm"), ""},
	    {PATH("$update$"), ""},
	    {PATH("%HOME%/x"), ""},
	    {FOLDER("<Template path='p' parameters='\"$update$\" %X%'/>",
		 "<Success>0</Success>"),
		""},
	    {FOLDER("<Template parameters='x'/>", "<Success>0</Success>"),
		"1 e Folder f: <Template> has no attribute 'path'\n"},
	    {PATH(""),
		"1 e Folder f: the attribute 'path' of <Template> is empty\n"},
	    {PATH(" \t"),
		"1 e Folder f: the attribute 'path' of <Template> is empty\n"},
	    {PATH("a/b"), "1 e Folder f: path 'a/b' is neither absolute nor a "
			  "bare program name\n"},
	    {PATH("./x"), "1 e Folder f: path './x' is neither absolute nor a "
			  "bare program name\n"},
	    {PATH(".."), "1 e Folder f: path '..' is neither absolute nor a "
			 "bare program name\n"},
	    {PATH("%1%/x"), "1 e Folder f: path '%1%/x' is neither absolute "
			    "nor a bare program name\n"},
	    {PATH("/x "), "1 e Folder f: path '/x ' has blanks around it\n"},
	    {PATH("$update$/x"),
		"1 e Folder f: path '$update$/x': $update$ stands alone in a "
		"path, everything else belongs into the parameters\n"},
	    {PATH("%systemroot%\\System32\\wusa.exe"),
		"1 w Folder f: path '%systemroot%\\System32\\wusa.exe' is a "
		"Windows path and cannot start on a Linux node\n"},
	    {PATH("C:\\x.exe"), "1 w Folder f: path 'C:\\x.exe' is a Windows "
				"path and cannot start on a Linux node\n"},
	    {PATH("%SystemRoot%/x.exe"),
		"1 w Folder f: path '%SystemRoot%/x.exe' is a Windows path "
		"and cannot start on a Linux node\n"},
	};

	(void)state;
	check_notes(cases, N_ELEMENTS(cases));
}

static void
test_codes(void **state)
{
	static const struct note_case cases[] = {
	    {CODES("<Success><ExitCode code='0'/></Success>"), ""},
	    {CODES("<Success><ExitCode value=' 0 '/></Success>"), ""},
	    {CODES("<Success><ExitCode> 0x0 </ExitCode>1,2;3 4</Success>"), ""},
	    {CODES("<AlreadyInstalled>1</AlreadyInstalled>"),
		"1 e Folder f: <ExitConditions> has no <Success>\n"},
	    {CODES("<Success/>"), "1 e Folder f: <Success> has no exit code\n"},
	    {CODES("<Success> ,; </Success>"),
		"1 e Folder f: <Success> has no exit code\n"},
	    {CODES("<Success>0</Success><NotApplicable/>"),
		"1 e Folder f: <NotApplicable> has no exit code\n"},
	    {CODES("<Success>0</Success>\n<Success>1</Success>"),
		"2 e Folder f: <Success> is in <ExitConditions> twice, first "
		"on line 1\n"},
	    {CODES("<success>0</success>"),
		"1 e Folder f: unknown element 'success' in <ExitConditions>, "
		"did you mean 'Success'? " CONDITIONS "\n"
		"1 e Folder f: <ExitConditions> has no <Success>\n"},
	    {CODES("<Success>0</Success><Failed>1</Failed>"),
		"1 e Folder f: unknown element 'Failed' in "
		"<ExitConditions> " CONDITIONS "\n"},
	    {CODES("<Success x='1'>0</Success>"),
		"1 e Folder f: unknown attribute 'x' in <Success> (allowed: "
		"none)\n"},
	    {CODES("<Success>\n0,\n\nx\n+1</Success>"),
		"4 e Folder f: <Success>: 'x' is not an exit code (decimal, "
		"or hex with 0x)\n"
		"5 e Folder f: <Success>: '+1' is not an exit code (decimal, "
		"or hex with 0x)\n"},
	    {CODES("<Success>4294967296</Success>"),
		"1 e Folder f: <Success>: exit code '4294967296' does not fit "
		"into 32 bits\n"},
	    {CODES("<Success><ExitCode/></Success>"),
		"1 e Folder f: <ExitCode> has no code\n"},
	    {CODES("<Success><ExitCode code=''/></Success>"),
		"1 e Folder f: <Success>: '' is not an exit code (decimal, or "
		"hex with 0x)\n"},
	    {CODES("<Success><ExitCode code='1'>2</ExitCode></Success>"),
		"1 e Folder f: <ExitCode> has more than one code\n"},
	    {CODES("<Success><ExitCode>1 2</ExitCode></Success>"),
		"1 e Folder f: <Success>: '1 2' is not an exit code (decimal, "
		"or hex with 0x)\n"},
	    {CODES("<Success><Exitcode code='0'/></Success>"),
		"1 e Folder f: unknown element 'Exitcode' in <Success>, did "
		"you mean 'ExitCode'? (allowed: ExitCode)\n"},
	    {CODES("<Success>0 0\n0x0</Success>"),
		"1 w Folder f: exit code 0 is in <Success> twice, first on "
		"line 1\n"},
	    {CODES("<Success>0 7</Success>\n<AlreadyInstalled>8\n0x7"
		   "</AlreadyInstalled><NotApplicable>7</NotApplicable>"),
		"3 e Folder f: exit code 7 is in <AlreadyInstalled>, and on "
		"line 1 in <Success>\n"
		"3 e Folder f: exit code 7 is in <NotApplicable>, and on line "
		"1 in <Success>\n"},
	    /* Whichever comes first in the file is the first. */
	    {CODES("<NotApplicable>0</NotApplicable>\n<Success>0</Success>"),
		"2 e Folder f: exit code 0 is in <Success>, and on line 1 in "
		"<NotApplicable>\n"},
	    {CODES("<Success>2149842967</Success>"
		   "<NotApplicable>-2145124329</NotApplicable>"),
		"1 e Folder f: exit code 2149842967 is in <NotApplicable>, "
		"and on line 1 in <Success>\n"
		"1 w Folder f: exit codes 2149842967 (0x80240017), 2149842967 "
		"(0x80240017): " WIDES_HINT "\n"},
	    {CODES("<Success>0\n3010</Success>"),
		"2 w Folder f: exit code 3010: " WIDE_HINT "\n"},
	    {CODES("<Success>-1</Success>"),
		"1 w Folder f: exit code 4294967295 (0xffffffff): " WIDE_HINT
		"\n"},
	    /* As it arrives: somebody thought of it. */
	    {CODES("<Success>0 3010 194 -1 255</Success>"), ""},
	    /* What a shell makes of deaths by signals. */
	    {CODES("<Success>0 129\n130 131</Success><NotApplicable>141"
		   "</NotApplicable>"),
		"2 w Folder f: exit code 130: " SIGNAL_HINT(
		    "INT") "2 w Folder f: exit code 141: " SIGNAL_HINT("PIPE")},
	    {CODES("<Success>0 3010</Success><NotApplicable>194"
		   "</NotApplicable>"),
		"1 w Folder f: exit code 3010: " WIDE_HINT "\n"},
	    {CODES("<Success>0 0x80240000</Success>"),
		"1 w Folder f: exit code 2149842944 (0x80240000): " WIDE_HINT
		"\n"},
	    {CODES(
		 "<Success>301 302 303 304 305 306 307 308 309 310</Success>"),
		"1 w Folder f: exit codes 301, 302, 303, 304, 305, 306, 307, "
		"308 and 2 more: " WIDES_HINT "\n"},
	};

	(void)state;
	check_notes(cases, N_ELEMENTS(cases));
}

static void
test_refused_xml(void **state)
{
	static const struct note_case cases[] = {
	    {"", "0 e the file is empty\n"},
	    {"<c>", "1 e Premature end of data in tag c line 1\n"},
	    {"<c>\n<a></b></c>",
		"2 e Opening and ending tag mismatch: a line 2 and b\n"},
	    {"<c>\n<x:a/></c>", "2 e Namespace prefix x on a is not defined\n"},
	    {"<!DOCTYPE c><c/>", "1 e a DOCTYPE is not allowed\n"},
	    {"\n<!DOCTYPE c SYSTEM 'file:///etc/passwd'><c/>",
		"2 e a DOCTYPE is not allowed\n"},
	    {"<!DOCTYPE c [<!ENTITY a '1'>]><c>&a;</c>",
		"1 e a DOCTYPE is not allowed\n"},
	    {"<c>&a;</c>", "1 e Entity 'a' not defined\n"},
	    {"<?xml version='1.0' encoding='klingon'?><c/>",
		"1 e Unsupported encoding klingon\n"},
	    {"<c>\n\xff</c>",
		"2 e Input is not proper UTF-8, indicate encoding !\n"},
	};

	(void)state;
	check_notes(cases, N_ELEMENTS(cases));
}

static void
test_limits(void **state)
{
	static const char head[] =
	    "<c><FolderRules><Folder name='f'>" T "<ExitConditions><Success>";
	struct buf b = BUF_INIT;
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < 100000; i++)
		buf_addstr(&b, "<c>");
	got = notes_of(b.data, b.len);
	assert_string_equal(
	    got, "1 e elements nested too deeply, or a text too long\n");
	free(got);

	buf_reset(&b);
	buf_addstr(&b, "<c>");
	while (b.len <= RULES_MAX_BYTES)
		buf_addstr(&b, "<!-- -->");
	got = notes_of(b.data, b.len);
	assert_string_equal(got, "0 e the file is larger than 4 MiB\n");
	free(got);

	/* A tag that older versions of libxml2 take minutes for. */
	buf_reset(&b);
	buf_addstr(&b, "<c>\n<a ");
	for (i = 0; i < 100000; i++)
		buf_addf(&b, "a%zu=''\n", i);
	buf_addstr(&b, "/></c>");
	got = notes_of(b.data, b.len);
	assert_string_equal(
	    got, "1002 e more than 1000 attributes in one element\n");
	free(got);

	/* Many mistakes: the first thousand, and how many more. */
	buf_reset(&b);
	buf_addstr(&b, head);
	for (i = 0; i < 5000; i++)
		buf_addstr(&b, "\nx");
	buf_addstr(
	    &b, "</Success></ExitConditions></Folder></FolderRules></c>");
	got = notes_of(b.data, b.len);
	assert_non_null(
	    strstr(got, "\n1001 e Folder f: <Success>: 'x' is not"));
	assert_null(strstr(got, "\n1002 e"));
	assert_non_null(strstr(got, "\n1001 e and 4000 more\n"));
	free(got);
	buf_release(&b);
}

/* Lines beyond 65535, which libxml2 only knows nearly. */
static void
test_many_lines(void **state)
{
	struct buf b = BUF_INIT;
	char *got;
	size_t i;

	(void)state;
	buf_addstr(&b, "<c><FolderRules>");
	for (i = 0; i < 70000; i++)
		buf_addstr(&b, "\n");
	buf_addstr(&b, "<Folder name='a'>\n</Folder>\n</FolderRules></c>");
	got = notes_of(b.data, b.len);
	assert_in_range(atoi(got), 70000, 70002);
	assert_non_null(strstr(got, " e Folder a: <Folder> has no <Template>"));
	free(got);
	buf_release(&b);
}

/* The same document in every encoding that it may come in. */
static void
test_encodings(void **state)
{
	static const char body[] =
	    "<c>\r\n<FolderRules>\r\n<Folder name='f'>\r\n"
	    "<Template path='/x' parameters='a&#xE4;'/>\r\n"
	    "<ExitConditions><Success>0</Success></ExitConditions>\r\n"
	    "</Folder></FolderRules></c>\r\n";
	static const struct {
		const char *mark, *declared, *umlaut;
		int wide; /* 0: bytes, 1: UTF-16LE, 2: UTF-16BE */
	} cases[] = {
	    {"", "", "\xc3\xa4", 0},
	    {"\xef\xbb\xbf", "", "\xc3\xa4", 0},
	    {"", "<?xml version='1.0' encoding='utf-8'?>", "\xc3\xa4", 0},
	    {"\xef\xbb\xbf", "<?xml version='1.0' encoding='utf-8'?>",
		"\xc3\xa4", 0},
	    {"", "<?xml version='1.0' encoding='windows-1252'?>", "\xe4", 0},
	    {"", "<?xml version='1.0' encoding='iso-8859-1'?>", "\xe4", 0},
	    {"", "<?xml version='1.0' encoding='utf-16'?>", "\xc3\xa4", 0},
	    {"", "<?xml version=\"1.0\" encoding = \"UTF-16LE\"?>", "\xc3\xa4",
		0},
	    {"\xef\xbb\xbf", "<?xml version='1.0' encoding='UTF-16'?>",
		"\xc3\xa4", 0},
	    {"\xff\xfe", "<?xml version='1.0' encoding='utf-16'?>", "\xe4", 1},
	    {"\xfe\xff", "<?xml version='1.0' encoding='utf-16'?>", "\xe4", 2},
	    {"\xff\xfe", "", "\xe4", 1},
	    {"\xfe\xff", "", "\xe4", 2},
	    {"", "<?xml version='1.0' encoding='utf-16'?>", "\xe4", 1},
	    {"", "<?xml version='1.0' encoding='utf-16'?>", "\xe4", 2},
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena a = ARENA_INIT;
		struct buf text = BUF_INIT, b = BUF_INIT;
		struct rules_notes notes;
		struct rules r;

		buf_addf(&text, "%s<!-- %s -->%s", cases[i].declared,
		    cases[i].umlaut, body);
		buf_addstr(&b, cases[i].mark);
		for (k = 0; k < text.len; k++) {
			if (cases[i].wide == 2)
				buf_addc(&b, '\0');
			buf_addc(&b, text.data[k]);
			if (cases[i].wide == 1)
				buf_addc(&b, '\0');
		}
		if (rules_parse(&r, &notes, b.data, b.len, &a) == -1)
			fail_msg("case %zu: %s", i, notes.notes[0].text);
		assert_int_equal(notes.n, 0);
		assert_int_equal(r.n_rules, 1);
		assert_int_equal(r.rules[0].line, 3);
		assert_int_equal(r.rules[0].codes[0].line, 5);
		assert_string_equal(r.rules[0].parameters, "a\xc3\xa4");
		buf_release(&text);
		buf_release(&b);
		arena_release(&a);
	}
}

static void
test_rules(void **state)
{
	static const char text[] =
	    "<x:Any xmlns:x='urn:any' xmlns:xsi='http://www.w3.org/2001/"
	    "XMLSchema-instance' xsi:schemaLocation='urn:any any.xsd'>\n"
	    "<x:FolderRules>\n"
	    "<x:Folder name='Fw' alwaysReboot=' true '>\n"
	    "<x:ExitConditions><x:Success>0</x:Success>\n"
	    "<x:Fail_RebootRequired>\n3,\n0x10</x:Fail_RebootRequired>\n"
	    "</x:ExitConditions>\n"
	    "<x:Template path='$update$'/>\n"
	    "</x:Folder>\n"
	    "<x:Folder name='No' alwaysReboot='0'>"
	    "<x:Template path='p' parameters=' a  &quot;b&quot; '/>"
	    "<x:ExitConditions><x:Success>1</x:Success></x:ExitConditions>"
	    "</x:Folder>\n"
	    "</x:FolderRules>\n"
	    "<x:DefaultRules><x:ExtensionRules>\n"
	    "<x:Extension name='Msi'><x:Template path='wine' parameters='"
	    "&amp;&lt;&#65;'/><x:ExitConditions><x:Success>0</x:Success>"
	    "<x:NotApplicable>-2145124329 23</x:NotApplicable>"
	    "<x:AlreadyInstalled>1</x:AlreadyInstalled>"
	    "</x:ExitConditions></x:Extension>\n"
	    "</x:ExtensionRules></x:DefaultRules>\n"
	    "</x:Any>";
	struct arena a = ARENA_INIT;
	struct rules_notes notes;
	const struct rule *rule;
	struct rules r;

	(void)state;
	assert_int_equal(rules_parse(&r, &notes, text, strlen(text), &a), 0);
	assert_int_equal(notes.n, 0);
	assert_int_equal(r.n_rules, 3);

	rule = rules_for_folder(&r, "fW");
	assert_ptr_equal(rule, &r.rules[0]);
	assert_string_equal(rule->name, "Fw");
	assert_true(rule->is_folder);
	assert_true(rule->always_reboot);
	assert_string_equal(rule->path, "$update$");
	assert_string_equal(rule->parameters, "");
	assert_int_equal(rule->line, 3);
	assert_int_equal(rule->n_codes, 3);
	assert_int_equal(rule->codes[1].line, 6);
	assert_int_equal(rule->codes[2].line, 7);
	assert_int_equal(rule_condition(rule, 0), COND_SUCCESS);
	assert_int_equal(rule_condition(rule, 16), COND_FAIL_REBOOT);
	assert_int_equal(rule_condition(rule, 1), COND_NONE);
	assert_string_equal(rule_label(rule, &a), "Folder Fw");

	rule = rules_for_folder(&r, "no");
	assert_false(rule->always_reboot);
	assert_string_equal(rule->parameters, " a  \"b\" ");

	rule = rules_for_file(&r, "a.b.MSI");
	assert_ptr_equal(rule, &r.rules[2]);
	assert_string_equal(rule->parameters, "&<A");
	assert_string_equal(rule_label(rule, &a), "Extension Msi");
	assert_int_equal(
	    rule_condition(rule, UINT32_C(2149842967)), COND_NOT_APPLICABLE);
	assert_int_equal(
	    rule_condition(rule, UINT32_C(0x80240017)), COND_NOT_APPLICABLE);
	assert_int_equal(rule_condition(rule, 1), COND_ALREADY_INSTALLED);
	assert_non_null(rules_for_file(&r, ".msi"));
	assert_null(rules_for_file(&r, "msi"));
	assert_null(rules_for_file(&r, "x.msi."));
	assert_null(rules_for_file(&r, "x.msi "));
	assert_null(rules_for_file(&r, "x.fw"));
	assert_null(rules_for_file(&r, ""));
	assert_null(rules_for_folder(&r, "msi"));
	arena_release(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_structure),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_paths),
	    cmocka_unit_test(test_codes),
	    cmocka_unit_test(test_refused_xml),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_many_lines),
	    cmocka_unit_test(test_encodings),
	    cmocka_unit_test(test_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
