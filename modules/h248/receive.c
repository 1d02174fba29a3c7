#include "receive.h"

#include <errno.h>
#include <string.h>

#include "mgc.h"
#include "own.h"
#include "pass.h"

static struct own_form form_to(const struct h248 *h, const struct pn_msg *pn, const struct msg *m,
			       const struct h248_gateway *gw)
{
	struct own_form f = { .to = { pn->flow, pn->remote },
			      .coding = m->coding,
			      .version = m->version };
	struct pn_addr local = h248_own(h, pn->flow);

	if (!f.version || f.version > MSG_VERSION_MAX)
		f.version = 1;
	f.mid = gw && h248_is_access(h, pn->realm) ? gw->face : mid_of_addr(&local);
	if (gw && !h248_is_access(h, pn->realm))
		f.mid = gw->shown;
	if (f.mid.form == MID_NONE)
		f.mid = mid_of_addr(&local);
	return f;
}

static bool asks(const struct msg *m)
{
	for (uint32_t i = 0; i < m->n_tx; i++)
		if (m->tx[i].kind == MSG_REQUEST)
			return true;
	return false;
}

static void refuse_all(struct h248 *h, const struct own_form *f, const struct msg *m, int error)
{
	for (uint32_t i = 0; i < m->n_tx; i++)
		if (m->tx[i].kind == MSG_REQUEST)
			own_reply(h, f, m->tx[i].id, error);
}

/* Only what asks something is told: a message of errors must not be answered by one. */
static void unreadable(struct h248 *h, const struct pn_msg *pn, const struct msg *m, int err)
{
	struct own_form f = form_to(h, pn, m, NULL);

	h->svc->count(h->host, H248_CNT_MALFORMED);
	h->svc->bad_input(h->host, pn, m->why ? m->why : "version not supported");
	if (m->n_items && !m->error)
		own_error(h, &f, err == -EPROTONOSUPPORT ? H248_VERSION : H248_SYNTAX_MESSAGE);
}

static bool registers(const struct msg *m)
{
	for (uint32_t i = 0; i < m->n_commands; i++)
		if (m->command[i].verb == MSG_SERVICE_CHANGE && m->command[i].root &&
		    msg_tx_of(m, &m->command[i])->kind == MSG_REQUEST)
			return true;
	return false;
}

/* Returns true when it took m over. */
static bool from_gateway(struct h248 *h, const struct pn_msg *pn, struct msg *m)
{
	struct h248_gateway *gw = gateway_of_sender(h, pn, m);
	struct own_form f = form_to(h, pn, m, gw);
	int err = 0;

	if (registers(m) && !(pn->flags & PN_MSG_HELD))
		err = gateway_register(h, pn, m, &gw);
	if (err) {
		h->svc->log(h->host, PN_LOG_WARN, "h248: ServiceChange refused: %s",
			    strerror(-err));
		refuse_all(h, &f, m, err == -ENOENT ? H248_NOT_READY : H248_RESOURCES);
		return false;
	}
	if (!gw) {
		h->svc->count(h->host, H248_CNT_UNREGISTERED);
		refuse_all(h, &f, m, H248_UNREGISTERED);
		return false;
	}
	gateway_heard(gw, pn);
	pass_message(gw, H248_UP, pn, m);
	return true;
}

static bool from_core(struct h248 *h, const struct pn_msg *pn, struct msg *m)
{
	struct h248_gateway *gw = gateway_of_alias(h, pn);
	const struct h248_route *r = gw ? gateway_route(gw) : NULL;
	struct own_form f;

	if (!gw || !r) {
		h->svc->count(h->host, H248_CNT_STRAY);
		h->svc->bad_input(h->host, pn, "no gateway has this address");
		return false;
	}
	if (!softswitch_known(&r->mgcs, &pn->remote) && !addr_same_ip(&gw->mgc, &pn->remote)) {
		h->svc->bad_input(h->host, pn, "not a controller of this gateway");
		f = form_to(h, pn, m, gw);
		if (asks(m))
			refuse_all(h, &f, m, H248_UNAUTHORIZED);
		return false;
	}
	pass_message(gw, H248_DOWN, pn, m);
	return true;
}

void receive_message(struct h248 *h, const struct pn_msg *pn)
{
	size_t skip = pn->transport == PN_UDP ? 0 : H248_TPKT;
	struct msg *m = NULL;
	bool taken = false;
	int err;

	if (pn->len <= skip)
		return;
	err = msg_parse(pn->data + skip, pn->len - skip, &m);
	if (!m)
		return;
	if (err)
		unreadable(h, pn, m, err);
	else if (h248_is_access(h, pn->realm))
		taken = from_gateway(h, pn, m);
	else
		taken = from_core(h, pn, m);
	if (!taken)
		msg_free(m);
}
