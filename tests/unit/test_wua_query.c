/* SPDX-License-Identifier: ISC */
/* Queries of the Windows Update Agent: what is taken, how it is understood,
 * and with which words the rest is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "wua_args.h"
#include "wua_explain.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

#define ID "f6ce46c1-971c-43f9-a2aa-783df125f003"
#define BG "F6CE46C1-971C-43F9-A2AA-783DF125F003"
#define UI "UpdateID='" ID "'"
#define IA " and DeploymentAction='Installation'*"
#define NAMES                                                              \
	"Type, DeploymentAction, IsAssigned, AutoSelectOnWebSites, "       \
	"BrowseOnly, UpdateID, RevisionNumber, CategoryIDs, IsInstalled, " \
	"IsHidden, IsPresent, RebootRequired"
#define ACTIONS "'Installation', 'Uninstallation', 'OptionalInstallation', *"
#define ANID	"an id like '0fa1201d-4330-4fa8-8ae9-b877473b6441'"
#define NUMBER	"a number up to 2147483647"
#define AT_TOP	"and, or, the end of the query"

/* A query written down again, an asterisk behind what is implied; or
 * "COLUMN REASON; ALLOWED". */
static char *
parsed(const char *text)
{
	struct arena a = ARENA_INIT;
	struct wua_error error;
	struct wua_query q;
	struct buf b = BUF_INIT;

	if (wua_parse(&q, &error, text, &a) == -1) {
		buf_addf(&b, "%zu %s; %s", error.column, error.reason,
		    error.allowed);
		assert_true(error.offset + 1 >= error.column);
		assert_true(error.offset <= strlen(text));
	} else {
		assert_true(q.n > 0);
		assert_false(q.recommended);
		for (size_t i = 0; i < q.n; i++) {
			buf_addstr(&b, i == 0 ? "" : " | ");
			assert_true(q.groups[i].n > 0);
			for (size_t k = 0; k < q.groups[i].n; k++) {
				const struct wua_criterion *c =
				    &q.groups[i].criteria[k];

				buf_addstr(&b, k == 0 ? "" : " and ");
				wua_add_criterion(&b, c);
				buf_addstr(&b, c->column == 0 ? "*" : "");
			}
		}
	}
	arena_release(&a);
	return buf_detach(&b);
}

struct query_case {
	const char *in, *out;
};

static void
check_cases(const struct query_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *got = parsed(cases[i].in);

		if (strcmp(got, cases[i].out) != 0)
			print_error("query: %s\n", cases[i].in);
		assert_string_equal(got, cases[i].out);
		free(got);
	}
}

static void
test_examples(void **state)
{
	static const struct query_case cases[] = {
	    {WUA_DEFAULT_QUERY,
		"IsInstalled=0 and Type='Software' and IsHidden=0 and "
		"IsAssigned=1" IA},
	    {"IsInstalled=0 and Type='Driver' and IsHidden=0",
		"IsInstalled=0 and Type='Driver' and IsHidden=0" IA},
	    {UI " and IsInstalled=0", UI " and IsInstalled=0" IA},
	    {UI " and RevisionNumber=100", UI " and RevisionNumber=100" IA},
	    {"( IsInstalled = 0 and IsHidden = 0 )",
		"IsInstalled=0 and IsHidden=0" IA},
	    {"(IsInstalled = 0 and IsHidden = 0 and CategoryIDs contains "
	     "'E0789628-CE08-4437-BE74-2495B842F43B')",
		"IsInstalled=0 and IsHidden=0 and CategoryIDs contains "
		"'e0789628-ce08-4437-be74-2495b842f43b'" IA},
	    {"Type!='Driver' and IsInstalled=0",
		"Type!='Driver' and IsInstalled=0" IA},
	    {"IsInstalled=0 AND TYPE='software'",
		"IsInstalled=0 and Type='Software'" IA},
	    {"(IsInstalled=0 and IsHidden=0) or (IsPresent=1)",
		"IsInstalled=0 and IsHidden=0" IA " | IsPresent=1" IA},
	    {"IsInstalled=0 and DeploymentAction='Installation' or "
	     "IsInstalled=0 and DeploymentAction='OptionalInstallation' or "
	     "IsPresent=1 and DeploymentAction='Uninstallation' or "
	     "IsInstalled=1 and DeploymentAction='Installation' and "
	     "RebootRequired=1 or IsInstalled=0 and "
	     "DeploymentAction='Uninstallation' and RebootRequired=1",
		"IsInstalled=0 and DeploymentAction='Installation' | "
		"IsInstalled=0 and DeploymentAction='OptionalInstallation' | "
		"IsPresent=1 and DeploymentAction='Uninstallation' | "
		"IsInstalled=1 and DeploymentAction='Installation' and "
		"RebootRequired=1 | IsInstalled=0 and "
		"DeploymentAction='Uninstallation' and RebootRequired=1"},
	    /* As they are written in the field. */
	    {"(DeploymentAction=* AND Type='Software') OR "
	     "(DeploymentAction=* AND Type='Driver')",
		"DeploymentAction=* and Type='Software' | "
		"DeploymentAction=* and Type='Driver'"},
	    {"DeploymentAction=* AND Type='Software'and IsInstalled=0",
		"DeploymentAction=* and Type='Software' and IsInstalled=0"},
	    {"IsInstalled=0 and DeploymentAction='Installation' or\r\n"
	     "        IsPresent=1 and DeploymentAction='Uninstallation'\n",
		"IsInstalled=0 and DeploymentAction='Installation' | "
		"IsPresent=1 and DeploymentAction='Uninstallation'"},
	};

	(void)state;
	check_cases(cases, N_ELEMENTS(cases));
}

