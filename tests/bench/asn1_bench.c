/* Microseconds to decode and to encode an H.323 message, with nothing beside it: a Setup with eight fastStart
 * channels, those channels, a channel of H.245, a registration. Prints one table. */
#include "aper.h"
#include "types.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MESSAGE_MAX 1024u
#define REPEAT 20000u
#define ROUNDS 7u /* of which the median counts */

static const struct {
	const char *what, *type, *hex;
} messages[] = {
	{ "Setup, 8 fastStart channels", "H323-UserInformation",
	  "20b8060008914a00040204807c6345678940040041006c00690063006522c0b500002a0c4578616d706c652050686f6e65"
	  "04342e322e31000104807cbc98765400c633641706b8005b1f0102030405060708090a0b0c0d0e00dd1d8000000700c633"
	  "64177d0111005b1f0102030405060708090a0b0c0d0e80cf08130000000c2013800b05000100c63364174e21001e400000"
	  "060401004c2013801215000100c63364174e2000c63364174e2100130000010c6013800b05000100c63364174e21001e40"
	  "0001060401004c6013801215000100c63364174e2000c63364174e2100130000020d6005800b05000100c63364174e2100"
	  "1e400002060401004d6005801215000100c63364174e2000c63364174e2100140000030d000340000b05000100c6336417"
	  "4e21001f400003060401004d000340001215000100c63364174e2000c63364174e2100010001000100018010800180" },
	{ "one of the channels", "OpenLogicalChannel", "400000060401004c2013801215000100c63364174e2000c63364174e2100" },
	{ "openLogicalChannel", "MultimediaSystemControlMessage", "030001000c2013800b05000100c63364174e2100" },
	{ "registrationRequest", "RasMessage",
	  "0ec01266060008914a0004000100c633641706b80100c633641706b722c0b500002a0c4578616d706c652050686f6e6504"
	  "342e322e31000204807c6345678940040041006c0069006300651a0067006b002e006500780061006d0070006c0065002e"
	  "006e0065007460b500002a0c4578616d706c652050686f6e6504342e322e31348b1000000340012b0100010001800100" },
};

/* Processor time: other programs on the machine shall not count. */
static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

struct sample {
	const struct asn_TYPE_descriptor_s *td;
	uint8_t in[MESSAGE_MAX], out[MESSAGE_MAX];
	size_t n;
	struct aper_message *m;
};

static bool load(struct sample *s, unsigned i)
{
	const char *hex = messages[i].hex;

	s->td = types_find(messages[i].type);
	for (s->n = 0; s->n < MESSAGE_MAX && sscanf(hex, "%2hhx", s->in + s->n) == 1; s->n++)
		hex += 2;
	return s->td && !*hex && !aper_read(s->td, s->in, s->n, &s->m) &&
	       aper_write(s->m, s->out, sizeof(s->out)) == (long)s->n && !memcmp(s->in, s->out, s->n);
}

static void decode(struct sample *s)
{
	struct aper_message *m;

	if (!aper_read(s->td, s->in, s->n, &m))
		aper_free(m);
}

static void encode(struct sample *s)
{
	aper_write(s->m, s->out, sizeof(s->out));
}

static double measure(struct sample *s, void (*run)(struct sample *))
{
	double took[ROUNDS];

	for (unsigned r = 0; r < ROUNDS; r++) {
		double from = now_us();

		for (unsigned i = 0; i < REPEAT; i++)
			run(s);
		took[r] = (now_us() - from) / REPEAT;
	}
	qsort(took, ROUNDS, sizeof(*took), by_value);
	return took[ROUNDS / 2];
}

int main(void)
{
	static struct sample s;

	printf("| message                     | octets | decode µs | encode µs |\n"
	       "|-----------------------------|-------:|----------:|----------:|\n");
	for (unsigned i = 0; i < sizeof(messages) / sizeof(*messages); i++) {
		if (!load(&s, i)) {
			fprintf(stderr, "%s does not pass unchanged\n", messages[i].what);
			return 1;
		}
		printf("| %-27s | %6zu | %9.2f | %9.2f |\n", messages[i].what, s.n, measure(&s, decode),
		       measure(&s, encode));
		aper_free(s.m);
	}
	return 0;
}
