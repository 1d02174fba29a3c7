#include "conf_route.h"
#include "buf.h"
#include "conf_tree.h"
#include <errno.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <string.h>

#define TEMPLATE_MAX 8192u

struct place {
	const char *name, *value;
};

static const struct place *find_place(const struct place *p, const char *name, size_t len)
{
	for (; p->name; p++)
		if (strlen(p->name) == len && !memcmp(p->name, name, len))
			return p;
	return NULL;
}

/* Names and addresses hold nothing that XML would read as its own (the schema sees to it). */
static int fill(const char *template, const struct place *places, struct buf *out)
{
	int err = buf_addf(out, "<module xmlns=\"" CONF_NS "\">");

	for (const char *p = template; !err && *p;) {
		const char *end = *p == '{' ? strchr(p, '}') : NULL;
		const struct place *place = end ? find_place(places, p + 1, (size_t)(end - p) - 1) : NULL;

		if (*p == '{' && !place)
			return -EINVAL;
		err = place ? buf_addf(out, "%s", place->value) : buf_add(out, p, 1);
		p = place ? end + 1 : p + 1;
	}
	return err ? err : buf_addf(out, "</module>");
}

/* What the text describes goes to the end of the module's element. */
static int append(struct conf_module *m, const char *text, size_t len)
{
	xmlDoc *doc = xmlReadMemory(text, (int)len, NULL, NULL,
				    XML_PARSE_NONET | XML_PARSE_NOBLANKS | XML_PARSE_NOERROR |
				    XML_PARSE_NOWARNING);
	struct pn_conf *t = doc ? conf_tree_new(xmlDocGetRootElement(doc), m->tree->file, NULL, NULL) : NULL;
	const struct pn_conf **end = &m->tree->children;

	xmlFreeDoc(doc);
	if (!t)
		return -EINVAL;
	while (*end)
		end = &((struct pn_conf *)*end)->next;
	*end = t->children;
	t->children = NULL;
	conf_tree_free(t);
	return 0;
}

static void set_lines(const struct pn_conf *t, int line)
{
	for (; t; t = t->next) {
		((struct pn_conf *)t)->line = line;
		set_lines(t->children, line);
	}
}

static void gateway_text(const struct conf_gateway *g, char *out, size_t cap)
{
	struct pn_addr bare = g->address;
	char plain[ADDR_TEXT];

	bare.port = 0;
	addr_print(&bare, plain, sizeof(plain));
	snprintf(out, cap, bare.family == 6 ? "[%s]" : "%s", plain);
}

static int add_route(const struct conf *c, struct conf_module *m, const struct conf_realm *from,
		     const char *template)
{
	const struct conf_gateway *g = c->gateway;
	char gateway[ADDR_TEXT + 2];
	const struct place places[] = { { "from", from->name },        { "to", c->realms[g->realm].name },
					{ "gateway", gateway },        { "network", g->network },
					{ "agent", g->agent },         { NULL, NULL } };
	struct buf text;
	int err;

	gateway_text(g, gateway, sizeof(gateway));
	buf_init(&text, TEMPLATE_MAX);
	err = fill(template, places, &text);
	if (!err)
		err = append(m, buf_text(&text), text.len);
	buf_free(&text);
	return err;
}

static bool has_route(const struct conf_module *m)
{
	for (const struct pn_conf *c = m->tree->children; c; c = c->next)
		if (!strcmp(c->name, "route"))
			return true;
	return false;
}

static bool serves(const struct conf_module *m, unsigned realm)
{
	for (size_t i = 0; i < m->n_listens; i++)
		if (m->listens[i].realm == realm)
			return true;
	return false;
}

/* ---- where it leads ---- */

/* The digits at p; 0 when they are no port. */
static int port_at(const char *p)
{
	int port = 0;

	for (; *p >= '0' && *p <= '9' && port <= 65535; p++)
		port = 10 * port + *p - '0';
	return port <= 65535 ? port : 0;
}

/* The port behind the gateway's address in one of the words: -1: it is not named, 0: without a port. */
static int port_in(const char *value, const char *gateway)
{
	size_t len = strlen(gateway);

	for (value += strspn(value, " \t\r\n"); *value; value += strspn(value, " \t\r\n")) {
		size_t n = strcspn(value, " \t\r\n");

		if (n >= len && !strncmp(value, gateway, len)) {
			if (n == len)
				return 0;
			if (value[len] == ':')
				return port_at(value + len + 1);
		}
		value += n;
	}
	return -1;
}

static int port_named(const struct pn_conf *t, const char *gateway)
{
	int port = -1;

	for (const struct pn_conf_attr *a = t->attrs; a && port < 0; a = a->next)
		port = port_in(a->value, gateway);
	for (const struct pn_conf *c = t->children; c && port < 0; c = c->next)
		port = port_named(c, gateway);
	return port;
}

static void find_port(const struct conf *c, struct conf_module *m, const char *template)
{
	static const char place[] = "{gateway}:";
	const char *usual = template ? strstr(template, place) : NULL;
	char gateway[ADDR_TEXT + 2];
	int port;

	gateway_text(c->gateway, gateway, sizeof(gateway));
	port = port_named(m->tree, gateway);
	if (!port && usual)
		port = port_at(usual + sizeof(place) - 1);
	m->uplink_port = port > 0 ? (uint16_t)port : 0;
}

int conf_add_routes(const struct conf *c, struct conf_module *m, const char *template,
		    struct pn_conf_errors *e)
{
	const struct pn_conf *last = m->tree->children;
	bool given = !template || has_route(m);

	if (!c->gateway)
		return 0;
	while (last && last->next)
		last = last->next;
	for (unsigned i = 0; i < c->n_realms && !given; i++) {
		const struct conf_realm *r = &c->realms[i];

		if (r->side != PN_ACCESS || !serves(m, i) || !add_route(c, m, r, template))
			continue;
		conf_error(e, c->path, m->line, "module \"%s\": its route to the gateway cannot be made: "
			   "expected a <route>", m->name);
		return -EINVAL;
	}
	set_lines(last ? last->next : m->tree->children, m->line);
	find_port(c, m, template);
	return 0;
}