static void
test_structure(void **state)
{
	static const struct query_case cases[] = {
	    /* Blanks. */
	    {" \t\r\nIsHidden\n=\r0\t ", "IsHidden=0" IA},
	    {"IsHidden=0\nand\nIsHidden=1", "IsHidden=0 and IsHidden=1" IA},
	    {"CategoryIDs contains'" ID "'",
		"CategoryIDs contains '" ID "'" IA},
	    {"CategoryIDs CONTAINS\n'" BG "'",
		"CategoryIDs contains '" ID "'" IA},
	    /* Parentheses end words, and so does the quote of a string. */
	    {"(IsHidden=0)and(IsHidden=1)", "IsHidden=0 and IsHidden=1" IA},
	    {"(IsHidden=0)or(IsHidden=1)", "IsHidden=0" IA " | IsHidden=1" IA},
	    {"(DeploymentAction=*)or(IsHidden=1)",
		"DeploymentAction=* | IsHidden=1" IA},
	    {"Type='Driver'and Type='Driver'or Type='Driver'",
		"Type='Driver' and Type='Driver'" IA " | Type='Driver'" IA},
	    /* Parentheses hold AND groups only, and add no meaning. */
	    {"((IsHidden=0))", "IsHidden=0" IA},
	    {"(((IsHidden=0) and IsPresent=1) and (IsInstalled=0))",
		"IsHidden=0 and IsPresent=1 and IsInstalled=0" IA},
	    {"IsHidden=0 and (IsPresent=1 and (IsInstalled=0))or IsHidden=1",
		"IsHidden=0 and IsPresent=1 and IsInstalled=0" IA
		" | IsHidden=1" IA},
	    /* AND binds tighter than OR. */
	    {"IsHidden=0 or IsHidden=1 and IsPresent=1",
		"IsHidden=0" IA " | IsHidden=1 and IsPresent=1" IA},
	    {"IsHidden=0 and IsHidden=1 or IsPresent=1",
		"IsHidden=0 and IsHidden=1" IA " | IsPresent=1" IA},
	    /* The action is implied per group. */
	    {"DeploymentAction='Uninstallation'",
		"DeploymentAction='Uninstallation'"},
	    {"IsHidden=0 or DeploymentAction=* or IsHidden=1",
		"IsHidden=0" IA " | DeploymentAction=* | IsHidden=1" IA},
	    {"DeploymentAction=* and DeploymentAction='uninstallation'",
		"DeploymentAction=* and DeploymentAction='Uninstallation'"},
	    /* RevisionNumber beside UpdateID=, anywhere in its group. */
	    {"RevisionNumber=1 and IsHidden=0 and (" UI ")",
		"RevisionNumber=1 and IsHidden=0 and " UI IA},
	    {UI " and RevisionNumber=1 and RevisionNumber=2",
		UI " and RevisionNumber=1 and RevisionNumber=2" IA},
	    /* Values. */
	    {"IsHidden=-0", "IsHidden=0" IA},
	    {"IsHidden=0001", "IsHidden=1" IA},
	    {UI " and RevisionNumber=-2147483648",
		UI " and RevisionNumber=-2147483648" IA},
	    {UI " and RevisionNumber=0002147483647",
		UI " and RevisionNumber=2147483647" IA},
	    {"DEPLOYMENTACTION='OPTIONALINSTALLATION'",
		"DeploymentAction='OptionalInstallation'"},
	    {"type!='DRIVER'", "Type!='Driver'" IA},
	    {"updateid!='" BG "'", "UpdateID!='" ID "'" IA},
	};

	(void)state;
	check_cases(cases, N_ELEMENTS(cases));
}

