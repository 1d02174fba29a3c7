#include "aper_codec.h"
#include <errno.h>
#include <string.h>

/* What follows the value within its open type is kept too: a newer sender may have put it there. */
static int keep_tail(struct aper_decoder *d, size_t from, struct aper_part tail)
{
	size_t bits = d->in.at - from, octets = (d->in.end - from) / 8, whole = bits / 8;
	uint64_t rest = 0;

	if (bits & 7 && aper_take(&d->in, 8 - (bits & 7), &rest))
		return -EBADMSG;
	if (!bits && octets) /* 11.2.1: nothing is written as an octet of zeros */
		rest = d->in.p[from / 8];
	if (!rest && octets == (bits ? (bits + 7) / 8 : 1))
		return 0;
	tail.kind = APER_PART_TAIL;
	tail.detail = bits & 7;
	tail.p = d->in.p + from / 8 + whole;
	tail.n = octets - whole;
	return aper_keep(d->m, &tail);
}

/* Decode the contents of an open type, or leave no trace of it. */
static int decode_contents(struct aper_decoder *d, const asn_TYPE_member_t *member, void *base,
			   const struct aper_part *part)
{
	size_t parts = d->m->n_parts, leaves = d->m->n_leaves, from = d->in.at;
	int err = aper_decode_member(d, member, base);

	if (!err)
		err = keep_tail(d, from, *part);
	if (!err)
		return 0;
	d->m->n_parts = parts;
	d->m->n_leaves = leaves;
	memset((char *)base + member->memb_offset, 0,
	       member->flags & ATF_POINTER ? sizeof(void *) : aper_storage(member->type));
	return err;
}

int aper_decode_open(struct aper_decoder *d, const asn_TYPE_member_t *member, void *base,
		     struct aper_part *part)
{
	struct aper_run run = { .bits = 8 };
	struct aper_reader after;
	int err = aper_take_run(d, (struct aper_size){ 0 }, &run);

	if (err)
		return err;
	part->p = run.p;
	part->n = run.n;
	err = -EBADMSG;
	if (member) {
		after = d->in;
		/* Contents that came in pieces lie elsewhere. */
		d->in = (struct aper_reader){ .p = run.p, .end = run.n * 8 };
		err = decode_contents(d, member, base, part);
		d->in = after;
	}
	if (err == -EBADMSG)
		err = aper_keep(d->m, part);
	else
		return err;
	return err ? err : 1;
}

/* The value has been written: now what followed it, if it still ends within its octet where it did. */
static int put_tail(struct aper_encoder *e, size_t from, const struct aper_part *tail)
{
	unsigned used = (unsigned)(e->out.at & 7);
	int err;

	if (!tail || tail->detail != used)
		return e->out.at == from * 8 ? aper_put(&e->out, 8, 0) : 0;
	if (!used)
		return aper_put_octets(&e->out, tail->p, tail->n);
	err = aper_put(&e->out, 8 - used, tail->p[0]);
	return err ? err : aper_put_octets(&e->out, tail->p + 1, tail->n - 1);
}

int aper_encode_open(struct aper_encoder *e, const asn_TYPE_member_t *member, const void *base,
		     const struct aper_part *key)
{
	struct aper_part tail = *key;
	const struct aper_part *kept;
	size_t from;
	int err;

	if (!member || !aper_member(member, base)) {
		kept = aper_find(e->m, key);
		return kept ? aper_put_run(e, (struct aper_size){ 0 }, &(struct aper_run){
			.p = kept->p, .n = kept->n, .bits = 8 }) : -EINVAL;
	}
	tail.kind = APER_PART_TAIL;
	err = aper_open(&e->out, &from);
	if (!err)
		err = aper_encode_member(e, member, base);
	if (!err)
		err = put_tail(e, from, aper_find(e->m, &tail));
	return err ? err : aper_close(&e->out, from);
}
