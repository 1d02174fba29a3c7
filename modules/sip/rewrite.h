/* The edits that a message gets on its way from one realm to another. Everything that is not edited
 * here leaves as it came (architecture.md rule 4); docs/sip.md lists the spans. */
#ifndef SIP_REWRITE_H
#define SIP_REWRITE_H

#include "sip.h"

struct rewrite {
	struct sip *sip;
	const struct sip_msg *m;
	struct pn_edits *e;
	struct pn_realm *from, *to;
	struct pn_addr from_peer, to_peer;
	char own[SIP_ADDR_LEN]; /* our address on the side that it leaves by */
	struct pn_str self, user; /* the sender's own URI, and what stands for it; or empty */
	int err;
	bool has_sdp;
	struct sip_sdp sdp;
	long growth; /* of the description */
	const struct pn_media *adv;
	size_t n_adv;
};

/* Where a message comes from and goes to; flow is the one that it leaves by. */
struct rewrite_path {
	struct pn_realm *from, *to;
	struct pn_addr from_peer, to_peer;
	uint64_t flow;
};

/* 0 or -ENOMEM; then exactly one rewrite_finish or rewrite_drop must follow. */
int rewrite_begin(struct rewrite *rw, struct sip *sip, const struct sip_msg *m,
		  const struct rewrite_path *path);
void rewrite_span(struct rewrite *rw, struct pn_str span, struct pn_str text);
/* Takes the place of all Vias. */
void rewrite_head(struct rewrite *rw, struct pn_str lines);
void rewrite_remove(struct rewrite *rw, enum sip_header id);
/* Counts Max-Forwards down, or adds a line to `head`. RFC 3261 16.6 step 3. */
void rewrite_hops(struct rewrite *rw, struct text *head);
/* Takes out the Routes that name us, or all of them. RFC 3261 16.4. */
void rewrite_routes(struct rewrite *rw, bool keep);
/* The URI of each Contact becomes `user` at our address. */
void rewrite_contacts(struct rewrite *rw, struct pn_str user);
/* From now on the sender's own URI becomes `user` at our address where rewrite_uris meets it. */
void rewrite_self(struct rewrite *rw, struct pn_str uri, struct pn_str user);
/* URIs in this header that name a side by what stands for it become what the receiver knows it by.
 * hosts: our own address as a host becomes the far end's, and the other way around. */
void rewrite_uris(struct rewrite *rw, enum sip_header id, bool hosts);
/* Puts the advertised addresses into the description and corrects what counts its length. adv stays
 * the caller's until rewrite_finish. */
void rewrite_sdp(struct rewrite *rw, const struct sip_sdp *sdp, const struct pn_media *adv,
		 size_t n);
/* As above for a description that opens no media (OPTIONS, failures): our own address, port 9. */
void rewrite_sdp_capability(struct rewrite *rw, const struct sip_sdp *sdp, struct pn_media *list,
			    size_t cap);
/* Writes the result to sip->out: its length, or -errno; -EPERM if an address would leak. */
long rewrite_finish(struct rewrite *rw);
void rewrite_drop(struct rewrite *rw);

#endif
