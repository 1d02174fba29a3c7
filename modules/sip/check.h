/* What a message must have before anything is done with it (RFC 3261 8.1.1, 16.3; RFC 4475). */
#ifndef SIP_CHECK_H
#define SIP_CHECK_H

#include "parse.h"

/* Fills the decoded members of m, and m->bad with why when something is wrong. */
void msg_check(struct sip_msg *m);

#endif
