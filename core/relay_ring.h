/* Parcels between media threads: a ring of octets, full when it is full. No locks: the caller's. */
#ifndef CORE_RELAY_RING_H
#define CORE_RELAY_RING_H

#include "relay_engine.h"

struct relay_ring {
	uint8_t *p;
	size_t size, head, used;
};

int relay_ring_init(struct relay_ring *r, size_t size); /* -ENOMEM */
void relay_ring_clear(struct relay_ring *r);
int relay_ring_put(struct relay_ring *r, const struct engine_hop *to, const struct engine_parcel *parcel); /* -ENOBUFS */

struct relay_ring_item {
	struct engine_hop to;
	struct pn_addr from;
	uint32_t len;
	unsigned hops;
	enum parcel_kind kind;
};
/* The oldest, its data into buf of ENGINE_DATAGRAM octets; false when there is none. */
bool relay_ring_take(struct relay_ring *r, struct relay_ring_item *out, uint8_t *buf);

#endif
