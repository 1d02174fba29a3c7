/* A wheel of deadlines in ticks: putting, moving and taking out cost the same for one entry and for a
 * million. Entries come out in the order of their ticks, late ones first; nobody is called. */
#ifndef CORE_WHEEL_H
#define CORE_WHEEL_H

#include <stddef.h>
#include <stdint.h>

#define WHEEL_SLOTS 4096u

struct wheel_node { /* zero-initialised is out of the wheel */
	struct wheel_node *prev, *next;
	uint64_t tick;
};

struct wheel {
	struct wheel_node slot[WHEEL_SLOTS], ready;
	uint64_t cursor; /* ticks up to here have been looked at */
	size_t count;
};

void wheel_init(struct wheel *w, uint64_t now);
void wheel_put(struct wheel *w, struct wheel_node *n, uint64_t tick); /* also moves */
void wheel_del(struct wheel *w, struct wheel_node *n);
/* Takes out the next entry that is due at `now`; NULL when there is none. */
struct wheel_node *wheel_next(struct wheel *w, uint64_t now);
/* Time has passed while the wheel was empty. */
void wheel_skip(struct wheel *w, uint64_t now);

#endif
