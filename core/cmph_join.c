/* Calls that return to us: the gateway says of each of two pinholes that its media comes out at the other. Only
 * when it said so of both are they joined, so that nothing is lost when one of the messages is: then the other one
 * is asked for. */
#define LOG_SUBSYSTEM LOG_MEDIA
#include "cmph_line.h"
#include "metrics.h"

/* The line whose pair at the gateway has this address as the component. NULL: none, or it would lead astray. */
static struct line *line_at(const struct line *l, unsigned component, const struct pn_addr *a)
{
	struct pn_addr its;
	struct line *other;
	uint32_t stream;
	unsigned side;

	if (!a->family || relay_own_port(l->c->conf.relay, l->realm->index, a, &stream, &side) != 1)
		return NULL;
	other = line_find(l->c, stream);
	if (!other || other == l || other->side != side || other->realm != l->realm)
		return NULL;
	its = line_inner(other, component);
	return addr_eq(&its, a) ? other : NULL;
}

static void divert(struct line *l, unsigned component, const struct pn_addr *to)
{
	struct hole *h = &l->hole[component];

	if (h->joined == (to->family != 0) ||
	    media_divert(*l->c->conf.sessions, l->grant.stream, (enum pn_side)l->side, component, to))
		return;
	h->joined = to->family;
	metric_add(M_CMPH_JOINED, h->joined);
	log_debug("cmph %08x: component %u: media %s", l->grant.stream, component,
		  h->joined ? "stays inside" : "leaves again");
}

static void part(struct line *l, unsigned component, struct line *other)
{
	const struct pn_addr none = { 0 };

	divert(l, component, &none);
	if (other)
		divert(other, component, &none);
}

void line_orphan(struct line *l)
{
	for (unsigned i = 0; i < 2; i++)
		l->hole[i].orphan = l->hole[i].joined;
}

void line_join(struct line *l, unsigned component, const struct pn_addr *peer, bool indicated)
{
	struct hole *h = &l->hole[component];
	struct pn_addr here = line_inner(l, component);
	struct line *former = line_at(l, component, &h->told), *other = line_at(l, component, peer);

	if (!l->c->local || (h->orphan && !peer->family && !indicated))
		return;
	h->orphan = false;
	if (former != other)
		part(l, component, former);
	h->told = other ? *peer : (struct pn_addr){ 0 };
	if (!other || h->joined)
		return;
	if (addr_eq(&other->hole[component].told, &here)) {
		divert(l, component, peer);
		divert(other, component, &here);
	} else if (former != other) {
		line_refresh(other);
	}
}

void line_part(struct line *l)
{
	for (unsigned i = 0; i < 2; i++) {
		struct line *other = l->hole[i].joined ? line_at(l, i, &l->hole[i].told) : NULL;

		if (other)
			part(other, i, NULL);
	}
}
