#include "rtp.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

static size_t unhex(const char *hex, uint8_t *out)
{
	size_t n = 0;
	unsigned octet;

	for (; sscanf(hex, " %2x", &octet) == 1; n++) {
		out[n] = (uint8_t)octet;
		hex += strspn(hex, " ") + 2;
	}
	return n;
}

Test(rtp, classifies)
{
	static const struct {
		const char *what, *hex;
		enum packet_class class;
		uint8_t pt;
		uint16_t seq;
		uint32_t ssrc;
	} row[] = {
		{ "empty (RFC 6263 s.4.1)", "", PACKET_EMPTY, 0, 0, 0 },
		{ "RTP", "8008 1234 00000001 01020304 d5", PACKET_RTP, 8, 0x1234, 0x01020304 },
		{ "RTP with marker", "8088 1234 00000001 01020304", PACKET_RTP, 8, 0x1234, 0x01020304 },
		{ "RTP too short", "8008 1234 00000001 010203", PACKET_OTHER, 0, 0, 0 },
		{ "one octet", "23", PACKET_EMPTY, 0, 0, 0 },
		{ "three octets", "80c900", PACKET_EMPTY, 0, 0, 0 },
		{ "four octets", "80c90000", PACKET_OTHER, 0, 0, 0 },
		{ "RTP with CSRC", "8108 0001 00000001 01020304 05060708", PACKET_RTP, 8, 1, 0x01020304 },
		{ "RTP without its CSRC", "8108 0001 00000001 01020304 050607", PACKET_OTHER, 0, 0, 0 },
		{ "RTP with extension", "9008 0001 00000001 01020304 bede0001 00000000", PACKET_RTP, 8, 1, 0x01020304 },
		{ "RTP with half an extension", "9008 0001 00000001 01020304 bede0002 00000000", PACKET_OTHER, 0, 0, 0 },
		{ "RTP with no extension header", "9008 0001 00000001 01020304 be", PACKET_OTHER, 0, 0, 0 },
		{ "RTP with padding", "a008 0001 00000001 01020304 d5d50002", PACKET_RTP, 8, 1, 0x01020304 },
		{ "RTP with encrypted padding", "a008 0001 00000001 01020304 d5ff", PACKET_RTP, 8, 1, 0x01020304 },
		{ "RTP without its padding", "a008 0001 00000001 01020304", PACKET_OTHER, 0, 0, 0 },
		{ "RTP version 1", "4008 0001 00000001 01020304", PACKET_OTHER, 0, 0, 0 },
		{ "RTCP receiver report", "80c9 0001 01020304", PACKET_RTCP, 201, 0, 0x01020304 },
		{ "RTCP lowest type", "80c0 0001 01020304", PACKET_RTCP, 192, 0, 0x01020304 },
		{ "RTCP highest type", "80df 0001 01020304", PACKET_RTCP, 223, 0, 0x01020304 },
		{ "RTCP longer than it is", "80c9 0002 01020304", PACKET_OTHER, 0, 0, 0 },
		{ "RTCP too short", "80c9 0000 010203", PACKET_OTHER, 0, 0, 0 },
		{ "payload type 64 is below RTCP", "80bf 0001 00000001 01020304", PACKET_RTP, 63, 1, 0x01020304 },
		{ "payload type 96 is above RTCP", "80e0 0001 00000001 01020304", PACKET_RTP, 96, 1, 0x01020304 },
		{ "STUN", "0001 0000 2112a442 000102030405060708090a0b", PACKET_STUN, 0, 0, 0 },
		{ "STUN with attribute", "0101 0004 2112a442 000102030405060708090a0b 80220000", PACKET_STUN, 0, 0, 0 },
		{ "STUN with another cookie", "0001 0000 2112a443 000102030405060708090a0b", PACKET_OTHER, 0, 0, 0 },
		{ "STUN of another length", "0001 0004 2112a442 000102030405060708090a0b", PACKET_OTHER, 0, 0, 0 },
		{ "STUN too short", "0001 0000 2112a442", PACKET_OTHER, 0, 0, 0 },
		{ "DTLS", "16 feff 0000000000000000 0000", PACKET_DTLS, 0, 0, 0 },
		{ "DTLS too short", "16 feff 00000000000000 0000", PACKET_OTHER, 0, 0, 0 },
		{ "TLS is not DTLS", "16 0303 0000000000000000 0000", PACKET_OTHER, 0, 0, 0 },
		{ "between the classes", "05 00000000000000000000000000000000000000", PACKET_OTHER, 0, 0, 0 },
		{ "TURN channel", "4000 0004 01020304 01020304 01020304", PACKET_OTHER, 0, 0, 0 },
		{ "udptl", "0001 0105", PACKET_OTHER, 0, 0, 0 },
		{ "text", "68656c6c6f2c20776f726c64", PACKET_OTHER, 0, 0, 0 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		uint8_t buf[64], *exact;
		size_t len = unhex(row[i].hex, buf);
		struct packet_facts f = { .forged = true };

		exact = malloc(len + !len); /* so that the sanitizer sees one octet too many */
		memcpy(exact, buf, len);
		rtp_classify(exact, len, &f);
		free(exact);
		cr_expect(eq(int, (int)f.class, (int)row[i].class), "%s", row[i].what);
		cr_expect(eq(u8, f.pt, row[i].pt), "%s", row[i].what);
		cr_expect(eq(u16, f.seq, row[i].seq), "%s", row[i].what);
		cr_expect(eq(u32, f.ssrc, row[i].ssrc), "%s", row[i].what);
		cr_expect(f.forged, "%s: the caller's facts", row[i].what);
	}
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

struct sent {
	unsigned pt, seq;
	uint32_t ts, ssrc;
	uint64_t at_us;
};

static void feed(struct rtp_quality *q, const struct sent *s)
{
	uint8_t p[12] = { 0x80, (uint8_t)s->pt };

	put16(p + 2, s->seq & 0xffff);
	put32(p + 4, s->ts);
	put32(p + 8, s->ssrc);
	rtp_quality_packet(q, p, sizeof(p), s->at_us);
}

Test(rtp, counts_losses)
{
	static const struct {
		const char *what;
		unsigned seq[8]; /* +65536: another SSRC; 0 ends */
		uint32_t lost;
	} row[] = {
		{ "none", { 10, 11, 12, 13 }, 0 },
		{ "one", { 10, 11, 13, 14 }, 1 },
		{ "late is not lost", { 10, 12, 11, 13 }, 0 },
		{ "duplicates do not make up", { 10, 11, 11, 11, 14 }, 0 },
		{ "over the wrap", { 65534, 65535, 2, 3 }, 2 },
		{ "late over the wrap", { 65534, 2, 65535, 1, 3 }, 1 },
		{ "a jump is a new start", { 10, 12, 40000, 40001, 40003 }, 2 },
		{ "losses of a former SSRC stay", { 10, 13, 65536 + 500, 65536 + 502 }, 3 },
		{ "only one packet", { 10 }, 0 },
		{ "nothing", { 0 }, 0 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct rtp_quality q = { 0 };

		for (size_t k = 0; k < 8 && row[i].seq[k]; k++)
			feed(&q, &(struct sent){ .seq = row[i].seq[k], .ssrc = 1 + (row[i].seq[k] >> 16) });
		cr_expect(eq(u32, rtp_quality_lost(&q), row[i].lost), "%s", row[i].what);
	}
}

/* Every other packet comes late by `late_us`; RFC 3550 A.8 converges to it. */
static double jitter_of(unsigned pt, uint32_t hz, uint32_t late_us, uint32_t *clock)
{
	struct rtp_quality q = { 0 };

	for (unsigned i = 0; i < 600; i++)
		feed(&q, &(struct sent){ .pt = pt, .seq = i, .ts = i * (hz / 50), .ssrc = 9,
					 .at_us = 77000000u + i * 20000u + (i % 2 ? late_us : 0) });
	*clock = q.clock_hz;
	return rtp_quality_ms(&q, q.jitter / 16.0);
}

Test(rtp, measures_jitter)
{
	static const struct {
		unsigned pt;
		uint32_t hz, late_us;
		double want_ms;
	} row[] = {
		{ 8, 8000, 0, 0 },       { 8, 8000, 5000, 5 },     { 0, 8000, 20000, 20 },
		{ 96, 48000, 5000, 5 },  { 97, 90000, 2000, 2 },   { 98, 16000, 0, 0 },
		{ 99, 11000, 5000, 0 }, /* no clock that is known: no figure rather than a wrong one */
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		uint32_t clock;
		double ms = jitter_of(row[i].pt, row[i].hz, row[i].late_us, &clock);

		cr_expect(fabs(ms - row[i].want_ms) < 0.2, "row %zu: %f", i, ms);
		if (row[i].want_ms > 0)
			cr_expect(eq(u32, clock, row[i].hz), "row %zu", i);
	}
}

Test(rtp, ignores_the_stamps_of_telephone_events)
{
	struct rtp_quality q = { 0 };

	for (unsigned i = 0; i < 50; i++)
		feed(&q, &(struct sent){ .pt = i < 25 ? 8 : 101, .seq = i, .ts = (i < 25 ? i : 25) * 160,
					 .ssrc = 9, .at_us = i * 20000u });
	cr_expect(zero(u32, q.jitter));
	cr_expect(zero(u32, rtp_quality_lost(&q)));
}

Test(rtp, reads_reports)
{
	static const char *const rr = "81c9 0007 0a0a0a0a 00000009 ff fffffe 00000000 00000050 00000000 00000000";
	static const char *const sr = "81c8 000c 0a0a0a0a 0000000000000000 00000000 00000001 00000002"
				      "00000009 00 000007 00000000 00000028 00000000 00000000";
	static const struct {
		const char *what, *hex;
		int err;
		uint32_t reports;
		int32_t lost;
		uint32_t jitter;
	} row[] = {
		{ "receiver report, lost below zero", rr, 0, 1, -2, 80 },
		{ "sender report", sr, 0, 1, 7, 40 },
		{ "about another", "81c9 0007 0a0a0a0a 00000008 ff 000001 00000000 00000050 00000000 00000000", 0, 0, 0, 0 },
		{ "no blocks", "80c9 0001 0a0a0a0a", 0, 0, 0, 0 },
		{ "source description only", "81ca 0002 0a0a0a0a 00000000", 0, 0, 0, 0 },
		{ "nothing", "", 0, 0, 0, 0 },
		{ "block cut off", "81c9 0006 0a0a0a0a 00000009 ff 000001 00000000 00000050 00000000", -EBADMSG, 0, 0, 0 },
		{ "longer than it is", "80c9 0002 0a0a0a0a", -EBADMSG, 0, 0, 0 },
		{ "three octets", "80c900", -EBADMSG, 0, 0, 0 },
		{ "second is not RTCP", "80c9 0001 0a0a0a0a 00c9 0001 0a0a0a0a", -EBADMSG, 0, 0, 0 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		uint8_t buf[128];
		struct rtp_quality q = { 0 };

		feed(&q, &(struct sent){ .pt = 8, .seq = 1, .ssrc = 9 });
		cr_expect(eq(int, rtp_quality_report(&q, buf, unhex(row[i].hex, buf)), row[i].err), "%s", row[i].what);
		cr_expect(eq(u32, q.reports, row[i].reports), "%s", row[i].what);
		cr_expect(eq(i32, q.reported_lost, row[i].lost), "%s", row[i].what);
		cr_expect(eq(u32, q.reported_jitter, row[i].jitter), "%s", row[i].what);
	}
}
