/* H.323 messages with messages inside: all addresses are found, what is edited is written back, and what is
 * not exact changes in nothing but the addresses. */
#include "aper_kit.h"
#include "h323.h"
#include "outside.h"
#include <H323-UserInformation.h>
#include <MultimediaSystemControlMessage.h>
#include <OpenLogicalChannel.h>

#define INFO (&asn_DEF_H323_UserInformation)
#define LONG_STRING 20000 /* octets; aligned PER writes it in pieces */
#define STRINGS_MAX (H323_PARTS_MAX + 1)

static uint8_t out[KIT_MAX], again[KIT_MAX];
static const uint8_t new_ip[16] = { 203, 0, 113, 77, [15] = 9 };

/* ---- messages of our own ---- */

static uint8_t inner_ip[] = { 192, 0, 2, 7 }, inner_ip6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 7 };

/* A channel whose RTCP has an IPv4 address and whose RTP has an IPv6 address. */
static long write_channel(uint8_t *to, size_t cap, bool in_request)
{
	struct H245TransportAddress rtp = { .present = H245TransportAddress_PR_unicastAddress },
				    rtcp = { .present = H245TransportAddress_PR_unicastAddress };
	MultimediaSystemControlMessage_t message = { .present = MultimediaSystemControlMessage_PR_request };
	OpenLogicalChannel_t *olc = &message.choice.request.choice.openLogicalChannel;
	H2250LogicalChannelParameters_t *h2250;

	message.choice.request.present = RequestMessage_PR_openLogicalChannel;
	rtp.choice.unicastAddress.present = UnicastAddress_PR_iP6Address;
	rtp.choice.unicastAddress.choice.iP6Address.network = (OCTET_STRING_t){ .buf = inner_ip6, .size = 16 };
	rtp.choice.unicastAddress.choice.iP6Address.tsapIdentifier = 5004;
	rtcp.choice.unicastAddress.present = UnicastAddress_PR_iPAddress;
	rtcp.choice.unicastAddress.choice.iPAddress.network = (OCTET_STRING_t){ .buf = inner_ip, .size = 4 };
	rtcp.choice.unicastAddress.choice.iPAddress.tsapIdentifier = 5005;
	olc->forwardLogicalChannelNumber = 1;
	olc->forwardLogicalChannelParameters.dataType.present = DataType_PR_nullData;
	olc->forwardLogicalChannelParameters.multiplexParameters.present =
		OpenLogicalChannel__forwardLogicalChannelParameters__multiplexParameters_PR_h2250LogicalChannelParameters;
	h2250 = &olc->forwardLogicalChannelParameters.multiplexParameters.choice.h2250LogicalChannelParameters;
	h2250->sessionID = 1;
	h2250->mediaChannel = &rtp;
	h2250->mediaControlChannel = &rtcp;
	return in_request ? aper_write_value(&asn_DEF_MultimediaSystemControlMessage, &message, to, cap) :
			    aper_write_value(&asn_DEF_OpenLogicalChannel, olc, to, cap);
}

/* A Facility with h245Address and so many strings in fastStart, and one in h245Control. */
static struct octets write_facility(OCTET_STRING_t *fast, int n, OCTET_STRING_t *control)
{
	static uint8_t oid[] = { 0, 8, 145, 74, 0, 6 };
	static void *array[STRINGS_MAX], *one[1];
	struct TransportAddress h245 = { .present = TransportAddress_PR_ipAddress };
	struct Facility_UUIE__fastStart list = { .list = { .array = (void *)array, .count = n } };
	struct H323_UU_PDU__h245Control tunnel = { .list = { .array = (void *)one, .count = 1 } };
	H323_UserInformation_t info = { 0 };
	Facility_UUIE_t *facility = &info.h323_uu_pdu.h323_message_body.choice.facility;
	struct octets o = { malloc(KIT_MAX), 0 };
	long written;

	for (int i = 0; i < n; i++)
		array[i] = &fast[i];
	one[0] = control;
	h245.choice.ipAddress.ip = (OCTET_STRING_t){ .buf = inner_ip, .size = 4 };
	h245.choice.ipAddress.port = 1720;
	info.h323_uu_pdu.h323_message_body.present = H323_UU_PDU__h323_message_body_PR_facility;
	info.h323_uu_pdu.h245Control = control ? &tunnel : NULL;
	facility->protocolIdentifier = (ProtocolIdentifier_t){ .buf = oid, .size = sizeof(oid) };
	facility->reason.present = FacilityReason_PR_undefinedReason;
	facility->h245Address = &h245;
	facility->fastStart = &list;
	written = aper_write_value(INFO, &info, o.p, KIT_MAX);
	cr_assert(gt(long, written, 0));
	o.n = (size_t)written;
	return o;
}

/* Two channels, one in fastStart and one in h245Control; so many octets follow within their strings and behind
 * the whole. */
