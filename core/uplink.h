/* The agent's registrations: each datagram socket of the realm towards the gateway registers there, with the
 * subscribers of its module, and again before the lifetime or the NAT's patience ends. The interval adapts
 * within the configured bounds: longer while the pinhole survives, shorter when it did not. A gateway that
 * does not answer is an alarm (log, metric) and is asked again with growing pauses. */
#ifndef CORE_UPLINK_H
#define CORE_UPLINK_H

#include "binding.h"
#include "buf.h"
#include "conf.h"
#include "pinhole/client.h"
#include "transport.h"

struct uplinks;

struct uplinks_conf {
	struct loop *loop;
	struct transport *transport; /* its hook is set by the caller */
	struct bindings *bindings;
	const char *(*module_name)(const struct module *m);
};

struct uplinks *uplinks_new(const struct uplinks_conf *c); /* NULL: out of memory */
/* All registrations end now, while there are still sockets; logins stay. */
void uplinks_end(struct uplinks *u);
void uplinks_free(struct uplinks *u);
/* conf.gateway was read (NULL: role gateway, all ends), realms and listeners are in force. -ENOMEM */
int uplinks_apply(struct uplinks *u, const struct conf *c, struct realms *realms);

/* transport_pinholes: arg is the struct uplinks. */
bool uplinks_on_stun(void *arg, struct module *m, const struct pn_msg *msg);
void uplinks_redirect(void *arg, uint64_t flow, const struct module *m, const struct pn_realm *r,
		      struct pn_addr *to); /* changes nothing: it hears when a socket was in use */
/* A datagram that the module sends to the gateway's realm; true: it waits here, and is sent later. */
bool uplinks_hold(void *arg, uint64_t flow, struct module *m, const struct pn_addr *local, const struct pn_addr *to,
		  const void *data, size_t len);
void uplinks_changed(void *arg); /* sockets or subscribers: looked at soon */

/* Who we are to the gateway; strings and secret live until the next uplinks_apply. */
struct uplink_who {
	struct pn_realm *realm;
	struct pn_addr gateway; /* with the pinhole port */
	struct pn_str network, agent, secret;
};
/* NULL: no gateway is configured. */
const struct uplink_who *uplink_who(const struct uplinks *u);

/* For the clients of our media pinholes: it has the nonce of the latest registration. NULL: no gateway is
 * configured. It lives until uplinks_free, also when a reload made another one. */
struct pinhole_login *uplink_login(const struct uplinks *u);
/* fn is called when a registration stands after none did: CMPHs have a nonce now. One listener. */
void uplink_on_open(struct uplinks *u, void (*fn)(void *arg), void *arg);
/* The gateway refused the nonce of a CMPH: a registration is sent at once. */
void uplink_stale(struct uplinks *u);

bool uplink_up(const struct uplinks *u); /* the gateway answered all sockets' last requests */
int uplinks_json(struct uplinks *u, struct buf *out); /* one array */

#endif
