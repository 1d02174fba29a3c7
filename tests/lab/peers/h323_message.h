/* The messages of call signalling that the terminal sends (H.225.0 7.3, 7.4). */
#ifndef LAB_H323_MESSAGE_H
#define LAB_H323_MESSAGE_H

#include "FacilityReason.h"
#include "h323_terminal.h"

void message_setup(struct terminal *t);
/* CallProceeding and Alerting. */
void message_progress(struct terminal *t);
/* The answer: its fast start, and the call is up. */
void message_connect(struct terminal *t);
/* h245 NULL: none is named. */
void message_facility(struct terminal *t, FacilityReason_PR reason, const struct sockaddr_in *h245);
void message_release(struct terminal *t);
/* Send the H.245 messages that wait to be tunnelled; without any, nothing. */
void message_flush(struct terminal *t);

#endif
