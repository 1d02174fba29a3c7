#include "random.h"
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define POOL 256u /* getrandom gives so much whole or not at all */

static _Thread_local struct {
	uint8_t bytes[POOL];
	size_t left;
} pool;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool fake;
static uint64_t fake_state;

/* A forked child must not repeat its parent's numbers. */
static void forget(void)
{
	pool.left = 0;
}

static void watch_fork(void)
{
	pthread_atfork(NULL, NULL, forget);
}

static void refill(void)
{
	ssize_t n;

	pthread_once(&once, watch_fork);
	do
		n = getrandom(pool.bytes, POOL, 0);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)POOL)
		abort();
	pool.left = POOL;
}

/* splitmix64 */
static uint64_t fake_next(void)
{
	uint64_t z = (fake_state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void fake_bytes(uint8_t *out, size_t len)
{
	while (len) {
		uint64_t z = fake_next();
		size_t n = len < sizeof(z) ? len : sizeof(z);

		memcpy(out, &z, n);
		out += n;
		len -= n;
	}
}

void random_bytes(void *out, size_t len)
{
	uint8_t *to = out;

	if (fake) {
		fake_bytes(out, len);
		return;
	}
	while (len) {
		if (!pool.left)
			refill();
		size_t n = len < pool.left ? len : pool.left;
		uint8_t *from = pool.bytes + pool.left - n;

		memcpy(to, from, n);
		explicit_bzero(from, n);
		pool.left -= n;
		to += n;
		len -= n;
	}
}

uint32_t random_below(uint32_t n)
{
	uint32_t x;

	if (!n)
		return 0;
	/* The values below 2^32 mod n would make small results more likely. */
	uint32_t floor = -n % n;

	do
		random_bytes(&x, sizeof(x));
	while (x < floor);
	return x % n;
}

void random_fake(uint64_t seed)
{
	fake = true;
	fake_state = seed;
}
