/* The gateway's end of registrations against agents that send anything, some of whom know the secret. The input is
 * a script: each step is an octet that says what happens, a second one for choices, and a length with octets that
 * become attributes or a whole datagram. Whatever comes, caps hold, answers are messages, and no step breaks the
 * table. */
#define LOG_SUBSYSTEM LOG_BINDING

#include "log.h"
#include "metrics.h"
#include "pinhole.h"
#include "pinhole/credential.h"
#include "pinhole/stun_out.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS 300u
#define HOLES 6u
#define SUBSCRIBERS 20u
#define SOURCES 8u

static struct {
	struct loop *loop;
	struct realms *realms;
	struct transport *transport;
	struct pinholes *pinholes;
	struct conf conf;
	struct conf_realm realm;
	struct conf_network network[2];
	void *socket;
	uint64_t order;
	uint8_t answer[STUN_MAX];
	size_t answer_len;
	char nonce[SOURCES][NONCE_LEN]; /* that each source was told */
	bool has_nonce[SOURCES];
} world;

static char sip[] = "sip";

static void check(bool good)
{
	if (!good)
		abort();
}

/* ---- the network below ---- */

static void *on_bind(void *net, const struct pn_realm *r, const struct pn_addr *local, void *owner)
{
	(void)net, (void)r, (void)local;
	world.socket = owner;
	return &world;
}

static int on_send(void *sock, const struct pn_addr *to, const void *data, size_t len)
{
	struct message m;

	(void)sock, (void)to;
	check(len <= sizeof(world.answer) && !message_parse(data, len, &m));
	check(m.stun.cls == STUN_SUCCESS || m.stun.cls == STUN_ERROR);
	memcpy(world.answer, data, len);
	world.answer_len = len;
	return 0;
}

static void on_close(void *sock)
{
	(void)sock;
}

static void on_message(struct module *m, const struct pn_msg *msg)
{
	(void)m, (void)msg;
}

static const char *name_of(const struct module *m)
{
	return (const char *)m;
}

static const struct net_ops net = { .udp_bind = on_bind, .udp_send = on_send, .udp_close = on_close };
static const struct transport_events events = { .message = on_message };

/* ---- steps ---- */

static struct pn_addr source(uint8_t which)
{
	return (struct pn_addr){ 4, 0, (uint16_t)(2000 + which % SOURCES), { 198, 51, 100, which & 1 ? 11 : 12 } };
}

static void receive(uint8_t which, const uint8_t *data, size_t len)
{
	struct pn_addr from = source(which);
	struct message m;

	world.answer_len = 0;
	net_on_datagram(world.socket, &from, data, len);
	if (!world.answer_len || message_parse(world.answer, world.answer_len, &m) || m.nonce.len != NONCE_LEN ||
	    m.stun.cls != STUN_ERROR)
		return;
	memcpy(world.nonce[which % SOURCES], m.nonce.p, NONCE_LEN);
	world.has_nonce[which % SOURCES] = true;
}

static void put_text(struct stun_out *o, uint16_t type, const char *text)
{
	stun_put_text(o, type, str_of(text));
}

/* A request as an agent would write it, with the fuzzer's attributes before the usual ones. */
static size_t request(uint8_t which, uint8_t choice, const uint8_t *attrs, size_t len, const char *protocol,
		      uint8_t out[STUN_MAX])
{
	static const char *const network[] = { "acme", "other" }, *const agent[] = { "a", "b", "c", "d" };
	static const uint8_t algorithm[4] = { 0, 2, 0, 0 };
	const char *user = network[choice & 1];
	struct pn_addr inner = { 4, 0, (uint16_t)(5060 + (choice >> 4)), { 10, 1, 0, 3 } };
	struct stun_out o;
	uint8_t key[STUN_KEY];

	credential_key(str_of(user), str_of(MESSAGE_REALM), str_of("correct horse"), key);
	stun_begin(&o, out, STUN_MAX, STUN_REQUEST, MESSAGE_REGISTER, (const uint8_t *)"twelve octet");
	memcpy(o.p + o.len, attrs, len & ~(size_t)3);
	o.len += len & ~(size_t)3;
	put_text(&o, MESSAGE_AGENT, agent[choice >> 1 & 3]);
	put_text(&o, MESSAGE_PROTOCOL, protocol);
	stun_put_addr(&o, MESSAGE_INNER, &inner, (struct pn_str){ NULL, 0 });
	stun_put_u64(&o, MESSAGE_ORDER, choice & 8 ? world.order : ++world.order);
	if (world.has_nonce[which % SOURCES]) {
		put_text(&o, STUN_USERNAME, user);
		put_text(&o, STUN_REALM, MESSAGE_REALM);
		stun_put(&o, STUN_NONCE, world.nonce[which % SOURCES], NONCE_LEN);
		stun_put(&o, STUN_PASSWORD_ALGORITHMS, algorithm, 4);
		stun_put(&o, STUN_PASSWORD_ALGORITHM, algorithm, 4);
		stun_put_integrity(&o, key);
	}
	stun_put_fingerprint(&o);
	return stun_end(&o) > 0 ? (size_t)o.len : 0;
}

