/* Logical channels: what is proposed and answered, and what is learnt of where media goes.
 * H.245 B.3; H.323 8.1.7 (fast connect). A medium is a stream of struct media; its sessionID is its kind + 1. */
#ifndef LAB_H323_CHANNEL_H
#define LAB_H323_CHANNEL_H

#include "DataApplicationCapability.h"
#include "DataType.h"
#include "OpenLogicalChannel.h"
#include "OpenLogicalChannelAck.h"
#include "h323_terminal.h"

#define CHANNEL_FIRST 101     /* the number of our first */
#define CHANNEL_FAX_RATE 144 /* units of 100 bit/s */

void channel_audio(AudioCapability_t *a);
void channel_video(VideoCapability_t *v);
void channel_data(DataApplicationCapability_t *d);
void channel_fax(DataProtocolCapability_t *protocol, T38FaxProfile_t *profile);
/* A channel of ours for stream i. */
void channel_open(struct terminal *t, OpenLogicalChannel_t *o, long number, int i);
/* Answer a channel of theirs: its stream, or -1 when it is none of ours. Learns their RTCP. */
int channel_ack(struct terminal *t, const OpenLogicalChannel_t *o, OpenLogicalChannelAck_t *a);
/* Their answer to ours of stream i: media may go. */
bool channel_acked(struct terminal *t, int i, const OpenLogicalChannelAck_t *a);

/* Fast connect. All proposals, into call.offered. */
void channel_offer(struct terminal *t);
/* The answer to one proposal, in its place; false: not wanted. */
bool channel_answer(struct terminal *t, const uint8_t *proposal, size_t len, uint8_t *out, size_t *out_len);
/* One answer. */
void channel_learn(struct terminal *t, const uint8_t *answer, size_t len);
void channel_talk(struct terminal *t);

#endif
