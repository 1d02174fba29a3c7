#include "pinhole_gateway.h"
#include <errno.h>

TestSuite(pinhole_client, .init = gateway_setup);

Test(pinhole_client, plain_stun)
{
	struct pinhole_client *c = gateway_client(PINHOLE_PLAIN, NULL);
	struct pinhole_client_info info;

	cr_expect(eq(u64, pinhole_client_next(c), now));
	cr_expect(eq(int, gateway_exchange(c), PINHOLE_OPEN));
	pinhole_client_info(c, &info);
	cr_expect(info.open && addr_eq(&info.mapped, &gw.mapped) && !info.error && !info.sent);
	cr_expect(eq(u64, pinhole_client_next(c), now + 15000));
	cr_expect(eq(int, gateway_exchange(c), PINHOLE_NOT_OURS));
	now += 15000;
	cr_expect(eq(int, gateway_exchange(c), PINHOLE_KEPT));
	gw.mapped = kit_addr("198.51.100.11:2048");
	now += 15000;
	cr_expect(eq(int, gateway_exchange(c), PINHOLE_MOVED));
	pinhole_client_info(c, &info);
	cr_expect(addr_eq(&info.mapped, &gw.mapped));
	pinhole_client_free(c);
}

/* RFC 8489 s.6.2.1: at 0, 500, 1500, 3500, 7500, 15500 and 31500 ms, and 8 s for the last answer. */
Test(pinhole_client, sends_again_until_time_is_up)
{
	static const uint64_t at[] = { 0, 500, 1500, 3500, 7500, 15500, 31500 };
	struct pinhole_client *c = gateway_client(PINHOLE_PLAIN, NULL);
	uint8_t first[MESSAGE_MAX], data[MESSAGE_MAX];
	struct pinhole_client_info info;

	for (size_t i = 0; i < ROWS(at); i++) {
		cr_assert(eq(u64, pinhole_client_next(c), 1000 + at[i]), "row %zu", i);
		now = 1000 + at[i] - (i > 0);
		cr_expect(eq(int, i ? pinhole_client_output(c, now, data, sizeof(data)) : 0, 0), "row %zu", i);
		now = 1000 + at[i];
		cr_assert(gt(int, pinhole_client_output(c, now, data, sizeof(data)), 0), "row %zu", i);
		if (!i)
			memcpy(first, data, sizeof(first));
		cr_expect(zero(int, memcmp(first, data, 40)), "row %zu", i);
	}
	cr_assert(eq(u64, pinhole_client_next(c), 1000 + 39500));
	now = 40500;
	cr_expect(eq(int, pinhole_client_output(c, now, data, sizeof(data)), -ETIMEDOUT));
	cr_expect(eq(int, pinhole_client_output(c, now, data, sizeof(data)), 0));
	pinhole_client_info(c, &info);
	cr_expect(not(info.open));
	cr_expect(eq(int, info.error, -ETIMEDOUT));
	now = pinhole_client_next(c);
	cr_expect(now >= 41500 && now < 42000);
	cr_expect(eq(int, gateway_exchange(c), PINHOLE_OPEN));
	pinhole_client_free(c);
}

Test(pinhole_client, is_sent_once_where_nothing_is_lost)
{
	const struct pinhole_client_conf conf = { .kind = PINHOLE_PLAIN, .gateway = gateway, .reliable = true };
	struct pinhole_client *c = pinhole_client_new(&conf, now);
	uint8_t data[MESSAGE_MAX];

	cr_assert(gt(int, pinhole_client_output(c, now, data, sizeof(data)), 0));
	cr_assert(eq(u64, pinhole_client_next(c), now + 39500));
	now += 39500;
	cr_expect(eq(int, pinhole_client_output(c, now, data, sizeof(data)), -ETIMEDOUT));
	pinhole_client_free(c);
}

Test(pinhole_client, pauses_grow_and_end_with_success)
{
	struct pinhole_login *l = gateway_login("wrong");
	struct pinhole_client *c = gateway_client(PINHOLE_MEDIA, l);
	static const uint64_t least[] = { 1000, 2000, 4000, 8000, 16000, 32000, 32000 };
	struct pinhole_client_info info;

	for (size_t i = 0; i < ROWS(least); i++) {
		uint64_t pause;

		cr_expect(eq(int, gateway_settle(c), PINHOLE_REFUSED), "row %zu", i);
		pinhole_client_info(c, &info);
		cr_expect(eq(int, info.error, 401));
		pause = pinhole_client_next(c) - now;
		cr_expect(pause >= least[i] && pause < least[i] * 3 / 2, "row %zu", i);
		now += pause;
	}
	cr_assert(zero(int, credential_key(str_of("acme"), str_of("postern"), str_of("wrong"), gw.key)));
	cr_expect(eq(int, gateway_settle(c), PINHOLE_OPEN));
	gw.refuse = 500;
	now += 15000;
	cr_expect(eq(int, gateway_settle(c), PINHOLE_REFUSED));
	cr_expect(pinhole_client_next(c) - now < 1500);
	pinhole_client_free(c);
	pinhole_login_free(l);
}

