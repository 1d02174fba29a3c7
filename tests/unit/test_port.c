#include "port.h"
#include "random.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

Test(port, takes_whole_pairs_of_the_range)
{
	static const struct {
		uint16_t first, last;
		size_t ports; /* 0: refused */
	} row[] = {
		{ 20000, 20009, 10 }, { 20000, 20001, 2 },  { 20001, 20004, 2 }, { 20000, 20000, 0 },
		{ 20001, 20002, 0 },  { 20010, 20000, 0 },  { 1023, 1030, 0 },   { 0, 0, 0 },
		{ 1024, 1025, 2 },    { 65534, 65535, 2 },  { 1024, 65535, 64512 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct port_pool *p = port_pool_new(row[i].first, row[i].last, 1000);

		if (!row[i].ports) {
			cr_expect(eq(ptr, p, NULL), "row %zu", i);
			cr_expect(eq(int, errno, EINVAL), "row %zu", i);
			continue;
		}
		cr_assert(ne(ptr, p, NULL), "row %zu", i);
		cr_expect(eq(sz, port_total(p), row[i].ports), "row %zu", i);
		for (size_t n = 0; n < row[i].ports / 2; n++) {
			int port = port_take(p, 0);

			cr_assert(port >= row[i].first && port < row[i].last && port % 2 == 0, "row %zu", i);
		}
		cr_expect(eq(int, port_take(p, 0), -ENOSPC), "row %zu", i);
		cr_expect(eq(sz, port_taken(p), row[i].ports), "row %zu", i);
		port_pool_free(p);
	}
	port_pool_free(NULL);
}

Test(port, rests_after_use)
{
	struct port_pool *p = port_pool_new(30000, 30001, 10000);

	cr_assert(eq(int, port_take(p, 5), 30000));
	cr_expect(zero(int, port_give(p, 30000, 100)));
	cr_expect(zero(sz, port_taken(p)));
	cr_expect(eq(sz, port_quarantined(p, 100), 2));
	cr_expect(eq(int, port_take(p, 10099), -ENOSPC));
	cr_expect(zero(sz, port_quarantined(p, 10100)), "counted by time, not by the last take");
	cr_expect(eq(int, port_take(p, 10100), 30000));
	cr_expect(zero(int, port_spoiled(p, 30000, 10100)));
	cr_expect(eq(int, port_take(p, 10101), -ENOSPC));
	cr_expect(eq(int, port_take(p, UINT64_C(1) << 40), 30000));
	port_pool_free(p);
}

Test(port, refuses_what_is_not_taken)
{
	static const uint16_t row[] = { 0, 20000, 20001, 20002, 65534, 65535 };
	struct port_pool *p = port_pool_new(20000, 20003, 0);
	int port = port_take(p, 0);

	for (size_t i = 0; i < ROWS(row); i++)
		if (row[i] != port)
			cr_expect(eq(int, port_give(p, row[i], 0), -EINVAL), "row %zu", i);
	cr_expect(zero(int, port_give(p, (uint16_t)port, 0)));
	cr_expect(eq(int, port_give(p, (uint16_t)port, 0), -EINVAL), "given twice");
	cr_expect(eq(int, port_spoiled(p, (uint16_t)port, 0), -EINVAL));
	port_pool_free(p);
}

Test(port, changes_its_range)
{
	struct port_pool *p = port_pool_new(20000, 20003, 0);
	int a = port_take(p, 0), b = port_take(p, 0);

	cr_expect(zero(int, port_pool_resize(p, 40000, 40001, 0)));
	cr_expect(eq(int, port_take(p, 0), 40000));
	cr_expect(eq(int, port_take(p, 0), -ENOSPC));
	cr_expect(eq(sz, port_taken(p), 6), "what is taken outside stays");
	cr_expect(zero(int, port_give(p, (uint16_t)a, 0)));
	cr_expect(eq(int, port_take(p, 1), -ENOSPC), "and is not handed out any more");
	cr_expect(eq(int, port_pool_resize(p, 5, 6, 0), -EINVAL));
	cr_expect(zero(int, port_pool_resize(p, 20000, 20003, 0)));
	cr_expect(eq(int, port_take(p, 1), a));
	cr_expect(zero(int, port_give(p, (uint16_t)b, 1)));
	port_pool_free(p);
}

Test(port, starts_anywhere)
{
	struct port_pool *p = port_pool_new(20000, 29999, 0);
	bool low = false, high = false;

	random_fake(7);
	for (int i = 0; i < 64; i++) {
		int port = port_take(p, 0);

		low |= port < 25000;
		high |= port >= 25000;
		cr_expect(zero(int, port_give(p, (uint16_t)port, 0)));
	}
	cr_expect(low && high, "the same corner each time");
	port_pool_free(p);
}

/* Against a model: never twice, never before its time, never lost. */
enum { FIRST = 20000, PAIRS = 300, REST_MS = 500 };

struct model {
	struct port_pool *pool;
	struct { bool taken; uint64_t free_at; } pair[PAIRS];
	size_t taken;
	uint64_t now;
};

static void model_take(struct model *m)
{
	int port = port_take(m->pool, m->now);
	size_t k = (size_t)(port - FIRST) / 2;

	if (port < 0) {
		for (k = 0; k < PAIRS; k++)
			cr_assert(m->pair[k].taken || m->now < m->pair[k].free_at, "lost: %zu", k);
		return;
	}
	cr_assert(k < PAIRS && port % 2 == 0);
	cr_assert(not(m->pair[k].taken), "twice: %d", port);
	cr_assert(m->now >= m->pair[k].free_at, "too early: %d", port);
	m->pair[k].taken = true;
	m->taken++;
}

static void model_give(struct model *m, size_t k)
{
	int err = port_give(m->pool, (uint16_t)(FIRST + 2 * k), m->now);

	cr_assert(eq(int, err, m->pair[k].taken ? 0 : -EINVAL));
	if (!m->pair[k].taken)
		return;
	m->pair[k].taken = false;
	m->pair[k].free_at = m->now + REST_MS;
	m->taken--;
}

Test(port, keeps_its_promises)
{
	static struct model m;

	m.pool = port_pool_new(FIRST, FIRST + 2 * PAIRS - 1, REST_MS);
	random_fake(42);
	for (int i = 0; i < 100000; i++) {
		m.now += random_below(3);
		if (random_below(100) < 55)
			model_take(&m);
		else
			model_give(&m, random_below(PAIRS));
		cr_assert(eq(sz, port_taken(m.pool), m.taken * 2));
	}
	port_pool_free(m.pool);
}