static void
test_structure_errors(void **state)
{
	static const struct query_case cases[] = {
	    {"", "1 the query is empty; a criterion, '('"},
	    {" \n", "3 the query is empty; a criterion, '('"},
	    {"(", "2 the query ends too early; a criterion, '('"},
	    {"IsHidden=0 and", "15 the query ends too early; a criterion, '('"},
	    {"IsHidden=0 or ", "15 the query ends too early; a criterion, '('"},
	    {"IsHidden=0 and (", "17 the query ends too early; a criterion, "
				 "'('"},
	    {"()", "2 ')' cannot stand here; a criterion, '('"},
	    {")", "1 ')' cannot stand here; a criterion, '('"},
	    {"(IsHidden=0 and )", "17 ')' cannot stand here; a criterion, '('"},
	    {"and IsHidden=0", "1 'and' cannot stand here; a criterion, '('"},
	    {"OR", "1 'OR' cannot stand here; a criterion, '('"},
	    {"IsHidden=0 and or IsHidden=1",
		"16 'or' cannot stand here; a criterion, '('"},
	    {"=0", "1 '=' cannot stand here; a criterion, '('"},
	    {"'Type'='Driver'",
		"1 ''Type'='Driver'' cannot stand here; a criterion, '('"},
	    {"0=IsHidden", "1 unknown criterion '0'; " NAMES},
	    {"not IsHidden=0", "1 unknown criterion 'not'; " NAMES},
	    {"Foo=1", "1 unknown criterion 'Foo'; " NAMES},
	    {"IsHiden=1", "1 unknown criterion 'IsHiden' (did you mean "
			  "IsHidden?); " NAMES},
	    {"(IsHidden=0 and UpdateIDs='x')",
		"17 unknown criterion 'UpdateIDs' (did you mean "
		"UpdateID?); " NAMES},
	    {"Title='a'''", "1 unknown criterion 'Title'; " NAMES},
	    {"CategoryIDscontains 'x'",
		"1 unknown criterion 'CategoryIDscontains'; " NAMES},
	    {"IsHidden=0 andIsHidden=1",
		"12 'andIsHidden' cannot stand here; " AT_TOP},
	    {"IsHidden=0 IsHidden=1",
		"12 'IsHidden' cannot stand here; " AT_TOP},
	    {"IsHidden=0 && IsHidden=1", "12 '&&' cannot stand here; " AT_TOP},
	    {"IsHidden=0, IsHidden=1", "10 IsHidden has no value '0,'; 0, 1"},
	    {"Type='Driver', IsHidden=1", "14 ',' cannot stand here; " AT_TOP},
	    {"Type='Driver';IsHidden=1",
		"14 ';IsHidden=1' cannot stand here; " AT_TOP},
	    {"IsHidden=0 'x'", "12 ''x'' cannot stand here; " AT_TOP},
	    {"IsHidden=0 = 0", "12 '=' cannot stand here; " AT_TOP},
	    {"IsHidden=0 (IsHidden=1)", "12 '(' cannot stand here; " AT_TOP},
	    {"IsHidden=0(IsHidden=1)", "11 '(' cannot stand here; " AT_TOP},
	    {"(IsHidden=0)(IsHidden=1)", "13 '(' cannot stand here; " AT_TOP},
	    {"(IsHidden=0 xor IsHidden=1)",
		"13 'xor' cannot stand here; and, ')'"},
	    {"IsHidden=0)", "11 no parenthesis is open; " AT_TOP},
	    {"(IsHidden=0))", "13 no parenthesis is open; " AT_TOP},
	    {"(IsHidden=0", "12 the '(' in column 1 is never closed; and, ')'"},
	    {"(IsHidden=0 and (IsHidden=1)",
		"29 the '(' in column 1 is never closed; and, ')'"},
	    {" ( (IsHidden=0 ",
		"16 the '(' in column 4 is never closed; and, ')'"},
	    {"(IsHidden=0 and IsHidden=1 or IsPresent=1)",
		"28 'or' cannot stand in parentheses, only between groups; "
		"and, ')'"},
	    {"(IsPresent=1) and (IsHidden=0 OR IsHidden=1)",
		"31 'or' cannot stand in parentheses, only between groups; "
		"and, ')'"},
	    {"((IsHidden=0) or (IsHidden=1))",
		"15 'or' cannot stand in parentheses, only between groups; "
		"and, ')'"},
	    /* Columns count characters; line breaks are characters. */
	    {"\xc3\xa4=1", "1 '\xc3\xa4=1' cannot stand here; a criterion, "
			   "'('"},
	    {"IsHidden=0\r\nand x=0", "17 unknown criterion 'x'; " NAMES},
	    {"IsHidden=0 \xe2\x80\x98x\xe2\x80\x99 y",
		"12 '\xe2\x80\x98x\xe2\x80\x99' cannot stand here; " AT_TOP},
	    /* Foreign text is printable in messages, and not long. */
	    {"\x1b[2J\x01", "1 '\\x1b[2J\\x01' cannot stand here; a "
			    "criterion, '('"},
	    {"\xff", "1 '\\xff' cannot stand here; a criterion, '('"},
	    {"a123456789b123456789c123456789d123456789e=0",
		"1 unknown criterion 'a123456789b123456789c123456789"
		"d123456789...'; " NAMES},
	    {"Type='Driver'.123456789.123456789.123456789.12345678"
	     "\xc3\xa4\xc3\xa4",
		"14 '.123456789.123456789.123456789.12345678\xc3\xa4...' "
		"cannot stand here; " AT_TOP},
	    /* RevisionNumber. */
	    {"RevisionNumber=2", "1 RevisionNumber needs UpdateID= in its "
				 "group; UpdateID='...' and "
				 "RevisionNumber=..."},
	    {UI " or IsHidden=0 and RevisionNumber=2",
		"67 RevisionNumber needs UpdateID= in its group; "
		"UpdateID='...' and RevisionNumber=..."},
	    {"UpdateID!='" ID "' and RevisionNumber=2",
		"54 RevisionNumber cannot stand beside UpdateID!=; "
		"UpdateID='...' and RevisionNumber=..."},
	    {"RevisionNumber=2 and " UI " and UpdateID!='" ID "'",
		"1 RevisionNumber cannot stand beside UpdateID!=; "
		"UpdateID='...' and RevisionNumber=..."},
	};

	(void)state;
	check_cases(cases, N_ELEMENTS(cases));
}

