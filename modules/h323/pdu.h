/* One ASN.1 message that is read, edited, and written without loss. Edits go into the struct. If our
 * encoding of what came is what came, the struct is encoded; else the octets that came are copied and the
 * addresses in the struct (aper_leaves) laid over them, so that nothing but addresses can change. */
#ifndef H323_PDU_H
#define H323_PDU_H

#include "aper.h"

#include "h323.h"

struct pdu {
	struct aper_message *m;
	void *root;    /* the struct of the type */
	bool lossless; /* all of the struct may be edited; else only addresses, by transport.h */
	struct pn_str text; /* what came; borrowed */
};

/* 0; -EBADMSG, -E2BIG, -ENOMEM. */
int pdu_read(const struct asn_TYPE_descriptor_s *td, struct pn_str text, struct pdu *out);
/* Counts one that is malformed, or can only be patched, by what pdu_read() said, which it returns. Each message is
 * counted where it is read last. */
int pdu_counted(struct h323 *h, const struct pdu *p, int err);
void pdu_free(struct pdu *p); /* NULL-safe, also when read failed on a zeroed one */
/* Octets written; -ENOBUFS; -EINVAL: an edit makes no valid message; -EOPNOTSUPP: an address
 * does not lie together, so it cannot be patched in. */
long pdu_write(const struct pdu *p, uint8_t *out, size_t cap);

#endif
