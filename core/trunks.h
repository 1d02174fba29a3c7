/* All trunks of this Postern. In the gateway: agents come to the pinhole port by TCP, register there, and have a
 * trunk from then on. In the agent: the one to the gateway, kept up, and dialled again with growing pauses. */
#ifndef CORE_TRUNKS_H
#define CORE_TRUNKS_H

#include "buf.h"
#include "pinhole.h"
#include "trunk.h"
#include "uplink.h"

struct trunks;

struct trunks_conf {
	struct loop *loop;
	struct transport *transport; /* its trunks are set by trunks_new */
	struct pinholes *pinholes;   /* gateway; */
	struct uplinks *uplinks;     /* agent: who we are. Either may be NULL */
};

struct trunks *trunks_new(const struct trunks_conf *c); /* NULL: out of memory */
/* All trunks end, and the modules hear of their channels' end when the turn of the loop ends. Before the transport. */
void trunks_free(struct trunks *s);
/* conf was applied to realms, pinholes and uplinks: listens at the pinhole ports of gateways' realms; in the agent
 * dials, when a module listens for TCP from the gateway, or hangs up. -errno of the listener that could not be opened, of realm *bad; it is tried at each call. */
int trunks_apply(struct trunks *s, const struct conf *c, struct realms *realms, const struct pn_realm **bad);
bool trunks_up(const struct trunks *s); /* agent: the one to the gateway stands */
int trunks_json(struct trunks *s, struct buf *out); /* one array */

#endif