static void
test_value_errors(void **state)
{
	static const struct query_case cases[] = {
	    {"IsHidden", "9 the operator of IsHidden is missing; ="},
	    {"IsHidden ", "10 the operator of IsHidden is missing; ="},
	    {"(IsHidden)", "10 IsHidden has no operator ')'; ="},
	    {"IsHidden is 0", "10 IsHidden has no operator 'is'; ="},
	    {"IsHidden<>0", "9 IsHidden has no operator '<>'; ="},
	    {"IsHidden ! = 0", "10 IsHidden has no operator '!'; ="},
	    {"CategoryIDs contains0",
		"13 CategoryIDs has no operator 'contains0'; contains"},
	    {"Type Contains 'Driver'",
		"6 Type has no operator 'contains'; =, !="},
	    {"IsHidden=", "10 the value of IsHidden is missing; 0, 1"},
	    {"(IsHidden=)", "11 the value of IsHidden is missing; 0, 1"},
	    {"Type= (", "7 the value of Type is missing; 'Software', "
			"'Driver'"},
	    {"IsHidden==0", "10 IsHidden has no value '=0'; 0, 1"},
	    {"IsHidden=True", "10 IsHidden has no value 'True'; 0, 1"},
	    {"IsHidden=$true", "10 IsHidden has no value '$true'; 0, 1"},
	    {"IsHidden=0and IsHidden=1",
		"10 IsHidden has no value '0and'; 0, 1"},
	    {"IsHidden=0x1", "10 IsHidden has no value '0x1'; 0, 1"},
	    {"IsHidden=1.0", "10 IsHidden has no value '1.0'; 0, 1"},
	    {"IsHidden=+1", "10 IsHidden has no value '+1'; 0, 1"},
	    {"IsHidden=-", "10 IsHidden has no value '-'; 0, 1"},
	    {"IsHidden=- 1", "10 IsHidden has no value '-'; 0, 1"},
	    {"IsHidden=99999999999999999999999",
		"10 IsHidden has no value '99999999999999999999999'; 0, 1"},
	    {UI " and RevisionNumber=2147483648",
		"68 RevisionNumber has no value '2147483648'; " NUMBER},
	    {UI " and RevisionNumber=-2147483649",
		"68 RevisionNumber has no value '-2147483649'; " NUMBER},
	    {UI " and RevisionNumber=*",
		"68 RevisionNumber has no value '*'; " NUMBER},
	    {"Type='", "6 this quote is never closed; 'text'"},
	    {"Type='Driver and IsHidden=0",
		"6 this quote is never closed; 'text'"},
	    {"Type='Driver[']", "6 this quote is never closed; 'text'"},
	    {"Type=''", "6 Type has no value ''; 'Software', 'Driver'"},
	    {"Type=' Driver'",
		"6 Type has no value ' Driver'; 'Software', 'Driver'"},
	    {"Type='Dri[']v[[]e[]]r'",
		"6 Type has no value 'Dri[']v[[]e[]]r'; 'Software', "
		"'Driver'"},
	    {"Type='a\nb'",
		"6 Type has no value 'a\\nb'; 'Software', 'Driver'"},
	    {"Type=Driver",
		"6 Type takes a string in single quotes, not 'Driver'; "
		"'Software', 'Driver'"},
	    {"Type=\"Driver\"",
		"6 Type takes a string in single quotes, not '\"Driver\"'; "
		"'Software', 'Driver'"},
	    {"Type=\xe2\x80\x98"
	     "Driver\xe2\x80\x99",
		"6 Type takes a string in single quotes, not "
		"'\xe2\x80\x98"
		"Driver\xe2\x80\x99'; 'Software', 'Driver'"},
	    {"DeploymentAction='*'",
		"18 DeploymentAction has no value '*'; " ACTIONS},
	    {"DeploymentAction='Detection'",
		"18 DeploymentAction has no value 'Detection'; " ACTIONS},
	    {"DeploymentAction='None'",
		"18 DeploymentAction has no value 'None'; " ACTIONS},
	    {"DeploymentAction=**",
		"18 DeploymentAction takes a string in single quotes, not "
		"'**'; " ACTIONS},
	    {"UpdateID='{" ID "}'",
		"10 UpdateID has no value '{" ID "}'; " ANID},
	    {"UpdateID='x'", "10 UpdateID has no value 'x'; " ANID},
	    {"UpdateID='f6ce46c1-971c-43f9-a2aa-783df125f00g'",
		"10 UpdateID has no value "
		"'f6ce46c1-971c-43f9-a2aa-783df125f00g'; " ANID},
	    {"UpdateID='f6ce46c1-971c-43f9-a2aa-783df125f0034'",
		"10 UpdateID has no value "
		"'f6ce46c1-971c-43f9-a2aa-783df125f0034'; " ANID},
	    {"UpdateID='f6ce46c1971c43f9a2aa783df125f003'",
		"10 UpdateID has no value "
		"'f6ce46c1971c43f9a2aa783df125f003'; " ANID},
	    /* Quotes and brackets inside of strings. */
	    {"Type='Soft''ware'",
		"11 a quote is not doubled here; inside of a string it is "
		"written [']; 'text'"},
	    {"UpdateID=''" ID "''",
		"10 a quote is not doubled here; inside of a string it is "
		"written [']; 'text'"},
	    {"Type='''Driver'",
		"6 a quote is not doubled here; inside of a string it is "
		"written [']; 'text'"},
	    {"Type='a[b]'", "8 brackets in a string are escapes; ['] for ', "
			    "[[] for [, []] for ]"},
	    {"Type='a['", "8 brackets in a string are escapes; ['] for ', "
			  "[[] for [, []] for ]"},
	    {"Type='a[", "8 brackets in a string are escapes; ['] for ', "
			 "[[] for [, []] for ]"},
	    {"Type='a]b'", "8 brackets in a string are escapes; ['] for ', "
			   "[[] for [, []] for ]"},
	    {"Type='[[]]'", "10 brackets in a string are escapes; ['] for ', "
			    "[[] for [, []] for ]"},
	    {"Type='\xc3\xa4'", "7 only ASCII characters can stand in a "
				"string; characters from 1 to 127"},
	};

	(void)state;
	check_cases(cases, N_ELEMENTS(cases));
}

