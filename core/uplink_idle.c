/* How long a pinhole may be left alone. It begins with the shortest interval; each time that the pinhole
 * survives one without any traffic of the module the next one is a quarter longer. When it did not survive, or
 * an answer was missed, the interval is halved, and from then on it stays below the one that was too long. */
#include "uplink_state.h"

#define SAFE 3 / 4 /* of what was too long */

void uplink_idle_start(struct uplink *l)
{
	l->idle_ms = l->u->idle_min_ms;
	l->broken_ms = 0;
}

static void use(struct uplink *l, uint64_t ms)
{
	uint64_t most = l->u->idle_max_ms;

	if (l->broken_ms && most > l->broken_ms * SAFE)
		most = l->broken_ms * SAFE;
	if (ms > most)
		ms = most;
	if (ms < l->u->idle_min_ms)
		ms = l->u->idle_min_ms;
	l->idle_ms = ms;
	pinhole_client_keep(l->client, ms);
}

void uplink_idle_kept(struct uplink *l, unsigned sent)
{
	struct pinhole_client_info i;

	pinhole_client_info(l->client, &i);
	if (sent > 1)
		use(l, l->idle_ms / 2);
	else if (l->used_ms + l->idle_ms <= i.answered_ms)
		use(l, l->idle_ms + l->idle_ms / 4);
}

void uplink_idle_lost(struct uplink *l)
{
	if (!l->broken_ms || l->idle_ms < l->broken_ms)
		l->broken_ms = l->idle_ms;
	use(l, l->idle_ms / 2);
}
