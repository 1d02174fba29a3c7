#include "rig.h"

#include <stdlib.h>
#include <string.h>

#define TERMINAL_PORT 45000u /* it sends from another port than it named: some do, and a NAT gives it another */

static void talk(struct rig *r, const struct actor *from, const struct pn_addr *at, const struct pn_addr *to,
		 enum shown_kind kind)
{
	uint8_t rtp[12 + 160] = { 0x80, 8, 0, 1 }, rtcp[8] = { 0x80, 201, 0, 1 }, *p = kind == SHOWN_RTP ? rtp : rtcp;

	memcpy(p + (kind == SHOWN_RTP ? 8 : 4), from->public.ip, 4); /* an SSRC of its own */
	memset(rtp + 12, 0xd5, 160);
	relay_input(r->core->relay, from->realm, to, at, p, kind == SHOWN_RTP ? sizeof(rtp) : sizeof(rtcp));
}

/* What stands at the core side in place of the terminal's own address of this stream: the port that its packet left by. */
static bool declared_by_terminal(struct rig *r, const struct actor *terminal, const struct pn_addr *ours, struct pn_addr *out)
{
	for (size_t i = 0; i < r->n_hosts; i++)
		for (size_t j = 0; !r->host[i].terminal && j < r->host[i].n_shown; j++) {
			const struct shown *s = &r->host[i].shown[j];

			if (s->kind && addr_eq(&s->here, ours)) {
				*out = host_at(terminal, &s->captured);
				return true;
			}
		}
	return false;
}

/* At the port that it sent from where it is behind a NAT, else at the one that it declared. */
static int arrived(struct rig *r, const struct actor *at, const struct pn_addr *sent_from, uint16_t declared,
		   const struct pn_addr *ours)
{
	struct pn_addr to = *sent_from;
	struct packet *p;
	bool right;

	if (!at->natted)
		to.port = declared;
	p = fakenet_take_media(r->net, at->realm, &to);
	right = p && addr_eq(&p->from, ours);
	free(p);
	if (!right && fakenet_left_media(r->net))
		return fail(r, "media to %s went to %s", addr_text(&to), addr_text(&fakenet_left_media(r->net)->to));
	return right ? 0 : fail(r, "media to %s does not arrive", addr_text(&to));
}

/* RTP or RTCP of one stream: from the terminal, then back. */
static int both_ways(struct rig *r, struct actor *terminal, const struct shown *s, unsigned n)
{
	struct pn_addr from = terminal->public, back, ours;
	struct actor *peer = rig_host(r, &s->captured);
	struct packet *p;

	from.port = (uint16_t)(TERMINAL_PORT + n);
	talk(r, terminal, &from, &s->here, s->kind);
	p = fakenet_take_media(r->net, peer->realm, &s->captured);
	if (!p)
		return fail(r, "media to %s does not arrive", addr_text(&s->captured));
	ours = p->from;
	free(p);
	if (!declared_by_terminal(r, terminal, &ours, &back))
		return fail(r, "media comes from %s, which nobody was shown", addr_text(&ours));
	talk(r, peer, &s->captured, &ours, s->kind);
	if (arrived(r, terminal, &from, back.port, &s->here))
		return -1;
	r->flows += s->kind == SHOWN_RTP;
	return 0;
}

/* Both ends are terminals here: the stream of one meets that of the other within Postern, and both are known by their
 * packets alone. */
static int across(struct rig *r, struct actor *terminal, const struct shown *s, struct actor *peer,
		  const struct shown *theirs)
{
	struct pn_addr from = terminal->public, to = peer->public;
	uint16_t declared[2] = { theirs->captured.port, s->captured.port };

	if (r->zone) { /* the gatekeeper of the capture may have shown its own */
		declared[0] = terminal->rtp_port;
		declared[1] = peer->rtp_port;
	}
	from.port = to.port = TERMINAL_PORT;
	talk(r, peer, &to, &theirs->here, SHOWN_RTP);
	talk(r, terminal, &from, &s->here, SHOWN_RTP);
	fakenet_flush_media(r->net);
	talk(r, terminal, &from, &s->here, SHOWN_RTP);
	talk(r, peer, &to, &theirs->here, SHOWN_RTP);
	if (arrived(r, peer, &to, declared[1], &theirs->here) ||
	    arrived(r, terminal, &from, declared[0], &s->here))
		return -1;
	r->flows++;
	return 0;
}

/* The RTP address that it was shown in place of one at this IP, or of any. */
static const struct shown *rtp_shown(const struct actor *h, const struct pn_addr *ip)
{
	for (size_t i = 0; i < h->n_shown; i++)
		if (h->shown[i].kind == SHOWN_RTP && (!ip || addr_same_ip(&h->shown[i].captured, ip)))
			return &h->shown[i];
	return NULL;
}

static unsigned rtcp_for(const struct actor *h, const struct pn_addr *here)
{
	unsigned n = 0;

	for (size_t i = 0; i < h->n_shown; i++)
		n += h->shown[i].kind == SHOWN_RTCP && addr_eq(&h->shown[i].here, here);
	return n;
}

/* ooh323c names two RTCP addresses for one stream, and has a socket at neither: who does so is left out. */
static bool ambiguous(const struct rig *r)
{
	for (size_t i = 0; i < r->n_hosts; i++)
		for (size_t j = 0; j < r->host[i].n_shown; j++)
			if (rtcp_for(&r->host[i], &r->host[i].shown[j].here) > 1)
				return true;
	return false;
}

int media_check(struct rig *r, struct actor *terminal)
{
	unsigned n = 0;
	int err = 0;

	for (size_t i = 0; !err && i < terminal->n_shown; i++) {
		const struct shown *s = &terminal->shown[i];
		struct actor *peer = rig_host(r, &s->captured);

		if (!s->kind || !peer || peer == terminal || 
		    (s->kind == SHOWN_RTCP && (peer->terminal || ambiguous(r))))
			continue;
		if (!peer->terminal)
			err = both_ways(r, terminal, s, n);
		else if (!rtp_shown(peer, &terminal->ip))
			err = fail(r, "no medium was shown to %s", addr_text(&peer->ip));
		else if (!peer->released) /* else it was looked at when that one hung up */
			err = across(r, terminal, s, peer, rtp_shown(peer, &terminal->ip));
		n++;
	}
	fakenet_flush_media(r->net);
	return err || n ? err : fail(r, "no medium was shown to %s", addr_text(&terminal->ip));
}

int media_check_zone(struct rig *r, struct actor *terminal)
{
	struct actor *peer = NULL;
	int err;

	for (size_t i = 0; i < r->n_hosts; i++)
		if (r->host[i].terminal && &r->host[i] != terminal)
			peer = &r->host[i];
	if (!peer || !rtp_shown(terminal, NULL) || !rtp_shown(peer, NULL))
		return fail(r, "no medium was shown to both");
	err = across(r, terminal, rtp_shown(terminal, NULL), peer, rtp_shown(peer, NULL));
	fakenet_flush_media(r->net);
	return err;
}
