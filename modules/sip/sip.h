/* The module's state, which every part shares: there are no globals. */
#ifndef SIP_SIP_H
#define SIP_SIP_H

#include <sys/queue.h>

#include "common/addr.h"
#include "parse.h"

#define SIP_DATAGRAM 65507u  /* the largest that UDP over IPv4 carries */
#define SIP_TOKEN_LEN 24u    /* characters of an unguessable token, terminator not counted */
#define SIP_ADDR_LEN 64u     /* room for "[IPv6]:port" */
#define SIP_MEDIA_MAX 64u    /* m-lines */
#define SIP_TARGETS_MAX 16u  /* bindings of one address-of-record that are called at once */
#define SIP_HOPS_MAX 8u      /* addresses of a next hop that are tried one after the other */
#define SIP_CONTACTS_MAX 16u /* Contacts in a REGISTER */
#define SIP_ENDS_MS(conf) (64 * (conf)->t1_ms) /* timers B, F, H, J, L, M */

enum sip_counter {
	SIP_CNT_REQUESTS,
	SIP_CNT_RESPONSES,
	SIP_CNT_REPLIES,
	SIP_CNT_MALFORMED,
	SIP_CNT_RETRANSMISSIONS,
	SIP_CNT_STRAY,
	SIP_CNT_KEEPALIVES,
	SIP_CNT_KEEPALIVE_ANSWERS,
	SIP_CNT_PINGS,
	SIP_CNT_REGISTERS,
	SIP_CNT_REFRESHES,
	SIP_CNT_CALLS,
	SIP_CNT_ANSWERED,
	SIP_CNT_FULL,
	SIP_CNT_TIMEOUTS,
	SIP_CNT_FAILOVERS,
	SIP_CNT_LEAKS,
	SIP_COUNTERS
};

struct sip_conf;
struct sip_server;
struct sip_client;
struct sip_dialog;
struct sip_call;

LIST_HEAD(sip_servers, sip_server);
LIST_HEAD(sip_clients, sip_client);
LIST_HEAD(sip_dialogs, sip_dialog);
LIST_HEAD(sip_calls, sip_call);

struct sip {
	const struct pn_services *svc;
	struct pn_host *host;
	struct sip_conf *conf;
	struct pn_table *server_by_key, *client_by_branch, *leg_by_key, *dialog_by_id;
	struct pn_table *users;   /* addresses-of-record that registered here once */
	struct pn_table *gone[2]; /* aliases that were: now and before */
	struct sip_servers servers, dead_servers;
	struct sip_clients clients, dead_clients;
	struct sip_dialogs dialogs, dead_dialogs;
	struct sip_calls calls;
	size_t n_transactions, n_dialogs;
	struct pn_timer *reaper; /* frees what ended, when the current callback has returned */
	uint64_t next_id, salt;
	char out[SIP_DATAGRAM + 1]; /* the message that is being written */
};

/* What arrived: the datagram and the message in it. */
struct sip_rx {
	const struct pn_msg *pn;
	struct sip_msg *msg;
};

/* An unguessable word: SIP_TOKEN_LEN characters and a terminator. */
void sip_token(struct sip *sip, char out[SIP_TOKEN_LEN + 1]);
/* The address of ours that a flow sends from, as host:port; empty when the flow is gone. */
const char *sip_own(struct sip *sip, uint64_t flow, char out[SIP_ADDR_LEN]);
/* host (text of a URI) and port as an address; false when it is a name. */
bool sip_host_addr(struct sip *sip, struct pn_str host, uint16_t port, struct pn_addr *out);
/* Does this URI name Postern's own signalling address in the realm? */
bool sip_uri_own(struct sip *sip, struct pn_realm *r, const struct sip_uri *u);
bool sip_is_access(struct sip *sip, struct pn_realm *r);
const char *sip_realm_name(struct sip *sip, struct pn_realm *r);
void sip_reap_later(struct sip *sip);
/* FNV-1a, salted: for comparing what was received, not for secrets. */
uint64_t sip_hash(const struct sip *sip, const void *p, size_t len);

#endif
