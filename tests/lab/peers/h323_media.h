/* RTP and RTCP of one terminal: a pair of sockets for each medium, and what crossed them (RFC 3550). */
#ifndef LAB_H323_MEDIA_H
#define LAB_H323_MEDIA_H

#include <stdbool.h>
#include <stdint.h>

#include <netinet/in.h>

#define MEDIA_MAX 2 /* audio is H.245 session 1, video session 2 */

struct pn_pinhole;

struct media_stream {
	int rtp, rtcp; /* sockets */
	int out;       /* where RTP is sent from: rtp, or a socket of its own */
	struct sockaddr_in local_rtp, local_rtcp;
	struct sockaddr_in shown_rtp, shown_rtcp; /* what signalling names: the same, or their pinholes */
	struct sockaddr_in rtp_to, rtcp_to; /* sin_port 0: not known */
	bool sending;
	uint16_t seq;
	uint32_t timestamp, ssrc;
	uint64_t next_rtp_ms, next_rtcp_ms;
	unsigned rtp_sent, rtcp_sent, rtp_received, rtcp_received;
	unsigned heard;   /* RTP full of somebody else's mark */
	unsigned strange; /* RTP from another address than rtp_to */
	struct sockaddr_in rtp_from;
};

struct media {
	struct media_stream stream[MEDIA_MAX];
	int n;
	uint8_t mark; /* what packets are full of */
	bool split;   /* media_split() */
	struct sockaddr_in stun; /* pinholes are made towards it (h323_hole.h); sin_port 0: none are */
	bool early;              /* signalling does not wait for them, and shows the sockets' own addresses */
	struct pn_pinhole *hole[2 * MEDIA_MAX]; /* each stream's RTP, RTCP; NULL: not made yet */
};

/* Open sockets for n media at an address; ports from base on. 0 or -errno. */
int media_open(struct media *m, struct in_addr address, uint16_t base, int n);
/* Send RTP from other ports than it is received on, and no RTCP, as some do. 0 or -errno. */
int media_split(struct media *m, struct in_addr address);
void media_reset(struct media *m); /* for the next call; the sockets stay */
/* Send what is due. */
void media_tick(struct media *m, uint64_t now_ms);
/* Read what came; fd is one of the sockets. */
void media_receive(struct media *m, int fd);
unsigned media_least_heard(const struct media *m);

#endif
