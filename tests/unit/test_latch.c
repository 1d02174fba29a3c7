/* latch.md as a table: each row names its rule, says the rules laid down, and tells what happens.
 *
 * A story is a list of steps, separated by `;`:
 *   TIME CLASS SRC [SSRC SEQ] VERDICT  a packet arrives; without SSRC and SEQ the one source goes on
 *   open [RULES] · rollback [RULES] · set [RULES]   the signalling says something
 *   first TIME [RULES]                 it says something for the first time
 *   veto SRC                           the control side refuses
 *   to ADDR · probe ADDR               what latch_destination, latch_probe say now */
#include "latch.h"
#include "buf.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))
#define A "192.0.2.1" /* the terminal's NAT */
#define B "192.0.2.2"
#define X "198.51.100.66" /* the attacker, or the victim */

struct row {
	const char *what, *rules, *story;
};

static struct pn_addr addr(const char *text)
{
	struct pn_addr a = { 0 };

	if (strcmp(text, "none"))
		cr_assert(zero(int, addr_parse_port(str_of(text), 0, &a)), "%s", text);
	return a;
}

static int word_in(const char *word, const char *const *list, int n)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(word, list[i]))
			return i;
	cr_assert(false, "%s?", word);
	return -1;
}

static void set_address(struct latch_rules *r, const char *key, const char *value)
{
	if (!strcmp(key, "declared"))
		r->declared = addr(value);
	else if (!strcmp(key, "peer"))
		r->peer = addr(value);
	else if (!strcmp(key, "pinhole"))
		r->pinhole = addr(value);
	else
		cr_assert(false, "%s=%s?", key, value);
}

static void set_rule(struct latch_rules *r, const char *word)
{
	static const char *const modes[] = { "peer", "declared", "any", "off", "exact" };
	char key[16];
	int at = 0;

	if (sscanf(word, "%15[a-z0-9]=%n", key, &at) == 1 && at) {
		int n = (int)strtol(word + at, NULL, 10);

		if (!strcmp(key, "mode"))
			r->mode = (enum latch_mode)word_in(word + at, modes, ROWS(modes));
		else if (!strcmp(key, "bits"))
			r->peer_bits4 = (uint8_t)n;
		else if (!strcmp(key, "packets"))
			r->packets = (uint8_t)n;
		else if (!strcmp(key, "keepalive"))
			r->keepalive_pt[0] = (uint8_t)n;
		else
			set_address(r, key, word + at);
		return;
	}
	r->direct |= !strcmp(word, "direct");
	r->third_party |= !strcmp(word, "third-party");
	r->rtp = !strcmp(word, "udp") ? false : r->rtp;
	r->held = !strcmp(word, "held") ? true : !strcmp(word, "resumed") ? false : r->held;
}

static void set_rules(struct latch_rules *r, const char *text)
{
	char copy[256], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		set_rule(r, w);
}

static const char *verdict(enum latch_act act)
{
	static const char *const names[] = { "FOREIGN", "IMPLAUSIBLE", "WAIT", "PASS", "LEARN", "MOVE" };

	return names[act];
}

struct story {
	struct latch latch;
	struct latch_rules rules;
	uint16_t seq;
};

static void step_packet(struct story *s, const char *step, const char *what)
{
	static const char *const classes[] = { "rtp", "rtcp", "stun", "dtls", "empty", "other",
					       "pt13", "forged", "rtp@rtcp", "rtcp@rtcp", "stun@rtcp" };
	static const enum packet_class class_of[] = { PACKET_RTP, PACKET_RTCP, PACKET_STUN, PACKET_DTLS,
						      PACKET_EMPTY, PACKET_OTHER, PACKET_RTP, PACKET_RTP,
						      PACKET_RTP, PACKET_RTCP, PACKET_STUN };
	struct packet_facts f = { .ssrc = 1, .pt = 8 };
	unsigned long at;
	char class[16], src[64], want[16];
	int kind;

	if (sscanf(step, "%lu %15s %63s %x %hu %15s", &at, class, src, &f.ssrc, &f.seq, want) != 6) {
		f.ssrc = 1;
		f.seq = ++s->seq;
		cr_assert(eq(int, sscanf(step, "%lu %15s %63s %15s", &at, class, src, want), 4), "%s: %s", what, step);
	}
	kind = word_in(class, classes, ROWS(classes));
	f.class = class_of[kind];
	f.pt = kind == 6 ? 13 : f.pt;
	f.forged = kind == 7;
	f.rtcp_component = kind >= 8;
	f.src = addr(src);
	cr_expect(eq(str, (char *)verdict(latch_judge(&s->latch, &s->rules, &f, at)), want), "%s: %s", what, step);
}

