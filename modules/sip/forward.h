/* Writing a message for the other side. adv NULL: its description, if it has one, opens no media.
 */
#ifndef SIP_FORWARD_H
#define SIP_FORWARD_H

#include "client.h"
#include "dialog.h"

struct forward_media {
	const struct pn_media *adv;
	size_t n;
};

/* The server's request as c sends it; starts c. 0 or -errno. */
int forward_request(struct sip_client *c, const struct forward_media *media);
/* A response that c got, to the one who asked. d may be NULL. */
int forward_response(struct sip_client *c, struct sip_dialog *d, const struct sip_msg *m,
		     const struct forward_media *media);
/* The ACK of a 2xx from `side` to the other. RFC 3261 13.2.2.4. */
int forward_ack(struct sip_dialog *d, int side, const struct sip_msg *m,
		const struct forward_media *media);

#endif
