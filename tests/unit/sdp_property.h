/* What must hold of any text that sdp_scan reads: writing new addresses and scanning again gives those
 * addresses, nothing else changed, and the check finds nothing left. For the property test and the
 * fuzzer; knows of sdp.c only what sdp.h says. */
#ifndef TESTS_SDP_PROPERTY_H
#define TESTS_SDP_PROPERTY_H

#include "addr.h"
#include "sdp.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct sdp_case {
	const char *in;
	size_t in_len;
	char *out;
	size_t out_len;
	struct pn_media was[SDP_MEDIA_MAX], adv[SDP_MEDIA_MAX + 1], now[SDP_MEDIA_MAX];
	int n;
	uint32_t random;
};

static inline unsigned sdp_case_random(struct sdp_case *c, unsigned n)
{
	c->random = c->random * 1664525u + 1013904223u;
	return (c->random >> 8) % n;
}

static inline struct pn_addr sdp_case_addr(struct sdp_case *c)
{
	struct pn_addr a = { .family = 4, .ip = { 203, 0, 113, 0 } };

	if (!sdp_case_random(c, 3))
		a = (struct pn_addr){ .family = 6, .ip = { 0x20, 1, 0xd, 0xb8, 0xff, 0xff } };
	a.ip[a.family == 4 ? 3 : 15] = (uint8_t)(1 + sdp_case_random(c, 3));
	a.port = (uint16_t)(1024 + 2 * sdp_case_random(c, 32000));
	return a;
}

static inline void sdp_case_advertise(struct sdp_case *c, int i)
{
	const struct pn_media *was = &c->was[i];
	struct pn_media *adv = &c->adv[i];

	*adv = (struct pn_media){ .size = sizeof(*adv), .kind = was->kind, .flags = was->flags };
	if (was->flags & (PN_MEDIA_FOREIGN | PN_MEDIA_CLOSED))
		return;
	if (was->flags & PN_MEDIA_WILDCARD && sdp_case_random(c, 2))
		return;
	adv->flags &= ~PN_MEDIA_WILDCARD;
	if (!sdp_case_random(c, 6)) {
		adv->flags |= PN_MEDIA_CLOSED;
		return;
	}
	adv->rtp = sdp_case_addr(c);
	if (!(was->flags & PN_MEDIA_RTP) || sdp_case_random(c, 3))
		return;
	adv->rtcp = sdp_case_random(c, 3) ? adv->rtp : sdp_case_addr(c);
	adv->rtcp.port = (uint16_t)(adv->rtp.port + sdp_case_random(c, 3));
}

/* ---- what was to change ---- */

static inline const char *sdp_case_media(const struct pn_media *was, const struct pn_media *adv,
					 const struct pn_media *now)
{
	struct pn_addr rtcp = now->rtcp.family ? now->rtcp : now->rtp;
	unsigned moved = PN_MEDIA_CLOSED | PN_MEDIA_HOLD | PN_MEDIA_WILDCARD;

	if (now->kind != was->kind)
		return "kind";
	if ((now->flags & moved) != (adv->flags & moved & ~(adv->flags & PN_MEDIA_CLOSED ?
							   PN_MEDIA_HOLD | PN_MEDIA_WILDCARD : 0)))
		return "flags";
	if ((now->flags ^ was->flags) & (PN_MEDIA_RTP | PN_MEDIA_FOREIGN | PN_MEDIA_RTCP_MUX))
		return "flags that are not to change";
	if (adv->flags & PN_MEDIA_FOREIGN)
		return memcmp(&now->rtp, &was->rtp, sizeof(now->rtp)) ? "foreign" : NULL;
	if (!adv->rtp.family)
		return now->rtp.family ? "address where none was to be" : NULL;
	if (now->rtp.port != adv->rtp.port)
		return "port";
	if (now->flags & PN_MEDIA_HOLD)
		return now->rtp.family == adv->rtp.family ? NULL : "family of hold";
	if (!addr_eq(&now->rtp, &adv->rtp))
		return "address";
	if (!now->rtcp.family && !(adv->flags & PN_MEDIA_RTCP_MUX && addr_eq(&adv->rtp, &adv->rtcp)))
		rtcp.port++;
	return adv->rtcp.family && !addr_eq(&rtcp, &adv->rtcp) ? "rtcp" : NULL;
}

/* ---- what was not ---- */

static inline bool sdp_case_starts(const char *p, size_t len, const char *with)
{
	return len >= strlen(with) && !strncasecmp(p, with, strlen(with));
}

/* Lines that may change, come and go. */
static inline bool sdp_case_touched(const char *p, size_t len)
{
	static const char *const name[] = { "rtcp", "candidate", "remote-candidates",
					    "end-of-candidates", "ice-", "alt", "altc", "x-nat",
					    "bundle-only", "source-filter", "group" };

	if (len >= 2 && p[1] == '=' && (p[0] == 'c' || p[0] == 'o'))
		return true;
	if (!sdp_case_starts(p, len, "a="))
		return false;
	for (p += 2, len -= 2; len && (*p == ' ' || *p == '\t'); p++)
		len--;
	for (size_t i = 0; i < sizeof(name) / sizeof(*name); i++)
		if (sdp_case_starts(p, len, name[i]))
			return true;
	return false;
}

