/* Frames of a trunk (docs/trunk-protocol.md): pure reading and writing.
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   |1|    type     |     zero      |            length             |
 *   |                            channel                            |
 *   |                     `length` octets of payload                |
 *
 * The first bit tells a frame from a STUN message, whose first two are zero; both pass through one connection. */
#ifndef CORE_TRUNK_FRAME_H
#define CORE_TRUNK_FRAME_H

#include "buf.h"

#define TRUNK_HEADER 8u
#define TRUNK_PAYLOAD 16384u /* octets of one frame, at most */
#define TRUNK_FRAME (TRUNK_HEADER + TRUNK_PAYLOAD)
#define TRUNK_ECHO 64u /* octets of a PING, at most */

enum trunk_type {
	TRUNK_OPEN = 1, /* target, source, window */
	TRUNK_OPENED,   /* window */
	TRUNK_REFUSED,  /* reason */
	TRUNK_DATA,
	TRUNK_CREDIT, /* octets more than the window so far */
	TRUNK_EOF,    /* no more DATA from who sends this */
	TRUNK_CLOSE,  /* reason; nothing comes after it in either direction */
	TRUNK_PING,   /* channel 0; comes back as PONG */
	TRUNK_PONG,
	TRUNK_TYPES,
};

enum trunk_reason {
	TRUNK_NORMAL,
	TRUNK_NOBODY,  /* nobody listens there, or the listener does not want it */
	TRUNK_LIMIT,   /* too many channels */
	TRUNK_REASONS,
};

struct trunk_frame {
	enum trunk_type type;
	uint32_t channel; /* 0 in PING and PONG, and in no other */
	struct pn_addr target, source; /* OPEN */
	uint32_t octets;               /* OPEN, OPENED: the window; CREDIT */
	unsigned reason;               /* REFUSED, CLOSE; one that is not known is TRUNK_REASONS */
	const uint8_t *data;           /* DATA, PING, PONG */
	size_t len;
};

/* How long is the first frame or STUN message? 0: more octets are needed. -EBADMSG: it is neither, or too long. */
long trunk_frame_length(const uint8_t *data, size_t len);
bool trunk_frame_is(const uint8_t *data, size_t len); /* else it is STUN */
/* One whole frame. -EBADMSG. */
int trunk_frame_read(const uint8_t *data, size_t len, struct trunk_frame *out);
/* Its length; the payload of DATA, PING and PONG is at most TRUNK_PAYLOAD. */
size_t trunk_frame_write(const struct trunk_frame *f, uint8_t out[TRUNK_FRAME]);
const char *trunk_type_name(enum trunk_type type);

#endif