/* Every criterion with every operator and every value, against a table that
 * knows nothing of the program's. */
static void
test_every_criterion(void **state)
{
	static const struct {
		const char *name, *ops, *values;
	} rows[] = {
	    {"Type", " = != ", " 'Software' 'Driver' "},
	    {"DeploymentAction", " = ",
		" 'Installation' 'Uninstallation' 'OptionalInstallation' * "},
	    {"IsAssigned", " = ", " 0 1 "},
	    {"BrowseOnly", " = ", " 0 1 "},
	    {"AutoSelectOnWebSites", " = ", " 0 1 "},
	    {"UpdateID", " = != ", " '" ID "' "},
	    {"RevisionNumber", " = ", " 0 1 2 -1 100 "},
	    {"CategoryIDs", " contains ", " '" ID "' "},
	    {"IsInstalled", " = ", " 0 1 "},
	    {"IsHidden", " = ", " 0 1 "},
	    {"IsPresent", " = ", " 0 1 "},
	    {"RebootRequired", " = ", " 0 1 "},
	};
	static const char *const ops[] = {"=", "!=", "contains", "<", ">", "<>",
	    "==", "like", "is", "in", "", "not contains"};
	static const char quoted_id[] = "'" ID "'";
	static const char *const values[] = {"0", "1", "2", "-1", "100", "''",
	    "'0'", "'1'", "'Software'", "'Driver'", "'Installation'",
	    "'Uninstallation'", "'OptionalInstallation'", quoted_id, "*", "'*'",
	    "'x'", "x", "True", "null", ""};
	struct buf text = BUF_INIT, word = BUF_INIT;
	size_t valid = 0;

	(void)state;
	for (size_t r = 0; r < N_ELEMENTS(rows); r++)
		for (size_t o = 0; o < N_ELEMENTS(ops); o++)
			for (size_t v = 0; v < N_ELEMENTS(values); v++) {
				bool good =
				    *ops[o] != '\0' && *values[v] != '\0';
				char *got;

				buf_reset(&word);
				buf_addf(&word, " %s ", ops[o]);
				good = good &&
				       strstr(rows[r].ops, word.data) != NULL;
				buf_reset(&word);
				buf_addf(&word, " %s ", values[v]);
				good = good && strstr(rows[r].values,
						   word.data) != NULL;
				buf_reset(&text);
				buf_addf(&text, "%s and %s %s %s", UI,
				    rows[r].name, ops[o], values[v]);
				got = parsed(text.data);
				if ((strstr(got, ";") == NULL) != good)
					print_error("%s: %s\n", text.data, got);
				assert_int_equal(
				    strstr(got, ";") == NULL, good);
				valid += good ? 1 : 0;
				free(got);
			}
	/* 7 flags, Type, DeploymentAction, UpdateID, RevisionNumber,
	 * CategoryIDs. */
	assert_int_equal(valid, 14 + 4 + 4 + 2 + 5 + 1);
	buf_release(&text);
	buf_release(&word);
}

