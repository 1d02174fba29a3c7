#include "h323_options.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "h323_terminal.h"

enum kind { FLAG, NUMBER, TEXT, IP, ADDRESS, ACT };

static const struct row {
	const char *name;
	enum kind kind;
	size_t at;
	const char *help;
} rows[] = {
#define ROW(name, kind, member, help) { name, kind, offsetof(struct terminal, member), help }
	ROW("address", IP, o.address, "its own"),
	ROW("claim", IP, o.claim, "the address that it says it has media and H.245 at"),
	ROW("signal-port", NUMBER, o.signal_port, ""),
	ROW("ras-port", NUMBER, o.ras_port, ""),
	ROW("media-port", NUMBER, o.media_port, "the first"),
	ROW("gatekeeper", ADDRESS, o.gatekeeper, "to register with"),
	ROW("alias", TEXT, o.alias, "its name"),
	ROW("number", TEXT, o.number, "dialed digits that it also has"),
	ROW("ttl", NUMBER, o.time_to_live, "seconds of the registration"),
	ROW("stun", ADDRESS, media.stun, "media pinholes are made towards it"),
	ROW("early-stun", FLAG, media.early, "signalling does not wait for them, and shows the own addresses"),
	ROW("traversal", FLAG, o.traversal, "client of H.460.18 and H.460.19"),
	ROW("ras-tunnel", FLAG, o.ras_tunnel, "client of H.460.17"),
	ROW("call", TEXT, o.call, "an alias, or several with commas"),
	ROW("to", ADDRESS, o.to, "where to call without gatekeeper"),
	ROW("on-signal", FLAG, o.on_signal, "call at SIGUSR1"),
	ROW("fast", FLAG, o.fast, "fast start"),
	ROW("tunnel", FLAG, o.tunnel, "H.245 in call signalling"),
	ROW("h245-in-setup", FLAG, o.h245_in_setup, ""),
	ROW("early-h245", FLAG, o.early_h245, "the called side tells h245Address in CallProceeding"),
	ROW("early-media", FLAG, o.early_media, "the called side answers fast start in Alerting, and speaks"),
	ROW("ring", NUMBER, o.ring, "the called side answers when it has heard so many packets"),
	ROW("busy", FLAG, o.busy, "the called side refuses"),
	ROW("start-h245", FLAG, o.start_h245, "the caller lets the called side connect by Facility"),
	ROW("silent-h245", FLAG, o.silent_h245, "its H.245 connection stays without messages"),
	ROW("late-h245", NUMBER, o.late_ms, "milliseconds until it connects to an h245Address"),
	ROW("forge", TEXT, o.forge, "the endpointIdentifier of somebody else, in whose name it speaks"),
	ROW("forge-ras", ADDRESS, o.forge_ras, "whose rasAddress this is"),
	ROW("forge-call", TEXT, o.forge_call, "whose call this is, REFERENCE:IDENTIFIER in hex"),
	ROW("cut", NUMBER, o.cut, "octets of TCP are sent so many at a time"),
	ROW("locate", TEXT, o.locate, "an alias to ask for by LRQ before the call"),
	ROW("packets", NUMBER, o.packets, "hang up when so many were heard of each medium"),
	ROW("act", ACT, o.act, "before that: fax, reopen, chat, bandwidth, too-much; then hear as many again"),
	ROW("mark", NUMBER, media.mark, "the octet of its media"),
	ROW("video", FLAG, media.video, ""),
	ROW("split-ports", FLAG, media.split, "RTP is sent from other ports, and there is no RTCP"),
	ROW("mute", FLAG, media.mute, "no RTP but keepalives"),
	ROW("wary", FLAG, media.wary, "drops the first packets of a new source"),
	ROW("frame", NUMBER, media.frame_ms, "milliseconds in a packet"),
	ROW("late-media", NUMBER, media.late_ms, "milliseconds until it sends any"),
	ROW("send", NUMBER, media.send_max, "so many RTP packets of each medium"),
	ROW("lose", NUMBER, media.lose, "leave out so many sequence numbers"),
#undef ROW
};

static void __attribute__((noreturn)) usage(void)
{
	fprintf(stderr, "h323_terminal --address IP [--OPTION [VALUE]]...\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		fprintf(stderr, "  --%-14s %s\n", rows[i].name, rows[i].help);
	exit(2);
}

static const struct row *find(const char *word)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strncmp(word, "--", 2) && !strcmp(word + 2, rows[i].name))
			return &rows[i];
	return NULL;
}

static struct sockaddr_in parse_address(const char *text)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	char ip[INET_ADDRSTRLEN] = "";
	unsigned port;

	if (sscanf(text, "%15[0-9.]:%u", ip, &port) != 2 || inet_pton(AF_INET, ip, &a.sin_addr) != 1)
		usage();
	a.sin_port = htons((uint16_t)port);
	return a;
}

static unsigned number_of(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 0);

	if (end == text || *end || n > 65535)
		usage();
	return (unsigned)n;
}

static void add_act(struct acts *a, const char *text)
{
	if (a->n == ACTS_MAX)
		usage();
	a->name[a->n++] = text;
}

static void take_value(void *at, enum kind kind, const char *text)
{
	switch (kind) {
	case NUMBER: *(unsigned *)at = number_of(text); break;
	case TEXT: *(const char **)at = text; break;
	case ADDRESS: *(struct sockaddr_in *)at = parse_address(text); break;
	case ACT: add_act(at, text); break;
	case IP:
		if (inet_pton(AF_INET, text, at) == 1)
			break;
		/* fall through */
	default: usage();
	}
}

void options_take(struct terminal *t, int argc, char **argv)
{
	t->o = (struct options){ .signal_port = 1720, .media_port = 16384, .alias = "terminal", .time_to_live = 60 };
	t->media.mark = 0xa1;
	t->media.frame_ms = 20;
	for (int i = 1; i < argc; i++) {
		const struct row *row = find(argv[i]);

		if (!row || (row->kind != FLAG && i + 1 == argc))
			usage();
		if (row->kind == FLAG)
			*(bool *)((char *)t + row->at) = true;
		else
			take_value((char *)t + row->at, row->kind, argv[++i]);
	}
	if (!t->o.address.s_addr || t->media.frame_ms > 480)
		usage();
	if (!t->o.claim.s_addr)
		t->o.claim = t->o.address;
}
