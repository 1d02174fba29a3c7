#include "call.h"

int calls_init(struct h323 *h)
{
	(void)h;
	return 0;
}

void calls_free(struct h323 *h)
{
	(void)h;
}

size_t calls_count(const struct h323 *h)
{
	(void)h;
	return 0;
}

void calls_receive(struct h323 *h, const struct pn_msg *m)
{
	h->svc->flow_close(h->host, m->flow);
}

void calls_flow_open(struct h323 *h, const struct pn_flow_info *f)
{
	(void)h;
	(void)f;
}

void calls_flow_closed(struct h323 *h, uint64_t flow, int err)
{
	(void)h;
	(void)flow;
	(void)err;
}

void calls_rewrite(struct h323 *h, const struct pn_media_reply *r)
{
	(void)h;
	(void)r;
}

void calls_timeout(struct h323 *h, struct pn_session *s, enum pn_timeout what)
{
	(void)what;
	h->svc->session_end(s, PN_END_FAILED, 0);
}

void calls_session_free(struct h323 *h, struct pn_session *s, void *data)
{
	(void)h;
	(void)s;
	(void)data;
}

void calls_terminal_gone(struct h323 *h, const struct h323_terminal *t)
{
	(void)h;
	(void)t;
}
