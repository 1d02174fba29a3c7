#define LOG_SUBSYSTEM LOG_MEDIA
#include "media_pinhole_state.h"
#include "log.h"
#include "metrics.h"
#include "pinhole/message.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define EXPIRE_MS 5000u
#define PREFIX_RATE 50u   /* answers to what is not authentic, per second and /24 or /64 */
#define PREFIX_BURST 200u
#define ALL_RATE 2000u    /* from all together */
#define ALL_BURST 4000u
#define HOLES_PER_STREAM 4u

struct request { /* one that is being answered */
	struct media_pinholes *p;
	const struct relay_place *at;
	const struct pn_addr *from;
	struct pn_realm *realm;
	struct message m;
};

/* ---- life ---- */

static void on_expire(struct timer *t)
{
	struct media_pinholes *p = t->arg;

	hole_expire(&p->table, loop_now(p->conf.loop));
	metric_set(M_HOLES, (int64_t)(p->table.n_plain + p->table.n_owned));
	timer_start(p->conf.loop, t, EXPIRE_MS);
}

struct media_pinholes *media_pinholes_new(const struct media_pinhole_conf *c)
{
	struct media_pinholes *p = calloc(1, sizeof(*p));
	size_t max = (size_t)c->max_streams * HOLES_PER_STREAM;

	if (!p)
		return NULL;
	p->conf = *c;
	p->expire.fn = on_expire;
	p->expire.arg = p;
	hole_table_init(&p->table, max, max / 2);
	p->per_prefix = rate_new(PREFIX_RATE, PREFIX_BURST);
	p->overall = rate_new(ALL_RATE, ALL_BURST);
	if (p->per_prefix && p->overall && !timer_start(c->loop, &p->expire, EXPIRE_MS))
		return p;
	media_pinholes_free(p);
	return NULL;
}

void media_pinholes_free(struct media_pinholes *p)
{
	if (!p)
		return;
	timer_stop(p->conf.loop, &p->expire);
	hole_table_clear(&p->table);
	rate_free(p->per_prefix);
	rate_free(p->overall);
	free(p);
}

/* ---- answers ---- */

/* From the port that was asked, whoever has it meanwhile. */
static void answer(const struct request *q, const void *data, int len)
{
	struct relay_place port = { .realm = q->at->realm,
				    .component = q->at->stream ? RELAY_RTP : q->at->component };

	if (len > 0)
		relay_stun_send(q->p->conf.relay, &port, q->from, data, (size_t)len);
}

/* What anybody may ask for: a forged source must not be flooded with our answers. */
static bool may_answer(const struct request *q)
{
	static const struct pn_addr everybody = { .family = 4 };
	uint64_t now = loop_now(q->p->conf.loop);
	struct pn_addr prefix = *q->from;

	if (prefix.family == 4)
		prefix.ip[3] = 0;
	if (rate_take(q->p->per_prefix, &prefix, now) && rate_take(q->p->overall, &everybody, now))
		return true;
	metric_add(M_STUN_RATE, 1);
	return false;
}

/* A stranger gets nothing that is longer than what it sent, but for what plain STUN may have. */
static void refuse(const struct request *q, int code, const uint8_t *key)
{
	uint8_t out[MESSAGE_MAX];
	struct pn_str realm = str_of(q->p->conf.auth->realm(q->p->conf.pinholes, q->realm));
	struct pn_str none = { NULL, 0 };
	int len = message_write_error(&q->m, code, realm, none, key, out, sizeof(out));
	bool small = len <= (int)MESSAGE_PLAIN || len <= (int)q->m.stun.len;

	if ((key || small) && may_answer(q))
		answer(q, out, len);
}

/* ---- the pinhole moves ---- */

static void tell_seen(struct media_pinholes *p, const struct media_hole *h)
{
	p->conf.events->seen(p->conf.arg, h);
}

/* A NAT gave the address to another inner socket: who had it has it no more. */
static void evict(struct media_pinholes *p, struct media_hole *h)
{
	if (!h->stream) {
		hole_del(&p->table, h);
		return;
	}
	hole_take(&p->table, h);
	tell_seen(p, h);
}

static int place(struct media_pinholes *p, struct media_hole *h, const struct pn_addr *from)
{
	struct media_hole *former = hole_at(&p->table, h->realm, from);
	bool moved = h->where.family != 0;
	int err;

	if (former == h)
		return 0;
	if (former)
		evict(p, former);
	err = hole_put(&p->table, h, from);
	if (!err && moved)
		metric_add(M_HOLES_MOVED, 1);
	return err;
}

/* ---- plain STUN ---- */

static struct media_hole *plain_hole(struct request *q)
{
	struct hole_table *t = &q->p->table;
	uint64_t now = loop_now(q->p->conf.loop);
	struct media_hole *h = hole_at(t, q->realm->index, q->from);

