/* Calls to a terminal behind a NAT by H.460.18: it is told of the call by RAS (SCI), opens a TCP connection
 * to us, and says in a Facility which call it came for. We are its traversal server. */
#ifndef H323_TRAVERSAL_H
#define H323_TRAVERSAL_H

#include "admission.h"

struct h323_traversal;

/* Asks the terminal to open a connection for this call to our call signalling address in its realm.
 * failed() is told once when it refuses (-ECONNREFUSED), does not answer (-ETIMEDOUT) or is gone
 * (-ENOTCONN); never before this returns, never after a claim or cancel.
 * 0; -EADDRNOTAVAIL: no TCP listener in its realm; -EEXIST: that call is waited for already; -ENOMEM. */
int traversal_begin(struct h323_terminal *t, const uint8_t call[H323_GUID],
		    void (*failed)(void *arg, int err), void *arg, struct h323_traversal **out);
/* A Facility with this callIdentifier came by a new connection in this realm, from this address: whose is
 * it? Returns arg, and the wait is over. NULL: nobody waits for it, or not from there. */
void *traversal_claim(struct h323 *h, const struct pn_msg *m, const uint8_t call[H323_GUID]);
void traversal_cancel(struct h323_traversal *v); /* NULL-safe */
void traversals_of_terminal_end(struct h323_terminal *t);

#endif