static void
test_limits(void **state)
{
	struct buf b = BUF_INIT;
	char *got;
	size_t n;

	(void)state;
	for (n = 0; b.len < WUA_MAX_BYTES; n++)
		buf_addc(&b, '(');
	got = parsed(b.data);
	assert_string_equal(
	    got, "65537 the query ends too early; a criterion, '('");
	free(got);
	buf_addc(&b, '(');
	got = parsed(b.data);
	assert_string_equal(got, "65537 the query is too long; 65536 bytes");
	free(got);

	/* As many criteria as fit, all but the first with an implied one. */
	buf_reset(&b);
	buf_addstr(&b, "IsHidden=0");
	for (n = 1; b.len + 14 <= WUA_MAX_BYTES; n++)
		buf_addstr(&b, " or IsHidden=1");
	got = parsed(b.data);
	for (const char *p = got; (p = strstr(p, "IsHidden=")) != NULL; p++)
		n--;
	assert_int_equal(n, 0);
	free(got);

	buf_reset(&b);
	for (n = 0; n < 30000; n++)
		buf_addc(&b, '(');
	buf_addstr(&b, "IsHidden=0");
	for (n = 0; n < 30000; n++)
		buf_addc(&b, ')');
	got = parsed(b.data);
	assert_string_equal(got, "IsHidden=0" IA);
	free(got);
	buf_release(&b);
}

