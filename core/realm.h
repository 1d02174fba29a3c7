/* A realm at work: the opaque struct pn_realm of the ABI. Indexes are stable for the life of the
 * process: a reload that removes a realm in use keeps it, closed for what is new, until it is idle. */
#ifndef CORE_REALM_H
#define CORE_REALM_H

#include "acl.h"
#include "addr.h"
#include "conf.h"
#include "latch.h"
#include "port.h"
#include "reach.h"

struct realms;

struct pn_realm {
	struct pn_realm_info info; /* name, side, addresses */
	const struct realms *all;
	unsigned index;
	bool gone; /* removed by a reload */
	uint16_t media_first, media_last;
	struct port_pool *ports4, *ports6; /* NULL where the realm has no such address */
	uint16_t tcp_first, tcp_last;      /* for connections that a session awaits; 0: none */
	uint16_t alias_first, alias_last;  /* ports for aliases; 0: none */
	struct prefixes alias_addresses;
	struct prefixes reach;
	bool reach_set;            /* reach was configured; else it goes by side and address */
	struct acl *acl;
	enum latch_mode latch;
	uint8_t latch_packets, peer_bits4, peer_bits6;
	bool third_party;
	int dscp;                  /* -1: leave */
	char *device;              /* NULL: any */
	uint32_t fwmark;
	struct realm_limits limits;
	uint16_t pinhole; /* the shared media port; 0: none */
	bool stun;
	enum stun_media stun_media;
	bool uplink; /* the agent's realm towards its gateway */
	struct prefixes siblings; /* in that: the other agents of the network */
};

#define REALMS_MAX 256u /* in the life of a process */

struct realms; /* all of them */

struct realms *realms_new(void);
void realms_free(struct realms *r);
/* Make the realms those of c. -ENOSPC past REALMS_MAX, -ENOMEM; nothing changed then. What was before is
 * remembered until realms_keep or realms_undo; a second apply keeps the first. */
int realms_apply(struct realms *r, const struct conf *c);
void realms_keep(struct realms *r);
void realms_undo(struct realms *r);
struct pn_realm *realms_find(struct realms *r, const char *name); /* NULL: none, or gone */
struct pn_realm *realms_at(struct realms *r, unsigned index); /* NULL past the last */
/* The realm of conf.realms[index] of the conf that was applied last; NULL past the last. */
struct pn_realm *realms_configured(struct realms *r, unsigned index);
unsigned realms_count(const struct realms *r);
/* May Postern send to this address from this realm (rule 6, latch.md 8)? Special and own addresses are
 * refused unless `reach` names them by a prefix of 8 bits or more; the port does not matter. */
bool realm_reaches(const struct pn_realm *realm, const struct pn_addr *to);
/* Does `reach` name it by a prefix of 8 bits or more? */
bool realm_names(const struct pn_realm *realm, const struct pn_addr *to);
/* Is it an address of a realm with the same routing? The port does not matter. */
bool realm_owns(const struct pn_realm *realm, const struct pn_addr *a);
/* What the default reach is besides what is named: REACH_GLOBAL where all addresses are global and the
 * side is access, REACH_ANY else; REACH_NAMED when reach was configured. */
enum reach_rest realm_rest(const struct pn_realm *realm);
/* Do they share one routing table, so that equal addresses are the same host? By device. */
bool realm_same_routing(const struct pn_realm *a, const struct pn_realm *b);
const struct pn_addr *realm_addr(const struct pn_realm *realm, int family); /* NULL: none */
/* The pool that a local media address belongs to; NULL: none. */
struct port_pool *realm_ports(struct pn_realm *realm, int family);

#endif
