/* The RAS half of H.460.18: what waits for a ServiceControlResponse. */
#ifndef H323_TRAVERSAL_RAS_H
#define H323_TRAVERSAL_RAS_H

#include "ras.h"

/* Is it the answer to an indication of ours? */
bool traversal_answered(struct h323_terminal *t, const struct ras_rx *rx);

#endif
