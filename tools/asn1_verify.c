#include "asn1_verify.h"

#include "aper.h"
#include "asn1_codec.h"
#include "types.h"
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define SHOWN_MAX 20
#define OUTPUT_MAX (4u * APER_INPUT_MAX) /* what we write may be longer than what came */
#define SPACES " \t\r\n"

static int digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

ssize_t asn1_octets(char *hex)
{
	uint8_t *to = (uint8_t *)hex;
	ssize_t n = 0;

	for (hex += strspn(hex, SPACES); *hex; hex += strspn(hex, SPACES)) {
		int high = digit(hex[0]), low = high < 0 ? -1 : digit(hex[1]);

		if (low < 0)
			return -EINVAL;
		to[n++] = (uint8_t)(high << 4 | low);
		hex += 2;
	}
	return n;
}

/* Says what differs; false if nothing does. */
static bool differs(const struct asn1_value *v, const uint8_t *data, size_t len, char *why, size_t cap)
{
	static uint8_t out[OUTPUT_MAX];
	long written = asn1_encode(v, out, sizeof(out));
	size_t n = 0;

	if (written < 0) {
		snprintf(why, cap, "does not encode: %s", strerror((int)-written));
		return true;
	}
	while (n < len && n < (size_t)written && data[n] == out[n])
		n++;
	if (n < len && n < (size_t)written)
		snprintf(why, cap, "octet %zu comes out as %02x, not %02x", n, out[n], data[n]);
	else if (v->consumed < len)
		snprintf(why, cap, "its value ends before octet %zu", v->consumed);
	else
		snprintf(why, cap, "%ld octets come out, not %zu", written, len);
	return n < len || n < (size_t)written;
}

/* A line is TYPE HEX; both are written over. */
static bool is_wrong(char *type, char *hex, char *why, size_t cap)
{
	const struct asn_TYPE_descriptor_s *td = types_find(type);
	ssize_t n = asn1_octets(hex);
	struct asn1_value v;
	bool wrong;
	int err;

	if (!td || n < 0) {
		snprintf(why, cap, td ? "not in hexadecimal digits" : "no such type");
		return true;
	}
	err = asn1_decode(td, (uint8_t *)hex, (size_t)n, &v);
	if (err) {
		snprintf(why, cap, "does not decode: %s", strerror(-err));
		return true;
	}
	wrong = differs(&v, (uint8_t *)hex, (size_t)n, why, cap);
	asn1_end(&v);
	return wrong;
}

long asn1_verify(FILE *out, FILE *in, const char *name)
{
	size_t cap = 0, number = 0;
	long all = 0, bad = 0;
	char *line = NULL, why[128];

	errno = 0;
	while (getline(&line, &cap, in) > 0) {
		char *hex = NULL, *type = strtok_r(line, SPACES, &hex);

		number++;
		if (!type || *type == '#')
			continue;
		all++;
		if (!is_wrong(type, hex, why, sizeof(why)))
			continue;
		if (bad++ < SHOWN_MAX)
			fprintf(out, "%s:%zu: %s: %s\n", name, number, type, why);
	}
	free(line);
	if (ferror(in))
		return errno ? -errno : -EIO;
	if (bad > SHOWN_MAX)
		fprintf(out, "and %ld more\n", bad - SHOWN_MAX);
	fprintf(out, "%ld of %ld identical\n", all - bad, all);
	return bad;
}
