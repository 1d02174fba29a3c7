/* The User-user element of call signalling (H.225.0 7.3): H323-UserInformation, whatever message it holds. */
#ifndef H323_UUIE_H
#define H323_UUIE_H

#include <H323-UserInformation.h>

#include "admission.h"
#include "pdu.h"

#define UUIE_STRINGS 3u

enum uuie_strings_kind { UUIE_FAST_START, UUIE_CONTROL, UUIE_PARALLEL_CONTROL };

/* Octet strings that hold an ASN.1 message each: OpenLogicalChannel in fastStart, else H.245 messages. */
struct uuie_strings {
	OCTET_STRING_t **at;
	int *count; /* NULL: there is no such list */
};

static inline size_t uuie_count(const struct uuie_strings *list)
{
	return list->count ? (size_t)*list->count : 0;
}

struct uuie {
	struct pdu pdu;
	H323_UU_PDU_t *uu;
	enum H323_UU_PDU__h323_message_body_PR type;
	struct uuie_strings strings[UUIE_STRINGS];
	struct TransportAddress **h245_address; /* the field, set or not; NULL: it has no such */
	struct FeatureSet **features;           /* featureSet, the same */
	const uint8_t *call;                    /* H323_GUID octets; NULL */
	const uint8_t *conference;              /* the same */
};

/* 0, or what pdu_read() said. */
int uuie_read(struct pn_str text, struct uuie *out);
/* The same of one that stands in another message, u->pdu; the rest of u is zero. */
void uuie_take(struct uuie *u, H323_UU_PDU_t *uu);
void uuie_free(struct uuie *u); /* NULL-safe */
/* Replace what one of the strings holds. -EOPNOTSUPP: another length, in what can only be patched. */
int uuie_set_string(struct uuie *u, OCTET_STRING_t *s, struct pn_str value);
/* Take one out of its list. -EOPNOTSUPP: the message can only be patched. */
int uuie_drop_string(const struct uuie *u, struct uuie_strings *list, size_t i);
/* As pdu_write(). */
long uuie_write(const struct uuie *u, uint8_t *out, size_t cap);

#endif
