/* libpostern-pinhole, by its installed header alone. */
#include "postern/pinhole.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

static struct sockaddr_in at(const char *ip, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };

	cr_assert(eq(int, inet_pton(AF_INET, ip, &a.sin_addr), 1));
	return a;
}

static struct pn_login *login(void)
{
	const struct pn_login_conf conf = { .size = sizeof(conf), .network = "acme", .agent = "ag1",
					    .secret = "secret", .secret_len = 6, .wall_us = 1, .now_ms = 0 };

	return pn_login_new(&conf);
}

/* A plain answer to the request in data: 20 octets and XOR-MAPPED-ADDRESS 192.0.2.1:32853. */
static size_t answer(uint8_t *data)
{
	static const uint8_t mapped[] = { 0, 0x20, 0, 8, 0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43 };

	data[0] = 1;
	data[2] = 0;
	data[3] = sizeof(mapped);
	memcpy(data + 20, mapped, sizeof(mapped));
	return 20 + sizeof(mapped);
}

Test(pinhole_library, plain_stun)
{
	struct sockaddr_in gw = at("198.51.100.5", PN_PINHOLE_PORT), liar = at("198.51.100.6", PN_PINHOLE_PORT);
	const struct sockaddr *gateway = (const struct sockaddr *)&gw;
	const struct pn_pinhole_conf conf = { .size = sizeof(conf), .kind = PN_PINHOLE_MEDIA, .gateway = gateway,
					      .keep_ms = 15000 };
	struct pn_pinhole *p = pn_pinhole_new(&conf, 100);
	uint8_t data[PN_PINHOLE_BUFFER];
	struct sockaddr_storage mapped;
	struct sockaddr_in got;
	char text[64];
	size_t len;

	cr_assert(p != NULL);
	cr_expect(zero(int, (int)pn_pinhole_mapped(p, &mapped)));
	cr_expect(eq(u64, pn_pinhole_next(p), 100));
	cr_expect(eq(int, pn_pinhole_output(p, 100, data, 10), -EINVAL));
	cr_assert(gt(int, pn_pinhole_output(p, 100, data, sizeof(data)), 0));
	cr_expect(eq(int, pn_pinhole_output(p, 100, data + 600, 600), -EINVAL));
	len = answer(data);
	cr_expect(eq(int, pn_pinhole_input(p, 100, (struct sockaddr *)&liar, data, len), PN_PINHOLE_NOT_OURS));
	cr_expect(eq(int, pn_pinhole_input(p, 100, gateway, "RTP", 3), PN_PINHOLE_NOT_OURS));
	cr_expect(eq(int, pn_pinhole_input(p, 100, gateway, data, len), PN_PINHOLE_OPEN));
	cr_assert(eq(int, (int)pn_pinhole_mapped(p, &mapped), sizeof(struct sockaddr_in)));
	memcpy(&got, &mapped, sizeof(got));
	cr_expect(eq(str, (char *)inet_ntop(AF_INET, &got.sin_addr, text, sizeof(text)), (char *)"192.0.2.1"));
	cr_expect(eq(int, ntohs(got.sin_port), 32853));
	cr_expect(zero(int, (int)pn_pinhole_peer(p, &mapped)));
	cr_expect(zero(int, pn_pinhole_error(p)));
	cr_expect(eq(u64, pn_pinhole_next(p), 15100));
	cr_expect(eq(int, pn_pinhole_subscribers(p, NULL, 0, 100), -EINVAL));
	pn_pinhole_free(p);
}

Test(pinhole_library, tells_when_nobody_answers)
{
	struct sockaddr_in gw = at("198.51.100.5", PN_PINHOLE_PORT);
	const struct pn_pinhole_conf conf = { .size = sizeof(conf), .kind = PN_PINHOLE_MEDIA,
					      .gateway = (const struct sockaddr *)&gw };
	struct pn_pinhole *p = pn_pinhole_new(&conf, 0);
	uint8_t data[PN_PINHOLE_BUFFER];
	int sent = 0, len;

	do {
		len = pn_pinhole_output(p, pn_pinhole_next(p), data, sizeof(data));
		sent += len > 0;
	} while (len > 0);
	cr_expect(eq(int, len, -ETIMEDOUT));
	cr_expect(eq(int, sent, 7));
	cr_expect(eq(int, pn_pinhole_error(p), -ETIMEDOUT));
	pn_pinhole_free(p);
}

Test(pinhole_library, registers)
{
	struct sockaddr_in gw = at("198.51.100.5", 5060), inner = at("10.1.0.20", 5060);
	struct pn_login *l = login();
	const struct pn_pinhole_conf conf = { .size = sizeof(conf), .kind = PN_PINHOLE_REGISTER, .login = l,
					      .gateway = (const struct sockaddr *)&gw,
					      .inner = (const struct sockaddr *)&inner, .protocol = "sip" };
	struct pn_subscriber list[] = { { "alice@example.net", (const struct sockaddr *)&inner },
					{ "bob@example.net", (const struct sockaddr *)&inner } };
	struct pn_pinhole *p = pn_pinhole_new(&conf, 0);
	uint8_t data[PN_PINHOLE_BUFFER];

	cr_assert(p != NULL);
	cr_expect(zero(int, pn_pinhole_subscribers(p, list, 2, 0)));
	list[1].terminal = NULL;
	cr_expect(eq(int, pn_pinhole_subscribers(p, list, 2, 0), -EINVAL));
	cr_expect(eq(int, pn_pinhole_subscribers(p, list, 65537, 0), -E2BIG));
	cr_assert(gt(int, pn_pinhole_output(p, 0, data, sizeof(data)), 0));
	cr_expect(zero(int, memcmp(data, "\x02\xe0", 2)));
	cr_expect(zero(int, pn_pinhole_end(p, 0, data, sizeof(data))));
	pn_pinhole_free(p);
	pn_login_free(l);
	pn_pinhole_free(NULL);
	pn_login_free(NULL);
}

Test(pinhole_library, refuses_what_cannot_work)
{
	struct sockaddr_in gw = at("198.51.100.5", 5060);
	struct sockaddr other = { .sa_family = AF_UNIX };
	struct pn_login *l = login();
	const struct pn_pinhole_conf good = { .size = sizeof(good), .kind = PN_PINHOLE_MEDIA,
					      .gateway = (const struct sockaddr *)&gw };
	struct pn_pinhole_conf row[6];
	struct pn_login_conf who = { .size = sizeof(who), .network = "acme", .secret = "s", .secret_len = 1 };

	for (size_t i = 0; i < 6; i++)
		row[i] = good;
	row[0].size = 8;
	row[1].kind = 0;
	row[2].gateway = NULL;
	row[3].gateway = &other;
	row[4].kind = PN_PINHOLE_REGISTER; /* who? */
	row[5].login = l;		   /* from where? */
	for (size_t i = 0; i < 6; i++)
		cr_expect(pn_pinhole_new(&row[i], 0) == NULL && errno == EINVAL, "row %zu", i);
	cr_expect(pn_login_new(&who) == NULL && errno == EINVAL);
	who.size = 8;
	cr_expect(pn_login_new(&who) == NULL && errno == EINVAL);
	pn_login_free(l);
}
