#include "buf.h"
#include "conf_read.h"
#include "conf_text.h"
#include <stdio.h>
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

static void read_address(struct conf_reader *r, const xmlNode *n, const char *attr, struct pn_addr *out)
{
	uint8_t family = strcmp(attr, "address6") ? 4 : 6;
	const char *value = conf_attr(n, attr);
	struct pn_addr a;

	if (!value)
		return;
	if (addr_parse(str_of(value), &a) || a.family != family)
		conf_bad_value(r, n, attr,
			       family == 4 ? "an IPv4 address such as \"192.0.2.5\"" :
					     "an IPv6 address such as \"2001:db8::5\"");
	else if (!may_own(&a))
		conf_bad_value(r, n, attr, "one address of this host, neither a wildcard nor multicast");
	else
		*out = a;
}


static void read_ports(struct conf_reader *r, const xmlNode *n, const char *attr, uint16_t out[2])
{
	const char *value = conf_attr(n, attr);
	bool media = !strcmp(attr, "media");
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

void conf_read_realm(struct conf_reader *r, const xmlNode *n, struct conf_realm *out)
{
	const char *side = conf_attr(n, "side");
	uint16_t media[2] = { 20000, 29999 }, tcp[2] = { 0, 0 }, alias[2] = { 0, 0 };

	out->line = conf_node_line(n);
	out->name = conf_copy(r, conf_attr(n, "name"));
	out->side = side && conf_is(side, "core") ? PN_CORE : PN_ACCESS;
	read_address(r, n, "address", &out->addr4);
	read_address(r, n, "address6", &out->addr6);
	read_ports(r, n, "media", media);
	read_ports(r, n, "tcp-ports", tcp);
	read_ports(r, n, "aliases", alias);
	out->media_first = media[0], out->media_last = media[1];
	out->tcp_first = tcp[0], out->tcp_last = tcp[1];
	out->alias_first = alias[0], out->alias_last = alias[1];
	read_prefixes(r, n, "alias-addresses", &out->alias_addresses);
	out->reach_set = read_prefixes(r, n, "reach", &out->reach);
	read_prefixes(r, n, "allow", &out->allow);
	read_prefixes(r, n, "deny", &out->deny);
	read_latch(n, out);
	out->latch_packets = read_octet(n, "latch-packets", 1);
	out->peer_bits4 = read_octet(n, "latch-mask", 32);
	out->peer_bits6 = read_octet(n, "latch-mask6", 128);
	read_marking(r, n, out);
}
