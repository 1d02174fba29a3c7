#include "ctl.h"
#include "metrics.h"
#include "world.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECRET "@secret@"

/* A configuration that names a file with a secret gets one that is there while it is read. */
static struct conf *parse_with_secret(const struct step *s, const char *at, struct pn_conf_errors *e)
{
	char path[] = "/tmp/postern-scenario.XXXXXX", *text;
	struct conf *c = NULL;
	int fd = mkstemp(path);

	if (fd < 0)
		return NULL;
	if (write(fd, "correct horse\n", 14) == 14 &&
	    asprintf(&text, "%.*s%s%s", (int)(at - s->body), s->body, path, at + strlen(SECRET)) > 0) {
		c = conf_parse(text, strlen(text), s->file, e);
		free(text);
	}
	close(fd);
	unlink(path);
	return c;
}

static int apply(struct world *w, const struct step *s, struct pn_conf_errors *e)
{
	const char *secret = strstr(s->body, SECRET);
	struct conf *c = secret ? parse_with_secret(s, secret, e) : conf_parse(s->body, strlen(s->body), s->file, e);
	int err = c ? core_apply(w->core, c, e) : -EINVAL;
	if (err)
		conf_free(c);
	w->provider.inner = &port_provider_ops;
	w->provider.inner_arg = w->core->ports;
	return err;
}

static int verb_config(struct world *w, const struct step *s)
{
	struct pn_conf_errors e = { 0 };
	int err = apply(w, s, &e);
	if (err)
		fail(w, "config refused: %s", e.n ? e.line[0] : strerror(-err));
	conf_errors_free(&e);
	return err ? -1 : 0;
}

/* refused TEXT: the config below must be refused, with an error that contains TEXT. */
static int verb_refused(struct world *w, const struct step *s)
{
	struct pn_conf_errors e = { 0 };
	char want[512] = "";
	int err = apply(w, s, &e), found = 0;
	for (size_t i = 1, n = 0; i < s->n && n < sizeof(want); i++)
		n += (size_t)snprintf(want + n, sizeof(want) - n, "%s%s", i > 1 ? " " : "", s->word[i]);
	for (size_t i = 0; i < e.n; i++)
		found |= strstr(e.line[i], want) != NULL;
	if (!err)
		fail(w, "config accepted: expected a refusal");
	else if (!found)
		fail(w, "no error says \"%s\"; the first is: %s", want, e.n ? e.line[0] : "(none)");
	conf_errors_free(&e);
	return err && found ? 0 : -1;
}

/* host NAME REALM ADDRESS:PORT */
static int verb_host(struct world *w, const struct step *s)
{
	struct actor *h = &w->host[w->n_hosts];
	if (s->n < 4 || w->n_hosts == HOSTS_MAX || addr_parse_port(str_of(s->word[3]), 0, &h->addr))
		return fail(w, "expected: host NAME REALM ADDRESS:PORT");
	for (size_t i = 0; i < w->n_hosts; i++)
		if (!strcmp(w->host[i].name, s->word[1])) { /* it moved: roaming, NAT rebinding */
			w->host[i].addr = h->addr;
			return 0;
		}
	snprintf(h->name, sizeof(h->name), "%s", s->word[1]);
	snprintf(h->realm, sizeof(h->realm), "%s", s->word[2]);
	w->n_hosts++;
	return 0;
}

static int verb_provider(struct world *w, const struct step *s)
{
	int64_t ms = s->n > 2 ? conf_duration(s->word[2]) : 0;
	if (s->n > 1 && !strcmp(s->word[1], "pool"))
		w->provider.mode = PROVIDER_POOL;
	else if (s->n > 1 && !strcmp(s->word[1], "never"))
		w->provider.mode = PROVIDER_NEVER;
	else if (s->n > 2 && !strcmp(s->word[1], "late") && ms > 0)
		w->provider.mode = PROVIDER_LATE;
	else
		return fail(w, "expected: provider pool | never | late TIME");
	w->provider.delay_ms = (uint64_t)ms;
	return 0;
}

/* `to ADDRESS:PORT`: that of a listener of ours, be it an alias; without it the realm's own address. */
static int destination(struct world *w, const struct step *s, const struct pn_realm *r, const struct actor *h,
		       struct pn_addr *to)
{
	const struct pn_addr *own = realm_addr(r, h->addr.family);
	if (s->n > 3 && !strcmp(s->word[2], "to"))
		return addr_parse_port(str_of(s->word[3]), 0, to) ?
			fail(w, "\"%s\": expected ADDRESS:PORT", s->word[3]) : 0;
	if (!own)
		return fail(w, "realm %s has no address of the family of %s", h->realm, h->name);
	*to = *own;
	return 0;
}

