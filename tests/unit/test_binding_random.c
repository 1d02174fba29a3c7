/* Random operations against a model that keeps one flat list and knows nothing of hashes, groups and
 * wheels. */
#include "binding_kit.h"

enum { IDENTITIES = 12, INSTANCES = 4, PLACES = 9, SLOTS = IDENTITIES * INSTANCES, CAP = 40 };

struct place {
	int ip, port; /* PLACES: 3 IPs with 3 ports each */
};

struct slot {
	struct pn_binding *b; /* NULL: not there */
	bool active;
	struct place at, back, staged_at, moving_to;
	bool staged, moving;
	int data, staged_data, moving_data;
	uint64_t expires, staged_until, moving_until;
	char alias[32];
};

static struct slot model[SLOTS];
static size_t live;
static uint64_t refused;

static struct pn_addr place_addr(struct place p)
{
	struct pn_addr a = { .family = 4, .port = (uint16_t)(1000 + p.port), .ip = { 198, 51, 100 } };

	a.ip[3] = (uint8_t)(1 + p.ip);
	return a;
}

static bool same_place(struct place a, struct place b)
{
	return a.ip == b.ip && a.port == b.port;
}

static void vanish(struct slot *s)
{
	*s = (struct slot){ 0 };
	live--;
}

static void model_take_back(struct slot *s)
{
	if (s->staged && s->staged_at.ip == s->back.ip)
		s->at = s->back;
	s->staged = false;
}

static void model_put(struct slot *s, struct pn_binding *b, struct place p, int data, uint64_t now)
{
	if (!s->b) {
		*s = (struct slot){ .b = b, .at = p, .data = data, .expires = now + 32000 };
		live++;
		return;
	}
	if (!s->active) {
		s->at = p;
		s->data = data;
		s->expires = now + 32000;
		return;
	}
	model_take_back(s);
	s->staged = true;
	s->back = s->at;
	s->staged_at = p;
	s->staged_data = data;
	s->staged_until = now + 32000;
	if (p.ip == s->at.ip)
		s->at = p;
}

static void model_accept(struct slot *s, uint64_t now, uint64_t ms)
{
	s->active = true;
	s->expires = now + ms + 30000;
	if (!s->staged)
		return;
	s->staged = false;
	if (s->staged_at.ip == s->at.ip) {
		s->at = s->staged_at;
		s->data = s->staged_data;
		s->moving = false;
		return;
	}
	if (!s->moving || s->moving_to.ip != s->staged_at.ip)
		s->moving_until = now + PROBE;
	s->moving = true;
	s->moving_to = s->staged_at;
	s->moving_data = s->staged_data;
}

static void model_time(struct slot *s, uint64_t now)
{
	if (!s->b)
		return;
	if (s->expires <= now) {
		vanish(s);
		return;
	}
	if (s->staged && s->staged_until <= now)
		model_take_back(s);
	if (!s->moving || s->moving_until > now)
		return;
	if (s->staged && s->staged_at.ip == s->back.ip)
		s->staged = false;
	s->at = s->moving_to;
	s->data = s->moving_data;
	s->moving = false;
}

/* ---- the same on both ---- */

static struct pn_str name_of(char *text, size_t cap, char kind, unsigned n)
{
	snprintf(text, cap, "%c%u", kind, n);
	return str_of(text);
}

static void do_put(unsigned n, uint64_t now)
{
	static int serial;
	struct slot *s = &model[n];
	struct place p = { rand() % 3, rand() % 3 };
	char identity[16], instance[16];
	struct pn_binding_args a = args("", "", "");
	struct pn_binding *b = NULL;
	int err;

	serial++;
	a.identity = name_of(identity, sizeof(identity), 'u', n / INSTANCES);
	a.instance = name_of(instance, sizeof(instance), 'i', n % INSTANCES);
	a.pinhole = place_addr(p);
	a.data = &serial;
	a.data_len = sizeof(serial);
	err = binding_put(w.t, MOD_A, &a, &b);
	if (!s->b && live == CAP) {
		cr_assert(eq(int, err, -ENOSPC));
		refused++;
		return;
	}
	cr_assert(zero(int, err));
	cr_assert(s->b == NULL || s->b == b);
	model_put(s, b, p, serial, now);
	if (!s->alias[0])
		memcpy(s->alias, binding_info(b)->alias.p, binding_info(b)->alias.len);
}

