/* Media of a session: streams, declare/advertise, offers that may be rolled back, and messages that
 * wait. Where the addresses come from is the provider's business: the port pool in the gateway, pinholes
 * made on demand in the agent, something late or silent in tests. */
#ifndef CORE_MEDIA_H
#define CORE_MEDIA_H

#include "relay.h"
#include "realm.h"

struct media_request; /* one stream that wants addresses on both sides */

/* What a provider is asked for and how it answers. done() may be called at once, later, or never; when
 * the session has ended meanwhile `request` is stale: done() then answers -ESTALE, counts it, and
 * whoever provided the ports takes them back. */
struct media_grant {
	struct pn_addr local[2];     /* RTP address per side; RTCP is the port above */
	struct pn_addr advertise[2]; /* what to show; the same as local in the gateway */
	uint32_t stream;             /* relay stream, opened by the provider */
};

struct media_provider {
	/* -errno refuses at once. token names the request in done(). */
	int (*request)(void *arg, uint64_t token, struct pn_realm *realm[2], const int family[2]);
	/* The stream is over: close the relay stream; the ports go back after its final report. */
	void (*release)(void *arg, uint32_t stream);
};

struct sessions;
/* err 0 and a grant, or -errno. -ESTALE: nobody waits for this any more. */
int media_done(struct sessions *t, uint64_t token, int err, const struct media_grant *g);

/* The gateway's provider: ports of the realms' pools, bound through the relay. */
struct port_provider;
struct port_provider *port_provider_new(struct relay *relay, struct sessions **sessions, struct loop *l);
void port_provider_free(struct port_provider *p);
extern const struct media_provider port_provider_ops;
/* To be called from relay_events.on_final. */
void port_provider_final(struct port_provider *p, uint32_t stream);

void media_declare(struct pn_session *s, struct pn_branch *b, enum pn_side side, unsigned flags,
		   const struct pn_media *list, size_t n, const struct pn_msg *m, void *arg);
int media_pending(const struct pn_session *s);
int media_hold(struct pn_session *s, const struct pn_msg *m, struct pn_str key);
void media_cancel(struct pn_session *s);
void media_rollback(struct pn_session *s);
int media_advertised(struct pn_session *s, enum pn_side side, struct pn_media *list, size_t cap);
int media_declared(struct pn_session *s, struct pn_branch *b, enum pn_side side, struct pn_media *list,
		   size_t cap);

#endif
