#include "relay.h"
#include "relay_state.h"
#include <errno.h>
#include <stdlib.h>

static struct relay_stream *owner(const struct relay *r, const struct hop_want *w)
{
	return relay_find(r, w->stream);
}

static void look_again(struct relay *r, struct hop_want *w)
{
	struct relay_stream *s = owner(r, w);
	struct relay_command c = { .kind = COMMAND_HOP };

	if (!s || !hop_resolve(&r->hops, w))
		return;
	c.stream = &s->hot;
	c.hop.leg = w->leg;
	c.hop.component = w->component;
	c.hop.to = w->hop;
	relay_do(r, s->thread, &c);
}

static void look_again_for(struct relay *r, const struct pn_addr *addr)
{
	for (struct hop_want *w = hop_wanted(&r->hops, addr, NULL); w; w = hop_wanted(&r->hops, addr, w))
		look_again(r, w);
}

void relay_ports_opened(struct relay *r, const struct relay_stream *s)
{
	for (unsigned i = 0; i < 4; i++)
		look_again_for(r, &s->port[i / 2][i % 2].addr);
}

void relay_ports_closed(struct relay *r, struct relay_stream *s)
{
	for (unsigned i = 0; i < 4; i++) {
		struct hop_port *p = &s->port[i / 2][i % 2];
		struct pn_addr addr = p->addr;

		hop_port_del(&r->hops, p);
		look_again_for(r, &addr);
	}
}

static int place_want(struct relay *r, struct relay_stream *s, const struct relay_rules *rules, unsigned leg)
{
	struct hop_want *w = &s->leg[leg]->want[rules->component];

	hop_want_del(&r->hops, w);
	if (s->shared[rules->side])
		return relay_key_set(r, s, leg, rules->component, &rules->latch.declared);
	w->addr = rules->latch.declared;
	w->realm = s->hot.port[rules->side][0].realm;
	w->stream = s->hot.id;
	w->leg = (uint8_t)leg;
	w->component = (uint8_t)rules->component;
	hop_resolve(&r->hops, w);
	return hop_want_add(&r->hops, w);
}

static int check(const struct relay_stream *s, const struct relay_rules *rules)
{
	if (rules->side > 1 || rules->component > RELAY_RTCP)
		return -EINVAL;
	if (s->shared[rules->side] && rules->latch.mode != LATCH_EXACT)
		return -EINVAL;
	if (rules->branch >= RELAY_BRANCHES || (!rules->side && rules->branch))
		return -ENOSPC;
	return 0;
}

static int make_leg(struct relay_stream *s, unsigned leg)
{
	if (!s->leg[leg])
		s->leg[leg] = calloc(1, sizeof(struct relay_leg));
	return s->leg[leg] ? 0 : -ENOMEM;
}

int relay_set(struct relay *r, uint32_t stream, const struct relay_rules *rules)
{
	struct relay_stream *s = relay_find(r, stream);
	unsigned leg = rules->side ? 1 + rules->branch : 0;
	struct relay_command c = { .kind = COMMAND_SET };
	int err = s ? check(s, rules) : -ENOENT;

	if (!err)
		err = make_leg(s, leg);
	if (!err)
		err = place_want(r, s, rules, leg);
	if (err)
		return err;
	c.stream = &s->hot;
	c.set = (struct engine_set){
		.leg = (uint8_t)leg, .component = (uint8_t)rules->component, .mux = rules->mux,
		.fresh = !s->leg[leg]->live, .reopen = rules->reopen, .at = &s->leg[leg]->hot,
		.rules = rules->latch, .hop = s->leg[leg]->want[rules->component].hop,
	};
	s->leg[leg]->live = true;
	s->leg[leg]->mux = rules->mux;
	if (leg && !s->chosen)
		s->current = (uint8_t)leg;
	return relay_do(r, s->thread, &c);
}

static void end_leg(struct relay *r, struct relay_stream *s, unsigned leg)
{
	struct relay_leg *l = s->leg[leg];

	if (!l)
		return;
	l->live = false;
	hop_want_del(&r->hops, &l->want[RELAY_RTP]);
	hop_want_del(&r->hops, &l->want[RELAY_RTCP]);
	relay_keys_drop(r, s, leg);
}

int relay_choose(struct relay *r, uint32_t stream, unsigned branch)
{
	struct relay_stream *s = relay_find(r, stream);
	struct relay_command c = { .kind = COMMAND_CHOOSE };

	if (!s || branch >= RELAY_BRANCHES)
		return -ENOENT;
	for (unsigned i = 1; i < ENGINE_LEGS; i++)
		if (i != 1 + branch)
			end_leg(r, s, i);
	s->chosen = true;
	s->current = (uint8_t)(1 + branch);
	c.stream = &s->hot;
	c.leg = 1 + branch;
	return relay_do(r, s->thread, &c);
}

int relay_branch_end(struct relay *r, uint32_t stream, unsigned branch)
{
	struct relay_stream *s = relay_find(r, stream);
	struct relay_command c = { .kind = COMMAND_END_LEG };

	if (!s || branch >= RELAY_BRANCHES)
		return -ENOENT;
	end_leg(r, s, 1 + branch);
	for (unsigned i = 1; i < ENGINE_LEGS && s->current == 1 + branch; i++)
		if (s->leg[i] && s->leg[i]->live)
			s->current = (uint8_t)i;
	c.stream = &s->hot;
	c.leg = 1 + branch;
	return relay_do(r, s->thread, &c);
}

int relay_own_port(struct relay *r, unsigned realm, const struct pn_addr *a, uint32_t *stream, unsigned *side)
{
	const struct hop_port *p = realm < RELAY_REALMS ? hop_find(&r->hops, realm, a) : NULL;

	if (!p)
		return 0;
	if (stream)
		*stream = p->hop.stream;
	if (side)
		*side = p->hop.side;
	return 1;
}
