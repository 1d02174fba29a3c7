/* Postern's plugin ABI: what a protocol module offers, and what the core offers to it.
 *
 * A module is a shared object that exports one symbol, `postern_module`. It parses, decides and
 * rewrites; the core owns every socket, timer, port, session and binding. Everything runs on one
 * thread, so nothing here needs a lock. No operation may block, sleep or resolve a name.
 *
 * Conventions. Functions return 0 (or a length) and -errno. Text is bytes with a length (pn_str),
 * never terminated, unless it says `const char *`. Times are milliseconds; *_ms without other words
 * is the loop's monotonic clock. Borrowed memory is valid until the call returns. Structs that carry
 * `size` are set to sizeof by whoever fills them and grow at the tail only.
 * docs/writing-a-module.md is the guide, tests/abi/example the smallest module. */
#ifndef POSTERN_MODULE_H
#define POSTERN_MODULE_H

#include <stddef.h>
#include <stdint.h>

#define PN_ABI_MAJOR 1
#define PN_ABI_MINOR 0

struct pn_host;    /* the core's handle of one loaded module */
struct pn_realm;   /* a network in which Postern owns addresses */
struct pn_session; /* one passage of one call */
struct pn_branch;  /* one possible other end of a session */
struct pn_binding; /* what is known of one terminal */
struct pn_peer;    /* a configured far end: host names are resolved by the core */
struct pn_timer;
struct pn_table;       /* capped map of byte strings to pointers */
struct pn_edits;       /* list of span replacements */
struct pn_conf_errors; /* collects configuration errors */

/* ---- plain values ------------------------------------------------------------------------- */

struct pn_str {
	const char *p;
	size_t len;
};

/* An address and port. IPv4 uses the first 4 octets of ip, the rest are zero. */
struct pn_addr {
	uint8_t family; /* 4, 6, or 0 for none */
	uint8_t zero;
	uint16_t port; /* host order */
	uint8_t ip[16];
};

enum pn_transport { PN_UDP = 1, PN_TCP = 2, PN_TLS = 3 };
enum pn_realm_side { PN_ACCESS = 1, PN_CORE = 2 };
enum pn_side { PN_SIDE_A = 0, PN_SIDE_B = 1 }; /* A: who started the session */

struct pn_realm_info {
	uint32_t size;
	const char *name;
	enum pn_realm_side side;
	struct pn_addr addr4, addr6; /* port 0; family 0 where the realm has none */
	int alias_addresses, alias_ports; /* does it have such (PN_ALIAS_ADDRESS, PN_ALIAS_PORT)? */
};

struct pn_flow_info {
	uint32_t size;
	uint64_t flow;
	struct pn_realm *realm;
	enum pn_transport transport;
	struct pn_addr local, remote; /* remote: family 0 for a UDP listener */
};

#define PN_MSG_HELD 1u /* the core held this message and delivers it again */

/* One received message (a datagram, or a PDU that `frame` cut out of a stream). */
struct pn_msg {
	uint32_t size;
	uint32_t flags;
	uint64_t flow; /* 0 is no flow */
	struct pn_realm *realm;
	enum pn_transport transport;
	struct pn_addr local, remote;
	const uint8_t *data;
	size_t len;
	uint64_t now_ms;
};

/* ---- configuration ------------------------------------------------------------------------ */

/* The module's <module> element as a read-only tree, already valid by the module's schema.
 * `next` links siblings. It stays valid until `discard`, or until the next `commit` has returned. */
struct pn_conf_attr {
	const char *name, *value;
	const struct pn_conf_attr *next;
};

struct pn_conf {
	const char *name;
	const char *file;
	int line;
	const struct pn_conf_attr *attrs;
	const struct pn_conf *children, *next;
};

/* ---- media -------------------------------------------------------------------------------- */

enum pn_media_kind { PN_AUDIO = 1, PN_VIDEO, PN_IMAGE, PN_TEXT, PN_APPLICATION, PN_MESSAGE, PN_OTHER };

