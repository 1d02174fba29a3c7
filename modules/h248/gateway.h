/* Gateways: what is known of each one beyond its binding. The binding is made by a ServiceChange on
 * ROOT and is active when the controller accepted it. */
#ifndef H248_GATEWAY_H
#define H248_GATEWAY_H

#include "conf.h"

LIST_HEAD(h248_calls, h248_call);
LIST_HEAD(h248_pending, h248_tx);

struct h248_gateway {
	LIST_ENTRY(h248_gateway) all;
	struct h248 *h;
	struct pn_binding *binding;
	struct pn_realm *access, *core;
	struct pn_str own_text, mgc_text, face_text; /* of the identifiers below; owned */
	struct mid own;                              /* its identifier, as it writes it */
	struct mid shown;                            /* what stands for it towards the controller */
	struct mid mgc_mid;     /* its controller's identifier; NONE: not heard yet */
	struct mid face;        /* what the gateway is shown instead */
	bool named;             /* `shown` is its own name, which it alone may use there */
	struct pn_addr mgc;     /* the controller that it uses; family 0: none yet */
	struct pn_addr handoff; /* where it was sent to; family 0: nowhere */
	struct pn_addr
		reach;      /* where it listens, when it is behind no NAT; family 0: its pinhole */
	uint64_t core_flow; /* our connection to the controller; 0: none */
	enum msg_coding coding;
	unsigned version;
	struct h248_calls calls;
	struct h248_pending transactions;
	uint64_t heard_ms, refreshed_ms;
	uint64_t asked_ms;   /* since when a ServiceChange waits for its answer; 0: none does */
	unsigned unanswered; /* keepalives in a row */
	bool lost;
	uint32_t next_id; /* of transactions of ours */
};

/* Where a message goes. */
struct h248_hop {
	uint64_t flow;
	struct pn_addr to;
};

/* Who sent this from an access realm: NULL when it is not registered. */
struct h248_gateway *gateway_of_sender(struct h248 *h, const struct pn_msg *pn,
				       const struct msg *m);
/* It registers. 0: *out. -ENOENT: no route from here; -ENOSPC, -ENOMEM, and errors of
 * binding_put(). */
int gateway_register(struct h248 *h, const struct pn_msg *pn, const struct msg *m,
		     struct h248_gateway **out);
/* Whom a message from the core means: by its alias, or by our connection. NULL: nobody. */
struct h248_gateway *gateway_of_alias(struct h248 *h, const struct pn_msg *pn);
struct h248_gateway *gateway_of_binding(struct h248 *h, const struct pn_binding *b);
/* It sent something: its pinhole may have another port, its life goes on. */
void gateway_heard(struct h248_gateway *gw, const struct pn_msg *pn);
/* The controller accepted the registration that came from there; or refused it. */
void gateway_accepted(struct h248_gateway *gw, const struct h248_hop *from);
void gateway_refused(struct h248_gateway *gw);
/* Where requests to it go, and where its own go. 0; -ENOTCONN, -ENOENT. */
int gateway_down(const struct h248_gateway *gw, struct h248_hop *out);
int gateway_up(struct h248_gateway *gw, const struct pn_addr *to, struct h248_hop *out);
void gateway_flow_closed(struct h248 *h, uint64_t flow);
struct pn_addr gateway_pinhole(const struct h248_gateway *gw);
struct pn_addr gateway_alias(const struct h248_gateway *gw);
const struct h248_route *gateway_route(const struct h248_gateway *gw); /* NULL: not any more */
/* The controller's identifier as the gateway is to see it: `local` is ours that it talks to.
 * Remembered. */
const struct mid *gateway_face(struct h248_gateway *gw, const struct mid *mgc,
			       const struct pn_addr *local);
/* The address that a ServiceChangeAddress of its names, if it can be reached there. */
void gateway_listens(struct h248_gateway *gw, const struct mid *mid);
void gateway_free(struct h248_gateway *gw); /* the binding is gone: ends all that it has */

#endif
