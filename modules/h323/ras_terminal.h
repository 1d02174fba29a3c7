/* RAS messages of terminals that register with an external gatekeeper. */
#ifndef H323_RAS_TERMINAL_H
#define H323_RAS_TERMINAL_H

#include "ras.h"

void ras_from_terminal(struct h323 *h, const struct h323_route *r, struct ras_rx *rx);
/* An answer to something that we asked this terminal ourselves? Then it is dealt with. */
bool ras_terminal_answered_us(struct h323_terminal *t, const struct ras_rx *rx);

#endif
