#include "ras_address.h"

#include <errno.h>
#include <string.h>

#include "forward.h"
#include "place.h"
#include "ras_tunnel.h"
#include "transport.h"
#include "uuie.h"

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
			       .ras = ras_tunnel_is(t->h, t->flow) ?
					      h323_listener(t->h, t->access, PN_UDP, pinhole.family) :
					      h323_local(t->h, t->flow),
			       .signal = h323_listener(t->h, t->access, PN_TCP, pinhole.family) };
}

static bool is_one_of(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(name, list[i]))
			return true;
	return false;
}

/* Fields that name RAS sockets, not call signalling. */
static bool is_ras(const struct aper_leaf *leaf)
{
	static const char *const names[] = { "rasAddress", "replyAddress" };

	return is_one_of(leaf->component, names, sizeof(names) / sizeof(names[0]));
}

/* Fields that name whom the sender wants to reach, who may be anybody. */
static bool is_wanted(const struct aper_leaf *leaf)
{
	static const char *const names[] = { "destCallSignalAddress", "destinationInfo", "destExtraCallInfo",
					     "remoteExtensionAddress" };

	return is_one_of(leaf->component, names, sizeof(names) / sizeof(names[0]));
}

/* Whom the terminal wants to reach. */
static struct pn_addr wanted_at_gatekeeper(const struct frame *f, const struct pn_addr *a)
{
	struct pn_addr pinhole = terminal_pinhole(f->t);
	const struct h323_terminal *t = place_known(f->t->h, f->t->access, &pinhole, a);

	if (addr_same_ip(a, &f->t->signal) && !t)
		return f->alias;
	return t && t->core == f->t->core ? terminal_alias(t) : *a;
}

static struct pn_addr at_gatekeeper(const struct frame *f, const struct aper_leaf *leaf)
{
	struct pn_addr a = leaf_get(leaf);
	const struct h323_forward *sent = forward_find(f->t->h, f->t->access, &a);

	if (sent)
		return forward_to(sent);
	if (addr_same(&a, &f->ras))
		return f->t->gatekeeper;
	if (addr_same_ip(&a, &f->signal) || addr_same_ip(&a, &f->ras)) {
		if (f->far.family)
			return f->far;
		return f->t->gatekeeper_signal.family ? f->t->gatekeeper_signal : f->alias;
	}
	return is_wanted(leaf) ? wanted_at_gatekeeper(f, &a) : f->alias;
}

static int drop_strings(const struct ras_rx *rx, H323_UU_PDU_t *uu)
{
	struct uuie u = { .pdu = rx->pdu };
	int err = 0;

	uuie_take(&u, uu);
	for (size_t kind = 0; kind < UUIE_STRINGS; kind++)
		while (!err && uuie_count(&u.strings[kind]))
			err = uuie_drop_string(&u, &u.strings[kind], 0);
	return err;
}

/* A report may hold the messages of calls, and these media addresses of the terminal, which are of no use there. */
static int edit_report(const struct ras_rx *rx)
{
	const InfoRequestResponse_t *irr = &rx->msg->choice.infoRequestResponse;
	int err = 0;

	if (rx->type != RasMessage_PR_infoRequestResponse || !irr->perCallInfo)
		return 0;
	for (int i = 0; i < irr->perCallInfo->list.count; i++) {
		const struct CallInfo *info = irr->perCallInfo->list.array[i];

		for (int j = 0; !err && info->pdu && j < info->pdu->list.count; j++)
			err = drop_strings(rx, &info->pdu->list.array[j]->h323pdu);
	}
	return err;
}

int ras_address_to_gatekeeper(struct h323_terminal *t, struct ras_rx *rx)
{
	struct frame f = frame_of(t, rx);
	const uint8_t *call = ras_call(rx->msg);
	const struct aper_leaf *leaf;
	size_t n = aper_leaves(rx->pdu.m, &leaf);
	int err = edit_report(rx);

	if (err)
		return err;
	if (call && rx->type == RasMessage_PR_admissionRequest) {
		bool answering = rx->msg->choice.admissionRequest.answerCall;
		const struct h323_admission *a = admission_find(
			t->h, t->access, call, answering ? ADMISSION_ANSWERS : ADMISSION_CALLS);

		if (a)
			f.far = a->seen;
	}
	for (size_t i = 0; !err && i < n; i++) {
		struct pn_addr to = at_gatekeeper(&f, &leaf[i]);

		err = set(&f, &leaf[i], &to);
	}
	return err;
}

static struct pn_addr at_terminal(const struct frame *f, const struct aper_leaf *leaf)
{
	struct pn_addr a = leaf_get(leaf);

	if (addr_same(&a, &f->alias))
		return f->t->signal.family && !is_ras(leaf) ? f->t->signal : f->t->ras;
	return is_ras(leaf) || addr_same(&a, &f->t->gatekeeper) ? f->ras : f->signal;
}

int ras_address_to_terminal(struct h323_terminal *t, struct ras_rx *rx)
{
	struct frame f = frame_of(t, rx);
	const struct aper_leaf *leaf;
	size_t n = aper_leaves(rx->pdu.m, &leaf);

	for (size_t i = 0; i < n; i++) {
		struct pn_addr to = at_terminal(&f, &leaf[i]);
		int err = to.family ? set(&f, &leaf[i], &to) : -EADDRNOTAVAIL;

		if (err)
			return err;
	}
	return 0;
}

static struct pn_addr first_of(struct TransportAddress **list, int n)
{
	struct pn_addr a = { 0 };

	for (int i = 0; i < n && !a.family; i++)
		a = transport_get(list[i]);
	return a;
}

struct pn_addr ras_address_where(const RasMessage_t *m)
{
	const AdmissionReject_t *arj = &m->choice.admissionReject;
	const RegistrationConfirm_t *rcf = &m->choice.registrationConfirm;

	switch (m->present) {
	case RasMessage_PR_registrationConfirm:
		return first_of(rcf->callSignalAddress.list.array, rcf->callSignalAddress.list.count);
	case RasMessage_PR_admissionConfirm:
		return transport_get(&m->choice.admissionConfirm.destCallSignalAddress);
	case RasMessage_PR_admissionConfirmSequence:
		if (m->choice.admissionConfirmSequence.list.count)
			return transport_get(
				&m->choice.admissionConfirmSequence.list.array[0]->destCallSignalAddress);
		break;
	case RasMessage_PR_admissionReject:
		if (arj->callSignalAddress)
			return first_of(arj->callSignalAddress->list.array, arj->callSignalAddress->list.count);
		break;
	case RasMessage_PR_locationConfirm:
		return transport_get(&m->choice.locationConfirm.callSignalAddress);
	default:
		break;
	}
	return (struct pn_addr){ 0 };
}
