/* Admissions: what a gatekeeper said about a call (ACF), until the call comes. A call has up to two in one
 * realm: the caller's and the called endpoint's. */
#ifndef H323_ADMISSION_H
#define H323_ADMISSION_H

#include "way.h"

#define H323_GUID 16u /* octets of a callIdentifier, or where there is none of a conferenceID */

struct h323_admission {
	TAILQ_ENTRY(h323_admission) in_order;
	struct pn_realm *realm;  /* where the terminal is */
	uint8_t call[H323_GUID];
	bool answering;          /* the terminal is the one that is called */
	struct h323_terminal *terminal;
	struct h323_way way;     /* reach 0: not known */
	struct pn_addr seen;     /* the other side as the core knows it, for messages about the call: set by who
				    sends the terminal a Setup; family 0 */
	uint32_t bandwidth;      /* granted, in units of 100 bit/s */
	uint64_t touched_ms;
};

/* NULL: none. call: H323_GUID octets. */
struct h323_admission *admission_find(struct h323 *h, const struct pn_realm *realm, const uint8_t *call,
				      bool answering);
/* Makes one, or finds it, and it is young again. NULL: the table is full, or no memory. */
struct h323_admission *admission_get(struct h323_terminal *t, const uint8_t *call, bool answering);
void admission_end(struct h323 *h, struct h323_admission *a);
void admissions_of_terminal_end(struct h323_terminal *t);
void admission_sweep(void *h323); /* timer */

#endif
