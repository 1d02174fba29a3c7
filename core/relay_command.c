#include "relay_command.h"
#include <stdlib.h>

static void run_add(struct engine *e, struct relay_command *c)
{
	engine_add(e, c->stream);
}

static void run_set(struct engine *e, struct relay_command *c)
{
	engine_set(e, c->stream, &c->set);
}

static void run_hop(struct engine *e, struct relay_command *c)
{
	engine_set_hop(e, c->stream, c->hop.leg, c->hop.component, &c->hop.to);
}

static void run_choose(struct engine *e, struct relay_command *c)
{
	engine_choose(e, c->stream, c->leg);
}

static void run_end_leg(struct engine *e, struct relay_command *c)
{
	engine_end_leg(e, c->stream, c->leg);
}

static void run_veto(struct engine *e, struct relay_command *c)
{
	engine_veto(e, c->stream, &c->veto);
}

static void run_reach(struct engine *e, struct relay_command *c)
{
	c->reach.reach = engine_reach(e, c->reach.realm, c->reach.reach);
}

static void run_key_add(struct engine *e, struct relay_command *c)
{
	(void)e;
	/* Without memory its packets are nobody's. */
	c->shared.key->lost = engine_key_add(c->shared.at, c->shared.key) != 0;
}

static void run_key_del(struct engine *e, struct relay_command *c)
{
	(void)e;
	if (!c->shared.key->lost)
		engine_key_del(c->shared.at, c->shared.key);
}

/* Its sockets are the caller's business. */
static void run_shared(struct engine *e, struct relay_command *c)
{
	(void)e, (void)c;
}

static void run_close(struct engine *e, struct relay_command *c)
{
	engine_remove(e, c->stream);
}

void relay_command_run(struct engine *e, struct relay_command *c)
{
	static void (*const run[])(struct engine *, struct relay_command *) = {
		[COMMAND_ADD] = run_add, [COMMAND_SET] = run_set, [COMMAND_HOP] = run_hop,
		[COMMAND_CHOOSE] = run_choose, [COMMAND_END_LEG] = run_end_leg, [COMMAND_VETO] = run_veto,
		[COMMAND_REACH] = run_reach, [COMMAND_CLOSE] = run_close,
		[COMMAND_SHARED_OPEN] = run_shared, [COMMAND_SHARED_CLOSE] = run_shared,
		[COMMAND_KEY_ADD] = run_key_add, [COMMAND_KEY_DEL] = run_key_del,
	};

	run[c->kind](e, c);
}

void relay_command_clear(struct relay_command *c)
{
	if (c->kind == COMMAND_REACH)
		reach_free(c->reach.reach);
	else if (c->kind == COMMAND_KEY_DEL)
		free(c->shared.key);
	else if (c->kind == COMMAND_SHARED_CLOSE)
		engine_shared_free(c->shared.at);
}

void relay_command_free(struct relay_command *c)
{
	if (!c)
		return;
	relay_command_clear(c);
	free(c);
}
