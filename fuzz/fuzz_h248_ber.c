/* The same for any octets as a BER message. */
#include "h248_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size || data[0] != 0x30)
		return 0;
	return h248_fuzz(data, size);
}
