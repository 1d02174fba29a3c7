/* Small change for the SIP tests: what was sent, and pieces of it. */
#ifndef TESTS_UNIT_SIP_KIT_H
#define TESTS_UNIT_SIP_KIT_H

#include <stdbool.h>

#include "parse.h"
#include "module_fake.h"

extern const struct pn_module postern_module;

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

/* <route from="access" to="core" next-hop="192.0.2.20 192.0.2.21"/> and limits that tests reach. */
const struct pn_conf *kit_conf_route(void);
/* <registrar realm="access" domain="example.net"/> */
const struct pn_conf *kit_conf_registrar(void);
/* A terminal (203.0.113.7:40001), another one (203.0.113.8:40002), and the softswitch
 * (192.0.2.20:5060). */
void kit_terminal(const char *text);
void kit_other(const char *text);
void kit_core(const char *text);
/* The next message that was sent, in a buffer that the next call reuses; "" when nothing was. */
const char *kit_sent(void);
/* Was the last one from kit_sent to this port? */
bool kit_to(uint16_t port);
/* A copy of `text` with each "{branch}" and "{user}" replaced by the Via branch and the user part
 * of the Contact in the last message from kit_sent, each "{own}" by that user part as kit_keep kept
 * it. */
const char *kit_fill(const char *text);
void kit_keep(void);
bool kit_has(const char *part); /* in the last message from kit_sent */
int kit_status(void);           /* of the last message from kit_sent; 0: a request */
/* INVITE of the terminal with a description; `id` makes branch and Call-ID. */
void kit_invite(const char *id);

#endif
