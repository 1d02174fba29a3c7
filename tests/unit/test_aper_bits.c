/* Bits, numbers and lengths (X.691 clause 11), what is written against what is read. */
#include "BitsFree.h"
#include "List.h"
#include "OctFree.h"
#include "aper_kit.h"
#include "aper_number.h"
#include "aper_reader.h"
#include "aper_writer.h"

static uint8_t buffer[80000];

static struct aper_writer writer(void)
{
	memset(buffer, 0xff, sizeof(buffer));
	return (struct aper_writer){ .p = buffer, .end = sizeof(buffer) * 8 };
}

static struct aper_reader reader(const struct aper_writer *w)
{
	return (struct aper_reader){ .p = buffer, .end = w->at };
}

Test(aper_bits, of_any_width_anywhere)
{
	for (unsigned before = 0; before < 9; before++)
		for (unsigned bits = 0; bits <= 64; bits++) {
			uint64_t want = bits ? 0x9e3779b97f4a7c15u >> (64 - bits) : 0, got = 7;
			struct aper_writer w = writer();
			struct aper_reader r;

			cr_assert(zero(int, aper_put(&w, before, 0)));
			cr_assert(zero(int, aper_put(&w, bits, want)));
			cr_assert(zero(int, aper_put(&w, 1, 1)));
			r = reader(&w);
			r.at = before;
			cr_assert(zero(int, aper_take(&r, bits, &got)));
			cr_expect(eq(u64, got, want), "%u bits behind %u", bits, before);
			cr_expect(zero(int, aper_take(&r, 1, &got)));
			cr_expect(eq(u64, got, 1), "%u bits behind %u", bits, before);
			cr_expect(eq(int, aper_take(&r, 1, &got), -EBADMSG));
		}
}

Test(aper_bits, whole_numbers)
{
	static const struct {
		uint64_t span, value;
		size_t octets; /* at least */
		const char *hex;
	} row[] = {
		{ 0, 0, 0, "80" },
		{ 1, 1, 0, "c0" },
		{ 254, 253, 0, "fe80" },
		{ 255, 253, 0, "80fd" },
		{ 256, 256, 0, "800100" },
		{ 65535, 258, 0, "800102" },
		{ 65536, 0, 0, "8000" },
		{ 65536, 0, 3, "c0000000" },
		{ 65536, 256, 1, "a00100" },
		{ 0xffffffff, 0x01020304, 0, "e001020304" },
		{ UINT64_MAX, UINT64_MAX, 0, "f0ffffffffffffffff" },
		{ UINT64_MAX, 1, 0, "8001" },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct aper_writer w = writer();
		struct aper_reader r;
		size_t octets;
		uint64_t got;

		aper_put(&w, 1, 1);
		cr_assert(zero(int, aper_put_whole(&w, row[i].span, row[i].value, row[i].octets)));
		expect_octets(buffer, (long)((w.at + 7) / 8), row[i].hex, "whole number");
		r = reader(&w);
		r.at = 1;
		cr_assert(zero(int, aper_take_whole(&r, row[i].span, &got, &octets)), "row %zu", i);
		cr_expect(eq(u64, got, row[i].value), "row %zu", i);
		cr_expect(eq(sz, r.at, r.end), "row %zu", i);
		cr_expect(eq(sz, octets, row[i].span < APER_64K ? 0 : strlen(row[i].hex) / 2 - 1), "row %zu", i);
	}
}

Test(aper_bits, small_numbers_and_counts)
{
	static const struct {
		uint64_t value;
		const char *number, *count; /* of value + 1 */
	} row[] = {
		{ 0, "00", "00" },
		{ 5, "0a", "0a" },
		{ 63, "7e", "7e" },
		{ 64, "800140", "8041" },
		{ 126, "80017e", "807f" },
		{ 127, "80017f", "808080" },
		{ 255, "8001ff", "808100" },
		{ 256, "80020100", "808101" },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct aper_writer w = writer();
		struct aper_reader r;
		uint64_t got;
		size_t count;

		cr_assert(zero(int, aper_put_small(&w, row[i].value)));
		expect_octets(buffer, (long)((w.at + 7) / 8), row[i].number, "small number");
		r = reader(&w);
		cr_assert(zero(int, aper_take_small(&r, &got)));
		cr_expect(eq(u64, got, row[i].value));
		w = writer();
		cr_assert(zero(int, aper_put_small_count(&w, row[i].value + 1)));
		expect_octets(buffer, (long)((w.at + 7) / 8), row[i].count, "small count");
		r = reader(&w);
		cr_assert(zero(int, aper_take_small_count(&r, &count)));
		cr_expect(eq(sz, count, row[i].value + 1));
	}
}

/* Where the pieces of so many items begin, and how long they are. */
struct pieces {
	size_t items;
	const char *first, *last; /* their lengths; "" where there is none */
};

