#include "buf.h"
#include "conf_read.h"
#include "conf_text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(a) (sizeof(a) / sizeof(*(a)))

static const struct conf_field fields[] = {
	{ "fwmark", CONF_NUMBER, offsetof(struct conf_realm, fwmark), 0, 0, 0, NULL },
	{ "sessions", CONF_NUMBER, offsetof(struct conf_realm, limits.sessions), 0, 0, 0, NULL },
	{ "terminal-sessions", CONF_NUMBER, offsetof(struct conf_realm, limits.terminal_sessions), 0, 0, 0,
	  NULL },
	{ "source-rate", CONF_NUMBER, offsetof(struct conf_realm, limits.source_rate), 0, 0, 0, NULL },
	{ "source-burst", CONF_NUMBER, offsetof(struct conf_realm, limits.source_burst), 0, 0, 0, NULL },
	{ "tcp-per-source", CONF_NUMBER, offsetof(struct conf_realm, limits.tcp_per_source), 0, 0, 0, NULL },
};

/* What a socket can be bound to and told to others as Postern's own. */
static bool may_own(const struct pn_addr *a)
{
	static const uint8_t none[16];

	if (!memcmp(a->ip, none, sizeof(none)))
		return false;
	return a->family == 4 ? a->ip[0] != 0 && a->ip[0] < 224 : a->ip[0] != 0xff;
}

static const char *address_of(uint8_t family)
{
	if (!family)
		return "an IP address such as \"192.0.2.5\" or \"2001:db8::5\"";
	return family == 4 ? "an IPv4 address such as \"192.0.2.5\""
			   : "an IPv6 address such as \"2001:db8::5\"";
}

void conf_read_address(struct conf_reader *r, const xmlNode *n, const char *attr, uint8_t family,
		       struct pn_addr *out)
{
	const char *value = conf_attr(n, attr);
	struct pn_addr a;

	if (!value)
		return;
	if (addr_parse(str_of(value), &a) || (family && a.family != family))
		conf_bad_value(r, n, attr, address_of(family));
	else if (!may_own(&a))
		conf_bad_value(r, n, attr, family ? "one address of this host, neither a wildcard nor multicast"
				      : "one address of a host, neither a wildcard nor multicast");
	else
		*out = a;
}

void conf_read_ports(struct conf_reader *r, const xmlNode *n, const char *attr, uint16_t out[2])
{
	const char *value = conf_attr(n, attr);
	bool media = !strncmp(attr, "media", 5);
	uint16_t first, last;

	if (!value)
		return;
	if (conf_ports(value, &first, &last) || first < 1024)
		conf_bad_value(r, n, attr, "a range from a lower to a higher port within 1024-65535");
	else if (media && (first + 1) / 2 * 2 + 1 > last)
		conf_bad_value(r, n, attr, "a range that has an even port and the odd one above it");
	else
		out[0] = first, out[1] = last;
}

static void tell_bad_prefix(struct conf_reader *r, const xmlNode *n, const char *attr, const char *value)
{
	static const char separators[] = " \t\r\n,";
	struct prefix p;
	char expected[160];

	for (value += strspn(value, separators); *value; value += strspn(value, separators)) {
		struct pn_str word = { value, strcspn(value, separators) };

		if (prefix_parse(word, &p)) {
			snprintf(expected, sizeof(expected),
				 "an address or prefix such as \"192.0.2.0/24\" instead of \"%.*s\"",
				 (int)(word.len > 64 ? 64 : word.len), word.p);
			conf_bad_value(r, n, attr, expected);
		}
		value += word.len;
	}
}

static bool read_prefixes(struct conf_reader *r, const xmlNode *n, const char *attr, struct prefixes *out)
{
	const char *value = conf_attr(n, attr);

	if (!value)
		return false;
	if (prefixes_parse(value, out))
		tell_bad_prefix(r, n, attr, value);
	return true;
}

static void read_latch(const xmlNode *n, struct conf_realm *out)
{
	static const struct {
		const char *name;
		enum latch_mode mode;
	} row[] = { { "peer", LATCH_PEER }, { "declared", LATCH_DECLARED }, { "any", LATCH_ANY },
		    { "off", LATCH_OFF } };
	const char *mode = conf_attr(n, "latch"), *third = conf_attr(n, "third-party-media");

	out->latch = out->side == PN_ACCESS ? LATCH_PEER : LATCH_OFF;
	for (size_t i = 0; mode && i < ROWS(row); i++)
		if (conf_is(mode, row[i].name))
			out->latch = row[i].mode;
	out->third_party = third && conf_is(third, "yes");
}

static uint8_t read_octet(const xmlNode *n, const char *attr, uint8_t otherwise)
{
	const char *value = conf_attr(n, attr);
	uint64_t number;

	return value && !conf_number(value, 255, &number) ? (uint8_t)number : otherwise;
}

static void read_marking(struct conf_reader *r, const xmlNode *n, struct conf_realm *out)
{
	const char *dscp = conf_attr(n, "dscp");

	out->dscp = dscp ? conf_dscp(dscp) : -1;
	if (out->dscp < 0)
		out->dscp = -1;
	out->device = conf_copy(r, conf_attr(n, "device"));
	conf_read_fields(r, n, out, fields, ROWS(fields));
	if (!conf_attr(n, "source-burst"))
		out->limits.source_burst = 2 * out->limits.source_rate;
}