#define PN_MEDIA_RTP 1u       /* RTP/AVP and its kin: plausibility is checked, RTCP goes with it */
#define PN_MEDIA_RTCP_MUX 2u  /* RFC 5761 offered or accepted */
#define PN_MEDIA_CLOSED 4u    /* port 0: stream refused or ended; its ports are given back */
#define PN_MEDIA_HOLD 8u      /* c= 0.0.0.0 or ::, keeps the latch and the ports, sends nothing there */
#define PN_MEDIA_WILDCARD 16u /* `$` for address or port (H.248): to be chosen by the far end */
#define PN_MEDIA_RTCP_ATTR 32u /* rtcp was explicit (a=rtcp, mediaControlChannel) */
#define PN_MEDIA_ONEWAY 128u /* sendonly, recvonly or inactive: silence does not mean that the call died */
#define PN_MEDIA_RELATCH 256u /* its source moves though nothing here changed: learned anew, at once; never shown */
#define PN_MEDIA_FOREIGN 64u  /* not relayed by us (not UDP, e.g. TCP/MSRP): passes untouched */

/* One media stream as one end describes it: an m-line in SDP, an OpenLogicalChannel in H.245. */
struct pn_media {
	uint32_t size;
	enum pn_media_kind kind;
	uint32_t flags;
	struct pn_addr rtp;  /* family 0: unknown (FQDN, wildcard, CLOSED) */
	struct pn_addr rtcp; /* family 0: the port above rtp, or none when not RTP */
};

#define PN_DECLARE_OFFER 1u  /* tentative until the answer; media_rollback() takes it back */
#define PN_DECLARE_ANSWER 2u /* makes the pending offer final */
/* neither: takes effect by itself (MGCP, H.248, H.245) */

/* The result of media_declare(), handed to the module's `rewrite` hook exactly once, unless the
 * session ended or the wait was cancelled before. */
struct pn_media_reply {
	uint32_t size;
	int err; /* 0; -ENOSPC no port, -EACCES limit, -ETIMEDOUT nobody answered, -EADDRNOTAVAIL family */
	struct pn_session *session;
	struct pn_branch *branch; /* as given */
	enum pn_side side;        /* the side that declared */
	const struct pn_media *advertise; /* what to show to the other side, same order and count */
	size_t n;
	const struct pn_msg *msg; /* the message that was given, valid during the call */
	void *arg;
};

/* ---- sessions and bindings ---------------------------------------------------------------- */

enum pn_attr { PN_ATTR_FROM = 1, PN_ATTR_TO, PN_ATTR_CALL_ID }; /* identities in the CDR */

struct pn_session_args {
	uint32_t size;
	struct pn_str key;         /* unique within the module: by it session_find finds */
	struct pn_str correlation; /* sessions with the same one get one correlation id; may be empty */
	struct pn_realm *ingress, *egress;
	struct pn_addr peer_a, peer_b; /* where signalling of A comes from and of B goes to (latch.md 1) */
	struct pn_binding *binding_a, *binding_b; /* may be NULL */
	void *data;
	int unhurried; /* no answer is due: a call agent's connection may listen for hours */
	int direct_a, direct_b; /* without a binding: it says that it is where it is seen (latch.md 10) */
};

enum pn_cause { /* why a session ended; the names stand in the CDR */
	PN_END_NORMAL = 1, /* released by an end after answer */
	PN_END_CANCELLED,  /* given up by the caller before answer */
	PN_END_REJECTED,   /* refused by the far end */
	PN_END_REFUSED,    /* refused by Postern */
	PN_END_NO_ANSWER,
	PN_END_TIMEOUT_SIGNALLING,
	PN_END_TIMEOUT_MEDIA,
	PN_END_ADMIN,
	PN_END_FAILED,
};

enum pn_timeout { /* what the core tells through on_timeout; the module ends the session */
	PN_TIMEOUT_SIGNALLING = 1, /* no signalling progress since session_deadline() */
	PN_TIMEOUT_ANSWER,
	PN_TIMEOUT_MEDIA,
	PN_TIMEOUT_ADMIN, /* an operator ends it */
};

enum pn_binding_state { PN_PENDING = 1, PN_ACTIVE };
enum pn_binding_key { PN_BY_IDENTITY = 1, PN_BY_ALIAS, PN_BY_PINHOLE };

enum pn_alias_kind {
	PN_ALIAS_TOKEN,   /* 20 random characters */
	PN_ALIAS_NAME,    /* alias_name; put is -EEXIST when another binding has it in that realm */
	PN_ALIAS_ADDRESS, /* one of the realm's alias-addresses, at alias_port; its text is the IP */
	PN_ALIAS_PORT,    /* a port of the realm's `aliases` at its own address; its text is "IP:port" */
};

