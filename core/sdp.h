/* SDP (RFC 8866) by offsets, for SIP, MGCP and H.248: what it declares, and edits that put other
 * addresses in. Nothing is reprinted. Lines may end in CRLF, LF or CR. */
#ifndef CORE_SDP_H
#define CORE_SDP_H

#include "edits.h"

#define SDP_MEDIA_MAX 64u
#define SDP_TEXT_MAX 65535u

/* One pn_media per m-line, of all blocks (a block begins at v=, or where the text begins: H.248 leaves
 * out v=). Returns the count; -EBADMSG: a c=, m=, a=rtcp or o= line that cannot be read; -E2BIG. A host
 * name in c=, or no c= at all, gives family 0 without CLOSED. `port/count` is one stream with the first
 * port, `group/ttl/count` in c= the first address; of several c= lines of a medium the first counts.
 * FOREIGN: TCP, MSRP, DCCP, SIP as the protocol, a c= of another network than IN, `-` for the port. */
int sdp_scan(const void *text, size_t len, struct pn_media *list, size_t cap);

/* Edits that advertise adv[i] in the i-th m-line: address of c= (session and media level, each its own;
 * a media-level c= is added where one session c= cannot serve all), port, a=rtcp (kept, changed; added
 * only when RTCP is not the port above), o=; port 0 for CLOSED; 0.0.0.0 hold stays a hold; wildcards are
 * filled in, or put in where adv is WILDCARD without address; FOREIGN lines keep what they have and get
 * a c= of their own.
 * Taken out whole: a=candidate, remote-candidates, end-of-candidates, ice-*, alt, altc, X-nat,
 * source-filter, group:BUNDLE, bundle-only (each of our streams has a port of its own), and a=rtcp at
 * session level. a=rtcp-mux and directions stay as they are.
 * Fields that nobody uses (c= of a CLOSED medium) get one of our addresses, else the origin's, else
 * 0.0.0.0. -EINVAL when n is not the number of m-lines, when adv says FOREIGN of a line that is not, or
 * has no address for one that is live. After an error `e` may hold some of the edits. */
int sdp_write(const void *text, size_t len, const struct pn_media *adv, size_t n,
	      const struct pn_sdp_policy *policy, struct pn_edits *e, size_t base);

/* The re-scan of architecture.md: -EPERM if c=, m=, a=rtcp, a=candidate, a=remote-candidates or o= shows
 * the address of one of `hidden` that is none of `adv`. What a FOREIGN medium says of itself is left
 * out, 0.0.0.0 and :: are nobody's address. -EBADMSG and -E2BIG as sdp_scan. */
int sdp_check(const void *text, size_t len, const struct pn_media *hidden, size_t n_hidden,
	      const struct pn_media *adv, size_t n_adv);

#endif
