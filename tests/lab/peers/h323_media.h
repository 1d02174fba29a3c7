/* RTP, RTCP and UDPTL of one terminal: a pair of sockets for each medium, and what crossed them (RFC 3550; T.38). */
#ifndef LAB_H323_MEDIA_H
#define LAB_H323_MEDIA_H

#include <stdbool.h>
#include <stdint.h>

#include <netinet/in.h>

enum media_kind { MEDIA_AUDIO, MEDIA_VIDEO, MEDIA_FAX, MEDIA_MAX }; /* H.245 sessions 1, 2 and 3 */

struct pn_pinhole;

struct media_stream {
	int rtp, rtcp; /* sockets; rtcp -1: none */
	int out;       /* where RTP is sent from: rtp, or a socket of its own */
	struct sockaddr_in local_rtp, local_rtcp; /* as they are declared */
	struct sockaddr_in shown_rtp, shown_rtcp; /* what signalling names: the same, or their pinholes */
	struct sockaddr_in rtp_to, rtcp_to;       /* sin_port 0: not known */
	bool wanted;  /* it is to be opened, and to be heard */
	bool used;    /* it was, in this call */
	bool sending, began;
	uint16_t seq;
	uint32_t timestamp, ssrc;
	uint64_t next_rtp_ms, next_rtcp_ms;
	unsigned rtp_sent, rtp_octets, rtcp_sent, rtp_received, rtcp_received;
	unsigned heard;   /* RTP full of somebody else's mark */
	unsigned noted;   /* heard, when media_note() was called */
	unsigned strange; /* RTP from another address than rtp_to */
	struct sockaddr_in rtp_from;

	struct sockaddr_in keep_to; /* H.460.19 keepAliveChannel; sin_port 0: none */
	uint64_t keep_every_ms, next_keep_ms;
	unsigned kept, keeps_received;

	unsigned doubtful; /* packets in a row from another source than the one that is believed */
	struct sockaddr_in believed;
};

struct media {
	struct media_stream stream[MEDIA_MAX];
	bool video;          /* wanted from the beginning, as audio is */
	unsigned mark;       /* the octet that packets are full of */
	bool split;          /* RTP is sent from other ports than it is received on; no RTCP, as some do */
	bool mute;           /* no RTP but keepalives */
	bool wary;           /* drops the first packets of a new source, as some do */
	unsigned frame_ms;   /* G.711 in a packet */
	unsigned late_ms;    /* nothing is sent for so long after it could be */
	unsigned send_max;   /* so many RTP packets of each medium; 0: no end */
	unsigned lose;       /* so many sequence numbers are left out somewhere */
	struct sockaddr_in stun; /* pinholes are made towards it (h323_hole.h); sin_port 0: none are */
	bool early;          /* signalling does not wait for them, and shows the sockets' own addresses */
	struct pn_pinhole *hole[2 * MEDIA_MAX]; /* each stream's RTP, RTCP; NULL: not made */
};

/* Open sockets at an address; ports from base on. They are declared to be at claim. 0 or -errno. */
int media_open(struct media *m, struct in_addr address, struct in_addr claim, unsigned base);
void media_reset(struct media *m); /* for the next call; the sockets stay */
/* A medium joins or leaves the call. */
void media_want(struct media *m, enum media_kind kind, bool wanted);
/* Send what is due. */
void media_tick(struct media *m, uint64_t now_ms);
/* Read what came; fd is one of the sockets. */
void media_receive(struct media *m, int fd);
/* How many packets were heard of the quietest medium that is wanted, since media_note(). */
unsigned media_least_heard(const struct media *m);
void media_note(struct media *m);
/* All that send_max allows was sent, and a while has passed. */
bool media_sent_all(const struct media *m, uint64_t now_ms);

#endif