static void expect_addr(struct pn_addr got, const char *want, const char *what, const char *step)
{
	struct pn_addr a = addr(want);

	cr_expect(addr_eq(&got, &a), "%s: %s: got %s", what, step, addr_text(&got));
}

static void step(struct story *s, const char *text, const char *what)
{
	char verb[16], arg[64] = "";
	int at = 0;

	sscanf(text, "%15s %n%63s", verb, &at, arg);
	if (verb[0] >= '0' && verb[0] <= '9') {
		step_packet(s, text, what);
	} else if (!strcmp(verb, "to")) {
		expect_addr(latch_destination(&s->latch, &s->rules), arg, what, text);
	} else if (!strcmp(verb, "probe")) {
		expect_addr(latch_probe(&s->latch, &s->rules), arg, what, text);
	} else if (!strcmp(verb, "veto")) {
		struct pn_addr a = addr(arg);

		latch_veto(&s->latch, &s->rules, &a);
	} else if (!strcmp(verb, "first")) {
		char *rules;
		uint64_t now = strtoull(text + at, &rules, 10);

		set_rules(&s->rules, rules);
		latch_first(&s->latch, &s->rules, now);
	} else {
		set_rules(&s->rules, arg[0] ? text + at : "");
		if (!strcmp(verb, "open"))
			latch_open(&s->latch, &s->rules);
		else if (!strcmp(verb, "rollback"))
			latch_rollback(&s->latch, &s->rules);
		else
			cr_assert(eq(str, verb, "set"), "%s: %s", what, text);
	}
}

static void play(const struct row *row)
{
	struct story s = { .rules = { .rtp = true, .packets = 1, .window_ms = 3000, .silence_ms = 2000,
				      .peer_bits4 = 32, .peer_bits6 = 128, .keepalive_pt = { 255, 255, 255, 255 } } };
	char copy[2048], *save = NULL;

	set_rules(&s.rules, row->rules);
	if (strncmp(row->story, "idle", 4))
		latch_open(&s.latch, &s.rules);
	snprintf(copy, sizeof(copy), "%s", row->story + (strncmp(row->story, "idle", 4) ? 0 : 5));
	for (char *t = strtok_r(copy, ";", &save); t; t = strtok_r(NULL, ";", &save))
		step(&s, t + strspn(t, " "), row->what);
}

static void play_all(const struct row *row, size_t n)
{
	for (size_t i = 0; i < n; i++)
		play(&row[i]);
}

#define NATTED "peer=" A " declared=10.0.0.2:4000 "   /* behind a NAT */
#define UNSAID "peer=" A " "                         /* it has declared nothing yet */
#define OPENLY "peer=" A " declared=" A ":4000 "      /* its own address */

