#include "setup.h"

#include <errno.h>
#include <string.h>

#include <AliasAddress.h>
#include <EndpointType.h>

#include "alias.h"
#include "own.h"
#include "transport.h"
#include "uuie.h"

#define NAMES_LEN 4096u

/* Room for the aliases of one message. */
struct names {
	char text[NAMES_LEN];
	size_t used;
};

static struct pn_str take_alias(struct names *n, const struct AliasAddress *a)
{
	long len = alias_text(a, n->text + n->used, NAMES_LEN - n->used);
	struct pn_str s = { n->text + n->used, len > 0 ? (size_t)len : 0 };

	n->used += s.len;
	return s;
}

static void add_destination(struct h323_wish *w, struct pn_str name)
{
	if (name.len && w->n_destinations < H323_ALIASES_MAX)
		w->destination[w->n_destinations++] = name;
}

/* Called or calling party number: octet 3, for the latter perhaps 3a, then digits (Q.931 4.5.8, 4.5.10). */
static struct pn_str party_number(const struct q931_msg *q, enum q931_element id)
{
	const struct q931_ie *ie = q931_find(q, id);
	size_t head;

	if (!ie || !ie->value.len)
		return (struct pn_str){ NULL, 0 };
	head = (uint8_t)ie->value.p[0] & 0x80 ? 1 : 2;
	if (ie->value.len <= head)
		return (struct pn_str){ NULL, 0 };
	return (struct pn_str){ ie->value.p + head, ie->value.len - head };
}

static void read_wish(const struct uuie *u, const struct q931_msg *q, struct names *n, struct h323_wish *w)
{
	const Setup_UUIE_t *s = &u->uu->h323_message_body.choice.setup;

	w->call = u->call ? u->call : u->conference;
	w->source_signal = transport_get(s->sourceCallSignalAddress);
	for (int i = 0; s->destinationAddress && i < s->destinationAddress->list.count; i++)
		add_destination(w, take_alias(n, s->destinationAddress->list.array[i]));
	add_destination(w, party_number(q, Q931_CALLED_PARTY));
}

static struct pn_str name_of_caller(const struct uuie *u, const struct q931_msg *q, struct names *n)
{
	const Setup_UUIE_t *s = &u->uu->h323_message_body.choice.setup;
	struct pn_str name = { NULL, 0 };

	for (int i = 0; !name.len && s->sourceAddress && i < s->sourceAddress->list.count; i++)
		name = take_alias(n, s->sourceAddress->list.array[i]);
	return name.len ? name : party_number(q, Q931_CALLING_PARTY);
}

/* H.225.0 7.3.10: it wants to keep the connection for its next call. */
static bool says_maintain(const Setup_UUIE_t *s)
{
	return s->maintainConnection && *s->maintainConnection;
}

static int begin(struct h323 *h, struct call_link *l, const struct pn_msg *m, const struct q931_msg *q,
		 const struct uuie *u)
{
	struct names names = { .used = 0 };
	struct h323_wish w = { .msg = m, .forward = l->forward };
	struct h323_way way = { 0 };
	struct call_args a = { .link = l, .reference = q->call, .wish = &w, .way = &way };
	char to[H323_ADDR_LEN];
	struct call *c;
	int err;

	read_wish(u, q, &names, &w);
	err = route_call(h, &w, &way);
	if (err)
		return err;
	a.claimed = w.source_signal;
	a.from = name_of_caller(u, q, &names);
	a.to = w.n_destinations ? w.destination[0] : str_of(h323_print(h, &way.to, to));
	err = call_new(h, &a, &c);
	if (!err)
		l->maintained = says_maintain(&u->uu->h323_message_body.choice.setup);
	if (!err)
		call_give(c, PN_SIDE_A, false, q->text);
	return err;
}

void setup_receive(struct h323 *h, struct call_link *l, const struct pn_msg *m, const struct q931_msg *q)
{
	const struct own_to to = { l, q->call, true };
	struct uuie u = { 0 };
	uint8_t id[H323_GUID];
	bool has_id;
	int err = q->uu.p ? uuie_read(q->uu, &u) : -EBADMSG;

	if (!err && u.type != H323_UU_PDU__h323_message_body_PR_setup)
		err = -EBADMSG;
	if (err) {
		pdu_counted(h, NULL, err);
		h->svc->bad_input(h->host, m, "a Setup that does not decode");
	}
	has_id = !err && u.call;
	if (has_id)
		memcpy(id, u.call, H323_GUID);
	if (!err)
		err = begin(h, l, m, q, &u);
	uuie_free(&u);
	if (!err)
		return;
	h->svc->count(h->host, H323_CNT_CALLS_REFUSED);
	own_release(&to, has_id ? id : NULL, err);
}
