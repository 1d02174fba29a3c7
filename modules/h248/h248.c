#include "h248.h"

#include <errno.h>

#include "frame.h"

bool h248_is_access(const struct h248 *h, const struct pn_realm *r)
{
	return h->svc->realm_info(r)->side == PN_ACCESS;
}

struct pn_addr h248_own(const struct h248 *h, uint64_t flow)
{
	struct pn_flow_info info = { .size = sizeof(info) };

	if (h->svc->flow_info(h->host, flow, &info))
		return (struct pn_addr){ 0 };
	return info.local;
}

int h248_send(struct h248 *h, uint64_t flow, const struct pn_addr *to, size_t len)
{
	struct pn_flow_info info = { .size = sizeof(info) };
	int err = h->svc->flow_info(h->host, flow, &info);

	if (err)
		return err;
	if (info.transport == PN_UDP)
		return len > H248_DATAGRAM
			       ? -EMSGSIZE
			       : h->svc->flow_send(h->host, flow, to, h->out + H248_TPKT, len);
	if (frame_write(h->out, len))
		return -EMSGSIZE;
	return h->svc->flow_send(h->host, flow, to, h->out, len + H248_TPKT);
}

uint64_t h248_print(const void *p, size_t len)
{
	const uint8_t *b = p;
	uint64_t v = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		v = (v ^ b[i]) * 0x100000001b3u;
	return v;
}
