#include "binding_kit.h"

TestSuite(binding_keepalive, .init = setup, .fini = teardown);

Test(binding_keepalive, interval)
{
	struct pn_binding *b = active("alice", OLD, 100 * HOUR);
	uint64_t last, now;

	binding_keepalive(w.t, MOD_A, 20000);
	w.answers = true;
	loop_advance(w.loop, 20200);
	cr_expect(ge(uint, w.sent, 1));
	for (unsigned n = 0; n < 2000; n++) {
		unsigned sent = w.sent;

		for (last = loop_now(w.loop); w.sent == sent;)
			loop_advance(w.loop, 100);
		now = loop_now(w.loop);
		cr_assert(now - last >= 100 && now - last <= 20200, "%lu", now - last);
		cr_assert(n == 0 || now - last >= 17400, "%lu", now - last);
	}
	cr_expect(zero(i64, metric_get(M_KEEPALIVE_LOST)));
	cr_expect(eq(i64, metric_get(M_KEEPALIVE_TX), w.sent));
	cr_expect(eq(ptr, w.to[0], b));
}

Test(binding_keepalive, needs_active_and_interval)
{
	struct pn_binding *b = put("alice", "", OLD);

	binding_keepalive(w.t, MOD_A, 1000);
	binding_keepalive(w.t, MOD_B, 1000);
	loop_advance(w.loop, 10000);
	cr_expect(zero(uint, w.sent));
	binding_accept(b, HOUR, HOUR);
	loop_advance(w.loop, 1200);
	cr_expect(ge(uint, w.sent, 1));
	binding_keepalive(w.t, MOD_A, 0);
	w.sent = 0;
	loop_advance(w.loop, 10000);
	cr_expect(zero(uint, w.sent));
	binding_keepalive(w.t, MOD_A, 500);
	loop_advance(w.loop, 700);
	cr_expect(ge(uint, w.sent, 1));
	w.sent = 0;
	binding_remove(b);
	loop_advance(w.loop, 10000);
	cr_expect(zero(uint, w.sent));
}

Test(binding_keepalive, unanswered)
{
	struct pn_binding *b = active("alice", OLD, 100 * HOUR);

	binding_keepalive(w.t, MOD_A, 10000);
	while (w.sent < 1)
		loop_advance(w.loop, 100);
	cr_expect(zero(i64, metric_get(M_KEEPALIVE_LOST)));
	while (w.sent < 4)
		loop_advance(w.loop, 100);
	cr_expect(eq(i64, metric_get(M_KEEPALIVE_LOST), 3));
	binding_alive(b);
	while (w.sent < 5)
		loop_advance(w.loop, 100);
	cr_expect(eq(i64, metric_get(M_KEEPALIVE_LOST), 3));
	/* what could not be sent is neither sent nor lost */
	w.send_err = -ENOBUFS;
	binding_alive(b);
	metrics_reset();
	while (w.sent < 9)
		loop_advance(w.loop, 100);
	cr_expect(zero(i64, metric_get(M_KEEPALIVE_TX)));
	cr_expect(zero(i64, metric_get(M_KEEPALIVE_LOST)));
}

Test(binding_keepalive, may_remove)
{
	struct pn_binding *b = active("alice", OLD, HOUR);

	active("bob", PORT, HOUR);
	binding_keepalive(w.t, MOD_A, 1000);
	w.remove_next = b;
	loop_advance(w.loop, 5000);
	cr_expect(eq(uint, w.gone, 1));
	cr_expect(gt(uint, w.sent, 3));
}

/* 300 terminals, budget for a third of what they need: nobody is forgotten, nobody preferred. */
Test(binding_keepalive, budget_is_fair)
{
	enum { N = 300, BUDGET = 10 };
	static unsigned count[N];
	struct pn_binding *b[N];
	unsigned seen = 0, least = UINT32_MAX, most = 0;
	char name[16];

	memset(count, 0, sizeof(count));
	bindings_limits(w.t, 1000, PROBE, BUDGET);
	binding_keepalive(w.t, MOD_A, 10000);
	for (unsigned i = 0; i < N; i++) {
		snprintf(name, sizeof(name), "t%u", i);
		b[i] = active(name, OLD, 100 * HOUR);
	}
	for (unsigned s = 0; s < 3000; s++) {
		loop_advance(w.loop, 100);
		cr_assert(le(uint, w.sent - seen, BUDGET));
		for (; seen < w.sent; seen++)
			for (unsigned i = 0; i < N; i++)
				count[i] += b[i] == w.to[seen % 64];
	}
	for (unsigned i = 0; i < N; i++) {
		least = count[i] < least ? count[i] : least;
		most = count[i] > most ? count[i] : most;
	}
	cr_expect(le(uint, w.sent, 301 * BUDGET));
	cr_expect(ge(uint, w.sent, 290 * BUDGET));
	cr_expect(ge(uint, least, 8), "%u..%u", least, most);
	cr_expect(le(uint, most, 11), "%u..%u", least, most);
}
