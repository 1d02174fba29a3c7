/* Features by number (H.460.1): FeatureSets that are read, shortened and extended. */
#ifndef H323_FEATURE_H
#define H323_FEATURE_H

#include <FeatureSet.h>

#include "pdu.h"

#define FEATURE_RAS_TUNNEL 17           /* H.460.17 */
#define FEATURE_SIGNALLING_TRAVERSAL 18 /* H.460.18 */
#define FEATURE_MEDIA_TRAVERSAL 19      /* H.460.19 */

/* Needed, desired or supported? NULL-safe. */
bool feature_has(const struct FeatureSet *set, long id);
/* Takes it out; an empty set goes too. Does nothing to a message that can only be patched. */
void feature_remove(const struct pdu *p, struct FeatureSet **set, long id);
/* Adds it to those supported. -ENOMEM; -EOPNOTSUPP: the message can only be patched. */
int feature_add(const struct pdu *p, struct FeatureSet **set, long id);

#endif
