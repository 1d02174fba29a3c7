#include "asn1_text.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdbool.h>

#define BITS_AS_SUCH 32u

void asn1_text_hex(FILE *f, const uint8_t *p, size_t n)
{
	while (n--)
		fprintf(f, "%02x", *p++);
}

static bool is_printable(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] < 0x20 || p[i] > 0x7e)
			return false;
	return n > 1;
}

void asn1_text_octets(FILE *f, const uint8_t *p, size_t n)
{
	asn1_text_hex(f, p, n);
	if (!is_printable(p, n))
		return;
	fputc(' ', f);
	asn1_text_string(f, p, n, 1);
}

/* Beyond ASCII only what comes in wider characters, as UTF-8; a surrogate is none. */
static void put_character(FILE *f, uint32_t c)
{
	if (c == '"' || c == '\\')
		fprintf(f, "\\%c", (int)c);
	else if (c >= 0x20 && c < 0x7f)
		fputc((int)c, f);
	else if (c < 0xa0)
		fprintf(f, "\\x%02" PRIx32, c);
	else if (c < 0x800)
		fprintf(f, "%c%c", (int)(0xc0 | c >> 6), (int)(0x80 | (c & 0x3f)));
	else if (c < 0xd800 || (c >= 0xe000 && c < 0xfffe))
		fprintf(f, "%c%c%c", (int)(0xe0 | c >> 12), (int)(0x80 | (c >> 6 & 0x3f)),
			(int)(0x80 | (c & 0x3f)));
	else
		fprintf(f, "\\u%04" PRIx32, c);
}

void asn1_text_string(FILE *f, const uint8_t *p, size_t n, unsigned width)
{
	fputc('"', f);
	for (; n >= width; n -= width) {
		uint32_t c = 0;

		for (unsigned i = 0; i < width; i++)
			c = c << 8 | *p++;
		if (width == 1 && c > 0x7e)
			fprintf(f, "\\x%02" PRIx32, c);
		else
			put_character(f, c);
	}
	fputc('"', f);
}

void asn1_text_bits(FILE *f, const uint8_t *p, size_t bits)
{
	fputc('\'', f);
	if (bits <= BITS_AS_SUCH) {
		for (size_t i = 0; i < bits; i++)
			fputc(p[i / 8] >> (7 - i % 8) & 1 ? '1' : '0', f);
		fputs("'B", f);
	} else {
		asn1_text_hex(f, p, (bits + 7) / 8);
		fprintf(f, "'H, %zu bits", bits);
	}
}

static bool is_oid(const uint8_t *p, size_t n)
{
	size_t run = 0; /* of octets in a number, 7 bits each */

	for (size_t i = 0; i < n; i++) {
		if (++run > 9)
			return false;
		if (!(p[i] & 0x80))
			run = 0;
	}
	return n && !run;
}

void asn1_text_oid(FILE *f, const uint8_t *p, size_t n)
{
	uint64_t arc = 0;
	bool first = true;

	if (!is_oid(p, n)) {
		asn1_text_hex(f, p, n);
		return;
	}
	for (; n--; p++) {
		arc = arc << 7 | (*p & 0x7f);
		if (*p & 0x80)
			continue;
		if (first)
			fprintf(f, "%d.%" PRIu64, arc < 80 ? (int)(arc / 40) : 2, arc < 80 ? arc % 40 : arc - 80);
		else
			fprintf(f, ".%" PRIu64, arc);
		first = false;
		arc = 0;
	}
}

void asn1_text_address(FILE *f, const uint8_t *ip, size_t octets, long port)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(octets == 4 ? AF_INET : AF_INET6, ip, text, sizeof(text));
	if (port < 0)
		fputs(text, f);
	else
		fprintf(f, octets == 4 ? "%s:%ld" : "[%s]:%ld", text, port);
}