struct pn_binding_args {
	uint32_t size;
	struct pn_realm *realm;
	struct pn_str identity; /* address-of-record, endpoint, MID, alias: may have several bindings */
	struct pn_str instance; /* tells devices of one identity apart */
	struct pn_addr claimed; /* the address it says it has; family 0 when it is a name */
	struct pn_addr pinhole; /* where its message came from */
	uint64_t flow;
	struct pn_realm *alias_realm; /* where the alias will be shown; NULL for none */
	uint64_t expires_ms;          /* how long from now, while pending */
	const void *data;             /* the module's own record of it, copied, at most 4096 octets */
	size_t data_len;
	/* How the alias is made, once, at the first put; later ones need not repeat it. ADDRESS and PORT: the
	 * core listens there with the transports of alias_listen (1u << PN_UDP | 1u << PN_TCP) until the
	 * binding is gone, and alias_realm must stay (-EINVAL: remove the binding first). Where the search for
	 * a free one begins depends on the module, identity and instance alone, so that a terminal gets
	 * the same again, after a restart as well. */
	enum pn_alias_kind alias_kind;
	unsigned alias_listen;
	uint16_t alias_port;
	uint8_t alias_family; /* 4, 6, or 0: the first that the realm has */
	struct pn_str alias_name; /* compared octet by octet, at most 1024 */
};

struct pn_binding_info {
	uint32_t size;
	enum pn_binding_state state;
	struct pn_realm *realm, *alias_realm;
	struct pn_str identity, instance, alias;
	struct pn_addr claimed, pinhole;
	uint64_t flow;
	uint64_t expires_at_ms;  /* when the terminal's lifetime ends */
	uint64_t upstream_at_ms; /* when the softswitch's lifetime ends */
	const void *data;
	size_t data_len;
	int probing; /* its old pinhole is being asked: a keepalive must elicit an answer now */
	struct pn_addr alias_addr; /* ADDRESS, PORT; else family 0 */
	uint64_t alias_udp, alias_tcp; /* the listeners at alias_addr; 0: none */
};

/* ---- what the core offers ------------------------------------------------------------------ */

enum pn_level { PN_LOG_ERROR = 1, PN_LOG_WARN, PN_LOG_INFO, PN_LOG_DEBUG };

struct pn_sdp_policy {
	uint32_t size;
	struct pn_addr origin; /* for o=; family 0 leaves it alone */
};

struct pn_services {
	uint32_t size;
	uint16_t major, minor;

