/* What the parts of a client share: client.c sends, client_answer.c takes answers, client_list.c packs subscribers. */
#ifndef PINHOLE_CLIENT_STATE_H
#define PINHOLE_CLIENT_STATE_H

#include "pinhole/login.h"

#define CLIENT_PAUSE_MS 1000u /* before the first new try; doubled from one to the next */

struct client_list {
	struct message_subscriber *each; /* identities lie in text */
	char *text;
	size_t n, at; /* at: the first that is not sent yet */
	uint32_t id;  /* 0: there was never a list */
	uint16_t part, parts;
	bool told; /* the gateway has it whole */
};

struct pinhole_client {
	struct pinhole_client_conf conf;
	char protocol[MESSAGE_NAME];
	char nonce[MESSAGE_NONCE]; /* REGISTER: for this socket */
	size_t nonce_len;
	struct client_list list;

	/* the transaction under way, while sent is not 0 */
	struct buf request;
	uint8_t tid[STUN_TID], former_tid[STUN_TID];
	unsigned sent;
	uint32_t part_n; /* subscribers in it */
	bool is_signed, has_part;

	unsigned challenges; /* 401 and 438 in a row */
	uint64_t due_ms;     /* when to send: the first time, again, or anew */
	uint64_t pause_ms;   /* before the next try after a failure */
	bool wanted;         /* there is something to be sent at once, behind what is under way */
	bool open;
	struct pn_addr mapped, peer;
	uint64_t joined_order; /* of the last JOIN or UNJOIN */
	uint32_t lifetime_s;
	uint64_t answered_ms;
	int error;
	unsigned forgotten;
};

/* The request fails or was refused: nothing stands, the next try comes after a pause. */
void client_fail(struct pinhole_client *c, uint64_t now_ms, int error);
/* When to refresh what was answered at answered_ms. */
uint64_t client_refresh_at(const struct pinhole_client *c);

/* How many subscribers fit into the part that begins at `from`. */
size_t client_list_room(const struct client_list *l, size_t from);
void client_list_rewind(struct client_list *l); /* all parts are to be sent */
void client_list_free(struct client_list *l);

#endif
