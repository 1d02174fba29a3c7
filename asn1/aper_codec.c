#include "aper_codec.h"
#include <BOOLEAN.h>
#include <errno.h>

static int decode_boolean(struct aper_decoder *d, const struct aper_slot *slot, void *at)
{
	uint64_t v;

	(void)slot;
	if (aper_take(&d->in, 1, &v))
		return -EBADMSG;
	*(BOOLEAN_t *)at = v ? 1 : 0;
	return 0;
}

static int encode_boolean(struct aper_encoder *e, const struct aper_slot *slot, const void *at)
{
	(void)slot;
	return aper_put(&e->out, 1, *(const BOOLEAN_t *)at ? 1 : 0);
}

static int decode_null(struct aper_decoder *d, const struct aper_slot *slot, void *at)
{
	(void)d, (void)slot, (void)at;
	return 0;
}

static int encode_null(struct aper_encoder *e, const struct aper_slot *slot, const void *at)
{
	(void)e, (void)slot, (void)at;
	return 0;
}

static const struct {
	aper_decode_fn *decode;
	aper_encode_fn *encode;
} kinds[APER_KINDS] = {
	[APER_BOOLEAN] = { decode_boolean, encode_boolean },
	[APER_NULL] = { decode_null, encode_null },
	[APER_INTEGER] = { aper_decode_integer, aper_encode_integer },
	[APER_NUMBER] = { aper_decode_number, aper_encode_number },
	[APER_ENUMERATED] = { aper_decode_enumerated, aper_encode_enumerated },
	[APER_OCTETS] = { aper_decode_octets, aper_encode_octets },
	[APER_BITS] = { aper_decode_bits, aper_encode_bits },
	[APER_CHARACTERS] = { aper_decode_characters, aper_encode_characters },
	[APER_TEXT] = { aper_decode_text, aper_encode_text },
	[APER_SEQUENCE] = { aper_decode_sequence, aper_encode_sequence },
	[APER_LIST] = { aper_decode_list, aper_encode_list },
	[APER_CHOICE] = { aper_decode_choice, aper_encode_choice },
};

int aper_decode_value(struct aper_decoder *d, const struct aper_slot *slot, void *at)
{
	enum aper_kind kind = aper_kind(slot->td);
	int err;

	if (!kinds[kind].decode)
		return -EINVAL;
	if (d->depth == APER_DEPTH_MAX)
		return -E2BIG;
	d->depth++;
	err = kinds[kind].decode(d, slot, at);
	d->depth--;
	return err;
}

int aper_encode_value(struct aper_encoder *e, const struct aper_slot *slot, const void *at)
{
	enum aper_kind kind = aper_kind(slot->td);
	int err;

	if (!kinds[kind].encode || e->depth == APER_DEPTH_MAX)
		return -EINVAL;
	e->depth++;
	err = kinds[kind].encode(e, slot, at);
	e->depth--;
	return err;
}

static int decode_root(struct aper_message *m)
{
	struct aper_decoder d = { .in = { .p = m->data, .end = m->len * 8 }, .m = m };
	struct aper_slot slot = { m->td, m->td->per_constraints };
	int err = aper_new(m, aper_storage(m->td), &m->root);

	if (!err)
		err = aper_decode_value(&d, &slot, m->root);
	if (err)
		return err;
	m->consumed = d.in.at ? (d.in.at + 7) / 8 : 1;
	aper_sort_parts(m);
	return 0;
}

int aper_read(const struct asn_TYPE_descriptor_s *td, const uint8_t *data, size_t len,
	      struct aper_message **out)
{
	struct aper_message *m;
	int err;

	if (!aper_kind(td))
		return -EINVAL;
	if (!len) /* 11.1.3: what takes no bits is an octet of zeros */
		return -EBADMSG;
	if (len > APER_INPUT_MAX)
		return -E2BIG;
	m = aper_message_new(td, data, len);
	if (!m)
		return -ENOMEM;
	err = decode_root(m);
	if (err) {
		aper_free(m);
		return err;
	}
	*out = m;
	return 0;
}

static long encode_root(struct aper_encoder *e, const asn_TYPE_descriptor_t *td, const void *value, size_t cap)
{
	struct aper_slot slot = { td, td->per_constraints };
	int err;

	e->out.end = (cap < SIZE_MAX / 8 ? cap : SIZE_MAX / 8) * 8;
	err = aper_encode_value(e, &slot, value);
	if (!err && !e->out.at)
		err = aper_put(&e->out, 8, 0); /* 11.1.3 */
	return err ? err : (long)((e->out.at + 7) / 8);
}

long aper_write(const struct aper_message *m, uint8_t *out, size_t cap)
{
	struct aper_encoder e = { .out = { .p = out }, .m = m };

	return encode_root(&e, m->td, m->root, cap);
}

long aper_write_value(const struct asn_TYPE_descriptor_s *td, const void *value, uint8_t *out, size_t cap)
{
	struct aper_encoder e = { .out = { .p = out } };

	return encode_root(&e, td, value, cap);
}
