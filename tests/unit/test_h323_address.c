/* Every transport address that a message can hold, in each message: none comes out on the other side. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include <H323-UserInformation.h>
#include <RasMessage.h>

#include "address.h"
#include "full_value.h"
#include "link.h"
#include "ras_address.h"
#include "transport.h"

#define CORE_FLOW 100u /* and above: in the core realm */
#define MESSAGE 60000u

static const uint8_t private_ip[] = { 10, 1, 0, 2 }, core_ip[] = { 192, 0, 2, 77 };
static char access_realm, core_realm;
#define ACCESS ((struct pn_realm *)&access_realm)
#define CORE ((struct pn_realm *)&core_realm)

static struct pn_addr address(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port)
{
	return (struct pn_addr){ .family = 4, .ip = { a, b, c, d }, .port = port };
}

/* ---- a core that knows two realms, and finds nobody ---- */

static struct pn_binding_info binding;
static const struct pn_realm_info info[] = { { .size = sizeof(info[0]), .side = PN_ACCESS },
					     { .size = sizeof(info[0]), .side = PN_CORE } };

static const struct pn_binding_info *binding_info(const struct pn_binding *b)
{
	(void)b;
	return &binding;
}

static const struct pn_realm_info *realm_info(const struct pn_realm *r)
{
	return &info[r == CORE];
}

static struct pn_binding *binding_find(struct pn_host *h, struct pn_realm *r, enum pn_binding_key by, const void *key,
				       size_t len, struct pn_binding *after)
{
	(void)h, (void)r, (void)by, (void)key, (void)len, (void)after;
	return NULL;
}

static void *table_get(const struct pn_table *t, const void *key, size_t len)
{
	(void)t, (void)key, (void)len;
	return NULL;
}

static uint64_t flow_listener(struct pn_host *h, struct pn_realm *r, enum pn_transport t, int family)
{
	(void)h, (void)family;
	return (r == CORE ? CORE_FLOW : 1) + (t == PN_TCP);
}

static int flow_info(struct pn_host *h, uint64_t flow, struct pn_flow_info *out)
{
	(void)h;
	out->local = flow >= CORE_FLOW ? address(203, 0, 113, 5, 1720) : address(198, 51, 100, 5, flow > 1 ? 1720 : 1719);
	return 0;
}

static int flow_expect(struct pn_host *h, struct pn_realm *r, int family, const struct pn_addr *from, uint64_t within_ms,
		       uint64_t *flow, struct pn_addr *local)
{
	(void)h, (void)r, (void)family, (void)from, (void)within_ms, (void)flow, (void)local;
	return -ENOSPC;
}

static int addr_print(const struct pn_addr *a, char *out, size_t cap)
{
	(void)a;
	return snprintf(out, cap, "somewhere");
}

static void count(struct pn_host *h, unsigned counter)
{
	(void)h, (void)counter;
}

static const struct pn_services services = {
	.binding_info = binding_info,
	.realm_info = realm_info,
	.binding_find = binding_find,
	.table_get = table_get,
	.flow_listener = flow_listener,
	.flow_info = flow_info,
	.flow_expect = flow_expect,
	.addr_print = addr_print,
	.count = count,
};
static struct h323_conf conf;
static struct h323_calls calls;
static struct h323 h = { .svc = &services, .conf = &conf, .calls = &calls };

static struct h323_terminal terminal(void)
{
	binding.pinhole = address(198, 51, 100, 11, 40000);
	binding.alias_addr = address(203, 0, 113, 5, 10000);
	return (struct h323_terminal){ .h = &h,
				       .access = ACCESS,
				       .core = CORE,
				       .flow = 1,
				       .ras = address(10, 1, 0, 2, 1719),
				       .signal = address(10, 1, 0, 2, 1720),
				       .gatekeeper = address(192, 0, 2, 20, 1719),
				       .registered = true };
}

/* ---- messages ---- */

static uint8_t in[MESSAGE], out[MESSAGE];

/* The message of this alternative; false: there is none such. */
static bool read_full(const asn_TYPE_descriptor_t *td, unsigned alternative, const uint8_t ip[4], struct pn_str *text)
{
	void *value = full_value(td, alternative, ip);
	long n = value ? aper_write_value(td, value, in, sizeof(in)) : 0;

	if (!value)
		return false;
	cr_assert(gt(long, n, 0), "%s %u", td->name, alternative);
	*text = (struct pn_str){ (const char *)in, (size_t)n };
	return true;
}