Test(latch, 1_who_may_be_learned)
{
	static const struct row row[] = {
		{ "nothing declared", NATTED, "idle; 0 rtp " A ":4000 FOREIGN; to none" },
		{ "peer", NATTED, "0 rtp " A ":7000 LEARN; to " A ":7000" },
		{ "peer: not another", NATTED, "0 rtp " X ":4000 FOREIGN; to none" },
		{ "peer: nor the declared one", "peer=" A " declared=" X ":4000", "0 rtp " X ":4000 FOREIGN; to none" },
		{ "peer: unless third parties may", "third-party peer=" A " declared=" X ":4000",
		  "0 rtp " X ":4000 LEARN; to " X ":4000; 10 rtp " B ":4000 FOREIGN" },
		{ "peer: no peer is known", "declared=" A ":4000", "0 rtp " A ":4000 FOREIGN" },
		{ "peer: within the mask", NATTED "bits=24", "0 rtp 192.0.2.77:4000 LEARN" },
		{ "peer: outside of the mask", NATTED "bits=24", "0 rtp 192.0.3.77:4000 FOREIGN" },
		{ "peer: IPv6", "peer=[2001:db8::1] declared=[fd00::2]:4000",
		  "0 rtp [2001:db8::2]:4000 FOREIGN; 0 rtp " A ":4000 FOREIGN; 0 rtp [2001:db8::1]:4000 LEARN" },
		{ "peer: a live pinhole", NATTED "pinhole=" B ":6000", "0 rtp " B ":6001 FOREIGN; 0 rtp " B ":6000 LEARN" },
		{ "peer: a pinhole's whole IP", NATTED "pinhole=" B, "0 rtp " B ":6001 LEARN" },
		{ "declared", "mode=declared peer=" A " declared=" B ":4000",
		  "0 rtp " A ":4000 FOREIGN; 0 rtp " B ":4000 LEARN; to " B ":4000" },
		{ "declared: its IP from another port", "mode=declared declared=" B ":4000", "0 rtp " B ":4002 LEARN; to " B ":4002" },
		{ "declared: nothing is", "mode=declared peer=" A, "0 rtp " A ":4000 FOREIGN" },
		{ "any", "mode=any", "0 rtp " X ":4000 LEARN; to " X ":4000" },
		{ "exact: what was declared, from the first", "mode=exact peer=" A " declared=" B ":4000",
		  "to " B ":4000; 0 rtp " B ":4000 LEARN; 10 rtp " B ":4000 PASS; to " B ":4000" },
		{ "exact: no other port of its IP", "mode=exact declared=" B ":4000", "0 rtp " B ":4002 FOREIGN; to " B ":4000" },
		{ "exact: nor the peer", "mode=exact peer=" A " declared=" B ":4000", "0 rtp " A ":4000 FOREIGN" },
		{ "exact: nothing is declared", "mode=exact peer=" A, "0 rtp " A ":4000 FOREIGN; to none" },
		{ "exact: RTCP from where RTP comes", "mode=exact pinhole=" B, "0 rtcp " B ":7001 LEARN; to " B ":7001; 5 rtcp " A ":7001 FOREIGN" },
		{ "exact: it moves by what is declared", "mode=exact declared=" B ":4000",
		  "0 rtp " B ":4000 LEARN; open declared=" A ":5000; to " A ":5000; 10 rtp " B ":4000 FOREIGN; 20 rtp " A ":5000 LEARN" },
		{ "off: what was declared", "mode=off declared=" B ":4000",
		  "to " B ":4000; 0 rtp " X ":4000 FOREIGN; 0 rtp " B ":4000 PASS; to " B ":4000" },
		{ "off: from any port of it, to that one", "mode=off declared=" B ":4000",
		  "0 rtp " B ":5000 PASS; 9000 rtp " B ":6000 PASS; to " B ":4000" },
		{ "off: nothing is declared", "mode=off peer=" A, "0 rtp " A ":4000 FOREIGN; to none" },
	};

	play_all(row, ROWS(row));
}

Test(latch, 2_before_anything_was_received)
{
	static const struct row row[] = {
		{ "the peer's own IP", OPENLY, "to " A ":4000" },
		{ "a private address", NATTED, "to none" },
		{ "a victim's address", "peer=" A " declared=" X ":4000", "to none" },
		{ "a victim's address, mode any", "mode=any peer=" A " declared=" X ":4000", "to none" },
		{ "a victim's address, mode declared", "mode=declared peer=" A " declared=" X ":4000", "to none" },
		{ "a neighbour within the mask is not its own", NATTED "bits=24 declared=192.0.2.9:4000", "to none" },
		{ "a live pinhole", "peer=" A " pinhole=" B ":4000 declared=" B ":4000", "to " B ":4000" },
		{ "another port of a pinhole", "peer=" A " pinhole=" B ":4000 declared=" B ":4002", "to none" },
		{ "third parties may", "third-party peer=" A " declared=" X ":4000", "to " X ":4000" },
		{ "no port", "peer=" A " declared=" A, "to none" },
		{ "held", OPENLY "held", "to none; set resumed; to " A ":4000" },
		{ "held after the latch", NATTED, "0 rtp " A ":7000 LEARN; set held; to none; 20 rtp " A ":7000 PASS; "
		  "set resumed; to " A ":7000" },
	};

	play_all(row, ROWS(row));
}

