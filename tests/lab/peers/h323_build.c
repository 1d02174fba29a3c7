#include "h323_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "TerminalInfo.h"
#include "VendorIdentifier.h"

static uint8_t memory[1 << 16] __attribute__((aligned(16)));
static size_t used;

void build_begin(void)
{
	memset(memory, 0, used);
	used = 0;
}

void *build_make(size_t n)
{
	void *p = memory + used;

	n = (n + 15) & ~(size_t)15;
	if (n > sizeof(memory) - used) {
		fprintf(stderr, "h323_terminal: a message is too large\n");
		exit(2);
	}
	used += n;
	return p;
}

BOOLEAN_t *build_bool(bool value)
{
	BOOLEAN_t *b = build_make(sizeof(*b));

	*b = value;
	return b;
}

void build_add(void *list, void *element)
{
	A_SEQUENCE_OF(void) *l = list;
	void **array = build_make(((size_t)l->count + 1) * sizeof(*array));

	if (l->count)
		memcpy(array, l->array, (size_t)l->count * sizeof(*array));
	array[l->count++] = element;
	l->array = array;
	l->size = l->count;
}

void build_octets(OCTET_STRING_t *s, const void *p, size_t n)
{
	s->buf = build_make(n ? n : 1);
	s->size = (int)n;
	memcpy(s->buf, p, n);
}

void build_bmp(BMPString_t *s, const char *text)
{
	size_t n = strlen(text);

	s->buf = build_make(2 * n + 1);
	s->size = (int)(2 * n);
	for (size_t i = 0; i < n; i++)
		s->buf[2 * i + 1] = (uint8_t)text[i];
}

static void build_oid(OBJECT_IDENTIFIER_t *oid, const char *octets, size_t n)
{
	oid->buf = build_make(n);
	oid->size = (int)n;
	memcpy(oid->buf, octets, n);
}

void build_h225_version(OBJECT_IDENTIFIER_t *oid)
{
	build_oid(oid, "\x00\x08\x91\x4a\x00\x06", 6);
}

void build_h245_version(OBJECT_IDENTIFIER_t *oid)
{
	build_oid(oid, "\x00\x08\x81\x75\x00\x0d", 6);
}

void build_address(TransportAddress_t *a, const struct sockaddr_in *from)
{
	a->present = TransportAddress_PR_ipAddress;
	build_octets(&a->choice.ipAddress.ip, &from->sin_addr, 4);
	a->choice.ipAddress.port = ntohs(from->sin_port);
}

TransportAddress_t *build_new_address(const struct sockaddr_in *from)
{
	TransportAddress_t *a = build_make(sizeof(*a));

	build_address(a, from);
	return a;
}

H245TransportAddress_t *build_h245_address(const struct sockaddr_in *from)
{
	H245TransportAddress_t *a = build_make(sizeof(*a));
	UnicastAddress_t *u = &a->choice.unicastAddress;

	a->present = H245TransportAddress_PR_unicastAddress;
	u->present = UnicastAddress_PR_iPAddress;
	build_octets(&u->choice.iPAddress.network, &from->sin_addr, 4);
	u->choice.iPAddress.tsapIdentifier = ntohs(from->sin_port);
	return a;
}

AliasAddress_t *build_alias(const char *text)
{
	AliasAddress_t *a = build_make(sizeof(*a));

	if (strspn(text, "0123456789") == strlen(text)) {
		a->present = AliasAddress_PR_dialedDigits;
		build_octets(&a->choice.dialedDigits, text, strlen(text));
	} else {
		a->present = AliasAddress_PR_h323_ID;
		build_bmp(&a->choice.h323_ID, text);
	}
	return a;
}

void build_terminal(EndpointType_t *type)
{
	VendorIdentifier_t *v = build_make(sizeof(*v));

	v->vendor.t35CountryCode = 181;
	v->vendor.manufacturerCode = 18;
	v->productId = build_make(sizeof(*v->productId));
	build_octets(v->productId, "lab terminal", 12);
	type->vendor = v;
	type->terminal = build_make(sizeof(*type->terminal));
}

static bool fill(struct sockaddr_in *out, const OCTET_STRING_t *ip, long port)
{
	if (ip->size != 4)
		return false;
	*out = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	memcpy(&out->sin_addr, ip->buf, 4);
	return true;
}

bool build_read_address(const TransportAddress_t *a, struct sockaddr_in *out)
{
	return a && a->present == TransportAddress_PR_ipAddress &&
		fill(out, &a->choice.ipAddress.ip, a->choice.ipAddress.port);
}

bool build_read_h245_address(const H245TransportAddress_t *a, struct sockaddr_in *out)
{
	const UnicastAddress_t *u;

	if (!a || a->present != H245TransportAddress_PR_unicastAddress)
		return false;
	u = &a->choice.unicastAddress;
	return u->present == UnicastAddress_PR_iPAddress &&
		fill(out, &u->choice.iPAddress.network, u->choice.iPAddress.tsapIdentifier);
}
