#include "pinhole_kit.h"
#include "pinhole/stun_out.h"
#include <errno.h>

static const uint8_t key[STUN_KEY] = { 42 };

/* A Registration Request with everything in it. */
static struct message whole(void)
{
	return (struct message){ .stun = { .method = MESSAGE_REGISTER, .tid = { 1, 2, 3 } },
				 .username = str_of("acme"),
				 .realm = str_of("postern"),
				 .nonce = str_of("obMatJos2AAABx"),
				 .offers_sha256 = true,
				 .chooses_sha256 = true,
				 .agent = str_of("ag1"),
				 .protocol = str_of("mgcp"),
				 .inner = kit_addr("10.1.0.3:2427"),
				 .final = kit_addr("[2001:db8::7]:9"),
				 .peer_inner = kit_addr("10.1.0.3:40002"),
				 .order = 0x0102030405060708,
				 .has_lifetime = true,
				 .lifetime_s = 60,
				 .part = { 0xa0b0c0d0, 1, 3 } };
}

static void expect_same(const struct message *a, const struct message *b)
{
	cr_expect(eq(int, a->stun.method, b->stun.method));
	cr_expect(zero(int, memcmp(a->stun.tid, b->stun.tid, STUN_TID)));
	cr_expect(str_eq(a->username, b->username) && str_eq(a->realm, b->realm) && str_eq(a->nonce, b->nonce));
	cr_expect(str_eq(a->agent, b->agent) && str_eq(a->protocol, b->protocol));
	cr_expect(addr_eq(&a->inner, &b->inner) && addr_eq(&a->final, &b->final) &&
		  addr_eq(&a->peer_inner, &b->peer_inner));
	cr_expect(eq(u64, a->order, b->order));
	cr_expect(eq(u32, a->lifetime_s, b->lifetime_s));
	cr_expect(zero(int, memcmp(&a->part, &b->part, sizeof(a->part))));
	cr_expect(a->has_lifetime == b->has_lifetime && a->offers_sha256 == b->offers_sha256 &&
		  a->chooses_sha256 == b->chooses_sha256);
}

Test(pinhole_message, all_there_and_back)
{
	const struct message_subscriber list[] = {
		{ str_of("aaln/1@rgw.example.net"), kit_addr("10.1.0.10:2427") },
		{ str_of("x"), kit_addr("[fd00::10]:2427") },
		{ str_of("Jos\xc3\xa9 with blanks"), kit_addr("10.1.0.11:1") },
	};
	struct message m = whole(), got;
	struct message_subscriber s;
	uint8_t data[MESSAGE_MAX];
	int len = message_write(&m, list, ROWS(list), key, data, sizeof(data));
	struct cur at;

	cr_assert(gt(int, len, 0));
	cr_assert(zero(int, message_parse(data, (size_t)len, &got)));
	expect_same(&m, &got);
	cr_expect(stun_is_authentic(&got.stun, key));
	at = got.stun.attrs;
	for (size_t i = 0; i < ROWS(list); i++) {
		cr_assert(message_subscriber(&got, &at, &s), "row %zu", i);
		cr_expect(str_eq(s.identity, list[i].identity), "row %zu", i);
		cr_expect(addr_eq(&s.terminal, &list[i].terminal), "row %zu", i);
	}
	cr_expect(not(message_subscriber(&got, &at, &s)));
}

Test(pinhole_message, what_is_left_out_is_not_there)
{
	struct message m = { .stun = { .method = MESSAGE_CMPH } }, got;
	uint8_t data[MESSAGE_MAX];
	int len = message_write(&m, NULL, 0, NULL, data, sizeof(data));

	cr_assert(eq(int, len, 28)); /* the header and FINGERPRINT */
	cr_assert(zero(int, message_parse(data, (size_t)len, &got)));
	expect_same(&m, &got);
	cr_expect(message_is_plain(&got));
	cr_expect(got.stun.integrity == NULL);
}

