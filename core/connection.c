#define LOG_SUBSYSTEM LOG_TRANSPORT

#include "connection.h"

#include "expect.h"
#include "log.h"
#include "metrics.h"

#include <errno.h>
#include <string.h>

#define CONNECT_MS 10000u /* a far end that does not answer a SYN */
#define ENDING_MS 10000u  /* one that does not read what is left */
#define TRUNK_QUEUE 1048576u /* octets for what the many channels of one have to say, at least */

/* ---- limits ---- */

/* The timer is not moved at each octet: when it fires it looks at how long ago the last one was. */
static void on_idle(struct timer *timer)
{
	struct flow *f = timer->arg;
	uint64_t quiet = loop_now(f->t->loop) - f->active_ms;

	if (f->connecting || f->ending || (f->t->idle_ms && quiet >= f->t->idle_ms))
		flow_kill(f, -ETIMEDOUT);
	else if (f->t->idle_ms)
		timer_start(f->t->loop, timer, f->t->idle_ms - quiet);
}

static void touch(struct flow *f)
{
	f->active_ms = loop_now(f->t->loop);
}

static int set_idle(struct flow *f, uint64_t ms)
{
	return ms ? timer_start(f->t->loop, &f->idle, ms) : 0;
}

/* A trunk looks after itself. */
static uint64_t idle_ms(const struct flow *f)
{
	return flow_is_trunk(f) ? 0 : f->t->idle_ms;
}

int connection_reserve(struct transport *t, const struct pn_realm *r, const struct pn_addr *remote,
		   uint32_t per_origin)
{
	if (t->connections >= t->max_connections)
		return -ENOSPC;
	return origin_add(&t->origins, r->index, remote, per_origin);
}

struct flow *connection_new(struct transport *t, struct module *m, struct pn_realm *r,
				   const struct pn_addr *remote)
{
	struct flow *f = flow_new(t, FLOW_CONNECTION, m, r);

	if (!f) {
		origin_drop(&t->origins, r->index, remote);
		return NULL;
	}
	t->connections++;
	metric_set(M_TCP_OPEN, t->connections);
	f->transport = PN_TCP;
	f->remote = *remote;
	buf_init(&f->in, PDU_MAX);
	buf_init(&f->out, flow_is_trunk(f) && t->queue_max < TRUNK_QUEUE ? TRUNK_QUEUE : t->queue_max);
	f->idle.fn = on_idle;
	f->idle.arg = f;
	touch(f);
	return f;
}

/* ---- opening ---- */

struct below connection_below(const struct transport *t, const struct pn_realm *r)
{
	if (r->uplink && t->trunks.uplink)
		return (struct below){ .net = t->trunks.net, .arg = t->trunks.uplink };
	return (struct below){ .net = t->net, .arg = t->net_arg };
}

int connection_open(struct transport *t, struct module *m, struct pn_realm *r, const struct below *b,
		    const struct pn_addr *to, uint64_t *flow)
{
	const struct pn_addr *remote = b->remote.family ? &b->remote : to;
	int err = connection_reserve(t, r, remote, 0);
	struct flow *f;

	if (err)
		return err;
	f = connection_new(t, m, r, remote);
	if (!f)
		return -ENOMEM;
	f->silent = true; /* until it is the module's */
	f->connecting = true;
	errno = ENOMEM;
	f->net = b->net;
	f->handle = b->net->tcp_connect(b->arg, r, to, f);
	err = f->handle ? set_idle(f, CONNECT_MS) : -errno;
	if (err) {
		flow_kill(f, err);
		return err;
	}
	f->silent = false;
	*flow = f->id;
	return 0;
}

static void tell_open(struct flow *f)
{
	struct pn_flow_info info;

	flow_fill(f, &info);
	flow_events(f)->flow_open(f->module, &info);
}

/* The far end is there: the module hears of it, and what was queued leaves. */
void connection_opened(struct flow *f)
{
	f->connecting = false;
	timer_stop(f->t->loop, &f->idle);
	if (set_idle(f, f->ending ? ENDING_MS : idle_ms(f))) {
		flow_kill(f, -ENOMEM);
		return;
	}
	touch(f);
	if (!f->ending)
		tell_open(f);
	if (!f->closed)
		net_on_writable(f);
}

void net_on_connected(void *owner, const struct pn_addr *local, int err)
{
	struct flow *f = owner;

	if (err) {
		f->connecting = false;
		f->handle = NULL; /* the net frees it */
		flow_kill(f, err);
		return;
	}
	f->local = *local;
	connection_opened(f);
}

/* The channels of a trunk come from one address, and have a cap of their own. */
static int admit(struct flow *listener, const struct net_ops *net, const struct pn_addr *remote)
{
	struct transport *t = listener->t;
	struct pn_realm *r = listener->realm;
	int err = acl_check(r->acl, remote, loop_now(t->loop));

	if (err) {
		metric_add(err == -EACCES ? M_ACL_DENIED : M_RATE_DENIED, 1);
		return err;
	}
	err = connection_reserve(t, r, remote, net == t->net ? r->limits.tcp_per_source : 0);
	if (err)
		metric_add(M_TCP_REFUSED, 1);
	return err;
}

void *connection_accept(struct flow *listener, const struct net_ops *net, void *conn, const struct pn_addr *local,
			const struct pn_addr *remote)
{
	struct flow *f;

	if (listener->awaits)
		return expect_accept(listener, net, conn, local, remote);
	if (admit(listener, net, remote))
		return NULL;
	f = connection_new(listener->t, listener->module, listener->realm, remote);
	if (!f)
		return NULL;
	f->net = net;
	f->handle = conn;
	f->local = *local;
	f->accepting = true;
	f->silent = true;
	if (set_idle(f, idle_ms(f))) {
		flow_kill(f, -ENOMEM);
		return NULL;
	}
	f->silent = false;
	tell_open(f);
	f->accepting = false;
	return f->closed ? NULL : f;
}

