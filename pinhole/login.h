/* Who we are to the gateway: what all sockets of an agent share. The interface is in client.h; here is what its
 * clients need. */
#ifndef PINHOLE_LOGIN_H
#define PINHOLE_LOGIN_H

#include "pinhole/client.h"

#define LOGIN_SECRET 256u

struct pinhole_login {
	char network[MESSAGE_NAME], agent[MESSAGE_NAME], secret[LOGIN_SECRET];
	char realm[MESSAGE_NAME], nonce[MESSAGE_NONCE];
	size_t network_len, agent_len, secret_len, realm_len, nonce_len;
	uint8_t key[STUN_KEY];
	uint64_t wall_us, since_ms, order;
};

struct pn_str login_network(const struct pinhole_login *l);
struct pn_str login_agent(const struct pinhole_login *l);
/* The gateway's REALM: the key follows. -EPROTO: not a realm that we take. */
int login_set_realm(struct pinhole_login *l, struct pn_str realm);
int login_set_nonce(struct pinhole_login *l, struct pn_str nonce); /* that for CMPHs; -EPROTO */
uint64_t login_order(struct pinhole_login *l, uint64_t now_ms);    /* the next ORDER */

#endif
