#include "world.h"

#include "metrics.h"
#include "random.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX (1u << 22)

static void keep_cdr(void *arg, const char *line)
{
	struct world *w = arg;
	buf_add(&w->cdrs, line, strlen(line));
	if (!w->cdrs.len || w->cdrs.p[w->cdrs.len - 1] != '\n')
		buf_add(&w->cdrs, "\n", 1);
}

static void keep_log(void *arg, enum pn_level level, const char *line)
{
	struct world *w = arg;
	(void)level;
	buf_addf(&w->logs, "%s\n", line);
}

int world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	buf_init(&w->cdrs, LINES_MAX);
	buf_init(&w->logs, LINES_MAX);
	random_fake(1);
	metrics_reset();
	log_level_set(NULL, "info");
	log_capture(keep_log, w);
	w->loop = loop_new_fake(1000000);
	w->net = fakenet_new(w->loop);
	w->cdr = cdr_capture(keep_cdr, w);
	struct core_env env = {
		.loop = w->loop, .net = &fakenet_ops, .net_arg = w->net,
		.relay_net = &fakenet_media_ops, .relay_net_arg = w->net,
		.provider = &test_provider_ops, .provider_arg = &w->provider, .cdr = w->cdr, .offline = true,
	};
	w->core = core_new(&env);
	if (!w->core)
		return -ENOMEM;
	w->provider.loop = w->loop;
	return 0;
}

void world_free(struct world *w)
{
	test_provider_stop(&w->provider);
	core_free(w->core);
	loop_turn(w->loop);
	fakenet_free(w->net);
	cdr_close(w->cdr);
	loop_free(w->loop);
	log_capture(NULL, NULL);
	vars_free(&w->vars);
	buf_free(&w->cdrs);
	buf_free(&w->logs);
}

int fail(struct world *w, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(w->why, sizeof(w->why), fmt, ap);
	va_end(ap);
	return -1;
}

struct actor *world_host(struct world *w, const char *name)
{
	for (size_t i = 0; name && i < w->n_hosts; i++)
		if (!strcmp(w->host[i].name, name))
			return &w->host[i];
	fail(w, "no host \"%s\": expected one that `host` made", name ? name : "");
	return NULL;
}

struct pn_realm *world_realm(struct world *w, const struct actor *h)
{
	struct pn_realm *r = w->core->realms ? realms_find(w->core->realms, h->realm) : NULL;
	if (!r)
		fail(w, "host %s: no realm \"%s\" in the config", h->name, h->realm);
	return r;
}

int world_endpoint(struct world *w, const char *text, struct actor **host, struct pn_addr *addr)
{
	char name[64];
	const char *colon = text ? strrchr(text, ':') : NULL;
	snprintf(name, sizeof(name), "%.*s", colon ? (int)(colon - text) : 63, text ? text : "");
	*host = world_host(w, name);
	if (!*host)
		return -1;
	*addr = (*host)->addr;
	if (colon)
		addr->port = (uint16_t)strtoul(colon + 1, NULL, 10);
	return 0;
}

static int unhex(struct world *w, const char *text, struct buf *out)
{
	for (const char *p = text; *p;) {
		unsigned v;
		if (isspace((unsigned char)*p)) {
			p++;
			continue;
		}
		if (!isxdigit((unsigned char)p[0]) || !isxdigit((unsigned char)p[1]) || sscanf(p, "%2x", &v) != 1)
			return fail(w, "not hex: %.10s", p);
		uint8_t octet = (uint8_t)v;
		buf_add(out, &octet, 1);
		p += 2;
	}
	return 0;
}

bool step_has(const struct step *s, const char *word)
{
	for (size_t i = 1; i < s->n; i++)
		if (!strcmp(s->word[i], word))
			return true;
	return false;
}

