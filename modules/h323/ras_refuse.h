/* Refusals of requests in their own words: GRJ, RRJ, URJ, ARJ, BRJ, DRJ, LRJ, INAK, XRS. */
#ifndef H323_RAS_REFUSE_H
#define H323_RAS_REFUSE_H

#include "ras.h"

/* Fills *out with the refusal of rx for this reason: -ENOSPC (resources), -EACCES (not registered),
 * -ENOENT (the called is not), -EEXIST (its alias is another's), -EHOSTUNREACH, -ENETUNREACH (no way
 * there), -EDQUOT (bandwidth), -EINVAL (an address that is none), anything else is undefined. -EINVAL:
 * it is no request. */
int ras_refuse_write(const struct ras_rx *rx, int why, RasMessage_t *out);

#endif
