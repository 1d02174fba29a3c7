/* Message identifiers (H.248.1 8.2 mId): who speaks, as an address, a domain name, a device name or
 * an MTP address; the same forms stand in ServiceChangeAddress and ServiceChangeMgcId, where a port
 * alone is one more. */
#ifndef H248_MID_H
#define H248_MID_H

#include <stdbool.h>

#include "postern/module.h"

#define MID_TEXT_MAX 320u /* octets of a printed one, terminator counted */
#define MID_MTP_MAX 8u    /* hexadecimal digits of an MTP address */
#define MID_NAME_MAX 256u /* of a domain or device name */

enum mid_form { MID_NONE, MID_IP, MID_DOMAIN, MID_DEVICE, MID_MTP, MID_PORT };

struct mid {
	enum mid_form form;
	struct pn_addr addr; /* IP; its port is 0 */
	uint16_t port;       /* 0: not said. IP, DOMAIN, PORT */
	struct pn_str name;  /* DOMAIN without <>, DEVICE, MTP as hexadecimal digits: borrowed */
};

/* Text as in Annex B. 0 or -EBADMSG. */
int mid_parse(struct pn_str text, bool port_alone, struct mid *out);
/* Terminated text; its length, or -ENOBUFS. */
int mid_print(const struct mid *m, char out[MID_TEXT_MAX]);
struct mid mid_of_addr(const struct pn_addr *a);         /* with its port, unless that is 0 */
bool mid_same(const struct mid *a, const struct mid *b); /* case does not count */

#endif
