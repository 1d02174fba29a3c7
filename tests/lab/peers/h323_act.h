/* What the caller does within a call besides talking: see the table in h323_act.c. */
#ifndef LAB_H323_ACT_H
#define LAB_H323_ACT_H

#include "h323_terminal.h"

/* The other side was heard: begin the next act, or end the last. True: all are done. */
bool act_all(struct terminal *t);

#endif