Test(latch, 3_rank_never_first_come)
{
	static const struct row row[] = {
		{ "exact declared beats declared IP", OPENLY, "0 rtp " A ":7000 LEARN; 100 rtp " A ":4000 MOVE; 200 rtp " A ":7000 FOREIGN" },
		{ "declared IP beats peer", NATTED "bits=24 declared=" B ":4000",
		  "0 rtp " A ":7000 LEARN; 100 rtp " B ":7000 MOVE; 200 rtp " B ":4000 MOVE; 300 rtp " A ":7000 FOREIGN" },
		{ "pinhole beats peer", NATTED "pinhole=" B, "0 rtp " A ":7000 LEARN; 100 rtp " B ":7000 MOVE; 200 rtp " A ":7000 FOREIGN" },
		{ "peer beats any", NATTED "mode=any", "0 rtp " X ":7000 LEARN; 100 rtp " A ":7000 MOVE; 200 rtp " X ":7000 FOREIGN; to " A ":7000" },
		{ "equals do not replace", NATTED, "0 rtp " A ":7000 LEARN; 100 rtp " A ":7002 FOREIGN" },
		{ "at the end of the window", OPENLY, "0 rtp " A ":7000 LEARN; 3000 rtp " A ":4000 2 1 MOVE" },
		{ "after the window", OPENLY, "0 rtp " A ":7000 LEARN; 3000 rtp " A ":7000 PASS; 3001 rtp " A ":4000 2 1 FOREIGN" },
		{ "the window starts with the first packet", OPENLY, "600000 rtp " A ":7000 LEARN; 602000 rtp " A ":4000 MOVE" },
		{ "foreign packets do not start it", OPENLY, "0 rtp " X ":4000 FOREIGN; 9000 rtp " A ":7000 LEARN; 9001 rtp " A ":4000 MOVE" },
		{ "a better one does not start it anew", NATTED "mode=any",
		  "0 rtp " X ":1 LEARN; 2900 rtp " A ":7000 MOVE; 3100 rtp 10.0.0.2:4000 2 1 FOREIGN" },
		{ "late talkers are not locked out", NATTED, "3600000 rtp " A ":7000 LEARN" },
		{ "a changed declaration opens it again", NATTED,
		  "0 rtp " A ":7000 LEARN; 9000 rtp " A ":7002 2 1 FOREIGN; open declared=10.0.0.2:4002; 9100 rtp " A ":7002 2 2 MOVE; "
		  "9200 rtp " A ":7000 FOREIGN; to " A ":7002" },
		{ "what was learned goes on until then", NATTED,
		  "0 rtp " A ":7000 LEARN; open declared=10.0.0.2:4002; to " A ":7000; 9000 rtp " A ":7000 PASS; "
		  "20000 rtp " A ":7000 PASS; 20001 rtp " A ":7002 2 1 MOVE" },
		{ "the new declared address is a destination if proven", OPENLY,
		  "0 rtp " A ":4000 LEARN; open declared=" A ":4002; to " A ":4002; 20 rtp " A ":4000 PASS; to " A ":4002; "
		  "40 rtp " A ":4002 MOVE; 60 rtp " A ":4000 FOREIGN" },
		{ "what is declared now locks at once", NATTED,
		  "0 rtp " A ":7000 LEARN; open declared=" A ":7000; 20 rtp " A ":7000 PASS; 5000 rtp " A ":7002 2 1 FOREIGN" },
		{ "a worse one has to wait for silence", NATTED,
		  "0 rtp " A ":7000 LEARN; open bits=24 declared=" A ":4000; 10 rtp " B ":7000 2 1 FOREIGN; 1990 rtp " B ":7000 2 2 FOREIGN; "
		  "2000 rtp " B ":7000 2 3 MOVE" },
		{ "a first declaration leaves it locked", UNSAID, "0 rtp " A ":7000 LEARN; first 100 declared=10.0.0.2:4000; "
		  "120 rtp " A ":7000 PASS; 140 rtp " A ":7002 2 1 FOREIGN; 9000 rtp " A ":7002 2 2 FOREIGN" },
		{ "a better one may come for a while", UNSAID, "0 rtp " A ":7000 LEARN; first 5000 declared=" A ":4000; "
		  "7990 rtp " A ":7000 PASS; 8000 rtp " A ":4000 2 1 MOVE" },
		{ "but no longer", UNSAID, "0 rtp " A ":7000 LEARN; first 5000 declared=" A ":4000; "
		  "7990 rtp " A ":7000 PASS; 8001 rtp " A ":4000 2 1 FOREIGN" },
		{ "a first declaration before any packet", UNSAID, "first 0 declared=10.0.0.2:4000; 10 rtp " A ":7000 LEARN; "
		  "20 rtp " A ":7002 2 1 FOREIGN" },
		{ "what the first one forbids is forgotten", UNSAID, "0 rtp " A ":7000 LEARN; first 10 peer=" B "; to none; "
		  "20 rtp " A ":7000 FOREIGN; 40 rtp " B ":7000 LEARN" },
		{ "what the new rules forbid is forgotten", NATTED,
		  "0 rtp " A ":7000 LEARN; open peer=" B "; to none; 20 rtp " A ":7000 FOREIGN; 40 rtp " B ":7000 LEARN" },
	};

	play_all(row, ROWS(row));
}

