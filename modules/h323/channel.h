/* Logical channels (H.245 C.4), and the streams that they are: one for each sessionID, so that both directions
 * share ports and latches. */
#ifndef H323_CHANNEL_H
#define H323_CHANNEL_H

#include <OpenLogicalChannel.h>
#include <OpenLogicalChannelAck.h>

#include "call_state.h"
#include "pdu.h"

struct CommunicationModeCommand;

/* Is it for data over TCP (T.120, T.38 over TCP), which is not relayed? */
bool channel_over_tcp(const OpenLogicalChannel_t *o);
/* Learn what a message says. 1: it must be declared to the core; 0: nothing new; -ENOSPC: too many;
 * -EPROTONOSUPPORT: it is over TCP. */
int channel_open(struct call *c, enum pn_side side, const OpenLogicalChannel_t *o);
int channel_ack(struct call *c, enum pn_side side, const OpenLogicalChannelAck_t *a);
int channel_close(struct call *c, enum pn_side opener, long number);
int channel_modes(struct call *c, enum pn_side side, const struct CommunicationModeCommand *m);
/* The same of fastStart: proposals of side A; side B's are what it accepts (H.323 8.1.7). What it does not accept
 * keeps its stream, for what H.245 then opens. */
int channel_fast(struct call *c, enum pn_side side, const OpenLogicalChannel_t *o);

/* Put the addresses in that the other side must see. 0, or -errno of transport_set(). */
int channel_write_open(struct call *c, enum pn_side side, struct pdu *p, OpenLogicalChannel_t *o);
int channel_write_ack(struct call *c, enum pn_side side, struct pdu *p, OpenLogicalChannelAck_t *a);
int channel_write_modes(struct call *c, enum pn_side side, struct pdu *p,
			const struct CommunicationModeCommand *m);

#endif
