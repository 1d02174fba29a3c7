/* Sessions with everything below them real (relay in line, port pools, bindings) on a fake loop; the
 * network, the module and the provider's manners are the test's. */
#ifndef TESTS_SESSION_RIG_H
#define TESTS_SESSION_RIG_H

#include "binding.h"
#include "session.h"

#define RIG_LINES 8u
#define RIG_AGENT "198.51.100.9:5060" /* signalling of agent 7, ag1 of network acme */
#define RIG_ASKED 4096u

enum rig_manners { RIG_NOW, RIG_LATER, RIG_REFUSE };

struct rig_reply { /* the last rewrite call */
	int err;
	size_t n;
	struct pn_media adv[MEDIA_LINES_MAX];
	char text[64]; /* of its message */
	void *arg;
};

struct rig_packet {
	struct pn_addr from, to;
	unsigned realm;
	char text[64];
};

struct rig {
	struct loop *loop;
	struct conf conf;
	struct conf_realm realm[3];
	struct realms *realms;
	struct bindings *bindings;
	struct relay *relay;
	struct media_pinholes *holes;
	struct port_provider *ports;
	struct sessions *sessions;
	struct cdr *cdr;
	struct pn_realm *access, *core, *dual; /* dual has IPv6 besides */
	/* provider */
	enum rig_manners manners;
	const struct media_provider *inner; /* who provides: the port provider, or the test's */
	void *inner_arg;
	bool keep;           /* release does nothing: no final report comes */
	uint32_t kept;       /* the last stream that was to be released then */
	size_t n_asked, n_answered;
	struct {
		uint64_t token;
		struct media_ask ask; /* without what was declared */
	} asked[RIG_ASKED];
	unsigned busy;       /* so many binds fail from now on */
	/* what happened: words such as "rewrite:0 message:BYE timeout:2 free latch:A0 " */
	char said[4096];
	size_t rewrites, frees;
	struct rig_reply reply;
	char line[8192];     /* the last CDR */
	size_t lines;
	struct rig_packet sent; /* the last packet that left */
	size_t n_sent;
	/* what the module does when called; may be NULL */
	void (*on_rewrite)(struct rig *r, const struct pn_media_reply *reply);
	void (*on_message)(struct rig *r, const struct pn_msg *m);
	void (*on_timeout)(struct rig *r, struct pn_session *s, enum pn_timeout what);
	void (*on_send)(struct rig *r, const struct pn_addr *from, const struct pn_addr *to, const void *data,
			size_t len);
	void (*on_stun)(struct rig *r, const struct relay_place *at, const struct pn_addr *from,
			const void *data, size_t len);
	int veto;
};

struct rig *rig_new(void);
void rig_free(struct rig *r);
void rig_apply(struct rig *r); /* what the test changed in r->conf and r->realm */

/* Sessions from access to core; peers 198.51.100.7 and 192.0.2.20. NULL and errno. */
struct pn_session *rig_session(struct rig *r, const char *key);
struct pn_session *rig_session_args(struct rig *r, struct pn_session_args *a);
struct pn_session_args rig_args(struct rig *r, const char *key);

struct pn_addr rig_addr(const char *text); /* "198.51.100.7:4000"; "" is none */
struct pn_msg rig_msg(const char *text);
/* Lines: "audio 198.51.100.7:4000" and the like, flags after: closed hold mux foreign udp; separated by ; */
size_t rig_lines(const char *text, struct pn_media *list);
void rig_declare(struct rig *r, struct pn_session *s, struct pn_branch *b, enum pn_side side,
		 unsigned flags, const char *lines);
void rig_offer(struct rig *r, struct pn_session *s, enum pn_side side, const char *lines);
void rig_answer(struct rig *r, struct pn_session *s, enum pn_side side, const char *lines);
void rig_release(struct rig *r); /* what was kept */
void rig_provide(struct rig *r, size_t i); /* answer the i-th request that was asked */
/* What is advertised to a side, as rig_lines writes it, but ports as "P": "audio 192.0.2.5:P hold" */
const char *rig_shown(struct rig *r, struct pn_session *s, enum pn_side side);
struct pn_addr rig_local(struct rig *r, struct pn_session *s, enum pn_side side, size_t line);
/* An RTP packet arrives at a local port. seq goes up by itself. */
void rig_rtp(struct rig *r, struct pn_realm *realm, const char *from, struct pn_addr at, uint32_t ssrc);
void rig_rtcp(struct rig *r, struct pn_realm *realm, const char *from, struct pn_addr at, uint32_t ssrc);
void rig_turn(struct rig *r);
size_t rig_ports(struct rig *r); /* taken */

#endif
