/* Dialogs (RFC 3261 12, RFC 6665 4.4): both sides of each branch, told by its To-tag. A side has
 * the remote target and the route set that requests towards it need, and a user part that stands
 * for it in front of the other side, which sees nothing else of it. */
#ifndef SIP_DIALOG_H
#define SIP_DIALOG_H

#include "sip.h"

struct sip_target;

struct sip_leg {
	struct sip_dialog *dialog;
	struct pn_realm *realm;
	uint64_t flow;
	struct pn_addr addr;  /* where its signalling really comes from */
	struct pn_str target; /* its Contact URI */
	struct pn_str routes; /* towards it, in the order in which a request carries them */
	struct pn_str tag;
	struct pn_str party; /* its From or To value with the tag */
	struct pn_str user;  /* what stands for it: a token or an alias */
	struct pn_str alias; /* of its binding: where it is now; empty when it has none */
	struct pn_realm *alias_realm;
	bool token;    /* user is a token of this dialog */
	uint32_t cseq; /* highest that it used */
	struct pn_str key[3];
};

struct sip_dialog {
	LIST_ENTRY(sip_dialog) all, of_call;
	struct sip *sip;
	uint64_t id;
	struct sip_call *call;
	struct pn_branch *branch;
	struct sip_leg leg[2]; /* by pn_side: A sent the request that made it */
	struct pn_str call_id;
	enum sip_method kind; /* what made it */
	bool proto;           /* the far end is not known yet; answers fork dialogs off it */
	bool confirmed, ended;
	int offer_by;  /* side whose offer is unanswered (delayed offers), or -1 */
	bool answered; /* the delayed offer of its INVITE was answered */
	struct pn_timer *timer;
	uint64_t until_ms;
	uint64_t ack_heard; /* the last ACK of a 2xx, and what became of it */
	char *ack;
	size_t ack_len;
};

/* What a dialog is made of: the sender's side and where its request goes. */
struct sip_dialog_args {
	const struct sip_msg *req;
	struct pn_realm *realm;
	uint64_t flow;
	struct pn_addr remote;
	const struct sip_target *target;
};

/* Do responses to this method make dialogs? */
bool dialog_made_by(enum sip_method kind);
/* A dialog whose far end is unknown. NULL: at the cap, or no memory. */
struct sip_dialog *dialog_new(struct sip *sip, const struct sip_dialog_args *args);
/* The branch with this tag of the far end; made when it is new. May return NULL as above. */
struct sip_dialog *dialog_fork(struct sip_dialog *proto, struct pn_str tag, struct pn_str party);
/* The dialog that a request belongs to and, in *side, who sent it. A NOTIFY may make the branch
 * that it belongs to (RFC 6665 4.1.2.4). NULL: none. */
struct sip_dialog *dialog_find(struct sip *sip, const struct sip_rx *rx, int *side);
struct sip_dialog *dialog_by_id(struct sip *sip, uint64_t id);
/* The side that a token shown in this realm stands for. */
struct sip_leg *dialog_leg(struct sip *sip, struct pn_realm *realm, struct pn_str token);
/* Contact, route set and CSeq as a message from `side` tells them. `routes`: it makes the dialog.
 */
void dialog_learn(struct sip_dialog *d, int side, const struct sip_msg *m, bool routes);
/* Where requests towards this side go, with their Request-URI and Route: RFC 3261 12.2.1.1.
 * -ENOMEM. */
int dialog_target(const struct sip_dialog *d, int side, struct sip_target *out);
/* It stays at least this long, whatever else happens. */
void dialog_keep(struct sip_dialog *d, uint64_t ms);
/* A message of a subscription tells how long it lives: Subscription-State or Expires, else an hour.
 * RFC 6665 4.1.2.1. Others change nothing. */
void dialog_keep_subscription(struct sip_dialog *d, const struct sip_msg *m);
void dialog_end(struct sip_dialog *d);
void dialog_free(struct sip_dialog *d);

#endif
