/* Media pinholes of the gateway on a fake relay: realm 0 has a shared port, agents of "acme" and plain STUN. The
 * network of signalling is the test's. */
#include "fake_relay.h"
#include "media_pinhole.h"
#include "pinhole/message.h"

#define PORT "198.51.100.5:3478"
#define NAT "203.0.113.1"
#define INNER "10.1.0.3:40000"
#define REALM "postern"

struct pinholes { /* what the signalling side would say */
	struct pinhole_agent agent, other;
	const char *ip; /* of the live registrations */
};

struct bench {
	struct fake f;
	struct realms *realms;
	struct media_pinholes *holes;
	struct pinholes sig;
	struct message answer; /* the last one */
	uint8_t data[MESSAGE_MAX];
	char seen[256];
};

static struct bench *the_bench;

/* ---- the signalling side ---- */

static int get_key(struct pinholes *p, const struct pn_realm *r, struct pn_str network, uint8_t key[PINHOLE_KEY])
{
	(void)p, (void)r;
	if (!str_eq(network, str_of("acme")))
		return -ENOENT;
	return credential_key(network, str_of(REALM), str_of("secret"), key);
}

static const char *get_realm(const struct pinholes *p, const struct pn_realm *r)
{
	(void)p, (void)r;
	return REALM;
}

static const struct pinhole_agent *get_nonce(struct pinholes *p, const struct pn_realm *r, struct pn_str network,
					     struct pn_str nonce, const struct pn_addr *from)
{
	struct pn_addr ip = addr(p->ip);

	(void)r, (void)network;
	errno = ESTALE;
	if (!str_eq(nonce, str_of("fresh")) && !str_eq(nonce, str_of("fresh2")))
		return NULL;
	errno = EACCES;
	if (!addr_same_ip(&ip, from))
		return NULL;
	return nonce.len == 5 ? &p->agent : &p->other;
}

static const struct pinhole_agent *get_network(struct pinholes *p, const struct pn_realm *r, const struct pn_addr *a)
{
	(void)r;
	return a->port == 5060 ? &p->agent : NULL;
}

static const struct media_pinhole_auth auth = { get_key, get_realm, get_nonce, get_network };

/* ---- the network ---- */

static void bench_send(void *net, unsigned realm, const struct pn_addr *local, const struct pn_addr *to,
		       const void *data, size_t len)
{
	struct bench *b = the_bench;

	fake_send(net, realm, local, to, data, len);
	b->answer = (struct message){ 0 };
	cr_assert(le(sz, len, sizeof(b->data)));
	memcpy(b->data, data, len);
	message_parse(b->data, len, &b->answer);
}

static void on_stun(void *arg, const struct relay_place *at, const struct pn_addr *from, const void *data,
		    size_t len)
{
	(void)arg;
	media_pinholes_on_stun(the_bench->holes, at, from, data, len);
}

static void on_seen(void *arg, const struct media_hole *h)
{
	struct bench *b = arg;
	size_t at = strlen(b->seen);

	snprintf(b->seen + at, sizeof(b->seen) - at, "%s%s%s", at ? ", " : "",
		 h->where.family ? addr_text(&h->where) : "nowhere", h->stream ? " joined" : "");
}

static void start(struct bench *b)
{
	static const struct relay_net net = { fake_bind, fake_unbind, bench_send };
	static const struct relay_events relay_events = { .on_stun = on_stun };
	static const struct media_pinhole_events events = { on_seen };
	struct conf_realm realm = { .name = (char *)"access", .side = PN_ACCESS, .addr4 = addr("198.51.100.5"),
				    .pinhole = 3478, .stun = true };
	struct conf conf = { .realms = &realm, .n_realms = 1 };
	struct relay_conf rc = { .net = &net, .net_arg = &b->f, .events = &relay_events, .max_streams = 4 };
	struct pn_addr port = addr(PORT);

	memset(b, 0, sizeof(*b));
	the_bench = b;
	metrics_reset();
	rc.loop = b->f.loop = loop_new_fake(1000000);
	b->f.relay = relay_new(&rc);
	b->realms = realms_new();
	cr_assert(zero(int, realms_apply(b->realms, &conf)));
	realms_keep(b->realms);
	cr_assert(zero(int, relay_shared_open(b->f.relay, 0, &port)));
	b->sig = (struct pinholes){ { 7, "acme", "ag1", NULL }, { 8, "acme", "ag2", NULL }, NAT };
	b->holes = media_pinholes_new(&(struct media_pinhole_conf){
		.loop = b->f.loop, .realms = b->realms, .relay = b->f.relay, .pinholes = &b->sig, .auth = &auth,
		.events = &events, .arg = b, .max_streams = 4 });
	cr_assert(ne(ptr, b->holes, NULL));
}

