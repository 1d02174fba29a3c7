#include "aper_codec.h"
#include <BIT_STRING.h>
#include <OCTET_STRING.h>
#include <errno.h>

/* Longer than two octets or of variable length: begins at an octet (16.9 to 16.11, 17.6 to 17.8). */
static bool is_aligned(const struct aper_size *size, unsigned bits)
{
	return !aper_size_fixed(size) || size->ub * bits > 16;
}

/* Characters are not aligned either where they vary within less than two octets (30.5.6, 30.5.7). None are
 * aligned like some: the text makes no exception, nor does Erlang. */
static bool are_aligned(const struct aper_size *size, unsigned bits)
{
	if (aper_size_fixed(size))
		return size->ub * bits > 16;
	return !size->bounded || size->ub * bits >= 16;
}

/* The structs of libasn1c want a pointer to what may be written; it is our copy of the input. */
static int hold(OCTET_STRING_t *to, const struct aper_run *run, size_t octets)
{
	if (octets > INT_MAX)
		return -E2BIG;
	to->buf = (uint8_t *)(uintptr_t)run->p;
	to->size = (int)octets;
	return 0;
}

static bool is_sound(const OCTET_STRING_t *s)
{
	return s->size >= 0 && (s->buf || !s->size);
}

int aper_decode_octets(struct aper_decoder *d, const struct aper_slot *slot, void *at)
{
	struct aper_size size = aper_size(slot->limits);
	struct aper_run run = { .bits = 8, .align = is_aligned(&size, 8) };
	int err = aper_take_run(d, size, &run);

	return err ? err : hold(at, &run, run.n);
}

int aper_encode_octets(struct aper_encoder *e, const struct aper_slot *slot, const void *at)
{
	const OCTET_STRING_t *s = at;
	struct aper_size size = aper_size(slot->limits);
	struct aper_run run = { .p = s->buf, .n = (size_t)s->size, .bits = 8, .align = is_aligned(&size, 8) };

	return is_sound(s) ? aper_put_run(e, size, &run) : -EINVAL;
}

int aper_decode_bits(struct aper_decoder *d, const struct aper_slot *slot, void *at)
{
	BIT_STRING_t *to = at;
	struct aper_size size = aper_size(slot->limits);
	struct aper_run run = { .bits = 1, .align = is_aligned(&size, 1) };
	int err = aper_take_run(d, size, &run);

	if (err)
		return err;
	to->buf = (uint8_t *)(uintptr_t)run.p;
	to->size = (int)((run.n + 7) / 8);
	to->bits_unused = (int)(-run.n & 7);
	return 0;
}

int aper_encode_bits(struct aper_encoder *e, const struct aper_slot *slot, const void *at)
{
	const BIT_STRING_t *s = at;
	struct aper_size size = aper_size(slot->limits);
	struct aper_run run = { .p = s->buf, .bits = 1, .align = is_aligned(&size, 1) };

	if (s->size < 0 || (!s->buf && s->size) || s->bits_unused < 0 || s->bits_unused > 7 ||
	    (!s->size && s->bits_unused))
		return -EINVAL;
	run.n = (size_t)s->size * 8 - (size_t)s->bits_unused;
	return aper_put_run(e, size, &run);
}

int aper_decode_text(struct aper_decoder *d, const struct aper_slot *slot, void *at)
{
	struct aper_run run = { .bits = 8 };
	int err = aper_take_run(d, (struct aper_size){ 0 }, &run);

	(void)slot;
	return err ? err : hold(at, &run, run.n);
}

int aper_encode_text(struct aper_encoder *e, const struct aper_slot *slot, const void *at)
{
	const OCTET_STRING_t *s = at;
	struct aper_run run = { .p = s->buf, .n = (size_t)s->size, .bits = 8 };

	(void)slot;
	return is_sound(s) ? aper_put_run(e, (struct aper_size){ 0 }, &run) : -EINVAL;
}

/* From codes as they came to characters of the C type, most significant octet first. */
static int spell(struct aper_decoder *d, const struct aper_alphabet *a, struct aper_run *run)
{
	struct aper_reader codes = { .p = run->p, .end = run->n * run->bits };
	void *text;
	uint8_t *to;
	int err = aper_new(d->m, run->n * a->octets, &text);

	if (err)
		return err;
	to = text;
	run->p = text;
	while (codes.at < codes.end) {
		uint64_t code;
		int64_t character = aper_take(&codes, run->bits, &code) ? -1 : aper_character(a, code);

		if (character < 0)
			return -EBADMSG;
		for (unsigned i = a->octets; i--;)
			*to++ = (uint8_t)(character >> i * 8);
	}
	return 0;
}

int aper_decode_characters(struct aper_decoder *d, const struct aper_slot *slot, void *at)
{
	struct aper_alphabet a = aper_alphabet(slot);
	struct aper_size size = aper_size(slot->limits);
	struct aper_run run = { .bits = a.bits, .align = are_aligned(&size, a.bits) };
	int err = aper_take_run(d, size, &run);

	if (!err && a.bits != a.octets * 8)
		err = spell(d, &a, &run);
	return err ? err : hold(at, &run, run.n * a.octets);
}

int aper_encode_characters(struct aper_encoder *e, const struct aper_slot *slot, const void *at)
{
	const OCTET_STRING_t *s = at;
	struct aper_alphabet a = aper_alphabet(slot);
	struct aper_size size = aper_size(slot->limits);
	struct aper_run run = { .p = s->buf, .bits = a.bits, .align = are_aligned(&size, a.bits) };

	if (!is_sound(s) || (unsigned)s->size % a.octets)
		return -EINVAL;
	run.n = (unsigned)s->size / a.octets;
	run.alphabet = a.bits == a.octets * 8 ? NULL : &a;
	return aper_put_run(e, size, &run);
}
