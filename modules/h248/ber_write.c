#include <errno.h>
#include <string.h>

#include "ber_msg.h"
#include "ber_sdp.h"

/* Elements around a change are written anew with their lengths, all others are copied. */
struct writer {
	const struct msg *m;
	uint8_t *out;
	size_t cap, n;
	int err;
};

/* Contents that are being written: what is left of them, and where their header shall go. */
struct level {
	struct ber e;
	struct ber_list rest;
	size_t from;
};

static void add(struct writer *w, const void *p, size_t len)
{
	if (w->err || len > w->cap - w->n) {
		w->err = w->err ? w->err : -ENOBUFS;
		return;
	}
	memcpy(w->out + w->n, p, len);
	w->n += len;
}

static uint32_t place(const struct writer *w, const struct ber *e)
{
	return (uint32_t)(e->p - (const uint8_t *)w->m->data);
}

static bool within(uint32_t at, uint32_t from, size_t len)
{
	return at >= from && at - from < len;
}

static bool touched(const struct writer *w, const struct ber *e)
{
	uint32_t from = place(w, e);

	for (uint32_t i = 0; i < w->m->n_items; i++)
		if (within(w->m->item[i].at, from, e->total) && msg_item_changed(&w->m->item[i]))
			return true;
	for (uint32_t i = 0; i < w->m->n_tx; i++)
		if (w->m->tx[i].drop && within(w->m->tx[i].at, from, e->total))
			return true;
	return false;
}

static bool dropped(const struct writer *w, const struct ber *e)
{
	for (uint32_t i = 0; i < w->m->n_tx; i++)
		if (w->m->tx[i].drop && w->m->tx[i].at == place(w, e) &&
		    w->m->tx[i].len == e->total)
			return true;
	return false;
}

/* An element may begin where the item in it does only if it is that item: tags differ. */
static const struct msg_item *item_at(const struct writer *w, const struct ber *e)
{
	for (uint32_t i = 0; i < w->m->n_items; i++) {
		const struct msg_item *item = &w->m->item[i];

		if (item->at == place(w, e) && item->len == e->total && msg_item_changed(item))
			return item;
	}
	return NULL;
}

/* Each in an element of its own: of the list, or (first edition) an acknowledgement. */
static void put_runs(struct writer *w, const struct msg_item *i, uint8_t tag)
{
	uint8_t ids[2 * (BER_HEADER_MAX + BER_INTEGER_MAX)], head[BER_HEADER_MAX];

	for (uint32_t k = 0; k < i->n_runs; k++) {
		const struct msg_run *run = &i->put_run[k];
		size_t n = ber_put_u32(ids, 0x80, run->first);

		if (run->last != run->first)
			n += ber_put_u32(ids + n, 0x81, run->last);
		add(w, head, ber_put_header(head, tag, n));
		add(w, ids, n);
	}
}

static void put_item(struct writer *w, const struct msg_item *i, const struct ber *e)
{
	uint8_t id[BER_HEADER_MAX + BER_INTEGER_MAX];
	long n;

	if (w->err)
		return;
	switch (i->kind) {
	case MSG_ID:
		add(w, id, ber_put_u32(id, e->p[0], i->put_id));
		return;
	case MSG_ID_RANGE:
		put_runs(w, i, e->p[0]);
		return;
	case MSG_LOCAL:
	case MSG_REMOTE:
		n = ber_sdp_write(e, i->put_sdp, w->out + w->n, w->cap - w->n);
		break;
	default:
		n = ber_mid_write(&i->put_mid, i->kind == MSG_SC_ADDRESS, w->out + w->n,
				  w->cap - w->n);
		break;
	}
	if (n < 0)
		w->err = (int)n;
	else
		w->n += (size_t)n;
}

/* The length as it was written if it is still the same, else anew; an indefinite one stays so. */
static void close_level(struct writer *w, const struct level *l)
{
	static const uint8_t end[2];
	size_t len = w->n - l->from, n = l->e.header;
	uint8_t head[BER_HEADER_MAX];
	const uint8_t *p = head;

	if (l->e.indefinite || len == l->e.len)
		p = l->e.p;
	else
		n = ber_put_header(head, l->e.p[0], len);
	if (w->err || n > w->cap - w->n) {
		w->err = w->err ? w->err : -ENOBUFS;
		return;
	}
	memmove(w->out + l->from + n, w->out + l->from, len);
	memcpy(w->out + l->from, p, n);
	w->n += n;
	if (l->e.indefinite)
		add(w, end, sizeof(end));
}

long ber_msg_write(const struct msg *m, void *out, size_t cap)
{
	struct ber_list all = { (const uint8_t *)m->data, m->len };
	struct writer w = { .m = m, .out = out, .cap = cap };
	struct level level[BER_DEPTH_MAX + 1];
	const struct msg_item *item;
	unsigned depth = 1;
	struct ber e;

	if (ber_next(&all, &e))
		return -EBADMSG;
	level[0] = (struct level){ e, ber_inside(&e), 0 };
	while (depth && !w.err) {
		struct level *l = &level[depth - 1];

		if (ber_next(&l->rest, &e)) {
			close_level(&w, l);
			depth--;
			continue;
		}
		if (dropped(&w, &e))
			continue;
		item = item_at(&w, &e);
		if (item)
			put_item(&w, item, &e);
		else if (!touched(&w, &e) || depth > BER_DEPTH_MAX)
			add(&w, e.p, e.total);
		else
			level[depth++] = (struct level){ e, ber_inside(&e), w.n };
	}
	return w.err ? w.err : (long)w.n;
}