static void stop(struct bench *b)
{
	media_pinholes_free(b->holes);
	realms_free(b->realms);
	fake_stop(&b->f);
}

/* ---- messages ---- */

static void arrive(struct bench *b, const char *from, const void *data, int len)
{
	cr_assert(gt(int, len, 0));
	fake_data(&b->f, from, "0 " PORT, data, (size_t)len);
}

static int write_as(const char *agent, const char *inner, uint64_t order, const char *nonce, const char *secret,
		    uint8_t *out)
{
	struct message m = { .stun = { .method = MESSAGE_CMPH }, .username = str_of("acme"),
			     .agent = str_of(agent),
			     .realm = str_of(REALM), .nonce = str_of(nonce), .inner = addr(inner),
			     .final = addr("10.1.0.20:7000"), .order = order, .offers_sha256 = true,
			     .chooses_sha256 = true };
	uint8_t key[STUN_KEY];

	memcpy(m.stun.tid + 4, &order, sizeof(order));
	cr_assert(zero(int, credential_key(m.username, m.realm, str_of(secret), key)));
	return message_write(&m, NULL, 0, key, out, MESSAGE_MAX);
}

/* The nonce "fresh" was given to ag1, "fresh2" to ag2. */
static int write_cmph(const char *inner, uint64_t order, const char *nonce, const char *secret, uint8_t *out)
{
	return write_as(strcmp(nonce, "fresh2") ? "ag1" : "ag2", inner, order, nonce, secret, out);
}

static void cmph(struct bench *b, const char *from, const char *inner, uint64_t order)
{
	uint8_t out[MESSAGE_MAX];

	arrive(b, from, out, write_cmph(inner, order, "fresh", "secret", out));
}

static int write_plain(const char *inner, uint8_t *out)
{
	struct message m = { .stun = { .method = MESSAGE_CMPH }, .inner = addr(inner) };

	return message_write(&m, NULL, 0, NULL, out, MESSAGE_MAX);
}

static void plain(struct bench *b, const char *from, const char *inner)
{
	uint8_t out[MESSAGE_MAX];

	arrive(b, from, out, write_plain(inner, out));
}

static void expect_mapped(struct bench *b, const char *to)
{
	struct pn_addr want = addr(to);

	cr_assert(eq(sz, b->f.n_sent, 1), "%s", to);
	cr_expect(eq(int, b->answer.stun.cls, STUN_SUCCESS));
	cr_expect(addr_eq(&b->answer.mapped, &want), "%s", addr_text(&b->answer.mapped));
}

static void expect_error(struct bench *b, int code)
{
	cr_assert(eq(sz, b->f.n_sent, 1), "%d", code);
	cr_expect(eq(int, b->answer.error.code, code));
}

static void expect_seen(struct bench *b, const char *want)
{
	cr_expect(eq(str, b->seen, (char *)want));
	b->seen[0] = 0;
}

static struct media_owner owner(struct bench *b, uint32_t agent, const char *ip)
{
	return (struct media_owner){ realms_at(b->realms, 0), agent, addr(ip) };
}

static const char *found(struct bench *b, uint32_t agent, const char *ip, const char *declared)
{
	struct media_owner who = owner(b, agent, ip);
	struct pn_addr a = addr(declared);
	const struct media_hole *h = media_pinholes_find(b->holes, &who, &a);

	return h ? addr_text(&h->where) : "none";
}

static uint32_t id_of(struct bench *b, uint32_t agent, const char *declared)
{
	struct media_owner who = owner(b, agent, NAT);
	struct pn_addr a = addr(declared);
	const struct media_hole *h = media_pinholes_find(b->holes, &who, &a);

	cr_assert(ne(ptr, (void *)h, NULL));
	return h->id;
}

/* ---- plain STUN ---- */

