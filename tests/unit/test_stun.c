#include "outside.h"
#include "pinhole/stun_out.h"
#include "pinhole_kit.h"
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

static const uint8_t tid[STUN_TID] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
static const struct pn_str nothing = { NULL, 0 };

/* A message in hexadecimal digits, parsed. */
static int parse(const char *hex, struct stun *s)
{
	static uint8_t data[STUN_MAX];

	return stun_parse(data, kit_hex(hex, data, sizeof(data)), s);
}

#define TID "0102030405060708090a0b0c"

Test(stun, tells_messages_from_other_datagrams)
{
	static const struct {
		const char *hex;
		bool is;
	} row[] = {
		{ "0001 0000 2112a442" TID, true },
		{ "03ff 0000 2112a442" TID, true },
		{ "0001 0004 2112a442" TID "00000000", true },
		{ "0401 0000 2112a442" TID, false }, /* RFC 7983: 4 and up is not STUN */
		{ "8001 0000 2112a442" TID, false }, /* RTP */
		{ "0001 0000 2112a443" TID, false },
		{ "0001 0004 2112a442" TID, false },
		{ "0001 0000 2112a442" TID "00000000", false },
		{ "0001 0002 2112a442" TID "0000", false },
		{ "0001 0000 2112a442 0102030405060708090a0b", false },
		{ "", false },
	};
	uint8_t data[64];

	for (size_t i = 0; i < ROWS(row); i++)
		cr_expect(eq(int, stun_is(data, kit_hex(row[i].hex, data, sizeof(data))), row[i].is), "row %zu", i);
}

Test(stun, frames_a_stream)
{
	static const struct {
		const char *hex;
		int want;
	} row[] = {
		{ "", 0 },
		{ "00", 0 },
		{ "0001 0008 2112a4", 0 },
		{ "0001 0008 2112a442", 28 },
		{ "0001 0008 2112a442 ffffffff", 28 },
		{ "0001 0009 2112a442", -EBADMSG },
		{ "0001 0600 2112a442", -EBADMSG }, /* longer than we read */
		{ "16", -EBADMSG },		    /* TLS */
		{ "0001 0008 2112a441", -EBADMSG },
	};
	uint8_t data[STUN_MAX] = { 0 };

	for (size_t i = 0; i < ROWS(row); i++)
		cr_expect(eq(int, stun_frame(data, kit_hex(row[i].hex, data, sizeof(data))), row[i].want),
			  "row %zu", i);
}

Test(stun, reads_class_and_method)
{
	static const struct {
		const char *type;
		enum stun_class cls;
		unsigned method;
	} row[] = {
		{ "0001", STUN_REQUEST, 0x001 },    { "0011", STUN_INDICATION, 0x001 },
		{ "0101", STUN_SUCCESS, 0x001 },    { "0111", STUN_ERROR, 0x001 },
		{ "02e0", STUN_REQUEST, 0x0f0 },    { "03e0", STUN_SUCCESS, 0x0f0 },
		{ "02f2", STUN_INDICATION, 0x0f2 }, { "03ff", STUN_ERROR, 0x0ff },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct stun_out o;
		uint8_t again[32];
		char hex[128];
		struct stun s;

		snprintf(hex, sizeof(hex), "%s 0000 2112a442" TID, row[i].type);
		cr_assert(zero(int, parse(hex, &s)), "row %zu", i);
		cr_expect(eq(int, s.cls, row[i].cls), "row %zu", i);
		cr_expect(eq(uint, s.method, row[i].method), "row %zu", i);
		stun_begin(&o, again, sizeof(again), s.cls, s.method, s.tid);
		cr_assert(eq(int, stun_end(&o), 20));
		cr_expect(zero(int, memcmp(again, s.data, 20)), "row %zu", i);
	}
}

Test(stun, refuses_what_is_not_whole)
{
	static const struct {
		const char *hex;
		int want;
	} row[] = {
		{ "0001 0008 2112a442" TID "8022 0003 61626300", 0 },
		{ "0001 0004 2112a442" TID "8022 0000", 0 },
		{ "0001 0008 2112a442" TID "8022 0005 61626300", -EBADMSG },
		{ "0001 0004 2112a442" TID "8022 0001", -EBADMSG },
		{ "0001 0008 2112a442" TID "8028 0004 00000000", -EBADMSG }, /* not its fingerprint */
		{ "0001 0008 2112a442" TID "8028 0003 00000000", -EBADMSG },
		{ "0001 0008 2112a442" TID "001c 0004 00000000", -EBADMSG }, /* truncated integrity */
	};
	struct stun s;

	for (size_t i = 0; i < ROWS(row); i++)
		cr_expect(eq(int, parse(row[i].hex, &s), row[i].want), "row %zu", i);
}

