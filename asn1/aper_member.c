#include "aper_codec.h"
#include <constr_TYPE.h>
#include <errno.h>
#include <string.h>

const void *aper_member(const asn_TYPE_member_t *member, const void *base)
{
	const char *at = (const char *)base + member->memb_offset;

	return member->flags & ATF_POINTER ? *(void *const *)at : at;
}

int aper_decode_member(struct aper_decoder *d, const asn_TYPE_member_t *member, void *base)
{
	struct aper_slot slot = aper_slot(member);
	void *at = (char *)base + member->memb_offset;
	int err;

	if (member->flags & ATF_POINTER) {
		void **pointer = at;

		err = aper_new(d->m, aper_storage(slot.td), &at);
		if (err)
			return err;
		*pointer = at;
	}
	return aper_decode_value(d, &slot, at);
}

int aper_encode_member(struct aper_encoder *e, const asn_TYPE_member_t *member, const void *base)
{
	struct aper_slot slot = aper_slot(member);
	const void *at = aper_member(member, base);

	return at ? aper_encode_value(e, &slot, at) : -EINVAL;
}
