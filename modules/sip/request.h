/* What arrives as a request, and where it goes from there: RFC 3261 16.2 to 16.6. */
#ifndef SIP_REQUEST_H
#define SIP_REQUEST_H

#include "sip.h"

/* A request that msg_check found nothing wrong with, new or again. */
void request_receive(struct sip *sip, const struct sip_rx *rx);

#endif
