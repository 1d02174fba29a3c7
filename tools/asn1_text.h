/* Strings and addresses of a message as text on one line, fit for a terminal whatever a peer put into them. */
#ifndef POSTERN_TOOLS_ASN1_TEXT_H
#define POSTERN_TOOLS_ASN1_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Digits without spaces. */
void asn1_text_hex(FILE *f, const uint8_t *p, size_t n);

/* Digits, and in quotes what they spell if all octets are printable. */
void asn1_text_octets(FILE *f, const uint8_t *p, size_t n);

/* In quotes; characters of 1, 2 or 4 octets, most significant first. What is not printable is escaped. */
void asn1_text_string(FILE *f, const uint8_t *p, size_t n, unsigned width);

/* '0101'B, or '0123'H and their number if they are many. */
void asn1_text_bits(FILE *f, const uint8_t *p, size_t bits);

/* An object identifier's contents (X.690 8.19) in numbers and dots; hex where they are malformed. */
void asn1_text_oid(FILE *f, const uint8_t *p, size_t n);

/* 4 or 16 octets; a port below 0 is left out. */
void asn1_text_address(FILE *f, const uint8_t *ip, size_t octets, long port);

#endif