	/* configuration; realm_find is NULL for an unknown name */
	struct pn_realm *(*realm_find)(struct pn_host *h, const char *name);
	const struct pn_realm_info *(*realm_info)(const struct pn_realm *r);
	void (*conf_error)(struct pn_conf_errors *e, const struct pn_conf *at, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));
	/* "20s" "500ms" "2m" "1h" to ms, -EINVAL */
	int64_t (*conf_duration)(const char *text);
	/* A far end "host[:port]"; names are resolved again and again by the core. NULL: not valid. */
	struct pn_peer *(*peer_new)(struct pn_host *h, const char *text, uint16_t default_port);
	void (*peer_free)(struct pn_peer *p);
	/* The index-th known address; -ENOENT past the last. */
	int (*peer_addr)(const struct pn_peer *p, size_t index, struct pn_addr *out);

	/* flows */
	/* The module's listener in a realm; port 0 takes the first of that family. 0 when none. */
	uint64_t (*flow_listener)(struct pn_host *h, struct pn_realm *r, enum pn_transport t, int family);
	/* UDP: the listener. TCP: connects, on_flow_open tells. */
	int (*flow_open)(struct pn_host *h, struct pn_realm *r, enum pn_transport t,
			 const struct pn_addr *to, uint64_t *flow);
	/* -EPERM: the realm's reach forbids it. -ENOBUFS: the write queue is full. -ENOTCONN. */
	int (*flow_send)(struct pn_host *h, uint64_t flow, const struct pn_addr *to, const void *data,
			 size_t len);
	void (*flow_close)(struct pn_host *h, uint64_t flow);
	int (*flow_info)(struct pn_host *h, uint64_t flow, struct pn_flow_info *out);
	/* A listener of our own at one of the realm's tcp-ports, for one connection: from this IP (family 0:
	 * from anybody in the access list), within so many ms. *flow is the connection to be and *local where
	 * it is awaited: what is sent meanwhile is queued, on_flow_open tells when it came, on_flow_closed
	 * with -ETIMEDOUT that it did not. -ENOSPC: no port is left. flow_open() to such a place of ours in the
	 * same realm is no matter of reach: a call may come back to us. */
	int (*flow_expect)(struct pn_host *h, struct pn_realm *r, int family, const struct pn_addr *from,
			   uint64_t within_ms, uint64_t *flow, struct pn_addr *local);

	/* admission: may this source in this realm start something now? 0, -EACCES, -EDQUOT (its own
	 * limit), -ENOSPC (ours). Counted by the core. binding may be NULL. */
	int (*admit_session)(struct pn_host *h, struct pn_realm *r, const struct pn_addr *src,
			     const struct pn_binding *b);

	/* sessions. NULL and errno: ENOSPC cap reached, EEXIST key taken. */
	struct pn_session *(*session_new)(struct pn_host *h, const struct pn_session_args *a);
	struct pn_session *(*session_find)(struct pn_host *h, struct pn_str key);
	void *(*session_data)(const struct pn_session *s);
	const char *(*session_id)(const struct pn_session *s);
	void (*session_attr)(struct pn_session *s, enum pn_attr attr, struct pn_str value);
	/* Signalling went on; it must again within ms (0: no such deadline any more). */
	void (*session_deadline)(struct pn_session *s, uint64_t ms);
	void (*session_peer)(struct pn_session *s, enum pn_side side, const struct pn_addr *peer);
	void (*session_answered)(struct pn_session *s);
	/* Ends it and all it owns. session_free is called when the loop's turn ends, once; then what
	 * media_hold() still queued comes through on_message with PN_MSG_HELD, for there is no session any
	 * more that it could wait for. */
	void (*session_end)(struct pn_session *s, enum pn_cause cause, int status);

	/* branches of side B, told by a key (To-tag). The first branch_get makes it. */
	struct pn_branch *(*branch_get)(struct pn_session *s, struct pn_str key);
	void (*branch_choose)(struct pn_session *s, struct pn_branch *b); /* all others end */
	void (*branch_end)(struct pn_session *s, struct pn_branch *b);

	/* media */
	/* Side `side` declares its media. The answer comes through `rewrite`, before this returns or
	 * later; m is copied if it must wait. branch NULL: before any is known. */
	void (*media_declare)(struct pn_session *s, struct pn_branch *b, enum pn_side side, unsigned flags,
			      const struct pn_media *list, size_t n, const struct pn_msg *m, void *arg);
	int (*media_pending)(const struct pn_session *s);
	/* Queue m behind the wait; it comes again through on_message with PN_MSG_HELD. A second one
	 * with the same key is absorbed (-EALREADY). -ENOBUFS when the queue is full. */
	int (*media_hold)(struct pn_session *s, const struct pn_msg *m, struct pn_str key);
	/* Give up the wait (CANCEL, BYE): no rewrite call will come; what is queued is delivered. */
	void (*media_cancel)(struct pn_session *s);
	void (*media_rollback)(struct pn_session *s); /* the pending offer was rejected */
	/* What is advertised to `side` now; returns the count. */
	int (*media_advertised)(struct pn_session *s, enum pn_side side, struct pn_media *list, size_t cap);
	/* What `side` declared (for the re-scan); returns the count. */
	int (*media_declared)(struct pn_session *s, struct pn_branch *b, enum pn_side side,
			      struct pn_media *list, size_t cap);

	/* bindings. put makes or refreshes (realm, identity, instance); the pinhole moves by the rule
	 * of proof: another port on the same IP at once, another IP after accept and a dead probe.
	 * -ENOSPC: the table, the identity's devices or the aliases are full; -EADDRNOTAVAIL: the alias realm
	 * has none of that kind and family, or they are not addresses of this host; -EEXIST: the name is
	 * another's; -EINVAL. */
	int (*binding_put)(struct pn_host *h, const struct pn_binding_args *a, struct pn_binding **out);
	/* The softswitch accepted it: pending becomes active, lifetimes from now, and the latest put is in
	 * force. Anybody may send a registration that puts; so a module that accepts later than it put must
	 * put again, what was accepted, right before. */
	void (*binding_accept)(struct pn_binding *b, uint64_t terminal_ms, uint64_t upstream_ms);
	void (*binding_refuse)(struct pn_binding *b); /* takes back an unaccepted put */
	void (*binding_remove)(struct pn_binding *b);
	/* First with this key (after NULL) or the next one; realm is where the key is valid: the alias's
	 * own realm for PN_BY_ALIAS. key is text, or a struct pn_addr for PN_BY_PINHOLE. */
	struct pn_binding *(*binding_find)(struct pn_host *h, struct pn_realm *r, enum pn_binding_key by,
					   const void *key, size_t len, struct pn_binding *after);
	const struct pn_binding_info *(*binding_info)(const struct pn_binding *b);
	int (*binding_set_data)(struct pn_binding *b, const void *data, size_t len);
	void (*binding_alive)(struct pn_binding *b); /* it answered the keepalive */
	/* How often to call `keepalive` for each active binding of this module; 0: never. */
	void (*binding_keepalive)(struct pn_host *h, uint64_t every_ms);

	/* SDP (RFC 8866). scan fills one pn_media per m-line of all blocks; returns the count or
	 * -EBADMSG, -E2BIG. write adds edits to `e` that put `adv` in place; `base` is where text begins
	 * in the message. check is -EPERM if a field that carries connections still shows an address of
	 * `hidden` that is none of `adv`. */
	int (*sdp_scan)(const void *text, size_t len, struct pn_media *list, size_t cap);
	int (*sdp_write)(const void *text, size_t len, const struct pn_media *adv, size_t n,
			 const struct pn_sdp_policy *policy, struct pn_edits *e, size_t base);
	int (*sdp_check)(const void *text, size_t len, const struct pn_media *hidden, size_t n_hidden,
			 const struct pn_media *adv, size_t n_adv);

	/* edits: replace [at, at+len) by text (copied); equal positions keep the order of adding. apply
	 * writes the result to out (cap octets), returns its length or -ENOBUFS, -EINVAL for overlap. */
	struct pn_edits *(*edits_new)(struct pn_host *h);
	int (*edit)(struct pn_edits *e, size_t at, size_t len, const void *text, size_t text_len);
	long (*edits_delta)(const struct pn_edits *e, size_t from, size_t to); /* growth in a range */
	long (*edits_apply)(const struct pn_edits *e, const void *in, size_t len, void *out, size_t cap);
	void (*edits_free)(struct pn_edits *e);

	/* timers: one shot. arg is the module's. */
	struct pn_timer *(*timer_new)(struct pn_host *h, void (*fn)(void *arg), void *arg);
	void (*timer_start)(struct pn_timer *t, uint64_t after_ms); /* again: moves it */
	void (*timer_stop)(struct pn_timer *t);
	void (*timer_free)(struct pn_timer *t);
	uint64_t (*now_ms)(struct pn_host *h);

	/* tables: keys are copied; put replaces nothing: -EEXIST; -ENOSPC at the cap */
	struct pn_table *(*table_new)(struct pn_host *h, size_t max);
	int (*table_put)(struct pn_table *t, const void *key, size_t len, void *value);
	void *(*table_get)(const struct pn_table *t, const void *key, size_t len);
	void *(*table_del)(struct pn_table *t, const void *key, size_t len);
	size_t (*table_count)(const struct pn_table *t);
	void (*table_free)(struct pn_table *t, void (*free_value)(void *value));

	/* the rest */
	void (*log)(struct pn_host *h, enum pn_level level, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));
	/* Malformed or refused input: counted, logged once per source and interval. */
	void (*bad_input)(struct pn_host *h, const struct pn_msg *m, const char *why);
	void (*count)(struct pn_host *h, unsigned counter); /* index in the module's `counters` */
	void (*random)(void *out, size_t len);              /* unpredictable */
	void (*defer)(struct pn_host *h, void (*fn)(void *arg), void *arg); /* at the end of the turn */
	int (*addr_parse)(struct pn_str text, struct pn_addr *out);         /* IP, no port, [] allowed */
	/* "192.0.2.1:5060", "[2001:db8::1]:5060"; without the port when it is 0. Returns the length. */
	int (*addr_print)(const struct pn_addr *a, char *out, size_t cap);
	/* Is it one of Postern's own signalling addresses in this realm (address and port)? */
	int (*addr_own)(struct pn_host *h, struct pn_realm *r, const struct pn_addr *a);
	/* A compiled pattern (PCRE2); match returns 1, 0, or -errno. */
	void *(*pattern_new)(const char *pattern, char *why, size_t why_cap);
	int (*pattern_match)(const void *pattern, struct pn_str subject);
	void (*pattern_free)(void *pattern);

	/* Like flow_open, to a terminal whose signalling comes from `via` (its binding's pinhole, or a flow's
	 * remote address). Where an agent's trunk leads there the connection goes through it: then `to` is an
	 * address inside, as the terminal named it, and flow_info shows the trunk as its remote address. When that
	 * agent is lost, another one that has the same terminal takes its place. */
	int (*flow_open_via)(struct pn_host *h, struct pn_realm *r, const struct pn_addr *via,
			     enum pn_transport t, const struct pn_addr *to, uint64_t *flow);
	/* Would a trunk lead there? Then it can be connected to, NAT or not. */
	int (*flow_trunk)(struct pn_host *h, struct pn_realm *r, const struct pn_addr *via,
			  const struct pn_addr *to);
};

