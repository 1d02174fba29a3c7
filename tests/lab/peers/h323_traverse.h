/* H.460.19 as a client: the feature in call signalling, and what logical channels say of keepalives. */
#ifndef LAB_H323_TRAVERSE_H
#define LAB_H323_TRAVERSE_H

#include "FeatureSet.h"
#include "OpenLogicalChannel.h"
#include "OpenLogicalChannelAck.h"
#include "h323_terminal.h"

/* The feature, in the message that is being built; NULL when it is not to be told. */
FeatureSet_t *traverse_feature_set(const struct terminal *t);
/* The same for a list that is no FeatureSet; false: not to be told. */
bool traverse_put_feature(const struct terminal *t, void *list);
/* Was it told? */
bool traverse_in_set(const FeatureSet_t *s);
bool traverse_in_list(struct GenericData *const *list, int n);

/* In a channel or proposal, an answered proposal, an acknowledgement. */
void traverse_put_open(const struct terminal *t, OpenLogicalChannel_t *o);
void traverse_put_answer(const struct terminal *t, OpenLogicalChannel_t *o);
void traverse_put_ack(const struct terminal *t, OpenLogicalChannelAck_t *a);
/* Where keepalives of a stream go, if the channel says so. */
void traverse_learn(struct terminal *t, struct media_stream *s, const OpenLogicalChannel_t *o);

#endif
