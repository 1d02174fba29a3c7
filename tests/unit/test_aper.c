/* Each type of tests/asn1/trial.asn in aligned PER and, as a witness of the value, in DER. Both were worked out
 * by hand from X.691 (08/2015) and X.690, those of the file by Erlang; libasn1c reads and writes the DER. */
#include "aper_kit.h"
#include <talloc.h>

struct row {
	const char *what, *type, *per, *der;
};

static uint8_t out[KIT_MAX];

/* PER to struct to both. */
static void judge_decoding(const struct row *row)
{
	struct aper_message *m = message_of(row->type, row->per);
	asn_TYPE_descriptor_t *td = (asn_TYPE_descriptor_t *)type_of(row->type);
	asn_enc_rval_t der = der_encode_to_buffer(td, aper_root(m), out, sizeof(out));

	expect_octets(out, der.encoded, row->der, row->what);
	expect_written(m, row->per, row->what);
	aper_free(m);
}

/* DER to struct to PER. */
static void judge_encoding(const struct row *row)
{
	asn_TYPE_descriptor_t *td = (asn_TYPE_descriptor_t *)type_of(row->type);
	struct octets der = octets_of(row->der);
	void *value = NULL;

	talloc_asn1_ctx = talloc_new(NULL);
	cr_assert(eq(int, ber_decode(NULL, td, &value, der.p, der.n).code, RC_OK), "%s", row->what);
	expect_octets(out, aper_write_value(td, value, out, sizeof(out)), row->per, row->what);
	talloc_free(talloc_asn1_ctx);
	talloc_asn1_ctx = NULL;
	free(der.p);
}

static void judge(const struct row *row, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		judge_decoding(&row[i]);
		judge_encoding(&row[i]);
	}
}

Test(aper, integers)
{
	static const struct row row[] = {
		{ "no bits, and so an octet (11.1.3)", "IntOne", "00", "020107" },
		{ "two bits (11.5.7.1)", "IntBits", "80", "020105" },
		{ "range 255: eight bits", "Int255", "fe", "020200ff" },
		{ "range 256: an octet (11.5.7.2)", "IntOctet", "c8", "020200c8" },
		{ "range 257: two octets (11.5.7.3)", "IntTwo", "0000", "0201ff" },
		{ "range 257, its end", "IntTwo", "0100", "020200ff" },
		{ "port", "IntPort", "06b8", "020206b8" },
		{ "range 64K: two octets", "Int64K", "ffff", "0203010000" },
		{ "range 64K + 1: three octets of three (11.5.7.4)", "Int64K1", "80 010000", "0203010000" },
		{ "range 64K + 1: one of three", "Int64K1", "00 05", "020105" },
		{ "24 bits", "Int24", "40 0100", "02020100" },
		{ "32 bits", "Int32", "c0 ffffffff", "020500ffffffff" },
		{ "least of 32 bits with sign", "IntSigned", "00 00", "020480000000" },
		{ "zero of 32 bits with sign", "IntSigned", "c0 80000000", "020100" },
		{ "INTEGER_t", "IntWide", "c0 ffffffff", "02050100000000" },
		{ "semi-constrained, its bound (11.7)", "IntSemi", "01 00", "0201fb" },
		{ "semi-constrained", "IntSemi", "02 0100", "020200fb" },
		{ "unconstrained (11.8)", "IntFree", "01 ff", "0201ff" },
		{ "unconstrained, sign bit", "IntFree", "02 0080", "02020080" },
		{ "extensible, in the root (13.1)", "IntExt", "48", "020109" },
		{ "extensible, above", "IntExt", "80 01 10", "020110" },
		{ "extensible, below", "IntExt", "80 01 ff", "0201ff" },
		{ "padding on both sides", "IntAfter", "c0 010000 80", "300b 8001ff 8103010000 8201ff" },
	};

	judge(row, ROWS(row));
}