/* `{name:N}` is N octets: known ones are compared, others taken. Returns behind it, NULL: they differ. */
static const char *match_octets(struct world *w, const char *p, const uint8_t *got, size_t len, size_t *at)
{
	char name[64], text[256];
	const char *known;
	unsigned n;
	int used;
	if (sscanf(p, "{%63[^:}]:%u}%n", name, &n, &used) != 2 || n > 100 || n > len - *at)
		return NULL;
	for (unsigned i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", got[*at + i]);
	text[2 * n] = '\0';
	known = vars_get(&w->vars, name);
	if (known ? strcmp(known, text) : vars_set(&w->vars, name, text, 2 * n))
		return NULL;
	*at += n;
	return p + used;
}

int world_match_hex(struct world *w, const char *want, const uint8_t *got, size_t len)
{
	size_t at = 0;
	while (*want) {
		unsigned v;
		if (isspace((unsigned char)*want)) {
			want++;
		} else if (*want == '{') {
			want = match_octets(w, want, got, len, &at);
			if (!want)
				return fail(w, "octets differ at %zu", at);
		} else {
			if (at == len || sscanf(want, "%2x", &v) != 1 || got[at] != v)
				return fail(w, "octets differ at %zu of %zu", at, len);
			at++;
			want += 2;
		}
	}
	return at == len ? 0 : fail(w, "%zu octets more", len - at);
}

int world_body(struct world *w, const struct step *s, bool expand, struct buf *out)
{
	struct buf text;
	char why[256];
	if (step_has(s, "hex")) {
		buf_init(&text, LINES_MAX);
		int bad = vars_expand(&w->vars, s->body, &text, why, sizeof(why));
		bad = bad ? fail(w, "%s", why) : unhex(w, buf_text(&text), out);
		buf_free(&text);
		return bad;
	}
	buf_init(&text, LINES_MAX);
	for (const char *p = s->body; *p; p++)
		buf_add(&text, *p == '\n' && !step_has(s, "lf") ? "\r\n" : p, *p == '\n' && !step_has(s, "lf") ? 2 : 1);
	int err = 0;
	if (expand && vars_expand(&w->vars, buf_text(&text), out, why, sizeof(why)))
		err = fail(w, "%s", why);
	else if (!expand)
		buf_add(out, text.p, text.len);
	buf_free(&text);
	return err;
}

int world_run(struct world *w, const struct step *s)
{
	struct step filled = *s;
	char text[SCRIPT_WORDS][1024], why[256];
	for (size_t i = 0; i < s->n; i++) {
		struct buf b;
		buf_init(&b, sizeof(text[0]) - 1);
		int bad = vars_expand(&w->vars, s->word[i], &b, why, sizeof(why));
		snprintf(text[i], sizeof(text[i]), "%s", buf_text(&b));
		buf_free(&b);
		if (bad)
			return fail(w, "%s", why);
		filled.word[i] = text[i];
	}
	for (const struct verb *v = verbs; v->name; v++)
		if (!strcmp(v->name, s->word[0])) {
			int err = v->run(w, &filled);
			loop_turn(w->loop);
			return err;
		}
	return fail(w, "unknown verb \"%s\"", s->word[0]);
}

struct buf *world_stream(struct world *w, const struct actor *h)
{
	struct pn_realm *r = world_realm(w, h);
	return r ? fakenet_received(w->net, r->index, &h->addr) : NULL;
}

/* Of TCP connections. */
static int streams_end(struct world *w)
{
	for (size_t i = 0; i < w->n_hosts; i++) {
		const struct buf *stream = world_stream(w, &w->host[i]);
		if (stream && stream->len)
			return fail(w, "at the end: %zu octets to %s that nothing expected", stream->len, w->host[i].name);
	}
	return 0;
}

int world_end(struct world *w)
{
	const struct packet *p = fakenet_left(w->net, NULL);
	if (streams_end(w))
		return -1;
	if (p)
		return fail(w, "at the end: a message to %s that nothing expected:\n%.*s", addr_text(&p->to),
			    (int)p->len, (const char *)p->data);
	p = fakenet_left_media(w->net);
	if (p)
		return fail(w, "at the end: a media packet from %s to %s that nothing expected",
			    addr_text(&p->from), addr_text(&p->to));
	if (w->core->sessions && sessions_check_ports(w->core->sessions))
		return fail(w, "at the end: ports taken are not the ports of the live streams");
	return 0;
}
