/* SDP and edits are the core's own; its edits.c is part of this file so that what was edited can be
 * looked at. */
#include "module_fake_parts.h"

#include "edits.c"
#include "sdp.h"

static struct pn_edits *f_edits_new(struct pn_host *h)
{
	(void)h;
	return edits_new();
}

void fake_edits_reset(void)
{
	for (size_t i = 0; i < fake.n_edits; i++)
		free(fake.edits[i].text);
	free(fake.edits);
	fake.edits = NULL;
	fake.n_edits = 0;
}

static void keep_edits(const struct pn_edits *e)
{
	fake_edits_reset();
	fake.edits = calloc(e->n + 1, sizeof(*fake.edits));
	for (size_t i = 0; i < e->n; i++) {
		const struct edit *d = &e->list[i];
		char *text = calloc(1, d->text_len + 1);

		if (d->text_len)
			memcpy(text, e->text + d->text, d->text_len);
		fake.edits[i] = (struct fake_edit){ d->at, d->len, text, d->text_len };
	}
	fake.n_edits = e->n;
}

static long f_edits_apply(const struct pn_edits *e, const void *in, size_t len, void *out,
			  size_t cap)
{
	keep_edits(e);
	return edits_apply(e, in, len, out, cap);
}

void fake_text_services(struct pn_services *s)
{
	s->sdp_scan = sdp_scan;
	s->sdp_write = sdp_write;
	s->sdp_check = sdp_check;
	s->edits_new = f_edits_new;
	s->edit = edits_add;
	s->edits_delta = edits_delta;
	s->edits_apply = f_edits_apply;
	s->edits_free = edits_free;
}