Test(aper, enumerations)
{
	static const struct row row[] = {
		{ "two bits (14.2)", "Enum", "80", "0a0102" },
		{ "extensible, in the root (14.3)", "EnumExt", "40", "0a0101" },
		{ "extensible, addition", "EnumExt", "81", "0a0103" },
		{ "by value, first (14.1)", "EnumOrder", "00", "0a0101" },
		{ "by value, last", "EnumOrder", "80", "0a0105" },
	};

	judge(row, ROWS(row));
}

Test(aper, octets_and_bits)
{
	static const struct row row[] = {
		{ "three bits (16.9)", "Bits3", "a0", "030205a0" },
		{ "sixteen bits", "Bits16", "abcd", "030300abcd" },
		{ "seventeen bits (16.10)", "Bits17", "abcd80", "030407abcd80" },
		{ "bits of bounded length (16.11)", "BitsVar", "48 ff80", "030307ff80" },
		{ "no bits of bounded length", "BitsVar", "00", "030100" },
		{ "bits of any length", "BitsFree", "03 a0", "030205a0" },
		{ "no bits of any length", "BitsFree", "00", "030100" },
		{ "bits, longer than their root (16.6)", "BitsExt", "80 09 ff80", "030307ff80" },
		{ "bits, within their root", "BitsExt", "50 f8", "030203f8" },
		{ "two octets (17.6)", "Oct2", "beef", "0402beef" },
		{ "three octets (17.7)", "Oct3", "010203", "0403010203" },
		{ "octets of bounded length (17.8)", "OctVar", "00 ab", "0401ab" },
		{ "octets of any length", "OctFree", "02 abcd", "0402abcd" },
		{ "no octets", "OctFree", "00", "0400" },
		{ "octets, longer than their root (17.3)", "OctExt", "80 04 01020304", "040401020304" },
		{ "octets, within their root", "OctExt", "40 0102", "04020102" },
		{ "which of them are aligned", "After", "df7780 010203 00aa a0ffffc0",
		  "301c 8001ff 8102beef 8203010203 8301aa 840205a0 850407ffff80 8601ff" },
	};

	judge(row, ROWS(row));
}

Test(aper, sequences)
{
	static const struct row row[] = {
		{ "absent components (19.2)", "Opt", "28", "3003 810105" },
		{ "present components", "Opt", "e4", "3008 8001ff 810101 8200" },
		{ "extensible, no additions (19.1)", "Old", "40", "3003 8001ff" },
		{ "one addition (19.7)", "New", "c140 0118", "3006 8001ff 810118" },
		{ "two additions", "New", "8160 0100 0302abcd", "300a 800100 810100 8202abcd" },
		{ "an addition that is extensible", "New", "8150 0101 0140", "300b 800100 810101 a3038001ff" },
		{ "no root", "Sole", "00", "3000" },
		{ "NULL as an addition (11.2.1)", "Sole", "8080 0100", "3002 8000" },
		{ "recursive", "Nest", "8001 0002", "3008 800101 a103800102" },
	};

	judge(row, ROWS(row));
}

Test(aper, lists)
{
	static const struct row row[] = {
		{ "any number (20.6)", "List", "03 a0", "3009 0101ff 010100 0101ff" },
		{ "none", "List", "00", "3000" },
		{ "a fixed number (20.5)", "List3", "010203", "3009 020101 020102 020103" },
		{ "a bounded number (20.6)", "ListVar", "4c", "3006 020103 020106" },
		{ "more than the root (20.4)", "ListExt", "80 03 010203", "3009 020101 020102 020103" },
		{ "within the root", "ListExt", "20 09", "3003 020109" },
		{ "elements with and without additions", "ListNew", "02 3058 0102 0100",
		  "300f 3003 800100 3008 8001ff 810102 8200" },
	};

	judge(row, ROWS(row));
}

