/* A message without its coding: transactions, actions, commands, and the items that carry addresses
 * or ids. Text and BER are read into the same shape, and written back with the items that were
 * given another value; every other octet stays. */
#ifndef H248_MSG_H
#define H248_MSG_H

#include "common/text.h"
#include "mid.h"

#define MSG_TRANSACTIONS_MAX 256u
#define MSG_ACTIONS_MAX 2048u
#define MSG_COMMANDS_MAX 4096u
#define MSG_ITEMS_MAX 8192u
#define MSG_VERSION_MAX 3u

enum msg_coding { MSG_PRETTY, MSG_COMPACT, MSG_BINARY };

enum msg_tx_kind {
	MSG_REQUEST,
	MSG_REPLY,
	MSG_PENDING,
	MSG_ACK,     /* TransactionResponseAck: its ids are items */
	MSG_SEGMENT, /* acknowledges a segment of a reply (version 3) */
};

enum msg_verb {
	MSG_ADD,
	MSG_MOVE,
	MSG_MODIFY,
	MSG_SUBTRACT,
	MSG_AUDIT_CAP,
	MSG_AUDIT_VALUE,
	MSG_NOTIFY,
	MSG_SERVICE_CHANGE,
};

enum msg_method { /* of a ServiceChange */
		  MSG_SC_NONE,
		  MSG_SC_FAILOVER,
		  MSG_SC_FORCED,
		  MSG_SC_GRACEFUL,
		  MSG_SC_RESTART,
		  MSG_SC_DISCONNECTED,
		  MSG_SC_HANDOFF,
		  MSG_SC_OTHER,
};

enum msg_item_kind {
	MSG_MID,        /* who speaks */
	MSG_ID,         /* a transaction id: of a transaction, or in an acknowledgement */
	MSG_ID_RANGE,   /* ids from one to another, in an acknowledgement */
	MSG_SC_ADDRESS, /* ServiceChangeAddress */
	MSG_SC_MGC,     /* ServiceChangeMgcId */
	MSG_LOCAL,
	MSG_REMOTE,
};

#define MSG_CONTEXT_NULL 0u
#define MSG_CONTEXT_CHOOSE 0xfffffffeu
#define MSG_CONTEXT_ALL 0xffffffffu
#define MSG_NONE UINT32_MAX
#define MSG_STREAMS_ALL UINT32_MAX /* as bits */

struct msg_run {
	uint32_t first, last;
};

struct msg_item {
	enum msg_item_kind kind;
	uint32_t at, len;  /* what is replaced: a span of the text, or the BER element */
	uint32_t command;  /* MSG_NONE: in none */
	uint16_t stream;   /* LOCAL, REMOTE: 1 where none is said */
	uint32_t id, last; /* ID; ID_RANGE: both ends */
	struct mid mid;    /* MID, SC_ADDRESS, SC_MGC */
	struct pn_str sdp; /* LOCAL, REMOTE: as text in both codings */
	/* What to write instead: */
	bool put;
	uint32_t put_id;
	struct msg_run *put_run; /* ID_RANGE; owned */
	uint32_t n_runs;
	struct mid put_mid;
	struct pn_str put_sdp; /* owned */
};

struct msg_command {
	enum msg_verb verb;
	uint32_t action;
	struct pn_str term; /* "*", "$" and ROOT too; of a BER message in text of our own */
	uint32_t item, n_items;
	int error;              /* of an error descriptor; 0: none */
	bool wildcard_reply;    /* W- */
	bool root, choose, all; /* choose: `$` somewhere in it; all: `*` alone */
	bool wild;              /* `*` somewhere in it */
	enum msg_method method;
	uint32_t quiet, loud; /* streams 1 to 32, as bits: the mode is not, or is, SendReceive */
	uint32_t relatch;     /* of H.248.37: streams whose media will come from elsewhere */
};

struct msg_action {
	uint32_t context;
	uint32_t transaction;
	uint32_t command, n_commands;
	int error;
};

struct msg_transaction {
	enum msg_tx_kind kind;
	uint32_t id, id_item; /* id_item MSG_NONE: ACK */
	uint32_t at, len;     /* the whole of it */
	uint32_t action, n_actions;
	uint32_t item, n_items; /* ACK: its ids */
	int error;
	bool segmented, last; /* REPLY in segments: is this the last one? */
	bool drop;            /* leave it out when writing */
};

struct msg {
	enum msg_coding coding;
	unsigned version;
	bool auth;     /* an authentication header stands before it */
	int error;     /* a message of an error descriptor alone; 0: none */
	uint32_t body; /* where the transactions begin */
	uint32_t len;
	char *data;  /* a copy, owned; terminated */
	char *extra; /* text made of BER, owned */
	struct msg_transaction *tx;
	struct msg_action *action;
	struct msg_command *command;
	struct msg_item *item; /* the first is the MID */
	uint32_t n_tx, n_actions, n_commands, n_items;
	const char *why; /* of an error */
};

/* Reads a message of either coding. Always gives one (but for -ENOMEM), for msg_free(), so that its
 * sender may be told. -EBADMSG, -E2BIG: `why` tells; -EPROTONOSUPPORT: a version that is not known.
 */
int msg_parse(const void *data, size_t len, struct msg **out);
void msg_free(struct msg *m);
/* Writes it with what was put. Its length, or -ENOBUFS, -ENOMEM. */
long msg_write(const struct msg *m, void *out, size_t cap);
/* Has anything been put that differs from what is there? Only that is written anew. */
bool msg_changed(const struct msg *m);
bool msg_item_changed(const struct msg_item *i);

void msg_put_mid(struct msg_item *i, const struct mid *mid);
void msg_put_id(struct msg_item *i, uint32_t id);
/* These take `own` over. n is not 0. */
void msg_put_runs(struct msg_item *i, struct msg_run *own, uint32_t n);
void msg_put_sdp(struct msg_item *i, struct pn_str own);

struct msg_transaction *msg_tx_of(const struct msg *m, const struct msg_command *c);
const struct msg_action *msg_action_of(const struct msg *m, const struct msg_command *c);

/* For the readers: append one, zeroed; NULL past the cap or without memory (why is set). */
struct msg_transaction *msg_add_tx(struct msg *m);
struct msg_action *msg_add_action(struct msg *m);
struct msg_command *msg_add_command(struct msg *m);
struct msg_item *msg_add_item(struct msg *m, enum msg_item_kind kind);
int msg_bad(struct msg *m, const char *why); /* -EBADMSG */
/* What wildcards and ROOT there are in a termination id. */
void msg_set_term(struct msg_command *c, struct pn_str term);

#endif
