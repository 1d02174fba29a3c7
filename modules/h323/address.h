/* The addresses in call signalling that are not media's: what each becomes on the other side. */
#ifndef H323_ADDRESS_H
#define H323_ADDRESS_H

#include "call_state.h"
#include "uuie.h"

/* Edits all of a message from `side`. 0; -ECANCELED: it is of no use to the other side, do not send it; or what
 * transport_set() said. */
int address_edit(struct call *c, enum pn_side side, struct uuie *u);

#endif
