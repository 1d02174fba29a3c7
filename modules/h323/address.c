#include "address.h"

#include <errno.h>

#include "control.h"
#include "forward.h"
#include "place.h"
#include "transport.h"

#define BODY(name) H323_UU_PDU__h323_message_body_PR_##name

static bool is_start_h245(const struct uuie *u)
{
	return u->type == BODY(facility) && u->uu->h323_message_body.choice.facility.reason.present ==
						    FacilityReason_PR_startH245;
}

static bool is_answer(const struct uuie *u)
{
	return u->type == BODY(callProceeding) || u->type == BODY(alerting) || u->type == BODY(progress) ||
	       u->type == BODY(connect);
}

/* The called side came to where the caller has its H.245, but we cannot get there: the caller may come to us. */
static int offer_h245(struct call *c, enum pn_side side, struct uuie *u)
{
	struct pn_addr ours;

	if (!is_answer(u) || !u->pdu.lossless || !control_offer(c, call_other(side), &ours))
		return 0;
	*u->h245_address = transport_new(&u->pdu, &ours);
	return *u->h245_address ? 0 : -ENOMEM;
}

/* What cannot be shown goes: then the other side shows its own, or they tunnel. */
static int edit_h245(struct call *c, enum pn_side side, struct uuie *u)
{
	struct TransportAddress **field = u->h245_address;
	struct pn_addr at, ours;

	if (!field)
		return 0;
	if (!*field)
		return offer_h245(c, side, u);
	at = transport_get(*field);
	if (at.family && is_start_h245(u) && control_start(c, side, &at))
		return -ECANCELED;
	if (at.family && !control_show(c, side, &at, &ours))
		return transport_set(&u->pdu, *field, &ours);
	if (is_start_h245(u))
		return -ECANCELED;
	if (!u->pdu.lossless)
		return -EOPNOTSUPP;
	*field = NULL;
	return 0;
}

static struct TransportAddress *alternative(const struct uuie *u)
{
	return u->type == BODY(facility) ? u->uu->h323_message_body.choice.facility.alternativeAddress : NULL;
}

/* Whom a side sends elsewhere comes to us, and we go there; where nobody of ours is, nobody is sent. */
static int edit_alternative(struct call *c, enum pn_side side, struct uuie *u)
{
	struct TransportAddress *to = alternative(u);
	struct pn_addr at = transport_get(to), ours;

	if (!at.family)
		return 0;
	if (!forward_new(c, side, &at, &ours))
		return transport_set(&u->pdu, to, &ours);
	if (!u->pdu.lossless)
		return -EOPNOTSUPP;
	u->uu->h323_message_body.choice.facility.alternativeAddress = NULL;
	return 0;
}

static struct pn_addr listener_for(struct call *c, const struct call_leg *to)
{
	struct pn_addr ours = h323_listener(c->h, to->realm, PN_TCP, to->peer.family);

	return ours.family || !to->link ? ours : to->link->local;
}

/* A terminal as the other side knows it. */
static struct pn_addr shown(struct call *c, const struct h323_terminal *t, const struct call_leg *to)
{
	if (t == to->terminal)
		return t->signal;
	return t->core == to->realm ? terminal_alias(t) : listener_for(c, to);
}

/* Whose address is it? That of a terminal becomes what it is on the other side; the sender's becomes ours towards the
 * receiver; ours towards the sender is the receiver's; a terminal sees no other one of the core. What is left is
 * nobody's business. */
static struct pn_addr translate(struct call *c, enum pn_side side, const struct pn_addr *a)
{
	const struct call_leg *from = &c->leg[side], *to = &c->leg[call_other(side)];
	bool from_access = h323_is_access(c->h, from->realm);
	const struct h323_terminal *t = from_access ? place_known(c->h, from->realm, &from->peer, a)
						    : terminal_of_alias(c->h, from->realm, a);

	if (t)
		return shown(c, t, to);
	if (addr_same_ip(a, &from->peer) || addr_same_ip(a, &from->claimed))
		return from->terminal ? shown(c, from->terminal, to) : listener_for(c, to);
	if (from->link && addr_same_ip(a, &from->link->local))
		return side == PN_SIDE_A ? c->to : to->claimed.family ? to->claimed : to->peer;
	return !from_access && h323_is_access(c->h, to->realm) ? listener_for(c, to) : *a;
}

/* h323plus compares sourceCallSignalAddress with the source of the connection: if they differ it takes the
 * caller for one behind a NAT and goes by the packets alone. */
static struct pn_addr address_of(struct call *c, enum pn_side side, const struct uuie *u, const void *field,
				 const struct pn_addr *a)
{
	const Setup_UUIE_t *s = &u->uu->h323_message_body.choice.setup;
	const struct call_link *to = c->leg[call_other(side)].link;

	if (u->type == BODY(setup) && field == s->sourceCallSignalAddress && to)
		return to->local;
	if (u->type == BODY(setup) && field == s->destCallSignalAddress && side == PN_SIDE_A)
		return c->to;
	return translate(c, side, a);
}

int address_edit(struct call *c, enum pn_side side, struct uuie *u)
{
	const struct TransportAddress *h245 = u->h245_address ? *u->h245_address : NULL;
	const struct TransportAddress *away = alternative(u);
	const struct aper_leaf *leaf;
	size_t n = aper_leaves(u->pdu.m, &leaf);
	int err = edit_h245(c, side, u);

	if (!err)
		err = edit_alternative(c, side, u);
	for (size_t i = 0; !err && i < n; i++) {
		struct pn_addr old = leaf_get(&leaf[i]), next;

		if (leaf[i].where == h245 || leaf[i].where == away || leaf[i].td != &asn_DEF_TransportAddress)
			continue;
		next = address_of(c, side, u, leaf[i].where, &old);
		if (next.family && !addr_same(&old, &next))
			err = transport_set(&u->pdu, (struct TransportAddress *)leaf[i].where, &next);
	}
	return err;
}