static struct octets sample(size_t in_string, size_t behind)
{
	static uint8_t channel[LONG_STRING + 100], request[LONG_STRING + 100];
	OCTET_STRING_t fast = { .buf = channel }, control = { .buf = request };
	struct octets o;

	memset(channel, 0xee, sizeof(channel));
	memset(request, 0xee, sizeof(request));
	fast.size = (int)(write_channel(channel, 100, false) + (long)in_string);
	control.size = (int)(write_channel(request, 100, true) + (long)in_string);
	o = write_facility(&fast, 1, &control);
	memset(o.p + o.n, 0xee, behind);
	o.n += behind;
	return o;
}

static struct h323_message *read_info(struct octets o)
{
	struct h323_message *h = NULL;

	cr_assert(zero(int, h323_read(INFO, o.p, o.n, &h)));
	return h;
}

/* Every address of an input to the new one, where they say that they are. */
static void patch(struct octets *o, const struct h323_message *h)
{
	const struct h323_address *a;
	size_t n = h323_addresses(h, &a);

	for (; n--; a++) {
		size_t octets = a->leaf->family == 4 ? 4 : 16;

		cr_assert(le(sz, a->at, o->n - octets - 2));
		cr_expect(zero(int, memcmp(o->p + a->at, a->leaf->ip, octets)));
		memcpy(o->p + a->at, new_ip, octets);
		o->p[a->at + octets] = 40000 >> 8;
		o->p[a->at + octets + 1] = 40000 & 0xff;
	}
}

static void set_all(struct h323_message *h)
{
	const struct h323_address *a;
	size_t n = h323_addresses(h, &a);

	for (; n--; a++)
		cr_expect(zero(int, h323_set(h, a, new_ip, 40000)));
}

static void expect_out(struct h323_message *h, const struct octets *want, const char *what)
{
	long n = h323_write(h, out, sizeof(out));

	cr_expect(n == (long)want->n && !memcmp(out, want->p, want->n), "%s: %ld octets, not %zu", what, n, want->n);
}

/* ---- tests ---- */

Test(h323, finds_what_is_inside)
{
	static const struct {
		const char *component;
		const struct asn_TYPE_descriptor_s *td;
	} row[] = {
		{ "fastStart", &asn_DEF_OpenLogicalChannel },
		{ "h245Control", &asn_DEF_MultimediaSystemControlMessage },
	};
	struct octets o = sample(0, 0);
	struct h323_message *h = read_info(o);
	const struct h323_part *part;
	const struct h323_address *a;

	cr_expect(h323_exact(h));
	cr_assert(eq(sz, h323_parts(h, &part), ROWS(row)));
	for (size_t i = 0; i < ROWS(row); i++) {
		cr_expect(eq(str, (char *)part[i].component, (char *)row[i].component));
		cr_expect(eq(u32, part[i].index, 0));
		cr_expect(part[i].exact);
		cr_assert(ne(ptr, part[i].m, NULL));
		cr_expect(eq(ptr, (void *)aper_type(part[i].m), (void *)row[i].td));
	}
	cr_assert(eq(sz, h323_addresses(h, &a), 5));
	cr_expect(eq(ptr, (void *)a[0].part, NULL));
	cr_expect(eq(long, *a[0].leaf->port, 1720));
	for (size_t i = 1; i < 5; i++) {
		cr_expect(eq(ptr, (void *)a[i].part, (void *)&part[(i - 1) / 2]));
		cr_expect(eq(long, *a[i].leaf->port, i % 2 ? 5004 : 5005));
	}
	h323_free(h);
	free(o.p);
}

