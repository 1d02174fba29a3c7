/* Media ports of one realm address: a bitmap of pairs with a random start and a quarantine.
 * A pair is an even port (RTP) and the odd one above (RTCP), RFC 3550 s.11. */
#ifndef CORE_PORT_H
#define CORE_PORT_H

#include <stddef.h>
#include <stdint.h>

struct port_pool;

/* Range first..last, host order, 1024..65535; odd first and even last are left out. Quarantine in ms,
 * below 2^31. NULL: errno, EINVAL for a range without a pair. */
struct port_pool *port_pool_new(uint16_t first, uint16_t last, uint64_t quarantine_ms);
void port_pool_free(struct port_pool *p);

/* Take an even port; the odd one above is yours too. -ENOSPC when none is free. O(pairs/64). */
int port_take(struct port_pool *p, uint64_t now_ms);
/* Into quarantine; after it the pair can be taken again. Freeing what is not taken is -EINVAL. */
int port_give(struct port_pool *p, uint16_t port, uint64_t now_ms);
/* The pair could not be bound (another program has it): quarantine it. */
int port_spoiled(struct port_pool *p, uint16_t port, uint64_t now_ms);
size_t port_taken(const struct port_pool *p);       /* ports, not pairs */
size_t port_quarantined(const struct port_pool *p, uint64_t now_ms); /* ports */
size_t port_total(const struct port_pool *p);       /* ports */
/* A reload may change the range; taken pairs outside stay valid until they are given back. -EINVAL. */
int port_pool_resize(struct port_pool *p, uint16_t first, uint16_t last, uint64_t quarantine_ms);

#endif