Test(stun, reads_as_many_attributes_as_it_says)
{
	uint8_t data[STUN_MAX];
	struct stun_out o;
	struct stun s;

	for (unsigned n = STUN_ATTRS; n <= STUN_ATTRS + 1; n++) {
		stun_begin(&o, data, sizeof(data), STUN_REQUEST, 1, tid);
		for (unsigned i = 0; i < n; i++)
			stun_put(&o, STUN_SOFTWARE, "abcd", 4);
		cr_expect(eq(int, stun_parse(data, (size_t)stun_end(&o), &s), n > STUN_ATTRS ? -EBADMSG : 0));
	}
}

Test(stun, addresses_there_and_back)
{
	static const char *const row[] = { "192.0.2.1:32853", "[2001:db8:1234:5678:11:2233:4455:6677]:32853",
					   "0.0.0.0:1", "255.255.255.255:65535" };

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_addr a = kit_addr(row[i]), b;
		uint8_t data[64];
		struct stun_out o;
		struct cur value;
		struct stun s;

		stun_begin(&o, data, sizeof(data), STUN_SUCCESS, 1, tid);
		stun_put_addr(&o, STUN_XOR_MAPPED_ADDRESS, &a, nothing);
		cr_assert(zero(int, stun_parse(data, (size_t)stun_end(&o), &s)));
		cr_assert(stun_find(&s, STUN_XOR_MAPPED_ADDRESS, &value));
		cr_assert(zero(int, stun_xor_addr(&s, value, &b)));
		cr_expect(addr_eq(&a, &b), "row %zu: %s", i, addr_text(&b));
	}
}

Test(stun, refuses_addresses_of_another_form)
{
	static const struct {
		const char *hex;
		int want;
	} row[] = {
		{ "0001 0001 c0000201", 0 },
		{ "ff01 0001 c0000201", 0 }, /* the first octet is ignored */
		{ "0003 0001 c0000201", -EBADMSG },
		{ "0001 0001 c00002", -EBADMSG },
		{ "0001 0001 c000020101", -EBADMSG },
		{ "0002 0001 c0000201", -EBADMSG },
		{ "", -EBADMSG },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		uint8_t value[32];
		size_t len = kit_hex(row[i].hex, value, sizeof(value));
		struct pn_addr a = { .family = 77 };

		cr_expect(eq(int, stun_addr((struct cur){ value, value + len }, &a), row[i].want), "row %zu", i);
		cr_expect(eq(int, a.family, row[i].want ? 77 : 4), "row %zu", i);
	}
}

Test(stun, error_codes)
{
	static const struct {
		const char *hex;
		int code; /* 0: -EBADMSG */
	} row[] = {
		{ "0000 0401 616263", 401 }, { "0000 0426", 438 }, { "0000 0300", 300 }, { "0000 0663", 699 },
		{ "0000 0264", 0 },	     { "0000 0700", 0 },   { "0000 0464", 0 },   { "0000 04", 0 },
		{ "ffff fc01", 401 }, /* reserved bits */
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		uint8_t value[32];
		size_t len = kit_hex(row[i].hex, value, sizeof(value));
		struct pn_str reason;
		int code = 0, err = stun_error((struct cur){ value, value + len }, &code, &reason);

		cr_expect(eq(int, err, row[i].code ? 0 : -EBADMSG), "row %zu", i);
		cr_expect(eq(int, code, row[i].code), "row %zu", i);
	}
}

/* A signed message with one octet changed anywhere before FINGERPRINT is not whole, or not authentic. */
Test(stun, integrity_covers_every_octet)
{
	static const uint8_t key[STUN_KEY] = "0123456789abcdef0123456789abcdef";
	static const uint8_t other[STUN_KEY] = "0123456789abcdef0123456789abcdeg";
	uint8_t data[256];
	struct stun_out o;
	struct stun s;
	size_t len;

	stun_begin(&o, data, sizeof(data), STUN_REQUEST, 1, tid);
	stun_put_text(&o, STUN_USERNAME, str_of("acme"));
	stun_put_integrity(&o, key);
	stun_put_fingerprint(&o);
	len = (size_t)stun_end(&o);
	cr_assert(zero(int, stun_parse(data, len, &s)));
	cr_expect(stun_is_authentic(&s, key));
	cr_expect(not(stun_is_authentic(&s, other)));
	for (size_t i = 0; i < len - 8; i++) {
		data[i] ^= 0x10;
		cr_expect(stun_parse(data, len, &s) || !stun_is_authentic(&s, key), "octet %zu", i);
		data[i] ^= 0x10;
	}
}

