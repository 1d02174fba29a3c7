/* Aliases on a transport whose network is a list in this file: sockets that can be made to fail. For
 * test_alias*.c and test_binding_alias.c. */
#ifndef TESTS_ALIAS_KIT_H
#define TESTS_ALIAS_KIT_H

#include "alias.h"
#include "buf.h"
#include "log.h"
#include "metrics.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

struct sock {
	struct sock *next;
	bool tcp;
	struct pn_addr local;
	void *owner;
	int tuned;
};

static struct {
	struct loop *loop;
	struct realms *realms;
	struct transport *transport;
	struct aliases *aliases;
	struct conf_realm conf[2]; /* core, other */
	struct sock *socks;
	size_t n_socks;
	int bind_err;       /* of the next bind_fails binds; of TCP alone when tcp_fails */
	unsigned bind_fails;
	bool tcp_fails;
	struct pn_addr sent_from;
	char heard[256], log[4096];
	unsigned lines;
} net;

static char modules[2][8] = { "mgcp", "h248" };
#define MGCP ((struct module *)modules[0])
#define H248 ((struct module *)modules[1])
#define UDP (1u << PN_UDP)
#define TCP (1u << PN_TCP)

static inline struct pn_addr addr(const char *text)
{
	struct pn_addr a = { 0 };

	cr_assert(zero(int, addr_parse_port(str_of(text), 0, &a)), "%s", text);
	return a;
}

static struct prefixes prefixes(const char *text)
{
	struct prefixes p;

	cr_assert(zero(int, prefixes_parse(text, &p)), "%s", text);
	return p;
}

/* ---- the network ---- */

static void *net_bind(bool tcp, const struct pn_addr *local, void *owner)
{
	struct sock *s;

	if (net.bind_fails && (tcp || !net.tcp_fails)) {
		net.bind_fails--;
		errno = net.bind_err;
		return NULL;
	}
	s = calloc(1, sizeof(*s));
	*s = (struct sock){ .next = net.socks, .tcp = tcp, .local = *local, .owner = owner };
	net.socks = s;
	net.n_socks++;
	return s;
}

static void *net_udp(void *arg, const struct pn_realm *r, const struct pn_addr *local, void *owner)
{
	(void)arg, (void)r;
	return net_bind(false, local, owner);
}

static void *net_tcp(void *arg, const struct pn_realm *r, const struct pn_addr *local, void *owner)
{
	(void)arg, (void)r;
	return net_bind(true, local, owner);
}

static int net_send(void *sock, const struct pn_addr *to, const void *data, size_t len)
{
	(void)to, (void)data, (void)len;
	net.sent_from = ((struct sock *)sock)->local;
	return 0;
}

static void net_close(void *sock)
{
	struct sock **at = &net.socks;

	while (*at != sock)
		at = &(*at)->next;
	*at = (*at)->next;
	net.n_socks--;
	free(sock);
}

static void net_tune(void *sock, const struct pn_realm *r)
{
	(void)r;
	((struct sock *)sock)->tuned++;
}

static const struct net_ops net_ops = { .udp_bind = net_udp, .udp_send = net_send, .udp_close = net_close,
					.tcp_listen = net_tcp, .tcp_close = net_close, .tune = net_tune };

static inline struct sock *sock_at(bool tcp, const struct pn_addr *local)
{
	struct sock *s = net.socks;

	while (s && (s->tcp != tcp || !addr_eq(&s->local, local)))
		s = s->next;
	return s;
}

/* ---- what is above and around ---- */

static void on_message(struct module *m, const struct pn_msg *msg)
{
	snprintf(net.heard, sizeof(net.heard), "%s %s %.*s", (char *)m, addr_text(&msg->local), (int)msg->len,
		 (const char *)msg->data);
}

static const struct transport_events events = { .message = on_message };

static const char *name_of(const struct module *m)
{
	return (const char *)m;
}

