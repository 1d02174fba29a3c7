/* Calls: the entry points that the module's table needs. */
#ifndef H323_CALL_H
#define H323_CALL_H

#include "route.h"

int calls_init(struct h323 *h);  /* -ENOMEM; makes h->calls */
void calls_free(struct h323 *h); /* sessions are gone by then; NULL-safe */
size_t calls_count(const struct h323 *h);

void calls_receive(struct h323 *h, const struct pn_msg *m); /* a TPKT of a TCP connection */
void calls_flow_open(struct h323 *h, const struct pn_flow_info *f);
void calls_flow_closed(struct h323 *h, uint64_t flow, int err);
void calls_rewrite(struct h323 *h, const struct pn_media_reply *r);
void calls_timeout(struct h323 *h, struct pn_session *s, enum pn_timeout what);
void calls_session_free(struct h323 *h, struct pn_session *s, void *data);
/* The terminal is gone; its calls keep running without it. */
void calls_terminal_gone(struct h323 *h, const struct h323_terminal *t);

#endif
