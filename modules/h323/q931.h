/* Call signalling messages as Q.931 has them (H.225.0 7.2): call reference, type, and information elements
 * as spans. Nothing is copied, nothing is interpreted that need not be, and unknown elements pass. */
#ifndef H323_Q931_H
#define H323_Q931_H

#include "common/text.h"

#define Q931_IES_MAX 64u
#define Q931_TYPE_AT 4u /* where the message type stands */

enum q931_type { /* H.225.0 table 4 */
	Q931_ALERTING = 0x01,
	Q931_CALL_PROCEEDING = 0x02,
	Q931_PROGRESS = 0x03,
	Q931_SETUP = 0x05,
	Q931_CONNECT = 0x07,
	Q931_SETUP_ACKNOWLEDGE = 0x0d,
	Q931_RELEASE_COMPLETE = 0x5a,
	Q931_FACILITY = 0x62,
	Q931_NOTIFY = 0x6e,
	Q931_STATUS_INQUIRY = 0x75,
	Q931_INFORMATION = 0x7b,
	Q931_STATUS = 0x7d,
};

enum q931_element {
	Q931_BEARER_CAPABILITY = 0x04,
	Q931_CAUSE = 0x08,
	Q931_CALL_STATE = 0x14,
	Q931_DISPLAY = 0x28,
	Q931_CALLING_PARTY = 0x6c,
	Q931_CALLED_PARTY = 0x70,
	Q931_USER_USER = 0x7e,
};

struct q931_ie {
	uint8_t id;
	uint8_t codeset; /* 0: its id means what Q.931 says */
	bool user_user;
	struct pn_str whole; /* with its id and length */
	struct pn_str value;
};

struct q931_msg {
	struct pn_str text;
	uint8_t type;     /* enum q931_type, or another one */
	uint16_t call;    /* call reference value without its flag; 0 is the global one */
	bool answering;   /* the flag: it comes from the side that did not begin the call */
	struct q931_ie ie[Q931_IES_MAX];
	size_t n_ies;
	struct pn_str uu; /* the ASN.1 of the User-user element, behind its protocol discriminator; p NULL */
	const struct q931_ie *uu_ie;
};

/* The payload of a TPKT. -EBADMSG: no Q.931, or an element reaches outside; -E2BIG: too many elements. */
int q931_parse(struct pn_str text, struct q931_msg *m);
const struct q931_ie *q931_find(const struct q931_msg *m, enum q931_element id); /* the first of codeset 0; NULL */
/* The same message with this in place of its user information (it must have some). Returns the length;
 * -EMSGSIZE: it does not fit the element's length; -ENOBUFS. */
long q931_replace_uu(const struct q931_msg *m, struct pn_str uu, uint8_t *out, size_t cap);
/* Writes a message of our own. cause: of the Cause element (ITU-T location "user"); 0: none. */
long q931_write(enum q931_type type, uint16_t call, bool answering, uint8_t cause, struct pn_str uu,
		uint8_t *out, size_t cap);

#endif
