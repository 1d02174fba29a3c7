/* The words "<nettype> <addrtype> <address>" that end c= and o= and may stand in a=rtcp. */
#ifndef CORE_SDP_CONN_H
#define CORE_SDP_CONN_H

#include "postern/module.h"
#include "sdp_line.h"

enum sdp_form {
	SDP_ABSENT,
	SDP_LITERAL, /* addr is set; of a multicast "addr/ttl/count" it is the first */
	SDP_NAME,    /* a host name, or what we cannot tell from one */
	SDP_WILD,    /* `$` for the address: H.248.1 7.1.8 */
	SDP_ALIEN,   /* another network than IN (TN, ATM): not ours */
};

struct sdp_conn {
	enum sdp_form form;
	struct sdp_span net, type, host; /* of SDP_ALIEN, net is the whole and the others are empty */
	struct pn_addr addr;             /* port 0 */
};

/* All of `s` is one connection; -EBADMSG. */
int sdp_conn_read(const char *text, struct sdp_span s, struct sdp_conn *out);
bool sdp_unspecified(const struct pn_addr *a); /* 0.0.0.0 or :: */

#endif
