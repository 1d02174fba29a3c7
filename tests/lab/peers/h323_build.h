/* Structs of the ASN.1 types, put together for one message; all memory is taken back at the next. */
#ifndef LAB_H323_BUILD_H
#define LAB_H323_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>

#include "AliasAddress.h"
#include "EndpointType.h"
#include "H245TransportAddress.h"
#include "TransportAddress.h"

#define BUILD_GUID 16u

/* Begin a message: what was made for the last one is gone. */
void build_begin(void);
/* Zeroed memory; ends the program when there is none. */
void *build_make(size_t n);
BOOLEAN_t *build_bool(bool value);
/* Append to a SEQUENCE OF (its `list` member). */
void build_add(void *list, void *element);
void build_octets(OCTET_STRING_t *s, const void *p, size_t n);
void build_bmp(BMPString_t *s, const char *text);
/* H.225.0 version 6, H.245 version 13. */
void build_h225_version(OBJECT_IDENTIFIER_t *oid);
void build_h245_version(OBJECT_IDENTIFIER_t *oid);
void build_address(TransportAddress_t *a, const struct sockaddr_in *from);
TransportAddress_t *build_new_address(const struct sockaddr_in *from);
H245TransportAddress_t *build_h245_address(const struct sockaddr_in *from);
/* Digits become a dialedDigits, all else an h323-ID. */
AliasAddress_t *build_alias(const char *text);
void build_terminal(EndpointType_t *type);
/* What an address says; false: it is no IPv4 address. */
bool build_read_address(const TransportAddress_t *a, struct sockaddr_in *out);
bool build_read_h245_address(const H245TransportAddress_t *a, struct sockaddr_in *out);

#endif
