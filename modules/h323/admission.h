/* Admissions: what a gatekeeper said about a call (ACF), until the call comes. A call has up to two in one
 * realm: the caller's and the called endpoint's. */
#ifndef H323_ADMISSION_H
#define H323_ADMISSION_H

#include "way.h"

#define H323_GUID 16u /* octets of a callIdentifier, or where there is none of a conferenceID */

enum admission_kind {
	ADMISSION_CALLS,   /* the terminal calls */
	ADMISSION_ANSWERS, /* it is called */
	ADMISSION_LOCATES, /* it asked where somebody is (LRQ), of no call yet */
};

struct h323_admission {
	TAILQ_ENTRY(h323_admission) in_order;
	struct pn_realm *realm;  /* where the terminal is */
	uint8_t call[H323_GUID];
	enum admission_kind kind;
	struct h323_terminal *terminal;
	struct h323_way way;     /* reach 0: not known */
	struct pn_addr seen;     /* of one that answers: the caller as the core knows it; family 0 */
	uint32_t bandwidth;      /* granted, in units of 100 bit/s */
	uint64_t touched_ms;
};

/* NULL: none. call: H323_GUID octets. */
struct h323_admission *admission_find(struct h323 *h, const struct pn_realm *realm, const uint8_t *call,
				      enum admission_kind kind);
/* What stands for the call of one that is located: whoever asked, and whom for as alias.h writes it. */
void admission_located(const struct h323_terminal *t, struct pn_str alias, uint8_t call[H323_GUID]);
/* Makes one, or finds it, and it is young again. NULL: the table is full, or no memory. */
struct h323_admission *admission_get(struct h323_terminal *t, const uint8_t *call, enum admission_kind kind);
void admission_end(struct h323 *h, struct h323_admission *a);
void admissions_of_terminal_end(struct h323_terminal *t);
void admission_sweep(void *h323); /* timer */

#endif
