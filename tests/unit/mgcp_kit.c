#include "mgcp_kit.h"

#include <stdio.h>
#include <string.h>

const struct pn_conf *kit_conf(void)
{
	static struct pn_conf agent[2] = { { .name = "call-agent", .next = &agent[1] },
					   { .name = "call-agent" } },
			      limits = { .name = "limits" },
			      route = { .name = "route",
					.children = &agent[0],
					.next = &limits },
			      top = { .name = "module", .children = &route };
	static struct pn_conf_attr a[] = { { "from", "access", &a[1] },
					   { "to", "core", NULL },
					   { "address", "192.0.2.20:2727", NULL },
					   { "address", "192.0.2.21", NULL },
					   { "transactions", "40", &a[5] },
					   { "connections", "8", &a[6] },
					   { "endpoints", "4", NULL },
					   { "alias-domain", "gw-%t.example", NULL } };

	route.attrs = &a[0];
	agent[0].attrs = &a[2];
	agent[1].attrs = &a[3];
	limits.attrs = &a[4];
	top.attrs = &a[7];
	return &top;
}

void *kit_start(bool addresses)
{
	fake_world = (struct fake_world){ .access_port = 2727,
					  .core_port = 2427,
					  .alias_addresses = addresses ? 16 : 0 };
	return fake_start(&postern_module, kit_conf());
}

void kit_raw(bool agent, const void *data, size_t len)
{
	if (!agent)
		fake_receive("access", "203.0.113.7", 40001, data, len);
	else if (fake_binding_used(0) && fake_binding_info(0)->alias_udp)
		fake_receive_alias(0, "192.0.2.20", 2727, data, len);
	else
		fake_receive("core", "192.0.2.20", 2727, data, len);
}

static size_t wire(const char *text, char out[65536])
{
	size_t n = 0;

	for (; *text && n + 2 < 65536; text++) {
		if (*text == '\n')
			out[n++] = '\r';
		out[n++] = *text;
	}
	return n;
}

void kit_gateway(const char *text)
{
	char out[65536];

	kit_raw(false, out, wire(text, out));
}

void kit_agent(const char *text)
{
	char out[65536];

	kit_raw(true, out, wire(text, out));
}

void kit_other(const char *text)
{
	char out[65536];

	fake_receive("access", "203.0.113.8", 40002, out, wire(text, out));
}

void kit_bind(const char *domain)
{
	char text[512];

	snprintf(text, sizeof(text), "RSIP 900 *@%s MGCP 1.0\nRM: restart\n", domain);
	kit_gateway(text);
	kit_agent("200 900 OK\n");
	while (fake_take())
		;
}

const char *kit_sent(void)
{
	static char last[65536];
	const struct fake_sent *s = fake_take();
	size_t n = 0;

	for (size_t i = 0; s && i < s->len && n + 1 < sizeof(last); i++)
		if (s->data[i] != '\r' || s->data[i + 1] != '\n')
			last[n++] = s->data[i];
	last[n] = '\0';
	return last;
}
