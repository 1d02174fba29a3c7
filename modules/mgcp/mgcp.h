/* The module's state, which every part shares: there are no globals. */
#ifndef MGCP_MGCP_H
#define MGCP_MGCP_H

#include <sys/queue.h>

#include "parse.h"

#define MGCP_DATAGRAM 65507u /* the largest that UDP over IPv4 carries */
#define MGCP_ADDR_LEN 64u    /* room for "[IPv6]:port" */
#define MGCP_NAME_LEN 256u   /* a domain of ours, or an endpoint name */
#define MGCP_MEDIA_MAX 16u   /* m-lines */
#define MGCP_GATEWAY_PORT 2427u
#define MGCP_AGENT_PORT 2727u

enum mgcp_counter {
	MGCP_CNT_COMMANDS,
	MGCP_CNT_RESPONSES,
	MGCP_CNT_REPLIES,
	MGCP_CNT_MALFORMED,
	MGCP_CNT_PIGGYBACKS,
	MGCP_CNT_RETRANSMISSIONS,
	MGCP_CNT_STRAY,
	MGCP_CNT_RESTARTS,
	MGCP_CNT_KEEPALIVES,
	MGCP_CNT_KEEPALIVE_ANSWERS,
	MGCP_CNT_GATEWAYS_LOST,
	MGCP_CNT_CONNECTIONS,
	MGCP_CNT_REDIRECTS,
	MGCP_CNT_REDIRECTS_REFUSED,
	MGCP_CNT_RENUMBERED,
	MGCP_CNT_FULL,
	MGCP_CNT_TIMEOUTS,
	MGCP_CNT_FAILOVERS,
	MGCP_CNT_LEAKS,
	MGCP_COUNTERS
};

struct mgcp_conf;
struct mgcp_gateway;
struct mgcp_transaction;
struct mgcp_connection;

LIST_HEAD(mgcp_gateways, mgcp_gateway);
TAILQ_HEAD(mgcp_transactions, mgcp_transaction);

struct mgcp {
	const struct pn_services *svc;
	struct pn_host *host;
	struct mgcp_conf *conf;
	struct pn_table *gateway_by_binding;        /* struct pn_binding * as the key */
	struct pn_table *by_arrival, *by_departure; /* transactions, by the ids of both sides */
	struct pn_table *connection_by_id, *connection_by_name;
	struct mgcp_gateways gateways;
	struct mgcp_transactions history; /* all transactions, the longest untouched one first */
	struct mgcp_transactions own;     /* ours that are sent again until they are answered */
	struct pn_timer *sweep;           /* the oldest of history has had its time */
	struct pn_timer *resend;          /* the next of own is due */
	uint64_t resend_ms;               /* when that is; 0: it is not running */
	size_t n_transactions, n_connections;
	size_t octets; /* of the commands in history */
	uint64_t next_session;
	char out[MGCP_DATAGRAM + 1]; /* the message that is being written */
};

/* What arrived: the datagram, one message of it, and its place in what leaves together. */
struct mgcp_rx {
	const struct pn_msg *pn;
	const struct mgcp_msg *msg;
	struct mgcp_part *part;
};

bool mgcp_is_access(const struct mgcp *g, const struct pn_realm *r);
/* The address of ours that a flow sends from; family 0 when the flow is gone. */
struct pn_addr mgcp_own(const struct mgcp *g, uint64_t flow);
/* "[192.0.2.1]" or "[2001:db8::1]", and the port behind it unless it is 0: as a domain. */
struct pn_str mgcp_domain_of(const struct mgcp *g, struct pn_addr a, char out[MGCP_ADDR_LEN]);

#endif
