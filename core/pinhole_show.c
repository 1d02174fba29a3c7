#include "pinhole_state.h"

static void show_formers(const struct hole *h, struct buf *out)
{
	json_open(out, "formers", '[');
	for (size_t i = 0; i < PINHOLE_FORMERS; i++)
		if (h->former[i].agent)
			json_addr(out, NULL, &h->former[i].at);
	json_close(out, ']');
}

static void show_subscribers(const struct hole *h, struct buf *out)
{
	json_num(out, "subscribers", (int64_t)h->subscribers.n);
	json_open(out, "list", '[');
	for (size_t i = 0; i < h->subscribers.n; i++) {
		const struct subscriber *s = h->subscribers.list[i];

		json_open(out, NULL, '{');
		json_str(out, "identity", (struct pn_str){ s->identity, s->len });
		json_addr(out, "terminal", &s->terminal);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static int show_hole(const struct hole *h, uint64_t now_ms, struct buf *out)
{
	uint64_t end_ms = h->seen_ms + (uint64_t)h->lifetime_s * 1000;

	json_open(out, NULL, '{');
	json_text(out, "realm", h->agent->network->realm->info.name);
	json_text(out, "network", h->agent->network->name);
	json_text(out, "agent", h->agent->name);
	json_text(out, "protocol", h->protocol);
	json_addr(out, "inner", &h->inner);
	json_addr(out, "pinhole", h->now.agent ? &h->now.at : NULL); /* NULL: the NAT gave it to another */
	json_addr(out, "local", &h->local);
	json_text(out, "state", h->dead ? "dead" : "active");
	json_num(out, "expires_ms", h->dead || end_ms < now_ms ? 0 : (int64_t)(end_ms - now_ms));
	show_formers(h, out);
	show_subscribers(h, out);
	return json_close(out, '}');
}

static int show_trunk(const struct agent *a, struct buf *out)
{
	json_open(out, NULL, '{');
	json_text(out, "realm", a->network->realm->info.name);
	json_text(out, "network", a->network->name);
	json_text(out, "agent", a->name);
	json_text(out, "protocol", MESSAGE_TRUNK);
	json_addr(out, "pinhole", &a->trunk_at.at);
	json_text(out, "state", "active");
	return json_close(out, '}');
}

int pinholes_json(struct pinholes *p, struct buf *out)
{
	uint64_t now_ms = loop_now(p->c.loop);
	int err = json_open(out, NULL, '[');

	for (const struct network *n = p->networks; n; n = n->next)
		for (const struct agent *a = n->agents; a; a = a->next) {
			for (const struct hole *h = a->holes; h && !err; h = h->next)
				err = show_hole(h, now_ms, out);
			if (a->trunk && !err)
				err = show_trunk(a, out);
		}
	return err ? err : json_close(out, ']');
}
