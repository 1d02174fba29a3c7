#include "forward.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "place.h"

#define FORWARDS_MAX 8u /* of one call */

/* Tables take octets: these have no padding that is not zero. */
struct key {
	uintptr_t realm;
	uint64_t family, port;
	uint8_t ip[16];
};

struct h323_forward {
	struct h323 *h;
	struct key key;
	struct pn_realm *realm; /* whose side said it */
	struct pn_addr seen;    /* where it is */
	struct pn_addr to;
};

static struct key key_of(const struct pn_realm *r, const struct pn_addr *ours)
{
	struct key k = { .realm = (uintptr_t)r, .family = ours->family, .port = ours->port };

	memcpy(k.ip, ours->ip, ours->family == 4 ? 4 : 16);
	return k;
}

struct h323_forward *forward_find(struct h323 *h, const struct pn_realm *r, const struct pn_addr *ours)
{
	struct key k = key_of(r, ours);

	return h->svc->table_get(h->forward_by_address, &k, sizeof(k));
}

struct pn_addr forward_to(const struct h323_forward *f)
{
	return f->to;
}

int forward_way(const struct h323_forward *f, struct h323_way *out)
{
	struct h323_terminal *t = terminal_of_alias(f->h, f->realm, &f->to);

	if (!t && h323_is_access(f->h, f->realm))
		t = place_known(f->h, f->realm, &f->seen, &f->to);
	if (t)
		return way_to_terminal(t, out);
	if (h323_is_access(f->h, f->realm))
		return -EHOSTUNREACH;
	*out = (struct h323_way){ .reach = H323_BY_ADDRESS, .realm = f->realm, .to = f->to };
	return 0;
}

void forward_free(struct h323_forward *f)
{
	if (!f)
		return;
	f->h->svc->table_del(f->h->forward_by_address, &f->key, sizeof(f->key));
	free(f);
}

static struct h323_forward *put(struct h323 *h, struct h323_forward f)
{
	struct h323_forward *copy = malloc(sizeof(*copy));

	if (!copy || h->svc->table_put(h->forward_by_address, &f.key, sizeof(f.key), copy)) {
		free(copy);
		return NULL;
	}
	*copy = f;
	return copy;
}

int forward_new(struct call *c, enum pn_side side, const struct pn_addr *to, struct pn_addr *ours)
{
	const struct call_leg *from = &c->leg[side], *sent = &c->leg[call_other(side)];
	struct h323_forward f = { .h = c->h, .realm = from->realm, .seen = from->peer, .to = *to };
	struct h323_way way;
	struct pn_addr local;
	struct call_link *l;
	uint64_t flow;
	int err = forward_way(&f, &way);

	if (!err && c->forwards == FORWARDS_MAX)
		err = -ENOSPC;
	if (!err)
		err = c->h->svc->flow_expect(c->h->host, sent->realm, sent->peer.family, &sent->peer,
					     c->h->conf->admission_ms, &flow, &local);
	if (err)
		return err;
	l = link_new(c->h, flow, sent->realm);
	if (!l) {
		c->h->svc->flow_close(c->h->host, flow);
		return -ENOMEM;
	}
	f.key = key_of(sent->realm, &local);
	l->forward = put(c->h, f);
	if (!l->forward) {
		link_close(l);
		return -ENOMEM;
	}
	c->forwards++;
	*ours = local;
	return 0;
}
