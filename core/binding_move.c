#define LOG_SUBSYSTEM LOG_BINDING
#include "addr.h"
#include "binding_state.h"
#include "log.h"
#include "metrics.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void log_move(const struct pn_binding *b, const char *fact, const struct pn_addr *to)
{
	struct pn_str id = binding_identity(b);

	log_info("binding %.*s: %s: %s to %s", (int)id.len, id.p, fact, addr_text(&b->pinhole),
		 addr_text(to));
}

static void move_to(struct pn_binding *b, const struct pn_addr *pinhole, uint64_t flow)
{
	binding_index_pinhole(b->owner->table, b, pinhole);
	b->flow = flow;
}

/* Everything of c but its pinhole, which is in force by now. Without memory the module's old record
 * stays; the binding is good all the same. */
static void adopt(struct pn_binding *b, struct binding_change *c)
{
	b->claimed = c->claimed;
	binding_index_alias(b->owner->table, b, c->alias_realm);
	if (binding_set_text(b, c->data, c->data_len))
		log_error("binding: data of an accepted registration lost: %s", strerror(ENOMEM));
	free(c);
}

/* ---- unaccepted puts ---- */

void binding_take_back(struct pn_binding *b)
{
	struct binding_change *c = b->staged;

	if (!c)
		return;
	b->staged = NULL;
	if (c->moved)
		move_to(b, &c->back, c->back_flow);
	free(c);
}

static struct binding_change *change_new(const struct pn_binding *b,
					 const struct pn_binding_args *a, uint64_t now_ms)
{
	struct binding_change *c = malloc(sizeof(*c) + a->data_len);

	if (!c)
		return NULL;
	*c = (struct binding_change){ .claimed = a->claimed, .pinhole = a->pinhole,
				      .flow = a->flow, .back = b->pinhole, .back_flow = b->flow,
				      .alias_realm = a->alias_realm,
				      .until_ms = now_ms + a->expires_ms,
				      .data_len = (uint16_t)a->data_len };
	if (a->data_len)
		memcpy(c->data, a->data, a->data_len);
	return c;
}

int binding_stage(struct pn_binding *b, const struct pn_binding_args *a)
{
	struct bindings *t = b->owner->table;
	struct binding_change *c = change_new(b, a, loop_now(t->loop));

	if (!c)
		return -ENOMEM;
	/* what is undone is always the state of the last accepted put */
	if (b->staged && b->staged->moved) {
		c->back = b->staged->back;
		c->back_flow = b->staged->back_flow;
		binding_take_back(b);
	}
	free(b->staged);
	b->staged = c;
	if (addr_same_ip(&b->pinhole, &c->pinhole)) {
		c->moved = true;
		if (!addr_eq(&b->pinhole, &c->pinhole))
			metric_add(M_BINDINGS_MOVED, 1);
		move_to(b, &c->pinhole, c->flow);
	}
	binding_life_start(b);
	return 0;
}

/* ---- rule 11: another IP ---- */

uint64_t binding_move_due(const struct pn_binding *b)
{
	uint64_t due = b->staged ? b->staged->until_ms : UINT64_MAX;

	if (b->moving && b->moving->next_probe_ms < due)
		due = b->moving->next_probe_ms;
	return due;
}

static void probe(struct pn_binding *b, uint64_t now_ms)
{
	struct binding_change *c = b->moving;
	uint32_t gap = b->owner->table->probe_ms / BINDING_PROBES;

	c->probes++;
	c->next_probe_ms = c->probes < BINDING_PROBES ? now_ms + gap : c->until_ms;
	if (c->next_probe_ms > c->until_ms)
		c->next_probe_ms = c->until_ms;
	binding_life_start(b);
	binding_keep_send(b);
}

static void move_done(struct pn_binding *b)
{
	struct binding_change *c = b->moving;

	b->moving = NULL;
	b->unanswered = false;
	log_move(b, "moved, the old pinhole is silent", &c->pinhole);
	metric_add(M_BINDINGS_MOVED, 1);
	/* a port that was tried meanwhile belongs to the address that is given up */
	if (b->staged && b->staged->moved) {
		free(b->staged);
		b->staged = NULL;
	}
	move_to(b, &c->pinhole, c->flow);
	adopt(b, c);
	binding_keep_start(b, BINDING_FIRST);
}

void binding_move_refuse(struct pn_binding *b)
{
	struct binding_change *c = b->moving;

	if (!c)
		return;
	b->moving = NULL;
	log_move(b, "move refused, the old pinhole answers", &c->pinhole);
	metric_add(M_BINDINGS_MOVE_REFUSED, 1);
	free(c);
	binding_life_start(b);
}

void binding_commit(struct pn_binding *b)
{
	struct binding_change *c = b->staged;
	uint64_t now_ms = loop_now(b->owner->table->loop);

	if (!c)
		return;
	b->staged = NULL;
	if (addr_same_ip(&b->pinhole, &c->pinhole)) {
		binding_move_refuse(b);
		move_to(b, &c->pinhole, c->flow);
		adopt(b, c);
		return;
	}
	c->until_ms = now_ms + b->owner->table->probe_ms;
	if (b->moving && addr_same_ip(&b->moving->pinhole, &c->pinhole)) {
		c->until_ms = b->moving->until_ms;
		c->probes = b->moving->probes;
		c->next_probe_ms = b->moving->next_probe_ms;
		free(b->moving);
		b->moving = c;
		return;
	}
	free(b->moving);
	b->moving = c;
	probe(b, now_ms);
}

void binding_move_tick(struct pn_binding *b, uint64_t now_ms)
{
	if (b->staged && b->staged->until_ms <= now_ms)
		binding_take_back(b);
	if (!b->moving || b->moving->next_probe_ms > now_ms)
		return;
	if (b->moving->until_ms <= now_ms)
		move_done(b);
	else
		probe(b, now_ms);
}

/* ---- an agent's pinhole ---- */

static void follow(struct binding_change *c, const struct pn_addr *from, const struct pn_addr *to)
{
	if (!c)
		return;
	if (addr_eq(&c->pinhole, from))
		c->pinhole = *to;
	if (addr_eq(&c->back, from))
		c->back = *to;
}

void bindings_move(struct bindings *t, const struct module *owner, const struct pn_realm *r,
		   const struct pn_addr *from, const struct pn_addr *to)
{
	const struct binding_owner *o = addr_eq(from, to) ? NULL : binding_owner_find(t, owner);
	struct pn_binding *b;

	while (o && (b = binding_by_pinhole(t, o, r, from))) {
		follow(b->staged, from, to);
		follow(b->moving, from, to);
		binding_index_pinhole(t, b, to);
		metric_add(M_BINDINGS_MOVED, 1);
	}
}