static void do_one(uint64_t now)
{
	unsigned n = (unsigned)rand() % SLOTS, what = (unsigned)rand() % 16;
	struct slot *s = &model[n];
	uint64_t ms = 1000u * (unsigned)(rand() % 200);

	if (what < 7) {
		do_put(n, now);
	} else if (!s->b) {
		return;
	} else if (what < 11) {
		binding_accept(s->b, ms, ms);
		model_accept(s, now, ms);
	} else if (what == 11) {
		binding_refuse(s->b);
		if (!s->active)
			vanish(s);
		else
			model_take_back(s);
	} else if (what < 14) {
		binding_alive(s->b);
		s->moving = false;
	} else if (what == 14) {
		binding_remove(s->b);
		vanish(s);
	}
}

/* Times are multiples of the tick, so that the model need not know of it. */
static void pass_time(unsigned ticks)
{
	for (; ticks; ticks--) {
		loop_advance(w.loop, 100);
		for (unsigned n = 0; n < SLOTS; n++)
			model_time(&model[n], loop_now(w.loop));
	}
}

/* ---- are they the same? ---- */

static void compare_slot(unsigned n)
{
	const struct slot *s = &model[n];
	char identity[16], instance[16];
	struct pn_str id = name_of(identity, sizeof(identity), 'u', n / INSTANCES);
	struct pn_str inst = name_of(instance, sizeof(instance), 'i', n % INSTANCES);
	struct pn_addr where = place_addr(s->at);
	const struct pn_binding_info *i;
	struct pn_binding *b = NULL;
	int data;

	while ((b = find(PN_BY_IDENTITY, ACCESS, id, b)))
		if (str_eq(binding_info(b)->instance, inst))
			break;
	cr_assert(eq(ptr, b, s->b));
	if (!b)
		return;
	i = binding_info(b);
	memcpy(&data, i->data, sizeof(data));
	cr_assert(addr_eq(&i->pinhole, &where));
	cr_assert(eq(int, data, s->data));
	cr_assert(eq(int, i->state == PN_ACTIVE, s->active));
	cr_assert(eq(ptr, find(PN_BY_ALIAS, CORE, str_of(s->alias), NULL), b));
}

static void compare_place(struct place p)
{
	struct pn_addr where = place_addr(p);
	struct pn_binding *b = NULL;
	unsigned want = 0, got = 0;

	for (unsigned n = 0; n < SLOTS; n++)
		want += model[n].b && same_place(model[n].at, p);
	while ((b = binding_find(w.t, MOD_A, ACCESS, PN_BY_PINHOLE, &where, sizeof(where), b)))
		got++;
	cr_assert(eq(uint, got, want));
}

static void compare(void)
{
	cr_assert(eq(sz, bindings_count(w.t), live));
	cr_assert(eq(i64, metric_get(M_BINDINGS), (int64_t)live));
	cr_assert(eq(i64, metric_get(M_BINDINGS_REFUSED), (int64_t)refused));
	for (unsigned n = 0; n < SLOTS; n++)
		compare_slot(n);
	for (int p = 0; p < PLACES; p++)
		compare_place((struct place){ p / 3, p % 3 });
}

TestSuite(binding_random, .init = setup, .fini = teardown);

Test(binding_random, hundred_thousand)
{
	srand(11);
	bindings_limits(w.t, CAP, PROBE, 0);
	binding_keepalive(w.t, MOD_A, 20000);
	for (unsigned round = 0; round < 100000; round++) {
		if (rand() % 3 == 0)
			pass_time((unsigned)rand() % 20);
		do_one(loop_now(w.loop));
		if (round % 7 == 0)
			compare();
	}
	cr_expect(gt(u64, refused, 0));
	cr_expect(gt(i64, metric_get(M_BINDINGS_MOVED), 1000));
	cr_expect(gt(i64, metric_get(M_BINDINGS_MOVE_REFUSED), 100));
	cr_expect(gt(i64, metric_get(M_BINDINGS_EXPIRED), 100));
}
