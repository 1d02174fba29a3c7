/* The whole MGCP module on a small fake core, for the fuzzers: who may send, and what must hold of
 * all that is sent. A broken rule is an abort.
 *
 * - What is sent is a datagram of messages.
 * - Towards a call agent endpoints have aliases for their domain, towards a gateway the notified
 *   entity is Postern.
 * - A description shows Postern's own addresses, or what the receiver itself said.
 * - A response is not answered by a response.
 * - At the end all has been given back. */
#ifndef FUZZ_MGCP_PLAY_H
#define FUZZ_MGCP_PLAY_H

#include "mgcp_kit.h"

/* How a datagram comes, and what happens around it. */
enum {
	PLAY_CORE = 1,      /* from the core side */
	PLAY_OTHER = 2,     /* from the other gateway, or the other call agent */
	PLAY_TIME = 4,      /* time passes after it */
	PLAY_LATE = 8,      /* media answers late */
	PLAY_MEDIA = 16,    /* late media is there */
	PLAY_TIMEOUT = 32,  /* media stopped */
	PLAY_REFUSE = 64,   /* no media */
	PLAY_KEEPALIVE = 128,
};

/* addresses: as in kit_start. busy: a gateway is known, and has a connection. */
void play_begin(bool addresses, bool busy);
/* In the text octet 01 stands for the id of the last command that this side was sent, 02 for the
 * domain by which it knows the first gateway. */
void play_receive(unsigned how, const uint8_t *text, size_t len);
/* All bindings expire, and nothing may be left. */
void play_end(void);

#endif
