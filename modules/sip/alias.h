/* From terminals to bindings: by their alias, by where they speak from, by their address-of-record.
 */
#ifndef SIP_ALIAS_H
#define SIP_ALIAS_H

#include "sip.h"

/* The active binding that stands for the sender of this message: same pinhole, and its Contact or
 * From; or the only one there. NULL: none. */
struct pn_binding *alias_of_sender(struct sip *sip, struct pn_realm *realm,
				   const struct pn_addr *src, const struct sip_msg *m);
/* The binding behind an alias that was shown in the realm: 0 and *out; -ENOENT never heard of;
 * -ESTALE it was one. */
int alias_find(struct sip *sip, struct pn_realm *realm, struct pn_str user,
	       struct pn_binding **out);
/* A binding went away: its alias is remembered for a while, so that callers are told 480, not 404.
 */
void alias_gone(struct sip *sip, const struct pn_binding *b);
/* "sip:user@host" of a URI in canonical form: no parameters, no password, the host in lower case.
 * RFC 3261 10.3. False when it is no SIP URI or too long. */
bool aor_of(struct pn_str uri, const char *domain, char out[256]);

#endif
