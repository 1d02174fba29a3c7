#include "rtp.h"
#include <errno.h>

#define RTP_HEADER 12u
#define WORD 4u /* no header that is looked for here is shorter */
#define SEQ_CYCLE 65536u
#define STEP_MAX 3000u      /* MAX_DROPOUT of RFC 3550 A.1 */
#define MEASURE_US 1000000u /* a dynamic payload type's clock is measured for so long */

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static bool is_rtcp(const uint8_t *p, size_t len)
{
	return len >= 8 && p[1] >= 192 && p[1] <= 223 && (get16(p + 2) + 1u) * 4u <= len;
}

static bool is_rtp(const uint8_t *p, size_t len)
{
	size_t need = RTP_HEADER + (p[0] & 0x0fu) * 4u;

	if (len < need)
		return false;
	if (p[0] & 0x10) {
		if (len < need + 4)
			return false;
		need += 4 + get16(p + need + 2) * 4u;
	}
	return len >= need + (p[0] >> 5 & 1u);
}

bool rtp_is_stun(const uint8_t *p, size_t len)
{
	return len >= 20 && p[0] < 4 && get32(p + 4) == 0x2112a442 && get16(p + 2) + 20u == len && len % 4 == 0;
}

static enum packet_class class_of(const uint8_t *p, size_t len)
{
	if (len < WORD) /* gateways open their pinholes with such dummies */
		return PACKET_EMPTY;
	if (p[0] < 4)
		return rtp_is_stun(p, len) ? PACKET_STUN : PACKET_OTHER;
	if (p[0] >= 20 && p[0] < 64)
		return len >= 13 && p[1] == 0xfe ? PACKET_DTLS : PACKET_OTHER;
	if (p[0] >> 6 != 2 || len < 2)
		return PACKET_OTHER;
	if (p[1] >= 192 && p[1] <= 223)
		return is_rtcp(p, len) ? PACKET_RTCP : PACKET_OTHER;
	return is_rtp(p, len) ? PACKET_RTP : PACKET_OTHER;
}

void rtp_classify(const uint8_t *p, size_t len, struct packet_facts *out)
{
	out->class = class_of(p, len);
	out->pt = 0;
	out->seq = 0;
	out->ssrc = 0;
	if (out->class == PACKET_RTP) {
		out->pt = p[1] & 0x7f;
		out->seq = get16(p + 2);
		out->ssrc = get32(p + 8);
	} else if (out->class == PACKET_RTCP) {
		out->pt = p[1];
		out->ssrc = get32(p + 4);
	}
}

/* RFC 3551 s.6; the dynamic and the unassigned ones are measured. */
static uint32_t static_clock(uint8_t pt)
{
	static const uint32_t hz[35] = {
		8000, 0, 0, 8000, 8000, 8000, 16000, 8000, 8000, 8000, 44100, 44100, 8000, 8000, 90000,
		8000, 11025, 22050, 8000, 0, 0, 0, 0, 0, 0, 90000, 90000, 0, 90000, 0, 0, 90000, 90000,
		90000, 90000,
	};

	return pt < sizeof(hz) / sizeof(hz[0]) ? hz[pt] : 0;
}

static void measure_clock(struct rtp_quality *q, uint32_t ts, uint64_t now_us)
{
	static const uint32_t known[] = { 8000, 16000, 24000, 32000, 44100, 48000, 90000 };
	uint64_t span = now_us - q->first_us;
	double hz;

	if (span < MEASURE_US)
		return;
	hz = (double)(ts - q->first_ts) * 1e6 / (double)span;
	q->first_ts = ts;
	q->first_us = now_us;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (hz > known[i] * 0.96 && hz < known[i] * 1.04)
			q->clock_hz = known[i];
}