struct sdp_case_cursor {
	const char *p, *end;
	const char *line;
	size_t len;
};

/* The next line that must be the same; its line end is left out. */
static inline bool sdp_case_line(struct sdp_case_cursor *c)
{
	while (c->p < c->end) {
		const char *from = c->p;

		while (c->p < c->end && *c->p != '\r' && *c->p != '\n')
			c->p++;
		c->line = from;
		while (c->line < c->p && (*c->line == ' ' || *c->line == '\t'))
			c->line++;
		c->len = (size_t)(c->p - c->line);
		if (c->p < c->end)
			c->p++;
		if (c->len && !sdp_case_touched(c->line, c->len))
			return true;
	}
	return false;
}

/* Cuts the port out of an m-line: what stands before and behind it. */
static inline void sdp_case_split(const struct sdp_case_cursor *c, size_t *head, size_t *tail)
{
	size_t at = 2;

	for (int word = 0; word < 2; word++) {
		while (at < c->len && (c->line[at] == ' ' || c->line[at] == '\t'))
			at++;
		*head = at;
		while (at < c->len && c->line[at] != ' ' && c->line[at] != '\t')
			at++;
	}
	*tail = at;
}

static inline bool sdp_case_same_line(const struct sdp_case_cursor *a,
				      const struct sdp_case_cursor *b)
{
	size_t head[2] = { 0 }, tail[2] = { 0 };

	if (sdp_case_starts(a->line, a->len, "m=") && sdp_case_starts(b->line, b->len, "m=")) {
		sdp_case_split(a, &head[0], &tail[0]);
		sdp_case_split(b, &head[1], &tail[1]);
	}
	return head[0] == head[1] && !memcmp(a->line, b->line, head[0]) &&
	       a->len - tail[0] == b->len - tail[1] &&
	       !memcmp(a->line + tail[0], b->line + tail[1], a->len - tail[0]);
}

static inline bool sdp_case_rest_same(const struct sdp_case *c)
{
	struct sdp_case_cursor a = { c->in, c->in + c->in_len, NULL, 0 };
	struct sdp_case_cursor b = { c->out, c->out + c->out_len, NULL, 0 };

	for (;;) {
		bool more_a = sdp_case_line(&a), more_b = sdp_case_line(&b);

		if (!more_a || !more_b)
			return more_a == more_b;
		if (!sdp_case_same_line(&a, &b))
			return false;
	}
}

/* ---- all ---- */

static inline const char *sdp_case_judge(struct sdp_case *c, const struct pn_addr *origin)
{
	int n = sdp_scan(c->out, c->out_len, c->now, SDP_MEDIA_MAX);
	const char *why;

	if (n != c->n)
		return n < 0 ? "not readable afterwards" : "number of m-lines";
	for (int i = 0; i < n; i++) {
		why = sdp_case_media(&c->was[i], &c->adv[i], &c->now[i]);
		if (why)
			return why;
	}
	if (!sdp_case_rest_same(c))
		return "bytes that were not to change";
	c->adv[n] = (struct pn_media){ .rtp = *origin };
	n = sdp_check(c->out, c->out_len, c->was, (size_t)c->n, c->adv, (size_t)c->n + 1);
	return n ? "the check refuses" : NULL;
}

/* NULL: it holds, or the text is none. *out is what was written (free it), for the message. */
static inline const char *sdp_property(const char *in, size_t len, uint32_t seed, char **out)
{
	struct sdp_case *c = calloc(1, sizeof(*c));
	struct pn_sdp_policy policy = { .size = sizeof(policy) };
	struct pn_edits *e = edits_new();
	size_t cap = len + 65536;
	const char *why = NULL;
	long n;

	c->in = in;
	c->in_len = len;
	c->random = seed;
	c->out = *out = calloc(1, cap + 1);
	c->n = sdp_scan(in, len, c->was, SDP_MEDIA_MAX);
	if (c->n < 0)
		goto done;
	policy.origin = sdp_case_addr(c);
	for (int i = 0; i < c->n; i++)
		sdp_case_advertise(c, i);
	n = sdp_write(in, len, c->adv, (size_t)c->n, &policy, e, 0);
	if (n == -ENOBUFS) /* more edits than a message may have */
		goto done;
	why = "write refuses";
	if (n)
		goto done;
	n = edits_apply(e, in, len, c->out, cap);
	why = "edits refuse";
	if (n < 0)
		goto done;
	why = "delta";
	if (edits_delta(e, 0, len) != n - (long)len)
		goto done;
	c->out_len = (size_t)n;
	why = c->out_len > SDP_TEXT_MAX ? NULL : sdp_case_judge(c, &policy.origin);
done:
	edits_free(e);
	free(c);
	return why;
}

#endif
