#include "pinhole_kit.h"
#include <errno.h>

static const uint8_t secret[NONCE_SECRET] = "a secret of thirty-two octets...";

static struct pn_str make(char out[NONCE_LEN], const char *bind, uint32_t tag, uint64_t now_s)
{
	cr_assert(zero(int, nonce_make(secret, str_of(bind), tag, now_s, out)));
	return (struct pn_str){ out, NONCE_LEN };
}

Test(credential, nonce_holds_for_whom_and_when_it_was_made)
{
	static const struct {
		const char *bind;
		uint64_t now_s;
		int want;
	} row[] = {
		{ "192.0.2.1:5060", 1000, 0 },	    { "192.0.2.1:5060", 1300, 0 },
		{ "192.0.2.1:5060", 1301, -ESTALE }, { "192.0.2.1:5060", 999, -ESTALE },
		{ "192.0.2.1:5061", 1000, -ESTALE }, { "", 1000, -ESTALE },
	};
	char text[NONCE_LEN];
	struct pn_str nonce = make(text, "192.0.2.1:5060", 77, 1000);

	for (size_t i = 0; i < ROWS(row); i++) {
		uint32_t tag = 1;
		int got = nonce_check(secret, nonce, str_of(row[i].bind), row[i].now_s, 300, &tag);

		cr_expect(eq(int, got, row[i].want), "row %zu", i);
		cr_expect(eq(u32, tag, row[i].want ? 1 : 77), "row %zu", i);
	}
}

Test(credential, nonce_with_one_octet_changed_is_stale)
{
	char text[NONCE_LEN];
	struct pn_str nonce = make(text, "x", 0xdeadbeef, 1000);
	uint32_t tag;

	cr_expect(zero(int, nonce_tag(nonce, &tag)));
	cr_expect(eq(u32, tag, 0xdeadbeef));
	for (size_t i = 0; i < NONCE_LEN; i++) {
		text[i] ^= 1;
		cr_expect(eq(int, nonce_check(secret, nonce, str_of("x"), 1000, 300, &tag), -ESTALE), "octet %zu", i);
		text[i] ^= 1;
	}
	nonce.len--;
	cr_expect(eq(int, nonce_check(secret, nonce, str_of("x"), 1000, 300, &tag), -ESTALE));
}

Test(credential, nonce_of_another_life_is_stale)
{
	uint8_t other[NONCE_SECRET] = { 1 };
	char text[NONCE_LEN];
	struct pn_str nonce = make(text, "x", 1, 1000);
	uint32_t tag;

	cr_expect(eq(int, nonce_check(other, nonce, str_of("x"), 1000, 300, &tag), -ESTALE));
}

Test(credential, nonce_outlives_the_wrap_of_its_clock)
{
	char text[NONCE_LEN];
	struct pn_str nonce = make(text, "x", 1, 0xfffffff0);
	uint32_t tag;

	cr_expect(zero(int, nonce_check(secret, nonce, str_of("x"), 0x100000010, 300, &tag)));
}

Test(credential, key_of_what_is_too_long)
{
	static char text[1600];
	uint8_t key[STUN_KEY];

	memset(text, 'a', sizeof(text));
	cr_expect(zero(int, credential_key((struct pn_str){ text, 1489 }, str_of("r"), str_of("password"), key)));
	cr_expect(eq(int, credential_key((struct pn_str){ text, 1490 }, str_of("r"), str_of("password"), key), -EINVAL));
}

/* A request as an agent sends it; what is left out is named by a letter. */
static int judge(const char *without, bool nonce_ok, const uint8_t *known, const uint8_t *used)
{
	struct message m = { .stun = { .method = MESSAGE_CMPH }, .agent = str_of("ag1"), .order = 1,
			     .inner = kit_addr("10.1.0.3:40000") };
	static uint8_t data[MESSAGE_MAX];
	struct message got;
	int len;

	m.username = strchr(without, 'u') ? m.username : str_of("acme");
	m.realm = strchr(without, 'r') ? m.realm : str_of("postern");
	m.nonce = strchr(without, 'n') ? m.nonce : str_of("nonce");
	m.offers_sha256 = !strchr(without, 'o');
	m.chooses_sha256 = !strchr(without, 'c');
	len = message_write(&m, NULL, 0, strchr(without, 'i') ? NULL : used, data, sizeof(data));
	cr_assert(gt(int, len, 0));
	cr_assert(zero(int, message_parse(data, (size_t)len, &got)));
	return credential_judge(&got, nonce_ok, known);
}

Test(credential, judges_in_the_order_of_the_rfc)
{
	static const uint8_t key[STUN_KEY] = { 1 }, other[STUN_KEY] = { 2 };
	static const struct {
		const char *without;
		bool nonce_ok;
		const uint8_t *known, *used;
		int want;
	} row[] = {
		{ "", true, key, key, 0 },	{ "i", true, key, key, 401 },	{ "iurn", false, NULL, key, 401 },
		{ "u", true, key, key, 400 },	{ "r", true, key, key, 400 },	{ "n", true, key, key, 400 },
		{ "o", true, key, key, 400 },	{ "c", true, key, key, 400 },	{ "u", false, NULL, key, 400 },
		{ "", false, key, key, 438 },	{ "", false, NULL, key, 438 },	{ "", true, NULL, key, 401 },
		{ "", true, other, key, 401 },
	};

	for (size_t i = 0; i < ROWS(row); i++)
		cr_expect(eq(int, judge(row[i].without, row[i].nonce_ok, row[i].known, row[i].used), row[i].want),
			  "row %zu", i);
}

Test(credential, turns)
{
	static const struct {
		uint64_t order;
		uint8_t tid;
		enum credential_turn want;
	} row[] = {
		{ 10, 1, ORDER_NEW }, { 10, 1, ORDER_AGAIN }, { 10, 2, ORDER_OLD }, { 9, 1, ORDER_OLD },
		{ 0, 0, ORDER_OLD },  { 11, 1, ORDER_NEW },   { 10, 1, ORDER_OLD }, { UINT64_MAX, 3, ORDER_NEW },
	};
	struct credential_order o = { 0 };

	for (size_t i = 0; i < ROWS(row); i++) {
		struct message m = { .order = row[i].order, .stun = { .tid = { row[i].tid } } };

		cr_expect(eq(int, credential_turn(&o, &m), row[i].want), "row %zu", i);
	}
}
