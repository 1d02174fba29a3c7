/* Which address fields RAS messages have, and what each becomes on the other side. */
#ifndef H323_RAS_ADDRESS_H
#define H323_RAS_ADDRESS_H

#include "transaction.h"

/* Towards the gatekeeper: the terminal's addresses become its alias, ours what they stand for.
 * -EOPNOTSUPP: another family, in a message that can only be patched; -ENOMEM. */
int ras_address_to_gatekeeper(struct h323_terminal *t, struct ras_rx *rx);
/* Towards the terminal: its alias becomes its own address, all others of the core become ours. `a` (may be
 * NULL) is the admission that an ACF belongs to: it learns where the call goes. The same errors;
 * -EADDRNOTAVAIL: we have no listener to show. */
int ras_address_to_terminal(struct h323_terminal *t, struct ras_rx *rx, struct h323_admission *a);

#endif
