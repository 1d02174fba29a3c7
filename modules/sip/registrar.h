/* Postern as its own registrar: <registrar/>. */
#ifndef SIP_REGISTRAR_H
#define SIP_REGISTRAR_H

#include "conf.h"
#include "register.h"

/* Answers a REGISTER, whose Contacts were read, from our own table. */
void registrar_answer(struct sip_server *s, const struct sip_registrar *reg);

#endif
