/* What must hold of any message of H.248, in both codings. */
#ifndef FUZZ_H248_FUZZ_H
#define FUZZ_H248_FUZZ_H

#include <stdlib.h>
#include <string.h>

#include "msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void h248_put_range(struct msg_item *item)
{
	struct msg_run *run = calloc(1, sizeof(*run));

	if (!run)
		abort();
	*run = (struct msg_run){ 1000, 4294967295u };
	msg_put_runs(item, run, 1);
}

static void h248_replace(struct msg *m)
{
	struct mid mid = { .form = MID_IP,
			   .port = 10000,
			   .addr = { .family = 4, .ip = { 192, 0, 2, 5 } } };
	struct mid port = { .form = MID_PORT, .port = 10000 };

	for (uint32_t i = 0; i < m->n_items; i++) {
		struct msg_item *item = &m->item[i];

		if (item->kind == MSG_ID)
			msg_put_id(item, item->id ^ 0x80);
		else if (item->kind == MSG_ID_RANGE)
			h248_put_range(item);
		else if (item->kind == MSG_LOCAL || item->kind == MSG_REMOTE)
			msg_put_sdp(item, str_dup(str_of("v=0\r\nc=IN IP4 192.0.2.5\r\n")));
		else
			msg_put_mid(item, item->mid.form == MID_PORT ? &port : &mid);
	}
}

static void h248_same_shape(const struct msg *a, const struct msg *b)
{
	if (a->n_tx != b->n_tx || a->n_actions != b->n_actions || a->n_commands != b->n_commands ||
	    a->n_items != b->n_items)
		abort();
	for (uint32_t i = 0; i < a->n_commands; i++)
		if (!str_eq(a->command[i].term, b->command[i].term) ||
		    a->command[i].verb != b->command[i].verb)
			abort();
}

static int h248_fuzz(const uint8_t *data, size_t size)
{
	static char out[3 * TEXT_MAX];
	struct msg *m = NULL, *again = NULL;
	long len;
	int err = msg_parse(data, size, &m);

	if (!err) {
		len = msg_write(m, out, sizeof(out));
		if (len != (long)size || memcmp(out, data, size))
			abort();
		h248_replace(m);
		len = msg_write(m, out, sizeof(out));
		if (len < 0)
			abort();
		if (len <= (long)TEXT_MAX && msg_parse(out, (size_t)len, &again))
			abort();
		if (again)
			h248_same_shape(m, again);
	}
	msg_free(again);
	msg_free(m);
	return 0;
}

#endif