Test(latch, 4_plausible)
{
	static const struct row row[] = {
		{ "what is no RTP", NATTED, "0 other " A ":7000 IMPLAUSIBLE; to none" },
		{ "from a stranger it is foreign first", NATTED, "0 other " X ":7000 FOREIGN" },
		{ "even from who is known", NATTED, "0 rtp " A ":7000 LEARN; 10 other " A ":7000 IMPLAUSIBLE" },
		{ "RTCP teaches RTCP", NATTED, "0 rtcp@rtcp " A ":7001 LEARN; 10 rtcp@rtcp " A ":7003 FOREIGN" },
		{ "RTP does not teach RTCP", NATTED, "0 rtp@rtcp " A ":7001 IMPLAUSIBLE; to none" },
		{ "RTCP among RTP stands in", NATTED, "0 rtcp " A ":7000 LEARN; 20 rtp " A ":7002 MOVE; 40 rtcp " A ":7002 PASS; "
		  "60 rtcp " A ":7000 FOREIGN" },
		{ "STUN stands in: DTLS must be answered", NATTED, "0 stun " A ":7000 LEARN; to " A ":7000; 10 dtls " A ":7000 PASS; "
		  "20 rtp " A ":7002 MOVE; to " A ":7002" },
		{ "STUN never displaces RTP", OPENLY, "0 rtp " A ":7000 LEARN; 10 stun " A ":4000 FOREIGN; 20 dtls " A ":4000 FOREIGN; "
		  "5000 stun " A ":4000 FOREIGN; to " A ":7000" },
		{ "nor after the window was opened anew", NATTED, "0 rtp " A ":7000 LEARN; open declared=10.0.0.2:4002; "
		  "10 stun " A ":7002 PASS; to " A ":7000" },
		{ "a stand-in gives way to a better one", OPENLY, "0 stun " A ":7000 LEARN; 10 stun " A ":7002 PASS; to " A ":7000; "
		  "20 dtls " A ":4000 MOVE; to " A ":4000" },
		{ "or when it is silent", NATTED, "0 stun " A ":7000 LEARN; 1999 stun " A ":7002 PASS; 2000 stun " A ":7002 MOVE" },
		{ "STUN from a stranger", NATTED, "0 stun " X ":7000 FOREIGN; to none" },
		{ "from where it stood in RTP locks", NATTED, "0 stun " A ":7000 LEARN; 20 rtp " A ":7000 PASS; 40 rtp " A ":7002 FOREIGN" },
		{ "STUN where RTCP is expected", NATTED, "0 stun@rtcp " A ":7001 LEARN; 10 rtcp@rtcp " A ":7003 MOVE" },
		{ "empty datagrams are keepalives", NATTED, "0 empty " A ":7000 LEARN; 20 rtp " A ":7002 MOVE; 30 empty " A ":7002 PASS" },
		{ "negotiated keepalives pass, displace nothing", NATTED "keepalive=13",
		  "0 pt13 " A ":7000 LEARN; 10 rtp " A ":7002 MOVE; 20 pt13 " A ":7002 PASS; 30 pt13 " A ":7000 FOREIGN" },
		{ "not negotiated it is media", NATTED, "0 pt13 " A ":7000 LEARN; 10 rtp " A ":7002 FOREIGN" },
		{ "other UDP media: any payload", NATTED "udp", "0 other " A ":7000 LEARN; 10 stun " A ":7000 PASS; 20 other " A ":7002 FOREIGN" },
		{ "three packets", NATTED "packets=3",
		  "0 rtp " A ":7000 WAIT; 20 rtp " A ":7000 WAIT; to none; 40 rtp " A ":7000 LEARN; 60 rtp " A ":7000 PASS" },
		{ "of one SSRC", NATTED "packets=2", "0 rtp " A ":7000 1 5 WAIT; 20 rtp " A ":7000 2 6 WAIT; 40 rtp " A ":7000 2 7 LEARN" },
		{ "with rising numbers", NATTED "packets=2",
		  "0 rtp " A ":7000 1 5 WAIT; 1 rtp " A ":7000 1 5 WAIT; 2 rtp " A ":7000 1 4 WAIT; 3 rtp " A ":7000 1 3004 WAIT; "
		  "4 rtp " A ":7000 1 3005 LEARN" },
		{ "over the wrap", NATTED "packets=2", "0 rtp " A ":7000 1 65535 WAIT; 20 rtp " A ":7000 1 0 LEARN" },
		{ "two that alternate: the first", NATTED "packets=2",
		  "0 rtp " A ":7000 1 1 WAIT; 1 rtp " A ":7002 2 1 WAIT; 20 rtp " A ":7000 1 2 LEARN; 21 rtp " A ":7002 2 2 FOREIGN" },
		{ "two that alternate: the better one", OPENLY "packets=2",
		  "0 rtp " A ":7000 1 1 WAIT; 1 rtp " A ":4000 2 1 WAIT; 20 rtp " A ":7000 1 2 WAIT; 21 rtp " A ":4000 2 2 LEARN" },
		{ "a candidate that fell silent makes room", NATTED "packets=2",
		  "0 rtp " A ":7000 1 1 WAIT; 1000 rtp " A ":7002 2 1 WAIT; 1020 rtp " A ":7002 2 2 LEARN" },
		{ "other UDP media has no numbers", NATTED "udp packets=2", "0 other " A ":7000 0 0 WAIT; 1 other " A ":7000 0 0 LEARN" },
		{ "RTCP has no numbers", NATTED "packets=2", "0 rtcp@rtcp " A ":7001 1 0 WAIT; 1 rtcp@rtcp " A ":7001 1 0 LEARN" },
	};

	play_all(row, ROWS(row));
}