/* ---- what a module offers ------------------------------------------------------------------ */

struct pn_counter {
	const char *name; /* "sip_requests": metrics prefix it with postern_ and suffix _total */
	const char *help;
};

struct pn_module {
	uint32_t size; /* sizeof(struct pn_module) of the header that it was built with */
	uint16_t major, minor;
	const char *name;
	uint64_t caps;      /* 0: none is defined in this major version */
	const char *schema; /* RELAX NG (XML syntax) grammar text; start: element module in
	                     * urn:postern:config:1. <listen> and the attributes of <module> are the
	                     * core's and are taken out before. */
	const struct pn_counter *counters;
	unsigned n_counters;

	/* Required: init, prepare, commit, discard, on_message, unload. Others may be NULL. */
	int (*init)(const struct pn_services *svc, struct pn_host *h, void **self);
	/* Config is all or nothing: prepare checks and builds `next` (errors via conf_error, then
	 * -EINVAL) and changes nothing; then either commit or discard gets it. */
	int (*prepare)(void *self, const struct pn_conf *conf, struct pn_conf_errors *e, void **next);
	void (*commit)(void *self, void *next);
	void (*discard)(void *self, void *next);

	/* TCP: length of the first PDU in data, 0 if more octets are needed, -errno closes the flow. */
	long (*frame)(void *self, const uint8_t *data, size_t len);
	void (*on_message)(void *self, const struct pn_msg *m);
	void (*on_flow_open)(void *self, const struct pn_flow_info *f); /* before the first write */
	void (*on_flow_closed)(void *self, uint64_t flow, int err);