/* Whether structs are encoded or octets written over, the addresses change and nothing else. */
Test(h323, changes_addresses_alone)
{
	static const struct {
		const char *what;
		size_t in_string, behind;
	} row[] = {
		{ "all exact", 0, 0 },
		{ "not the parts", 3, 0 },
		{ "not the whole", 0, 2 },
		{ "nothing exact", 3, 2 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct octets o = sample(row[i].in_string, row[i].behind);
		struct h323_message *h = read_info(o);
		const struct h323_part *part;

		cr_expect(h323_exact(h) == !row[i].behind, "%s", row[i].what);
		cr_assert(eq(sz, h323_parts(h, &part), 2));
		cr_expect(part[0].exact == !row[i].in_string, "%s", row[i].what);
		expect_out(h, &o, row[i].what);
		patch(&o, h);
		set_all(h);
		expect_out(h, &o, row[i].what);
		expect_out(h, &o, "once more");
		h323_free(h);
		free(o.p);
	}
}

/* Other edits change lengths all the way out. */
Test(h323, writes_edits_back)
{
	struct octets o = sample(0, 0), shorter;
	struct h323_message *h = read_info(o);
	const struct h323_part *part;
	const struct h323_address *a;
	OpenLogicalChannel_t *olc;

	cr_assert(eq(sz, h323_parts(h, &part), 2));
	olc = aper_root(part[0].m);
	olc->forwardLogicalChannelParameters.multiplexParameters.choice.h2250LogicalChannelParameters.mediaChannel = NULL;
	shorter.p = again;
	shorter.n = (size_t)h323_write(h, again, sizeof(again));
	cr_expect(le(sz, shorter.n, o.n - 18)); /* at least the address */
	h323_free(h);
	h = read_info(shorter);
	cr_expect(h323_exact(h));
	cr_assert(eq(sz, h323_addresses(h, &a), 4));
	cr_expect(eq(long, *a[1].leaf->port, 5005));
	expect_out(h, &shorter, "shorter");
	h323_free(h);
	free(o.p);
}

/* What does not decode is nobody's, and stays. */
Test(h323, passes_what_does_not_decode)
{
	static uint8_t odd[] = { 0xff, 0xff };
	OCTET_STRING_t strings[] = { { .buf = odd, .size = 2 }, { .buf = odd, .size = 0 } };
	struct octets o = write_facility(strings, 2, NULL);
	struct h323_message *h = read_info(o);
	const struct h323_part *part;
	const struct h323_address *a;

	cr_assert(eq(sz, h323_parts(h, &part), 2));
	for (size_t i = 0; i < 2; i++) {
		cr_expect(eq(ptr, part[i].m, NULL));
		cr_expect(not(part[i].exact));
		cr_expect(eq(u32, part[i].index, (unsigned)i));
	}
	cr_expect(eq(sz, h323_addresses(h, &a), 1));
	patch(&o, h);
	set_all(h);
	expect_out(h, &o, "odd strings");
	h323_free(h);
	free(o.p);
}

/* An octet string in pieces lies nowhere in the input: it can be changed while the whole is exact. */
Test(h323, knows_what_it_cannot_change)
{
	for (size_t behind = 0; behind < 2; behind++) {
		struct octets o = sample(LONG_STRING, behind);
		struct h323_message *h = read_info(o);
		const struct h323_address *a;

		cr_expect(h323_exact(h) == !behind);
		cr_assert(eq(sz, h323_addresses(h, &a), 5));
		cr_expect(eq(sz, a[1].at, APER_NOWHERE));
		cr_expect(eq(int, h323_set(h, &a[1], new_ip, 40000), behind ? -ENOTSUP : 0));
		cr_expect(eq(long, *a[1].leaf->port, behind ? 5004 : 40000));
		if (behind)
			expect_out(h, &o, "unchanged");
		else
			cr_expect(memmem(out, (size_t)h323_write(h, out, sizeof(out)), new_ip, 16) != NULL);
		h323_free(h);
		free(o.p);
	}
}

Test(h323, says_what_is_wrong)
{
	static uint8_t channel[100];
	OCTET_STRING_t strings[STRINGS_MAX];
	struct octets o = sample(0, 0), many;
	struct h323_message *h = NULL;

	cr_expect(eq(int, h323_read(INFO, o.p, o.n / 2, &h), -EBADMSG));
	cr_expect(eq(int, h323_read(INFO, o.p, 0, &h), -EBADMSG));
	for (size_t i = 0; i < STRINGS_MAX; i++)
		strings[i] = (OCTET_STRING_t){ .buf = channel, .size = (int)write_channel(channel, 100, false) };
	many = write_facility(strings, STRINGS_MAX, NULL);
	cr_expect(eq(int, h323_read(INFO, many.p, many.n, &h), -E2BIG));
	cr_expect(eq(ptr, h, NULL));
	free(many.p);
	many = write_facility(strings, H323_PARTS_MAX, NULL);
	h323_free(read_info(many));
	free(many.p);
	h = read_info(o);
	cr_expect(eq(long, h323_write(h, out, o.n - 1), -ENOBUFS));
	h323_free(h);
	h323_free(NULL);
	free(o.p);
}

/* Messages of real endpoints. */
Test(h323, real_messages)
{
	char path[4096], *line = NULL, *save;
	size_t cap = 0, n = 0, addresses = 0;
	FILE *f;

	outside_path("h323/real/messages.txt", path, sizeof(path));
	f = fopen(path, "r");
	cr_assert(ne(ptr, f, NULL));
	while (getline(&line, &cap, f) > 0) {
		const char *type = strtok_r(line, " \n", &save), *hex = strtok_r(NULL, " \n", &save);
		struct h323_message *h = NULL;
		const struct h323_address *a;
		struct octets o;

		if (!type || !hex || *type == '#')
			continue;
		o = octets_of(hex);
		cr_assert(zero(int, h323_read(type_of(type), o.p, o.n, &h)), "%s", type);
		addresses += h323_addresses(h, &a);
		expect_out(h, &o, type);
		patch(&o, h);
		set_all(h);
		expect_out(h, &o, type);
		h323_free(h);
		free(o.p);
		n++;
	}
	cr_expect(eq(sz, n, 32));
	cr_expect(ge(sz, addresses, 32));
	free(line);
	fclose(f);
}
