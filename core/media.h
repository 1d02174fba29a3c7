/* Media of a session: streams, declare/advertise, offers that may be rolled back, and messages that
 * wait. Where the addresses come from is the provider's business: the port pool in the gateway, pinholes
 * made on demand in the agent, something late or silent in tests. */
#ifndef CORE_MEDIA_H
#define CORE_MEDIA_H

#include "relay.h"
#include "realm.h"

/* How declarations take effect (RFC 3264, latch.md 12):
 * - What a side declares for a stream for the first time takes effect at once, so that early media
 *   flows. Everything else in a re-offer (another address, hold, resume, close) takes effect with the
 *   answer, and until then the old state goes on relaying; media_rollback() forgets it, closes the
 *   streams that the offer brought, and takes back the lines that it added.
 * - An answer is final, and makes the offer of the other side final. A declaration that is neither
 *   takes effect at once.
 * - A line that is CLOSED is never removed: it may come back with new ports. An answer CLOSED closes
 *   the stream; early answers of forks close it only when all live branches refused it and a branch is
 *   chosen or the session is answered. Lines that a shorter offer or answer leaves out count as CLOSED;
 *   a shorter declaration that is neither leaves them alone.
 * - A side's ports keep their address family as long as the stream lives: an offer of the other family
 *   is refused (-EADDRNOTAVAIL), an answer of the other family leaves the address unknown.
 * - Before side B (or A, in a delayed offer) declared anything, only rule `peer` can teach its latch. */
#define MEDIA_LINES_MAX 64u   /* m-lines in a declaration: -E2BIG */
#define MEDIA_STREAMS_MAX 16u /* of them with ports, per session: -ENOSPC */
#define MEDIA_HELD_MAX 16u    /* messages queued in a session */
#define MEDIA_HELD_BYTES_MAX (16u << 20) /* waiting in all sessions together */

/* What a provider is asked for and how it answers. done() may be called at once, later, or never; when
 * the session has ended meanwhile `request` is stale: done() then answers -ESTALE, counts it, and
 * whoever provided the ports takes them back. */
struct media_grant {
	struct pn_addr local[2];     /* RTP address per side; RTCP is the port above */
	/* What to show; the same as local where ports come from a pool. Family 0: not known yet; it is asked
	 * for when that side is to be shown it, with the stream in media_ask. */
	struct pn_addr advertise[2], advertise_rtcp[2];
	uint32_t stream;             /* relay stream, opened by the provider */
	bool shared[2];              /* that side is at its realm's shared port: relay.h */
};

struct media_ask { /* valid within the call */
	struct pn_realm *realm[2];
	int family[2];
	bool shared[2];         /* at the realm's shared port it must be, for this side's firewall lets nothing else out */
	struct pn_addr peer[2]; /* where the signalling of each side comes from; family 0: unknown */
	enum pn_side to;        /* who will be shown the addresses */
	const struct pn_media *declared; /* what the other side says of itself */
	uint32_t stream;        /* 0: a new one; else one that was granted without an address for `to` */
};

struct media_provider {
	/* -errno refuses at once; then done() must not be called. token names the request in done(). Must
	 * not end sessions. Who cannot say at once what to show makes the stream, and calls done() with it and
	 * without an address for `to`: it belongs to the session from then on (release() tells that it is over),
	 * and another done() with the address is awaited. */
	int (*request)(void *arg, uint64_t token, const struct media_ask *ask);
	/* The stream is over: close the relay stream; the ports go back after its final report. */
	void (*release)(void *arg, uint32_t stream);
};

struct sessions;
/* err 0 and a grant, or -errno. -ESTALE: nobody waits for this any more; with a grant the provider closes
 * its stream through the relay, and sessions_on_final() is due as for any other; a stream that was granted
 * before stays, its release() is another matter. */
int media_done(struct sessions *t, uint64_t token, int err, const struct media_grant *g);

/* The gateway's provider: ports of the realms' pools, bound through the relay. */
/* It goes on while the relay lives; free it after the relay. */
struct port_provider;
struct port_provider *port_provider_new(struct relay *relay, struct sessions **sessions, struct loop *l);
void port_provider_free(struct port_provider *p);
extern const struct media_provider port_provider_ops;
/* For other providers: a stream with pairs of both sides' pools, which are what it advertises; tap as in
 * relay_end. What its request() says of errors. It goes back through release() and the final report. */
int port_provider_open(struct port_provider *p, const struct media_ask *ask, const struct pn_addr tap[2],
		       struct media_grant *g);
/* To be called from relay_events.on_final. */
void port_provider_final(struct port_provider *p, uint32_t stream);

/* What goes out to that side's component goes to the own media port `to` instead, so that the media of a call
 * to ourselves stays inside; family 0 ends that. -ENOENT: the stream is not in use yet, or over. */
int media_divert(struct sessions *t, uint32_t stream, enum pn_side side, unsigned component,
		 const struct pn_addr *to);

/* errors in the reply besides the ABI's: -E2BIG; -EBUSY, a declaration is waiting already; -ESTALE, the
 * branch ended or another one was chosen; -ENOBUFS, too much waits already; -ENOMEM. A refused
 * declaration changed nothing. */
void media_declare(struct pn_session *s, struct pn_branch *b, enum pn_side side, unsigned flags,
		   const struct pn_media *list, size_t n, const struct pn_msg *m, void *arg);
/* A declaration waits, or messages behind it are still to be delivered: what comes now must queue. It is
 * 0 while a held message is being delivered. */
int media_pending(const struct pn_session *s);
/* -EALREADY: key is queued, or m is the waiting message itself, octet by octet; -ENOBUFS: full; -ENOENT:
 * nothing is pending. */
int media_hold(struct pn_session *s, const struct pn_msg *m, struct pn_str key);
void media_cancel(struct pn_session *s);
void media_rollback(struct pn_session *s);
int media_advertised(struct pn_session *s, enum pn_side side, struct pn_media *list, size_t cap);
int media_declared(struct pn_session *s, struct pn_branch *b, enum pn_side side, struct pn_media *list,
		   size_t cap);

#endif
