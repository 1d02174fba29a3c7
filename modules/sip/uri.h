/* SIP URIs and the values that carry them (RFC 3261 19.1, 20, 25.1). Everything borrows. */
#ifndef SIP_URI_H
#define SIP_URI_H

#include "common/text.h"

struct sip_uri {
	struct pn_str scheme;
	struct pn_str user;     /* without password */
	struct pn_str host;     /* an IPv6 address with its brackets */
	struct pn_str hostport; /* host and port as they stand */
	struct pn_str params;   /* from the first ';' */
	struct pn_str headers;  /* behind '?' */
	uint16_t port;          /* 0: none given */
	bool sip;               /* sip or sips; of other schemes only `scheme` is known */
};

/* 0 or -EBADMSG. */
int uri_parse(struct pn_str text, struct sip_uri *out);

/* name-addr or addr-spec with header parameters: From, To, Contact, Route, Refer-To. */
struct sip_name_addr {
	struct pn_str display; /* what stands before '<' */
	struct pn_str uri;     /* trimmed; the whole span inside <> is `inside` */
	struct pn_str params;  /* from the first ';' behind it */
	bool brackets;
};

int name_addr_parse(struct pn_str value, struct sip_name_addr *out);

/* The next of comma separated values, trimmed; commas in quotes and <> do not count. 1 found, 0 at
 * the end, -EBADMSG for an unbalanced quote or bracket. */
int next_value(struct pn_str *rest, struct pn_str *value);
/* The next `;name[=value]`: 1, 0 at the end, -EBADMSG. The value keeps its quotes. */
int next_param(struct pn_str *rest, struct pn_str *name, struct pn_str *value);
/* 0: there (value may be empty), else -ENOENT. Names ignore case. */
int param_find(struct pn_str params, const char *name, struct pn_str *value);

struct sip_via {
	struct pn_str transport;
	struct pn_str host;
	struct pn_str sent_by; /* host and port as they stand */
	struct pn_str params;
	struct pn_str branch, received, rport, maddr;
	struct pn_str value; /* all of it */
	uint16_t port;       /* 0: none given */
	bool has_rport;
};

/* One Via value. RFC 3261 20.42, RFC 3581. -EBADMSG. */
int via_parse(struct pn_str value, struct sip_via *out);

#endif
