/* The gateway's media pinholes and shared port against anybody who sends there, some of whom are agents. The input is
 * a script: each step is an octet that says what happens and who does it, one for choices, and a length with octets.
 * Streams take pinholes and leave them meanwhile, as sessions do. Whatever comes, caps hold, answers are messages (of
 * at most 44 octets, or as many as were sent, for strangers), and what is sent to a stream's peer is sent to the pinhole it has. */
#define LOG_SUBSYSTEM LOG_MEDIA

#include "log.h"
#include "media_pinhole.h"
#include "metrics.h"
#include "pinhole/credential.h"
#include "pinhole/stun_out.h"
#include "rtp.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS 300u
#define STREAMS 4u

struct pinholes { /* what signalling knows */
	struct pinhole_agent agent[2];
};

static struct {
	struct loop *loop;
	struct realms *realms;
	struct relay *relay;
	struct media_pinholes *holes;
	struct pinholes signalling;
	uint32_t stream[STREAMS]; /* side A at the shared port */
	uint32_t hole[STREAMS][2]; /* ids; 0: none */
	bool stranger;             /* who is answered now */
	size_t asked;              /* with so many octets */
	uint64_t order;
} world;

static void check(bool good)
{
	if (!good)
		abort();
}

/* ---- signalling ---- */

static int get_key(struct pinholes *p, const struct pn_realm *r, struct pn_str network, uint8_t key[PINHOLE_KEY])
{
	(void)p, (void)r;
	return credential_key(network, str_of(MESSAGE_REALM), str_of("correct horse"), key);
}

static const char *get_realm(const struct pinholes *p, const struct pn_realm *r)
{
	(void)p, (void)r;
	return MESSAGE_REALM;
}

static const struct pinhole_agent *get_nonce(struct pinholes *p, const struct pn_realm *r, struct pn_str network,
					     struct pn_str nonce, const struct pn_addr *from)
{
	(void)r, (void)network;
	errno = from->ip[3] & 1 ? EACCES : ESTALE;
	return nonce.len ? &p->agent[nonce.len & 1] : NULL;
}

static const struct pinhole_agent *get_network(struct pinholes *p, const struct pn_realm *r, const struct pn_addr *a)
{
	(void)r;
	return a->port & 1 ? &p->agent[0] : NULL;
}

static const struct media_pinhole_auth auth = { get_key, get_realm, get_nonce, get_network };

/* ---- the network ---- */

static int on_bind(void *n, unsigned realm, const struct pn_addr *local)
{
	(void)n, (void)realm, (void)local;
	return 0;
}

static void on_unbind(void *n, unsigned realm, const struct pn_addr *local)
{
	(void)n, (void)realm, (void)local;
}

static void on_send(void *n, unsigned realm, const struct pn_addr *local, const struct pn_addr *to, const void *data,
		    size_t len)
{
	struct message m;

	(void)n, (void)realm, (void)local;
	check(to->family && to->port);
	if (!rtp_is_stun(data, len))
		return;
	check(!message_parse(data, len, &m) && m.stun.cls != STUN_REQUEST);
	check(!world.stranger || len <= MESSAGE_PLAIN || len <= world.asked);
}

static void on_stun(void *arg, const struct relay_place *at, const struct pn_addr *from, const void *data, size_t len)
{
	(void)arg;
	media_pinholes_on_stun(world.holes, at, from, data, len);
}

static void lay(unsigned i, unsigned component, const struct pn_addr *where)
{
	struct relay_rules r = { .component = component, .reopen = RELAY_REOPEN, .latch = {
		.mode = LATCH_EXACT, .rtp = true, .packets = 1, .declared = *where } };

	relay_set(world.relay, world.stream[i], &r);
}

static void on_seen(void *arg, const struct media_hole *h)
{
	(void)arg;
	for (unsigned i = 0; i < STREAMS; i++)
		for (unsigned c = 0; c < 2; c++)
			if (world.hole[i][c] == h->id)
				lay(i, c, &h->where);
}

/* ---- steps ---- */

