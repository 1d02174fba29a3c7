/* A message of any type of types.h, by the codec that its protocol uses: H.248 in BER, all else in aligned
 * PER. */
#ifndef POSTERN_TOOLS_ASN1_CODEC_H
#define POSTERN_TOOLS_ASN1_CODEC_H

#include <stddef.h>
#include <stdint.h>

struct asn_TYPE_descriptor_s;
struct aper_message;

struct asn1_value {
	const struct asn_TYPE_descriptor_s *td;
	void *root;
	size_t consumed;        /* octets of the input */
	struct aper_message *m; /* NULL: it was BER */
	void *memory;           /* of what was BER */
};

/* 0, and asn1_end() is due; or an error of aper_read(), whose cap on the input holds for BER too. */
int asn1_decode(const struct asn_TYPE_descriptor_s *td, const uint8_t *data, size_t len, struct asn1_value *out);

/* Octets written, or a negative error. */
long asn1_encode(const struct asn1_value *v, uint8_t *out, size_t cap);
void asn1_end(struct asn1_value *v);

#endif
