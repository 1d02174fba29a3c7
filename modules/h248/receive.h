/* What arrives: read, and given to the gateway that it comes from or is meant for. */
#ifndef H248_RECEIVE_H
#define H248_RECEIVE_H

#include "gateway.h"

void receive_message(struct h248 *h, const struct pn_msg *pn);

#endif
