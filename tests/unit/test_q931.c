#include "q931.h"
#include "tpkt.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))
#define BYTES(text) { text, sizeof(text) - 1 }

struct bytes {
	const char *p;
	size_t len;
};

/* A copy of the exact size, so that reading past the end is seen. */
static struct pn_str exact(const struct bytes *b)
{
	char *p = malloc(b->len ? b->len : 1);

	if (b->len)
		memcpy(p, b->p, b->len);
	return (struct pn_str){ p, b->len };
}

Test(tpkt, frames)
{
	static const struct {
		struct bytes data;
		long want;
	} row[] = {
		{ BYTES(""), 0 },
		{ BYTES("\x03"), 0 },
		{ BYTES("\x03\x00\x01"), 0 },
		{ BYTES("\x03\x00\x01\x00"), 256 },
		{ BYTES("\x03\x00\xff\xff"), 65535 },
		{ BYTES("\x03\x00\x00\x04"), 4 },
		{ BYTES("\x03\x00\x00\x03"), -EPROTO },
		{ BYTES("\x04\x00\x00\x04"), -EPROTO },
		{ BYTES("GET "), -EPROTO },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_str s = exact(&row[i].data);

		cr_expect(eq(long, tpkt_frame((const uint8_t *)s.p, s.len), row[i].want), "row %zu", i);
		free((char *)s.p);
	}
}

Test(tpkt, gives_what_a_whole_one_holds)
{
	static const uint8_t whole[] = { 3, 0, 0, 6, 'a', 'b' };
	struct pn_str s = tpkt_payload(whole, sizeof(whole));

	cr_expect(eq(sz, s.len, 2));
	cr_expect(eq(ptr, (void *)s.p, (void *)(whole + 4)));
	cr_expect(eq(ptr, (void *)tpkt_payload(whole, 5).p, NULL));
}

Test(tpkt, header_has_a_limit)
{
	uint8_t head[TPKT_HEADER];

	cr_expect(eq(int, tpkt_header(head, 65531), 0));
	cr_expect(eq(int, memcmp(head, "\x03\x00\xff\xff", 4), 0));
	cr_expect(eq(int, tpkt_header(head, 65532), -EMSGSIZE));
}

