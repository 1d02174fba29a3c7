/* Keeping pinholes open: an IRQ of ours that elicits an IRR, which goes no further. */
#ifndef H323_KEEPALIVE_H
#define H323_KEEPALIVE_H

#include "ras.h"

/* Writes one; its length, or -errno. */
long keepalive_write(struct h323_terminal *t, void *out, size_t cap);
/* Is it the answer? Then the terminal is alive. */
bool keepalive_answered(struct h323_terminal *t, const struct ras_rx *rx);

#endif
