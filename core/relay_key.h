/* A shared port's packets: whose each is, by its source. The engine's part: one media thread (or the one in
 * line) owns a shared port and its keys; the streams may be another thread's.
 *
 * RTCP that came to the port above has no key. The first such packet from an IP and with an SSRC that the RTP
 * of exactly one key has makes one, beside that of RTP. */
#ifndef CORE_RELAY_KEY_H
#define CORE_RELAY_KEY_H

#include "hash.h"
#include "relay_engine.h"

struct engine_key { /* of one component of one side */
	struct hash_node by_source, by_ip; /* by_ip: of RTP only */
	struct pn_addr source;
	struct engine_hop to;
	bool lost;     /* there was no memory to add it */
	uint32_t ssrc; /* of the latest RTP packet; 0: none yet */
	struct hash_node by_late;
	struct pn_addr late; /* where RTCP to the port above comes from; family 0: none came */
};

struct engine_shared {
	struct engine_port port[2]; /* by component: the shared port, the one above; no stream */
	struct hash sources, ips, lates;
	uint64_t budget_ms; /* searches by SSRC since then: */
	unsigned searches;
};

/* The descriptors are the shared port's from now on. */
void engine_shared_init(struct engine_shared *h);
void engine_shared_free(struct engine_shared *h); /* with its sockets; NULL-safe; not the keys */

int engine_key_add(struct engine_shared *h, struct engine_key *k); /* -ENOMEM */
void engine_key_del(struct engine_shared *h, struct engine_key *k);

/* A packet arrived at h->port[component]. */
void engine_shared_input(struct engine *e, struct engine_shared *h, unsigned component,
			 const struct pn_addr *from, const uint8_t *data, size_t len);
/* The same, handed over by the shared port's thread: parcel->from is where it came from. */
void engine_parcel_in(struct engine *e, const struct engine_hop *to, const struct engine_parcel *parcel);

#endif
