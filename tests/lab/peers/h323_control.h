/* H.245 of the terminal: capabilities, master and slave, channels; tunnelled or on a connection of its own.
 * ITU-T H.245 B; H.323 6.2.8. */
#ifndef LAB_H323_CONTROL_H
#define LAB_H323_CONTROL_H

#include "MultimediaSystemControlMessage.h"
#include "h323_terminal.h"

/* Wait for a connection; 0 or -errno. control.local is where. */
int control_listen(struct terminal *t);
/* Connect to the peer's listener, then start. */
void control_connect(struct terminal *t, const struct sockaddr_in *to);
void control_accept(struct terminal *t);
void control_receive(struct terminal *t);
/* Send TerminalCapabilitySet and MasterSlaveDetermination, once; then what can be sent now. */
void control_start(struct terminal *t);
/* A message that came tunnelled. */
void control_give(struct terminal *t, const uint8_t *data, size_t len);
/* An act: digits and a round trip delay request. */
void control_chat(struct terminal *t);

/* Begin a message. */
RequestMessage_t *control_request(MultimediaSystemControlMessage_t *m, RequestMessage_PR which);
ResponseMessage_t *control_response(MultimediaSystemControlMessage_t *m, ResponseMessage_PR which);
/* Send it, or let it wait to be tunnelled. */
void control_send(struct terminal *t, const MultimediaSystemControlMessage_t *m, const char *name);

/* End the session, if it began, and all connections. */
void control_end(struct terminal *t);

#endif
