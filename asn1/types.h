/* The types of our ASN.1 modules (H.235, H.225.0, H.245, H.460, H.248), as asn1c's descriptors.
 *
 * A descriptor says how a type is laid out in C and on the wire. asn1c completes that of a derived type at
 * its first use only; here all are completed as the library is loaded, and nobody writes to them
 * afterwards, so that any thread may read them. */
#ifndef POSTERN_TYPES_H
#define POSTERN_TYPES_H

#include <stddef.h>

struct asn_TYPE_descriptor_s;

/* libasn1c takes all its memory from this talloc context. NULL, its value at start, is talloc's own root.
 * Set it to one's own context around a call of libasn1c and put the old value back: all modules of the
 * process share the variable. Defined here because a loaded module may not look into the executable. */
extern void *talloc_asn1_ctx;

/* The type of that name, spelled as in the modules ("Setup-UUIE", "H245TransportAddress"). NULL if there is
 * none. Looks at every name, so ask once and not per message. */
const struct asn_TYPE_descriptor_s *types_find(const char *name);

/* All types in the order of their C names: 0 <= i < types_count(). NULL beyond. */
const struct asn_TYPE_descriptor_s *types_at(size_t i);
size_t types_count(void);

#endif
