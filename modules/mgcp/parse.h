/* MGCP on the wire (RFC 3435 3): a datagram as messages, a message as spans of it. Nothing is
 * copied; everything points into the datagram. */
#ifndef MGCP_PARSE_H
#define MGCP_PARSE_H

#include "common/text.h"

#define MGCP_PIGGYBACK_MAX 512u /* messages in one datagram: as many as 4000 octets hold (3.5.4) */
#define MGCP_PARAMS_MAX 512u    /* parameter lines of a message: an audit may list many endpoints */
#define MGCP_SDP_MAX 2u        /* AUCX answers with a local and a remote description */

enum mgcp_verb {
	MGCP_OTHER, /* an extension verb, or a later one: passes */
	MGCP_EPCF,
	MGCP_CRCX,
	MGCP_MDCX,
	MGCP_DLCX,
	MGCP_RQNT,
	MGCP_NTFY,
	MGCP_AUEP,
	MGCP_AUCX,
	MGCP_RSIP,
};

enum mgcp_code { /* parameter lines that mean something here (RFC 3435 3.2.2) */
		 MGCP_P_OTHER,
		 MGCP_P_ACK,         /* K: response acknowledgement */
		 MGCP_P_CALL,        /* C: call id */
		 MGCP_P_CONNECTION,  /* I: connection id */
		 MGCP_P_CONNECTION2, /* I2: */
		 MGCP_P_ENTITY,      /* N: notified entity */
		 MGCP_P_MODE,        /* M: connection mode */
		 MGCP_P_METHOD,      /* RM: restart method */
		 MGCP_P_ENDPOINT,    /* Z: specific endpoint id */
		 MGCP_P_ENDPOINT2,   /* Z2: second endpoint id */
		 MGCP_P_REASON,      /* E: reason code */
		 MGCP_P_INFO,        /* F: requested info */
};

struct mgcp_param {
	enum mgcp_code code;
	struct pn_str name;
	struct pn_str value; /* trimmed, over folded lines; points to where it would be if empty */
};

/* local@domain of an endpoint name, [local@]domain[:port] of a notified entity. */
struct mgcp_name {
	struct pn_str local;  /* empty: none */
	struct pn_str domain; /* as it stands, with the brackets, without the port */
	struct pn_str host;   /* the domain without brackets */
	struct pn_str place;  /* domain and port: what is replaced */
	uint16_t port;        /* 0: none */
};

struct mgcp_msg {
	struct pn_str text; /* all of it, without the line that separates it from the next */
	bool command;
	enum mgcp_verb verb; /* commands */
	struct pn_str verb_text;
	int code;    /* responses: 0 to 999 */
	uint32_t id; /* transaction, 1 to 999999999 */
	struct pn_str id_text;
	struct mgcp_name endpoint; /* commands */
	struct mgcp_param param[MGCP_PARAMS_MAX];
	size_t n_params;
	struct pn_str sdp[MGCP_SDP_MAX];
	size_t n_sdp;
};

/* Splits a datagram at its lines that hold a dot alone (RFC 3435 3.5.5). Returns the count;
 * -EBADMSG when there is nothing but white space, -E2BIG past max. Empty messages are left out. */
int mgcp_split(struct pn_str datagram, struct pn_str *out, size_t max);
/* 0; -EBADMSG with *why. m->id_text and m->command are right if the first line gave that much, so
 * that an error can be answered; id is 0 else. */
int mgcp_parse(struct pn_str text, struct mgcp_msg *m, const char **why);
/* The first value of this parameter; p NULL: not there. */
struct pn_str mgcp_value(const struct mgcp_msg *m, enum mgcp_code code);
/* local@domain[:port]. -EBADMSG: it is none. */
int mgcp_name_parse(struct pn_str text, struct mgcp_name *out);
/* Does a local name ask for more than one endpoint (`*` or `$`, RFC 3435 2.1.2)? */
bool mgcp_wildcard(struct pn_str local);
/* Does the pattern (with `*`, and ranges: `[1-12,15]`, E.5) cover the local name? Case does not
 * count. */
bool mgcp_covers(struct pn_str pattern, struct pn_str local);
/* The next part of a comma separated list; false at its end. rest begins as the whole value. */
bool mgcp_list_next(struct pn_str *rest, struct pn_str *item);

#endif
