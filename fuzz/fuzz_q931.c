/* Q.931: elements lie within the message, one behind the other, and replacing the user information by itself
 * changes nothing. */
#include <stdlib.h>
#include <string.h>

#include "q931.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_elements(const struct q931_msg *m)
{
	const char *at = m->text.p + 5;

	for (size_t i = 0; i < m->n_ies; i++) {
		if (m->ie[i].whole.p != at || m->ie[i].value.p + m->ie[i].value.len > at + m->ie[i].whole.len)
			abort();
		at += m->ie[i].whole.len;
	}
	if (at != m->text.p + m->text.len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[70000];
	struct q931_msg m;
	long n;

	if (size > 65531 || q931_parse((struct pn_str){ (const char *)data, size }, &m))
		return 0;
	check_elements(&m);
	if (!m.uu.p)
		return 0;
	n = q931_replace_uu(&m, m.uu, out, sizeof(out));
	if (n != (long)size || memcmp(out, data, size))
		abort();
	return 0;
}
