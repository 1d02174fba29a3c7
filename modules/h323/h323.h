/* The module's state, which every part shares: there are no globals. */
#ifndef H323_H323_H
#define H323_H323_H

#include <sys/queue.h>

#include "common/addr.h"

#define H323_RAS_PORT 1719u
#define H323_SIGNAL_PORT 1720u
#define H323_PDU_MAX 65535u /* a datagram, a TPKT */
#define H323_ADDR_LEN 64u   /* room for "[IPv6]:port" */

enum h323_counter {
	H323_CNT_RAS,
	H323_CNT_RAS_REPLIES,
	H323_CNT_MALFORMED,
	H323_CNT_PATCHED,
	H323_CNT_UNDECODABLE,
	H323_CNT_STRAY,
	H323_CNT_REGISTRATIONS,
	H323_CNT_KEEPALIVES,
	H323_CNT_KEEPALIVE_ANSWERS,
	H323_CNT_TERMINALS_LOST,
	H323_CNT_ADMISSIONS,
	H323_CNT_ADMISSIONS_REFUSED,
	H323_CNT_FULL,
	H323_CNT_TIMEOUTS,
	H323_CNT_FAILOVERS,
	H323_CNT_TRAVERSALS,
	H323_CNT_TRAVERSALS_FAILED,
	H323_CNT_SIGNALLING,
	H323_CNT_CALLS,
	H323_CNT_CALLS_REFUSED,
	H323_CNT_H245,
	H323_CNT_H245_CONNECTIONS,
	H323_CNT_CHANNELS,
	H323_CNT_LEAKS,
	H323_COUNTERS
};

struct h323_conf;
struct h323_terminal;
struct h323_transaction;
struct h323_admission;
struct h323_traversal;
struct h323_calls; /* what signalling keeps: call.c makes and frees it */

LIST_HEAD(h323_terminals, h323_terminal);
TAILQ_HEAD(h323_transactions, h323_transaction);
TAILQ_HEAD(h323_admissions, h323_admission);
LIST_HEAD(h323_traversals, h323_traversal);

struct h323 {
	const struct pn_services *svc;
	struct pn_host *host;
	struct h323_conf *conf; /* NULL before the first commit */
	struct h323_terminals terminals;
	struct pn_table *terminal_by_binding;       /* struct pn_binding * as the key */
	struct pn_table *terminal_by_endpoint;      /* realm and endpointIdentifier */
	struct pn_table *terminal_by_name;          /* zone and alias: the embedded gatekeeper's */
	struct pn_table *place_by_ip;               /* see place.c */
	struct pn_table *transaction_by_departure;  /* see transaction.c */
	struct h323_transactions transactions;      /* the one touched longest ago first */
	struct pn_timer *transaction_sweep;
	struct pn_table *admission_by_call;
	struct pn_table *forward_by_address;        /* see forward.c */
	struct h323_admissions admissions; /* the one touched longest ago first */
	struct pn_timer *admission_sweep;
	struct h323_traversals traversals;
	size_t n_terminals, n_transactions, n_admissions;
	uint64_t next_endpoint; /* endpointIdentifiers that the embedded gatekeeper gave out */
	struct h323_calls *calls;
	uint8_t out[H323_PDU_MAX + 1]; /* the message that is being written */
};

bool h323_is_access(const struct h323 *h, const struct pn_realm *r);
/* The address of ours that a flow sends from; family 0 when the flow is gone. */
struct pn_addr h323_local(const struct h323 *h, uint64_t flow);
/* Where our listener of this transport is in a realm; family 0: there is none of that family. */
struct pn_addr h323_listener(const struct h323 *h, struct pn_realm *r, enum pn_transport t, int family);
/* Counts a message that cannot be sent as the other side should see it. */
void h323_unsent(const struct h323 *h, int err);
/* "192.0.2.1:1720", terminated. */
const char *h323_print(const struct h323 *h, const struct pn_addr *a, char out[H323_ADDR_LEN]);

#endif
