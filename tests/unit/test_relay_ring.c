#include "relay_ring.h"
#include "random.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

static uint8_t data[ENGINE_DATAGRAM], buf[ENGINE_DATAGRAM];

static int put(struct relay_ring *r, uint32_t number, size_t len)
{
	struct engine_hop to = { .stream = number };
	struct pn_addr from = { .family = 4, .port = (uint16_t)number };
	struct engine_parcel parcel = { .from = &from, .data = data, .len = len, .hops = 3, .kind = PARCEL_ABOVE };

	memset(data, (int)number, len);
	return relay_ring_put(r, &to, &parcel);
}

static void expect(struct relay_ring *r, uint32_t number, size_t len)
{
	struct relay_ring_item item;

	cr_assert(relay_ring_take(r, &item, buf));
	cr_assert(eq(u32, item.to.stream, number));
	cr_assert(eq(u16, item.from.port, (uint16_t)number));
	cr_assert(eq(u32, item.len, (uint32_t)len));
	cr_assert(eq(uint, item.hops, 3));
	cr_assert(eq(int, item.kind, PARCEL_ABOVE));
	memset(data, (int)number, len);
	cr_assert(zero(int, memcmp(buf, data, len)));
}

Test(relay_ring, is_full_when_it_is_full)
{
	struct relay_ring r;
	struct relay_ring_item item;

	cr_assert(zero(int, relay_ring_init(&r, 2 * (sizeof(item) + 100))));
	cr_expect(not(relay_ring_take(&r, &item, buf)));
	cr_expect(zero(int, put(&r, 1, 100)));
	cr_expect(eq(int, put(&r, 2, 101), -ENOBUFS));
	cr_expect(zero(int, put(&r, 3, 100)));
	cr_expect(eq(int, put(&r, 4, 0), -ENOBUFS));
	expect(&r, 1, 100);
	cr_expect(zero(int, put(&r, 5, 0)));
	expect(&r, 3, 100);
	expect(&r, 5, 0);
	cr_expect(not(relay_ring_take(&r, &item, buf)));
	relay_ring_clear(&r);
}

Test(relay_ring, keeps_order_over_the_wrap)
{
	enum { SIZE = 3000 };
	size_t len[SIZE];
	uint32_t in = 0, out = 0;
	struct relay_ring r;

	random_fake(11);
	cr_assert(zero(int, relay_ring_init(&r, SIZE)));
	for (int i = 0; i < 20000; i++) {
		size_t n = random_below(400);

		if (random_below(2) && !put(&r, in, n))
			len[in++ % SIZE] = n;
		else if (out < in) {
			expect(&r, out, len[out % SIZE]);
			out++;
		}
	}
	cr_expect(gt(u32, in, 5000));
	relay_ring_clear(&r);
}
