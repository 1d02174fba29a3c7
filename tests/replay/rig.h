/* The hosts of a capture around a Postern that stood not between them: what each of them was shown in place of the
 * addresses that it saw in the capture, and so what it says and does here. */
#ifndef REPLAY_RIG_H
#define REPLAY_RIG_H

#include "core.h"
#include "fakenet.h"
#include "captured.h"
#include "trace.h"

#define HOSTS_MAX 8u
#define SHOWN_MAX 128u
#define CLAIMS_MAX 4u
#define WHY_MAX 512u
#define SAID_MAX 32u

enum shown_kind { SHOWN_OTHER, SHOWN_RTP, SHOWN_RTCP };

struct shown {
	struct pn_addr captured, here;
	enum shown_kind kind;
};

struct actor {
	struct pn_addr ip;      /* in the capture */
	struct pn_addr public;  /* what its packets bear here */
	struct pn_addr claim[CLAIMS_MAX]; /* other addresses that it says it has: it was behind a NAT */
	size_t n_claims;
	bool terminal, natted, released;
	unsigned realm;
	struct pn_addr alias;   /* what stands for it before the gatekeeper */
	struct pn_addr h245;    /* the last h245Address that it sent, as captured */
	bool came;              /* it started H.245, and was told to come to us instead */
	struct shown shown[SHOWN_MAX];
	size_t n_shown;
	/* H.460.18: the Setup that waits for this terminal */
	bool awaited;
	long service_seq;
	struct pn_addr caller;  /* the other end of the gatekeeper's connection for it */
	struct captured waiting, waiting_captured;
	/* where we are the gatekeeper (zone.c) */
	uint8_t endpoint[256]; /* endpointIdentifier that it was given */
	size_t endpoint_len;
	unsigned answered;     /* type of the last RAS message that it got */
	struct captured *said[SAID_MAX]; /* what the other terminal has not been looked at for yet, in order */
	size_t n_said;
	uint16_t rtp_port;     /* the last one that it named */
};

struct end {
	struct actor *host;
	struct pn_addr at;
};

struct rig {
	struct trace trace;
	struct actor host[HOSTS_MAX];
	size_t n_hosts;
	struct actor *gatekeeper; /* NULL: the ends talk to each other */
	struct actor *caller;     /* who sent the first Setup */
	struct loop *loop;
	struct fakenet *net;
	struct cdr *cdr;
	struct core *core;
	struct end end[TRACE_CONNECTIONS][2]; /* who opened it, who took it; host NULL: it was not to be */
	enum captured_kind speaks[TRACE_CONNECTIONS];
	bool spoken[TRACE_CONNECTIONS];
	bool *done;    /* per event: it came earlier */
	bool bytewise; /* TPKTs come octet by octet */
	bool zone;     /* Postern is the gatekeeper; what that of the capture sent is only looked at */
	unsigned cdrs, cdrs_normal, messages, flows;
	char why[WHY_MAX];
};

/* A capture's hosts; they are the same for all runs. */
int rig_read(struct rig *r, const char *path);
void rig_free(struct rig *r);
/* Postern with this configuration, hosts that know nothing yet. */
int rig_start(struct rig *r, const char *config);
void rig_stop(struct rig *r);

struct actor *rig_host(struct rig *r, const struct pn_addr *ip);
/* What the host takes an address of the capture for; false: it was never shown anything in its place. Hosts of the
 * core tell each other. */
bool rig_knows(struct rig *r, const struct actor *h, const struct pn_addr *captured, struct pn_addr *here);
int host_show(struct actor *h, const struct pn_addr *captured, const struct pn_addr *here, enum shown_kind kind);
enum shown_kind shown_kind(const struct span *s);
/* Where its socket is seen. */
struct pn_addr host_at(const struct actor *h, const struct pn_addr *captured);
int fail(struct rig *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* forward.c: `in` is what the host `from` sends, `captured` what it sent in the capture. Is this its message as `to`
 * must get it: nothing but addresses changed, none of the other side's left? Learns what `to` was shown. */
int forward_check(struct rig *r, struct actor *to, const struct captured *captured, const struct captured *in,
		  const uint8_t *data, size_t len);
/* The first half of it: is `out` what `in` must become for `to`? */
int forward_same(struct rig *r, const struct actor *to, const struct captured *in, const struct captured *out);
/* What the host says here. */
void forward_say(struct rig *r, const struct actor *from, struct captured *m);

/* media.c: each medium that was shown to a terminal passes, in both directions. */
int media_check(struct rig *r, struct actor *terminal);
/* The same between two terminals, whatever the gatekeeper of the capture made of their addresses. */
int media_check_zone(struct rig *r, struct actor *terminal);

/* play.c */
int play_event(struct rig *r, size_t index);
int play_give(struct rig *r, const struct actor *from, const struct pn_addr *at, const struct captured *m);
enum captured_kind play_kind(struct rig *r, const struct trace_event *e);
bool play_ends_call(const struct captured *m);

/* zone.c: the same where Postern is the gatekeeper of both terminals. */
int zone_event(struct rig *r, size_t index);

#endif
