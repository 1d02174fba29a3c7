/* The call of the terminal: Q.931 and the H323-UserInformation in it (H.225.0 7.2, 7.3; H.323 8.1, 8.2). */
#ifndef LAB_H323_CALL_H
#define LAB_H323_CALL_H

#include "h323_terminal.h"

struct CallIdentifier;

/* Wait for calls; 0 or -errno. */
int call_begin(struct terminal *t);
void call_place(struct terminal *t);
/* The gatekeeper's answer to ras_admit(). */
void call_admitted(struct terminal *t, const struct sockaddr_in *to);
void call_refused(struct terminal *t);
void call_accept(struct terminal *t);
/* Connect to an H.245 address that waits. */
void call_tick(struct terminal *t);
/* ReleaseComplete of t->call, which is somebody else's, as if by either side. */
void call_forge(struct terminal *t, const struct sockaddr_in *to);
void call_receive(struct terminal *t);
void call_hang_up(struct terminal *t);
/* H.460.18: open the connection for a call that waits at an address, and say so by Facility. */
void call_fetch(struct terminal *t, const struct sockaddr_in *from, const uint8_t id[BUILD_GUID]);
/* In the message that is being built. */
struct CallIdentifier *call_identifier(const struct terminal *t);

#endif