Test(stun, what_stands_behind_integrity_does_not_count)
{
	static const uint8_t key[STUN_KEY] = { 1 };
	struct pn_addr a = kit_addr("192.0.2.1:1");
	uint8_t data[256];
	struct stun_out o;
	struct cur value;
	struct stun s;

	stun_begin(&o, data, sizeof(data), STUN_REQUEST, 1, tid);
	stun_put_text(&o, STUN_USERNAME, str_of("acme"));
	stun_put_integrity(&o, key);
	stun_put_addr(&o, STUN_XOR_MAPPED_ADDRESS, &a, nothing);
	stun_put_fingerprint(&o);
	cr_assert(zero(int, stun_parse(data, (size_t)stun_end(&o), &s)));
	cr_expect(stun_find(&s, STUN_USERNAME, &value));
	cr_expect(not(stun_find(&s, STUN_XOR_MAPPED_ADDRESS, &value)));
	cr_expect(stun_is_authentic(&s, key));
	cr_expect(s.fingerprint != NULL);
}

Test(stun, writes_no_further_than_the_buffer)
{
	uint8_t data[64];

	for (size_t cap = 0; cap < 44; cap++) {
		struct stun_out o;

		memset(data, 0xee, sizeof(data));
		stun_begin(&o, data, cap, STUN_REQUEST, 1, tid);
		stun_put_text(&o, STUN_USERNAME, str_of("networks"));
		stun_put_u32(&o, STUN_LIFETIME, 60);
		cr_expect(eq(int, stun_end(&o), cap < 40 ? -ENOBUFS : 40), "cap %zu", cap);
		for (size_t i = cap; i < sizeof(data); i++)
			cr_assert(eq(int, data[i], 0xee), "cap %zu: octet %zu", cap, i);
	}
}

/* ---- vectors that others made ---- */

static size_t outside_message(const char *name, uint8_t *data, size_t cap)
{
	char path[512], text[8192];
	size_t len;
	FILE *f;

	outside_path(name, path, sizeof(path));
	f = fopen(path, "r");
	cr_assert(f != NULL, "%s", path);
	len = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[len] = 0;
	return kit_hex(text, data, cap);
}

#define MATRIX "\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83\xe3\x82\xaf\xe3\x82\xb9"

/* RFC 8489 B.1 as published: its length field is wrong, and was when the HMAC was made. So it proves the key. */
Test(stun, rfc8489_key)
{
	uint8_t data[STUN_MAX], key[STUN_KEY], mac[STUN_KEY];
	size_t len = outside_message("stun/rfc8489-b1.hex", data, sizeof(data));

	cr_assert(eq(sz, len, 156));
	cr_assert(zero(int, credential_key(str_of(MATRIX), str_of("example.org"), str_of("TheMatrIX"), key)));
	cr_assert(HMAC(EVP_sha256(), key, sizeof(key), data, len - 36, mac, NULL) != NULL);
	cr_expect(zero(int, memcmp(mac, data + len - 32, 32)));
}

/* The same with its length set right and signed with an MD5 key (of 16 octets: HMAC fills up with zeros). */
Test(stun, rfc8489_long_term_request)
{
	static const char text[] = MATRIX ":example.org:TheMatrIX";
	uint8_t data[STUN_MAX], key[STUN_KEY] = { 0 };
	struct cur value;
	struct stun s;
	size_t len = outside_message("stun/rfc8489-b1-md5-key.hex", data, sizeof(data));

	cr_assert(EVP_Q_digest(NULL, "MD5", NULL, text, sizeof(text) - 1, key, NULL));
	cr_assert(zero(int, stun_parse(data, len, &s)));
	cr_assert(stun_find(&s, STUN_REALM, &value));
	cr_expect(kit_is((struct pn_str){ (const char *)value.p, (size_t)(value.end - value.p) }, "example.org"));
	cr_expect(stun_is_authentic(&s, key));
	key[0] ^= 1;
	cr_expect(not(stun_is_authentic(&s, key)));
}

/* RFC 5769 2.1 to 2.3: FINGERPRINT of all three, and the mapped addresses of the two responses */
Test(stun, rfc5769_messages)
{
	static const struct {
		const char *file, *mapped;
		enum stun_class cls;
	} row[] = {
		{ "stun/rfc5769-2.1.hex", NULL, STUN_REQUEST },
		{ "stun/rfc5769-2.2.hex", "192.0.2.1:32853", STUN_SUCCESS },
		{ "stun/rfc5769-2.3.hex", "[2001:db8:1234:5678:11:2233:4455:6677]:32853", STUN_SUCCESS },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		uint8_t data[STUN_MAX];
		struct pn_addr a, want;
		struct cur value;
		struct stun s;
		size_t len = outside_message(row[i].file, data, sizeof(data));

		cr_assert(zero(int, stun_parse(data, len, &s)), "row %zu", i);
		cr_expect(eq(int, s.cls, row[i].cls), "row %zu", i);
		cr_expect(s.fingerprint != NULL, "row %zu", i);
		if (!row[i].mapped)
			continue;
		want = kit_addr(row[i].mapped);
		cr_assert(stun_find(&s, STUN_XOR_MAPPED_ADDRESS, &value), "row %zu", i);
		cr_assert(zero(int, stun_xor_addr(&s, value, &a)), "row %zu", i);
		cr_expect(addr_eq(&a, &want), "row %zu: %s", i, addr_text(&a));
	}
}