/* > HOST [to ADDRESS:PORT] [lf|hex] */
static int verb_send(struct world *w, const struct step *s)
{
	struct actor *h = world_host(w, s->word[1]);
	struct pn_realm *r = h ? world_realm(w, h) : NULL;
	struct pn_addr to;
	if (!r || destination(w, s, r, h, &to))
		return -1;
	struct buf b;
	buf_init(&b, 1 << 20);
	int err = world_body(w, s, true, &b);
	if (!err && fakenet_stream(w->net, r->index, &h->addr, b.p, b.len) == -ENOTCONN &&
	    fakenet_deliver(w->net, r->index, &h->addr, &to, b.p, b.len))
		err = fail(w, "nobody listens at %s in realm %s", addr_text(&to), h->realm);
	buf_free(&b);
	return err;
}

static int match_body(struct world *w, const struct step *s, const void *got, size_t len)
{
	struct buf want;
	char why[WHY_MAX - 64];
	if (step_has(s, "hex"))
		return world_match_hex(w, s->body, got, len);
	buf_init(&want, 1 << 20);
	int err = world_body(w, s, false, &want);
	if (!err && vars_match(&w->vars, buf_text(&want), got, len, why, sizeof(why)))
		err = fail(w, "%s", why);
	buf_free(&want);
	return err;
}

/* `from ADDRESS:PORT` in the line of an expectation: it left from there. */
static int match_source(struct world *w, const struct step *s, const struct pn_addr *is)
{
	struct pn_addr from;
	if (s->n < 4 || strcmp(s->word[2], "from") != 0)
		return 0;
	if (addr_parse_port(str_of(s->word[3]), 0, &from))
		return fail(w, "\"%s\": expected ADDRESS:PORT", s->word[3]);
	return addr_eq(&from, is) ? 0 : fail(w, "it was sent from %s", addr_text(is));
}

/* < HOST [from ADDRESS:PORT] [lf|hex]: the next message that Postern sent to the host. */
static int verb_expect(struct world *w, const struct step *s)
{
	struct actor *h = world_host(w, s->word[1]);
	struct pn_realm *r = h ? world_realm(w, h) : NULL;
	if (!r)
		return -1;
	struct buf *stream = fakenet_received(w->net, r->index, &h->addr);
	if (stream) {
		int err = match_source(w, s, fakenet_local(w->net, r->index, &h->addr));
		if (!err)
			err = match_body(w, s, stream->p, stream->len);
		buf_drop(stream, stream->len);
		return err;
	}
	struct packet *p = fakenet_take(w->net, r->index, &h->addr);
	if (!p) {
		const struct packet *other = fakenet_left(w->net, NULL);
		return fail(w, "nothing was sent to %s (%s)%s%s", h->name, addr_text(&h->addr),
			    other ? "; but something to " : "", other ? addr_text(&other->to) : "");
	}
	int err = match_source(w, s, &p->from);
	if (!err)
		err = match_body(w, s, p->data, p->len);
	free(p);
	return err;
}

static int verb_nothing(struct world *w, const struct step *s)
{
	const struct packet *p = NULL;
	const struct buf *stream;
	const char *what = s->n > 1 ? s->word[1] : "";
	if (!strcmp(what, "media")) {
		p = fakenet_left_media(w->net);
	} else if (*what) {
		struct actor *h = world_host(w, what);
		if (!h)
			return -1;
		stream = world_stream(w, h);
		if (stream && stream->len)
			return fail(w, "expected nothing, but to %s went %zu octets", h->name, stream->len);
		p = fakenet_left(w->net, &h->addr);
	} else {
		p = fakenet_left(w->net, NULL);
		p = p ? p : fakenet_left_media(w->net);
	}
	return p ? fail(w, "expected nothing, but to %s went:\n%.*s", addr_text(&p->to),
			(int)(p->len < 400 ? p->len : 400), (const char *)p->data) : 0;
}

static int verb_flush(struct world *w, const struct step *s)
{
	struct actor *h = s->n > 1 && strcmp(s->word[1], "media") != 0 ? world_host(w, s->word[1]) : NULL;
	struct buf *stream = h ? world_stream(w, h) : NULL;
	if (stream)
		buf_drop(stream, stream->len);
	if (s->n > 1 && !strcmp(s->word[1], "media"))
		fakenet_flush_media(w->net);
	else if (s->n > 1 && !h)
		return -1;
	else
		fakenet_flush(w->net, h ? &h->addr : NULL);
	return 0;
}

static int verb_advance(struct world *w, const struct step *s)
{
	int64_t ms = s->n > 1 ? conf_duration(s->word[1]) : -1;
	if (ms < 0)
		return fail(w, "expected: advance TIME");
	loop_advance(w->loop, (uint64_t)ms);
	return 0;
}