Test(pinhole_client, meets_the_challenge)
{
	struct pinhole_login *l = gateway_login("secret");
	struct pinhole_client *c = gateway_client(PINHOLE_MEDIA, l);
	struct pinhole_client_info info;

	cr_expect(eq(int, gateway_exchange(c), PINHOLE_NOTHING)); /* 401 */
	cr_expect(eq(int, gateway_exchange(c), PINHOLE_OPEN));
	pinhole_client_info(c, &info);
	cr_expect(eq(u32, info.lifetime_s, 60));
	now += 15000;
	cr_expect(eq(int, gateway_exchange(c), PINHOLE_KEPT));
	cr_expect(eq(sz, gw.requests, 3));
	pinhole_client_free(c);
	pinhole_login_free(l);
}

Test(pinhole_client, takes_a_new_nonce_when_the_gateway_was_restarted)
{
	struct pinhole_login *l = gateway_login("secret");
	struct pinhole_client *c = gateway_client(PINHOLE_MEDIA, l), *other;

	gateway_settle(c);
	gw.secret[0]++;
	now += 15000;
	cr_expect(eq(int, gateway_exchange(c), PINHOLE_NOTHING)); /* 438 */
	cr_expect(eq(int, gateway_exchange(c), PINHOLE_KEPT));
	inner = kit_addr("10.1.0.3:40001");
	other = gateway_client(PINHOLE_MEDIA, l);
	cr_expect(eq(int, gateway_exchange(other), PINHOLE_OPEN)); /* it has the nonce already */
	pinhole_client_free(c);
	pinhole_client_free(other);
	pinhole_login_free(l);
}

Test(pinhole_client, gives_up_on_a_gateway_that_never_has_enough)
{
	struct pinhole_login *l = gateway_login("secret");
	struct pinhole_client *c = gateway_client(PINHOLE_MEDIA, l);

	gw.refuse = 438;
	cr_expect(eq(int, gateway_settle(c), PINHOLE_REFUSED));
	cr_expect(le(sz, gw.requests, 4));
	pinhole_client_free(c);
	pinhole_login_free(l);
}

/* What is not the answer to what was asked, or not from whom it was asked, changes nothing. */
Test(pinhole_client, believes_the_gateway_alone)
{
	struct pinhole_login *l = gateway_login("secret");
	struct pinhole_client *c = gateway_client(PINHOLE_MEDIA, l);
	const struct pn_addr liar = kit_addr("198.51.100.30:3478");
	uint8_t data[MESSAGE_MAX], out[MESSAGE_MAX], right = gw.key[0];
	struct pinhole_client_info info;
	struct message m;
	int len, n;

	gateway_exchange(c);
	len = pinhole_client_output(c, now, data, sizeof(data));
	cr_assert(gt(int, len, 0));
	n = gateway_answer(data, (size_t)len, out);
	cr_expect(eq(int, pinhole_client_input(c, now, &liar, out, (size_t)n), PINHOLE_NOT_OURS));
	cr_expect(eq(int, pinhole_client_input(c, now, &gateway, data, (size_t)len), PINHOLE_NOT_OURS));
	out[8] ^= 1; /* another transaction: its fingerprint fails */
	cr_expect(eq(int, pinhole_client_input(c, now, &gateway, out, (size_t)n), PINHOLE_NOT_OURS));
	cr_assert(zero(int, message_parse(data, (size_t)len, &m)));
	n = message_write_plain(&m, &liar, out, sizeof(out)); /* not signed */
	cr_expect(eq(int, pinhole_client_input(c, now, &gateway, out, (size_t)n), PINHOLE_NOTHING));
	gw.key[0] ^= 1;
	n = gateway_success(&m, str_of("x"), out); /* signed by somebody else */
	cr_expect(eq(int, pinhole_client_input(c, now, &gateway, out, (size_t)n), PINHOLE_NOTHING));
	n = message_write_error(&m, 486, str_of(""), str_of(""), gw.key, out, sizeof(out));
	cr_expect(eq(int, pinhole_client_input(c, now, &gateway, out, (size_t)n), PINHOLE_NOTHING));
	pinhole_client_info(c, &info);
	cr_expect(not(info.open));
	gw.key[0] = right;
	n = gateway_success(&m, str_of("x"), out);
	cr_expect(eq(int, pinhole_client_input(c, now, &gateway, out, (size_t)n), PINHOLE_OPEN));
	cr_expect(eq(int, pinhole_client_input(c, now, &gateway, out, (size_t)n), PINHOLE_NOTHING)); /* twice */
	cr_expect(eq(int, pinhole_client_input(c, now, &gateway, "INVITE sip:b SIP/2.0\r\n\r\n", 24),
		     PINHOLE_NOT_OURS));
	pinhole_client_free(c);
	pinhole_login_free(l);
}