static void
test_never(void **state)
{
	static const struct query_case cases[] = {
	    {WUA_DEFAULT_QUERY, ""},
	    {"IsHidden=0 and IsHidden=0", ""},
	    {"IsHidden=0 and IsPresent=1 and IsHidden=1",
		"IsHidden=0 and IsHidden=1"},
	    {"Type='Driver' and Type='Software'",
		"Type='Driver' and Type='Software'"},
	    {"Type!='Driver' and Type='Software'", ""},
	    {"Type!='Driver' and Type!='Driver'", ""},
	    {"Type!='Driver' and Type!='Software'",
		"Type!='Driver' and Type!='Software'"},
	    {"Type!='Driver' and Type='Driver'",
		"Type!='Driver' and Type='Driver'"},
	    {UI " and UpdateID!='" ID "'", UI " and UpdateID!='" ID "'"},
	    {"UpdateID!='e0789628-ce08-4437-be74-2495b842f43b' and "
	     "UpdateID!='" BG "' and " UI,
		"UpdateID!='" ID "' and " UI},
	    {UI " and UpdateID='e0789628-ce08-4437-be74-2495b842f43b'",
		UI " and UpdateID='e0789628-ce08-4437-be74-2495b842f43b'"},
	    {UI " and RevisionNumber=1 and RevisionNumber=2",
		"RevisionNumber=1 and RevisionNumber=2"},
	    {"CategoryIDs contains '" ID "' and CategoryIDs contains "
	     "'e0789628-ce08-4437-be74-2495b842f43b'",
		""},
	    {"DeploymentAction=* and DeploymentAction='Uninstallation'", ""},
	    {"DeploymentAction='Installation' and DeploymentAction=*", ""},
	    {"DeploymentAction=* and DeploymentAction='Uninstallation' and "
	     "DeploymentAction='Installation'",
		"DeploymentAction='Uninstallation' and "
		"DeploymentAction='Installation'"},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena a = ARENA_INIT;
		struct wua_error error;
		struct wua_query q;
		const char *never;

		assert_int_equal(wua_parse(&q, &error, cases[i].in, &a), 0);
		assert_int_equal(q.n, 1);
		never = wua_never(&q.groups[0], &a);
		assert_string_equal(never == NULL ? "" : never, cases[i].out);
		arena_release(&a);
	}
}

