#include "conf_read.h"
#include "conf_network.h"
#include "conf_text.h"
#include "conf_tree.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROWS(a) (sizeof(a) / sizeof(*(a)))
#define SECOND 1000u
#define MINUTE 60000u
#define HOUR 3600000u

static const struct conf_field limits_fields[] = {
	{ "sessions", CONF_NUMBER, offsetof(struct conf_limits, sessions), 10000, 0, 0, NULL },
	{ "streams", CONF_NUMBER, offsetof(struct conf_limits, streams), 20000, 0, 0, NULL },
	{ "bindings", CONF_NUMBER, offsetof(struct conf_limits, bindings), 100000, 0, 0, NULL },
	{ "tcp-connections", CONF_NUMBER, offsetof(struct conf_limits, tcp_connections), 10000, 0, 0, NULL },
	{ "tcp-write-queue", CONF_NUMBER, offsetof(struct conf_limits, tcp_write_queue), 262144, 0, 0, NULL },
	{ "tcp-idle", CONF_DURATION_OR_0, offsetof(struct conf_limits, tcp_idle_ms), 2 * HOUR, SECOND,
	  24 * HOUR, "\"0\" (never), or from \"1s\" to \"24h\"" },
};

static const struct conf_field media_fields[] = {
	{ "threads", CONF_NUMBER, offsetof(struct conf_media, threads), 0, 0, 0, NULL },
	{ "quarantine", CONF_DURATION_OR_0, offsetof(struct conf_media, quarantine_ms), 10 * SECOND, 1,
	  HOUR, "at most \"1h\"" },
	{ "request-timeout", CONF_DURATION, offsetof(struct conf_media, request_ms), 3 * SECOND, 100,
	  30 * SECOND, "from \"100ms\" to \"30s\"" },
	{ "idle", CONF_DURATION_OR_0, offsetof(struct conf_media, idle_ms), 5 * MINUTE, SECOND, 24 * HOUR,
	  "\"0\" (never), or from \"1s\" to \"24h\"" },
	{ "answer", CONF_DURATION, offsetof(struct conf_media, answer_ms), 3 * MINUTE, SECOND, HOUR,
	  "from \"1s\" to \"1h\"" },
	{ "longest", CONF_DURATION_OR_0, offsetof(struct conf_media, session_ms), 24 * HOUR, SECOND,
	  720 * HOUR, "\"0\" (no limit), or from \"1s\" to \"720h\"" },
	{ "latch-window", CONF_DURATION_OR_0, offsetof(struct conf_media, latch_window_ms), 3 * SECOND, 1,
	  MINUTE, "at most \"1m\"" },
	{ "latch-silence", CONF_DURATION, offsetof(struct conf_media, latch_silence_ms), 2 * SECOND, 100,
	  MINUTE, "from \"100ms\" to \"1m\"" },
	{ "latch-deadlock", CONF_DURATION_OR_0, offsetof(struct conf_media, deadlock_ms), 2 * SECOND, 100,
	  MINUTE, "\"0\" (never), or from \"100ms\" to \"1m\"" },
};

static const struct conf_field bindings_fields[] = {
	{ "probe", CONF_DURATION, offsetof(struct conf, binding_probe_ms), 4 * SECOND, 100, 30 * SECOND,
	  "from \"100ms\" to \"30s\"" },
	{ "keepalive-budget", CONF_NUMBER, offsetof(struct conf, keepalive_budget), 10000, 0, 0, NULL },
};

/* ---- helpers ---- */

void conf_bad_value(struct conf_reader *r, const xmlNode *n, const char *attr, const char *expected)
{
	const char *value = conf_attr(n, attr);

	conf_error(r->e, r->file, conf_node_line(n), "%s=\"%s\" of <%s>: expected %s", attr,
		   conf_shown(value ? value : ""), n->name, expected);
}

char *conf_copy(struct conf_reader *r, const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		r->no_memory = true;
	return copy;
}

void *conf_grow(struct conf_reader *r, void *list, size_t *n, size_t size)
{
	void *more = reallocarray(list, *n + 1, size);

	if (!more) {
		r->no_memory = true;
		return NULL;
	}
	memset((char *)more + *n * size, 0, size);
	++*n;
	return more;
}

