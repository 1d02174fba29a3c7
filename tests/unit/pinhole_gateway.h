/* A gateway of the pinhole protocol that keeps the rules of docs/pinhole-protocol.md, as far as one client can
 * tell, without any network between them. */
#ifndef UNIT_PINHOLE_GATEWAY_H
#define UNIT_PINHOLE_GATEWAY_H

#include "pinhole/client.h"
#include "pinhole_kit.h"

#define WALL_US 1763733600000000u

struct gateway {
	uint8_t secret[NONCE_SECRET], key[STUN_KEY];
	struct credential_order order;
	struct pn_addr mapped, peer;
	uint32_t lifetime_s, list, whole;
	size_t n, requests, parts;
	char last[MESSAGE_IDENTITY + 1];
	int refuse; /* with this code */
};

extern struct gateway gw;
extern struct pn_addr gateway, inner; /* its address, and that of the socket inside */
extern uint64_t now;

void gateway_setup(void); /* before each test */
int gateway_success(const struct message *m, struct pn_str nonce, uint8_t *out);
int gateway_answer(const uint8_t *data, size_t len, uint8_t *out); /* to a request */
/* One request and its answer; PINHOLE_NOT_OURS when nothing was to be sent. */
enum pinhole_event gateway_exchange(struct pinhole_client *c);
enum pinhole_event gateway_settle(struct pinhole_client *c); /* until nothing more is to be sent now; the last event */
struct pinhole_login *gateway_login(const char *secret);
struct pinhole_client *gateway_client(enum pinhole_kind kind, struct pinhole_login *l);

#endif