Test(q931, parses)
{
	static const struct {
		struct bytes data;
		int err;
		size_t elements;
		size_t uu; /* octets of user information */
	} row[] = {
		{ BYTES("\x08\x02\x12\x34\x05"), 0, 0, 0 },
		{ BYTES("\x08\x02\x92\x34\x05"), 0, 0, 0 },
		{ BYTES("\x08\x02\x12\x34\x05\x04\x01\x88"), 0, 1, 0 },
		{ BYTES("\x08\x02\x12\x34\x05\xa1\x96"), 0, 2, 0 },
		{ BYTES("\x08\x02\x12\x34\x05\x28\x00\xa1"), 0, 2, 0 },
		{ BYTES("\x08\x02\x12\x34\x05\x7e\x00\x03\x05zz"), 0, 1, 2 },
		{ BYTES("\x08\x02\x12\x34\x05\x7e\x00\x03\x04zz"), 0, 1, 0 }, /* another discriminator */
		{ BYTES("\x08\x02\x12\x34\x05\x7e\x00\x00"), 0, 1, 0 },
		{ BYTES("\x08\x02\x12\x34\x05\x7e\x00\x02\x05y\x7e\x00\x03\x05zz"), 0, 2, 1 }, /* the first */
		/* locking and other shifts to codeset 6 */
		{ BYTES("\x08\x02\x12\x34\x05\x7e\x00\x02\x05y\x96\x7e\x01z\x04\x01x"), 0, 4, 1 },
		{ BYTES("\x08\x02\x12\x34\x05\x96\x7e\x01z"), 0, 2, 0 },
		{ BYTES("\x08\x02\x12\x34\x05\x96\x04\x01x\x7e\x00\x03\x05zz"), 0, 3, 2 },
		{ BYTES("\x08\x02\x12\x34\x05\x7e\x00\x02\x05y\x9e\x7e\x01z\x7e\x00\x01z"), 0, 4, 1 },
		{ BYTES("\x08\x02\x12\x34\x05\x7e\x00\x02\x05y\x9e\x04\x01z\x7e\x01z"), -EBADMSG, 0, 0 },
		{ BYTES(""), -EBADMSG, 0, 0 },
		{ BYTES("\x08\x02\x12\x34"), -EBADMSG, 0, 0 },
		{ BYTES("\x09\x02\x12\x34\x05"), -EBADMSG, 0, 0 },
		{ BYTES("\x08\x01\x12\x34\x05"), -EBADMSG, 0, 0 },
		{ BYTES("\x08\x02\x12\x34\x05\x04"), -EBADMSG, 0, 0 },
		{ BYTES("\x08\x02\x12\x34\x05\x04\x02\x88"), -EBADMSG, 0, 0 },
		{ BYTES("\x08\x02\x12\x34\x05\x7e\x00"), -EBADMSG, 0, 0 },
		{ BYTES("\x08\x02\x12\x34\x05\x7e\x01\x00z"), -EBADMSG, 0, 0 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_str s = exact(&row[i].data);
		struct q931_msg m;

		cr_expect(eq(int, q931_parse(s, &m), row[i].err), "row %zu", i);
		if (!row[i].err) {
			cr_expect(eq(sz, m.n_ies, row[i].elements), "row %zu", i);
			cr_expect(eq(sz, m.uu.len, row[i].uu), "row %zu", i);
			cr_expect(eq(int, m.call, 0x1234), "row %zu", i);
		}
		free((char *)s.p);
	}
}

Test(q931, has_room_for_so_many_elements)
{
	char text[5 + Q931_IES_MAX + 1] = "\x08\x02\x12\x34\x05";
	struct q931_msg m;

	memset(text + 5, 0xa1, sizeof(text) - 5);
	cr_expect(eq(int, q931_parse((struct pn_str){ text, sizeof(text) - 1 }, &m), 0));
	cr_expect(eq(int, q931_parse((struct pn_str){ text, sizeof(text) }, &m), -E2BIG));
}

Test(q931, finds_elements_of_codeset_0)
{
	static const struct bytes text = BYTES("\x08\x02\x12\x34\x05\x9e\x28\x01x\x28\x01y\x96\x28\x01z\x1c\x00");
	struct q931_msg m;

	cr_assert(eq(int, q931_parse((struct pn_str){ text.p, text.len }, &m), 0));
	cr_expect(eq(chr, q931_find(&m, Q931_DISPLAY)->value.p[0], 'y'));
	cr_expect(eq(ptr, (void *)q931_find(&m, (enum q931_element)0x1c), NULL));
}

Test(q931, replaces_user_information_alone)
{
	static const struct bytes text =
		BYTES("\x08\x02\x92\x34\x07\x28\x02xy\x7e\x00\x04\x05" "abc" "\x1c\x01q\xa1");
	static const struct bytes want =
		BYTES("\x08\x02\x92\x34\x07\x28\x02xy\x7e\x00\x06\x05" "12345" "\x1c\x01q\xa1");
	uint8_t out[64];
	struct q931_msg m;
	long n;

	cr_assert(eq(int, q931_parse((struct pn_str){ text.p, text.len }, &m), 0));
	cr_expect(m.answering);
	n = q931_replace_uu(&m, (struct pn_str){ "12345", 5 }, out, sizeof(out));
	cr_assert(eq(long, n, (long)want.len));
	cr_expect(eq(int, memcmp(out, want.p, want.len), 0));
	cr_expect(eq(long, q931_replace_uu(&m, (struct pn_str){ "12345", 5 }, out, want.len - 1), -ENOBUFS));
	cr_expect(eq(long, q931_replace_uu(&m, (struct pn_str){ "1", 65535 }, out, sizeof(out)), -EMSGSIZE));
}

Test(q931, writes_what_it_parses)
{
	uint8_t out[64];
	struct q931_msg m;
	long n = q931_write(Q931_RELEASE_COMPLETE, 0x1234, true, 16, (struct pn_str){ "abc", 3 }, out, sizeof(out));

	cr_assert(gt(long, n, 0));
	cr_assert(eq(int, q931_parse((struct pn_str){ (const char *)out, (size_t)n }, &m), 0));
	cr_expect(eq(int, m.type, Q931_RELEASE_COMPLETE));
	cr_expect(eq(int, m.call, 0x1234));
	cr_expect(m.answering);
	cr_expect(eq(int, memcmp(q931_find(&m, Q931_CAUSE)->value.p, "\x80\x90", 2), 0));
	cr_expect(eq(sz, m.uu.len, 3));
}
