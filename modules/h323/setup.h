/* A Setup that begins a call. */
#ifndef H323_SETUP_H
#define H323_SETUP_H

#include "call_state.h"
#include "q931.h"

void setup_receive(struct h323 *h, struct call_link *l, const struct pn_msg *m, const struct q931_msg *q);

#endif