static void apply(uint8_t choice)
{
	world.conf.networks = &world.network[choice & 1];
	world.conf.n_networks = choice & 2 || choice & 1 ? 1 : 2;
	check(!realms_apply(world.realms, &world.conf) && !pinholes_apply(world.pinholes, &world.conf, world.realms));
}

static void trunk(uint8_t which, uint8_t choice, const uint8_t *attrs, size_t len)
{
	struct pn_addr from = source(which), local = { 4, 0, 3478, { 198, 51, 100, 5 } };
	struct pn_realm *r = realms_at(world.realms, 0);
	uint8_t text[STUN_MAX];
	size_t n = request(which, choice, attrs, len, "trunk", text);
	struct buf out;
	int64_t id;
	int err;

	buf_init(&out, STUN_MAX);
	id = pinhole_trunk_request(world.pinholes, r, &local, &from, text, n, &out);
	err = id > 0 ? pinhole_set_trunk(world.pinholes, (uint32_t)id, &world, &from) : -ENOENT;
	if (id > 0)
		check(err == -EADDRINUSE || (!err && pinhole_trunk(world.pinholes, r, &from, NULL) == &world));
	if (!err && choice & 4)
		check(!pinhole_set_trunk(world.pinholes, (uint32_t)id, NULL, NULL));
	buf_free(&out);
}

static void look(uint8_t which)
{
	struct pn_realm *r = realms_at(world.realms, 0);
	struct pn_addr a = source(which);
	const struct pinhole_agent *who = pinhole_network(world.pinholes, r, &a);
	struct buf out;

	check(!who || pinhole_agent(world.pinholes, who->id) == who);
	pinholes_redirect(world.pinholes, 0, (struct module *)sip, r, &a);
	check(a.family == 4 && a.port);
	check(metric_get(M_PINHOLES) <= (int64_t)(2 * HOLES));
	buf_init(&out, 1 << 20);
	check(!pinholes_json(world.pinholes, &out));
	buf_free(&out);
}

static void step(uint8_t what, struct cur *in)
{
	struct cur text = { in->p, in->p };
	uint8_t choice, len, data[STUN_MAX];

	if (take_u8(in, &choice) || take_u8(in, &len) || take(in, len, &text))
		return;
	switch (what & 7) {
	case 0: receive(what >> 3, text.p, len); break;
	case 1: loop_advance(world.loop, (uint64_t)len * 1000); break;
	case 2: apply(choice); break;
	case 3: look(what >> 3); break;
	case 4: trunk(what >> 3, choice, text.p, len); break;
	default: receive(what >> 3, data, request(what >> 3, choice, text.p, len, sip, data)); break;
	}
	loop_turn(world.loop);
}

/* ---- life ---- */

static void set_up(void)
{
	static const struct conf_listen listen = { .transport = PN_UDP, .port = 5060 };
	static uint8_t secret[] = "correct horse";
	struct transport_conf tc = { .net = &net, .events = &events };
	struct pinholes_conf pc = { .module_name = name_of };
	struct transport_pinholes hooks = { .stun = pinholes_on_stun, .redirect = pinholes_redirect };
	const struct conf_listen *bad;

	log_level_set(NULL, "error");
	memset(&world, 0, sizeof(world));
	metrics_reset();
	pc.loop = tc.loop = world.loop = loop_new_fake(1000);
	pc.transport = world.transport = transport_new(&tc);
	world.realms = realms_new();
	world.pinholes = hooks.arg = pinholes_new(&pc);
	world.realm = (struct conf_realm){ .name = (char *)"access", .side = PN_ACCESS, .pinhole = 3478, .dscp = -1,
					   .addr4 = { 4, 0, 0, { 198, 51, 100, 5 } } };
	for (size_t i = 0; i < 2; i++)
		world.network[i] = (struct conf_network){ .name = (char *)(i ? "other" : "acme"), .lifetime_ms = 60000,
							  .pinholes = HOLES, .subscribers = SUBSCRIBERS,
							  .secret = { secret, sizeof(secret) - 1 } };
	world.conf.realms = &world.realm;
	world.conf.n_realms = 1;
	transport_set_pinholes(world.transport, &hooks);
	apply(0);
	check(!transport_listen(world.transport, (struct module *)sip, world.realms, &listen, 1, &bad));
}

static void tear_down(void)
{
	pinholes_free(world.pinholes);
	transport_set_pinholes(world.transport, &(struct transport_pinholes){ .arg = NULL });
	transport_free(world.transport);
	loop_turn(world.loop);
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
	for (uint8_t i = 0; i < SOURCES; i++)
		look(i);
	tear_down();
	return 0;
}
