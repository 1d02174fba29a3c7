/* Calls: one session of the core for each INVITE and destination, its media by offer and answer
 * (RFC 3264, RFC 6337), and how it ends. */
#ifndef SIP_CALL_H
#define SIP_CALL_H

#include "client.h"
#include "sip.h"

enum call_wait { WAIT_NOTHING = 0, WAIT_REQUEST, WAIT_RESPONSE, WAIT_ACK };

struct sip_call {
	LIST_ENTRY(sip_call) all;
	struct sip *sip;
	struct pn_session *session;
	struct sip_clients clients; /* every transaction of it that is alive */
	struct sip_servers held;    /* whose requests the core holds */
	struct sip_dialogs dialogs;
	uint64_t chosen; /* id of the dialog that was answered first */
	bool ended;      /* the core was told; waits to be freed */
	struct {
		enum call_wait what; /* whose media is pending */
		struct sip_client *client;
		uint64_t dialog;
		int side;
		unsigned flags; /* PN_DECLARE_* */
		uint64_t heard; /* hash of the message, to know its retransmissions */
	} wait;
};

/* What a declaration is about. */
struct call_part {
	struct sip_client *client; /* NULL for an ACK */
	struct sip_dialog *dialog; /* may be NULL */
	int side;                  /* who speaks */
	const struct sip_msg *msg;
	const struct pn_msg *pn;
};

/* Begins the session of an INVITE that c will carry; index tells parallel ones apart. 0 or the SIP
 * status that refuses it. */
int call_new(struct sip_client *c, const struct pn_msg *pn, unsigned index);
void call_join(struct sip_call *call, struct sip_client *c);
void call_leave(struct sip_client *c);
void call_adopt(struct sip_call *call, struct sip_dialog *d);
void call_forget(struct sip_dialog *d);

/* The description in a message is declared; the message goes on when the core has the addresses. */
void call_declare(struct sip_call *call, const struct call_part *part, const struct sip_sdp *sdp);
/* The core's answer to that. */
void call_rewrite(struct sip *sip, const struct pn_media_reply *r);
/* 1: the message waits behind pending media, or is a retransmission of the one that waits. 0: it need
 * not wait. -errno: it must, but cannot. */
int call_holds(struct sip_call *call, const struct sip_rx *rx);
int call_holds_response(struct sip_client *c, const struct sip_rx *rx);
/* The held request has a transaction: it is answered when the call ends first. */
void call_keep(struct sip_call *call, struct sip_server *s);
void call_unkeep(struct sip_server *s);
/* Gives up what is waiting: who was to get it is answered. */
void call_stop_waiting(struct sip_call *call);

/* A response of c with this dialog was passed on. */
void call_replied(struct sip_client *c, struct sip_dialog *d, const struct sip_msg *m);
/* The request of c failed for good with c->status. */
void call_failed(struct sip_client *c);
/* An answer that nobody waits for any more, or that cannot be passed on, is acknowledged and ended.
 */
void call_abandon(struct sip_client *c, struct sip_dialog *d, const struct sip_msg *m);
void call_on_timeout(struct sip *sip, struct sip_call *call, enum pn_timeout what);
void call_end(struct sip_call *call, enum pn_cause cause, int status);
void call_free(struct sip_call *call);

#endif
