/* Whole datagrams in a row from both sides: after the first octet, which tells how it begins, each is
 * a control octet (mgcp_play.h) and text that ends at FF FF. */
#include <string.h>

#include "mgcp_play.h"

#define DATAGRAMS_MAX 24u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	play_begin(data[0] & 1, data[0] & 2);
	data++;
	size--;
	for (size_t n = 0; size > 1 && n < DATAGRAMS_MAX; n++) {
		const uint8_t *end = memmem(data, size, "\xff\xff", 2);
		size_t len = end ? (size_t)(end - data) : size;

		if (len > 1)
			play_receive(data[0], data + 1, len - 1);
		data += end ? len + 2 : len;
		size -= end ? len + 2 : len;
	}
	play_end();
	return 0;
}
