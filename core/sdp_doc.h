/* An SDP text as what Postern reads of it: its m-lines, and the fields that carry addresses. Spans only,
 * so that edits can be made of it. For sdp*.c. */
#ifndef CORE_SDP_DOC_H
#define CORE_SDP_DOC_H

#include "sdp.h"
#include "sdp_conn.h"

#define SDP_FIELDS_MAX 512u
#define SDP_NONE (-1)

enum sdp_what {
	SDP_ORIGIN,     /* o= */
	SDP_CONNECTION, /* c= */
	SDP_RTCP,       /* a=rtcp of a medium, RFC 3605 */
	SDP_DROP,       /* adjacent lines that must not cross: ICE and its kin */
};

struct sdp_field {
	enum sdp_what what;
	int media;             /* index in sdp_doc.media; SDP_NONE: session level */
	unsigned block;
	struct sdp_span line;  /* with the line end */
	struct sdp_span value; /* c=: all behind the '=' */
	struct sdp_span port;  /* a=rtcp */
	struct sdp_conn conn;
	uint16_t number; /* a=rtcp: its port */
	bool wild;       /* a=rtcp: port is `$` */
};

/* A place where a line may be put in. */
struct sdp_place {
	uint32_t at;
	bool open; /* what stands before has no line end */
};

struct sdp_m {
	enum pn_media_kind kind;
	unsigned block;
	struct sdp_span port;           /* with "/count" */
	int number;                     /* -EBADMSG: not a port */
	bool rtp, mux, wild, foreign;
	bool oneway;                    /* sendonly, recvonly or inactive */
	int own, session;               /* fields: first c= of its own, of its block; or SDP_NONE */
	int rtcp;                       /* field of its first a=rtcp, or SDP_NONE */
	struct sdp_place head, tail;    /* behind m= and i=; behind its last line */
};

struct sdp_doc {
	const char *text;
	uint32_t len;
	const char *eol; /* as the text has it */
	size_t n_fields, n_media;
	struct sdp_field field[SDP_FIELDS_MAX];
	struct sdp_m media[SDP_MEDIA_MAX];
};

/* 0, -EBADMSG, -E2BIG (text, m-lines or fields). */
int sdp_read(const void *text, size_t len, struct sdp_doc *d);
/* The connection that m uses; NULL when no c= says. */
const struct sdp_conn *sdp_conn_of(const struct sdp_doc *d, const struct sdp_m *m);
/* Has this block m-lines, and is none of them ours to relay? */
bool sdp_block_foreign(const struct sdp_doc *d, unsigned block);

#endif
