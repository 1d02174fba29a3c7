#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "text_msg.h"

struct writer {
	const struct msg *m;
	char *out;
	size_t cap, n;
	uint32_t from; /* what was copied so far */
	bool full;
};

static void put(struct writer *w, const char *p, size_t len)
{
	if (w->full || len > w->cap - w->n) {
		w->full = true;
		return;
	}
	memcpy(w->out + w->n, p, len);
	w->n += len;
}

static void copy_to(struct writer *w, uint32_t at)
{
	put(w, w->m->data + w->from, at - w->from);
	w->from = at;
}

/* "1-3,77,5" */
static void put_runs(struct writer *w, const struct msg_item *i)
{
	char text[2 * MID_TEXT_MAX];

	for (uint32_t k = 0; k < i->n_runs; k++) {
		const struct msg_run *run = &i->put_run[k];
		int n = snprintf(text, sizeof(text), run->first == run->last ? "%s%u" : "%s%u-%u",
				 k ? "," : "", run->first, run->last);

		put(w, text, (size_t)n);
	}
}

static void put_item(struct writer *w, const struct msg_item *i)
{
	char text[MID_TEXT_MAX];
	int n;

	switch (i->kind) {
	case MSG_LOCAL:
	case MSG_REMOTE:
		put(w, i->put_sdp.p, i->put_sdp.len);
		return;
	case MSG_ID_RANGE:
		put_runs(w, i);
		return;
	case MSG_ID:
		n = snprintf(text, sizeof(text), "%u", i->put_id);
		break;
	default:
		n = mid_print(&i->put_mid, text);
		break;
	}
	if (n < 0)
		w->full = true;
	else
		put(w, text, (size_t)n);
}

static const struct msg_transaction *around(const struct msg *m, uint32_t at)
{
	for (uint32_t i = 0; i < m->n_tx; i++)
		if (at >= m->tx[i].at && at < m->tx[i].at + m->tx[i].len)
			return &m->tx[i];
	return NULL;
}

/* Items are in the order of the text; so are transactions. */
long text_msg_write(const struct msg *m, char *out, size_t cap)
{
	struct writer w = { .m = m, .out = out, .cap = cap };
	const struct msg_transaction *tx;
	uint32_t next = 0;

	for (uint32_t i = 0; i < m->n_items; i++) {
		const struct msg_item *item = &m->item[i];

		tx = around(m, item->at);
		if (!msg_item_changed(item) || (tx && tx->drop))
			continue;
		for (; next < m->n_tx && m->tx[next].at <= item->at; next++) {
			if (!m->tx[next].drop)
				continue;
			copy_to(&w, m->tx[next].at);
			w.from += m->tx[next].len;
		}
		copy_to(&w, item->at);
		put_item(&w, item);
		w.from += item->len;
	}
	for (; next < m->n_tx; next++) {
		if (!m->tx[next].drop)
			continue;
		copy_to(&w, m->tx[next].at);
		w.from += m->tx[next].len;
	}
	copy_to(&w, m->len);
	return w.full ? -ENOBUFS : (long)w.n;
}