	/* The hooks registered with the shared relay. rewrite: media addresses are known, write the
	 * message and send it. latch: the first packet taught where a side is; non-zero vetoes. */
	void (*rewrite)(void *self, const struct pn_media_reply *r);
	int (*latch)(void *self, struct pn_session *s, enum pn_side side, size_t stream,
		     const struct pn_addr *where);

	/* Writes the refresh message for a binding, one that elicits an answer; returns its length. */
	long (*keepalive)(void *self, struct pn_binding *b, void *out, size_t cap);
	void (*on_binding_gone)(void *self, struct pn_binding *b); /* expired or removed */
	void (*on_timeout)(void *self, struct pn_session *s, enum pn_timeout what);
	void (*session_free)(void *self, struct pn_session *s, void *data);
	/* JSON object text for `posternctl show modules`; returns its length. */
	long (*show)(void *self, char *out, size_t cap);
	void (*unload)(void *self);
	/* What an agent without a <route> of its own puts into this module's element, for each realm of
	 * terminals: XML with {from} and {to} (realms), {gateway} (an address, an IPv6 one in brackets),
	 * {network} and {agent} (names). */
	const char *default_route;
};

/* The symbol that the core looks up; a module defines it once. */
extern const struct pn_module postern_module __attribute__((visibility("default")));

#endif