/* A success to a request that had no credentials yet proves nothing. */
Test(pinhole_client, does_not_take_success_without_credentials)
{
	struct pinhole_login *l = gateway_login("secret");
	struct pinhole_client *c = gateway_client(PINHOLE_MEDIA, l);
	uint8_t data[MESSAGE_MAX], out[MESSAGE_MAX];
	struct message m;
	int len = pinhole_client_output(c, now, data, sizeof(data));

	cr_assert(zero(int, message_parse(data, (size_t)len, &m)));
	cr_expect(eq(sz, m.username.len, 0));
	len = message_write_plain(&m, &gw.mapped, out, sizeof(out));
	cr_expect(eq(int, pinhole_client_input(c, now, &gateway, out, (size_t)len), PINHOLE_NOTHING));
	pinhole_client_free(c);
	pinhole_login_free(l);
}

Test(pinhole_client, refreshes_before_half_of_the_lifetime)
{
	struct pinhole_login *l = gateway_login("secret");
	struct pinhole_client *c = gateway_client(PINHOLE_MEDIA, l);

	gw.lifetime_s = 20;
	gateway_settle(c);
	cr_expect(eq(u64, pinhole_client_next(c), now + 10000));
	pinhole_client_keep(c, 5000);
	cr_expect(eq(u64, pinhole_client_next(c), now + 5000));
	pinhole_client_keep(c, 0);
	cr_expect(eq(u64, pinhole_client_next(c), UINT64_MAX));
	pinhole_client_refresh(c, now);
	cr_expect(eq(u64, pinhole_client_next(c), now));
	cr_expect(eq(int, gateway_exchange(c), PINHOLE_KEPT));
	pinhole_client_free(c);
	pinhole_login_free(l);
}

Test(pinhole_client, order_rises_and_a_retransmission_has_the_same)
{
	struct pinhole_login *l = gateway_login("secret");
	struct pinhole_client *c = gateway_client(PINHOLE_MEDIA, l);
	uint64_t last = 0;

	for (int i = 0; i < 20; i++) {
		uint8_t data[MESSAGE_MAX], again[MESSAGE_MAX], out[MESSAGE_MAX];
		struct message m;
		int len;

		pinhole_client_refresh(c, now);
		len = pinhole_client_output(c, now, data, sizeof(data));
		cr_assert(gt(int, len, 0));
		cr_assert(zero(int, message_parse(data, (size_t)len, &m)));
		cr_assert(gt(u64, m.order, last));
		cr_expect(m.order >= WALL_US + (now - 1000) * 1000);
		last = m.order;
		now += i % 2 ? 500 : 0;
		if (i % 2 && pinhole_client_output(c, now, again, sizeof(again)) > 0)
			cr_expect(zero(int, memcmp(data, again, (size_t)len)));
		len = gateway_answer(data, (size_t)len, out);
		pinhole_client_input(c, now, &gateway, out, (size_t)len);
	}
	pinhole_client_free(c);
	pinhole_login_free(l);
}

/* The mapping changed while a request was on its way twice: the gateway may hold it for a replay. */
Test(pinhole_client, confirms_a_move_that_it_is_not_sure_of)
{
	struct pinhole_login *l = gateway_login("secret");
	struct pinhole_client *c = gateway_client(PINHOLE_MEDIA, l);
	uint8_t data[MESSAGE_MAX];

	gateway_settle(c);
	now += 15000;
	pinhole_client_output(c, now, data, sizeof(data));
	now += 500;
	gw.mapped = kit_addr("198.51.100.11:4096");
	cr_expect(eq(int, gateway_exchange(c), PINHOLE_MOVED));
	cr_expect(eq(u64, pinhole_client_next(c), now));
	cr_expect(eq(int, gateway_exchange(c), PINHOLE_KEPT));
	cr_expect(gt(u64, pinhole_client_next(c), now));
	pinhole_client_free(c);
	pinhole_login_free(l);
}

/* ---- joins ---- */

