#include "mgcp_play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DATAGRAM 65507u
#define SAID_MAX 1024u /* past them all is believed */

/* By side: 0 access, 1 core. */
static struct side {
	uint32_t id;                    /* of the last command that it was sent */
	struct pn_addr said[SAID_MAX]; /* media addresses that it declared */
	size_t n_said;
} sides[2];
static void *module;
static const struct pn_services *svc;

static bool same_ip(const struct pn_addr *a, const struct pn_addr *b)
{
	return a->family == b->family && !memcmp(a->ip, b->ip, sizeof(a->ip));
}

static struct pn_addr ip_of(const char *text)
{
	struct pn_addr a = { 0 };

	svc->addr_parse((struct pn_str){ text, strlen(text) }, &a);
	return a;
}

static void remember(struct side *s, struct pn_str sdp)
{
	struct pn_media m[16];
	int n = svc->sdp_scan(sdp.p, sdp.len, m, 16);

	for (int i = 0; i < n && s->n_said < SAID_MAX; i++)
		s->said[s->n_said++] = m[i].rtp;
}

/* ---- what is sent ---- */

static bool may_show(int side, const struct pn_addr *a)
{
	static const char *const ours[] = { "198.51.100.5", "192.0.2.5", "2001:db8::5",
					    "2001:db8:1::5", "0.0.0.0", "::" };

	for (size_t i = 0; i < ROWS(ours); i++) {
		struct pn_addr own = ip_of(ours[i]);

		if (same_ip(&own, a))
			return true;
	}
	for (size_t i = 0; i < sides[side].n_said; i++)
		if (same_ip(&sides[side].said[i], a))
			return true;
	return sides[side].n_said == SAID_MAX;
}

static void check_sdp(int side, struct pn_str sdp)
{
	struct pn_media m[16];
	int n = svc->sdp_scan(sdp.p, sdp.len, m, 16);

	if (n < 0)
		abort();
	for (int i = 0; i < n; i++)
		if (m[i].rtp.family && !(m[i].flags & PN_MEDIA_FOREIGN) &&
		    !may_show(side, &m[i].rtp))
			abort();
}

static bool is_alias(struct pn_str domain)
{
	for (size_t i = 0; i < FAKE_BINDINGS; i++) {
		const struct pn_binding_info *b = fake_binding_info(i);
		char text[64];

		if (!fake_binding_used(i))
			continue;
		snprintf(text, sizeof(text), "[%.*s]", (int)b->alias.len, b->alias.p);
		if (str_ieq(domain, b->alias) || (b->alias_addr.family && str_is(domain, text)))
			return true;
	}
	return false;
}

static void check_names(int side, const struct mgcp_param *p)
{
	struct pn_str rest = p->value, item;
	struct mgcp_name name;

	if (p->code == MGCP_P_ENTITY && side == 0 && p->value.len &&
	    (mgcp_name_parse(p->value, &name) || !str_is(name.domain, "[198.51.100.5]")))
		abort();
	if ((p->code != MGCP_P_ENDPOINT && p->code != MGCP_P_ENDPOINT2) || side == 0)
		return;
	while (mgcp_list_next(&rest, &item))
		if (!mgcp_name_parse(item, &name) && name.local.len &&
		    (name.port || !is_alias(name.domain)))
			abort();
}

static void check_message(int side, struct pn_str text, bool answers)
{
	static struct mgcp_msg m;
	const char *why;

	if (mgcp_parse(text, &m, &why))
		abort();
	if (m.command)
		sides[side].id = m.id;
	else if (answers && m.code >= 100)
		abort();
	if (m.command && side == 1 && (m.endpoint.port || !is_alias(m.endpoint.domain)))
		abort();
	for (size_t i = 0; i < m.n_params; i++)
		check_names(side, &m.param[i]);
	for (size_t i = 0; i < m.n_sdp; i++)
		check_sdp(side, m.sdp[i]);
}

/* asked: the side whose responses alone made it; -1: none. */
static void check_sent(int asked)
{
	const struct fake_sent *s;

	while ((s = fake_take())) {
		static struct pn_str one[MGCP_PIGGYBACK_MAX];
		int side = s->flow > 2, n;

		if (s->len > DATAGRAM)
			abort();
		n = mgcp_split((struct pn_str){ s->data, s->len }, one, MGCP_PIGGYBACK_MAX);
		if (n <= 0)
			abort();
		for (int i = 0; i < n; i++)
			check_message(side, one[i], side == asked);
	}
}

/* ---- what is received ---- */