Test(media_pinhole, plain_stun_learns_its_address_and_nothing_else)
{
	struct bench b;

	start(&b);
	plain(&b, NAT ":4000", "none");
	expect_mapped(&b, NAT ":4000");
	cr_expect(eq(sz, b.f.sent[0].len, 32));
	expect_seen(&b, NAT ":4000");
	cr_expect(eq(str, (char *)found(&b, 0, NAT, NAT ":4000"), NAT ":4000"));
	cr_expect(eq(str, (char *)found(&b, 0, NAT, NAT ":4001"), "none"));
	cr_expect(eq(str, (char *)found(&b, 0, "203.0.113.2", NAT ":4000"), "none"), "another's");
	cr_expect(eq(str, (char *)found(&b, 7, "none", NAT ":4000"), "none"), "no agent's");
	cr_expect(eq(str, (char *)found(&b, 7, NAT, NAT ":4000"), NAT ":4000"), "a terminal's behind an agent");
	cr_expect(eq(str, (char *)found(&b, 7, NAT, NAT ":4001"), "none"));
	cr_expect(eq(str, (char *)found(&b, 7, "203.0.113.2", NAT ":4000"), "none"), "behind another agent");
	stop(&b);
}

Test(media_pinhole, plain_stun_may_tell_its_inner_address)
{
	struct bench b;

	start(&b);
	plain(&b, NAT ":4000", INNER);
	cr_expect(eq(sz, b.f.sent[0].len, 32));
	cr_expect(eq(str, (char *)found(&b, 0, NAT, INNER), NAT ":4000"));
	cr_expect(eq(str, (char *)found(&b, 0, "203.0.113.2", INNER), "none"), "the same inside another NAT");
	cr_expect(eq(str, (char *)found(&b, 7, NAT, INNER), "none"), "an agent's inner addresses are its own");
	plain(&b, "203.0.113.2:9", INNER);
	cr_expect(eq(str, (char *)found(&b, 0, NAT, INNER), NAT ":4000"));
	loop_advance(b.f.loop, 10);
	plain(&b, NAT ":4002", INNER);
	cr_expect(eq(str, (char *)found(&b, 0, NAT, INNER), NAT ":4002"), "the latest");
	plain(&b, NAT ":4002", "none");
	cr_expect(eq(str, (char *)found(&b, 0, NAT, INNER), NAT ":4000"), "it says so no more");
	stop(&b);
}

Test(media_pinhole, plain_stun_answers_are_few)
{
	struct bench b;
	char from[32];
	unsigned answers = 0;

	start(&b);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(from, sizeof(from), "203.0.113.%u:%u", i % 250 + 1, 2000 + i);
		plain(&b, from, "none");
		answers += (unsigned)b.f.n_sent;
	}
	cr_expect(eq(uint, answers, 200), "one network");
	cr_expect(eq(i64, metric_get(M_STUN_RATE), 800));
	for (unsigned i = 0; i < 6000; i++) {
		snprintf(from, sizeof(from), "198.18.%u.%u:4000", i / 25, i % 250 + 1);
		plain(&b, from, "none");
		answers += (unsigned)b.f.n_sent;
	}
	cr_expect(eq(uint, answers, 4000), "all");
	cmph(&b, NAT ":4000", INNER, 5);
	expect_mapped(&b, NAT ":4000");
	stop(&b);
}

Test(media_pinhole, forgets_what_is_not_used)
{
	struct bench b;

	start(&b);
	plain(&b, NAT ":4000", "none");
	plain(&b, NAT ":4002", "none");
	cr_assert(zero(int, media_pinholes_join(b.holes, id_of(&b, 0, NAT ":4002"), 9, 0, RELAY_RTP)));
	loop_advance(b.f.loop, 119000);
	cr_expect(eq(str, (char *)found(&b, 0, NAT, NAT ":4000"), NAT ":4000"));
	loop_advance(b.f.loop, 10000);
	cr_expect(eq(str, (char *)found(&b, 0, NAT, NAT ":4000"), "none"));
	cr_expect(eq(str, (char *)found(&b, 0, NAT, NAT ":4002"), NAT ":4002"));
	media_pinholes_leave(b.holes, id_of(&b, 0, NAT ":4002"));
	loop_advance(b.f.loop, 130000);
	cr_expect(eq(str, (char *)found(&b, 0, NAT, NAT ":4002"), "none"));
	stop(&b);
}

Test(media_pinhole, the_oldest_of_plain_stun_makes_room)
{
	struct bench b;
	char from[32];

	start(&b);
	for (unsigned i = 0; i < 17; i++) {
		snprintf(from, sizeof(from), NAT ":%u", 4000 + i);
		plain(&b, from, "none");
	}
	cr_expect(eq(str, (char *)found(&b, 0, NAT, NAT ":4000"), "none"));
	cr_expect(eq(str, (char *)found(&b, 0, NAT, NAT ":4001"), NAT ":4001"));
	stop(&b);
}

