/* The reader of posternctl: what is JSON, what is not, and finding in it. */
#include "json.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

Test(json, reads_strings)
{
	static const struct {
		const char *text, *want; /* NULL: not JSON */
	} row[] = {
		{ "\"\"", "" },
		{ " \"a b\" ", "a b" },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
		{ "\"\\u0041\\u00e4\\u20AC\"", "A\xc3\xa4\xe2\x82\xac" },
		{ "\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80" },
		{ "\"\\ud83d\"", "\xef\xbf\xbd" },
		{ "\"\\ude00\"", "\xef\xbf\xbd" },
		{ "\"a\\u0000b\"", "a\xef\xbf\xbd" "b" },
		{ "\"\\ud83d\\u0041\"", NULL },
		{ "\"", NULL },
		{ "\"\\", NULL },
		{ "\"\\\"", NULL },
		{ "\"\\x\"", NULL },
		{ "\"\\u12\"", NULL },
		{ "\"\\u12g4\"", NULL },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct json *j = json_parse(row[i].text, strlen(row[i].text));

		cr_expect(eq(int, j != NULL, row[i].want != NULL), "row %zu", i);
		if (j && row[i].want)
			cr_expect(eq(str, j->text, (char *)row[i].want), "row %zu", i);
		json_free(j);
	}
}

Test(json, knows_what_is_json)
{
	static const struct {
		const char *text;
		int good;
	} row[] = {
		{ "null", 1 },  { "true", 1 },   { "false", 1 },  { "-1.5e+3", 1 }, { "[]", 1 },
		{ "{}", 1 },    { "[1,2]", 1 },  { "[[],{}]", 1 }, { "{\"a\":1,\"b\":[{\"c\":null}]}", 1 },
		{ " { \"a\" : 1 } \n", 1 },
		{ "[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]", 1 },
		{ "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]", 0 },
		{ "", 0 },      { " ", 0 },      { "nul", 0 },    { "truth", 0 },   { "[", 0 },
		{ "[1", 0 },    { "[1,", 0 },    { "[1,]", 0 },   { "[1 2]", 0 },   { "{", 0 },
		{ "{\"a\"", 0 }, { "{\"a\":", 0 }, { "{\"a\":1", 0 }, { "{\"a\":1,}", 0 }, { "{a:1}", 0 },
		{ "{\"a\" 1}", 0 }, { "1 2", 0 }, { "[]]", 0 },   { "x", 0 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct json *j = json_parse(row[i].text, strlen(row[i].text));

		cr_expect(eq(int, j != NULL, row[i].good), "row %zu: %s", i, row[i].text);
		json_free(j);
	}
}

Test(json, finds_members)
{
	static const char text[] = "{\"a\":{\"b\":{\"c\":\"deep\"}},\"ab\":7,\"l\":[1],\"t\":true,\"a.b\":2}";
	struct json *j = json_parse(text, strlen(text));

	cr_assert(ne(ptr, j, NULL));
	cr_expect(eq(str, (char *)json_string(j, "a.b.c"), "deep"));
	cr_expect(eq(str, (char *)json_string(j, "ab"), "7"));
	cr_expect(eq(ptr, (void *)json_string(j, "t"), NULL));
	cr_expect(eq(int, json_get(j, "t")->type, JSON_TRUE));
	cr_expect(eq(int, json_get(j, "l")->child->type, JSON_NUMBER));
	cr_expect(eq(ptr, (void *)json_get(j, "a.x"), NULL));
	cr_expect(eq(ptr, (void *)json_get(j, "l.a"), NULL));
	cr_expect(eq(ptr, (void *)json_get(j, "b"), NULL));
	json_free(j);
}
