#include "pinhole_gateway.h"
#include "random.h"

struct gateway gw;
struct pn_addr gateway, inner;
uint64_t now;

void gateway_setup(void)
{
	random_fake(7);
	gw = (struct gateway){ .secret = { 9 }, .mapped = kit_addr("198.51.100.11:1024"), .lifetime_s = 60 };
	cr_assert(zero(int, credential_key(str_of("acme"), str_of("postern"), str_of("secret"), gw.key)));
	gateway = kit_addr("198.51.100.5:3478");
	inner = kit_addr("10.1.0.3:40000");
	now = 1000;
}

static void take_list(const struct message *m)
{
	struct message_subscriber s;
	struct cur at = m->stun.attrs;

	if (!m->part.count)
		return;
	if (!m->part.index)
		gw.n = 0;
	gw.list = m->part.list;
	gw.parts++;
	for (; message_subscriber(m, &at, &s); gw.n++)
		snprintf(gw.last, sizeof(gw.last), "%.*s", (int)s.identity.len, s.identity.p);
	if (m->part.index + 1 == m->part.count)
		gw.whole = m->part.list;
}

int gateway_success(const struct message *m, struct pn_str nonce, uint8_t *out)
{
	struct message values = { .mapped = gw.mapped, .lifetime_s = gw.lifetime_s, .peer_inner = gw.peer };

	if (m->stun.method == MESSAGE_REGISTER) {
		values.realm = str_of("postern");
		values.nonce = nonce;
		values.part.list = gw.whole;
	}
	return message_write_success(m, &values, gw.key, out, MESSAGE_MAX);
}

/* What the gateway answers to a datagram. */
int gateway_answer(const uint8_t *data, size_t len, uint8_t *out)
{
	char nonce[NONCE_LEN];
	struct message m;
	uint32_t tag;
	int code;

	gw.requests++;
	cr_assert(zero(int, message_parse(data, len, &m)));
	if (message_is_plain(&m))
		return message_write_plain(&m, &gw.mapped, out, MESSAGE_MAX);
	nonce_make(gw.secret, str_of("here"), 1, now / 1000, nonce);
	code = credential_judge(&m, !nonce_check(gw.secret, m.nonce, str_of("here"), now / 1000, 300, &tag),
				kit_is(m.username, "acme") ? gw.key : NULL);
	code = code ? code : gw.refuse;
	if (code)
		return message_write_error(&m, code, str_of("postern"), (struct pn_str){ nonce, NONCE_LEN },
					   code == 486 || code == 500 ? gw.key : NULL, out, MESSAGE_MAX);
	if (credential_turn(&gw.order, &m) == ORDER_NEW)
		take_list(&m);
	return gateway_success(&m, (struct pn_str){ nonce, NONCE_LEN }, out);
}

/* One request and its answer; PINHOLE_NOT_OURS when nothing was to be sent. */
enum pinhole_event gateway_exchange(struct pinhole_client *c)
{
	uint8_t data[MESSAGE_MAX], out[MESSAGE_MAX];
	int len = pinhole_client_output(c, now, data, sizeof(data));

	if (len <= 0)
		return PINHOLE_NOT_OURS;
	len = gateway_answer(data, (size_t)len, out);
	return pinhole_client_input(c, now, &gateway, out, (size_t)len);
}

/* Exchanges until nothing more is to be sent now; the last event. */
enum pinhole_event gateway_settle(struct pinhole_client *c)
{
	enum pinhole_event event, last = PINHOLE_NOT_OURS;

	while ((event = gateway_exchange(c)) != PINHOLE_NOT_OURS)
		last = event;
	return last;
}

struct pinhole_login *gateway_login(const char *secret)
{
	const struct pinhole_login_conf c = { str_of("acme"), str_of("ag1"), str_of(secret), WALL_US, 1000 };
	struct pinhole_login *l = pinhole_login_new(&c);

	cr_assert(l != NULL);
	return l;
}

struct pinhole_client *gateway_client(enum pinhole_kind kind, struct pinhole_login *l)
{
	const struct pinhole_client_conf c = { .kind = kind, .login = l, .gateway = gateway, .inner = inner,
					       .protocol = str_of("sip"), .keep_ms = 15000 };
	struct pinhole_client *p = pinhole_client_new(&c, now);

	cr_assert(p != NULL);
	return p;
}
