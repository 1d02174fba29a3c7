/* Pinholes that the terminal makes for its media: libpostern-pinhole on its own sockets. */
#ifndef LAB_H323_HOLE_H
#define LAB_H323_HOLE_H

#include "h323_media.h"

/* Make pinholes for all sockets towards m->stun, if there is one and they are not made yet, and wait for them unless
 * m->early. What signalling shows follows. 0, -ETIMEDOUT. */
int hole_punch(struct media *m);
void hole_tick(struct media *m); /* keep them open */
/* Was this datagram, which came to fd, one of the pinhole's? */
bool hole_takes(struct media *m, int fd, const struct sockaddr_in *from, const void *data, size_t len);

#endif