/* How many addresses there are in what was written, of which none may lie in ip/24. */
static size_t expect_none(const struct asn_TYPE_descriptor_s *td, long n, const uint8_t ip[4], unsigned alternative)
{
	const struct aper_leaf *leaf;
	struct aper_message *m;
	size_t leaves;

	cr_assert(gt(long, n, 0), "alternative %u", alternative);
	cr_assert(zero(int, aper_read(td, out, (size_t)n, &m)));
	leaves = aper_leaves(m, &leaf);
	for (size_t i = 0; i < leaves; i++)
		cr_expect(ne(int, memcmp(leaf[i].ip, ip, 3), 0), "alternative %u: %s", alternative, leaf[i].component);
	aper_free(m);
	return leaves;
}

static size_t ras_both_ways(bool up)
{
	const uint8_t *ip = up ? private_ip : core_ip;
	struct h323_terminal t = terminal();
	size_t leaves = 0;
	struct pn_str text;

	for (unsigned i = 1; read_full(&asn_DEF_RasMessage, i, ip, &text); i++) {
		struct ras_rx rx = { 0 };

		cr_assert(zero(int, pdu_read(&asn_DEF_RasMessage, text, &rx.pdu)), "message %u", i);
		cr_assert(rx.pdu.lossless);
		rx.msg = rx.pdu.root;
		rx.type = rx.msg->present;
		cr_expect(zero(int, up ? ras_address_to_gatekeeper(&t, &rx) : ras_address_to_terminal(&t, &rx)));
		leaves += expect_none(&asn_DEF_RasMessage, pdu_write(&rx.pdu, out, sizeof(out)), ip, i);
		pdu_free(&rx.pdu);
	}
	return leaves;
}

Test(h323_address, no_private_address_reaches_the_gatekeeper)
{
	cr_expect(gt(sz, ras_both_ways(true), 300));
}

Test(h323_address, no_core_address_reaches_the_terminal)
{
	cr_expect(gt(sz, ras_both_ways(false), 300));
}

/* From side A, behind a NAT, to side B in the core; or back. */
static size_t signalling(enum pn_side side)
{
	const uint8_t *ip = side == PN_SIDE_A ? private_ip : core_ip;
	struct call_link a = { .h = &h, .realm = ACCESS, .local = address(198, 51, 100, 5, 1720) };
	struct call_link b = { .h = &h, .realm = CORE, .local = address(203, 0, 113, 5, 50000) };
	struct call c = { .h = &h, .to = address(192, 0, 2, 20, 1720) };
	size_t leaves = 0;
	struct pn_str text;

	c.leg[0] = (struct call_leg){ .call = &c, .link = &a, .realm = ACCESS, .peer = address(198, 51, 100, 11, 40000),
				      .claimed = address(10, 1, 0, 2, 1720) };
	c.leg[1] = (struct call_leg){ .call = &c, .side = PN_SIDE_B, .link = &b, .realm = CORE, .peer = c.to,
				      .claimed = c.to };
	for (unsigned i = 1; read_full(&asn_DEF_H323_UserInformation, i, ip, &text); i++) {
		struct uuie u;

		cr_assert(zero(int, uuie_read(text, &u)), "message %u", i);
		cr_assert(u.pdu.lossless);
		cr_expect(zero(int, address_edit(&c, side, &u)), "message %u", i);
		if (u.type == H323_UU_PDU__h323_message_body_PR_setup && side == PN_SIDE_A)
			u.uu->h323_message_body.choice.setup.destCallSignalAddress = NULL; /* the next hop's */
		leaves += expect_none(&asn_DEF_H323_UserInformation, uuie_write(&u, out, sizeof(out)), ip, i);
		uuie_free(&u);
	}
	return leaves;
}

Test(h323_address, no_private_address_reaches_the_other_side)
{
	cr_expect(gt(sz, signalling(PN_SIDE_A), 70));
}

Test(h323_address, no_core_address_reaches_a_caller)
{
	cr_expect(gt(sz, signalling(PN_SIDE_B), 70));
}
