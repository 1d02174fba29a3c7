/* The terminal towards its gatekeeper (H.225.0 7.6 to 7.15): discovery, registration, admission. */
#ifndef LAB_H323_RAS_H
#define LAB_H323_RAS_H

#include "h323_terminal.h"

/* 0 or -errno. Without gatekeeper nothing is ever sent. */
int ras_begin(struct terminal *t);
void ras_tick(struct terminal *t);
void ras_receive(struct terminal *t);
/* A message that came in call signalling. */
void ras_give(struct terminal *t, const uint8_t *data, size_t len, const struct sockaddr_in *from);
/* May this call be? call_admitted() or call_refused() hears. */
void ras_admit(struct terminal *t);
/* An act: may it have more, in units of 100 bit/s? */
void ras_bandwidth(struct terminal *t, unsigned wanted);
/* Where is o.locate? */
void ras_locate(struct terminal *t);
void ras_disengage(struct terminal *t);
void ras_unregister(struct terminal *t);
/* Refresh, register, report, disengage and unregister, in the name of t->ras.endpoint. */
void ras_forge(struct terminal *t);
/* Nothing waits for an answer. */
bool ras_quiet(const struct terminal *t);

#endif
