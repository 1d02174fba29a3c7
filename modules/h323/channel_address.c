#include "channel_address.h"

#include <errno.h>
#include <string.h>

#define FORWARD(name) OpenLogicalChannel__forwardLogicalChannelParameters__multiplexParameters_PR_##name
#define REVERSE(name) OpenLogicalChannel__reverseLogicalChannelParameters__multiplexParameters_PR_##name
#define ACK_REVERSE(name) OpenLogicalChannelAck__reverseLogicalChannelParameters__multiplexParameters_PR_##name
#define ACK_FORWARD(name) OpenLogicalChannelAck__forwardMultiplexAckParameters_PR_##name

static void add(struct channel_fields *f, struct H245TransportAddress *at, bool control)
{
	if (!at || f->n == CHANNEL_FIELDS_MAX)
		return;
	f->field[f->n].at = at;
	f->field[f->n].control = control;
	f->n++;
}

static void add_parameters(struct channel_fields *f, const H2250LogicalChannelParameters_t *p)
{
	if (!f->session)
		f->session = p->sessionID;
	add(f, p->mediaChannel, false);
	add(f, p->mediaControlChannel, true);
}

/* A proposal for the way back has nullData forwards (H.323 8.1.7.1). */
struct channel_fields fields_of_open(const OpenLogicalChannel_t *o)
{
	const struct OpenLogicalChannel__reverseLogicalChannelParameters *r = o->reverseLogicalChannelParameters;
	struct channel_fields f = { .data = &o->forwardLogicalChannelParameters.dataType };

	if (o->forwardLogicalChannelParameters.multiplexParameters.present ==
	    FORWARD(h2250LogicalChannelParameters))
		add_parameters(&f, &o->forwardLogicalChannelParameters.multiplexParameters.choice
					    .h2250LogicalChannelParameters);
	if (r && f.data->present == DataType_PR_nullData)
		f.data = &r->dataType;
	if (r && r->multiplexParameters &&
	    r->multiplexParameters->present == REVERSE(h2250LogicalChannelParameters))
		add_parameters(&f, &r->multiplexParameters->choice.h2250LogicalChannelParameters);
	return f;
}

struct channel_fields fields_of_ack(const OpenLogicalChannelAck_t *a)
{
	const struct OpenLogicalChannelAck__reverseLogicalChannelParameters *r =
		a->reverseLogicalChannelParameters;
	const struct OpenLogicalChannelAck__forwardMultiplexAckParameters *fwd =
		a->forwardMultiplexAckParameters;
	struct channel_fields f = { 0 };

	if (fwd && fwd->present == ACK_FORWARD(h2250LogicalChannelAckParameters)) {
		const H2250LogicalChannelAckParameters_t *p = &fwd->choice.h2250LogicalChannelAckParameters;

		f.session = p->sessionID ? *p->sessionID : 0;
		add(&f, p->mediaChannel, false);
		add(&f, p->mediaControlChannel, true);
	}
	if (r && r->multiplexParameters &&
	    r->multiplexParameters->present == ACK_REVERSE(h2250LogicalChannelParameters))
		add_parameters(&f, &r->multiplexParameters->choice.h2250LogicalChannelParameters);
	return f;
}

struct channel_fields fields_of_mode(const CommunicationModeTableEntry_t *e)
{
	struct channel_fields f = { .session = e->sessionID };

	add(&f, e->mediaChannel, false);
	add(&f, e->mediaControlChannel, true);
	return f;
}

static struct pn_addr addr_of(const OCTET_STRING_t *ip, long port)
{
	static const uint8_t zero[16];
	struct pn_addr a = { .family = ip->size == 4 ? 4 : 6, .port = (uint16_t)port };

	if (!ip->buf || (ip->size != 4 && ip->size != 16) || !memcmp(ip->buf, zero, (size_t)ip->size))
		return (struct pn_addr){ 0 };
	memcpy(a.ip, ip->buf, (size_t)ip->size);
	return a;
}

struct pn_addr channel_address_get(const struct H245TransportAddress *t)
{
	const UnicastAddress_t *u = &t->choice.unicastAddress;

	if (t->present != H245TransportAddress_PR_unicastAddress)
		return (struct pn_addr){ 0 };
	switch (u->present) {
	case UnicastAddress_PR_iPAddress:
		return addr_of(&u->choice.iPAddress.network, u->choice.iPAddress.tsapIdentifier);
	case UnicastAddress_PR_iP6Address:
		return addr_of(&u->choice.iP6Address.network, u->choice.iP6Address.tsapIdentifier);
	case UnicastAddress_PR_iPSourceRouteAddress:
		return addr_of(&u->choice.iPSourceRouteAddress.network,
			       u->choice.iPSourceRouteAddress.tsapIdentifier);
	default:
		return (struct pn_addr){ 0 };
	}
}

void channel_address_write(struct H245TransportAddress *t, uint8_t ip[16], const struct pn_addr *a)
{
	UnicastAddress_t *u = &t->choice.unicastAddress;
	OCTET_STRING_t network = { .buf = ip, .size = a->family == 4 ? 4 : 16 };

	*t = (struct H245TransportAddress){ .present = H245TransportAddress_PR_unicastAddress };
	memcpy(ip, a->ip, (size_t)network.size);
	if (a->family == 4) {
		u->present = UnicastAddress_PR_iPAddress;
		u->choice.iPAddress.network = network;
		u->choice.iPAddress.tsapIdentifier = a->port;
	} else {
		u->present = UnicastAddress_PR_iP6Address;
		u->choice.iP6Address.network = network;
		u->choice.iP6Address.tsapIdentifier = a->port;
	}
}

int channel_address_set(struct pdu *p, struct H245TransportAddress *t, const struct pn_addr *a)
{
	UnicastAddress_t *u = &t->choice.unicastAddress;
	uint8_t *ip;

	if (u->present == UnicastAddress_PR_iPAddress && a->family == 4) {
		memcpy(u->choice.iPAddress.network.buf, a->ip, 4);
		u->choice.iPAddress.tsapIdentifier = a->port;
		return 0;
	}
	if (u->present == UnicastAddress_PR_iP6Address && a->family == 6) {
		memcpy(u->choice.iP6Address.network.buf, a->ip, 16);
		u->choice.iP6Address.tsapIdentifier = a->port;
		return 0;
	}
	if (!p->lossless)
		return -EOPNOTSUPP;
	ip = aper_alloc(p->m, 16);
	if (!ip)
		return -ENOMEM;
	channel_address_write(t, ip, a);
	return 0;
}
