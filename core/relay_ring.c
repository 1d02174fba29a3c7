#include "relay_ring.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int relay_ring_init(struct relay_ring *r, size_t size)
{
	*r = (struct relay_ring){ .p = malloc(size), .size = size };
	return r->p ? 0 : -ENOMEM;
}

void relay_ring_clear(struct relay_ring *r)
{
	free(r->p);
	*r = (struct relay_ring){ 0 };
}

static void put(struct relay_ring *r, const void *p, size_t len)
{
	size_t at = (r->head + r->used) % r->size;
	size_t first = len < r->size - at ? len : r->size - at;

	if (first)
		memcpy(r->p + at, p, first);
	if (len > first)
		memcpy(r->p, (const uint8_t *)p + first, len - first);
	r->used += len;
}

static void take_out(struct relay_ring *r, void *p, size_t len)
{
	size_t first = len < r->size - r->head ? len : r->size - r->head;

	memcpy(p, r->p + r->head, first);
	memcpy((uint8_t *)p + first, r->p, len - first);
	r->head = (r->head + len) % r->size;
	r->used -= len;
}

int relay_ring_put(struct relay_ring *r, const struct engine_hop *to, const struct engine_parcel *parcel)
{
	struct relay_ring_item item = { *to, *parcel->from, (uint32_t)parcel->len, parcel->hops, parcel->kind };

	if (parcel->len > ENGINE_DATAGRAM || sizeof(item) + parcel->len > r->size - r->used)
		return -ENOBUFS;
	put(r, &item, sizeof(item));
	put(r, parcel->data, parcel->len);
	return 0;
}

bool relay_ring_take(struct relay_ring *r, struct relay_ring_item *out, uint8_t *buf)
{
	if (!r->used)
		return false;
	take_out(r, out, sizeof(*out));
	take_out(r, buf, out->len);
	return true;
}