static struct pn_addr source(uint8_t which)
{
	return (struct pn_addr){ 4, 0, (uint16_t)(2000 + (which & 7)), { 203, 0, 113, which >> 3 & 3 } };
}

static struct pn_addr inner(uint8_t which)
{
	return (struct pn_addr){ 4, 0, (uint16_t)(40000 + (which & 7)), { 10, 1, 0, 3 } };
}

static void arrive(uint8_t who, uint16_t port, const uint8_t *data, size_t len)
{
	struct pn_addr from = source(who), at = { 4, 0, port, { 198, 51, 100, 5 } };

	world.asked = len;
	relay_input(world.relay, 0, &at, &from, data, len);
}

static void plain(uint8_t who, uint8_t choice, const uint8_t *attrs, size_t len)
{
	struct pn_addr a = inner(choice);
	uint8_t out[STUN_MAX];
	struct stun_out o;

	stun_begin(&o, out, sizeof(out), STUN_REQUEST, MESSAGE_CMPH, (const uint8_t *)"twelve octet");
	memcpy(o.p + o.len, attrs, len & ~(size_t)3);
	o.len += len & ~(size_t)3;
	if (choice & 8)
		stun_put_addr(&o, MESSAGE_INNER, &a, (struct pn_str){ NULL, 0 });
	if (stun_end(&o) > 0)
		arrive(who, choice & 16 ? 3479 : 3478, out, o.len);
}

static void cmph(uint8_t who, uint8_t choice, const uint8_t *attrs, size_t len)
{
	static const uint8_t algorithm[4] = { 0, 2, 0, 0 };
	struct pn_addr a = inner(choice);
	uint8_t key[STUN_KEY], out[STUN_MAX];
	struct stun_out o;

	credential_key(str_of("acme"), str_of(MESSAGE_REALM), str_of(choice & 8 ? "guess" : "correct horse"), key);
	stun_begin(&o, out, sizeof(out), STUN_REQUEST, MESSAGE_CMPH, (const uint8_t *)"twelve octet");
	memcpy(o.p + o.len, attrs, len & ~(size_t)3);
	o.len += len & ~(size_t)3;
	stun_put_text(&o, MESSAGE_AGENT, str_of(choice & 16 ? "a" : "b"));
	stun_put_text(&o, STUN_USERNAME, str_of("acme"));
	stun_put_text(&o, STUN_REALM, str_of(MESSAGE_REALM));
	stun_put_text(&o, STUN_NONCE, str_of(choice & 16 ? "nn" : "n"));
	stun_put(&o, STUN_PASSWORD_ALGORITHMS, algorithm, 4);
	stun_put(&o, STUN_PASSWORD_ALGORITHM, algorithm, 4);
	stun_put_addr(&o, MESSAGE_INNER, &a, (struct pn_str){ NULL, 0 });
	stun_put_u64(&o, MESSAGE_ORDER, choice & 32 ? world.order : ++world.order);
	stun_put_integrity(&o, key);
	stun_put_fingerprint(&o);
	if (stun_end(&o) > 0)
		arrive(who, 3478, out, o.len);
}

static void leave(unsigned i, unsigned c)
{
	static const struct pn_addr nowhere;

	media_pinholes_leave(world.holes, world.hole[i][c]);
	world.hole[i][c] = 0;
	lay(i, c, &nowhere);
}

/* A declaration, as a session would have it. */
static void declare(uint8_t who, uint8_t choice)
{
	unsigned i = choice & 3, c = choice >> 2 & 1;
	struct media_owner owner = { realms_at(world.realms, 0), choice & 8 ? 7u + (choice >> 4 & 1) : 0, source(who) };
	struct pn_addr named = choice & 32 ? inner(who) : source(who);
	const struct media_hole *h = media_pinholes_find(world.holes, &owner, &named);

	check(!h || h->where.family);
	if (h && h->agent)
		check(h->agent->id == owner.agent);
	else if (h) /* plain STUN's: of that IP, and with an agent named exactly */
		check(addr_same_ip(&h->where, &owner.ip) && (!owner.agent || addr_eq(&h->where, &named)));
	leave(i, c);
	if (!h || media_pinholes_join(world.holes, h->id, world.stream[i], 0, c))
		return;
	world.hole[i][c] = h->id;
	lay(i, c, &h->where);
	if (choice & 64)
		media_pinholes_pair(world.holes, h->id, world.hole[(i + 1) % STREAMS][c]);
}

