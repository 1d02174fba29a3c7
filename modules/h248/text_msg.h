/* Text coding (H.248.1 Annex B): reading into and writing from the neutral message. */
#ifndef H248_TEXT_MSG_H
#define H248_TEXT_MSG_H

#include "msg.h"

/* m->data holds the text. Errors as msg_parse(). */
int text_msg_read(struct msg *m);
long text_msg_write(const struct msg *m, char *out, size_t cap);

#endif
