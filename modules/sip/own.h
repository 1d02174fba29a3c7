/* Requests that Postern sends by itself inside a dialog: BYE at a timeout, ACK and BYE for an
 * answer that nobody takes. */
#ifndef SIP_OWN_H
#define SIP_OWN_H

#include "dialog.h"

/* To `side`, as if the other side sent it. */
void own_bye(struct sip_dialog *d, int side);
void own_ack(struct sip_dialog *d, int side, uint32_t cseq);

#endif
