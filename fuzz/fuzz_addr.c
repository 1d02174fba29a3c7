/* Addresses and prefixes as text: what is read must print as text that reads the same. */
#include "addr.h"
#include "buf.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_addr(struct pn_str text)
{
	char print[ADDR_TEXT];
	struct pn_addr a, b;
	int len;

	if (addr_parse_port(text, 5060, &a))
		return;
	len = addr_print(&a, print, sizeof(print));
	if (len <= 0 || addr_parse_port((struct pn_str){ print, (size_t)len }, 0, &b) || !addr_eq(&a, &b))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pn_str text = { (const char *)data, size };
	struct prefixes list;
	char *z;

	check_addr(text);
	z = str_dup(text);
	if (z && !prefixes_parse(z, &list)) {
		for (size_t i = 0; i < list.n; i++)
			if (!prefix_has(&list.list[i], &list.list[i].addr))
				abort();
		prefixes_free(&list);
	}
	free(z);
	return 0;
}
