/* Random sequences of everything that a module, the provider, the network and the clock can do, in any
 * order. Whatever happens: taken ports are those of live streams, every declaration is answered at most
 * once and exactly once unless it was given up, messages come once and in order, also those that their
 * session left behind, and in the end nothing is left. */
#include "session_rig.h"
#include "metrics.h"
#include "log.h"
#include "random.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEQUENCES 3000u
#define STEPS 60u
#define SLOTS 3u

struct world {
	struct rig *r;
	struct {
		struct pn_session *s; /* NULL: none */
		struct pn_branch *b[3];
		size_t due;      /* declarations not answered yet: 0 or 1 */
		unsigned serial; /* of the session */
	} slot[SLOTS];
	unsigned n_keys, n_sessions;
	unsigned sent[STEPS], got[STEPS]; /* numbers of held messages, by session */
};

static struct world *w;
static int64_t seen[METRIC_COUNT]; /* over all sequences */

static unsigned slot_of(const struct pn_session *s)
{
	unsigned i = 0;

	while (i < SLOTS && w->slot[i].s != s)
		i++;
	return i;
}

static void maybe_end(struct pn_session *s, unsigned one_in)
{
	unsigned i = slot_of(s);

	if (i == SLOTS || random_below(one_in))
		return;
	session_end(s, PN_END_NORMAL, 200);
	memset(&w->slot[i], 0, sizeof(w->slot[i]));
}

static void on_rewrite(struct rig *r, const struct pn_media_reply *reply)
{
	unsigned i = slot_of(reply->session);

	(void)r;
	r->said[0] = 0;
	cr_assert(lt(uint, i, SLOTS), "no rewrite after the end");
	if (reply->err != -EBUSY) {
		cr_assert(eq(sz, w->slot[i].due, 1), "an answer that nobody waits for");
		w->slot[i].due = 0;
	}
	for (size_t k = 0; !reply->err && k < reply->n; k++)
		if (!(reply->advertise[k].flags & (PN_MEDIA_CLOSED | PN_MEDIA_FOREIGN)))
			cr_assert(ne(int, reply->advertise[k].rtp.port, 0));
	maybe_end(reply->session, 12);
}

/* "SERIAL NUMBER" */
static void on_message(struct rig *r, const struct pn_msg *m)
{
	unsigned number, serial;
	char text[32];

	r->said[0] = 0;
	snprintf(text, sizeof(text), "%.*s", (int)m->len, (const char *)m->data);
	cr_assert(eq(int, sscanf(text, "%u %u", &serial, &number), 2));
	cr_assert(eq(uint, number, w->got[serial] + 1), "in order, once");
	w->got[serial] = number;
	for (unsigned i = 0; i < SLOTS; i++)
		if (w->slot[i].s && w->slot[i].serial == serial)
			maybe_end(w->slot[i].s, 6);
}

static void on_timeout(struct rig *r, struct pn_session *s, enum pn_timeout what)
{
	(void)what;
	r->said[0] = 0;
	maybe_end(s, 1);
}

static void declare(unsigned i)
{
	static const char *const list[] = {
		"audio 198.51.100.7:4000", "audio 198.51.100.7:4010 mux", "audio closed",
		"audio 0.0.0.0:4000 hold", "audio 10.0.0.9:2855 foreign", "",
		"audio 198.51.100.7:4000; video 198.51.100.7:4002", "audio closed; video 198.51.100.7:4002 udp",
		"audio 198.51.100.7:4000; video closed; image 198.51.100.7:4004 udp",
		"audio [2001:db8::7]:4000", "audio 192.0.2.5:30000",
	};
	static const unsigned flags[] = { 0, PN_DECLARE_OFFER, PN_DECLARE_ANSWER, PN_DECLARE_OFFER };
	struct pn_session *s = w->slot[i].s;
	struct pn_branch *b = random_below(2) ? w->slot[i].b[random_below(3)] : NULL;
	bool waits = w->slot[i].due;

	if (!waits)
		w->slot[i].due = 1;
	w->r->manners = random_below(10) ? RIG_LATER : RIG_REFUSE;
	if (!random_below(3))
		w->r->manners = RIG_NOW;
	rig_declare(w->r, s, b, (enum pn_side)random_below(2), flags[random_below(4)],
		    list[random_below(sizeof(list) / sizeof(*list))]);
}

static void give_up(unsigned i, bool rollback)
{
	if (rollback)
		media_rollback(w->slot[i].s);
	else
		media_cancel(w->slot[i].s);
	w->slot[i].due = 0;
}

static void hold(unsigned i)
{
	char text[32], key[16];
	unsigned serial = w->slot[i].serial, number = w->sent[serial] + 1;
	struct pn_msg m;
	int err;

	snprintf(text, sizeof(text), "%u %u", serial, number);
	snprintf(key, sizeof(key), "%u", random_below(3) ? number : number - 1);
	m = rig_msg(text);
	err = media_hold(w->slot[i].s, &m, str_of(key));
	cr_assert(eq(int, err == -ENOENT, !media_pending(w->slot[i].s)));
	if (!err)
		w->sent[serial] = number;
}

