/* The middle between one server transaction and its client transactions: RFC 3261 16. */
#ifndef SIP_PROXY_H
#define SIP_PROXY_H

#include "client.h"
#include "server.h"

/* A response that moved the state of c: provisional above 100, or final. */
void proxy_response(struct sip_client *c, const struct sip_rx *rx);
/* c failed with c->status; m is what was received, NULL when nothing was. */
void proxy_failed(struct sip_client *c, const struct sip_msg *m);
/* When every destination of s has failed, the best failure goes back. */
void proxy_gather(struct sip_server *s);
/* Sends the request of c on, when its media is known. */
void proxy_send(struct sip_client *c, const struct pn_media *adv, size_t n);
/* Passes a response of c on; what cannot be passed is answered by us. */
void proxy_reply(struct sip_client *c, struct sip_dialog *d, const struct sip_msg *m,
		 const struct pn_media *adv, size_t n);
/* Gives an unanswered INVITE up towards all its destinations. */
void proxy_cancel(struct sip_server *s);

#endif
