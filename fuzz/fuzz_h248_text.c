/* Any octets as a text message: what is read is written again octet by octet, and with everything
 * in it that Postern may replace replaced, it can still be read and has the same shape. */
#include "h248_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size && data[0] == 0x30)
		return 0;
	return h248_fuzz(data, size);
}
