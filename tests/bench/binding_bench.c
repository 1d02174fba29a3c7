/* The registration table at size: memory of each binding, time of a look-up by each key as the table
 * grows a thousandfold, registrations per second. Prints one table; exits 1 when a million bindings
 * need more than 600 MB or their look-ups are not O(1). */
#include "binding.h"
#include "addr.h"
#include "random.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX 1000000u
#define SAMPLE 100000u /* terminals that are looked up, in random order */
#define ROUNDS 7u      /* of which the median counts */
#define BYTES_MAX 600u   /* per binding: 600 MB for a million */
#define FLAT_MAX 30.0 /* a big table misses the caches; chains that grew would cost 1000 times */

static struct pn_realm access_realm, core_realm;
static char owner;
#define OWNER ((struct module *)&owner)

static struct bindings *table;
static struct pn_binding **all;
static char (*alias)[32];

/* Processor time: other programs on the machine shall not count. */
static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t resident(void)
{
	unsigned long size, pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f && fscanf(f, "%lu %lu", &size, &pages) != 2)
		pages = 0;
	if (f)
		fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static int unsent(void *arg, struct pn_binding *b, const struct pn_addr *where)
{
	(void)arg;
	(void)b;
	(void)where;
	return 0;
}

/* As a SIP terminal has them: an address-of-record, a urn:uuid, a record with Contact and Call-ID. */
struct terminal {
	char identity[40], instance[64], data[160];
	struct pn_addr pinhole;
	unsigned n;
};

static struct terminal *sample;

static void terminal_of(unsigned n, struct terminal *t)
{
	t->n = n;
	snprintf(t->identity, sizeof(t->identity), "sip:user%07u@voip.example.net", n);
	snprintf(t->instance, sizeof(t->instance), "<urn:uuid:f81d4fae-7dec-11d0-a765-%012u>", n);
	snprintf(t->data, sizeof(t->data), "%u sip:user%07u@10.1.%u.%u:5060;ob 3848276298220188511@"
		 "10.1.%u.%u", n, n, n >> 8 & 255, n & 255, n >> 8 & 255, n & 255);
	t->pinhole = (struct pn_addr){ .family = 4, .port = (uint16_t)(1024 + n % 50000),
				       .ip = { 100, (uint8_t)(64 + (n >> 16)), (uint8_t)(n >> 8),
					       (uint8_t)n } };
}

static void put(unsigned n)
{
	struct terminal t;
	struct pn_binding_args a = { .size = sizeof(a), .realm = &access_realm,
				     .alias_realm = &core_realm, .flow = 1, .expires_ms = 32000 };

	terminal_of(n, &t);
	a.identity = (struct pn_str){ t.identity, strlen(t.identity) };
	a.instance = (struct pn_str){ t.instance, strlen(t.instance) };
	a.data = t.data;
	a.data_len = strlen(t.data);
	a.pinhole = a.claimed = t.pinhole;
	if (binding_put(table, OWNER, &a, &all[n])) {
		fprintf(stderr, "binding %u refused\n", n);
		exit(1);
	}
	binding_accept(all[n], 3600000, 7200000);
}

static struct pn_binding *find(enum pn_binding_key by, const struct terminal *t)
{
	struct pn_str text = { t->identity, strlen(t->identity) };

	if (by == PN_BY_PINHOLE)
		return binding_find(table, OWNER, &access_realm, by, &t->pinhole,
				    sizeof(t->pinhole), NULL);
	if (by == PN_BY_ALIAS)
		text = (struct pn_str){ alias[t->n], strlen(alias[t->n]) };
	return binding_find(table, OWNER, by == PN_BY_ALIAS ? &core_realm : &access_realm, by, text.p,
			    text.len, NULL);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double ns_per_lookup(enum pn_binding_key by)
{
	double took[ROUNDS];

	for (unsigned r = 0; r < ROUNDS; r++) {
		double from = now_s();

		for (unsigned i = 0; i < SAMPLE; i++) {
			if (find(by, &sample[i]) == all[sample[i].n])
				continue;
			fprintf(stderr, "binding %u not found by key %u\n", sample[i].n, by);
			exit(1);
		}
		took[r] = (now_s() - from) / SAMPLE * 1e9;
	}
	qsort(took, ROUNDS, sizeof(*took), by_value);
	return took[ROUNDS / 2];
}

static void remember_alias(unsigned n)
{
	struct pn_str s = binding_info(all[n])->alias;

	snprintf(alias[n], sizeof(alias[n]), "%.*s", (int)s.len, s.p);
}

/* One row; returns the mean over the three keys. */
static double measure(unsigned from, unsigned to, size_t empty)
{
	double started = now_s(), took, ns[3];

	for (unsigned n = from; n < to; n++)
		put(n);
	took = now_s() - started;
	for (unsigned n = from; n < to; n++)
		remember_alias(n);
	for (unsigned i = 0; i < SAMPLE; i++)
		terminal_of(random_below(to), &sample[i]);
	for (unsigned i = 0; i < 3; i++)
		ns[i] = ns_per_lookup((enum pn_binding_key)(PN_BY_IDENTITY + i));
	printf("| %9u | %9zu | %8.0f | %8.0f | %8.0f | %12.0f |\n", to, (resident() - empty) / to,
	       ns[0], ns[1], ns[2], (to - from) / took);
	return (ns[0] + ns[1] + ns[2]) / 3;
}

static double remove_all(void)
{
	double from = now_s();

	for (unsigned n = 0; n < MAX; n++)
		binding_remove(all[n]);
	return MAX / (now_s() - from);
}

/* Touched before, so that it is not counted as memory of the bindings. */
static void *room(size_t n, size_t size)
{
	void *p = malloc(n * size);

	if (!p)
		exit(1);
	memset(p, 1, n * size);
	return p;
}

int main(void)
{
	static const struct binding_events ev = { .keepalive = unsent };
	static const unsigned step[] = { 1000, 10000, 100000, MAX };
	struct loop *loop = loop_new_fake(1000);
	double ns[4];
	size_t empty, bytes;

	all = room(MAX, sizeof(*all));
	alias = room(MAX, sizeof(*alias));
	sample = room(SAMPLE, sizeof(*sample));
	table = bindings_new(loop, &ev, NULL);
	bindings_limits(table, MAX, 4000, 1000);
	binding_keepalive(table, OWNER, 20000);
	empty = resident();
	printf("| bindings  | octets    | identity | alias    | pinhole  | put+accept   |\n"
	       "|           | each      | ns       | ns       | ns       | per second   |\n"
	       "|----------:|----------:|---------:|---------:|---------:|-------------:|\n");
	for (unsigned i = 0; i < 4; i++)
		ns[i] = measure(i ? step[i - 1] : 0, step[i], empty);
	bytes = (resident() - empty) / MAX;
	printf("\nremove: %.0f per second\n", remove_all());
	printf("a million bindings: %zu MB (at most %u)\n", bytes, BYTES_MAX);
	printf("look-up at 1,000,000 against 1,000: %.1f times (at most %.0f)\n", ns[3] / ns[0], FLAT_MAX);
	bindings_free(table);
	loop_free(loop);
	free(all);
	free(alias);
	free(sample);
	return bytes > BYTES_MAX || ns[3] / ns[0] > FLAT_MAX;
}