Test(latch, 5_lock)
{
	static const struct row row[] = {
		{ "every other source", NATTED, "0 rtp " A ":7000 LEARN; 10 rtp " X ":4000 FOREIGN; 20 rtp " A ":7001 FOREIGN; "
		  "30 rtcp " A ":7001 FOREIGN; 40 rtp " A ":7000 PASS; to " A ":7000" },
		{ "mode any too", "mode=any", "0 rtp " B ":7000 LEARN; 10 rtp " X ":4000 FOREIGN" },
	};

	play_all(row, ROWS(row));
}

Test(latch, 6_relatch)
{
	static const struct row row[] = {
		{ "silence and the same stream", NATTED, "0 rtp " A ":7000 1 100 LEARN; 2000 rtp " A ":7002 1 200 MOVE; to " A ":7002; "
		  "2020 rtp " A ":7000 1 201 FOREIGN" },
		{ "not silent", NATTED, "0 rtp " A ":7000 1 100 LEARN; 1999 rtp " A ":7002 1 200 FOREIGN" },
		{ "another SSRC", NATTED, "0 rtp " A ":7000 1 100 LEARN; 9000 rtp " A ":7002 2 101 FOREIGN" },
		{ "numbers that fall", NATTED, "0 rtp " A ":7000 1 100 LEARN; 9000 rtp " A ":7002 1 99 FOREIGN" },
		{ "the same number", NATTED, "0 rtp " A ":7000 1 100 LEARN; 9000 rtp " A ":7002 1 100 FOREIGN" },
		{ "a jump", NATTED, "0 rtp " A ":7000 1 100 LEARN; 9000 rtp " A ":7002 1 3100 FOREIGN; 9001 rtp " A ":7002 1 3099 MOVE" },
		{ "over the wrap", NATTED, "0 rtp " A ":7000 1 65530 LEARN; 9000 rtp " A ":7002 1 20 MOVE" },
		{ "rule 1 holds", NATTED, "0 rtp " A ":7000 1 100 LEARN; 9000 rtp " X ":7002 1 101 FOREIGN" },
		{ "roaming within the mask", NATTED "bits=24", "0 rtp " A ":7000 1 100 LEARN; 9000 rtp " B ":7000 1 150 MOVE" },
		{ "keepalives keep it", NATTED "keepalive=13", "0 rtp " A ":7000 1 100 LEARN; 1500 pt13 " A ":7000 9 9 PASS; "
		  "3000 rtp " A ":7002 1 101 FOREIGN" },
		{ "needs no three packets", NATTED "packets=2", "0 rtp " A ":7000 1 1 WAIT; 9 rtp " A ":7000 1 2 LEARN; 5000 rtp " A ":7002 1 3 MOVE" },
		{ "RTCP by its SSRC", NATTED, "0 rtcp@rtcp " A ":7001 7 0 LEARN; 9000 rtcp@rtcp " A ":7003 8 0 FOREIGN; 9001 rtcp@rtcp " A ":7003 7 0 MOVE" },
		{ "other UDP media cannot prove it", NATTED "udp", "0 other " A ":7000 0 0 LEARN; 9000 other " A ":7002 0 0 FOREIGN" },
		{ "the signalling can", NATTED "udp", "0 other " A ":7000 0 0 LEARN; open declared=10.0.0.2:4002; 9000 other " A ":7002 0 0 MOVE" },
	};

	play_all(row, ROWS(row));
}