static void on_log(void *arg, enum pn_level level, const char *line)
{
	size_t at = strlen(net.log);

	(void)arg;
	if (level > PN_LOG_WARN)
		return;
	net.lines++;
	snprintf(net.log + at, sizeof(net.log) - at, "%s\n", line);
}

static void apply_realms(size_t n)
{
	struct conf c = { .realms = net.conf, .n_realms = n };

	cr_assert(zero(int, realms_apply(net.realms, &c)));
	realms_keep(net.realms);
}

/* The next reload: this pool in the first realm. */
static inline void reload(const char *alias_addresses, uint16_t first, uint16_t last)
{
	prefixes_free(&net.conf[0].alias_addresses);
	net.conf[0].alias_addresses = prefixes(alias_addresses);
	net.conf[0].alias_first = first;
	net.conf[0].alias_last = last;
	apply_realms(2);
	aliases_retune(net.aliases);
}

static inline void new_aliases(void)
{
	struct aliases_conf ac = { net.loop, net.transport, name_of };

	aliases_free(net.aliases);
	net.aliases = aliases_new(&ac);
}

static void net_setup(void)
{
	struct transport_conf tc = { .net = &net_ops, .events = &events };

	memset(&net, 0, sizeof(net));
	metrics_reset();
	log_capture(on_log, NULL);
	net.conf[0] = (struct conf_realm){ .name = (char *)"core", .side = PN_CORE, .dscp = -1,
					   .addr4 = addr("192.0.2.5"), .alias_first = 10000, .alias_last = 10009,
					   .alias_addresses = prefixes("192.0.2.64/28") };
	net.conf[1] = (struct conf_realm){ .name = (char *)"other", .side = PN_CORE, .dscp = -1,
					   .addr4 = addr("203.0.113.5"), .addr6 = addr("2001:db8::5"),
					   .alias_addresses = prefixes("2001:db8::40/124") };
	net.realms = realms_new();
	apply_realms(2);
	tc.loop = net.loop = loop_new_fake(1000);
	net.transport = transport_new(&tc);
	new_aliases();
}

static void net_teardown(void)
{
	aliases_free(net.aliases);
	transport_free(net.transport);
	loop_free(net.loop);
	realms_free(net.realms);
	cr_expect(zero(sz, net.n_socks), "sockets are open");
	cr_expect(zero(i64, metric_get(M_ALIASES)));
	prefixes_free(&net.conf[0].alias_addresses);
	prefixes_free(&net.conf[1].alias_addresses);
	log_capture(NULL, NULL);
}

#define CORE realms_at(net.realms, 0)
#define OTHER realms_at(net.realms, 1)

/* ---- taking ---- */

static inline struct pn_binding_args alias_args(const char *identity, enum pn_alias_kind kind)
{
	return (struct pn_binding_args){ .size = sizeof(struct pn_binding_args), .alias_realm = CORE,
					 .identity = str_of(identity), .alias_kind = kind, .alias_listen = UDP,
					 .alias_port = kind == PN_ALIAS_ADDRESS ? 2427 : 0 };
}

static inline int grab_from(struct module *m, const char *identity, enum pn_alias_kind kind,
			    struct alias **out)
{
	struct pn_binding_args a = alias_args(identity, kind);

	return alias_take(net.aliases, m, &a, out);
}

/* An address of module MGCP. */
static inline struct alias *grab(const char *identity)
{
	struct alias *a = NULL;

	cr_assert(zero(int, grab_from(MGCP, identity, PN_ALIAS_ADDRESS, &a)), "%s", identity);
	return a;
}

static inline struct alias *grab_n(unsigned n)
{
	char name[16];

	snprintf(name, sizeof(name), "t%u", n);
	return grab(name);
}

static inline char *where(const struct alias *a)
{
	return (char *)addr_text(alias_addr(a));
}

static inline void listen_at(unsigned realm, uint16_t port)
{
	const struct conf_listen want = { .realm = realm, .transport = PN_UDP, .port = port, .line = 1 }, *bad;

	cr_assert(zero(int, transport_listen(net.transport, H248, net.realms, &want, 1, &bad)));
}

#endif