static void look(void)
{
	struct buf out;

	buf_init(&out, 1 << 20);
	check(!media_pinholes_json(world.holes, &out));
	buf_free(&out);
	for (unsigned i = 0; i < STREAMS; i++) {
		for (unsigned c = 0; c < 2; c++) {
			const struct media_hole *h = media_pinholes_by_id(world.holes, world.hole[i][c]);

			check(!world.hole[i][c] || (h && h->stream == world.stream[i] && h->component == c));
		}
	}
}

static void step(uint8_t what, struct cur *in)
{
	struct cur text = { in->p, in->p };
	uint8_t choice, len;

	if (take_u8(in, &choice) || take_u8(in, &len) || take(in, len, &text))
		return;
	world.stranger = (what & 7) < 3;
	switch (what & 7) {
	case 0: arrive(what >> 3, choice & 1 ? 3479 : 3478, text.p, len); break;
	case 1: plain(what >> 3, choice, text.p, len); break;
	case 2: loop_advance(world.loop, (uint64_t)len * 100); break;
	case 3: look(); break;
	case 4: declare(what >> 3, choice); break;
	default: cmph(what >> 3, choice, text.p, len); break;
	}
	loop_turn(world.loop);
}

/* ---- life ---- */

static void open_streams(void)
{
	struct relay_end end[2] = { { .rtp = { 4, 0, 3478, { 198, 51, 100, 5 } }, .shared = true },
				    { .realm = 1, .rtp = { 4, 0, 30000, { 192, 0, 2, 5 } } } };
	struct relay_rules b = { .side = 1, .latch = { .mode = LATCH_OFF, .rtp = true, .packets = 1,
						       .declared = { 4, 0, 6000, { 192, 0, 2, 20 } } } };

	check(!relay_shared_open(world.relay, 0, &end[0].rtp));
	for (unsigned i = 0; i < STREAMS; i++) {
		end[1].rtp.port = (uint16_t)(30000 + 2 * i);
		check(!relay_open(world.relay, end, &world.stream[i], NULL));
		check(!relay_set(world.relay, world.stream[i], &b));
	}
}

static void set_up(void)
{
	static const struct relay_net net = { on_bind, on_unbind, on_send };
	static const struct relay_events events = { .on_stun = on_stun };
	static const struct media_pinhole_events on = { on_seen };
	struct conf_realm realm = { .name = (char *)"access", .side = PN_ACCESS, .pinhole = 3478, .stun = true, .dscp = -1,
				    .addr4 = { 4, 0, 0, { 198, 51, 100, 5 } } };
	struct conf conf = { .realms = &realm, .n_realms = 1 };
	struct relay_conf rc = { .net = &net, .events = &events, .max_streams = STREAMS };
	struct media_pinhole_conf mc = { .auth = &auth, .events = &on, .max_streams = STREAMS };

	log_level_set(NULL, "error");
	memset(&world, 0, sizeof(world));
	metrics_reset();
	mc.loop = rc.loop = world.loop = loop_new_fake(1000);
	mc.realms = world.realms = realms_new();
	check(!realms_apply(world.realms, &conf));
	realms_keep(world.realms);
	mc.relay = world.relay = relay_new(&rc);
	world.signalling = (struct pinholes){ { { 7, "acme", "a", NULL }, { 8, "acme", "b", NULL } } };
	mc.pinholes = &world.signalling;
	world.holes = media_pinholes_new(&mc);
	check(world.relay && world.holes);
	open_streams();
}

static void tear_down(void)
{
	relay_free(world.relay);
	media_pinholes_free(world.holes);
	realms_free(world.realms);
	loop_free(world.loop);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cur in = { data, data + size };
	uint8_t what;

	set_up();
	for (unsigned i = 0; i < STEPS && !take_u8(&in, &what); i++)
		step(what, &in);
	look();
	tear_down();
	return 0;
}
