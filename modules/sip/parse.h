/* A SIP message as spans of the bytes that were received (RFC 3261 7 and 25). Nothing is copied
 * unless asked, nothing is changed. */
#ifndef SIP_PARSE_H
#define SIP_PARSE_H

#include "common/text.h"
#include "uri.h"

#define SIP_FIELDS_MAX 256u /* header field lines in a message */
#define SIP_PORT 5060

enum sip_header {
	SIP_OTHER = 0,
	SIP_VIA,
	SIP_FROM,
	SIP_TO,
	SIP_CALL_ID,
	SIP_CSEQ,
	SIP_MAX_FORWARDS,
	SIP_CONTENT_LENGTH,
	SIP_CONTENT_TYPE, /* up to here at most one of each, but for Via */
	SIP_CONTENT_ENCODING,
	SIP_CONTACT,
	SIP_ROUTE,
	SIP_RECORD_ROUTE,
	SIP_EXPIRES,
	SIP_REFER_TO,
	SIP_REFERRED_BY,
	SIP_REPLY_TO,
	SIP_PROXY_REQUIRE,
	SIP_REQUIRE,
	SIP_SESSION_EXPIRES,
	SIP_SUBSCRIPTION_STATE,
	SIP_RETRY_AFTER,
	SIP_DATE,
	SIP_AUTH_INFO,
	SIP_REASON,
	SIP_TIMESTAMP,
	SIP_HEADERS
};

/* Methods that Postern treats in a way of their own; any other passes. */
enum sip_method {
	SIP_ANY = 0,
	SIP_INVITE,
	SIP_ACK,
	SIP_CANCEL,
	SIP_BYE,
	SIP_REGISTER,
	SIP_OPTIONS,
	SIP_UPDATE,
	SIP_PRACK,
	SIP_SUBSCRIBE,
	SIP_NOTIFY,
	SIP_REFER,
};

struct sip_field {
	enum sip_header id;
	struct pn_str name;
	struct pn_str value; /* trimmed; may hold folds */
	struct pn_str line;  /* all of it with its CRLF and folded lines */
};

struct sip_msg {
	const char *data; /* from the start line on */
	size_t len; /* to the end of the body: what stands behind is no part (RFC 3261 18.3) */
	bool request;
	struct pn_str method; /* of a response: that of CSeq */
	enum sip_method kind; /* the same */
	struct pn_str uri, version, reason;
	int status;
	struct sip_uri target; /* the Request-URI, where it is sip or sips */
	struct sip_via via;    /* topmost */
	struct pn_str call_id, from, to, from_tag, to_tag;
	uint32_t cseq;
	struct pn_str body;
	int bad;         /* 0, or the status that a request with this fault is answered with */
	const char *why; /* the fault, as a reason phrase */
	char *copy;      /* owned bytes, when asked for */
	size_t n;
	struct sip_field field[];
};

/* 0, and *out is the caller's (msg_free) though it may be `bad`; -EBADMSG: nothing that could be
 * answered; -ENOMEM. With `copy` the message owns its bytes. Leading CRLFs are skipped. */
int msg_parse(const void *data, size_t len, bool copy, struct sip_msg **out);
void msg_free(struct sip_msg *m);

/* The first field with this id, or NULL. */
const struct sip_field *msg_field(const struct sip_msg *m, enum sip_header id);
/* The field behind f with the same id, or NULL. */
const struct sip_field *msg_next(const struct sip_msg *m, const struct sip_field *f);
/* Value of the first such field; empty when there is none. */
struct pn_str msg_value(const struct sip_msg *m, enum sip_header id);
size_t msg_at(const struct sip_msg *m, const char *p); /* offset of a span */

/* Where the session description stands in the body: all of it, or a part of a multipart. `length`
 * is the value of that part's own Content-Length, if it has one. */
struct sip_sdp {
	struct pn_str text, length;
};

/* 1 found, 0 none, -EBADMSG (multipart without end), -ENOTSUP (encoded). RFC 3261 7.4, RFC 5621. */
int msg_sdp(const struct sip_msg *m, struct sip_sdp *out);

enum sip_method method_of(struct pn_str name);
const char *status_reason(int status);

#endif
