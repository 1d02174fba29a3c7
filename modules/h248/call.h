/* One termination with media through Postern: a session of the core. Side A is the network of the
 * controller, which asks for it, side B the gateway. Contexts are an attribute, so that a Move
 * changes nothing else. */
#ifndef H248_CALL_H
#define H248_CALL_H

#include "gateway.h"

/* One medium: streams of the session are told by StreamID, and by their kind where the alternatives
 * of one stream have addresses of their own. */
struct h248_line {
	uint16_t stream;
	enum pn_media_kind kind;
	bool rtp;
	bool said[2]; /* by side: it declared something */
};

struct h248_call {
	LIST_ENTRY(h248_call) of_gateway;
	struct h248 *h;
	struct h248_gateway *gw; /* NULL: over */
	struct pn_session *session;
	uint64_t id;        /* never used again */
	struct pn_str term; /* empty until the gateway chose; owned */
	uint32_t context;
	struct h248_line line[H248_LINES_MAX];
	size_t n_lines;
	uint32_t quiet; /* streams 1 to 32, as bits, whose mode lets silence be */
	bool answered;
	struct h248_pass *declaring; /* the message whose media is being made */
};

struct h248_call *call_by_id(struct h248 *h, uint64_t id); /* NULL: over */
struct h248_call *call_of_term(struct h248_gateway *gw, struct pn_str term);
/* term may be empty. 0; -EDQUOT, -EACCES, -ENOSPC (limits), -ENOMEM. */
int call_new(struct h248_gateway *gw, const struct pn_addr *mgc, struct pn_str term,
	     uint32_t context, struct h248_call **out);
int call_name(struct h248_call *call, struct pn_str term); /* the gateway chose */
void call_set_context(struct h248_call *call, uint32_t context);
void call_unnamed(struct h248 *h, uint64_t id); /* ends it if no reply ever named it */
/* Ends those that a command means: term with wildcards, a context or MSG_CONTEXT_ALL. */
void call_subtract(struct h248_gateway *gw, uint32_t context, struct pn_str term,
		   enum pn_cause cause);
void call_end(struct h248_call *call, enum pn_cause cause, int status);
void call_free(struct h248_call *call); /* from session_free */
/* The core tells that it is dead, or an operator ends it: both ends are told. */
void call_timeout(struct h248_call *call, enum pn_timeout what);

/* What `side` said of each line, unknown where it said nothing; returns the count. */
size_t call_said(struct h248_call *call, enum pn_side side, struct pn_media list[H248_LINES_MAX]);
/* What is shown to `side` of each line. */
size_t call_shown(struct h248_call *call, enum pn_side side, struct pn_media list[H248_LINES_MAX]);
/* The line of each of n media of a description of this stream, -1 for what is not relayed; lines
 * are made if `make`. -E2BIG: more than H248_LINES_MAX. */
int call_lines(struct h248_call *call, uint16_t stream, const struct pn_media *media, size_t n,
	       bool make, int map[H248_SDP_MAX]);
/* Media of these streams (bits) of the gateway will come from elsewhere: it is learned anew. */
void call_relatch(struct h248_call *call, uint32_t streams);
/* Both sides are known: the call is answered. */
void call_check_answer(struct h248_call *call);

#endif