Test(aper, choices)
{
	static const struct row row[] = {
		{ "index and octet (23.6)", "Pick", "40 09", "810109" },
		{ "index and bit", "Pick", "a0", "8201ff" },
		{ "an only alternative (23.4)", "PickOne", "80", "8001ff" },
		{ "extensible, in the root (23.7)", "PickOld", "40 09", "810109" },
		{ "addition (23.8)", "PickNew", "80 0140", "a2038001ff" },
		{ "second addition", "PickNew", "81 0201ab", "8301ab" },
		{ "index in the order of tags (23.5)", "PickTags", "18", "3008 a0038101ff 8101ff" },
		{ "last in the order of tags", "PickTagged", "40 c8", "850200c8" },
		{ "addition with the least tag", "PickTagged", "80 0180", "8001ff" },
		{ "IPv4 address", "TransportAddress", "00 c0000201 13c4", "a00a 8004c0000201 810213c4" },
		{ "IPv6 address", "TransportAddress", "80 13 00 20010db8000000000000000000000001 13c4",
		  "a216 801020010db8000000000000000000000001 810213c4" },
	};

	judge(row, ROWS(row));
}

Test(aper, characters)
{
	static const struct row row[] = {
		{ "object identifier (24)", "Oid", "03 813403", "0603813403" },
		{ "alphabet of 13: four bits (30.5.2), mapped (30.5.4)", "Digits", "40 4500", "1603313223" },
		{ "eight bits of fixed length", "Pair", "3c", "16023039" },
		{ "twenty bits of fixed length (30.5.6)", "Five", "456780", "16053132333435" },
		{ "twelve bits at most (30.5.7)", "Few", "68", "160137" },
		{ "alphabet without holes, mapped", "Lower", "10 50", "16026661" },
		{ "alphabet of 17: eight bits, not mapped", "Tone", "41", "160141" },
		{ "IA5String", "Ia5", "02 4869", "16024869" },
		{ "IA5String of bounded length", "Ia5Var", "02 4869", "16024869" },
		{ "IA5String, longer than its root", "Ia5Ext", "80 05 48656c6c6f", "160548656c6c6f" },
		{ "IA5String, within its root", "Ia5Ext", "20 4869", "16024869" },
		{ "VisibleString", "Visible", "02 4869", "1a024869" },
		{ "PrintableString", "Print", "02 4869", "13024869" },
		{ "PrintableString of bounded length", "PrintVar", "08 4869", "13024869" },
		{ "NumericString: four bits, mapped", "Numeric", "03 10a0", "1203302039" },
		{ "no characters", "NumericVar", "00", "1200" },
		{ "BMPString", "Bmp", "01 00e9", "1e0200e9" },
		{ "BMPString of bounded length", "BmpVar", "00 00e9", "1e0200e9" },
		{ "sixteen bits of fixed length", "BmpOne", "00e9", "1e0200e9" },
		{ "BMPString of 26: eight bits, not mapped", "BmpLower", "00 62", "1e020062" },
		{ "UTF8String (30.6)", "Utf8", "02 c3a9", "0c02c3a9" },
		{ "GeneralString", "General", "02 4869", "1b024869" },
		{ "sixteen bits: aligned only where they vary", "Sixteen", "a43480 41", "300a 8001ff 81024869 820141" },
		{ "which of them are aligned", "Strings", "9e34 456784 1000 80",
		  "3019 8001ff 81023039 820137 83053132333435 840141 8500 8601ff" },
	};

	judge(row, ROWS(row));
}

Test(aper, as_erlang_has_it)
{
	const char *srcdir = getenv("srcdir");
	char path[4096], type[32], per[512], der[2048];
	struct row row = { path, type, per, der };
	FILE *f;
	size_t n = 0;

	snprintf(path, sizeof(path), "%s/tests/asn1/vectors/trial.txt", srcdir ? srcdir : ".");
	f = fopen(path, "r");
	cr_assert(ne(ptr, f, NULL), "%s", path);
	cr_assert(zero(int, fscanf(f, "#%*[^\n]")));
	for (; fscanf(f, " %31s %511s %2047s", type, per, der) == 3; n++)
		judge(&row, 1);
	cr_expect(ge(sz, n, 300));
	fclose(f);
}
