#include "conf_text.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

Test(conf_text, reads_durations)
{
	static const struct {
		const char *text;
		int64_t want;
	} row[] = {
		{ "0", 0 },       { "0s", 0 },       { "500ms", 500 },   { "20s", 20000 },
		{ "2m", 120000 }, { "1h", 3600000 }, { "720h", 2592000000 }, { "999999999h", 3599999996400000 },
		{ "", -EINVAL },  { "5", -EINVAL },  { "s", -EINVAL },   { "-1s", -EINVAL },
		{ "1 s", -EINVAL }, { " 1s", -EINVAL }, { "1s ", -EINVAL }, { "1d", -EINVAL },
		{ "1.5s", -EINVAL }, { "1sec", -EINVAL }, { "1000000000s", -EINVAL }, { "00", -EINVAL },
	};

	for (size_t i = 0; i < ROWS(row); i++)
		cr_expect(eq(i64, conf_duration(row[i].text), row[i].want), "row %zu", i);
}

Test(conf_text, reads_numbers)
{
	static const struct {
		const char *text;
		uint64_t max;
		int err;
		uint64_t want;
	} row[] = {
		{ "0", 10, 0, 0 },          { "10", 10, 0, 10 },       { "11", 10, -ERANGE, 0 },
		{ " 7 ", 10, 0, 7 },        { "+7", 10, 0, 7 },        { "007", 10, 0, 7 },
		{ "4294967295", UINT32_MAX, 0, UINT32_MAX },            { "4294967296", UINT32_MAX, -ERANGE, 0 },
		{ "18446744073709551615", UINT64_MAX, 0, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, -ERANGE, 0 },
		{ "", 10, -EINVAL, 0 },     { "x", 10, -EINVAL, 0 },   { "1x", 10, -EINVAL, 0 },
		{ "-1", 10, -EINVAL, 0 },   { "1 2", 10, -EINVAL, 0 }, { "9", 3, -ERANGE, 0 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		uint64_t n = 99;

		cr_expect(eq(int, conf_number(row[i].text, row[i].max, &n), row[i].err), "row %zu", i);
		cr_expect(eq(u64, n, row[i].err ? 99 : row[i].want), "row %zu", i);
	}
}

Test(conf_text, reads_ranges_of_ports)
{
	static const struct {
		const char *text;
		int err;
		uint16_t first, last;
	} row[] = {
		{ "20000-29999", 0, 20000, 29999 }, { "1-1", 0, 1, 1 },      { "1-65535", 0, 1, 65535 },
		{ "0-1", -EINVAL, 0, 0 },           { "2-1", -EINVAL, 0, 0 }, { "1-65536", -EINVAL, 0, 0 },
		{ "1", -EINVAL, 0, 0 },             { "1-", -EINVAL, 0, 0 },  { "-1", -EINVAL, 0, 0 },
		{ "1-2 ", -EINVAL, 0, 0 },          { "1 - 2", -EINVAL, 0, 0 }, { "", -EINVAL, 0, 0 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		uint16_t first = 0, last = 0;

		cr_expect(eq(int, conf_ports(row[i].text, &first, &last), row[i].err), "row %zu", i);
		cr_expect(eq(u16, first, row[i].first), "row %zu", i);
		cr_expect(eq(u16, last, row[i].last), "row %zu", i);
	}
}

Test(conf_text, reads_code_points)
{
	static const struct {
		const char *text;
		int want;
	} row[] = {
		{ "ef", 46 },   { "va", 44 },   { "le", 1 },    { "cs0", 0 },  { "cs3", 24 }, { "cs7", 56 },
		{ "af11", 10 }, { "af23", 22 }, { "af41", 34 }, { "af43", 38 }, { "0", 0 },   { "63", 63 },
		{ "64", -EINVAL }, { "cs8", -EINVAL }, { "af10", -EINVAL }, { "af14", -EINVAL },
		{ "af51", -EINVAL }, { "af411", -EINVAL }, { "cs33", -EINVAL }, { "EF", -EINVAL }, { "", -EINVAL },
	};

	for (size_t i = 0; i < ROWS(row); i++)
		cr_expect(eq(int, conf_dscp(row[i].text), row[i].want), "row %zu", i);
}
