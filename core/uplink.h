/* The agent's registrations: each datagram socket of the realm towards the gateway registers there, with the
 * subscribers of its module, and again before the lifetime or the NAT's patience ends. The interval adapts
 * within the configured bounds: longer while the pinhole survives, shorter when it did not. A gateway that
 * does not answer is an alarm (log, metric) and is asked again with growing pauses. */
#ifndef CORE_UPLINK_H
#define CORE_UPLINK_H

#include "binding.h"
#include "buf.h"
#include "conf.h"
#include "transport.h"

struct uplinks;

struct uplinks_conf {
	struct loop *loop;
	struct transport *transport; /* its hook is set by the caller */
	struct bindings *bindings;
	const char *(*module_name)(const struct module *m);
};

struct uplinks *uplinks_new(const struct uplinks_conf *c); /* NULL: out of memory */
void uplinks_free(struct uplinks *u);
/* conf.gateway was read (NULL: role gateway, all ends), realms and listeners are in force. -ENOMEM */
int uplinks_apply(struct uplinks *u, const struct conf *c, struct realms *realms);

/* transport_pinholes: arg is the struct uplinks. */
bool uplinks_on_stun(void *arg, struct module *m, const struct pn_msg *msg);
void uplinks_changed(void *arg); /* sockets or subscribers: looked at within a second */

/* Who we are to the gateway; strings and secret live until the next uplinks_apply. */
struct uplink_who {
	struct pn_realm *realm;
	struct pn_addr gateway; /* with the pinhole port */
	struct pn_str network, agent, secret;
};
/* NULL: no gateway is configured. */
const struct uplink_who *uplink_who(const struct uplinks *u);

/* What a CMPH needs from the latest registration. False: none stands; ask again (see on_cmph). Spans
 * live until the turn of the loop ends. */
struct uplink_cmph {
	struct pn_str stun_realm, nonce;
};
bool uplink_cmph(const struct uplinks *u, struct uplink_cmph *out);
/* fn is called when the first registration stands, and when the nonce for CMPHs changed. */
void uplink_on_cmph(struct uplinks *u, void (*fn)(void *arg), void *arg);
/* The gateway refused the nonce of a CMPH (438): a registration is sent at once. */
void uplink_stale(struct uplinks *u);

bool uplink_up(const struct uplinks *u); /* the gateway answered all sockets' last requests */
int uplinks_json(struct uplinks *u, struct buf *out); /* one array */

#endif
