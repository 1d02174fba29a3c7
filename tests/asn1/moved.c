/* Messages whose addresses are set to others: what Erlang encodes with these must come out.
 *
 *   moved FILE
 *
 * A line is `TYPE HEX CHANGED-HEX`, in aligned PER: all transport addresses of HEX are set to 203.0.113.77 or
 * 2001:db8::4d, port 40000, and CHANGED-HEX must come out. Prints a line per difference and ends with `N of M
 * as expected`; exit status 1 if some differ. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aper.h"
#include "types.h"

static uint8_t out[4 * APER_INPUT_MAX];

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

/* What is wrong, NULL if nothing is. */
static const char *judge(const struct asn_TYPE_descriptor_s *td, struct octets in, struct octets want)
{
	struct aper_message *m = NULL;
	long written;
	int err = aper_read(td, in.data, in.len, &m);

	if (err)
		return strerror(-err);
	move_addresses(m);
	written = aper_write(m, out, sizeof(out));
	aper_free(m);
	if (written < 0)
		return strerror((int)-written);
	return (size_t)written == want.len && !memcmp(out, want.data, want.len) ? NULL : "other octets come out";
}

static const char *judge_line(char *line)
{
	char *save = NULL, *name = strtok_r(line, " \n", &save), *hex = strtok_r(NULL, " \n", &save),
	     *changed = strtok_r(NULL, " \n", &save);
	const struct asn_TYPE_descriptor_s *td = name ? types_find(name) : NULL;
	struct octets in, want;
	const char *wrong = "no memory";

	if (!td || !hex || !changed)
		return "no line of ours";
	in = octets_of(hex);
	want = octets_of(changed);
	if (in.data && want.data)
		wrong = judge(td, in, want);
	free(in.data);
	free(want.data);
	return wrong;
}

int main(int argc, char **argv)
{
	FILE *f = argc == 2 ? fopen(argv[1], "r") : NULL;
	size_t cap = 0, lines = 0, good = 0;
	char *line = NULL;

	if (!f) {
		fprintf(stderr, "usage: moved FILE\n");
		return 2;
	}
	while (getline(&line, &cap, f) > 0) {
		const char *wrong = judge_line(line);

		lines++;
		good += !wrong;
		if (wrong)
			printf("message %zu, %s: %s\n", lines, line, wrong);
	}
	free(line);
	fclose(f);
	printf("%zu of %zu as expected\n", good, lines);
	return good != lines;
}
