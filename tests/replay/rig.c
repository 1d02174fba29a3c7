#include "rig.h"

#include "metrics.h"
#include "random.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RAS_PORT 1719u
#define Q931_SETUP 5u

int fail(struct rig *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->why, sizeof(r->why), fmt, ap);
	va_end(ap);
	return -1;
}

/* ---- the capture ---- */

struct actor *rig_host(struct rig *r, const struct pn_addr *ip)
{
	for (size_t i = 0; i < r->n_hosts; i++)
		if (addr_same_ip(&r->host[i].ip, ip))
			return &r->host[i];
	return NULL;
}

static int add_host(struct rig *r, const struct pn_addr *a)
{
	if (rig_host(r, a))
		return 0;
	if (r->n_hosts == HOSTS_MAX)
		return fail(r, "more than %u hosts", HOSTS_MAX);
	r->host[r->n_hosts].ip = *a;
	r->host[r->n_hosts++].ip.port = 0;
	return 0;
}

static bool is_setup(const struct trace_event *e)
{
	return e->kind == TRACE_TPKT && e->len > 5 && e->data[0] == 8 && e->data[1] == 2 && e->data[4] == Q931_SETUP;
}

/* An address that no packet bears and that a host gives as its own: it was behind a NAT. */
static void note_claims(struct rig *r, const struct trace_event *e, struct captured *m)
{
	struct actor *from = rig_host(r, &e->from);

	if (captured_read(m, CAPTURED_RAS, e->data, e->len) || from == r->gatekeeper)
		return;
	for (size_t i = 0; i < m->n && from->n_claims < CLAIMS_MAX; i++) {
		struct pn_addr a = captured_get(m, i);
		bool known = rig_host(r, &a);

		a.port = 0;
		for (size_t j = 0; j < from->n_claims; j++)
			known = known || addr_eq(&from->claim[j], &a);
		if (!known)
			from->claim[from->n_claims++] = a;
	}
}

int rig_read(struct rig *r, const char *path)
{
	struct captured *m = malloc(sizeof(*m));
	int err = m ? trace_read(path, &r->trace) : -ENOMEM;

	if (err)
		fail(r, "cannot be read: %s", strerror(-err));
	for (size_t i = 0; !err && i < r->trace.n; i++)
		err = add_host(r, &r->trace.event[i].from) || add_host(r, &r->trace.event[i].to);
	for (size_t i = 0; !err && i < r->trace.n; i++) {
		const struct trace_event *e = &r->trace.event[i];

		if (e->kind == TRACE_DATAGRAM && e->from.port == RAS_PORT)
			r->gatekeeper = rig_host(r, &e->from);
		if (is_setup(e) && !r->caller)
			r->caller = rig_host(r, &e->from);
	}
	for (size_t i = 0; !err && i < r->trace.n; i++)
		if (r->trace.event[i].kind == TRACE_DATAGRAM)
			note_claims(r, &r->trace.event[i], m);
	free(m);
	return err ? -1 : 0;
}

void rig_free(struct rig *r)
{
	trace_free(&r->trace);
	free(r->done);
}

/* ---- hosts ---- */

static bool knows(const struct actor *h, const struct pn_addr *captured, struct pn_addr *here)
{
	for (size_t i = h->n_shown; i--;)
		if (addr_eq(&h->shown[i].captured, captured)) {
			*here = h->shown[i].here;
			return true;
		}
	return false;
}

bool rig_knows(struct rig *r, const struct actor *h, const struct pn_addr *captured, struct pn_addr *here)
{
	bool known = knows(h, captured, here);

	for (size_t i = 0; !known && !h->terminal && i < r->n_hosts; i++)
		known = !r->host[i].terminal && knows(&r->host[i], captured, here);
	return known;
}

int host_show(struct actor *h, const struct pn_addr *captured, const struct pn_addr *here, enum shown_kind kind)
{
	for (size_t i = 0; i < h->n_shown; i++)
		if (addr_eq(&h->shown[i].captured, captured)) {
			h->shown[i].here = *here;
			h->shown[i].kind = kind ? kind : h->shown[i].kind;
			return 0;
		}
	if (h->n_shown == SHOWN_MAX)
		return -ENOSPC;
	h->shown[h->n_shown++] = (struct shown){ *captured, *here, kind };
	return 0;
}

enum shown_kind shown_kind(const struct span *s)
{
	return s->rtp ? SHOWN_RTP : s->media ? SHOWN_RTCP : SHOWN_OTHER;
}

struct pn_addr host_at(const struct actor *h, const struct pn_addr *captured)
{
	struct pn_addr a = h->public;

	a.port = captured->port;
	return a;
}

/* ---- Postern ---- */

static void on_cdr(void *arg, const char *line)
{
	struct rig *r = arg;

	r->cdrs++;
	r->cdrs_normal += strstr(line, "\"cause\":\"normal\"") != NULL;
}

static int configure(struct rig *r, const char *config)
{
	struct pn_conf_errors e = { 0 };
	struct conf *c = conf_parse(config, strlen(config), "replay", &e);
	int err = c ? core_apply(r->core, c, &e) : -EINVAL;

	if (err) {
		fail(r, "config refused: %s", e.n ? e.line[0] : strerror(-err));
		conf_free(c);
	}
	conf_errors_free(&e);
	return err;
}

/* Everybody takes connections where it took them in the capture; behind a NAT nobody can. */
static int listen_all(struct rig *r)
{
	for (size_t i = 0; i < r->trace.n; i++) {
		const struct trace_event *e = &r->trace.event[i];
		struct actor *h = rig_host(r, &e->to);
		struct pn_addr at = host_at(h, &e->to);

		if (e->kind == TRACE_CONNECT && !h->natted && fakenet_listen(r->net, h->realm, &at))
			return -ENOMEM;
	}
	return 0;
}

int rig_start(struct rig *r, const char *config)
{
	struct core_env env;

	random_fake(1);
	metrics_reset();
	r->loop = loop_new_fake(1000000);
	r->net = fakenet_new(r->loop);
	r->cdr = cdr_capture(on_cdr, r);
	env = (struct core_env){
		.loop = r->loop, .net = &fakenet_ops, .net_arg = r->net, .relay_net = &fakenet_media_ops,
		.relay_net_arg = r->net, .cdr = r->cdr, .offline = true,
	};
	r->core = core_new(&env);
	free(r->done);
	r->done = calloc(r->trace.n, sizeof(*r->done));
	if (!r->core || !r->done)
		return fail(r, "out of memory");
	if (configure(r, config))
		return -1;
	r->cdrs = r->cdrs_normal = r->messages = r->flows = 0;
	memset(r->end, 0, sizeof(r->end));
	memset(r->spoken, 0, sizeof(r->spoken));
	for (size_t i = 0; i < r->n_hosts; i++) {
		struct actor *h = &r->host[i];

		h->n_shown = h->n_said = h->endpoint_len = 0;
		h->released = h->awaited = h->came = false;
		h->alias = h->h245 = (struct pn_addr){ 0 };
		h->realm = realms_find(r->core->realms, h->terminal || r->zone ? "access" : "core")->index;
	}
	return listen_all(r);
}

void rig_stop(struct rig *r)
{
	for (size_t i = 0; i < r->n_hosts; i++)
		while (r->host[i].n_said)
			free(r->host[i].said[--r->host[i].n_said]);
	core_free(r->core);
	loop_turn(r->loop);
	fakenet_free(r->net);
	cdr_close(r->cdr);
	loop_free(r->loop);
	r->core = NULL;
}
