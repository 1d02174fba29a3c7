/* libpostern-pinhole: the client with the C library's addresses. */
#include "postern/pinhole.h"
#include "addr.h"
#include "pinhole/client.h"
#include <errno.h>
#include <stdlib.h>

struct pn_pinhole {
	struct pinhole_client *client;
};

struct pn_login {
	struct pinhole_login *login;
};

/* NULL becomes family 0. -EINVAL: of another family than IPv4 and IPv6. */
static int address(const struct sockaddr *sa, struct pn_addr *out)
{
	*out = (struct pn_addr){ 0 };
	return sa ? addr_of_sockaddr(sa, out) : 0;
}

struct pn_login *pn_login_new(const struct pn_login_conf *conf)
{
	struct pinhole_login_conf c;
	struct pn_login *l;

	if (conf->size < sizeof(*conf) || !conf->secret) {
		errno = EINVAL;
		return NULL;
	}
	c = (struct pinhole_login_conf){ .network = str_of(conf->network), .agent = str_of(conf->agent),
					 .secret = { conf->secret, conf->secret_len }, .wall_us = conf->wall_us,
					 .now_ms = conf->now_ms };
	l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	l->login = pinhole_login_new(&c);
	if (!l->login) {
		free(l);
		return NULL;
	}
	return l;
}

void pn_login_free(struct pn_login *l)
{
	if (!l)
		return;
	pinhole_login_free(l->login);
	free(l);
}

static int read_conf(const struct pn_pinhole_conf *conf, struct pinhole_client_conf *c)
{
	if (conf->size < sizeof(*conf) || (conf->kind != PN_PINHOLE_MEDIA && conf->kind != PN_PINHOLE_REGISTER))
		return -EINVAL;
	*c = (struct pinhole_client_conf){ .kind = conf->login ? PINHOLE_MEDIA : PINHOLE_PLAIN,
					   .login = conf->login ? conf->login->login : NULL,
					   .protocol = str_of(conf->protocol),
					   .lifetime_s = conf->lifetime_s,
					   .keep_ms = conf->keep_ms };
	if (conf->kind == PN_PINHOLE_REGISTER)
		c->kind = PINHOLE_REGISTER;
	if (address(conf->gateway, &c->gateway) || address(conf->inner, &c->inner))
		return -EINVAL;
	return address(conf->final, &c->final);
}

struct pn_pinhole *pn_pinhole_new(const struct pn_pinhole_conf *conf, uint64_t now_ms)
{
	struct pinhole_client_conf c;
	struct pn_pinhole *p;

	if (read_conf(conf, &c)) {
		errno = EINVAL;
		return NULL;
	}
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->client = pinhole_client_new(&c, now_ms);
	if (!p->client) {
		free(p);
		return NULL;
	}
	return p;
}

void pn_pinhole_free(struct pn_pinhole *p)
{
	if (!p)
		return;
	pinhole_client_free(p->client);
	free(p);
}

int pn_pinhole_output(struct pn_pinhole *p, uint64_t now_ms, void *buf, size_t cap)
{
	return pinhole_client_output(p->client, now_ms, buf, cap);
}

uint64_t pn_pinhole_next(const struct pn_pinhole *p)
{
	return pinhole_client_next(p->client);
}

enum pn_pinhole_event pn_pinhole_input(struct pn_pinhole *p, uint64_t now_ms, const struct sockaddr *from,
				       const void *data, size_t len)
{
	static const enum pn_pinhole_event event[] = {
		[PINHOLE_NOT_OURS] = PN_PINHOLE_NOT_OURS, [PINHOLE_NOTHING] = PN_PINHOLE_NOTHING,
		[PINHOLE_OPEN] = PN_PINHOLE_OPEN,	  [PINHOLE_KEPT] = PN_PINHOLE_KEPT,
		[PINHOLE_MOVED] = PN_PINHOLE_MOVED,	  [PINHOLE_REFUSED] = PN_PINHOLE_REFUSED,
		[PINHOLE_JOINED] = PN_PINHOLE_JOINED,	  [PINHOLE_UNJOINED] = PN_PINHOLE_UNJOINED,
	};
	struct pn_addr a;

	if (address(from, &a))
		return PN_PINHOLE_NOT_OURS;
	return event[pinhole_client_input(p->client, now_ms, &a, data, len)];
}

socklen_t pn_pinhole_mapped(const struct pn_pinhole *p, struct sockaddr_storage *out)
{
	struct pinhole_client_info info;

	pinhole_client_info(p->client, &info);
	return addr_to_sockaddr(&info.mapped, out);
}

socklen_t pn_pinhole_peer(const struct pn_pinhole *p, struct sockaddr_storage *out)
{
	struct pinhole_client_info info;

	pinhole_client_info(p->client, &info);
	return addr_to_sockaddr(&info.peer, out);
}

int pn_pinhole_error(const struct pn_pinhole *p)
{
	struct pinhole_client_info info;

	pinhole_client_info(p->client, &info);
	return info.error;
}

int pn_pinhole_subscribers(struct pn_pinhole *p, const struct pn_subscriber *list, size_t n, uint64_t now_ms)
{
	struct message_subscriber *l;
	int err = 0;

	if (n > PINHOLE_SUBSCRIBERS)
		return -E2BIG;
	l = calloc(n + 1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	for (size_t i = 0; i < n && !err; i++) {
		l[i].identity = str_of(list[i].identity);
		err = address(list[i].terminal, &l[i].terminal);
	}
	if (!err)
		err = pinhole_client_subscribers(p->client, l, n, now_ms);
	free(l);
	return err;
}

int pn_pinhole_end(struct pn_pinhole *p, uint64_t now_ms, void *buf, size_t cap)
{
	return pinhole_client_end(p->client, now_ms, buf, cap);
}
