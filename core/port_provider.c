#define LOG_SUBSYSTEM LOG_MEDIA
#include "hash.h"
#include "log.h"
#include "media.h"
#include "metrics.h"
#include <errno.h>
#include <stdlib.h>

#define TRIES 16u /* pairs that another program holds, per request */
#define COMPLAIN_MS 60000u

/* The pairs of one relay stream, until its final report. */
struct pairs {
	struct hash_node node;
	uint32_t stream;
	struct pn_realm *realm[2];
	struct pn_addr local[2]; /* port 0: none yet */
	struct pn_addr tap[2];   /* as in relay_end */
	bool shared[2];
};

struct port_provider {
	struct relay *relay;
	struct sessions **sessions;
	struct loop *loop;
	struct hash streams;
	struct log_limit *limit;
};

struct port_provider *port_provider_new(struct relay *relay, struct sessions **sessions, struct loop *l)
{
	struct port_provider *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->relay = relay;
	p->sessions = sessions;
	p->loop = l;
	p->limit = log_limit_new(COMPLAIN_MS, 1);
	hash_init(&p->streams);
	return p;
}

static int free_one(struct hash_node *n, void *arg)
{
	struct port_provider *p = arg;

	hash_del(&p->streams, n);
	free(hash_entry(n, struct pairs, node));
	return 0;
}

void port_provider_free(struct port_provider *p)
{
	if (!p)
		return;
	hash_each(&p->streams, free_one, p);
	hash_free(&p->streams);
	log_limit_free(p->limit);
	free(p);
}

static void complain(struct port_provider *p, const struct pn_realm *r)
{
	unsigned swallowed;

	metric_add(M_PORTS_EXHAUSTED, 1);
	if (p->limit && log_limit_pass(p->limit, r->index, loop_now(p->loop), &swallowed))
		log_warn("realm %s: calls refused: no media port is free (%u more since last told)",
			 r->info.name, swallowed);
}

static int pair_take(struct port_provider *p, struct pairs *pr, unsigned side)
{
	struct pn_addr *local = &pr->local[side];
	struct port_pool *pool = realm_ports(pr->realm[side], local->family);
	int port;

	if (pr->shared[side])
		return 0;
	port = pool ? port_take(pool, loop_now(p->loop)) : -EADDRNOTAVAIL;
	if (port == -ENOSPC)
		complain(p, pr->realm[side]);
	if (port < 0)
		return port;
	local->port = (uint16_t)port;
	metric_add(M_PORTS_TAKEN, 2);
	return 0;
}

static void pair_give(struct port_provider *p, struct pairs *pr, unsigned side, bool spoiled)
{
	struct pn_addr *local = &pr->local[side];
	struct port_pool *pool = realm_ports(pr->realm[side], local->family);

	if (!local->port || pr->shared[side])
		return;
	if (pool && spoiled)
		port_spoiled(pool, local->port, loop_now(p->loop));
	else if (pool)
		port_give(pool, local->port, loop_now(p->loop));
	local->port = 0;
	metric_add(M_PORTS_TAKEN, -2);
}

static struct relay_end relay_end_of(const struct pairs *pr, unsigned side)
{
	return (struct relay_end){
		.realm = pr->realm[side]->index, .rtp = pr->local[side], .tap = pr->tap[side],
		.shared = pr->shared[side],
	};
}

/* Another program may hold a port of the range: its pair is put aside and the next is tried. */
static int bind_pairs(struct port_provider *p, struct pairs *pr)
{
	int err = pair_take(p, pr, 0);

	if (!err)
		err = pair_take(p, pr, 1);
	for (unsigned i = 0; !err && i < TRIES; i++) {
		struct relay_end end[2] = { relay_end_of(pr, 0), relay_end_of(pr, 1) };
		unsigned busy = 0;

		err = relay_open(p->relay, end, &pr->stream, &busy);
		if (err != -EADDRINUSE)
			return err;
		pair_give(p, pr, busy, true);
		err = pair_take(p, pr, busy);
	}
	return err ? err : -EADDRINUSE;
}

static int pairs_open(struct port_provider *p, struct pairs *pr)
{
	int err = bind_pairs(p, pr);

	if (err)
		return err == -EMFILE || err == -EADDRINUSE ? -ENOSPC : err;
	err = hash_put(&p->streams, &pr->node, hash_bytes(&pr->stream, sizeof(pr->stream), 0));
	return err;
}

/* RTCP has the port above, or the same one. */
static struct pn_addr rtcp_of(const struct pairs *pr, unsigned side)
{
	struct pn_addr a = pr->local[side];

	a.port = (uint16_t)(a.port + !pr->shared[side]);
	return a;
}

int port_provider_open(struct port_provider *p, const struct media_ask *ask, const struct pn_addr tap[2],
		       struct media_grant *g)
{
	struct pairs *pr = calloc(1, sizeof(*pr));
	int err;

	if (!pr)
		return -ENOMEM;
	for (unsigned side = 0; side < 2; side++) {
		const struct pn_addr *own = realm_addr(ask->realm[side], ask->family[side]);

		pr->realm[side] = ask->realm[side];
		pr->tap[side] = tap[side];
		if (own)
			pr->local[side] = *own;
		pr->shared[side] = ask->shared[side];
		pr->local[side].port = pr->shared[side] ? ask->realm[side]->pinhole : 0;
	}
	err = pairs_open(p, pr);
	if (err) {
		pair_give(p, pr, 0, false);
		pair_give(p, pr, 1, false);
		free(pr);
		return err;
	}
	*g = (struct media_grant){
		.local = { pr->local[0], pr->local[1] },
		.advertise = { pr->local[0], pr->local[1] },
		.advertise_rtcp = { rtcp_of(pr, 0), rtcp_of(pr, 1) },
		.shared = { pr->shared[0], pr->shared[1] },
		.stream = pr->stream,
	};
	return 0;
}

static int provider_request(void *arg, uint64_t token, const struct media_ask *ask)
{
	const struct pn_addr no_tap[2] = { { 0 }, { 0 } };
	struct port_provider *p = arg;
	struct media_grant g;
	int err = port_provider_open(p, ask, no_tap, &g);

	if (!err && media_done(*p->sessions, token, 0, &g) == -ESTALE)
		relay_close(p->relay, g.stream);
	return err;
}

static void provider_release(void *arg, uint32_t stream)
{
	struct port_provider *p = arg;

	relay_close(p->relay, stream);
}

static struct pairs *pairs_find(struct port_provider *p, uint32_t stream)
{
	uint64_t hash = hash_bytes(&stream, sizeof(stream), 0);
	struct hash_node *n = NULL;

	while ((n = hash_find(&p->streams, hash, n))) {
		struct pairs *pr = hash_entry(n, struct pairs, node);

		if (pr->stream == stream)
			return pr;
	}
	return NULL;
}

void port_provider_final(struct port_provider *p, uint32_t stream)
{
	struct pairs *pr = pairs_find(p, stream);

	if (!pr)
		return;
	hash_del(&p->streams, &pr->node);
	pair_give(p, pr, 0, false);
	pair_give(p, pr, 1, false);
	free(pr);
}

const struct media_provider port_provider_ops = { provider_request, provider_release };