/* ---- agents ---- */

Test(media_pinhole, an_agent_has_its_pinhole_acknowledged)
{
	struct bench b;
	uint8_t key[STUN_KEY];

	start(&b);
	cmph(&b, NAT ":4000", INNER, 5);
	expect_mapped(&b, NAT ":4000");
	cr_assert(zero(int, get_key(NULL, NULL, str_of("acme"), key)));
	cr_expect(stun_is_authentic(&b.answer.stun, key));
	cr_expect(eq(u32, b.answer.lifetime_s, 120));
	expect_seen(&b, NAT ":4000");
	cr_expect(eq(str, (char *)found(&b, 7, "none", NAT ":4000"), NAT ":4000"));
	cr_expect(eq(str, (char *)found(&b, 7, "none", INNER), NAT ":4000"));
	cr_expect(eq(str, (char *)found(&b, 8, "none", INNER), "none"), "another agent's");
	cr_expect(eq(str, (char *)found(&b, 8, NAT, NAT ":4000"), "none"), "another agent's behind the same NAT");
	cr_expect(eq(str, (char *)found(&b, 0, NAT, NAT ":4000"), "none"), "no plain terminal's");
	cr_expect(eq(u32, media_pinholes_agent(b.holes, realms_at(b.realms, 0), &(struct pn_addr){ .family = 4, .port = 5060 }),
		     7));
	stop(&b);
}

Test(media_pinhole, refuses_what_is_not_authentic)
{
	static const struct {
		const char *from, *nonce, *secret;
		int code;
	} row[] = {
		{ NAT ":4000", "fresh", "guessed", 401 },
		{ NAT ":4000", "stale", "secret", 438 },
		{ "203.0.113.2:4000", "fresh", "secret", 401 }, /* no agent is registered from there */
	};
	struct bench b;
	uint8_t out[MESSAGE_MAX];

	start(&b);
	for (size_t i = 0; i < ROWS(row); i++) {
		arrive(&b, row[i].from, out, write_cmph(INNER, 5, row[i].nonce, row[i].secret, out));
		expect_error(&b, row[i].code);
		cr_expect(eq(str, (char *)found(&b, 7, "none", INNER), "none"), "row %zu", i);
	}
	arrive(&b, NAT ":4000", out, write_as("ag1", INNER, 5, "fresh2", "secret", out));
	expect_error(&b, 401);
	cr_expect(eq(i64, metric_get(M_CMPH_FORGED), 4));
	out[write_cmph(INNER, 5, "fresh", "secret", out) - 1] ^= 1;
	fake_data(&b.f, NAT ":4000", "0 " PORT, out, (size_t)write_cmph(INNER, 5, "fresh", "secret", b.data));
	cr_expect(zero(sz, b.f.n_sent), "its fingerprint is wrong");
	stop(&b);
}

Test(media_pinhole, a_stranger_gets_no_more_than_it_sends)
{
	struct bench b;
	struct message m = { .stun = { .method = MESSAGE_CMPH }, .username = str_of("x"), .inner = addr(INNER),
			     .order = 1 };
	uint8_t out[MESSAGE_MAX];

	start(&b);
	m.agent = str_of("an-agent-with-a-long-name");
	arrive(&b, NAT ":4000", out, message_write(&m, NULL, 0, NULL, out, sizeof(out)));
	expect_error(&b, 401);
	m.agent = str_of("x");
	arrive(&b, NAT ":4000", out, message_write(&m, NULL, 0, NULL, out, sizeof(out)));
	cr_expect(zero(sz, b.f.n_sent), "the answer would be longer");
	m.order = 0;
	arrive(&b, NAT ":4000", out, message_write(&m, NULL, 0, NULL, out, sizeof(out)));
	cr_expect(eq(int, b.answer.error.code, 400), "it is short enough");
	cr_expect(le(sz, b.f.sent[0].len, 68));
	stop(&b);
}