/* Each kind of message without each attribute that it needs. */
Test(pinhole_message, needs_what_it_cannot_do_without)
{
	static const struct {
		enum message_method method;
		enum stun_class cls;
		const char *with; /* a gent, p rotocol, i nner, o rder, m apped, l ifetime, e rror, P eer */
		int want;
	} row[] = {
		{ MESSAGE_CMPH, STUN_REQUEST, "", 0 },
		{ MESSAGE_CMPH, STUN_REQUEST, "i", 0 },
		{ MESSAGE_CMPH, STUN_REQUEST, "aio", 0 },
		{ MESSAGE_CMPH, STUN_REQUEST, "ai", -EPROTO },
		{ MESSAGE_CMPH, STUN_REQUEST, "ao", -EPROTO },
		{ MESSAGE_CMPH, STUN_SUCCESS, "m", 0 },
		{ MESSAGE_CMPH, STUN_SUCCESS, "", -EPROTO },
		{ MESSAGE_CMPH, STUN_ERROR, "e", 0 },
		{ MESSAGE_CMPH, STUN_ERROR, "", -EPROTO },
		{ MESSAGE_CMPH, STUN_INDICATION, "", 0 },
		{ MESSAGE_REGISTER, STUN_REQUEST, "aiop", 0 },
		{ MESSAGE_REGISTER, STUN_REQUEST, "iop", -EPROTO },
		{ MESSAGE_REGISTER, STUN_REQUEST, "aop", -EPROTO },
		{ MESSAGE_REGISTER, STUN_REQUEST, "aip", -EPROTO },
		{ MESSAGE_REGISTER, STUN_REQUEST, "aio", -EPROTO },
		{ MESSAGE_REGISTER, STUN_SUCCESS, "ml", 0 },
		{ MESSAGE_REGISTER, STUN_SUCCESS, "m", -EPROTO },
		{ MESSAGE_REGISTER, STUN_SUCCESS, "l", -EPROTO },
		{ MESSAGE_REGISTER, STUN_ERROR, "e", 0 },
		{ MESSAGE_REGISTER, STUN_ERROR, "", -EPROTO },
		{ MESSAGE_REGISTER, STUN_INDICATION, "aiop", -EPROTO },
		{ MESSAGE_JOIN, STUN_INDICATION, "iPo", 0 },
		{ MESSAGE_JOIN, STUN_INDICATION, "Po", -EPROTO },
		{ MESSAGE_JOIN, STUN_INDICATION, "io", -EPROTO },
		{ MESSAGE_JOIN, STUN_INDICATION, "iP", -EPROTO },
		{ MESSAGE_JOIN, STUN_REQUEST, "iPo", -EPROTO },
		{ MESSAGE_UNJOIN, STUN_INDICATION, "io", 0 },
		{ MESSAGE_UNJOIN, STUN_INDICATION, "i", -EPROTO },
		{ MESSAGE_UNJOIN, STUN_SUCCESS, "io", -EPROTO },
		{ 0x0f3, STUN_REQUEST, "aiop", -EBADMSG },
		{ 0x003, STUN_REQUEST, "aiop", -EBADMSG }, /* TURN's Allocate */
	};
	const struct pn_addr a = kit_addr("192.0.2.1:1");
	static const uint8_t tid[STUN_TID];
	const struct pn_str none = { NULL, 0 };

	for (size_t i = 0; i < ROWS(row); i++) {
		const char *with = row[i].with;
		uint8_t data[MESSAGE_MAX];
		struct stun_out o;
		struct message m;
		int len;

		stun_begin(&o, data, sizeof(data), row[i].cls, row[i].method, tid);
		if (strchr(with, 'a'))
			stun_put_text(&o, MESSAGE_AGENT, str_of("ag1"));
		if (strchr(with, 'p'))
			stun_put_text(&o, MESSAGE_PROTOCOL, str_of("sip"));
		if (strchr(with, 'i'))
			stun_put_addr(&o, MESSAGE_INNER, &a, none);
		if (strchr(with, 'P'))
			stun_put_addr(&o, MESSAGE_PEER_INNER, &a, none);
		if (strchr(with, 'o'))
			stun_put_u64(&o, MESSAGE_ORDER, 1);
		if (strchr(with, 'm'))
			stun_put_addr(&o, STUN_XOR_MAPPED_ADDRESS, &a, none);
		if (strchr(with, 'l'))
			stun_put_u32(&o, STUN_LIFETIME, 0);
		if (strchr(with, 'e'))
			stun_put_error(&o, 500, "");
		stun_put_fingerprint(&o);
		len = stun_end(&o);
		cr_assert(gt(int, len, 0));
		cr_expect(eq(int, message_parse(data, (size_t)len, &m), row[i].want), "row %zu", i);
	}
}

