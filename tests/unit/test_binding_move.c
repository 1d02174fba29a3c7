#include "binding_kit.h"

TestSuite(binding_move, .init = setup, .fini = teardown);

static const struct {
	const char *name, *text;
} place[] = {
	{ "old", OLD },
	{ "port", PORT },
	{ "port3", "198.51.100.7:3" },
	{ "new", NEW },
	{ "new2", "203.0.113.9:2" },
	{ "third", "192.0.2.77:1" },
	{ "v6", "[2001:db8::7]:1" },
};

/* Rule 11. Each row begins with an active binding that was put from "old". Steps: a place puts from
 * there, "accept", "refuse", "alive", a number waits so many ms. Then: where the pinhole is, whose data
 * is in force, probes sent, moves done and refused. */
static const struct {
	const char *name, *steps, *pinhole, *data;
	unsigned probes, moved, refused;
} row[] = {
	{ "a put alone changes nothing", "old", "old", "old", 0, 0, 0 },
	{ "another port: at once, data after accept", "port", "port", "old", 0, 1, 0 },
	{ "another port accepted", "port accept", "port", "port", 0, 1, 0 },
	{ "another port refused", "port refuse", "old", "old", 0, 1, 0 },
	{ "another port forgotten", "port 33000", "old", "old", 0, 1, 0 },
	{ "two ports refused", "port port3 refuse", "old", "old", 0, 2, 0 },
	{ "another IP: not before accept", "new 10000", "old", "old", 0, 0, 0 },
	{ "another IP refused", "new refuse accept 10000", "old", "old", 0, 0, 0 },
	{ "another IP forgotten", "new 33000 accept 9000", "old", "old", 0, 0, 0 },
	{ "another IP accepted: probed first", "new accept 3900", "old", "old", 3, 0, 0 },
	{ "the old pinhole is silent", "new accept 4200", "new", "new", 3, 1, 0 },
	{ "it answers", "new accept 1000 alive 9000", "old", "old", 1, 0, 1 },
	{ "it answers the last probe", "new accept 3800 alive 9000", "old", "old", 3, 0, 1 },
	{ "it answers too late", "new accept 4200 alive", "new", "new", 3, 1, 0 },
	{ "a put from the old IP proves nothing", "new accept port 5000", "new", "new", 3, 2, 0 },
	{ "an accepted one does", "new accept port accept 5000", "port", "port", 1, 1, 1 },
	{ "a refresh of the mover does not prolong", "new accept 3000 new2 accept 1200", "new2",
	  "new2", 3, 1, 0 },
	{ "a third place starts anew", "new accept 3000 third accept 3900", "old", "old", 6, 0, 0 },
	{ "and gets it", "new accept 3000 third accept 4200", "third", "third", 6, 1, 0 },
	{ "unaccepted it disturbs nothing", "new accept third 4200", "new", "new", 3, 1, 0 },
	{ "a put of the mover accepted after its move", "new accept new 4200 accept 9000", "new",
	  "new", 3, 1, 0 },
	{ "a spoofed put does not stop a port change", "port new port accept", "port", "port", 0, 2,
	  0 },
	{ "another family is another IP", "v6 accept 4200", "v6", "v6", 3, 1, 0 },
};

static const char *text_of(const char *name)
{
	for (size_t i = 0; i < ROWS(place); i++)
		if (!strcmp(place[i].name, name))
			return place[i].text;
	return NULL;
}

static void take_step(struct pn_binding *b, const char *step)
{
	if (!strcmp(step, "accept"))
		binding_accept(b, HOUR, HOUR);
	else if (!strcmp(step, "refuse"))
		binding_refuse(b);
	else if (!strcmp(step, "alive"))
		binding_alive(b);
	else if (text_of(step))
		cr_assert(eq(ptr, put("alice", "", text_of(step)), b));
	else
		loop_advance(w.loop, strtoul(step, NULL, 10));
}

static void take_steps(struct pn_binding *b, const char *steps)
{
	char step[16];
	int used;

	while (sscanf(steps, "%15s%n", step, &used) == 1) {
		take_step(b, step);
		steps += used;
	}
}

Test(binding_move, rule11)
{
	struct pn_addr old = addr(OLD);

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_binding *b = active("alice", OLD, HOUR);

		metrics_reset();
		w.sent = 0;
		take_steps(b, row[i].steps);
		expect_is(b, text_of(row[i].pinhole), text_of(row[i].data), row[i].name);
		cr_expect(eq(uint, w.sent, row[i].probes), "%s: probes", row[i].name);
		for (unsigned k = 0; k < w.sent && k < ROWS(w.where); k++)
			cr_expect(addr_same_ip(&w.where[k], &old), "%s: probe %u", row[i].name, k);
		cr_expect(eq(i64, metric_get(M_BINDINGS_MOVED), row[i].moved), "%s: moved",
			  row[i].name);
		cr_expect(eq(i64, metric_get(M_BINDINGS_MOVE_REFUSED), row[i].refused),
			  "%s: refused", row[i].name);
		binding_remove(b);
		cr_expect(zero(sz, bindings_count(w.t)), "%s", row[i].name);
	}
}

Test(binding_move, unaccepted_put_alters_nothing)
{
	struct pn_binding *b = active("alice", OLD, HOUR);
	struct pn_binding_info before = *binding_info(b), after;
	struct pn_binding_args a = args("alice", "", NEW);

	a.claimed = addr("10.9.9.9:9");
	a.flow = 99;
	a.expires_ms = 5;
	a.alias_realm = OTHER;
	binding_put(w.t, MOD_A, &a, &b);
	loop_advance(w.loop, 10000);
	after = *binding_info(b);
	cr_expect(addr_eq(&before.pinhole, &after.pinhole) &&
		  addr_eq(&before.claimed, &after.claimed));
	cr_expect(eq(u64, after.flow, before.flow));
	cr_expect(eq(u64, after.expires_at_ms, before.expires_at_ms));
	cr_expect(eq(ptr, after.alias_realm, before.alias_realm));
	cr_expect(eq(int, after.state, PN_ACTIVE));
}

Test(binding_move, pending_is_replaced)
{
	struct pn_binding *b = put("alice", "", OLD);

	cr_expect(eq(ptr, put("alice", "", NEW), b));
	expect_is(b, NEW, NEW, "replaced");
	cr_expect(eq(ptr, at(OLD), NULL));
	loop_advance(w.loop, 20000);
	put("alice", "", NEW);
	loop_advance(w.loop, 20000); /* and lives anew */
	cr_expect(zero(uint, w.gone));
	binding_accept(b, HOUR, HOUR);
	cr_expect(zero(uint, w.sent)); /* nothing to probe */
}

Test(binding_move, flow_follows_pinhole)
{
	struct pn_binding *b = active("alice", OLD, HOUR);
	struct pn_binding_args a = args("alice", "", PORT);

	a.flow = 8;
	binding_put(w.t, MOD_A, &a, &b);
	cr_expect(eq(u64, binding_info(b)->flow, 8));
	binding_refuse(b);
	cr_expect(eq(u64, binding_info(b)->flow, 7));
}

Test(binding_move, probe_may_remove)
{
	struct pn_binding *b = active("alice", OLD, HOUR);

	put("alice", "", NEW);
	w.remove_next = b;
	binding_accept(b, HOUR, HOUR);
	cr_expect(eq(uint, w.gone, 1));
	loop_advance(w.loop, 10000);
	cr_expect(eq(uint, w.sent, 1));
}