static void read_duration(struct conf_reader *r, const xmlNode *n, const struct conf_field *f, uint32_t *out)
{
	int64_t ms = conf_duration(conf_attr(n, f->name));

	if (ms < 0)
		return;
	if ((ms || f->kind == CONF_DURATION) && (ms < f->min || ms > f->max))
		conf_bad_value(r, n, f->name, f->expected);
	else
		*out = (uint32_t)ms;
}

void conf_read_fields(struct conf_reader *r, const xmlNode *n, void *base, const struct conf_field *f,
		      size_t n_fields)
{
	for (size_t i = 0; i < n_fields; i++, f++) {
		uint32_t *out = (uint32_t *)(void *)((char *)base + f->offset);
		uint64_t number;

		*out = f->otherwise;
		if (!n || !conf_attr(n, f->name))
			continue;
		if (f->kind != CONF_NUMBER)
			read_duration(r, n, f, out);
		else if (!conf_number(conf_attr(n, f->name), UINT32_MAX, &number))
			*out = (uint32_t)number;
	}
}

char *conf_read_path(struct conf_reader *r, const xmlNode *n, const char *attr)
{
	const char *value = n ? conf_attr(n, attr) : NULL;
	const char *slash = strrchr(r->file, '/');
	char *path = NULL;

	if (!value || *value == '/')
		return conf_copy(r, value);
	if (asprintf(&path, "%.*s/%s", slash ? (int)(slash - r->file) : 1, slash ? r->file : ".", value) < 0) {
		r->no_memory = true;
		return NULL;
	}
	return path;
}

const char *conf_word(const xmlNode *n, const char *attr, const char *const *words)
{
	const char *value = n ? conf_attr(n, attr) : NULL;

	for (const char *const *w = words; value && *w; w++)
		if (conf_is(value, *w))
			return *w;
	return words[0];
}

/* ---- elements ---- */

static const xmlNode *child(const xmlNode *root, const char *name)
{
	for (const xmlNode *c = conf_first_element(root); c; c = conf_next_element(c))
		if (!conf_node_marked(c) && !strcmp((const char *)c->name, name))
			return c;
	return NULL;
}

static void read_plain(struct conf_reader *r, const xmlNode *root)
{
	static const char *const role[] = { "gateway", "agent", NULL };
	static const char *const to[] = { "stderr", "journal", NULL };
	static const char *const level[] = { "info", "error", "warn", "debug", NULL };
	struct conf *c = r->conf;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	c->line = conf_node_line(root);
	c->role = strcmp(conf_word(root, "role", role), "agent") ? ROLE_GATEWAY : ROLE_AGENT;
	c->log_to = conf_copy(r, conf_word(child(root, "log"), "to", to));
	c->log_level = conf_copy(r, conf_word(child(root, "log"), "level", level));
	c->control = conf_read_path(r, child(root, "control"), "socket");
	if (!c->control)
		c->control = conf_copy(r, POSTERN_RUNDIR "/ctl.sock");
	c->cdr = conf_read_path(r, child(root, "cdr"), "file");
	conf_read_fields(r, child(root, "limits"), &c->limits, limits_fields, ROWS(limits_fields));
	conf_read_fields(r, child(root, "media"), &c->media, media_fields, ROWS(media_fields));
	conf_read_fields(r, child(root, "bindings"), c, bindings_fields, ROWS(bindings_fields));
	if (!c->media.threads)
		c->media.threads = cores < 1 ? 1 : cores > 64 ? 64 : (unsigned)cores;
}

bool conf_find_realm(const struct conf *c, const char *name, unsigned *index)
{
	for (size_t i = 0; i < c->n_realms; i++) {
		if (!c->realms[i].name || strcmp(c->realms[i].name, name))
			continue;
		*index = (unsigned)i;
		return true;
	}
	return false;
}

void conf_unknown_realm(struct conf_reader *r, const xmlNode *n)
{
	char known[200] = "";
	size_t len = 0;

	for (size_t i = 0; i < r->conf->n_realms && len < sizeof(known); i++)
		if (r->conf->realms[i].name)
			len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s",
						len ? ", " : "the name of a realm: ",
						r->conf->realms[i].name);
	conf_bad_value(r, n, "realm", len ? known : "the name of a <realm>");
}

