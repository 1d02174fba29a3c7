#include "asn1_codec.h"

#include "aper.h"
#include "types.h"
#include <asn_application.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <talloc.h>

#define H248_TYPES_MAX 1000u

/* All that a MegacoMessage is made of. H.323 shares no type with it. */
struct h248 {
	const asn_TYPE_descriptor_t *types[H248_TYPES_MAX];
	size_t n;
};

static bool has(const struct h248 *h, const asn_TYPE_descriptor_t *td)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->types[i] == td)
			return true;
	return false;
}

static bool is_h248(const asn_TYPE_descriptor_t *td)
{
	static struct h248 h;

	if (!h.n)
		h.types[h.n++] = types_find("MegacoMessage");
	for (size_t i = 0; i < h.n; i++)
		for (int k = 0; k < h.types[i]->elements_count; k++)
			if (h.n < H248_TYPES_MAX && !has(&h, h.types[i]->elements[k].type))
				h.types[h.n++] = h.types[i]->elements[k].type;
	return has(&h, td);
}

static int decode_ber(const asn_TYPE_descriptor_t *td, const uint8_t *data, size_t len, struct asn1_value *out)
{
	struct asn1_value v = { .td = td, .memory = talloc_new(NULL) };
	asn_dec_rval_t got;

	if (len > APER_INPUT_MAX)
		return -E2BIG;
	talloc_asn1_ctx = v.memory;
	got = ber_decode(NULL, (asn_TYPE_descriptor_t *)(uintptr_t)td, &v.root, data, len);
	talloc_asn1_ctx = NULL;
	v.consumed = got.consumed;
	if (got.code != RC_OK) {
		asn1_end(&v);
		return -EBADMSG;
	}
	*out = v;
	return 0;
}

int asn1_decode(const struct asn_TYPE_descriptor_s *td, const uint8_t *data, size_t len, struct asn1_value *out)
{
	struct aper_message *m;
	int err;

	if (is_h248(td))
		return decode_ber(td, data, len, out);
	err = aper_read(td, data, len, &m);
	if (!err)
		*out = (struct asn1_value){ .td = td, .root = aper_root(m), .consumed = aper_consumed(m), .m = m };
	return err;
}

struct sink {
	uint8_t *p;
	size_t n, cap;
};

static int put(const void *data, size_t len, void *key)
{
	struct sink *s = key;

	if (len > s->cap - s->n)
		return -1;
	memcpy(s->p + s->n, data, len);
	s->n += len;
	return 0;
}

long asn1_encode(const struct asn1_value *v, uint8_t *out, size_t cap)
{
	struct sink s = { .p = out, .cap = cap };
	asn_enc_rval_t done;

	if (v->m)
		return aper_write(v->m, out, cap);
	talloc_asn1_ctx = v->memory;
	done = der_encode((asn_TYPE_descriptor_t *)(uintptr_t)v->td, v->root, put, &s);
	talloc_asn1_ctx = NULL;
	return done.encoded < 0 ? -EINVAL : (long)s.n;
}

void asn1_end(struct asn1_value *v)
{
	aper_free(v->m);
	talloc_free(v->memory);
	*v = (struct asn1_value){ 0 };
}
