#include "aper_codec.h"
#include <OCTET_STRING.h>
#include <string.h>

/* An address is an OCTET STRING of 4 or 16 octets with an INTEGER next to it: in ipAddress, ip6Address and
 * ipSourceRoute of H.225.0, and in iPAddress, iP6Address and iPSourceRouteAddress of H.245. */
static bool is_address(const asn_TYPE_descriptor_t *choice)
{
	static const char *const names[] = { "TransportAddress", "UnicastAddress", "MulticastAddress" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(choice->name, names[i]))
			return true;
	return false;
}

static bool is_ip(const asn_TYPE_member_t *member)
{
	struct aper_slot slot = aper_slot(member);
	struct aper_size size = aper_size(slot.limits);

	return aper_kind(slot.td) == APER_OCTETS && aper_size_fixed(&size) && (size.ub == 4 || size.ub == 16);
}

static bool is_port(const asn_TYPE_member_t *member)
{
	return aper_kind(member->type) == APER_INTEGER && member->per_constraints &&
	       member->per_constraints->value.upper_bound == UINT16_MAX;
}

static int note(struct aper_message *m, const asn_TYPE_member_t *ip, const void *base, struct aper_leaf leaf)
{
	const OCTET_STRING_t *octets = aper_member(ip, base);
	long at = aper_offset(m, octets->buf);

	leaf.at = at < 0 ? APER_NOWHERE : (size_t)at;
	leaf.family = octets->size == 4 ? 4 : 6;
	leaf.ip = octets->buf;
	leaf.port = (long *)(uintptr_t)aper_member(ip + 1, base);
	return aper_note_leaf(m, &leaf);
}

int aper_leaf_seen(struct aper_decoder *d, const asn_TYPE_descriptor_t *choice,
		   const asn_TYPE_member_t *member, void *at)
{
	const asn_TYPE_descriptor_t *td = member->type;
	const void *base = aper_member(member, at);
	struct aper_leaf leaf = { .td = choice, .where = at, .component = d->component ? d->component : "" };

	if (!is_address(choice) || aper_kind(td) != APER_SEQUENCE)
		return 0;
	for (int i = 0; i + 1 < td->elements_count; i++)
		if (is_ip(&td->elements[i]) && is_port(&td->elements[i + 1]))
			return note(d->m, &td->elements[i], base, leaf);
	return 0;
}
