/* Which address fields RAS messages have, and what each becomes on the other side. */
#ifndef H323_RAS_ADDRESS_H
#define H323_RAS_ADDRESS_H

#include "transaction.h"

/* Towards the gatekeeper: the terminal's addresses become its alias, ours what they stand for; whom it wants to reach
 * stays, unless that is a terminal too.
 * -EOPNOTSUPP: another family, in a message that can only be patched; -ENOMEM. */
int ras_address_to_gatekeeper(struct h323_terminal *t, struct ras_rx *rx);
/* Towards the terminal: its alias becomes its own address, all others of the core become ours. The same errors;
 * -EADDRNOTAVAIL: we have no listener to show. */
int ras_address_to_terminal(struct h323_terminal *t, struct ras_rx *rx);
/* Where a gatekeeper says that its calls, or this one, are to go; family 0: it does not. */
struct pn_addr ras_address_where(const RasMessage_t *m);

#endif
