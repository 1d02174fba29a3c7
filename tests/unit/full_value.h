/* Values of ASN.1 types with every transport address that they can have, and little else: what would leak leaks. */
#ifndef UNIT_FULL_VALUE_H
#define UNIT_FULL_VALUE_H

#include <asn_application.h>
#include <stdint.h>

/* A struct of the type, filled; all IPv4 addresses are `ip`, their ports 40000 and up. alternative: which one of the
 * CHOICE that lies nearest to the top, from 1. It lives until the next. NULL: there is no such alternative. */
void *full_value(const asn_TYPE_descriptor_t *td, unsigned alternative, const uint8_t ip[4]);

#endif
