/* The media addresses in H.245 messages, as fields. */
#ifndef H323_CHANNEL_ADDRESS_H
#define H323_CHANNEL_ADDRESS_H

#include <CommunicationModeTableEntry.h>
#include <H245TransportAddress.h>
#include <OpenLogicalChannel.h>
#include <OpenLogicalChannelAck.h>

#include "pdu.h"

#define CHANNEL_FIELDS_MAX 4u

struct channel_fields {
	long session; /* 0: not given */
	const DataType_t *data; /* NULL: not given */
	struct {
		struct H245TransportAddress *at;
		bool control; /* mediaControlChannel, RTCP */
	} field[CHANNEL_FIELDS_MAX];
	size_t n;
};

struct channel_fields fields_of_open(const OpenLogicalChannel_t *o);
struct channel_fields fields_of_ack(const OpenLogicalChannelAck_t *a);
struct channel_fields fields_of_mode(const CommunicationModeTableEntry_t *e);

/* family 0: no unicast IP address, or the unspecified one. */
struct pn_addr channel_address_get(const struct H245TransportAddress *t);
/* As transport_set() and transport_write(). */
int channel_address_set(struct pdu *p, struct H245TransportAddress *t, const struct pn_addr *a);
void channel_address_write(struct H245TransportAddress *t, uint8_t ip[16], const struct pn_addr *a);

#endif
