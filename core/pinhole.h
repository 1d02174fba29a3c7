/* The gateway's signalling pinholes: which agent (or other application server, or terminal that registers)
 * of which network stands behind which address of a realm, for which protocol and subscribers. Entries come
 * from Registration Requests (docs/pinhole-protocol.md) and live as long as those said.
 *
 * One entry per (realm, network, agent, protocol, inner address); its pinhole is where the last request came
 * from, the ones before are remembered, so that what is sent there goes where it is now. Several agents of one
 * network may hold pinholes for one (protocol, terminal): they form a list, the latest refreshed first, and
 * when one is dead the next one has its traffic. */
#ifndef CORE_PINHOLE_H
#define CORE_PINHOLE_H

#include "buf.h"
#include "realm.h"
#include "loop.h"
#include "transport.h"

struct pinholes;

#define PINHOLE_NAME_MAX 64u /* octets of the name of a network or an agent */
#define PINHOLE_KEY 32u
#define PINHOLE_CMPH_NONCE_S 1800u /* life of a nonce for CMPHs, which each answer renews */

/* An agent that is registered now. Valid until the turn of the loop ends; keep the id, which is never used
 * again. */
struct pinhole_agent {
	uint32_t id; /* never 0 */
	const char *network, *agent;
	struct pn_realm *realm;
};

struct pinholes_conf {
	struct loop *loop;
	struct transport *transport; /* where answers leave; their hook is set by the caller */
	const char *(*module_name)(const struct module *m);
	/* A pinhole of the module's has another address now; may be NULL. */
	void (*moved)(void *arg, struct module *m, const struct pn_realm *r, const struct pn_addr *from,
		      const struct pn_addr *to);
	/* Another agent's pinhole is where this trunk's connection comes from: it must end. May be NULL. */
	void (*collided)(void *arg, void *trunk);
	void *arg;
};

struct pinholes *pinholes_new(const struct pinholes_conf *c); /* NULL: out of memory */
void pinholes_free(struct pinholes *p);
/* Networks are those of conf from now on; c was applied to the realms. -ENOMEM: as before. */
int pinholes_apply(struct pinholes *p, const struct conf *c, struct realms *realms);

/* transport_pinholes: arg is the struct pinholes. */
bool pinholes_on_stun(void *arg, struct module *m, const struct pn_msg *msg);
void pinholes_heard(struct pinholes *p, const struct pn_realm *r, const struct pn_addr *from);
void pinholes_redirect(void *arg, uint64_t flow, const struct module *m, const struct pn_realm *r,
		       struct pn_addr *to);

/* Whose signalling comes from this address: a pinhole (also one it had a moment ago) or a trunk; NULL: nobody's. */
const struct pinhole_agent *pinhole_network(struct pinholes *p, const struct pn_realm *r,
					    const struct pn_addr *a);
const struct pinhole_agent *pinhole_agent(struct pinholes *p, uint32_t id); /* NULL: gone */

/* ---- for CMPHs ---- */

/* The long-term key of a network in this realm: -ENOENT. */
int pinhole_key(struct pinholes *p, const struct pn_realm *r, struct pn_str network, uint8_t key[PINHOLE_KEY]);
/* The value of REALM in what we send and expect, of this realm. */
const char *pinhole_realm(const struct pinholes *p, const struct pn_realm *r);
/* To whom this CMPH nonce was given: NULL and errno ESTALE (unknown, or too old: 438), EACCES (`from` is no
 * IP of a live registration of that agent: 401). */
const struct pinhole_agent *pinhole_cmph_nonce(struct pinholes *p, const struct pn_realm *r,
					       struct pn_str network, struct pn_str nonce,
					       const struct pn_addr *from);

/* ---- for trunks ---- */

/* A message that came through a connection before anything else. *out gets what is to be written back; > 0:
 * the id of the agent whose trunk this connection is from now on; 0: another request is awaited; -EBADMSG,
 * -EACCES: close it when `out` is written. */
int64_t pinhole_trunk_request(struct pinholes *p, struct pn_realm *r, const struct pn_addr *local,
			      const struct pn_addr *remote, const uint8_t *data, size_t len, struct buf *out);
/* The agent's trunk stands (or, with NULL, is gone). -ESTALE: no such agent; -EADDRINUSE: its address is that of
 * another agent's pinhole, and what is said from there could not be told apart. */
int pinhole_set_trunk(struct pinholes *p, uint32_t agent, void *trunk, const struct pn_addr *remote);
void pinhole_no_trunk(struct pinholes *p, uint32_t agent); /* nothing came of its request */
/* Through which trunk to reach *to, an address inside of what signals from `via`: its agent's. When that has none
 * and *to is the very socket behind `via`, another one's of the network that has the same subscribers; then *to
 * becomes its socket for them. NULL: none. */
void *pinhole_trunk(struct pinholes *p, const struct pn_realm *r, const struct pn_addr *via, struct pn_addr *to);

/* ---- show ---- */

int pinholes_json(struct pinholes *p, struct buf *out); /* one array */

#endif
