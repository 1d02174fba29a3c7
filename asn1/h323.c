#include "h323.h"

#include "aper_codec.h"
#include <H323-UserInformation.h>
#include <MultimediaSystemControlMessage.h>
#include <OpenLogicalChannel.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct h323_message {
	struct aper_message *outer;
	uint8_t *raw; /* the input, with the addresses that were set */
	size_t len;
	bool exact;
	struct h323_part parts[H323_PARTS_MAX];
	size_t n_parts;
	struct h323_address *addresses;
	size_t n_addresses;
};

const struct asn_TYPE_descriptor_s *h323_held(const char *component)
{
	static const struct {
		const char *component;
		const asn_TYPE_descriptor_t *td;
	} held[] = {
		{ "fastStart", &asn_DEF_OpenLogicalChannel },
		{ "h245Control", &asn_DEF_MultimediaSystemControlMessage },
		{ "parallelH245Control", &asn_DEF_MultimediaSystemControlMessage },
	};

	for (size_t i = 0; i < sizeof(held) / sizeof(*held); i++)
		if (!strcmp(component, held[i].component))
			return held[i].td;
	return NULL;
}

/* ---- reading ---- */

/* scratch has room for len. */
static bool is_exact(const struct aper_message *m, const uint8_t *data, size_t len, uint8_t *scratch)
{
	return aper_consumed(m) == len && aper_write(m, scratch, len) == (long)len && !memcmp(scratch, data, len);
}

/* Octets that do not decode stay what they are; only a lack of memory or a cap is an error. */
static int open_part(struct h323_message *h, struct h323_part part, uint8_t *scratch)
{
	const OCTET_STRING_t *string = part.string;
	size_t len = (size_t)string->size;
	int err;

	if (h->n_parts == H323_PARTS_MAX)
		return -E2BIG;
	err = aper_read(h323_held(part.component), string->buf, len, &part.m);
	if (err && err != -EBADMSG)
		return err;
	part.exact = part.m && is_exact(part.m, string->buf, len, scratch);
	h->parts[h->n_parts++] = part;
	return 0;
}

/* The components of a SEQUENCE that hold messages. */
static int open_parts(struct h323_message *h, const asn_TYPE_descriptor_t *td, const void *at, uint8_t *scratch)
{
	for (int i = 0; i < td->elements_count; i++) {
		const asn_TYPE_member_t *member = &td->elements[i];
		const asn_anonymous_set_ *list = h323_held(member->name) ? aper_member(member, at) : NULL;

		for (int n = 0; list && n < list->count; n++) {
			struct h323_part part = { .component = member->name, .index = (unsigned)n,
						  .string = list->array[n] };
			int err = open_part(h, part, scratch);

			if (err)
				return err;
		}
	}
	return 0;
}

static int open_all(struct h323_message *h, uint8_t *scratch)
{
	const H323_UserInformation_t *info = aper_root(h->outer);
	const asn_TYPE_member_t *body;
	unsigned n;
	int err;

	if (aper_type(h->outer) != &asn_DEF_H323_UserInformation)
		return 0;
	body = asn_DEF_H323_UU_PDU.elements; /* h323-message-body, the first component */
	n = aper_present(body->type, &info->h323_uu_pdu.h323_message_body);
	if (n && aper_kind(body->type->elements[n - 1].type) == APER_SEQUENCE) {
		body = &body->type->elements[n - 1];
		err = open_parts(h, body->type, aper_member(body, &info->h323_uu_pdu.h323_message_body), scratch);
		if (err)
			return err;
	}
	return open_parts(h, &asn_DEF_H323_UU_PDU, &info->h323_uu_pdu, scratch);
}

/* Where the contents of a part begin in the input. */
static size_t part_at(const struct h323_message *h, const struct h323_part *part)
{
	long at = part ? aper_offset(h->outer, ((const OCTET_STRING_t *)part->string)->buf) : 0;

	return at < 0 ? APER_NOWHERE : (size_t)at;
}

static void note_addresses(struct h323_message *h, const struct aper_message *m, const struct h323_part *part)
{
	const struct aper_leaf *leaf;
	size_t n = aper_leaves(m, &leaf), begin = part_at(h, part);

	for (; n--; leaf++) {
		bool lost = begin == APER_NOWHERE || leaf->at == APER_NOWHERE;

		h->addresses[h->n_addresses++] = (struct h323_address){
			.leaf = leaf, .at = lost ? APER_NOWHERE : begin + leaf->at, .part = part };
	}
}

