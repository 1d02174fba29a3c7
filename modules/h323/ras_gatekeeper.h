/* RAS messages of external gatekeepers, which came to a terminal's alias. */
#ifndef H323_RAS_GATEKEEPER_H
#define H323_RAS_GATEKEEPER_H

#include "ras.h"

void ras_from_gatekeeper(struct h323_terminal *t, struct ras_rx *rx);

#endif
