#include "ras_address.h"

#include <errno.h>

#include "transport.h"

/* What stands on the other side for what. */
struct frame {
	struct h323_terminal *t;
	struct ras_rx *rx;
	struct pn_addr alias;
	struct pn_addr ras, signal; /* our listeners in the terminal's realm */
	struct pn_addr far;         /* the other side of the call that the message is about; family 0 */
};

static int set(struct frame *f, const struct aper_leaf *leaf, const struct pn_addr *to)
{
	if (leaf->td == &asn_DEF_TransportAddress)
		return transport_set(&f->rx->pdu, (struct TransportAddress *)(uintptr_t)leaf->where, to);
	return leaf_set(leaf, to);
}

static struct frame frame_of(struct h323_terminal *t, struct ras_rx *rx)
{
	struct pn_addr pinhole = terminal_pinhole(t);

	return (struct frame){ .t = t,
			       .rx = rx,
			       .alias = terminal_alias(t),
			       .ras = h323_local(t->h, t->flow),
			       .signal = h323_listener(t->h, t->access, PN_TCP, pinhole.family) };
}

static struct pn_addr at_gatekeeper(const struct frame *f, const struct pn_addr *a)
{
	if (addr_same(a, &f->ras))
		return f->t->gatekeeper;
	if (!addr_same_ip(a, &f->signal) && !addr_same_ip(a, &f->ras))
		return f->alias;
	if (f->far.family)
		return f->far;
	return f->t->gatekeeper_signal.family ? f->t->gatekeeper_signal : f->alias;
}

int ras_address_to_gatekeeper(struct h323_terminal *t, struct ras_rx *rx)
{
	struct frame f = frame_of(t, rx);
	const uint8_t *call = ras_call(rx->msg);
	const struct aper_leaf *leaf;
	size_t n = aper_leaves(rx->pdu.m, &leaf);

	if (call && rx->type == RasMessage_PR_admissionRequest) {
		bool answering = rx->msg->choice.admissionRequest.answerCall;
		const struct h323_admission *a = admission_find(t->h, t->access, call, answering);

		if (a)
			f.far = a->seen;
	}
	for (size_t i = 0; i < n; i++) {
		struct pn_addr a = leaf_get(&leaf[i]), to = at_gatekeeper(&f, &a);
		int err = set(&f, &leaf[i], &to);

		if (err)
			return err;
	}
	return 0;
}

/* Fields of messages from a gatekeeper that name RAS sockets, not call signalling. */
static bool is_ras(const RasMessage_t *m, const void *where)
{
	const struct InfoRequest *irq = &m->choice.infoRequest;

	switch (m->present) {
	case RasMessage_PR_gatekeeperConfirm:
	case RasMessage_PR_gatekeeperReject:
	case RasMessage_PR_registrationReject:
		return true; /* the alternates as well */
	case RasMessage_PR_registrationConfirm:
		for (int i = 0; i < m->choice.registrationConfirm.callSignalAddress.list.count; i++)
			if (where == m->choice.registrationConfirm.callSignalAddress.list.array[i])
				return false;
		return true;
	case RasMessage_PR_infoRequest:
		return where == irq->replyAddress;
	case RasMessage_PR_locationConfirm:
		return where == &m->choice.locationConfirm.rasAddress;
	case RasMessage_PR_locationRequest:
		return where == &m->choice.locationRequest.replyAddress;
	default:
		return false;
	}
}

static struct pn_addr at_terminal(const struct frame *f, const struct aper_leaf *leaf)
{
	struct pn_addr a = leaf_get(leaf);

	if (addr_same(&a, &f->alias))
		return f->t->signal.family ? f->t->signal : f->t->ras;
	if (is_ras(f->rx->msg, leaf->where) || addr_same(&a, &f->t->gatekeeper))
		return f->ras;
	return f->signal;
}

/* Where the gatekeeper wants the terminal to call, before we put ourselves in between. */
static void learn(struct frame *f, struct h323_admission *a)
{
	const RasMessage_t *m = f->rx->msg;
	struct pn_addr to = { 0 };

	if (m->present == RasMessage_PR_registrationConfirm) {
		for (int i = 0; i < m->choice.registrationConfirm.callSignalAddress.list.count && !to.family;
		     i++)
			to = transport_get(m->choice.registrationConfirm.callSignalAddress.list.array[i]);
		f->t->gatekeeper_signal = to;
	} else if (m->present == RasMessage_PR_admissionConfirm && a) {
		to = transport_get(&m->choice.admissionConfirm.destCallSignalAddress);
		a->way = (struct h323_way){ .reach = H323_BY_ADDRESS,
					    .realm = f->t->core,
					    .to = to,
					    .caller = f->t };
		a->bandwidth = (uint32_t)m->choice.admissionConfirm.bandWidth;
	}
}

int ras_address_to_terminal(struct h323_terminal *t, struct ras_rx *rx, struct h323_admission *a)
{
	struct frame f = frame_of(t, rx);
	const struct aper_leaf *leaf;
	size_t n = aper_leaves(rx->pdu.m, &leaf);

	learn(&f, a);
	for (size_t i = 0; i < n; i++) {
		struct pn_addr to = at_terminal(&f, &leaf[i]);
		int err = to.family ? set(&f, &leaf[i], &to) : -EADDRNOTAVAIL;

		if (err)
			return err;
	}
	return 0;
}