static int find_addresses(struct h323_message *h)
{
	const struct aper_leaf *leaf;
	size_t n = aper_leaves(h->outer, &leaf);

	for (size_t i = 0; i < h->n_parts; i++)
		if (h->parts[i].m)
			n += aper_leaves(h->parts[i].m, &leaf);
	h->addresses = calloc(n ? n : 1, sizeof(*h->addresses));
	if (!h->addresses)
		return -ENOMEM;
	note_addresses(h, h->outer, NULL);
	for (size_t i = 0; i < h->n_parts; i++)
		if (h->parts[i].m)
			note_addresses(h, h->parts[i].m, &h->parts[i]);
	return 0;
}

int h323_read(const struct asn_TYPE_descriptor_s *td, const uint8_t *data, size_t len,
	      struct h323_message **out)
{
	struct aper_message *outer;
	struct h323_message *h;
	uint8_t *scratch;
	int err = aper_read(td, data, len, &outer);

	if (err)
		return err;
	h = calloc(1, sizeof(*h));
	if (!h) {
		aper_free(outer);
		return -ENOMEM;
	}
	h->outer = outer;
	h->len = len;
	h->raw = malloc(len);
	scratch = malloc(len);
	err = -ENOMEM;
	if (!h->raw || !scratch)
		goto fail;
	memcpy(h->raw, data, len);
	h->exact = is_exact(outer, data, len, scratch);
	err = open_all(h, scratch);
	if (!err)
		err = find_addresses(h);
	if (err)
		goto fail;
	free(scratch);
	*out = h;
	return 0;
fail:
	free(scratch);
	h323_free(h);
	return err;
}

void h323_free(struct h323_message *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < h->n_parts; i++)
		aper_free(h->parts[i].m);
	aper_free(h->outer);
	free(h->addresses);
	free(h->raw);
	free(h);
}

struct aper_message *h323_outer(struct h323_message *h)
{
	return h->outer;
}

bool h323_exact(const struct h323_message *h)
{
	return h->exact;
}

size_t h323_parts(const struct h323_message *h, const struct h323_part **list)
{
	*list = h->parts;
	return h->n_parts;
}

size_t h323_addresses(const struct h323_message *h, const struct h323_address **list)
{
	*list = h->addresses;
	return h->n_addresses;
}

/* ---- writing ---- */

static void put_address(uint8_t *to, const uint8_t *ip, size_t octets, uint16_t port)
{
	memcpy(to, ip, octets);
	to[octets] = (uint8_t)(port >> 8);
	to[octets + 1] = (uint8_t)port;
}

int h323_set(struct h323_message *h, const struct h323_address *a, const uint8_t *ip, uint16_t port)
{
	const struct aper_leaf *leaf = a->leaf;
	size_t octets = leaf->family == 4 ? 4 : 16;
	OCTET_STRING_t *string = a->part && !a->part->exact ? a->part->string : NULL;

	if ((!h->exact && a->at == APER_NOWHERE) || (string && leaf->at == APER_NOWHERE))
		return -ENOTSUP;
	memcpy(leaf->ip, ip, octets);
	*leaf->port = port;
	if (string)
		put_address(string->buf + leaf->at, ip, octets, port);
	if (!h->exact)
		put_address(h->raw + a->at, ip, octets, port);
	return 0;
}

static int put_back(struct h323_message *h, const struct h323_part *part, uint8_t *out, size_t cap)
{
	const OCTET_STRING_t *string = part->string;
	long n;

	if (!part->exact)
		return 0;
	n = aper_write(part->m, out, cap);
	if (n < 0)
		return (int)n;
	if (n == string->size && !memcmp(out, string->buf, (size_t)n))
		return 0;
	return aper_string_set(h->outer, part->string, out, (size_t)n);
}

long h323_write(struct h323_message *h, uint8_t *out, size_t cap)
{
	int err = 0;

	if (!h->exact) {
		if (cap < h->len)
			return -ENOBUFS;
		memcpy(out, h->raw, h->len);
		return (long)h->len;
	}
	for (size_t i = 0; !err && i < h->n_parts; i++)
		err = put_back(h, &h->parts[i], out, cap);
	return err ? err : aper_write(h->outer, out, cap);
}
