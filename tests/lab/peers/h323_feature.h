/* H.460.18 as a client: what it says that it can, and the indication that a call waits. */
#ifndef LAB_H323_FEATURE_H
#define LAB_H323_FEATURE_H

#include "FeatureSet.h"
#include "IndicationMessage.h"
#include "ServiceControlIndication.h"
#include "h323_terminal.h"

/* H.460.17 or H.460.18, in the RAS message that is being built: H.460.19 is told within calls alone. NULL: neither. */
FeatureSet_t *feature_set(const struct terminal *t);
/* Answer it, then fetch the call. */
void feature_indication(struct terminal *t, const ServiceControlIndication_t *i, const struct sockaddr_in *from);
/* The first message on an H.245 connection that the terminal opened: which call it is for. */
void feature_name_call(const struct terminal *t, IndicationMessage_t *i);

#endif
