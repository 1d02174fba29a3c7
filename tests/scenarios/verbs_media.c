#include "pinhole/message.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAYLOAD 20u
#define TEXT_MAX 4096u

/* "seq 7" among the words: 7; def when it is not there */
static unsigned long number(const struct step *s, const char *name, unsigned long def)
{
	for (size_t i = 1; i + 1 < s->n; i++)
		if (!strcmp(s->word[i], name))
			return strtoul(s->word[i + 1], NULL, 0);
	return def;
}

static void put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* RFC 3550 5.1, 20 octets of payload or so many, timestamps 160 apart */
static size_t make_rtp(const struct step *s, uint16_t seq, uint8_t *p)
{
	unsigned long payload = number(s, "octets", PAYLOAD);
	payload = payload < TEXT_MAX - 12 ? payload : TEXT_MAX - 12;
	memset(p, 0, 12);
	p[0] = 0x80;
	p[1] = (uint8_t)number(s, "pt", 0);
	p[2] = (uint8_t)(seq >> 8);
	p[3] = (uint8_t)seq;
	put32(p + 4, seq * 160u);
	put32(p + 8, (uint32_t)number(s, "ssrc", 1));
	memset(p + 12, 0xd5, payload);
	return 12 + payload;
}

/* A receiver report without blocks, RFC 3550 6.4.2 */
static size_t make_rtcp(const struct step *s, uint8_t *p)
{
	p[0] = 0x80;
	p[1] = 201;
	p[2] = 0;
	p[3] = 1;
	put32(p + 4, (uint32_t)number(s, "ssrc", 1));
	return 8;
}

static size_t make_text(const struct step *s, uint8_t *p)
{
	size_t n = 0;
	for (size_t i = 1; i + 1 < s->n; i++)
		if (!strcmp(s->word[i], "text")) {
			n = strlen(s->word[i + 1]);
			memcpy(p, s->word[i + 1], n);
		}
	return n;
}

/* A plain STUN request, or (answer_to) what it is answered with */
static size_t make_stun(const struct pn_addr *answer_to, uint8_t *p)
{
	struct message m = { .stun = { .method = MESSAGE_CMPH } };
	int len = answer_to ? message_write_plain(&m, answer_to, p, TEXT_MAX)
			    : message_write(&m, NULL, 0, NULL, p, TEXT_MAX);

	return len > 0 ? (size_t)len : 0;
}

static size_t make(const struct step *s, const char *kind, uint16_t seq, uint8_t *p)
{
	if (!strcmp(kind, "rtp"))
		return make_rtp(s, seq, p);
	if (!strcmp(kind, "stun"))
		return make_stun(NULL, p);
	return !strcmp(kind, "rtcp") ? make_rtcp(s, p) : make_text(s, p);
}

/* rtp|rtcp|stun|udp HOST:PORT -> PORT [seq N] [ssrc N] [pt N] [x N] [octets N] [text WORD] */
int verb_media_send(struct world *w, const struct step *s)
{
	struct actor *h;
	struct pn_addr from;
	uint8_t p[TEXT_MAX];
	if (s->n < 4 || strcmp(s->word[2], "->") != 0)
		return fail(w, "expected: %s HOST:PORT -> PORT ...", s->word[0]);
	if (world_endpoint(w, s->word[1], &h, &from))
		return -1;
	struct pn_realm *r = world_realm(w, h);
	if (!r)
		return -1;
	struct pn_addr to = *realm_addr(r, from.family);
	to.port = (uint16_t)strtoul(s->word[3], NULL, 10);
	unsigned long times = number(s, "x", 1), seq = number(s, "seq", 1);
	for (unsigned long i = 0; i < times; i++) {
		size_t len = make(s, s->word[0], (uint16_t)(seq + i), p);
		relay_input(w->core->relay, r->index, &to, &from, p, len);
	}
	return 0;
}

static int differs(struct world *w, const struct packet *p, const uint8_t *want, size_t len, unsigned long seq)
{
	if (p->len == len && !memcmp(p->data, want, len))
		return 0;
	return fail(w, "the packet to %s is not the one expected (seq %lu): %zu octets, wanted %zu; seq %u, ssrc %u",
		    addr_text(&p->to), seq, p->len, len, p->len > 3 ? (unsigned)(p->data[2] << 8 | p->data[3]) : 0,
		    p->len > 11 ? (unsigned)(p->data[8] << 24 | p->data[9] << 16 | p->data[10] << 8 | p->data[11]) : 0);
}

/* got rtp|rtcp|stun|udp HOST:PORT from PORT [the same as in sending]; stun: the answer that names HOST:PORT */
int verb_media_got(struct world *w, const struct step *s)
{
	struct actor *h;
	struct pn_addr to;
	uint8_t want[TEXT_MAX];
	if (s->n < 5 || strcmp(s->word[3], "from") != 0)
		return fail(w, "expected: got KIND HOST:PORT from PORT ...");
	if (world_endpoint(w, s->word[2], &h, &to))
		return -1;
	struct pn_realm *r = world_realm(w, h);
	unsigned long times = number(s, "x", 1), seq = number(s, "seq", 1);
	for (unsigned long i = 0; r && i < times; i++) {
		struct packet *p = fakenet_take_media(w->net, r->index, &to);
		const struct packet *other = fakenet_left_media(w->net);
		if (!p)
			return fail(w, "no media reached %s%s%s", addr_text(&to),
				    other ? "; but some went to " : "", other ? addr_text(&other->to) : "");
		size_t len = !strcmp(s->word[1], "stun") ? make_stun(&to, want)
							   : make(s, s->word[1], (uint16_t)(seq + i), want);
		int err = differs(w, p, want, len, seq + i);
		if (!err && p->from.port != strtoul(s->word[4], NULL, 10))
			err = fail(w, "media to %s left from %s: wanted port %s", addr_text(&to),
				   addr_text(&p->from), s->word[4]);
		free(p);
		if (err)
			return -1;
	}
	return r ? 0 : -1;
}
