/* What a session is made of; for the files that make up sessions and their media, and nobody else.
 * Records hold what must survive a restart: plain data of one version, without pointers. What stands
 * beside them is rebuilt or belongs to this process alone. */
#ifndef CORE_SESSION_STATE_H
#define CORE_SESSION_STATE_H

#include "deadline.h"
#include "hash.h"
#include "media_hold.h"
#include "session.h"

#define SESSION_RECORD_VERSION 1u
#define STREAM_RECORD_VERSION 1u
#define SESSION_ID 20u

struct session_record {
	uint32_t version;
	uint32_t realm[2]; /* index; a store writes the name */
	char id[SESSION_ID], correlation[SESSION_ID];
	char module[32];
	struct pn_addr peer[2];
	uint8_t direct[2]; /* latch.md 10 */
	uint64_t start_wall_ms, answer_wall_ms, end_wall_ms; /* 0: not yet */
	uint32_t cause;
	int32_t status;
};

/* What one side, or one branch of side B, declared for a stream. */
struct end_record {
	struct pn_media now, next; /* in effect; offered and not answered */
	uint8_t now_set, next_set;
	uint8_t fresh;          /* now came with the offer that is not answered */
	uint8_t laid;           /* rules were sent to the relay */
	struct pn_addr peer;    /* its signalling, when it declared */
	struct pn_addr rtp, rtcp; /* the addresses in the rules; a hold keeps them */
	uint8_t rtp_rules;
	uint32_t hole[2];         /* at a shared port: the pinhole of each component; 0: none */
	struct pn_addr named[2];  /* what was declared for it */
};

struct stream_record {
	uint32_t version;
	uint32_t index;
	enum pn_media_kind kind;
	uint8_t used;  /* it had ports once: it stands in the CDR */
	uint8_t fresh; /* its ports came with the offer that is not answered */
	struct relay_counters past; /* of ports given back */
};

/* One relay stream: ports of ours from the grant to the relay's final report. */
struct lease {
	struct hash_node by_stream;
	struct sessions *t;
	struct pn_session *s;  /* NULL: nobody cares any more */
	struct stream *stream; /* NULL: not in use yet */
	struct lease *next;    /* of the session */
	struct media_grant grant;
	struct join_want *wants; /* components whose pinhole is not there */
	struct pn_addr divert[2][2]; /* [side][component] media_divert(); family 0: none */
	bool closing;
};

struct stream {
	struct stream_record rec;
	struct pn_session *s;
	struct lease *lease; /* NULL: closed, or not relayed */
	struct end_record *end[1 + RELAY_BRANCHES]; /* side A, then the branches of B; NULL: said nothing */
};

struct pn_branch {
	struct pn_branch *next;
	struct pn_session *s;
	uint8_t index; /* in the relay */
	bool ended;
	size_t key_len;
	char key[];
};

enum session_text { TEXT_FROM, TEXT_TO, TEXT_CALL_ID, SESSION_TEXTS };

struct pn_session {
	struct session_record rec;
	char *text[SESSION_TEXTS]; /* of the record; NULL: unknown */
	struct hash_node by_key, by_id, by_binding[2];
	struct sessions *t;
	struct module *owner;
	void *data;
	struct pn_realm *realm[2];
	struct pn_binding *binding[2];
	struct terminal *terminal[2];
	struct correlation *correlation;
	struct pn_session *correlated; /* next member */
	uint64_t start_ms, answer_ms, end_ms;
	uint64_t active_ms; /* last packet of closed streams, or end of a hold */
	struct deadlines due;
	enum pn_timeout told; /* 0: nothing yet */
	struct stream **stream;
	uint32_t n_streams, n_lines; /* made; that the ends speak of */
	uint32_t offer_lines;        /* n_lines before the pending offer */
	bool offer_pending;
	struct pn_branch *branches, *chosen;
	unsigned n_branches;
	uint8_t current; /* index of the branch that spoke last */
	struct lease *leases;
	struct media_wait *wait;
	struct held_queue queue;
	bool delivering, ended, data_freed, finished, in_turn;
	struct pn_session *turn_next, *next, *prev;
	size_t key_len;
	char key[];
};

/* What the loop's deferred call refers to; it outlives the table. */
struct session_turn {
	struct sessions *t;
};

struct sessions {
	struct sessions_conf conf;
	struct conf_limits limits;
	struct conf_media media;
	bool drain;
	size_t count; /* live */
	struct hash by_key, by_id, by_binding[2]; /* live ones */
	struct pn_session *all;                /* ended ones too, until they are freed */
	struct hash leases, requests, terminals, correlations;
	struct hash wants;   /* of pinholes: media_join.h */
	size_t lease_ports;  /* of all leases */
	uint32_t *in_realm; /* sessions by realm index */
	unsigned n_in_realm;
	uint64_t last_token;
	size_t held_bytes;
	struct pn_session *turn;        /* have something to do then */
	struct session_turn *deferred;  /* NULL: not yet */
};

void session_make_id(char out[SESSION_ID]); /* unguessable */
/* Deliver, free: at the end of the loop's turn. */
void session_turn(struct pn_session *s);
void session_free_data(struct pn_session *s); /* the module's, once */
void session_destroy(struct pn_session *s);   /* ended, finished, the module's data freed */
/* All final reports are in, or the wait for them is over: writes the CDR. */
void session_finish(struct pn_session *s);

#endif
