/* Small change for the MGCP tests and fuzzers: a gateway at [10.0.0.2] behind a NAT, its call agent,
 * what was sent. */
#ifndef TESTS_UNIT_MGCP_KIT_H
#define TESTS_UNIT_MGCP_KIT_H

#include <stdbool.h>

#include "module_fake.h"
#include "parse.h"

extern const struct pn_module postern_module;

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

/* Call agents 192.0.2.20:2727 and 192.0.2.21:2727, and limits that tests reach: 40 transactions,
 * 8 connections, 4 endpoints. */
const struct pn_conf *kit_conf(void);
/* The module with that. addresses: aliases are 192.0.2.64 and up, else names. */
void *kit_start(bool addresses);
/* The gateway restarts as *@domain and is accepted. The names are its alias then, if it is one. */
void kit_bind(const char *domain);
/* Text with lines that end in LF, which leave as CRLF: from the gateway (203.0.113.7:40001), another
 * one (203.0.113.8:40002), and the call agent (192.0.2.20:2727), which speaks to the alias. */
void kit_gateway(const char *text);
void kit_other(const char *text);
void kit_agent(const char *text);
/* Octets as they are, from the call agent or the gateway. */
void kit_raw(bool agent, const void *data, size_t len);
/* The next datagram that was sent, with LF for CRLF, in a buffer that the next call reuses; "" when
 * nothing was. */
const char *kit_sent(void);

#endif
