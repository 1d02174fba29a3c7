#include "sip.h"

#include <string.h>

void sip_token(struct sip *sip, char out[SIP_TOKEN_LEN + 1])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t raw[SIP_TOKEN_LEN];

	sip->svc->random(raw, sizeof(raw));
	for (size_t i = 0; i < SIP_TOKEN_LEN; i++)
		out[i] = letters[raw[i] & 31];
	out[SIP_TOKEN_LEN] = '\0';
}

const char *sip_own(struct sip *sip, uint64_t flow, char out[SIP_ADDR_LEN])
{
	struct pn_flow_info info = { .size = sizeof(info) };

	out[0] = '\0';
	if (!sip->svc->flow_info(sip->host, flow, &info))
		sip->svc->addr_print(&info.local, out, SIP_ADDR_LEN);
	return out;
}

bool sip_host_addr(struct sip *sip, struct pn_str host, uint16_t port, struct pn_addr *out)
{
	struct pn_addr a;

	if (!host.len || sip->svc->addr_parse(host, &a))
		return false;
	a.port = port ? port : SIP_PORT;
	*out = a;
	return true;
}

bool sip_uri_own(struct sip *sip, struct pn_realm *r, const struct sip_uri *u)
{
	struct pn_addr a;

	return u->sip && sip_host_addr(sip, u->host, u->port, &a) &&
	       sip->svc->addr_own(sip->host, r, &a);
}

bool sip_is_access(struct sip *sip, struct pn_realm *r)
{
	return sip->svc->realm_info(r)->side == PN_ACCESS;
}

const char *sip_realm_name(struct sip *sip, struct pn_realm *r)
{
	return sip->svc->realm_info(r)->name;
}

void sip_reap_later(struct sip *sip)
{
	sip->svc->timer_start(sip->reaper, 0);
}

uint64_t sip_hash(const struct sip *sip, const void *p, size_t len)
{
	const uint8_t *b = p;
	uint64_t h = 0xcbf29ce484222325u ^ sip->salt;

	for (size_t i = 0; i < len; i++)
		h = (h ^ b[i]) * 0x100000001b3u;
	return h;
}
