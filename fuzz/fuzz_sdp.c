/* Any text: scan, write, scan again, check. What must hold is in tests/unit/sdp_property.h. */
#include "../tests/unit/sdp_property.h"
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	/* a copy of the exact size, so that reading past the end is seen */
	char *text = malloc(len ? len : 1), *out;
	uint32_t seed = (uint32_t)len * 2654435761u;
	const char *why;

	if (len)
		memcpy(text, data, len);
	for (size_t i = 0; i < len; i++)
		seed = seed * 31 + data[i];
	why = sdp_property(text, len, seed, &out);
	if (why) {
		fprintf(stderr, "%s; became:\n%s\n", why, out);
		abort();
	}
	free(out);
	free(text);
	return 0;
}
