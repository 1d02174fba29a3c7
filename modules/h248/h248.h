/* The module's state, which every part shares: there are no globals. */
#ifndef H248_H248_H
#define H248_H248_H

#include <sys/queue.h>

#include "msg.h"

#define H248_DATAGRAM 65507u /* the largest that UDP over IPv4 carries */
#define H248_TPKT 4u         /* octets before a PDU on TCP (RFC 1006 6) */
#define H248_ADDR_LEN 64u    /* room for "[IPv6]:port" */
#define H248_TEXT_PORT 2944u
#define H248_BINARY_PORT 2945u
#define H248_LINES_MAX 16u /* media of one termination */
#define H248_SDP_MAX 64u   /* m-lines in one descriptor */

/* H.248.8: codes of what Postern refuses. */
enum {
	H248_SYNTAX_MESSAGE = 400,
	H248_UNAUTHORIZED = 402,
	H248_SYNTAX_TRANSACTION = 403,
	H248_VERSION = 406,
	H248_SYNTAX_COMMAND = 422,
	H248_UNKNOWN_CONTEXT = 411,
	H248_UNKNOWN_TERMINATION = 430,
	H248_NOT_IN_CONTEXT = 435,
	H248_NOT_READY = 502,
	H248_UNREGISTERED = 505,
	H248_RESOURCES = 510,
};

enum h248_counter {
	H248_CNT_REQUESTS,
	H248_CNT_REPLIES,
	H248_CNT_OWN_REPLIES,
	H248_CNT_MALFORMED,
	H248_CNT_RETRANSMISSIONS,
	H248_CNT_STRAY,
	H248_CNT_UNREGISTERED,
	H248_CNT_SERVICE_CHANGES,
	H248_CNT_KEEPALIVES,
	H248_CNT_KEEPALIVE_ANSWERS,
	H248_CNT_GATEWAYS_LOST,
	H248_CNT_CALLS,
	H248_CNT_HANDOFFS,
	H248_CNT_HANDOFFS_REFUSED,
	H248_CNT_RENUMBERED,
	H248_CNT_FULL,
	H248_CNT_TIMEOUTS,
	H248_CNT_FAILOVERS,
	H248_CNT_AUTHENTICATED,
	H248_CNT_LEAKS,
	H248_COUNTERS
};

/* Up is towards the controller, down towards the gateway. */
enum h248_way { H248_UP, H248_DOWN };

struct h248_conf;
struct h248_gateway;
struct h248_tx;
struct h248_call;
struct h248_pass;

LIST_HEAD(h248_gateways, h248_gateway);
LIST_HEAD(h248_passes, h248_pass);
TAILQ_HEAD(h248_txs, h248_tx);

struct h248 {
	const struct pn_services *svc;
	struct pn_host *host;
	struct h248_conf *conf;
	struct pn_table *gateway_by_binding; /* struct pn_binding * as the key */
	struct pn_table *gateway_by_flow;    /* connections of ours to controllers */
	struct pn_table *gateway_by_name;    /* identifiers that are kept, by alias realm */
	struct pn_table *call_by_term;       /* gateway and termination id */
	struct pn_table *tx_in, *tx_out;     /* transactions, by the ids of both sides */
	struct h248_gateways gateways;
	struct h248_txs history; /* all transactions, the longest untouched one first */
	struct h248_txs own;     /* ours that are sent again until they are answered */
	struct h248_passes waiting;
	struct pn_timer *sweep, *resend, *loss;
	size_t n_tx, n_calls;
	uint64_t next_session;
	uint8_t out[H248_TPKT +
		    TEXT_MAX]; /* the message that is being written, behind room for its TPKT */
};

bool h248_is_access(const struct h248 *h, const struct pn_realm *r);
/* The address of ours that a flow sends from; family 0 when the flow is gone. */
struct pn_addr h248_own(const struct h248 *h, uint64_t flow);
/* Sends the len octets at out + H248_TPKT; -errno as flow_send(), -EMSGSIZE. */
int h248_send(struct h248 *h, uint64_t flow, const struct pn_addr *to, size_t len);
/* FNV-1a, for telling retransmissions. */
uint64_t h248_print(const void *p, size_t len);

#endif