static int verb_counter(struct world *w, const struct step *s)
{
	int64_t is = s->n > 2 ? metric_by_name(s->word[1]) : -ENOENT;
	if (is < 0)
		return fail(w, "no counter \"%s\"", s->n > 1 ? s->word[1] : "");
	if (is != strtoll(s->word[2], NULL, 10))
		return fail(w, "counter %s is %" PRId64 ": wanted %s", s->word[1], is, s->word[2]);
	return 0;
}

/* Each line of the body stands somewhere in the text. */
static int search_lines(struct world *w, const struct step *s, const char *text, size_t len)
{
	char *copy = strdup(s->body), *save = NULL;
	int err = 0;
	for (char *line = strtok_r(copy, "\n", &save); line && !err; line = strtok_r(NULL, "\n", &save))
		if (vars_search(&w->vars, line, text, len))
			err = fail(w, "not found: %s\n  in: %.*s", line, (int)(len < 1500 ? len : 1500), text);
	free(copy);
	return err;
}

static int verb_cdr(struct world *w, const struct step *s)
{
	const char *end = w->cdrs.len ? memchr(w->cdrs.p, '\n', w->cdrs.len) : NULL;
	if (!end)
		return fail(w, "no CDR was written");
	size_t len = (size_t)(end - (const char *)w->cdrs.p);
	int err = search_lines(w, s, (const char *)w->cdrs.p, len);
	buf_drop(&w->cdrs, len + 1);
	return err;
}

static int verb_ctl(struct world *w, const struct step *s)
{
	char line[512] = "";
	struct buf reply;
	for (size_t i = 1, n = 0; i < s->n && n < sizeof(line); i++)
		n += (size_t)snprintf(line + n, sizeof(line) - n, "%s%s", i > 1 ? " " : "", s->word[i]);
	buf_init(&reply, 1 << 22);
	ctl_run(w->core, line, &reply);
	int err = search_lines(w, s, buf_text(&reply), reply.len);
	buf_free(&reply);
	return err;
}

static int verb_logged(struct world *w, const struct step *s)
{
	char want[512] = "";
	for (size_t i = 1, n = 0; i < s->n && n < sizeof(want); i++)
		n += (size_t)snprintf(want + n, sizeof(want) - n, "%s%s", i > 1 ? " " : "", s->word[i]);
	return strstr(buf_text(&w->logs), want) ? 0 : fail(w, "no log line says \"%s\"", want);
}

/* set NAME VALUE [TIMES] */
static int verb_set(struct world *w, const struct step *s)
{
	unsigned long times = s->n > 3 ? strtoul(s->word[3], NULL, 10) : 1;
	struct buf b;
	if (s->n < 3)
		return fail(w, "expected: set NAME VALUE [TIMES]");
	buf_init(&b, 1 << 20);
	while (times--)
		buf_add(&b, s->word[2], strlen(s->word[2]));
	int err = vars_set(&w->vars, s->word[1], buf_text(&b), b.len);
	buf_free(&b);
	return err;
}

/* ---- TCP ---- */

/* accept | connect [to ADDRESS:PORT] | hangup | connected | closed */
static int verb_tcp(struct world *w, const struct step *s)
{
	struct actor *h = world_host(w, s->word[1]);
	struct pn_realm *r = h ? world_realm(w, h) : NULL;
	struct pn_addr to;
	if (!r || destination(w, s, r, h, &to))
		return -1;
	const char *verb = s->word[0];
	int err = 0;
	if (!strcmp(verb, "accept"))
		err = fakenet_listen(w->net, r->index, &h->addr);
	else if (!strcmp(verb, "connect"))
		err = fakenet_connect(w->net, r->index, &h->addr, &to);
	else if (!strcmp(verb, "hangup"))
		err = fakenet_hangup(w->net, r->index, &h->addr);
	else if (fakenet_connected(w->net, r->index, &h->addr) != !strcmp(verb, "connected"))
		return fail(w, "%s is %sconnected", h->name, strcmp(verb, "connected") ? "" : "not ");
	return err ? fail(w, "%s %s: %s", verb, h->name, strerror(-err)) : 0;
}

const struct verb verbs[] = {
	{ "config", verb_config },   { "reload", verb_config },	    { "refused", verb_refused },
	{ "host", verb_host },	     { "provider", verb_provider }, { ">", verb_send },
	{ "<", verb_expect },	     { "nothing", verb_nothing },   { "flush", verb_flush },
	{ "advance", verb_advance }, { "counter", verb_counter },   { "cdr", verb_cdr },
	{ "ctl", verb_ctl },	     { "logged", verb_logged },	    { "set", verb_set },
	{ "accept", verb_tcp },	     { "connect", verb_tcp },	    { "hangup", verb_tcp },
	{ "connected", verb_tcp },   { "closed", verb_tcp },	    { "rtp", verb_media_send },
	{ "rtcp", verb_media_send }, { "stun", verb_media_send },   { "udp", verb_media_send },
	{ "got", verb_media_got },
	{ NULL, NULL },
};
