/* The table of ASN.1 types: every descriptor is complete from the start and stays as it is. H.248 in BER goes
 * through libasn1c, so messages that pass unchanged are the proof that its types are right. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <asn_application.h>
#include <talloc.h>

#include "outside.h"
#include "types.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

Test(types, are_found_by_name)
{
	static const char *const names[] = {
		"RasMessage",	"H323-UserInformation", "Setup-UUIE", "TransportAddress", "MultimediaSystemControlMessage",
		"OpenLogicalChannel", "H245TransportAddress", "H235Params", "MegacoMessage", "H248NonStandardIdentifier",
	};

	for (size_t i = 0; i < ROWS(names); i++) {
		const asn_TYPE_descriptor_t *td = types_find(names[i]);

		cr_assert(ne(ptr, (void *)td, NULL), "%s", names[i]);
		cr_expect(eq(str, (char *)td->name, (char *)names[i]));
	}
	cr_expect(eq(ptr, (void *)types_find("Setup_UUIE"), NULL));
	cr_expect(eq(ptr, (void *)types_find(""), NULL));
}

Test(types, each_is_found_as_itself)
{
	cr_expect(gt(sz, types_count(), 600));
	for (size_t i = 0; i < types_count(); i++)
		cr_expect(eq(ptr, (void *)types_find(types_at(i)->name), (void *)types_at(i)), "%s",
			  types_at(i)->name);
	cr_expect(eq(ptr, (void *)types_at(types_count()), NULL));
}

/* Freeing nothing completes a descriptor that is not complete yet. */
static void expect_complete(asn_TYPE_descriptor_t *td, unsigned depth)
{
	asn_TYPE_descriptor_t before = *td;

	td->free_struct(td, NULL, 0);
	cr_assert(zero(int, memcmp(&before, td, sizeof(before))), "%s", td->name);
	for (int i = 0; depth && i < td->elements_count; i++)
		expect_complete(td->elements[i].type, depth - 1);
}

Test(types, are_complete)
{
	for (size_t i = 0; i < types_count(); i++)
		expect_complete((asn_TYPE_descriptor_t *)types_at(i), 3);
}

static size_t hex(const char *text, unsigned char *out, size_t cap)
{
	size_t n = 0;

	while (n < cap && sscanf(text + 2 * n, "%2hhx", out + n) == 1)
		n++;
	return n;
}

struct sink {
	unsigned char data[65536];
	size_t len;
};

static int sink_put(const void *data, size_t len, void *key)
{
	struct sink *s = key;

	if (len > sizeof(s->data) - s->len)
		return -1;
	memcpy(s->data + s->len, data, len);
	s->len += len;
	return 0;
}

/* Decodes and encodes one MegacoMessage. */
static bool ber_passes(const unsigned char *data, size_t len)
{
	asn_TYPE_descriptor_t *td = (asn_TYPE_descriptor_t *)types_find("MegacoMessage");
	static struct sink out;
	void *message = NULL;
	asn_dec_rval_t in;
	bool same = false;

	talloc_asn1_ctx = talloc_new(NULL);
	in = ber_decode(NULL, td, &message, data, len);
	out.len = 0;
	if (in.code == RC_OK && in.consumed == len && der_encode(td, message, sink_put, &out).encoded > 0)
		same = out.len == len && !memcmp(out.data, data, len);
	talloc_free(talloc_asn1_ctx);
	talloc_asn1_ctx = NULL;
	return same;
}

static size_t pass_file(const char *path)
{
	static char line[2 * 65536 + 64];
	static unsigned char data[65536];
	FILE *f = fopen(path, "r");
	size_t lines = 0;

	cr_assert(ne(ptr, f, NULL), "%s", path);
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, "MegacoMessage ", 14))
			continue;
		lines++;
		cr_expect(ber_passes(data, hex(line + 14, data, sizeof(data))), "%s: message %zu", path, lines);
	}
	fclose(f);
	return lines;
}

/* Versions 1, 2 and 3, made by Erlang. */
Test(types, own_h248_vectors_pass)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/asn1/vectors/h248.txt", srcdir ? srcdir : ".");
	cr_expect(gt(sz, pass_file(path), 50));
}

Test(types, outside_h248_vectors_pass)
{
	char path[4096];

	outside_path("h248/vectors/ber-v3.txt", path, sizeof(path));
	cr_expect(eq(sz, pass_file(path), 600));
}

Test(types, damaged_ber_is_refused)
{
	/* A ServiceChange of RFC 3015's kind: version 1, from 10.0.0.5:523. */
	static const char good[] = "3027a125800101a10ca00a80040a00000581020b80a212a110a20e800101a209a1073005800100a300";
	unsigned char data[128];
	size_t len = hex(good, data, sizeof(data));

	cr_assert(ber_passes(data, len));
	for (size_t cut = 0; cut < len; cut++)
		cr_expect(not(ber_passes(data, cut)), "%zu octets of it", cut);
	data[2] = 0xbf;
	cr_expect(not(ber_passes(data, len)));
}