static void start(struct rtp_quality *q, const uint8_t *p, uint64_t now_us)
{
	uint32_t lost = rtp_quality_lost(q);

	*q = (struct rtp_quality){
		.ssrc = get32(p + 8), .started = true, .lost_before = lost,
		.base_seq = get16(p + 2), .max_seq = get16(p + 2),
		.pt = p[1] & 0x7f, .clock_hz = static_clock(p[1] & 0x7f),
		.first_ts = get32(p + 4), .first_us = now_us,
		.jitter = q->jitter, .reported_lost = q->reported_lost,
		.reported_jitter = q->reported_jitter, .reports = q->reports,
	};
}

/* RFC 3550 A.1 without probation: what comes here was accepted already. A sender that jumps has
 * restarted its numbers. */
static void count_seq(struct rtp_quality *q, uint16_t seq)
{
	uint16_t step = (uint16_t)(seq - q->max_seq);

	if (step < STEP_MAX) {
		if (seq < q->max_seq)
			q->cycles += SEQ_CYCLE;
		q->max_seq = seq;
	} else if (step <= SEQ_CYCLE - 100u) {
		q->lost_before = rtp_quality_lost(q);
		q->base_seq = q->max_seq = seq;
		q->cycles = q->received = 0;
	}
	q->received++;
}

/* RFC 3550 A.8. Telephone events (RFC 4733) hold the time stamp still and would look like jitter. */
static void count_jitter(struct rtp_quality *q, const uint8_t *p, uint64_t now_us)
{
	uint32_t transit, d;

	if ((p[1] & 0x7f) != q->pt || !q->clock_hz)
		return;
	transit = (uint32_t)(now_us * q->clock_hz / 1000000u) - get32(p + 4);
	d = transit - q->transit;
	q->transit = transit;
	if (!q->has_transit) {
		q->has_transit = true;
		return;
	}
	if (d > UINT32_MAX / 2)
		d = -d;
	if (d < q->clock_hz * 8) /* else the clock was set, not the packet late */
		q->jitter += d - ((q->jitter + 8) >> 4);
}

void rtp_quality_packet(struct rtp_quality *q, const uint8_t *p, size_t len, uint64_t now_us)
{
	if (len < RTP_HEADER || p[0] >> 6 != 2)
		return;
	if (!q->started || get32(p + 8) != q->ssrc)
		start(q, p, now_us);
	count_seq(q, get16(p + 2));
	if (!q->clock_hz && (p[1] & 0x7f) == q->pt)
		measure_clock(q, get32(p + 4), now_us);
	count_jitter(q, p, now_us);
}

static void report_block(struct rtp_quality *q, const uint8_t *p)
{
	if (!q->started || get32(p) != q->ssrc)
		return;
	q->reported_lost = (int32_t)(get32(p + 4) << 8) / 256; /* 24 bits with a sign */
	q->reported_jitter = get32(p + 12);
	q->reports++;
}

/* One packet of a compound: 200 is SR, 201 RR, RFC 3550 s.6.4. */
static int report_packet(struct rtp_quality *q, const uint8_t *p, size_t len)
{
	size_t at = p[1] == 200 ? 28 : 8;
	unsigned blocks = p[0] & 0x1f;

	if (p[1] != 200 && p[1] != 201)
		return 0;
	if (len < at + blocks * 24u)
		return -EBADMSG;
	for (unsigned i = 0; i < blocks; i++)
		report_block(q, p + at + i * 24u);
	return 0;
}

int rtp_quality_report(struct rtp_quality *q, const uint8_t *p, size_t len)
{
	while (len) {
		size_t one = len < 4 ? 0 : (get16(p + 2) + 1u) * 4u;

		if (!one || one > len || p[0] >> 6 != 2 || report_packet(q, p, one))
			return -EBADMSG;
		p += one;
		len -= one;
	}
	return 0;
}

uint32_t rtp_quality_lost(const struct rtp_quality *q)
{
	uint32_t expected;

	if (!q->started)
		return q->lost_before;
	expected = q->cycles + q->max_seq - q->base_seq + 1;
	return q->lost_before + (expected > q->received ? expected - q->received : 0);
}

double rtp_quality_ms(const struct rtp_quality *q, double units)
{
	return q->clock_hz ? units * 1000.0 / q->clock_hz : 0;
}
