/* SDP (RFC 8866) by offsets, for SIP, MGCP and H.248: what it declares, and edits that put other
 * addresses in. Nothing is reprinted. Lines may end in CRLF, LF or CR. */
#ifndef CORE_SDP_H
#define CORE_SDP_H

#include "edits.h"

#define SDP_MEDIA_MAX 64u
#define SDP_TEXT_MAX 65535u

/* One pn_media per m-line, of all blocks (a block begins at v=, or where the text begins: H.248 leaves
 * out v=). Returns the count; -EBADMSG: a c=, m=, a=rtcp or o= line that cannot be read; -E2BIG. A host
 * name in c= gives family 0 without CLOSED. `port/count` is one stream with the first port. */
int sdp_scan(const void *text, size_t len, struct pn_media *list, size_t cap);

/* Edits that advertise adv[i] in the i-th m-line: address of c= (session and media level, each its own;
 * a media-level c= is added where one session c= cannot serve all), port, a=rtcp (kept, changed; added
 * only when RTCP is not the port above), o=; candidate and other ICE lines leave whole; port 0 for
 * CLOSED; 0.0.0.0 hold stays a hold; wildcards are filled in; FOREIGN lines keep what they have and get
 * a c= of their own. -EINVAL when n is not the number of m-lines. */
int sdp_write(const void *text, size_t len, const struct pn_media *adv, size_t n,
	      const struct pn_sdp_policy *policy, struct pn_edits *e, size_t base);

/* The re-scan of architecture.md: -EPERM if c=, m=, a=rtcp, a=candidate, a=remote-candidates or o= shows
 * the address of one of `hidden` that is none of `adv`. -EBADMSG as sdp_scan. */
int sdp_check(const void *text, size_t len, const struct pn_media *hidden, size_t n_hidden,
	      const struct pn_media *adv, size_t n_adv);

#endif
