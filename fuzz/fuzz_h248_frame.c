/* The TPKT framer: a stream gives the same PDUs whole and octet by octet, and always ends. */
#include <stdlib.h>
#include <string.h>

#include "frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t head[4];

	while (size) {
		long n = frame_length(data, size);

		if (n < 0)
			break;
		for (size_t part = 0; part < size && part < 8; part++) {
			long early = frame_length(data, part);

			if (early && early != n)
				abort();
		}
		if (!n || (size_t)n > size)
			break;
		if (n < 4 || frame_write(head, (size_t)n - 4) || head[2] != data[2] ||
		    head[3] != data[3])
			abort();
		data += n;
		size -= (size_t)n;
	}
	return 0;
}