/* False: it was told. */
static bool read_group(struct conf_reader *r, const xmlNode *n, struct conf_listen *l)
{
	const char *value = conf_attr(n, "group");
	struct pn_str text = { value, value ? strlen(value) : 0 };

	if (!value || (!addr_parse(text, &l->group) && addr_is_group(&l->group) && l->transport == PN_UDP))
		return true;
	conf_bad_value(r, n, "group", "an IPv4 multicast address such as \"224.0.1.41\", on udp");
	return false;
}

static void read_listen(struct conf_reader *r, const xmlNode *n, struct conf_module *m)
{
	const char *realm = conf_attr(n, "realm"), *port = conf_attr(n, "port");
	const char *transport = conf_attr(n, "transport");
	struct conf_listen l = { .line = conf_node_line(n), .transport = PN_UDP };
	struct conf_listen *list;
	uint64_t number;

	if (transport && conf_is(transport, "tcp"))
		l.transport = PN_TCP;
	if (realm && !conf_find_realm(r->conf, realm, &l.realm)) {
		conf_unknown_realm(r, n);
		return;
	}
	if (!read_group(r, n, &l) || !realm || !port || conf_number(port, 65535, &number))
		return;
	l.port = (uint16_t)number;
	list = conf_grow(r, m->listens, &m->n_listens, sizeof(*list));
	if (!list)
		return;
	m->listens = list;
	list[m->n_listens - 1] = l;
}

static void read_module(struct conf_reader *r, const xmlNode *n)
{
	static const char *const ours[] = { "name", "file", NULL };
	struct conf *c = r->conf;
	struct conf_module *m = conf_grow(r, c->modules, &c->n_modules, sizeof(*m));

	if (!m)
		return;
	c->modules = m;
	m += c->n_modules - 1;
	m->line = conf_node_line(n);
	m->name = conf_copy(r, conf_attr(n, "name"));
	m->file = conf_read_path(r, n, "file");
	m->tree = conf_tree_new(n, c->path, "listen", ours);
	if (!m->tree)
		r->no_memory = true;
	for (const xmlNode *l = conf_first_element(n); l; l = conf_next_element(l))
		if (!conf_node_marked(l) && !strcmp((const char *)l->name, "listen"))
			read_listen(r, l, m);
}

static void read_realm(struct conf_reader *r, const xmlNode *n)
{
	struct conf *c = r->conf;
	struct conf_realm *list = conf_grow(r, c->realms, &c->n_realms, sizeof(*list));

	if (!list)
		return;
	c->realms = list;
	conf_read_realm(r, n, &list[c->n_realms - 1]);
}

static void read_network(struct conf_reader *r, const xmlNode *n)
{
	struct conf *c = r->conf;
	struct conf_network *list = conf_grow(r, c->networks, &c->n_networks, sizeof(*list));

	if (!list)
		return;
	c->networks = list;
	conf_read_network(r, n, &list[c->n_networks - 1]);
}

static void read_gateway(struct conf_reader *r, const xmlNode *n)
{
	struct conf *c = r->conf;
	struct conf_realm *list;

	if (c->gateway)
		return;
	list = conf_grow(r, c->realms, &c->n_realms, sizeof(*list));
	if (!list)
		return;
	c->realms = list;
	c->gateway = calloc(1, sizeof(*c->gateway));
	if (c->gateway)
		conf_read_gateway(r, n, c->gateway, &list[c->n_realms - 1]);
	else
		r->no_memory = true;
}

static void each(struct conf_reader *r, const xmlNode *root, const char *name,
		 void (*fn)(struct conf_reader *r, const xmlNode *n))
{
	for (const xmlNode *c = conf_first_element(root); c; c = conf_next_element(c))
		if (!conf_node_marked(c) && !strcmp((const char *)c->name, name))
			fn(r, c);
}

void conf_read(struct conf_reader *r, const xmlNode *root)
{
	read_plain(r, root);
	each(r, root, "realm", read_realm);
	each(r, root, "network", read_network);
	each(r, root, "gateway", read_gateway);
	each(r, root, "module", read_module);
	if (r->conf->gateway)
		conf_add_listens(r);
}
