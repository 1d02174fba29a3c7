#include "pinhole_gateway.h"
#include <errno.h>

#define LIST_MAX 4096u

TestSuite(pinhole_register, .init = gateway_setup);

static void subscribe(struct pinhole_client *c, size_t n, int pad)
{
	static char text[LIST_MAX][MESSAGE_IDENTITY + 1];
	static struct message_subscriber list[LIST_MAX];

	cr_assert(le(sz, n, LIST_MAX));
	for (size_t i = 0; i < n; i++) {
		snprintf(text[i], sizeof(text[i]), "%0*zu", pad, i + 1);
		list[i] = (struct message_subscriber){ str_of(text[i]), kit_addr("10.1.0.10:5060") };
	}
	cr_assert(zero(int, pinhole_client_subscribers(c, list, n, now)));
	memset(text, 0, sizeof(text)); /* it has its own */
}

Test(pinhole_register, registers_all_subscribers_in_parts)
{
	static const struct {
		size_t n;
		int pad;
	} row[] = { { 0, 1 }, { 1, 1 }, { 30, 1 }, { 500, 20 }, { 7, 255 }, { 4096, 12 }, { 3, 100 } };
	struct pinhole_login *l = gateway_login("secret");
	struct pinhole_client *c = gateway_client(PINHOLE_REGISTER, l);

	for (size_t i = 0; i < ROWS(row); i++) {
		char last[MESSAGE_IDENTITY + 1];

		snprintf(last, sizeof(last), "%0*zu", row[i].pad, row[i].n);
		subscribe(c, row[i].n, row[i].pad);
		cr_expect(eq(int, gateway_settle(c), i ? PINHOLE_KEPT : PINHOLE_OPEN), "row %zu", i);
		cr_expect(eq(sz, gw.n, row[i].n), "row %zu", i);
		cr_expect(eq(u32, gw.whole, gw.list), "row %zu", i);
		if (row[i].n)
			cr_expect(eq(str, gw.last, last), "row %zu", i);
		cr_expect(eq(u64, pinhole_client_next(c), now + 15000), "row %zu", i);
	}
	cr_expect(gt(sz, pinhole_login_nonce(l).len, 0));
	gw.parts = 0;
	now += 15000;
	cr_expect(eq(int, gateway_settle(c), PINHOLE_KEPT));
	cr_expect(eq(sz, gw.parts, 0)); /* a refresh repeats nothing */
	pinhole_client_free(c);
	pinhole_login_free(l);
}

Test(pinhole_register, tells_a_restarted_gateway_everything)
{
	struct pinhole_login *l = gateway_login("secret");
	struct pinhole_client *c = gateway_client(PINHOLE_REGISTER, l);

	subscribe(c, 100, 10);
	gateway_settle(c);
	gw.secret[0]++;
	gw.whole = 0;
	gw.n = 0;
	now += 15000;
	gateway_settle(c);
	cr_expect(eq(sz, gw.n, 100));
	pinhole_client_free(c);
	pinhole_login_free(l);
}

Test(pinhole_register, a_new_list_overtakes_the_former)
{
	struct pinhole_login *l = gateway_login("secret");
	struct pinhole_client *c = gateway_client(PINHOLE_REGISTER, l);
	uint8_t data[MESSAGE_MAX], out[MESSAGE_MAX];
	int len;

	subscribe(c, 100, 10);
	gateway_exchange(c);
	gateway_exchange(c); /* the first part */
	len = pinhole_client_output(c, now, data, sizeof(data));
	cr_assert(gt(int, len, 0));
	subscribe(c, 40, 9);
	len = gateway_answer(data, (size_t)len, out);
	pinhole_client_input(c, now, &gateway, out, (size_t)len);
	gateway_settle(c);
	cr_expect(eq(sz, gw.n, 40));
	cr_expect(eq(str, gw.last, (char *)"000000040"));
	pinhole_client_free(c);
	pinhole_login_free(l);
}

Test(pinhole_register, begins_the_list_anew_after_a_failure)
{
	struct pinhole_login *l = gateway_login("secret");
	struct pinhole_client *c = gateway_client(PINHOLE_REGISTER, l);

	subscribe(c, 100, 10);
	gateway_exchange(c);
	gateway_exchange(c);
	gw.refuse = 486;
	cr_expect(eq(int, gateway_settle(c), PINHOLE_REFUSED));
	gw.refuse = 0;
	now = pinhole_client_next(c);
	cr_expect(eq(int, gateway_settle(c), PINHOLE_KEPT));
	cr_expect(eq(sz, gw.n, 100));
	pinhole_client_free(c);
	pinhole_login_free(l);
}

Test(pinhole_register, gives_the_registration_back)
{
	struct pinhole_login *l = gateway_login("secret");
	struct pinhole_client *c = gateway_client(PINHOLE_REGISTER, l);
	uint8_t data[MESSAGE_MAX];
	struct message m;
	int len;

	cr_expect(eq(int, pinhole_client_end(c, now, data, sizeof(data)), 0)); /* there is none */
	subscribe(c, 3, 10);
	gateway_settle(c);
	len = pinhole_client_end(c, now, data, sizeof(data));
	cr_assert(zero(int, message_parse(data, (size_t)len, &m)));
	cr_expect(m.has_lifetime && !m.lifetime_s && !m.part.list);
	cr_expect(stun_is_authentic(&m.stun, gw.key));
	pinhole_client_free(c);
	pinhole_login_free(l);
}

Test(pinhole_register, refuses_lists_that_cannot_be_sent)
{
	static char text[300];
	struct pinhole_login *l = gateway_login("secret");
	struct pinhole_client *c = gateway_client(PINHOLE_REGISTER, l);
	struct message_subscriber s = { str_of("a"), kit_addr("10.1.0.10:5060") };

	memset(text, 'a', sizeof(text));
	cr_expect(zero(int, pinhole_client_subscribers(c, &s, 1, now)));
	s.identity.len = 0;
	cr_expect(eq(int, pinhole_client_subscribers(c, &s, 1, now), -EINVAL));
	s.identity = (struct pn_str){ text, 256 };
	cr_expect(eq(int, pinhole_client_subscribers(c, &s, 1, now), -EINVAL));
	s.identity = str_of("a\nb");
	cr_expect(eq(int, pinhole_client_subscribers(c, &s, 1, now), -EINVAL));
	s = (struct message_subscriber){ .identity = str_of("a") };
	cr_expect(eq(int, pinhole_client_subscribers(c, &s, 1, now), -EINVAL));
	cr_expect(eq(int, pinhole_client_subscribers(c, &s, PINHOLE_SUBSCRIBERS + 1, now), -E2BIG));
	gateway_settle(c);
	cr_expect(eq(sz, gw.n, 1)); /* as it was */
	pinhole_client_free(c);
	pinhole_login_free(l);
}
