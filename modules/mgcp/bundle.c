#include "bundle.h"

#include <stdlib.h>
#include <string.h>

#include "common/addr.h"

struct mgcp_bundle {
	struct mgcp *g;
	bool open;              /* messages are still being handled */
	struct pn_addr answers; /* family 0: none */
	size_t n;
	struct mgcp_part part[];
};

struct mgcp_bundle *bundle_new(struct mgcp *g, size_t n)
{
	struct mgcp_bundle *b = calloc(1, sizeof(*b) + n * sizeof(b->part[0]));

	if (!b)
		return NULL;
	b->g = g;
	b->open = true;
	b->n = n;
	for (size_t i = 0; i < n; i++)
		b->part[i].bundle = b;
	return b;
}

struct mgcp_part *bundle_part(struct mgcp_bundle *b, size_t i)
{
	return &b->part[i];
}

void bundle_answers(struct mgcp_bundle *b, const struct pn_addr *to)
{
	b->answers = *to;
}

const struct pn_addr *part_beside(const struct mgcp_part *p)
{
	return p->bundle->answers.family ? &p->bundle->answers : NULL;
}

/* Takes what goes the same way as the first part into one text. */
static void join(struct mgcp_bundle *b, size_t first, struct text *out)
{
	const struct mgcp_part *head = &b->part[first];

	for (size_t i = first; i < b->n; i++) {
		struct mgcp_part *p = &b->part[i];

		if (!p->text || p->sent || p->flow != head->flow || !addr_same(&p->to, &head->to))
			continue;
		if (out->len) {
			if (out->p[out->len - 1] != '\n')
				text_put(out, "\r\n");
			text_put(out, ".\r\n");
		}
		text_add(out, (struct pn_str){ p->text, p->len });
		p->sent = true;
	}
}

static void send_parts(struct mgcp_bundle *b)
{
	const struct pn_services *svc = b->g->svc;

	for (size_t i = 0; i < b->n; i++) {
		struct mgcp_part *p = &b->part[i];
		struct text all = { 0 };
		int err;

		if (!p->text || p->sent)
			continue;
		join(b, i, &all);
		err = all.failed ? -1 : svc->flow_send(b->g->host, p->flow, &p->to, all.p, all.len);
		if (err)
			svc->log(b->g->host, PN_LOG_DEBUG, "message not sent: %s",
				 all.failed ? "too long" : strerror(-err));
		text_free(&all);
	}
}

static void settle(struct mgcp_bundle *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->open || b->part[i].waiting)
			return;
	send_parts(b);
	for (size_t i = 0; i < b->n; i++)
		free(b->part[i].text);
	free(b);
}

void bundle_done(struct mgcp_bundle *b)
{
	b->open = false;
	settle(b);
}

void part_send(struct mgcp_part *p, uint64_t flow, const struct pn_addr *to, struct pn_str text)
{
	free(p->text);
	p->text = malloc(text.len);
	p->len = p->text ? text.len : 0;
	if (p->text)
		memcpy(p->text, text.p, text.len);
	p->flow = flow;
	p->to = *to;
	p->waiting = false;
	settle(p->bundle);
}

void part_wait(struct mgcp_part *p)
{
	p->waiting = true;
}

void part_drop(struct mgcp_part *p)
{
	p->waiting = false;
	settle(p->bundle);
}