static const struct pieces pieces[] = {
	{ 0, "", "00" },
	{ 1, "", "01" },
	{ 127, "", "7f" },
	{ 128, "", "8080" },
	{ 16383, "", "bfff" },
	{ 16384, "c1", "00" },
	{ 20000, "c1", "8e20" },
	{ 32767, "c1", "bfff" },
	{ 49152, "c3", "00" },
	{ 65535, "c3", "bfff" },
	{ 65536, "c4", "00" },
	{ 65700, "c4", "80a4" },
	{ 78000, "c4", "b0b0" },
};

/* `each` items make an octet. */
static void expect_pieces(const struct pieces *want, size_t each, long written)
{
	static const uint8_t unit = 0xa5;
	size_t at = 0, done = 0, octets;
	const char *const lengths[] = { want->first, want->last };

	for (size_t i = 0; i < ROWS(lengths); i++) {
		struct octets length = octets_of(lengths[i]);
		size_t n = length.n == 1 && length.p[0] > 0xc0 ? (length.p[0] & 0x3fu) * 16384 : want->items - done;

		cr_expect(zero(int, memcmp(buffer + at, length.p, length.n)), "%zu items", want->items);
		at += length.n;
		octets = length.n ? (n + each - 1) / each : 0;
		for (size_t k = 0; k + 1 < octets; k++)
			cr_assert(eq(u8, buffer[at + k], unit), "%zu items, octet %zu", want->items, at + k);
		at += octets;
		done += length.n ? n : 0;
		free(length.p);
	}
	cr_expect(eq(long, written, (long)at), "%zu items", want->items);
}

static void expect_read(const char *type, long n)
{
	struct aper_message *m = NULL;
	uint8_t *again = malloc((size_t)n);
	int err = aper_read(type_of(type), buffer, (size_t)n, &m);

	cr_assert(eq(int, err, n > (long)APER_INPUT_MAX ? -E2BIG : 0), "%s, %ld octets", type, n);
	if (!err) {
		cr_expect(eq(long, aper_write(m, again, (size_t)n), n), "%s", type);
		cr_expect(zero(int, memcmp(again, buffer, (size_t)n)), "%s, %ld octets", type, n);
		aper_free(m);
	}
	free(again);
}

Test(aper_bits, octets_in_pieces)
{
	for (size_t i = 0; i < ROWS(pieces); i++) {
		OctFree_t s = { malloc(pieces[i].items + 1), (int)pieces[i].items, { 0 } };
		long n;

		memset(s.buf, 0xa5, pieces[i].items);
		n = aper_write_value(type_of("OctFree"), &s, buffer, sizeof(buffer));
		expect_pieces(&pieces[i], 1, n);
		expect_read("OctFree", n);
		free(s.buf);
	}
}

Test(aper_bits, bits_in_pieces)
{
	for (size_t i = 0; i < ROWS(pieces); i++) {
		size_t octets = (pieces[i].items + 7) / 8;
		BitsFree_t s = { malloc(octets + 1), (int)octets, (int)(octets * 8 - pieces[i].items), { 0 } };
		long n;

		memset(s.buf, 0xa5, octets);
		n = aper_write_value(type_of("BitsFree"), &s, buffer, sizeof(buffer));
		expect_pieces(&pieces[i], 8, n);
		expect_read("BitsFree", n);
		free(s.buf);
	}
}

/* 10100101 again and again. */
Test(aper_bits, elements_in_pieces)
{
	static BOOLEAN_t yes = 1, no, *element[78000];

	for (size_t k = 0; k < ROWS(element); k++)
		element[k] = 0xa5 >> (7 - k % 8) & 1 ? &yes : &no;
	for (size_t i = 0; i < ROWS(pieces); i++) {
		List_t list = { .list = { element, (int)pieces[i].items, 0, NULL } };
		long n = aper_write_value(type_of("List"), &list, buffer, sizeof(buffer));

		expect_pieces(&pieces[i], 8, n);
		expect_read("List", n);
	}
}

/* What aper_close() makes of contents must be what a string of the same octets is. */
Test(aper_bits, open_types_in_pieces)
{
	static uint8_t want[80000];

	for (size_t i = 1; i < ROWS(pieces); i++) {
		OctFree_t s = { malloc(pieces[i].items), (int)pieces[i].items, { 0 } };
		long n;
		size_t from;
		struct aper_writer w = writer();

		for (size_t k = 0; k < pieces[i].items; k++)
			s.buf[k] = (uint8_t)(k * 31 >> 3);
		n = aper_write_value(type_of("OctFree"), &s, want, sizeof(want));
		cr_assert(zero(int, aper_open(&w, &from)));
		cr_assert(zero(int, aper_put_octets(&w, s.buf, pieces[i].items)));
		cr_assert(zero(int, aper_close(&w, from)));
		cr_expect(eq(long, (long)w.at / 8, n), "%zu octets", pieces[i].items);
		cr_expect(zero(int, memcmp(buffer, want, (size_t)n)), "%zu octets", pieces[i].items);
		w = writer();
		w.end = (size_t)(n - 1) * 8;
		cr_expect(zero(int, aper_open(&w, &from)));
		cr_expect(aper_put_octets(&w, s.buf, pieces[i].items) || aper_close(&w, from) == -ENOBUFS);
		free(s.buf);
	}
}