/* Our own methods share sockets with RAS and SIP: without FINGERPRINT they are not ours. */
Test(pinhole_message, own_methods_need_a_fingerprint)
{
	struct message m = whole(), got;
	uint8_t data[MESSAGE_MAX];
	int len = message_write(&m, NULL, 0, NULL, data, sizeof(data)) - 8;

	data[2] = (uint8_t)((len - 20) >> 8);
	data[3] = (uint8_t)(len - 20);
	cr_expect(eq(int, message_parse(data, (size_t)len, &got), -EBADMSG));
}

/* One attribute in a plain Binding request: its value, and what reading it says. */
Test(pinhole_message, values_of_a_wrong_form)
{
	static const struct {
		const char *attr;
		int want;
	} row[] = {
		{ "f503 0008 0000000000000001", 0 },
		{ "f503 0004 00000001", -EPROTO },
		{ "f503 000c 000000000000000100000000", -EPROTO },
		{ "000d 0004 0000003c", 0 },
		{ "000d 0000", -EPROTO },
		{ "000d 0008 0000003c00000000", -EPROTO },
		{ "f507 0008 00000001 0000 0001", 0 },
		{ "f507 0008 00000001 0002 0003", 0 },
		{ "f507 0008 00000001 0003 0003", -EPROTO },
		{ "f507 0008 00000001 0000 0000", 0 },
		{ "f507 0008 00000001 0001 0000", -EPROTO },
		{ "f507 0004 00000001", -EPROTO },
		{ "f504 0003 61673100", 0 }, /* an agent: then it is no plain request, and lacks the rest */
		{ "f504 0000", -EPROTO },
		{ "f504 0003 61206200", -EPROTO }, /* a blank */
		{ "f504 0003 610a6200", -EPROTO },
		{ "f504 0003 61ff6200", -EPROTO },
		{ "f505 0003 73697000", 0 },
		{ "f505 0000", -EPROTO },
		{ "f500 0008 0001 1111 22334455", 0 },
		{ "f500 0007 0001 1111 22334400", -EPROTO },
		{ "f500 0008 0002 1111 22334455", -EPROTO },
		{ "f501 0000", -EPROTO },
		{ "f502 0004 0001 1111", -EPROTO },
		{ "f506 0009 0001 1111 22334455 61000000", 0 },
		{ "f506 0008 0001 1111 22334455", -EPROTO }, /* no identity */
		{ "f506 0009 0001 1111 22334455 0a000000", -EPROTO },
		{ "f506 0009 0002 1111 22334455 61000000", -EPROTO },
		{ "f506 0001 61000000", -EPROTO },
		{ "0009 0004 00000401", 0 },
		{ "0009 0004 00000201", -EPROTO },
		{ "0009 0003 00000400", -EPROTO },
		{ "0020 0008 0001 1111 22334455", 0 },
		{ "0020 0004 0001 1111", -EPROTO },
		{ "0001 0004 0001 1111", -EPROTO },
		{ "8002 0004 00020000", 0 },
		{ "001d 0002 00020000", 0 }, /* of no use, but no error yet */
		{ "0003 0004 00000006", -ENOTSUP }, /* CHANGE-REQUEST */
		{ "0024 0004 6e0001ff", -ENOTSUP }, /* PRIORITY, of ICE */
		{ "8023 0004 00000000", 0 },
		{ "f5ff 0000", 0 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		uint8_t data[128] = { 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42 };
		size_t len = kit_hex(row[i].attr, data + 20, sizeof(data) - 20);
		bool agent = !strncmp(row[i].attr, "f504 0003 6167", 14);
		struct message m;

		data[3] = (uint8_t)len;
		cr_expect(eq(int, message_parse(data, len + 20, &m), agent ? -EPROTO : row[i].want), "row %zu", i);
		if (agent)
			cr_expect(kit_is(m.agent, "ag1"));
	}
}

Test(pinhole_message, the_first_of_two_counts)
{
	static const char hex[] = "0001 0020 2112a442 000000000000000000000000"
				  "f505 0003 73697000 f505 0004 6d676370"
				  "8022 0000 f505 0000 8022 0000 8022 0000";
	uint8_t data[128];
	struct message m;

	cr_assert(zero(int, message_parse(data, kit_hex(hex, data, sizeof(data)), &m)));
	cr_expect(kit_is(m.protocol, "sip"));
}

Test(pinhole_message, xor_counts_more_than_plain)
{
	static const char both[] = "0101 0018 2112a442 000000000000000000000000"
				   "0001 0008 0001 0001 01010101 0020 0008 0001 a147 e112a643";
	static const char old[] = "0101 000c 2112a442 000000000000000000000000 0001 0008 0001 1388 c0000207";
	uint8_t data[128];
	struct message m;

	cr_assert(zero(int, message_parse(data, kit_hex(both, data, sizeof(data)), &m)));
	cr_expect(eq(str, (char *)addr_text(&m.mapped), (char *)"192.0.2.1:32853"));
	cr_assert(zero(int, message_parse(data, kit_hex(old, data, sizeof(data)), &m)));
	cr_expect(eq(str, (char *)addr_text(&m.mapped), (char *)"192.0.2.7:5000"));
}

/* ---- answers ---- */

static struct message plain_request(const char *attrs)
{
	static uint8_t data[128];
	struct message m;
	size_t len;

	memset(data, 0, sizeof(data));
	data[1] = 1;
	memcpy(data + 4, "\x21\x12\xa4\x42", 4);
	len = kit_hex(attrs, data + 20, sizeof(data) - 20);
	data[3] = (uint8_t)len;
	message_parse(data, len + 20, &m);
	return m;
}

Test(pinhole_message, answers_to_plain_stun_are_small)
{
	const struct pn_addr a4 = kit_addr("192.0.2.1:1"), a6 = kit_addr("[2001:db8::1]:1");
	struct message m = plain_request("");
	const struct pn_str realm = str_of("postern"), nonce = str_of("nonce");
	uint8_t data[MESSAGE_MAX];

	cr_expect(eq(int, message_write_plain(&m, &a4, data, sizeof(data)), 32));
	cr_expect(eq(int, message_write_plain(&m, &a6, data, sizeof(data)), 44));
	cr_expect(eq(int, message_write_error(&m, 400, realm, nonce, NULL, data, sizeof(data)), 28));
	m = plain_request("0003 0004 00000006");
	cr_expect(eq(sz, m.n_unknown, 1));
	cr_expect(eq(int, message_write_error(&m, 420, realm, nonce, NULL, data, sizeof(data)), 36));
	m = plain_request("0003 0000 0024 0000 0025 0000 0026 0000 0027 0000 0028 0000 0029 0000 002a 0000");
	cr_expect(eq(sz, m.n_unknown, MESSAGE_UNKNOWN));
	cr_expect(eq(int, message_write_error(&m, 420, realm, nonce, NULL, data, sizeof(data)), MESSAGE_PLAIN));
}

Test(pinhole_message, success_and_its_values)
{
	struct message req = whole(), values = whole(), got;
	uint8_t data[MESSAGE_MAX];
	int len;

	values.mapped = kit_addr("198.51.100.11:1024");
	values.part.index = values.part.count = 0;
	len = message_write_success(&req, &values, key, data, sizeof(data));
	cr_assert(zero(int, message_parse(data, (size_t)len, &got)));
	cr_expect(eq(int, got.stun.cls, STUN_SUCCESS));
	cr_expect(eq(int, got.stun.method, MESSAGE_REGISTER));
	cr_expect(addr_eq(&got.mapped, &values.mapped));
	cr_expect(addr_eq(&got.peer_inner, &values.peer_inner));
	cr_expect(eq(u32, got.lifetime_s, 60));
	cr_expect(eq(u32, got.part.list, 0xa0b0c0d0));
	cr_expect(str_eq(got.nonce, values.nonce) && str_eq(got.realm, values.realm));
	cr_expect(stun_is_authentic(&got.stun, key));
}

Test(pinhole_message, errors)
{
	static const struct {
		int code;
		bool challenge, has_key;
	} row[] = {
		{ 400, false, false }, { 401, true, false }, { 438, true, false },
		{ 486, false, true },  { 500, false, true }, { 420, false, true },
	};
	struct message req = whole(), got;

	req.unknown[0] = 0x7777;
	req.n_unknown = 1;
	for (size_t i = 0; i < ROWS(row); i++) {
		uint8_t data[MESSAGE_MAX];
		struct cur value;
		int len = message_write_error(&req, row[i].code, str_of("postern"), str_of("new"),
					      row[i].has_key ? key : NULL, data, sizeof(data));

		cr_assert(zero(int, message_parse(data, (size_t)len, &got)), "row %zu", i);
		cr_expect(eq(int, got.error.code, row[i].code), "row %zu", i);
		cr_expect(gt(sz, got.error.reason.len, 0), "row %zu", i);
		cr_expect(kit_is(got.nonce, row[i].challenge ? "new" : ""), "row %zu", i);
		cr_expect(kit_is(got.realm, row[i].challenge ? "postern" : ""), "row %zu", i);
		cr_expect(eq(int, got.offers_sha256, row[i].challenge), "row %zu", i);
		cr_expect(eq(int, stun_is_authentic(&got.stun, key), row[i].has_key), "row %zu", i);
		cr_expect(eq(int, stun_find(&got.stun, STUN_UNKNOWN_ATTRIBUTES, &value), row[i].code == 420));
	}
}

/* The worked example of docs/pinhole-protocol.md, octet for octet. */
Test(pinhole_message, example_of_the_documentation)
{
	const char *srcdir = getenv("srcdir");
	uint8_t k[STUN_KEY], want[256], data[256];
	char path[512], line[256], hex[2048] = "";
	size_t n = 0;
	struct message m = { .stun = { .method = MESSAGE_CMPH, .tid = "postern-cmph" },
			     .username = str_of("acme"),
			     .realm = str_of("postern"),
			     .nonce = str_of("obMatJos2AAAB69205e0000000001"
					     "00112233445566778899aabbccddeeff"),
			     .offers_sha256 = true,
			     .chooses_sha256 = true,
			     .agent = str_of("ag1"),
			     .inner = kit_addr("10.1.0.3:40000"),
			     .final = kit_addr("10.1.0.10:5004"),
			     .order = 1763733600000000 };
	bool in = false;
	int len;
	FILE *f;

	snprintf(path, sizeof(path), "%s/docs/pinhole-protocol.md", srcdir ? srcdir : ".");
	f = fopen(path, "r");
	cr_assert(f != NULL, "%s", path);
	while (fgets(line, sizeof(line), f)) {
		in = in ? strncmp(line, "```", 3) : !strncmp(line, "```hex", 6);
		if (in && line[0] != '`') /* what the octets mean stands to the right */
			n += (size_t)snprintf(hex + n, sizeof(hex) - n, "%.36s ", line);
		cr_assert(lt(sz, n, sizeof(hex)));
	}
	fclose(f);
	cr_assert(zero(int, credential_key(m.username, m.realm, str_of("a secret of this network"), k)));
	len = message_write(&m, NULL, 0, k, data, sizeof(data));
	cr_assert(gt(int, len, 0));
	cr_assert(eq(sz, kit_hex(hex, want, sizeof(want)), (size_t)len));
	for (int i = 0; i < len; i++)
		cr_assert(eq(u8, data[i], want[i]), "octet %d", i);
}
