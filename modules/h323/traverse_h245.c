#include "traverse_h245.h"

#include <string.h>

/* itu-t recommendation h 460 18, then the version */
static const uint8_t prefix[] = { 0x00, 0x08, 0x83, 0x4c, 0x12, 0x00 };

bool traverse_is_indication(const GenericMessage_t *m)
{
	const CapabilityIdentifier_t *id = &m->messageIdentifier;

	return id->present == CapabilityIdentifier_PR_standard &&
	       (size_t)id->choice.standard.size >= sizeof(prefix) &&
	       !memcmp(id->choice.standard.buf, prefix, sizeof(prefix));
}
