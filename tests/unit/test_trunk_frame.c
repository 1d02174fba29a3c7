#include "trunk_frame.h"
#include "addr.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

static const struct pn_addr v4 = { .family = 4, .port = 1720, .ip = { 198, 51, 100, 5 } };
static const struct pn_addr v6 = { .family = 6, .port = 65535, .ip = { 0x20, 1, 0xd, 0xb8, [15] = 5 } };

Test(trunk_frame, what_is_written_is_read)
{
	const struct trunk_frame row[] = {
		{ .type = TRUNK_OPEN, .channel = 1, .target = v4, .source = v6, .octets = 65536 },
		{ .type = TRUNK_OPENED, .channel = 0xffffffff, .octets = 0xffffffff },
		{ .type = TRUNK_REFUSED, .channel = 2, .reason = TRUNK_LIMIT },
		{ .type = TRUNK_DATA, .channel = 3, .data = (const uint8_t *)"x", .len = 1 },
		{ .type = TRUNK_CREDIT, .channel = 3, .octets = 1 },
		{ .type = TRUNK_EOF, .channel = 3 },
		{ .type = TRUNK_CLOSE, .channel = 3, .reason = TRUNK_NORMAL },
		{ .type = TRUNK_PING, .data = (const uint8_t *)"echo", .len = 4 },
		{ .type = TRUNK_PONG },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		uint8_t octets[TRUNK_FRAME];
		size_t len = trunk_frame_write(&row[i], octets);
		struct trunk_frame f;

		for (size_t n = 0; n < len; n++) {
			long says = trunk_frame_length(octets, n);

			cr_expect(says == 0 || says == (long)len, "row %zu: %zu octets", i, n);
			cr_expect(eq(int, trunk_frame_read(octets, n, &f), -EBADMSG), "row %zu: %zu octets", i, n);
		}
		cr_expect(eq(long, trunk_frame_length(octets, len), (long)len), "row %zu", i);
		cr_assert(zero(int, trunk_frame_read(octets, len, &f)), "row %zu", i);
		cr_expect(f.type == row[i].type && f.channel == row[i].channel && f.octets == row[i].octets &&
			  f.reason == row[i].reason && addr_eq(&f.target, &row[i].target) &&
			  addr_eq(&f.source, &row[i].source), "row %zu", i);
		cr_expect(f.len == row[i].len && (!f.len || !memcmp(f.data, row[i].data, f.len)), "row %zu", i);
	}
}

/* The worked example of docs/trunk-protocol.md. */
Test(trunk_frame, the_documented_example)
{
	static const uint8_t open[] = {
		0x81, 0x00, 0x00, 0x2c, 0x00, 0x00, 0x00, 0x01, 0x04, 0x00, 0x06, 0xb8, 0xc6, 0x33, 0x64, 0x05,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00, 0xc0, 0x00,
		0x0a, 0x01, 0x00, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x01, 0x00, 0x00,
	};
	static const uint8_t rest[] = {
		0x82, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00,
		0x84, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x01, 0x03, 0x00, 0x00, 0x04,
		0x85, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x80, 0x00,
		0x87, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00,
	};
	const struct pn_addr inside = { .family = 4, .port = 49152, .ip = { 10, 1, 0, 3 } };
	const struct trunk_frame first = { .type = TRUNK_OPEN, .channel = 1, .target = v4, .source = inside,
					   .octets = 65536 };
	const struct trunk_frame others[] = {
		{ .type = TRUNK_OPENED, .channel = 1, .octets = 65536 },
		{ .type = TRUNK_DATA, .channel = 1, .data = (const uint8_t *)"\3\0\0\4", .len = 4 },
		{ .type = TRUNK_CREDIT, .channel = 1, .octets = 32768 },
		{ .type = TRUNK_CLOSE, .channel = 1 },
	};
	uint8_t octets[2 * TRUNK_FRAME];
	size_t len = 0;

	cr_assert(eq(sz, trunk_frame_write(&first, octets), sizeof(open)));
	cr_expect(zero(int, memcmp(octets, open, sizeof(open))));
	for (size_t i = 0; i < ROWS(others); i++)
		len += trunk_frame_write(&others[i], octets + len);
	cr_assert(eq(sz, len, sizeof(rest)));
	cr_expect(zero(int, memcmp(octets, rest, sizeof(rest))));
}

Test(trunk_frame, what_is_none)
{
	static const struct {
		const char *octets;
		size_t len;
		long want;
	} row[] = {
		{ "", 0, 0 },
		{ "\x80", 1, -EBADMSG },
		{ "\x8a", 1, -EBADMSG },
		{ "\xff", 1, -EBADMSG },
		{ "\x84\0\0\0", 4, -EBADMSG },
		{ "\x84\0\x40\1", 4, -EBADMSG },
		{ "\x88\0\0\x41", 4, -EBADMSG },
		{ "\x84\0\x40\0", 4, TRUNK_FRAME },
		{ "\x40", 1, -EBADMSG }, /* neither a frame nor STUN */
		{ "INVITE sip:", 11, -EBADMSG },
	};

	for (size_t i = 0; i < ROWS(row); i++)
		cr_expect(eq(long, trunk_frame_length((const uint8_t *)row[i].octets, row[i].len), row[i].want),
			  "row %zu", i);
}

Test(trunk_frame, stun_passes_too)
{
	static const uint8_t stun[20] = { 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42 };

	cr_expect(eq(long, trunk_frame_length(stun, sizeof(stun)), 20));
	cr_expect(not(trunk_frame_is(stun, sizeof(stun))));
	cr_expect(trunk_frame_is((const uint8_t *)"\x81", 1));
}

Test(trunk_frame, addresses_have_one_form)
{
	struct trunk_frame f = { .type = TRUNK_OPEN, .channel = 1, .target = v4, .source = v4 }, out;
	static const struct { size_t at; uint8_t value; } row[] = {
		{ 8, 5 }, { 8, 0 }, { 9, 1 }, { 16, 1 }, { 27, 1 }, { 28, 7 }, { 47, 1 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		uint8_t octets[TRUNK_FRAME];
		size_t len = trunk_frame_write(&f, octets);

		cr_assert(zero(int, trunk_frame_read(octets, len, &out)));
		octets[row[i].at] = row[i].value;
		cr_expect(eq(int, trunk_frame_read(octets, len, &out), -EBADMSG), "row %zu", i);
	}
}
