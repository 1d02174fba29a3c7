#include "sip_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char last[65536], filled[65536], branch[128], user[128], own[128];
static uint16_t port;

static void receive(const char *realm, const char *ip, uint16_t from, const char *text)
{
	char wire[65536];
	size_t n = 0;

	for (text = kit_fill(text); *text && n + 2 < sizeof(wire); text++) {
		if (*text == '\n')
			wire[n++] = '\r';
		wire[n++] = *text;
	}
	fake_receive(realm, ip, from, wire, n);
}

void kit_terminal(const char *text)
{
	receive("access", "203.0.113.7", 40001, text);
}

void kit_other(const char *text)
{
	receive("access", "203.0.113.8", 40002, text);
}

void kit_core(const char *text)
{
	receive("core", "192.0.2.20", 5060, text);
}

static void take(const char *from, const char *stop, char out[128])
{
	snprintf(out, 128, "%.*s", (int)strcspn(from, stop), from);
}

static void learn(void)
{
	const char *p = strstr(last, "branch="), *c = strstr(last, "\nContact: ");

	if (p && last[0] != 'S')
		take(p + 7, ";\r", branch);
	c = c ? strstr(c, "sip:") : NULL;
	if (c)
		take(c + 4, "@>\r", user);
}

const char *kit_sent(void)
{
	const struct fake_sent *s = fake_take();

	snprintf(last, sizeof(last), "%s", s ? s->data : "");
	port = s ? s->to.port : 0;
	learn();
	return last;
}

bool kit_to(uint16_t want)
{
	return port == want;
}

void kit_keep(void)
{
	snprintf(own, sizeof(own), "%s", user);
}

const char *kit_fill(const char *text)
{
	static const char *const name[] = { "{branch}", "{user}", "{own}" };
	const char *const value[] = { branch, user, own };
	size_t n = 0;

	while (*text && n + 130 < sizeof(filled)) {
		size_t i = 0;

		while (i < 3 && strncmp(text, name[i], strlen(name[i])) != 0)
			i++;
		if (i == 3) {
			filled[n++] = *text++;
			continue;
		}
		n += (size_t)snprintf(filled + n, sizeof(filled) - n, "%s", value[i]);
		text += strlen(name[i]);
	}
	filled[n] = '\0';
	return filled;
}

bool kit_has(const char *part)
{
	return strstr(last, kit_fill(part)) != NULL;
}

int kit_status(void)
{
	return strncmp(last, "SIP/2.0 ", 8) ? 0 : (int)strtol(last + 8, NULL, 10);
}

void kit_invite(const char *id)
{
	char text[2048];

	snprintf(
		text, sizeof(text),
		"INVITE sip:bob@198.51.100.5 SIP/2.0\n"
		"Via: SIP/2.0/UDP 10.1.0.2:5060;branch=z9hG4bK%s;rport\n"
		"Max-Forwards: 70\nFrom: <sip:alice@example.net>;tag=a\nTo: <sip:bob@example.net>\n"
		"Call-ID: %s\nCSeq: 1 INVITE\nContact: <sip:alice@10.1.0.2;ob>\n"
		"Content-Type: application/sdp\n\n"
		"v=0\no=- 1 1 IN IP4 10.1.0.2\ns=-\nc=IN IP4 10.1.0.2\nt=0 0\nm=audio 49170 "
		"RTP/AVP 0\n",
		id, id);
	kit_terminal(text);
}

const struct pn_conf *kit_conf_route(void)
{
	static struct pn_conf limits = { .name = "limits" },
			      route = { .name = "route", .next = &limits },
			      top = { .name = "module", .children = &route };
	static struct pn_conf_attr a[] = { { "from", "access", NULL },
					   { "to", "core", NULL },
					   { "next-hop", "192.0.2.20 192.0.2.21", NULL },
					   { "transactions", "40", NULL },
					   { "dialogs", "40", NULL } };

	a[0].next = &a[1];
	a[1].next = &a[2];
	a[3].next = &a[4];
	route.attrs = &a[0];
	limits.attrs = &a[3];
	return &top;
}

const struct pn_conf *kit_conf_registrar(void)
{
	static struct pn_conf registrar = { .name = "registrar" },
			      top = { .name = "module", .children = &registrar };
	static struct pn_conf_attr a[] = { { "realm", "access", NULL },
					   { "domain", "example.net", NULL } };

	a[0].next = &a[1];
	registrar.attrs = &a[0];
	return &top;
}
