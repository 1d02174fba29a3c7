/* An attacker: it knows the endpointIdentifier, the rasAddress and the call of somebody else, and says by RAS and call
 * signalling in that endpoint's name that it is gone. */
#ifndef LAB_H323_FORGE_H
#define LAB_H323_FORGE_H

#include "h323_terminal.h"

/* All of it, once; what is answered is logged. */
void forge(struct terminal *t);

#endif
