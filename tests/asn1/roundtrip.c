/* Decodes and encodes messages of a file; the same octets must come out.
 *
 *   roundtrip per|ber FILE
 *
 * A line is `TYPE HEX` or, aligned PER only, `TYPE HEX CHANGED-HEX`: then all transport addresses are set to
 * 203.0.113.77 or 2001:db8::4d, port 40000, and CHANGED-HEX must come out. Prints a line per difference and
 * ends with `N of M identical`; exit status 1 if some differ. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <asn_application.h>
#include <talloc.h>

#include "aper.h"
#include "types.h"

#define MESSAGE_MAX (1u << 20)

static uint8_t out[MESSAGE_MAX];

struct octets {
	uint8_t *data;
	size_t len;
};

static struct octets octets_of(const char *hex)
{
	struct octets o = { malloc(strlen(hex) / 2 + 1), 0 };

	while (o.data && sscanf(hex, "%2hhx", o.data + o.len) == 1) {
		o.len++;
		hex += 2;
	}
	return o;
}

static const char *same(long written, const struct octets *want, const char *what)
{
	if (written < 0)
		return strerror((int)-written);
	return (size_t)written == want->len && !memcmp(out, want->data, want->len) ? NULL : what;
}

static void move_addresses(struct aper_message *m)
{
	static const uint8_t ip4[4] = { 203, 0, 113, 77 };
	static const uint8_t ip6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x4d };
	const struct aper_leaf *list;
	size_t n = aper_leaves(m, &list);

	for (size_t i = 0; i < n; i++) {
		memcpy(list[i].ip, list[i].family == 4 ? ip4 : ip6, list[i].family == 4 ? 4 : 16);
		*list[i].port = 40000;
	}
}

/* What is wrong, NULL if nothing is. changed may be empty. */
static const char *judge_per(const asn_TYPE_descriptor_t *td, struct octets in, struct octets changed)
{
	struct aper_message *m = NULL;
	const char *wrong;
	int err = aper_read(td, in.data, in.len, &m);

	if (err)
		return strerror(-err);
	wrong = aper_consumed(m) == in.len ? NULL : "octets are left over";
	if (!wrong)
		wrong = same(aper_write(m, out, sizeof(out)), &in, "other octets come out");
	if (!wrong && changed.len) {
		move_addresses(m);
		wrong = same(aper_write(m, out, sizeof(out)), &changed, "other octets come out after the change");
	}
	aper_free(m);
	return wrong;
}

static int put(const void *data, size_t len, void *key)
{
	size_t *at = key;

	if (len > sizeof(out) - *at)
		return -1;
	memcpy(out + *at, data, len);
	*at += len;
	return 0;
}

static const char *judge_ber(const asn_TYPE_descriptor_t *td, struct octets in, struct octets changed)
{
	void *message = NULL;
	size_t written = 0;
	const char *wrong = NULL;
	asn_dec_rval_t got;

	(void)changed;
	talloc_asn1_ctx = talloc_new(NULL);
	got = ber_decode(NULL, (asn_TYPE_descriptor_t *)td, &message, in.data, in.len);
	if (got.code != RC_OK || got.consumed != in.len)
		wrong = "does not decode";
	else if (der_encode((asn_TYPE_descriptor_t *)td, message, put, &written).encoded < 0)
		wrong = "does not encode";
	else
		wrong = same((long)written, &in, "other octets come out");
	talloc_free(talloc_asn1_ctx);
	talloc_asn1_ctx = NULL;
	return wrong;
}

static const char *judge_line(char *line, bool per)
{
	char *save = NULL, *name = strtok_r(line, " \n", &save), *hex = strtok_r(NULL, " \n", &save),
	     *changed_hex = strtok_r(NULL, " \n", &save);
	const asn_TYPE_descriptor_t *td = name ? types_find(name) : NULL;
	struct octets in, changed;
	const char *wrong = "no memory";

	if (!td || !hex)
		return "no such type";
	in = octets_of(hex);
	changed = octets_of(changed_hex ? changed_hex : "");
	if (in.data && changed.data)
		wrong = per ? judge_per(td, in, changed) : judge_ber(td, in, changed);
	free(in.data);
	free(changed.data);
	return wrong;
}

int main(int argc, char **argv)
{
	bool per = argc == 3 && !strcmp(argv[1], "per");
	FILE *f = per || (argc == 3 && !strcmp(argv[1], "ber")) ? fopen(argv[2], "r") : NULL;
	size_t cap = 0, lines = 0, good = 0;
	char *line = NULL;

	if (!f) {
		fprintf(stderr, "usage: roundtrip per|ber FILE\n");
		return 2;
	}
	while (getline(&line, &cap, f) > 0) {
		const char *wrong;

		if (*line == '#' || *line == '\n')
			continue;
		wrong = judge_line(line, per);
		lines++;
		good += !wrong;
		if (wrong)
			printf("message %zu, %s: %s\n", lines, line, wrong);
	}
	free(line);
	fclose(f);
	printf("%zu of %zu identical\n", good, lines);
	return good != lines;
}
