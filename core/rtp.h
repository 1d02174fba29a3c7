/* What a media datagram is (RFC 7983), and reception quality: RTP loss and jitter (RFC 3550 A.3, A.8)
 * and what RTCP reports say. Pure. */
#ifndef CORE_RTP_H
#define CORE_RTP_H

#include "latch.h"

/* Fills class, pt, seq, ssrc; the rest is the caller's. A version 2 header that is not sane (too short
 * for its CSRCs, extension, or any padding) is PACKET_OTHER; the padding's length is not looked at,
 * because SRTP encrypts it. RFC 5761 tells RTP from RTCP. */
void rtp_classify(const uint8_t *p, size_t len, struct packet_facts *out);

/* Is it a STUN message by cookie and length (RFC 8489 s.5)? */
bool rtp_is_stun(const uint8_t *p, size_t len);

struct rtp_quality { /* of what one side sends, by our own count and by its peer's reports */
	uint32_t ssrc, base_seq, cycles, received;
	uint16_t max_seq;
	bool started;
	bool has_transit;
	uint8_t pt;
	uint32_t transit, jitter;  /* RFC 3550 A.8, in timestamp units, jitter scaled by 16 */
	uint32_t clock_hz;         /* by payload type (RFC 3551); of a dynamic one it is measured; 0 until then */
	uint32_t first_ts;         /* where measuring began */
	uint64_t first_us;
	uint32_t lost_before;      /* of former SSRCs */
	int32_t reported_lost;     /* of the latest report block about this ssrc: cumulative, may be negative */
	uint32_t reported_jitter;  /* timestamp units */
	uint32_t reports;          /* blocks seen */
};

/* Zero-initialise before the first. Not RTP: ignored. */
void rtp_quality_packet(struct rtp_quality *q, const uint8_t *p, size_t len, uint64_t now_us);
/* A compound RTCP packet from the other end: report blocks about q->ssrc. -EBADMSG. */
int rtp_quality_report(struct rtp_quality *q, const uint8_t *p, size_t len);
uint32_t rtp_quality_lost(const struct rtp_quality *q); /* never below 0: duplicates do not count */
/* Jitter in ms of a value in timestamp units; 0 while the clock is not known. */
double rtp_quality_ms(const struct rtp_quality *q, double units);

#endif
