/* The agent's media: the provider of addresses for streams that lead to the gateway. Towards the terminal a
 * stream has a pair of the LAN's pool, as anywhere. Towards the gateway it has a pair of the uplink's pool, and
 * from each of its two sockets a CMPH makes a pinhole there (docs/pinhole-protocol.md). What is advertised to
 * the gateway's side are the pinholes, once both are acknowledged, or, with cmph="early", the inner addresses
 * at once. They are asked for when that side is to be shown an address (media.h), so that nothing is sent for
 * a call that nobody answers with media, and the terminal's address is known by then.
 *
 * Pinholes are refreshed until the stream is released. A pinhole that moves needs no signalling: the gateway
 * knows it by its inner address. When the gateway says that two of our pinholes are one call (JOIN) and media
 * is to stay inside, both streams are joined here.
 *
 * Streams with no side at the gateway are the port provider's. */
#ifndef CORE_CMPH_H
#define CORE_CMPH_H

#include "conf.h"
#include "media.h"
#include "uplink.h"

struct cmph;

struct cmph_conf {
	struct loop *loop;
	struct relay *relay;
	struct sessions **sessions;
	struct port_provider *ports;
	struct uplinks *uplinks;
};

/* It goes on while the relay lives; free it after the relay and the sessions, before the ports. NULL: out of
 * memory. */
struct cmph *cmph_new(const struct cmph_conf *c);
void cmph_free(struct cmph *c);
/* How to ask and how often to refresh: for what is asked from now on. Without <gateway>: nothing. */
void cmph_apply(struct cmph *c, const struct conf *conf);

extern const struct media_provider cmph_ops; /* arg: struct cmph */
/* relay_events.on_stun */
void cmph_on_stun(struct cmph *c, const struct relay_place *at, const struct pn_addr *from, const void *data,
		  size_t len);

#endif
