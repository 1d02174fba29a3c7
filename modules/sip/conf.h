/* The module's configuration: docs/sip.md lists every element. */
#ifndef SIP_CONF_H
#define SIP_CONF_H

#include "sip.h"

struct sip_route {
	struct pn_realm *from, *to;
	struct pn_peer *peer[SIP_HOPS_MAX];
	char *hop[SIP_HOPS_MAX]; /* as configured: what a Request-URI at our address becomes */
	size_t n_peers;
	void *pattern; /* on the Request-URI; NULL: any */
	char *methods; /* "INVITE MESSAGE"; NULL: any */
};

struct sip_registrar {
	struct pn_realm *realm;
	char *domain;
};

struct sip_conf {
	struct sip_route *route;
	size_t n_routes;
	struct sip_registrar *registrar;
	size_t n_registrars;
	uint64_t keepalive_ms; /* 0: none */
	bool keepalive_crlf;
	uint64_t terminal_ms, upstream_ms; /* registration lifetimes */
	uint64_t t1_ms, t2_ms, t4_ms, timer_c_ms;
	uint64_t session_ms; /* an answered call without any signalling; 0: no limit */
	uint32_t max_transactions, max_dialogs;
	const struct pn_services *svc;
};

extern const char sip_schema[]; /* RELAX NG */

/* NULL when something is wrong, which was told through conf_error; or no memory. */
struct sip_conf *conf_new(struct sip *sip, const struct pn_conf *at, struct pn_conf_errors *e);
void conf_free(struct sip_conf *c);

#endif
