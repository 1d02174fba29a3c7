#include "wheel.h"

static void list_init(struct wheel_node *head)
{
	head->prev = head->next = head;
}

static void list_add(struct wheel_node *head, struct wheel_node *n)
{
	n->prev = head->prev;
	n->next = head;
	head->prev->next = n;
	head->prev = n;
}

static void list_del(struct wheel_node *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	n->prev = n->next = NULL;
}

void wheel_init(struct wheel *w, uint64_t now)
{
	for (size_t i = 0; i < WHEEL_SLOTS; i++)
		list_init(&w->slot[i]);
	list_init(&w->ready);
	w->cursor = now;
	w->count = 0;
}

void wheel_put(struct wheel *w, struct wheel_node *n, uint64_t tick)
{
	wheel_del(w, n);
	n->tick = tick > w->cursor ? tick : w->cursor + 1;
	list_add(&w->slot[n->tick % WHEEL_SLOTS], n);
	w->count++;
}

void wheel_del(struct wheel *w, struct wheel_node *n)
{
	if (!n->next)
		return;
	list_del(n);
	w->count--;
}

/* What lies in the slot for a later turn of the wheel stays. */
static void step(struct wheel *w)
{
	struct wheel_node *head = &w->slot[++w->cursor % WHEEL_SLOTS], *next;

	for (struct wheel_node *n = head->next; n != head; n = next) {
		next = n->next;
		if (n->tick > w->cursor)
			continue;
		list_del(n);
		list_add(&w->ready, n);
	}
}

void wheel_skip(struct wheel *w, uint64_t now)
{
	if (!w->count && now > w->cursor)
		w->cursor = now;
}

struct wheel_node *wheel_next(struct wheel *w, uint64_t now)
{
	struct wheel_node *n;

	wheel_skip(w, now);
	while (w->ready.next == &w->ready && w->cursor < now)
		step(w);
	n = w->ready.next;
	if (n == &w->ready)
		return NULL;
	wheel_del(w, n);
	return n;
}
