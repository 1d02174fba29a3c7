/* Aligned PER: whatever decodes must encode, to something that decodes and encodes to itself; every address
 * lies where it is said to and can be written over. The first octet chooses the type. */
#include "aper.h"
#include "types.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Room for what we write longer than it came: lengths, bitmaps and additions within additions. */
#define ROOM(size) ((size) * 2 + 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct asn_TYPE_descriptor_s *choose(uint8_t n)
{
	static const char *const names[] = {
		"RasMessage", "H323-UserInformation", "MultimediaSystemControlMessage", "OpenLogicalChannel",
		"TransportAddress", "H245TransportAddress", "AliasAddress", "ClearToken",
		"CryptoH323Token", "TerminalCapabilitySet", "GenericMessage", "ANSI-41-UIM",
		"DialingInformation", "MegacoMessage", "ScreeningIndicator", "RTPPayloadType",
	};
	static const struct asn_TYPE_descriptor_s *types[sizeof(names) / sizeof(*names)];
	size_t i = n % (sizeof(names) / sizeof(*names));

	if (!types[i])
		types[i] = types_find(names[i]);
	if (!types[i])
		abort();
	return types[i];
}

static void check_leaves(struct aper_message *m, const uint8_t *data, size_t size)
{
	const struct aper_leaf *leaf;
	size_t n = aper_leaves(m, &leaf);

	for (size_t i = 0; i < n; i++) {
		size_t octets = leaf[i].family == 4 ? 4 : 16, at = leaf[i].at;

		if (leaf[i].family != 4 && leaf[i].family != 6)
			abort();
		if (at == APER_NOWHERE)
			continue;
		if (at + octets + 2 > size || memcmp(data + at, leaf[i].ip, octets) ||
		    (data[at + octets] << 8 | data[at + octets + 1]) != *leaf[i].port)
			abort();
	}
}

static void write_leaves_over(struct aper_message *m)
{
	const struct aper_leaf *leaf;
	size_t n = aper_leaves(m, &leaf);

	for (size_t i = 0; i < n; i++) {
		memset(leaf[i].ip, 0xa5, leaf[i].family == 4 ? 4 : 16);
		*leaf[i].port = 65535;
	}
}

/* What a message is written as; it must fit and decode again. */
static struct aper_message *again(const struct aper_message *m, uint8_t *out, size_t cap, long *n)
{
	struct aper_message *second = NULL;
	int err;

	*n = aper_write(m, out, cap);
	if (*n <= 0)
		abort();
	err = aper_read(aper_type(m), out, (size_t)*n, &second);
	if (err && !((size_t)*n > APER_INPUT_MAX && err == -E2BIG))
		abort();
	return second;
}

static void check(struct aper_message *m, size_t size)
{
	uint8_t *out = malloc(ROOM(size)), *same = malloc(ROOM(size));
	struct aper_message *second;
	long n, n2;

	if (!out || !same)
		abort();
	second = again(m, out, ROOM(size), &n);
	if (second) {
		n2 = aper_write(second, same, ROOM(size));
		if (n2 != n || memcmp(out, same, (size_t)n))
			abort();
		aper_free(second);
	}
	write_leaves_over(m);
	aper_free(again(m, out, ROOM(size), &n));
	free(out);
	free(same);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct aper_message *m = NULL;

	if (!size || aper_read(choose(data[0]), data + 1, size - 1, &m))
		return 0;
	if (!aper_consumed(m) || aper_consumed(m) > size - 1)
		abort();
	check_leaves(m, data + 1, size - 1);
	check(m, size);
	aper_free(m);
	return 0;
}
