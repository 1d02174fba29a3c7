#include "addr.h"
#include "sdp_doc.h"
#include <errno.h>
#include <string.h>

struct check {
	const struct pn_media *hidden, *adv;
	size_t n_hidden, n_adv;
};

/* An IPv4 address written as ::ffff:a.b.c.d is that address all the same. */
static struct pn_addr plain(const struct pn_addr *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct pn_addr v4 = { .family = 4 };

	if (a->family != 6 || memcmp(a->ip, mapped, sizeof(mapped)))
		return *a;
	memcpy(v4.ip, a->ip + 12, 4);
	return v4;
}

static bool shows(const struct pn_media *list, size_t n, const struct pn_addr *ip)
{
	for (size_t i = 0; i < n; i++) {
		struct pn_addr rtp = plain(&list[i].rtp), rtcp = plain(&list[i].rtcp);

		if (addr_same_ip(&rtp, ip) || addr_same_ip(&rtcp, ip))
			return true;
	}
	return false;
}

static bool leaks(const struct check *k, const struct pn_addr *a)
{
	struct pn_addr ip = plain(a);

	if (!ip.family || sdp_unspecified(&ip))
		return false;
	return shows(k->hidden, k->n_hidden, &ip) && !shows(k->adv, k->n_adv, &ip);
}

/* Any word of a candidate line may be an address: that of the candidate, of its base, of a relay. */
static bool line_leaks(const struct check *k, const char *text, struct sdp_span s)
{
	struct sdp_span word;
	struct pn_addr a;

	while (sdp_word(text, &s, &word))
		if (!addr_parse((struct pn_str){ text + word.at, word.len }, &a) && leaks(k, &a))
			return true;
	return false;
}

static bool lines_leak(const struct check *k, const char *text, struct sdp_span s)
{
	uint32_t pos = s.at;
	struct sdp_line l;

	while (sdp_line_next(text, s.at + s.len, &pos, &l))
		if (line_leaks(k, text, l.value))
			return true;
	return false;
}

/* What a foreign medium says of itself passes untouched, so it is not looked at. */
static bool is_foreign(const struct sdp_doc *d, const struct sdp_field *f)
{
	if (f->what != SDP_CONNECTION && f->what != SDP_RTCP)
		return false;
	return f->media == SDP_NONE ? sdp_block_foreign(d, f->block) : d->media[f->media].foreign;
}

int sdp_check(const void *text, size_t len, const struct pn_media *hidden, size_t n_hidden,
	      const struct pn_media *adv, size_t n_adv)
{
	struct check k = { hidden, adv, n_hidden, n_adv };
	struct sdp_doc d;
	int err = sdp_read(text, len, &d);

	for (size_t i = 0; !err && i < d.n_fields; i++) {
		const struct sdp_field *f = &d.field[i];
		bool leak = f->what == SDP_DROP ? lines_leak(&k, text, f->line) :
						  leaks(&k, &f->conn.addr);

		if (leak && !is_foreign(&d, f))
			err = -EPERM;
	}
	return err;
}
