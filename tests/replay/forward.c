#include "rig.h"

#include <stdio.h>
#include <string.h>

static uint8_t bare_in[2 * CAPTURED_MAX], bare_out[2 * CAPTURED_MAX];

static bool in_address(const struct captured *m, size_t at)
{
	for (size_t i = 0; i < m->n; i++)
		if (at >= m->span[i].at && at < m->span[i].at + (m->span[i].family == 4 ? 6u : 18u))
			return true;
	return false;
}

/* The same octets but for those of addresses. */
static bool same_but_addresses(const struct captured *a, const struct captured *b)
{
	if (a->len != b->len || a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->span[i].at != b->span[i].at || a->span[i].family != b->span[i].family)
			return false;
	for (size_t at = 0; at < a->len; at++)
		if (a->data[at] != b->data[at] && !in_address(a, at))
			return false;
	return true;
}

static int compare(struct rig *r, const struct captured *in, const struct captured *out)
{
	long n, m;

	if (same_but_addresses(in, out))
		return 0;
	n = captured_bare(in, bare_in, sizeof(bare_in));
	m = captured_bare(out, bare_out, sizeof(bare_out));
	if (n < 0 || n != m || memcmp(bare_in, bare_out, (size_t)n))
		return fail(r, "more changed than addresses and features (%zu octets, now %zu)", in->len, out->len);
	return 0;
}

/* Addresses of hosts that `to` must not see: those of the other side, and other terminals. */
static int check_leaks(struct rig *r, const struct actor *to, const struct captured *m)
{
	for (size_t i = 0; i < r->n_hosts; i++) {
		const struct actor *h = &r->host[i];
		const struct pn_addr *secret[CLAIMS_MAX + 2] = { &h->ip, &h->public };
		bool shared = false; /* two private networks may use the same addresses */

		for (size_t j = 0; j < h->n_claims; j++)
			secret[j + 2] = &h->claim[j];
		for (size_t j = 0; h != to && (h->terminal || to->terminal) && j < h->n_claims + 2; j++) {
			for (size_t k = 0; k < to->n_claims; k++)
				shared = shared || addr_same_ip(&to->claim[k], secret[j]);
			if (!shared && memmem(m->data, m->len, secret[j]->ip, 4))
				return fail(r, "an address of %s is in it: %s", addr_text(&h->ip), addr_text(secret[j]));
		}
	}
	return 0;
}

static bool has_h245(const struct captured *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->span[i].h245)
			return true;
	return false;
}

static bool is_own(const struct actor *h, const struct pn_addr *a)
{
	bool own = addr_same_ip(a, &h->ip);

	for (size_t i = 0; i < h->n_claims; i++)
		own = own || addr_same_ip(a, &h->claim[i]);
	return own;
}

static int learn(struct rig *r, struct actor *to, const struct captured *captured, const struct captured *out)
{
	bool h245 = has_h245(out);
	size_t at = 0;

	for (size_t i = 0; i < captured->n; i++) {
		struct pn_addr was = captured_get(captured, i), is;

		if (captured->span[i].h245 && !h245)
			continue;
		if (at == out->n)
			return fail(r, "an address is missing: %s", addr_text(&was));
		is = captured_get(out, at++);
		if (captured->span[i].media && is_own(to, &was) && !addr_eq(&was, &is))
			return fail(r, "its own %s comes back as %s", addr_text(&was), addr_text(&is));
		if (!addr_eq(&was, &is) && host_show(to, &was, &is, shown_kind(&captured->span[i])))
			return fail(r, "too many addresses");
	}
	return at == out->n ? 0 : fail(r, "more addresses than there were");
}

int forward_same(struct rig *r, const struct actor *to, const struct captured *in, const struct captured *out)
{
	int err = compare(r, in, out);

	return err ? err : check_leaks(r, to, out);
}

int forward_check(struct rig *r, struct actor *to, const struct captured *captured, const struct captured *in,
		  const uint8_t *data, size_t len)
{
	static struct captured out;
	int err = captured_read(&out, in->kind, data, len);

	if (err)
		return fail(r, "what was sent does not decode");
	r->messages++;
	err = forward_same(r, to, in, &out);
	return err ? err : learn(r, to, captured, &out);
}

void forward_say(struct rig *r, const struct actor *from, struct captured *m)
{
	for (size_t i = 0; i < m->n; i++) {
		struct pn_addr a = captured_get(m, i), here;

		if (rig_knows(r, from, &a, &here))
			captured_set(m, i, &here);
	}
}
