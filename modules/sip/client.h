/* A client transaction: what we asked of one destination (RFC 3261 17.1, RFC 6026). */
#ifndef SIP_CLIENT_H
#define SIP_CLIENT_H

#include "sip.h"

enum client_state {
	CLIENT_WAITING = 1, /* not sent yet: its media is pending */
	CLIENT_CALLING,     /* also Trying */
	CLIENT_PROCEEDING,
	CLIENT_COMPLETED,
	CLIENT_ACCEPTED,
	CLIENT_DEAD
};

/* Where a request goes to, and what is put into it on the way. Owns its strings. */
struct sip_target {
	struct pn_realm *realm;
	uint64_t flow;
	struct pn_addr hop[SIP_HOPS_MAX]; /* one after the other, RFC 3263 4.3 */
	size_t n_hops, at;
	struct pn_str uri;    /* the Request-URI; empty: stays as it is */
	struct pn_str routes; /* Route values */
	bool keep_routes;     /* those that the sender gave and that do not name us go on */
	struct pn_str alias;  /* of the terminal that it goes to; empty: none */
	struct pn_realm *alias_realm;
};

void target_drop(struct sip_target *t);

struct sip_client {
	LIST_ENTRY(sip_client) all, of_server, of_call;
	struct sip *sip;
	struct sip_server *server; /* NULL: Postern's own request, or the server is gone */
	struct sip_call *call;
	struct sip_target target;
	struct pn_str key; /* branch and method */
	char branch[SIP_TOKEN_LEN + 8];
	struct pn_str method;
	enum sip_method kind;
	enum client_state state;
	char *sent;
	size_t sent_len;
	struct pn_timer *retry, *end;
	uint64_t retry_ms;
	bool cancel_wanted, cancel_sent;
	int status;  /* final: received, or ours when nothing came (408, 500, 503) */
	char *final; /* the final response as received */
	size_t final_len;
	uint64_t dialog; /* that it belongs to, or that its answers will make */
	int side;        /* the receiver's side of the dialog */
	bool initial;    /* outside of any dialog */
	bool offer;      /* it carries an offer */
	bool answered;   /* which a response has answered */
	uint64_t heard;  /* hash of the last response that was passed on, and what became of it */
	char *passed;
	size_t passed_len;
};

/* Takes over the target's strings. branch NULL: a new one (a CANCEL has its INVITE's). NULL at the
 * cap or without memory; the target is dropped then. */
struct sip_client *client_new(struct sip *sip, struct sip_server *server, struct pn_str method,
			      struct sip_target *target, const char *branch);
/* Sends its request for the first time: 0 or what flow_send says. */
int client_start(struct sip_client *c, const void *data, size_t len);
/* By the topmost Via of a response. RFC 3261 17.1.3. */
struct sip_client *client_find(struct sip *sip, const struct sip_rx *rx);
void client_receive(struct sip_client *c, const struct sip_rx *rx);
/* RFC 3261 9.1: waits for a provisional response where none came yet. */
void client_cancel(struct sip_client *c);
/* The answer is known without the far end: nothing more is expected of it. */
void client_fail(struct sip_client *c, int status);
void client_remember(struct sip_client *c, const struct sip_msg *response, const void *out,
		     size_t len);
void client_detach(struct sip_client *c); /* from its server */
void client_end(struct sip_client *c);
void client_free(struct sip_client *c);

#endif