static void branches(unsigned i)
{
	unsigned k = random_below(3);
	struct pn_branch *b = w->slot[i].b[k];
	char key[16];

	if (!b) {
		snprintf(key, sizeof(key), "%u", w->n_keys++);
		w->slot[i].b[k] = branch_get(w->slot[i].s, str_of(key));
	} else if (random_below(3)) {
		branch_end(w->slot[i].s, b);
		if (w->slot[i].s)
			w->slot[i].b[k] = NULL;
	} else {
		branch_choose(w->slot[i].s, b);
	}
}

static void packet(unsigned i)
{
	struct pn_media list[RIG_LINES];
	enum pn_side side = (enum pn_side)random_below(2);
	int n = media_advertised(w->slot[i].s, side, list, RIG_LINES);

	if (n && list[0].rtp.family == 4)
		rig_rtp(w->r, side ? w->r->core : w->r->access, side ? "192.0.2.20:6000" : "198.51.100.7:4000",
			list[0].rtp, random_below(3));
}

static void provide(void)
{
	struct rig *r = w->r;

	if (r->n_answered < r->n_asked && random_below(4))
		rig_provide(r, r->n_answered++);
	else if (r->n_answered < r->n_asked)
		r->n_answered++; /* never */
}

static void start(unsigned i)
{
	char key[16];

	snprintf(key, sizeof(key), "%u", w->n_keys++);
	memset(&w->slot[i], 0, sizeof(w->slot[i]));
	w->slot[i].s = rig_session(w->r, key);
	w->slot[i].serial = w->n_sessions++;
}

static void act(unsigned i)
{
	switch (random_below(14)) {
	case 0:
		give_up(i, false);
		break;
	case 1:
		give_up(i, true);
		break;
	case 2:
		session_answered(w->slot[i].s);
		break;
	case 3:
	case 4:
		hold(i);
		break;
	case 5:
	case 6:
		branches(i);
		break;
	case 7:
		packet(i);
		break;
	case 8:
		maybe_end(w->slot[i].s, 2);
		break;
	default:
		declare(i);
		break;
	}
}

static void step(void)
{
	unsigned i = random_below(SLOTS);

	if (!w->slot[i].s)
		start(i);
	else
		act(i);
	if (random_below(2))
		provide();
	if (!random_below(3))
		rig_turn(w->r);
	if (!random_below(8))
		loop_advance(w->r->loop, random_below(4000));
	w->r->said[0] = 0;
	cr_assert(zero(int, sessions_check_ports(w->r->sessions)));
}

static void settle(struct rig *r)
{
	rig_turn(r);
	loop_advance(r->loop, 4000);
	for (unsigned i = 0; i < SLOTS; i++) {
		if (!w->slot[i].s)
			continue;
		cr_assert(zero(sz, w->slot[i].due), "each declaration is answered");
		cr_assert(zero(int, media_pending(w->slot[i].s)));
	}
	for (unsigned i = 0; i < w->n_sessions; i++)
		cr_assert(eq(uint, w->sent[i], w->got[i]), "each message was delivered");
}

static void run(uint64_t seed)
{
	struct world world = { 0 };
	struct rig *r = rig_new();

	random_fake(seed);
	w = &world;
	world.r = r;
	r->on_rewrite = on_rewrite;
	r->on_message = on_message;
	r->on_timeout = on_timeout;
	for (unsigned i = 0; i < STEPS; i++)
		step();
	settle(r);
	for (unsigned i = 0; i < SLOTS; i++)
		if (world.slot[i].s)
			session_end(world.slot[i].s, PN_END_NORMAL, 200);
	memset(world.slot, 0, sizeof(world.slot));
	rig_turn(r);
	while (r->n_answered < r->n_asked)
		rig_provide(r, r->n_answered++);
	rig_turn(r);
	cr_assert(zero(sz, rig_ports(r)));
	cr_assert(zero(sz, relay_streams(r->relay)));
	cr_assert(eq(i64, metric_get(M_SESSIONS_TOTAL), (int64_t)r->lines), "one record for each session");
	cr_assert(eq(sz, r->frees, r->lines));
	for (int m = 0; m < METRIC_COUNT; m++)
		seen[m] += metric_get((enum metric)m);
	rig_free(r);
}

static void quiet(void *arg, enum pn_level level, const char *line)
{
	(void)arg, (void)level, (void)line;
}

static const enum metric must_occur[] = { M_MEDIA_HELD, M_MEDIA_TIMEOUT, M_MEDIA_LATE, M_RELAY_RX,
					  M_RELAY_TX, M_SESSIONS_TOTAL };

Test(media_property, random_sequences, .timeout = 300)
{
	log_capture(quiet, NULL);
	for (uint64_t seed = 1; seed <= SEQUENCES; seed++)
		run(seed);
	log_capture(NULL, NULL);
	for (size_t i = 0; i < sizeof(must_occur) / sizeof(*must_occur); i++)
		cr_expect(gt(i64, seen[must_occur[i]], 100), "row %zu: the sequences do not try it", i);
}