void *net_on_accept(void *owner, void *conn, const struct pn_addr *local, const struct pn_addr *remote)
{
	struct flow *listener = owner;

	return connection_accept(listener, listener->net, conn, local, remote);
}

/* ---- reading ---- */

static int deliver(struct flow *f, const uint8_t *p, size_t len)
{
	struct pn_msg m = flow_msg(f, &f->remote, p, len);

	/* A stream cannot lose a message in the middle: who sends too fast loses the connection. What a trunk
	 * carries is counted where it comes out. */
	if (!flow_is_trunk(f) && acl_check(f->realm->acl, &f->remote, m.now_ms) == -EDQUOT) {
		metric_add(M_RATE_DENIED, 1);
		return -EDQUOT;
	}
	flow_events(f)->message(f->module, &m);
	return 0;
}

/* Hand over whole messages; the octets used, or -errno. */
static long cut(struct flow *f, const uint8_t *p, size_t len)
{
	size_t off = 0;

	while (off < len && !f->closed && !f->ending) {
		long n = flow_events(f)->frame(f->module, p + off, len - off);
		int err;

		if (n < 0 || n > (long)PDU_MAX) {
			metric_add(M_BAD_INPUT, 1);
			return n < 0 ? n : -EMSGSIZE;
		}
		if (!n || (size_t)n > len - off)
			break;
		err = deliver(f, p + off, (size_t)n);
		if (err)
			return err;
		off += (size_t)n;
	}
	return (long)off;
}

/* Fill up the rest of a message that came in pieces. The octets of p taken, or -errno. */
static long cut_kept(struct flow *f, const uint8_t *p, size_t len)
{
	size_t room = PDU_MAX - f->in.len, n = len < room ? len : room;
	long used;
	int err;

	if (!n) {
		metric_add(M_BAD_INPUT, 1);
		return -EMSGSIZE;
	}
	err = buf_add(&f->in, p, n);
	if (err)
		return err;
	used = cut(f, f->in.p, f->in.len);
	if (used > 0)
		buf_drop(&f->in, (size_t)used);
	return used < 0 ? used : (long)n;
}

static long cut_fresh(struct flow *f, const uint8_t *p, size_t len)
{
	long used = cut(f, p, len);
	size_t rest;
	int err;

	if (used < 0 || f->closed || f->ending)
		return used < 0 ? used : (long)len;
	rest = len - (size_t)used;
	if (rest > PDU_MAX)
		rest = PDU_MAX;
	err = rest ? buf_add(&f->in, p + used, rest) : 0;
	return err ? err : used + (long)rest;
}

void net_on_data(void *owner, const void *data, size_t len)
{
	struct flow *f = owner;
	const uint8_t *p = data;

	touch(f);
	while (len && !f->closed && !f->ending) {
		long n = f->in.len ? cut_kept(f, p, len) : cut_fresh(f, p, len);

		if (n < 0) {
			log_info("flow %s: closed: %s", addr_text(&f->remote), strerror((int)-n));
			flow_kill(f, (int)n);
			return;
		}
		p += n;
		len -= (size_t)n;
	}
}

void net_on_eof(void *owner)
{
	struct flow *f = owner;

	if (!f->out.len) {
		flow_kill(f, 0);
		return;
	}
	f->ending = true;
	timer_start(f->t->loop, &f->idle, ENDING_MS);
}

void net_on_closed(void *owner, int err)
{
	struct flow *f = owner;

	f->handle = NULL;
	flow_kill(f, err);
}

/* ---- writing ---- */

void net_on_writable(void *owner)
{
	struct flow *f = owner;
	const struct net_ops *net = f->net;
	long n = f->out.len ? net->tcp_write(f->handle, f->out.p, f->out.len) : 0;

	if (n < 0) {
		flow_kill(f, (int)n);
		return;
	}
	if (n) {
		buf_drop(&f->out, (size_t)n);
		touch(f);
	}
	if (f->ending && !f->out.len)
		flow_kill(f, 0);
	else
		net->tcp_want_write(f->handle, f->out.len > 0);
	if (n && !f->out.len && !f->closed && flow_events(f)->drained)
		flow_events(f)->drained(f->module, f->id);
}

int connection_send(struct flow *f, const void *data, size_t len)
{
	long n = 0;

	if (f->ending)
		return -ENOTCONN;
	if (!f->connecting && !f->out.len)
		n = f->net->tcp_write(f->handle, data, len);
	if (n < 0) {
		flow_kill(f, (int)n);
		return -ENOTCONN;
	}
	if (n)
		touch(f);
	if ((size_t)n == len)
		return 0;
	if (buf_add(&f->out, (const uint8_t *)data + n, len - (size_t)n)) {
		metric_add(M_TCP_OVERFLOW, 1);
		log_info("flow %s: closed: write queue is full", addr_text(&f->remote));
		flow_kill(f, -ENOBUFS);
		return -ENOBUFS;
	}
	if (!f->connecting)
		f->net->tcp_want_write(f->handle, 1);
	return 0;
}

void connection_close(struct flow *f)
{
	f->silent = true;
	if (!f->out.len || f->awaits) {
		flow_kill(f, 0);
		return;
	}
	f->ending = true;
	timer_start(f->t->loop, &f->idle, f->connecting ? CONNECT_MS : ENDING_MS);
}