Test(latch, 7_only_what_authenticates)
{
	static const struct row row[] = {
		{ "teaches", NATTED, "0 forged " A ":7000 IMPLAUSIBLE; to none; 20 rtp " A ":7002 LEARN" },
		{ "passes", NATTED, "0 rtp " A ":7000 LEARN; 20 forged " A ":7000 IMPLAUSIBLE" },
		{ "moves", NATTED, "0 rtp " A ":7000 1 1 LEARN; 9000 forged " A ":7002 1 2 IMPLAUSIBLE; to " A ":7000" },
	};

	play_all(row, ROWS(row));
}

Test(latch, 9_probe)
{
	static const struct row row[] = {
		{ "the destination, where there is one", OPENLY, "probe " A ":4000" },
		{ "what was learned", NATTED, "0 rtp " A ":7000 LEARN; probe " A ":7000" },
		{ "else the declared port at the peer", NATTED, "probe " A ":4000" },
		{ "never a victim", "peer=" A " declared=" X ":4000", "probe " A ":4000" },
		{ "nothing declared", "peer=" A, "probe none" },
		{ "another family", "peer=" A " declared=[fd00::2]:4000", "probe none" },
		{ "held", NATTED "held", "probe none" },
	};

	play_all(row, ROWS(row));
}

Test(latch, 10_where_to_send_is_not_where_from)
{
	static const struct row row[] = {
		{ "not behind a NAT", OPENLY "direct", "to " A ":4000; 0 rtp " A ":5000 LEARN; to " A ":4000; 20 rtp " A ":5000 PASS; "
		  "40 rtp " A ":5002 FOREIGN" },
		{ "every other case", OPENLY, "to " A ":4000; 0 rtp " A ":5000 LEARN; to " A ":5000" },
		{ "not behind a NAT, but media elsewhere", "direct peer=" A " declared=" X ":4000",
		  "to none; 0 rtp " A ":5000 LEARN; to " A ":5000; probe " A ":5000" },
	};

	play_all(row, ROWS(row));
}