/* Every criterion has words of its own for each of its values. */
static void
test_words(void **state)
{
	static const struct query_case cases[] = {
	    {"Type='Software'", "it is software"},
	    {"Type!='Software'", "it is not software"},
	    {"Type='Driver'", "it is a driver"},
	    {"Type!='Driver'", "it is not a driver"},
	    {"DeploymentAction='Installation'", "it is to be installed"},
	    {"DeploymentAction='Uninstallation'", "it is to be uninstalled"},
	    {"DeploymentAction='OptionalInstallation'", "it may be installed"},
	    {"DeploymentAction=*", "it is there for any action"},
	    {"IsAssigned=0", "it is not meant for automatic updating"},
	    {"IsAssigned=1", "it is meant for automatic updating"},
	    {"AutoSelectOnWebSites=0", "it is not selected automatically"},
	    {"AutoSelectOnWebSites=1", "it is selected automatically"},
	    {"BrowseOnly=0", "it is not optional"},
	    {"BrowseOnly=1", "it is optional"},
	    {"UpdateID='" ID "'", "it is the update " ID},
	    {"UpdateID!='" ID "'", "it is not the update " ID},
	    {"CategoryIDs contains '" ID "'", "it is in the category " ID},
	    {"CategoryIDs contains '0fa1201d-4330-4fa8-8ae9-b877473b6441'",
		"it is in the category Security Updates"},
	    {"CategoryIDs contains '3689bdc8-b205-4af4-8d4a-a63924c5e9d5'",
		"it is in the category Upgrades"},
	    {"IsInstalled=0", "it is not installed"},
	    {"IsInstalled=1", "it is installed"},
	    {"IsHidden=0", "it is not hidden"},
	    {"IsHidden=1", "it is hidden"},
	    {"IsPresent=0", "it is installed for none of its products"},
	    {"IsPresent=1", "it is installed for at least one of its "
			    "products"},
	    {"RebootRequired=0", "it does not wait for a restart"},
	    {"RebootRequired=1", "it waits for a restart"},
	};
	struct buf got = BUF_INIT, want = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena a = ARENA_INIT;
		struct wua_error error;
		struct wua_query q;

		assert_int_equal(wua_parse(&q, &error, cases[i].in, &a), 0);
		buf_reset(&got);
		wua_explain(&got, &q, &a);
		buf_reset(&want);
		buf_addf(&want, "An update matches when\n  %s (%s)\n",
		    cases[i].out, cases[i].in);
		assert_memory_equal(got.data, want.data, want.len);
		arena_release(&a);
	}
	buf_release(&got);
	buf_release(&want);
}

static void
test_args(void **state)
{
	static const struct query_case cases[] = {
	    {"", WUA_DEFAULT_QUERY " no"},
	    {"querystring=\"IsInstalled=0 and Type='Driver'\"",
		"IsInstalled=0 and Type='Driver' no"},
	    {"QueryString=IsInstalled=0 and Type='Driver' ; "
	     "includerecommendedupdates='True'",
		"IsInstalled=0 and Type='Driver' yes"},
	    {"IncludeRecommendedUpdates='True",
		"IncludeRecommendedUpdates: ''True' is neither True nor "
		"False"},
	    {"QueryString=IsHidden=0;IncludeRecommendedUpdates=true",
		"IsHidden=0 yes"},
	    {"IncludeRecommendedUpdates=\"True\"", WUA_DEFAULT_QUERY " yes"},
	    {"IncludeRecommendedUpdates=False", WUA_DEFAULT_QUERY " no"},
	    {"IncludeRecommendedUpdates=1",
		"IncludeRecommendedUpdates: '1' is neither True nor False"},
	    {"QueryString=",
		"QueryString: column 1: the query is empty; allowed: a "
		"criterion, '(' (WU_E_INVALID_CRITERIA, 0x80240032)"},
	    {"QueryString=\"IsInstalled=2\"",
		"QueryString: column 13: IsInstalled has no value '2'; "
		"allowed: 0, 1 (WU_E_INVALID_CRITERIA, 0x80240032)"},
	    {"QueryStrin=\"IsInstalled=2\"",
		"unknown argument 'QueryStrin' (did you mean QueryString?)"},
	    {"HotfixRootFolderPath=/srv",
		"unknown argument 'HotfixRootFolderPath'; known are "
		"QueryString, IncludeRecommendedUpdates"},
	    {"QueryString=\"x",
		"plug-in arguments, column 13: this quote is never closed"},
	};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena a = ARENA_INIT;
		struct wua_query q = {NULL, 0, false};
		struct err e = {CAU_OK, ""};

		buf_reset(&b);
		if (wua_args_parse(&q, cases[i].in, &a, &e) == -1) {
			assert_int_equal(e.code, CAU_USAGE);
			buf_addstr(&b, e.text);
		} else {
			for (size_t k = 0; k < q.groups[0].n - 1; k++) {
				buf_addstr(&b, k == 0 ? "" : " and ");
				wua_add_criterion(&b, &q.groups[0].criteria[k]);
			}
			buf_addstr(&b, q.recommended ? " yes" : " no");
		}
		assert_string_equal(b.data, cases[i].out);
		arena_release(&a);
	}
	buf_release(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_examples),
	    cmocka_unit_test(test_structure),
	    cmocka_unit_test(test_structure_errors),
	    cmocka_unit_test(test_value_errors),
	    cmocka_unit_test(test_every_criterion),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_never),
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_args),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
