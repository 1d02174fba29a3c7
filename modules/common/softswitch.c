#include "softswitch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* "host", "host:port", "[v6]:port", "v6" without the port. */
static char *host_of(const char *text)
{
	const char *colon = strrchr(text, ':'), *end = text + strlen(text);

	if (text[0] == '[') {
		const char *close = strchr(text, ']');

		return close ? strndup(text + 1, (size_t)(close - text) - 1) : strdup(text);
	}
	if (colon && strchr(text, ':') == colon)
		end = colon;
	return strndup(text, (size_t)(end - text));
}

static void read_one(struct conf_read *r, const struct pn_conf *at, uint16_t default_port,
		     struct softswitches *s)
{
	const char *text = conf_attr(at, "address");

	if (s->n == SOFTSWITCHES_MAX) {
		CONF_WRONG(r, at, "%s: expected at most %u in a route", at->name, SOFTSWITCHES_MAX);
		return;
	}
	s->one[s->n].host = host_of(text);
	s->one[s->n].peer = r->svc->peer_new(r->host, text, default_port);
	if (!s->one[s->n].peer || !s->one[s->n].host)
		CONF_WRONG(r, at, "%s address=\"%s\": expected host or host:port", at->name, text);
	s->n++;
}

static void read_follow(struct conf_read *r, const struct pn_conf *at, struct softswitches *s)
{
	const char *text = conf_attr(at, "prefix");

	if (s->n_follow == SOFTSWITCH_FOLLOW_MAX)
		CONF_WRONG(r, at, "follow: expected at most %u in a route", SOFTSWITCH_FOLLOW_MAX);
	else if (addr_prefix_parse(r->svc, str_of(text), &s->follow[s->n_follow++]))
		CONF_WRONG(r, at, "follow prefix=\"%s\": expected a prefix such as 192.0.2.0/24",
			   text);
}

void softswitches_read(struct conf_read *r, const struct pn_conf *route, const char *name,
		       uint16_t default_port, struct softswitches *out)
{
	out->svc = r->svc;
	for (const struct pn_conf *c = route->children; c; c = c->next) {
		if (!strcmp(c->name, name))
			read_one(r, c, default_port, out);
		else if (!strcmp(c->name, "follow"))
			read_follow(r, c, out);
	}
}

void softswitches_free(struct softswitches *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->one[i].peer)
			s->svc->peer_free(s->one[i].peer);
		free(s->one[i].host);
	}
	s->n = 0;
}

int softswitch_at(const struct softswitches *s, size_t index, struct pn_addr *out)
{
	for (size_t i = 0; i < s->n; i++)
		for (size_t j = 0; !s->svc->peer_addr(s->one[i].peer, j, out); j++)
			if (!index--)
				return 0;
	return -ENOENT;
}

int softswitch_next(const struct softswitches *s, const struct pn_addr *after, struct pn_addr *out)
{
	struct pn_addr a;
	size_t i = 0;

	for (; !softswitch_at(s, i, &a); i++)
		if (addr_same(&a, after))
			break;
	if (!softswitch_at(s, i + 1, out))
		return 0;
	return softswitch_at(s, 0, out);
}

bool softswitch_known(const struct softswitches *s, const struct pn_addr *a)
{
	struct pn_addr known;

	for (size_t i = 0; i < s->n_follow; i++)
		if (addr_prefix_has(&s->follow[i], a))
			return true;
	for (size_t i = 0; !softswitch_at(s, i, &known); i++)
		if (addr_same_ip(&known, a))
			return true;
	return false;
}

int softswitch_named(const struct softswitches *s, struct pn_str host, uint16_t port,
		     struct pn_addr *out)
{
	struct pn_addr a;

	for (size_t i = 0; i < s->n; i++) {
		if (!str_ieq(host, str_of(s->one[i].host)) ||
		    s->svc->peer_addr(s->one[i].peer, 0, &a))
			continue;
		if (port)
			a.port = port;
		*out = a;
		return 0;
	}
	return -EACCES;
}