Test(media_pinhole, a_replay_moves_nothing)
{
	struct bench b;

	start(&b);
	cmph(&b, NAT ":4000", INNER, 5);
	cmph(&b, NAT ":4002", INNER, 6);
	expect_seen(&b, NAT ":4000, " NAT ":4002");
	cmph(&b, NAT ":6666", INNER, 5);
	cr_expect(zero(sz, b.f.n_sent));
	cmph(&b, NAT ":6666", INNER, 6);
	expect_mapped(&b, NAT ":6666");
	expect_seen(&b, "");
	cr_expect(eq(str, (char *)found(&b, 7, "none", INNER), NAT ":4002"));
	cr_expect(eq(i64, metric_get(M_CMPH_REPLAYED), 1));
	loop_advance(b.f.loop, 130000);
	cr_expect(eq(str, (char *)found(&b, 7, "none", INNER), "none"));
	cmph(&b, NAT ":6666", INNER, 6);
	cr_expect(zero(sz, b.f.n_sent), "forgotten, but its order is not");
	loop_advance(b.f.loop, PINHOLE_CMPH_NONCE_S * 1000 - 140000);
	cmph(&b, NAT ":6666", INNER, 6);
	cr_expect(zero(sz, b.f.n_sent), "nor as long as its nonce is good");
	cmph(&b, NAT ":4004", INNER, 7);
	expect_mapped(&b, NAT ":4004");
	stop(&b);
}

Test(media_pinhole, a_pinhole_moves_with_its_call)
{
	struct bench b;
	uint32_t id;

	start(&b);
	cmph(&b, NAT ":4000", INNER, 5);
	id = id_of(&b, 7, INNER);
	cr_assert(zero(int, media_pinholes_join(b.holes, id, 9, 0, RELAY_RTP)));
	cr_expect(zero(int, media_pinholes_join(b.holes, id, 9, 0, RELAY_RTP)));
	cr_expect(eq(int, media_pinholes_join(b.holes, id, 9, 0, RELAY_RTCP), -EEXIST));
	cr_expect(eq(int, media_pinholes_join(b.holes, id + 1, 9, 0, RELAY_RTP), -ENOENT));
	cmph(&b, NAT ":4002", INNER, 6);
	expect_seen(&b, NAT ":4000, " NAT ":4002 joined");
	cr_expect(eq(u32, id_of(&b, 7, NAT ":4002"), id));
	cr_expect(eq(str, (char *)found(&b, 7, "none", NAT ":4000"), "none"));
	stop(&b);
}

Test(media_pinhole, an_address_belongs_to_who_proved_it_last)
{
	struct bench b;
	uint8_t out[MESSAGE_MAX];
	uint32_t id;

	start(&b);
	cmph(&b, NAT ":4000", INNER, 5);
	id = id_of(&b, 7, INNER);
	cr_assert(zero(int, media_pinholes_join(b.holes, id, 9, 0, RELAY_RTP)));
	plain(&b, NAT ":4000", "none");
	expect_mapped(&b, NAT ":4000");
	cr_expect(eq(str, (char *)found(&b, 7, "none", INNER), NAT ":4000"), "plain STUN proves nothing");
	b.seen[0] = 0;
	arrive(&b, NAT ":4000", out, write_cmph("10.1.0.4:40000", 5, "fresh2", "secret", out));
	expect_seen(&b, "nowhere joined, " NAT ":4000");
	cr_expect(eq(str, (char *)found(&b, 8, "none", NAT ":4000"), NAT ":4000"));
	cr_expect(eq(str, (char *)found(&b, 7, "none", INNER), "none"));
	stop(&b);
}

Test(media_pinhole, a_network_has_a_quota)
{
	struct bench b;
	char inner[32];

	start(&b);
	for (unsigned i = 0; i < 8; i++) {
		snprintf(inner, sizeof(inner), "10.1.0.3:%u", 40000 + i);
		cmph(&b, NAT ":4000", inner, 5 + i);
		expect_mapped(&b, NAT ":4000");
		snprintf(inner, sizeof(inner), "10.1.0.3:%u", 40000 + i);
		cr_assert(zero(int, media_pinholes_join(b.holes, id_of(&b, 7, inner), 9 + i, 0, RELAY_RTP)));
	}
	cmph(&b, NAT ":4100", "10.1.0.3:41000", 99);
	expect_error(&b, 486);
	cmph(&b, NAT ":4100", "10.1.0.3:40000", 100);
	expect_mapped(&b, NAT ":4100");
	stop(&b);
}