Test(latch, 12_rollback)
{
	static const struct row row[] = {
		{ "nothing came meanwhile", NATTED, "0 rtp " A ":7000 LEARN; open declared=10.0.0.2:4002; rollback declared=10.0.0.2:4000; "
		  "to " A ":7000; 5000 rtp " A ":7000 PASS; 5020 rtp " A ":7002 2 1 FOREIGN" },
		{ "another was learned meanwhile", NATTED, "0 rtp " A ":7000 LEARN; open declared=10.0.0.2:4002; 100 rtp " A ":7002 MOVE; "
		  "rollback declared=10.0.0.2:4000; to " A ":7000; 120 rtp " A ":7000 PASS; 5000 rtp " A ":7002 2 1 FOREIGN" },
		{ "nothing was learned before", NATTED, "open declared=10.0.0.2:4002; 100 rtp " A ":7002 LEARN; "
		  "rollback declared=10.0.0.2:4000; to " A ":7002" },
		{ "twice", NATTED, "0 rtp " A ":7000 LEARN; open declared=10.0.0.2:4002; rollback declared=10.0.0.2:4000; rollback; to " A ":7000" },
		{ "a declared destination returns", OPENLY "direct", "0 rtp " A ":4000 LEARN; open declared=" A ":4002; to " A ":4002; "
		  "rollback declared=" A ":4000; to " A ":4000" },
	};

	play_all(row, ROWS(row));
}

Test(latch, veto)
{
	static const struct row row[] = {
		{ "the first: back to nothing", NATTED, "0 rtp " A ":7000 LEARN; veto " A ":7000; to none; 20 rtp " A ":7000 FOREIGN; "
		  "40 rtp " A ":7002 LEARN" },
		{ "a move: back to the former", OPENLY, "0 rtp " A ":7000 LEARN; 10 rtp " A ":4000 MOVE; veto " A ":4000; to " A ":7000; "
		  "20 rtp " A ":7000 PASS; 30 rtp " A ":4000 FOREIGN" },
		{ "too late: it moved on", OPENLY, "0 rtp " A ":7000 LEARN; 10 rtp " A ":4000 MOVE; veto " A ":7000; to " A ":4000; "
		  "9000 rtp " A ":7000 FOREIGN" },
		{ "a candidate", NATTED "packets=2", "0 rtp " A ":7000 WAIT; veto " A ":7000; 20 rtp " A ":7000 FOREIGN" },
		{ "ends with the window", NATTED, "0 rtp " A ":7000 LEARN; veto " A ":7000; open declared=10.0.0.2:4002; 20 rtp " A ":7000 LEARN" },
		{ "four are remembered", NATTED, "veto " A ":1; veto " A ":2; veto " A ":3; veto " A ":4; "
		  "0 rtp " A ":1 FOREIGN; 0 rtp " A ":4 FOREIGN; veto " A ":5; 1 rtp " A ":5 FOREIGN; 2 rtp " A ":1 LEARN" },
		{ "a stand-in is no former", NATTED, "0 stun " A ":7000 LEARN; 10 rtp " A ":7002 MOVE; veto " A ":7002; to none; "
		  "20 rtp " A ":7004 LEARN" },
	};

	play_all(row, ROWS(row));
}
