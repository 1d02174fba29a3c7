#include "sip_fake_parts.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EDITS_MAX 1024u

struct pn_edits {
	struct fake_edit e[EDITS_MAX];
	size_t n;
};

/* SDP: IPv4 c= of the session and ports of m=, which is all that the tests show it. */

static const char *line_end(const char *p, const char *end)
{
	const char *eol = memchr(p, '\n', (size_t)(end - p));

	return eol ? eol + 1 : end;
}

static int f_sdp_scan(const void *text, size_t len, struct pn_media *list, size_t cap)
{
	const char *p = text, *end = p + len;
	struct pn_addr session = { 0 };
	size_t n = 0;

	if (len < 4 || memcmp(p, "v=0", 3) != 0)
		return -EBADMSG;
	for (; p < end; p = line_end(p, end)) {
		char line[256] = "", ip[64], media[32];
		unsigned port;

		snprintf(line, sizeof(line), "%.*s", (int)(line_end(p, end) - p), p);
		if (sscanf(line, "c=IN IP4 %60s", ip) == 1)
			session = fake_address(ip, 0);
		if (sscanf(line, "m=%30s %u", media, &port) != 2)
			continue;
		if (n == cap)
			return -E2BIG;
		list[n] = (struct pn_media){ .size = sizeof(*list),
					     .kind = PN_AUDIO,
					     .flags = PN_MEDIA_RTP };
		list[n].flags |= port ? 0 : PN_MEDIA_CLOSED;
		list[n].rtp = session;
		list[n++].rtp.port = (uint16_t)port;
	}
	return (int)n;
}

static int f_edit(struct pn_edits *e, size_t at, size_t len, const void *text, size_t text_len)
{
	struct fake_edit *x = &e->e[e->n];

	if (e->n == EDITS_MAX)
		return -ENOBUFS;
	*x = (struct fake_edit){ at, len, malloc(text_len + 1), text_len };
	if (text_len)
		memcpy(x->text, text, text_len);
	x->text[text_len] = '\0';
	e->n++;
	return 0;
}

static int f_sdp_write(const void *text, size_t len, const struct pn_media *adv, size_t n,
		       const struct pn_sdp_policy *policy, struct pn_edits *e, size_t base)
{
	const char *start = text, *p = start, *end = p + len;
	char ip[64], out[32];
	size_t i = 0;

	(void)policy;
	for (; p < end; p = line_end(p, end)) {
		const char *eol = line_end(p, end), *sp = memchr(p, ' ', (size_t)(eol - p)), *sp2,
			   *in;

		while (eol > p && (eol[-1] == '\r' || eol[-1] == '\n'))
			eol--;
		in = n && (*p == 'c' || *p == 'o') ? memmem(p, (size_t)(eol - p), "IN IP4 ", 7)
						   : NULL;
		if (in) {
			struct pn_addr a = adv[0].rtp;

			a.port = 0;
			fake_addr_print(&a, ip, sizeof(ip));
			f_edit(e, base + (size_t)(in + 7 - start), (size_t)(eol - in - 7), ip,
			       strlen(ip));
		}
		if (p + 2 > end || memcmp(p, "m=", 2) != 0 || !sp)
			continue;
		if (i == n)
			return -EINVAL;
		sp2 = memchr(sp + 1, ' ', (size_t)(eol - sp - 1));
		snprintf(out, sizeof(out), "%u", adv[i].rtp.port);
		f_edit(e, base + (size_t)(sp + 1 - start), (size_t)((sp2 ? sp2 : eol) - sp - 1),
		       out, strlen(out));
		i++;
	}
	return i == n ? 0 : -EINVAL;
}

static int f_sdp_check(const void *text, size_t len, const struct pn_media *hidden, size_t n_hidden,
		       const struct pn_media *adv, size_t n_adv)
{
	struct pn_media now[64];
	int n = f_sdp_scan(text, len, now, 64);

	for (int i = 0; i < n && (size_t)i < n_hidden && (size_t)i < n_adv; i++)
		if (!fake_same_ip(&adv[i].rtp, &hidden[i].rtp) && hidden[i].rtp.family &&
		    !(hidden[i].flags & PN_MEDIA_CLOSED) &&
		    fake_same_ip(&now[i].rtp, &hidden[i].rtp))
			return -EPERM;
	return n < 0 ? n : 0;
}

static struct pn_edits *f_edits_new(struct pn_host *h)
{
	(void)h;
	return calloc(1, sizeof(struct pn_edits));
}

static long f_edits_delta(const struct pn_edits *e, size_t from, size_t to)
{
	long d = 0;

	for (size_t i = 0; i < e->n; i++)
		if (e->e[i].at >= from && e->e[i].at < to)
			d += (long)e->e[i].text_len - (long)e->e[i].len;
	return d;
}

static int by_place(const void *a, const void *b)
{
	const struct fake_edit *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

void fake_edits_reset(void)
{
	for (size_t i = 0; i < fake.n_edits; i++)
		free(fake.edits[i].text);
	free(fake.edits);
	fake.edits = NULL;
	fake.n_edits = 0;
}

static void keep_edits(struct pn_edits *e)
{
	fake_edits_reset();
	fake.edits = calloc(e->n + 1, sizeof(*fake.edits));
	memcpy(fake.edits, e->e, e->n * sizeof(*fake.edits));
	fake.n_edits = e->n;
	e->n = 0;
}

static long f_edits_apply(const struct pn_edits *list, const void *in, size_t len, void *out,
			  size_t cap)
{
	struct pn_edits *e = (struct pn_edits *)list;
	const char *from = in;
	char *to = out;
	size_t at = 0, n = 0;

	qsort(e->e, e->n, sizeof(e->e[0]), by_place);
	for (size_t i = 0; i <= e->n; i++) {
		size_t next = i < e->n ? e->e[i].at : len, text = i < e->n ? e->e[i].text_len : 0;

		if (next < at || next > len)
			return -EINVAL;
		if (n + (next - at) + text > cap)
			return -ENOBUFS;
		memcpy(to + n, from + at, next - at);
		n += next - at;
		if (i == e->n)
			break;
		memcpy(to + n, e->e[i].text, text);
		n += text;
		at = next + e->e[i].len;
	}
	keep_edits(e);
	return (long)n;
}

static void f_edits_free(struct pn_edits *e)
{
	for (size_t i = 0; e && i < e->n; i++)
		free(e->e[i].text);
	free(e);
}

void fake_text_services(struct pn_services *s)
{
	s->sdp_scan = f_sdp_scan;
	s->sdp_write = f_sdp_write;
	s->sdp_check = f_sdp_check;
	s->edits_new = f_edits_new;
	s->edit = f_edit;
	s->edits_delta = f_edits_delta;
	s->edits_apply = f_edits_apply;
	s->edits_free = f_edits_free;
}
