/* The configuration file: XML by libxml2 without network, entities or XInclude, capped in size and
 * depth; checked by RELAX NG (core schema, one fragment per module), then for sense. The result is plain
 * data; nothing of libxml2 leaves conf*.c. Every error is "FILE:LINE: what: what was expected". */
#ifndef CORE_CONF_H
#define CORE_CONF_H

#include "addr.h"
#include "latch.h"
#include <stdint.h>

#define CONF_BYTES_MAX (1u << 20)
#define CONF_DEPTH_MAX 16u
#define CONF_ERRORS_MAX 50u

enum conf_role { ROLE_GATEWAY, ROLE_AGENT };

struct realm_limits {
	uint32_t sessions;          /* in this realm; 0: no limit but the table's */
	uint32_t terminal_sessions; /* of one terminal at a time; 0: none */
	uint32_t source_rate;       /* datagrams per second and source; 0: none */
	uint32_t source_burst;
	uint32_t tcp_per_source;    /* connections; 0: no limit but the table's */
};

enum stun_media { STUN_MEDIA_AUTO, STUN_MEDIA_ALWAYS, STUN_MEDIA_NEVER };

struct conf_realm {
	char *name;
	enum pn_realm_side side;
	struct pn_addr addr4, addr6;
	uint16_t media_first, media_last;
	uint16_t tcp_first, tcp_last;     /* 0: none */
	uint16_t alias_first, alias_last; /* ports that stand for terminals; 0: none */
	struct prefixes alias_addresses;  /* addresses that do */
	struct prefixes reach;            /* empty and !reach_set: by side and address (rule 6) */
	bool reach_set;
	struct prefixes allow, deny;
	enum latch_mode latch;
	uint8_t latch_packets, peer_bits4, peer_bits6;
	bool third_party;
	int dscp;        /* 0..63; -1: leave */
	char *device;    /* NULL: any */
	uint32_t fwmark; /* 0: none */
	struct realm_limits limits;
	uint16_t pinhole;           /* the gateway's one port for all media of agents; 0: none */
	bool stun;                  /* terminals may ask it for their address */
	enum stun_media stun_media; /* when a terminal without agent has its media there */
	bool uplink;                /* the agent's realm towards its gateway */
	struct prefixes siblings;   /* in that: the other agents of the network */
	int line;
};

struct conf_listen {
	unsigned realm; /* index in conf.realms */
	enum pn_transport transport;
	uint16_t port;
	struct pn_addr group; /* of multicast, UDP; family 0: the realm's addresses */
	int line;
};

struct conf_module {
	char *name;
	char *file; /* path of an out-of-tree module (with a slash), or NULL: moduledir/name.so */
	struct conf_listen *listens;
	size_t n_listens;
	uint16_t uplink_port; /* where it speaks to the agent's gateway; 0: nowhere (conf_add_routes) */
	struct pn_conf *tree; /* the <module> element without <listen>, name and file */
	int line;
};

#define CONF_SECRET_MIN 8u
#define CONF_SECRET_MAX 256u

struct conf_secret { /* what the file holds, without white space around it; wiped when freed */
	uint8_t *octets;
	size_t len;
};

/* In the gateway: agents and other application servers that may register here. */
struct conf_network {
	char *name;
	unsigned realm; /* index in conf.realms */
	struct conf_secret secret;
	uint32_t lifetime_ms; /* of a registration, at most: 60 s */
	uint32_t pinholes;    /* signalling pinholes at a time: 1000 */
	uint32_t subscribers; /* 10000 */
	int line;
};

/* In the agent: the gateway, and how to reach it. With it comes a realm, named "wan" unless told. */
struct conf_gateway {
	struct pn_addr address; /* with the pinhole port */
	char *network, *agent;
	struct conf_secret secret;
	unsigned realm; /* index in conf.realms */
	uint16_t signalling_first, signalling_last; /* where modules listen in it */
	bool media_local; /* calls inside the LAN keep their media inside */
	bool cmph_early;  /* does not wait for the answer to a CMPH */
	bool show_final;  /* tells the gateway where the terminal is */
	uint32_t keep_ms;                 /* refreshes of media pinholes: 15 s */
	uint32_t idle_min_ms, idle_max_ms; /* bounds of the interval of registrations: 15 s, 120 s */
	int line;
};

struct conf_limits {
	uint32_t sessions, streams, bindings; /* tables */
	uint32_t tcp_connections, tcp_write_queue /* octets */, tcp_idle_ms /* 0: never */;
};

struct conf_media {
	unsigned threads;        /* at least 1; 0 in the file means one per core */
	uint32_t quarantine_ms;  /* 10 s */
	uint32_t request_ms;     /* how long a message waits for its media addresses: 3 s */
	uint32_t idle_ms;        /* no packet from any side: session ends; 0 never; 5 min */
	uint32_t answer_ms;      /* no answer: 180 s */
	uint32_t session_ms;     /* longest session; 0 none; 24 h */
	uint32_t latch_window_ms, latch_silence_ms, deadlock_ms;
};

struct conf {
	char *path;
	int line; /* of <postern> */
	enum conf_role role;
	char *log_to, *log_level; /* never NULL */
	char *control;            /* path of the control socket, never NULL */
	char *cdr;                /* NULL: no records */
	struct conf_limits limits;
	struct conf_media media;
	uint32_t binding_probe_ms; /* how long an old pinhole may take to answer (rule 11): 4 s */
	uint32_t keepalive_budget; /* keepalives per second, over all bindings */
	struct conf_realm *realms;
	size_t n_realms;
	struct conf_network *networks; /* gateway only */
	size_t n_networks;
	struct conf_gateway *gateway; /* agent only, never NULL there */
	struct conf_module *modules;
	size_t n_modules;
};

struct pn_conf_errors {
	char *line[CONF_ERRORS_MAX];
	size_t n, more; /* more: beyond the cap */
};

/* Line 0: the file as a whole. */
void conf_error(struct pn_conf_errors *e, const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void conf_errors_free(struct pn_conf_errors *e);

/* Read and check everything but the modules' own elements, whose schema is known when they are loaded.
 * NULL with errors. */
struct conf *conf_load(const char *path, struct pn_conf_errors *e);
struct conf *conf_parse(const char *text, size_t len, const char *path, struct pn_conf_errors *e);
void conf_free(struct conf *c);
/* Check one module's element against its RELAX NG grammar (text from the module's table). */
int conf_check_module(const struct conf_module *m, const char *schema, struct pn_conf_errors *e);
int64_t conf_duration(const char *text); /* "20s" "500ms" "2m" "1h" to ms; -EINVAL */

#endif