	if (h && h->agent) /* proven: a forged source must not take it away */
		return NULL;
	if (!h) {
		h = hole_add(t, q->realm->index, NULL, &q->m.inner, now);
		if (!h)
			return NULL;
		if (hole_put(t, h, q->from)) {
			hole_del(t, h);
			return NULL;
		}
	}
	hole_seen(t, h, now);
	return hole_set_inner(t, h, &q->m.inner) ? NULL : h;
}

static void on_plain(struct request *q)
{
	uint8_t out[MESSAGE_PLAIN];
	struct media_hole *h;

	if (!may_answer(q))
		return;
	answer(q, out, message_write_plain(&q->m, q->from, out, sizeof(out)));
	metric_add(M_STUN_ANSWERED, 1);
	h = plain_hole(q);
	if (h)
		tell_seen(q->p, h);
}

/* ---- agents ---- */

static void acknowledge(const struct request *q, const struct media_hole *h, const uint8_t *key)
{
	struct message values = { .mapped = *q->from, .lifetime_s = HOLE_LIFE_MS / 1000,
				  .peer_inner = h->peer_inner };
	uint8_t out[MESSAGE_MAX];

	answer(q, out, message_write_success(&q->m, &values, key, out, sizeof(out)));
	metric_add(M_CMPH_ANSWERED, 1);
}

static int owned_hole(struct request *q, const struct pinhole_agent *who, struct media_hole **out)
{
	struct hole_table *t = &q->p->table;
	struct hole_agent *a = hole_agent_get(t, q->realm->index, who->network, who->agent, who->id);
	struct media_hole *h = a ? hole_of_agent(t, a, &q->m.inner) : NULL;

	if (!a)
		return -ENOMEM;
	if (!h && q->m.order <= a->floor)
		return -EALREADY;
	if (!h)
		h = hole_add(t, q->realm->index, a, &q->m.inner, loop_now(q->p->conf.loop));
	*out = h;
	return h ? 0 : -errno;
}

/* One that was sent again is answered again; it moves nothing, for whoever heard it could send it too. */
static void on_turn(struct request *q, struct media_hole *h, const uint8_t *key)
{
	enum credential_turn turn = credential_turn(&h->order, &q->m);

	if (turn == ORDER_OLD) {
		metric_add(M_CMPH_REPLAYED, 1);
		return;
	}
	hole_seen(&q->p->table, h, loop_now(q->p->conf.loop));
	if (turn == ORDER_NEW) {
		h->final = q->m.final;
		if (place(q->p, h, q->from)) {
			refuse(q, 500, key);
			return;
		}
	}
	acknowledge(q, h, key);
	if (turn == ORDER_NEW)
		tell_seen(q->p, h);
}

static void on_authentic(struct request *q, const struct pinhole_agent *who, const uint8_t *key)
{
	struct media_hole *h = NULL;
	int err = owned_hole(q, who, &h);

	if (!err) {
		on_turn(q, h, key);
		return;
	}
	if (err == -EALREADY) {
		metric_add(M_CMPH_REPLAYED, 1);
		return;
	}
	metric_add(M_HOLES_REFUSED, 1);
	refuse(q, err == -EDQUOT || err == -ENOSPC ? 486 : 500, key);
}

/* The nonce first: it costs little, and who has none learns nothing of keys. */
static void on_cmph(struct request *q)
{
	const struct media_pinhole_conf *c = &q->p->conf;
	const struct pinhole_agent *who = c->auth->nonce(c->pinholes, q->realm, q->m.username, q->m.nonce, q->from);
	bool nonce_ok = who || errno == EACCES;
	bool known = who && str_eq(q->m.agent, str_of(who->agent));
	uint8_t key[PINHOLE_KEY];
	int code;

	known = known && !c->auth->key(c->pinholes, q->realm, q->m.username, key);
	code = credential_judge(&q->m, nonce_ok, known ? key : NULL);
	if (!code) {
		on_authentic(q, who, key);
		return;
	}
	metric_add(M_CMPH_FORGED, 1);
	refuse(q, code, NULL);
}

void media_pinholes_on_stun(struct media_pinholes *p, const struct relay_place *at, const struct pn_addr *from,
			    const void *data, size_t len)
{
	struct request q = { .p = p, .at = at, .from = from, .realm = realms_at(p->conf.realms, at->realm) };
	int err = q.realm && !acl_check(q.realm->acl, from, loop_now(p->conf.loop)) ? message_parse(data, len, &q.m)
										    : -EACCES;

	if (err == -EACCES || err == -EBADMSG || q.m.stun.cls != STUN_REQUEST || q.m.stun.method != MESSAGE_CMPH) {
		metric_add(M_STUN_ALIEN, 1);
		return;
	}
	if (message_is_plain(&q.m) && !q.realm->stun)
		metric_add(M_STUN_CLOSED, 1);
	else if (err)
		refuse(&q, err == -ENOTSUP ? 420 : 400, NULL);
	else if (message_is_plain(&q.m))
		on_plain(&q);
	else
		on_cmph(&q);
}