static enum pinhole_event indicate(struct pinhole_client *c, enum message_method method, const char *to,
				   uint64_t order, const uint8_t *key)
{
	struct message m = { .stun = { .method = method, .cls = STUN_INDICATION }, .inner = kit_addr(to),
			     .order = order };
	uint8_t out[MESSAGE_MAX];
	int len;

	if (method == MESSAGE_JOIN)
		m.peer_inner = kit_addr("10.1.0.3:40010");
	len = message_write(&m, NULL, 0, key, out, sizeof(out));
	cr_assert(gt(int, len, 0));
	return pinhole_client_input(c, now, &gateway, out, (size_t)len);
}

Test(pinhole_client, joins)
{
	static const struct {
		enum message_method method;
		const char *to;
		uint64_t order;
		bool forged;
		enum pinhole_event want;
	} row[] = {
		{ MESSAGE_JOIN, "10.1.0.3:40000", 10, true, PINHOLE_NOTHING },
		{ MESSAGE_JOIN, "10.1.0.3:40002", 10, false, PINHOLE_NOTHING },
		{ MESSAGE_JOIN, "10.1.0.3:40000", 10, false, PINHOLE_JOINED },
		{ MESSAGE_JOIN, "10.1.0.3:40000", 11, false, PINHOLE_NOTHING }, /* to where it is already */
		{ MESSAGE_UNJOIN, "10.1.0.3:40000", 11, false, PINHOLE_NOTHING }, /* a replay */
		{ MESSAGE_UNJOIN, "10.1.0.3:40000", 12, true, PINHOLE_NOTHING },
		{ MESSAGE_UNJOIN, "10.1.0.3:40000", 12, false, PINHOLE_UNJOINED },
		{ MESSAGE_JOIN, "10.1.0.3:40000", 11, false, PINHOLE_NOTHING },
	};
	static const uint8_t zero[STUN_KEY];
	struct pinhole_login *l = gateway_login("secret");
	struct pinhole_client *c = gateway_client(PINHOLE_MEDIA, l);

	cr_expect(eq(int, indicate(c, MESSAGE_JOIN, "10.1.0.3:40000", 9, zero), PINHOLE_NOTHING));
	gateway_settle(c);
	for (size_t i = 0; i < ROWS(row); i++)
		cr_expect(eq(int, indicate(c, row[i].method, row[i].to, row[i].order, row[i].forged ? zero : gw.key),
			     row[i].want), "row %zu", i);
	pinhole_client_free(c);
	pinhole_login_free(l);
}

/* An indication may be lost: the next answer says how it is. */
Test(pinhole_client, joins_by_answers)
{
	struct pinhole_login *l = gateway_login("secret");
	struct pinhole_client *c = gateway_client(PINHOLE_MEDIA, l);
	struct pinhole_client_info info;

	gateway_settle(c);
	gw.peer = kit_addr("10.1.0.3:40010");
	now += 15000;
	cr_expect(eq(int, gateway_exchange(c), PINHOLE_JOINED));
	pinhole_client_info(c, &info);
	cr_expect(addr_eq(&info.peer, &gw.peer));
	gw.peer = kit_addr("");
	now += 15000;
	cr_expect(eq(int, gateway_exchange(c), PINHOLE_UNJOINED));
	pinhole_client_free(c);
	pinhole_login_free(l);
}

Test(pinhole_client, refuses_configurations_that_cannot_work)
{
	struct pinhole_login *l = gateway_login("secret");
	const struct pinhole_client_conf row[] = {
		{ .kind = PINHOLE_PLAIN },
		{ .kind = PINHOLE_PLAIN, .gateway = kit_addr("192.0.2.1") },
		{ .kind = PINHOLE_MEDIA, .gateway = gateway, .inner = inner },
		{ .kind = PINHOLE_MEDIA, .gateway = gateway, .login = l },
		{ .kind = PINHOLE_REGISTER, .gateway = gateway, .login = l, .inner = inner },
	};
	const struct pinhole_login_conf logins[] = {
		{ .network = str_of("a b"), .agent = str_of("a"), .secret = str_of("s") },
		{ .network = str_of("a"), .agent = str_of(""), .secret = str_of("s") },
		{ .network = str_of("a"), .agent = str_of("a"), .secret = str_of("") },
	};

	for (size_t i = 0; i < ROWS(row); i++)
		cr_expect(pinhole_client_new(&row[i], now) == NULL && errno == EINVAL, "row %zu", i);
	for (size_t i = 0; i < ROWS(logins); i++)
		cr_expect(pinhole_login_new(&logins[i]) == NULL && errno == EINVAL, "row %zu", i);
	pinhole_login_free(l);
}
