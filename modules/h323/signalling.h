/* Call signalling messages (H.225.0 7.3): what each does to its call, and how it goes on to the other side. */
#ifndef H323_SIGNALLING_H
#define H323_SIGNALLING_H

#include "call_state.h"
#include "uuie.h"

/* Something came by a call signalling connection. */
void signalling_receive(struct h323 *h, struct call_link *l, const struct pn_msg *m, struct pn_str text);
/* What it says of media. 1: it must be declared to the core; 0: nothing new; -errno: it is not to go on. *read (zero)
 * becomes its user information, if it has some that decodes; the caller frees it. */
int signalling_scan(struct call *c, enum pn_side side, struct pn_str text, struct uuie *read);
/* To the other side. The call may be over afterwards. read: of the scan, to be edited; NULL or zero: it is read again. */
void signalling_forward(struct call *c, enum pn_side side, struct pn_str text, struct uuie *read);

#endif