static size_t fill(int side, const uint8_t *in, size_t len, char *out)
{
	size_t n = 0;
	char word[1100];

	for (size_t i = 0; i < len && n + sizeof(word) < DATAGRAM; i++) {
		const struct pn_binding_info *b = fake_binding_info(0);

		if (in[i] == 1)
			snprintf(word, sizeof(word), "%u", sides[side].id);
		else if (in[i] == 2 && side == 1 && fake_binding_used(0))
			snprintf(word, sizeof(word), b->alias_udp ? "[%.*s]" : "%.*s",
				 (int)b->alias.len, b->alias.p);
		else if (in[i] == 2)
			snprintf(word, sizeof(word), "[10.0.0.2]");
		else
			snprintf(word, sizeof(word), "%c", in[i]);
		if (!in[i])
			out[n++] = '\0';
		memcpy(out + n, word, strlen(word));
		n += strlen(word);
	}
	return n;
}

/* Is there nothing but responses in it? Its descriptions are kept in mind. */
static bool note(int side, struct pn_str text)
{
	static struct pn_str one[MGCP_PIGGYBACK_MAX];
	static struct mgcp_msg m;
	int n = mgcp_split(text, one, MGCP_PIGGYBACK_MAX);
	bool responses = n > 0;
	const char *why;

	for (int i = 0; i < n; i++) {
		mgcp_parse(one[i], &m, &why);
		responses = responses && !m.command;
		for (size_t j = 0; j < m.n_sdp; j++)
			remember(&sides[side], m.sdp[j]);
	}
	return responses;
}

static void happen(unsigned how)
{
	char out[1500];

	if (how & PLAY_MEDIA)
		fake_media_done();
	if (how & PLAY_TIMEOUT)
		fake_timeout(PN_TIMEOUT_MEDIA);
	check_sent(-1); /* as long as the bindings are there */
	if (how & PLAY_KEEPALIVE && fake_binding_used(0) &&
	    fake_binding_info(0)->state == PN_ACTIVE)
		fake_keepalive(0, out, sizeof(out));
	if (how & PLAY_TIME)
		fake_advance(700);
	check_sent(-1);
}

void play_receive(unsigned how, const uint8_t *text, size_t len)
{
	static char wire[DATAGRAM + 1];
	int side = (how & PLAY_CORE) != 0;
	size_t n = fill(side, text, len, wire);
	bool responses = note(side, (struct pn_str){ wire, n });

	fake.late = (how & PLAY_LATE) != 0;
	fake.refuse_media = how & PLAY_REFUSE ? -28 : 0;
	if (how & PLAY_CORE && how & PLAY_OTHER)
		fake_receive("core", "192.0.2.21", 2727, wire, n);
	else if (how & PLAY_OTHER)
		fake_receive("access", "203.0.113.8", 40002, wire, n);
	else
		kit_raw(how & PLAY_CORE, wire, n);
	check_sent(responses ? side : -1);
	happen(how);
}

/* ---- the whole ---- */

static void say(unsigned how, const char *text)
{
	play_receive(how, (const uint8_t *)text, strlen(text));
}

void play_begin(bool addresses, bool busy)
{
	memset(sides, 0, sizeof(sides));
	module = kit_start(addresses);
	if (!module)
		abort();
	svc = fake_services();
	if (!busy)
		return;
	say(0, "RSIP 900 *@[10.0.0.2] MGCP 1.0\r\nRM: restart\r\n");
	say(PLAY_CORE, "200 \1 OK\r\n");
	say(PLAY_CORE, "CRCX 901 aaln/1@\2 MGCP 1.0\r\nC: A1\r\nM: sendrecv\r\n\r\nv=0\r\n"
		       "c=IN IP4 192.0.2.30\r\nm=audio 4000 RTP/AVP 0\r\n");
	say(0, "200 \1 OK\r\nI: F1\r\n\r\nv=0\r\nc=IN IP4 10.0.0.2\r\nm=audio 5000 RTP/AVP 0\r\n");
}

void play_end(void)
{
	char out[512];

	if (!fake.late) /* else it never comes */
		fake_media_done();
	check_sent(-1);
	fake_advance(80000);
	check_sent(-1);
	for (size_t i = 0; i < FAKE_BINDINGS; i++)
		if (fake_binding_used(i))
			fake_binding_gone(i);
	check_sent(-1);
	if (postern_module.show(module, out, sizeof(out) - 1) <= 0 ||
	    !strstr(out, "\"gateways\":0,\"connections\":0,") ||
	    !strstr(out, "\"transactions\":0,"))
		abort();
	if (fake.sessions_begun != fake.sessions_ended ||
	    fake.ports_taken != fake.ports_given_back)
		abort();
	fake_stop();
}