static void set_ports(struct conf_realm *out, const uint16_t media[2], const uint16_t tcp[2],
		      const uint16_t alias[2])
{
	out->media_first = media[0], out->media_last = media[1];
	out->tcp_first = tcp[0], out->tcp_last = tcp[1];
	out->alias_first = alias[0], out->alias_last = alias[1];
}

static void read_pinhole(const xmlNode *n, struct conf_realm *out)
{
	static const char *const yes[] = { "yes", "no", NULL };
	static const char *const when[] = { "auto", "always", "never", NULL };
	const char *port = conf_attr(n, "pinhole"), *media = conf_word(n, "stun-media", when);
	uint64_t number;

	if (port && !conf_number(port, 65534, &number))
		out->pinhole = (uint16_t)number;
	out->stun = out->pinhole && *conf_word(n, "stun", yes) == 'y';
	out->stun_media = !strcmp(media, "always") ? STUN_MEDIA_ALWAYS
			: !strcmp(media, "never")  ? STUN_MEDIA_NEVER
						   : STUN_MEDIA_AUTO;
}

void conf_read_realm(struct conf_reader *r, const xmlNode *n, struct conf_realm *out)
{
	const char *side = conf_attr(n, "side");
	uint16_t media[2] = { 20000, 29999 }, tcp[2] = { 0, 0 }, alias[2] = { 0, 0 };

	out->line = conf_node_line(n);
	out->name = conf_copy(r, conf_attr(n, "name"));
	out->side = side && conf_is(side, "core") ? PN_CORE : PN_ACCESS;
	conf_read_address(r, n, "address", 4, &out->addr4);
	conf_read_address(r, n, "address6", 6, &out->addr6);
	conf_read_ports(r, n, "media", media);
	conf_read_ports(r, n, "tcp-ports", tcp);
	conf_read_ports(r, n, "aliases", alias);
	set_ports(out, media, tcp, alias);
	read_prefixes(r, n, "alias-addresses", &out->alias_addresses);
	out->reach_set = read_prefixes(r, n, "reach", &out->reach);
	read_prefixes(r, n, "allow", &out->allow);
	read_prefixes(r, n, "deny", &out->deny);
	read_latch(n, out);
	out->latch_packets = read_octet(n, "latch-packets", 1);
	out->peer_bits4 = read_octet(n, "latch-mask", 32);
	out->peer_bits6 = read_octet(n, "latch-mask6", 128);
	read_marking(r, n, out);
	read_pinhole(n, out);
}

/* The address of the first realm of terminals that can speak to the gateway. */
static const struct pn_addr *first_address(const struct conf *c, uint8_t family)
{
	for (size_t i = 0; i < c->n_realms; i++) {
		const struct conf_realm *o = &c->realms[i];
		const struct pn_addr *a = family == 6 ? &o->addr6 : &o->addr4;

		if (o->side == PN_ACCESS && !o->uplink && a->family)
			return a;
	}
	return NULL;
}

static void read_local(struct conf_reader *r, const xmlNode *n, uint8_t family, struct conf_realm *out)
{
	const struct pn_addr *first = first_address(r->conf, family);
	struct pn_addr local = { .family = 0 };

	if (conf_attr(n, "local"))
		conf_read_address(r, n, "local", family, &local);
	else if (first)
		local = *first;
	else
		conf_error(r->e, r->file, conf_node_line(n),
			   "<gateway>: expected local=, for no realm of terminals has an IPv%u address",
			   family);
	*(family == 6 ? &out->addr6 : &out->addr4) = local;
}

void conf_read_uplink(struct conf_reader *r, const xmlNode *n, const struct pn_addr *to,
		      struct conf_realm *out)
{
	uint16_t media[2] = { 10000, 14999 }, tcp[2] = { 15000, 17499 }, alias[2] = { 17500, 19899 };
	const char *name = conf_attr(n, "name");

	out->line = conf_node_line(n);
	out->name = conf_copy(r, name ? name : "wan");
	out->side = PN_CORE;
	out->uplink = true;
	conf_read_ports(r, n, "media-ports", media);
	conf_read_ports(r, n, "tcp-ports", tcp);
	conf_read_ports(r, n, "aliases", alias);
	set_ports(out, media, tcp, alias);
	out->latch = LATCH_OFF;
	out->latch_packets = 1;
	out->peer_bits4 = 32, out->peer_bits6 = 128;
	read_marking(r, n, out);
	read_prefixes(r, n, "siblings", &out->siblings);
	out->reach_set = true;
	if (!to->family)
		return;
	read_local(r, n, to->family, out);
	out->reach.list = calloc(1, sizeof(*out->reach.list));
	if (!out->reach.list) {
		r->no_memory = true;
		return;
	}
	out->reach.n = 1;
	out->reach.list[0] = (struct prefix){ .addr = *to, .bits = to->family == 6 ? 128 : 32 };
	out->reach.list[0].addr.port = 0;
}