/* Their names are remembered for a while: whoever takes new ones all the time harms his own network alone. */
Test(media_pinhole, a_network_has_so_many_agents)
{
	struct hole_table t;
	char name[16];
	uint32_t n = 0;

	hole_table_init(&t, 8, 4);
	do
		snprintf(name, sizeof(name), "%u", ++n);
	while (n < 100000 && hole_agent_get(&t, 0, "acme", name, n));
	cr_expect(n > 1000 && n < 100000, "%u", n);
	cr_expect(ne(ptr, hole_agent_get(&t, 0, "acme", "1", 1), NULL), "who is known stays");
	cr_expect(ne(ptr, hole_agent_get(&t, 0, "other", "1", n + 1), NULL));
	hole_table_clear(&t);
}

Test(media_pinhole, an_agent_that_came_back_has_its_pinholes)
{
	struct bench b;

	start(&b);
	cmph(&b, NAT ":4000", INNER, 5);
	b.sig.agent.id = 70;
	cr_expect(eq(str, (char *)found(&b, 70, "none", INNER), "none"), "not seen yet");
	cmph(&b, NAT ":4000", "10.1.0.3:40002", 6);
	cr_expect(eq(str, (char *)found(&b, 70, "none", "10.1.0.3:40002"), NAT ":4000"));
	cr_expect(eq(str, (char *)found(&b, 7, "none", "10.1.0.3:40002"), "none"));
	stop(&b);
}

Test(media_pinhole, tells_an_agent_that_its_media_returns)
{
	struct bench b;
	uint32_t one, two;
	struct pn_addr inner = addr(INNER), other = addr("10.1.0.3:40002");

	start(&b);
	cmph(&b, NAT ":4000", INNER, 5);
	cmph(&b, NAT ":4002", "10.1.0.3:40002", 6);
	one = id_of(&b, 7, INNER);
	two = id_of(&b, 7, "10.1.0.3:40002");
	b.f.n_sent = 0;
	media_pinholes_pair(b.holes, one, two);
	media_pinholes_pair(b.holes, two, one);
	cr_assert(eq(sz, b.f.n_sent, 2));
	cr_expect(eq(str, b.f.sent[0].text, (char *)"0 " PORT ">" NAT ":4000"));
	cr_expect(eq(str, b.f.sent[1].text, (char *)"0 " PORT ">" NAT ":4002"));
	cr_expect(eq(int, b.answer.stun.method, MESSAGE_JOIN));
	cr_expect(addr_eq(&b.answer.inner, &other));
	cr_expect(addr_eq(&b.answer.peer_inner, &inner));
	cmph(&b, NAT ":4000", INNER, 7);
	cr_expect(addr_eq(&b.answer.peer_inner, &other), "for an indication may get lost");
	b.f.n_sent = 0;
	media_pinholes_leave(b.holes, one);
	cr_assert(eq(sz, b.f.n_sent, 2), "both");
	cr_expect(eq(int, b.answer.stun.method, MESSAGE_UNJOIN));
	stop(&b);
}

Test(media_pinhole, ignores_what_is_no_request_of_ours)
{
	struct bench b;
	struct message m = { .stun = { .method = MESSAGE_CMPH }, .mapped = addr(NAT ":1") };
	uint8_t out[MESSAGE_MAX];
	int len;

	start(&b);
	len = message_write_plain(&m, &m.mapped, out, sizeof(out));
	out[0] = 1, out[1] = 1;
	arrive(&b, NAT ":4000", out, len);
	cr_expect(zero(sz, b.f.n_sent), "a response");
	len = write_plain("none", out);
	out[1] = 3;
	arrive(&b, NAT ":4000", out, len);
	cr_expect(zero(sz, b.f.n_sent), "another method");
	cr_expect(eq(i64, metric_get(M_STUN_ALIEN), 2));
	stop(&b);
}

Test(media_pinhole, lists_what_it_knows)
{
	struct bench b;
	struct buf out;

	start(&b);
	buf_init(&out, 4096);
	cmph(&b, NAT ":4000", INNER, 5);
	cr_assert(zero(int, media_pinholes_json(b.holes, &out)));
	cr_expect(eq(str, (char *)buf_text(&out),
		     (char *)"[{\"realm\":\"access\",\"network\":\"acme\",\"agent\":\"ag1\",\"received\":null,"
			     "\"through\":\"" NAT ":4000\",\"final\":\"10.1.0.20:7000\",\"inner\":\"" INNER "\","
			     "\"media\":null,\"seen_ms\":0}]"));
	buf_free(&out);
	stop(&b);
}
