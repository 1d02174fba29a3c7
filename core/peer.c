#define LOG_SUBSYSTEM LOG_TRANSPORT

#include "peer.h"

#include "addr.h"
#include "buf.h"
#include "log.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MS 30000u   /* after a failure, and where no lifetime is known */
#define LIFETIME_MIN_S 5u /* a lifetime of 0 must not make us a burden to the server */
#define LIFETIME_MAX_S 3600u

struct pn_peer {
	struct pn_peer *next, **at;
	struct loop *loop;
	struct resolver *resolver;
	struct lookup *lookup; /* running */
	struct timer again;
	struct pn_addr addr[PEER_ADDRS];
	size_t n;
	uint16_t port;
	int err; /* of the last lookup: told once */
	char host[RESOLVE_NAME_MAX + 1];
};

static int parse_port(const char *text, uint16_t *out)
{
	unsigned long n = 0;

	if (!*text || strlen(text) > 5)
		return -EINVAL;
	for (; isdigit((unsigned char)*text); text++)
		n = n * 10 + (unsigned long)(*text - '0');
	if (*text || !n || n > 65535)
		return -EINVAL;
	*out = (uint16_t)n;
	return 0;
}

/* Letters, digits, hyphens and underscores (which real zones contain) in labels. All digits and dots is
 * an address that somebody mistyped. */
static bool is_name(const char *p, size_t len)
{
	bool letter = false, label = false;

	if (!len || len > RESOLVE_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (p[i] == '.' && !label)
			return false;
		label = p[i] != '.';
		if (label && !isalnum((unsigned char)p[i]) && p[i] != '-' && p[i] != '_')
			return false;
		letter |= label && !isdigit((unsigned char)p[i]);
	}
	return letter;
}

int peer_parse(const char *text, uint16_t default_port, struct pn_addr *addr, char *host, size_t cap)
{
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	uint16_t port = default_port;

	if (!addr_parse_port(str_of(text), default_port, addr)) {
		host[0] = 0;
		return 0;
	}
	if (!is_name(text, len) || len >= cap || (colon && parse_port(colon + 1, &port)))
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = 0;
	*addr = (struct pn_addr){ .port = port };
	return 0;
}

static bool has(const struct pn_addr *list, size_t n, const struct pn_addr *a)
{
	for (size_t i = 0; i < n; i++)
		if (addr_same_ip(&list[i], a))
			return true;
	return false;
}

static bool same_set(const struct pn_peer *p, const struct pn_addr *list, size_t n)
{
	if (p->n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!has(p->addr, p->n, &list[i]))
			return false;
	return true;
}

static uint64_t lifetime_ms(uint32_t ttl_s)
{
	if (!ttl_s)
		return RETRY_MS;
	if (ttl_s < LIFETIME_MIN_S)
		ttl_s = LIFETIME_MIN_S;
	return 1000ull * (ttl_s > LIFETIME_MAX_S ? LIFETIME_MAX_S : ttl_s);
}

static void on_resolved(void *arg, int err, const struct pn_addr *list, size_t n, uint32_t ttl_s)
{
	struct pn_peer *p = arg;

	p->lookup = NULL;
	if (err && err != p->err)
		log_warn("peer %s: not resolved: %s", p->host,
			 err == -ENOENT ? "no such name" : strerror(-err));
	p->err = err;
	timer_start(p->loop, &p->again, err ? RETRY_MS : lifetime_ms(ttl_s));
	if (err || same_set(p, list, n > PEER_ADDRS ? PEER_ADDRS : n))
		return;
	p->n = n > PEER_ADDRS ? PEER_ADDRS : n;
	for (size_t i = 0; i < p->n; i++) {
		p->addr[i] = list[i];
		p->addr[i].port = p->port;
	}
	log_info("peer %s: resolved: %zu addresses, first %s", p->host, p->n, addr_text(&p->addr[0]));
}

static void resolve(struct pn_peer *p)
{
	p->lookup = resolver_lookup(p->resolver, p->host, on_resolved, p);
}

static void on_again(struct timer *t)
{
	resolve(t->arg);
}

struct pn_peer *peer_new(struct loop *l, struct resolver *r, struct pn_peer **list, const char *text,
			 uint16_t default_port)
{
	struct pn_peer *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return NULL;
	err = peer_parse(text, default_port, &p->addr[0], p->host, sizeof(p->host));
	if (err) {
		free(p);
		errno = -err;
		return NULL;
	}
	p->loop = l;
	p->resolver = r;
	p->port = p->addr[0].port;
	p->again.fn = on_again;
	p->again.arg = p;
	p->next = *list;
	p->at = list;
	if (p->next)
		p->next->at = &p->next;
	*list = p;
	if (!p->host[0])
		p->n = 1;
	else if (r)
		resolve(p);
	return p;
}

void peer_free(struct pn_peer *p)
{
	if (!p)
		return;
	lookup_cancel(p->lookup);
	timer_stop(p->loop, &p->again);
	*p->at = p->next;
	if (p->next)
		p->next->at = p->at;
	free(p);
}

int peer_addr(const struct pn_peer *p, size_t index, struct pn_addr *out)
{
	if (index >= p->n)
		return -ENOENT;
	*out = p->addr[index];
	return 0;
}
