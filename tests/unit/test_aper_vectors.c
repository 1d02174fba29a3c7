/* Messages that others made, and that Erlang made of our modules: each decodes and encodes to the same octets,
 * and its address leaves lie where they are said to. */
#include "aper_kit.h"
#include "outside.h"

static uint8_t out[KIT_MAX];

static bool leaf_lies_there(const struct aper_leaf *leaf, const struct octets *in)
{
	size_t octets = leaf->family == 4 ? 4 : 16;
	const uint8_t *port = in->p + leaf->at + octets;

	return leaf->at < in->n && in->n - leaf->at >= octets + 2 && !memcmp(in->p + leaf->at, leaf->ip, octets) &&
	       (port[0] << 8 | port[1]) == *leaf->port;
}

/* What is wrong, or NULL. */
static const char *judge(const asn_TYPE_descriptor_t *td, const struct octets *in)
{
	struct aper_message *m = NULL;
	const struct aper_leaf *leaf;
	const char *wrong = NULL;
	size_t n;
	long written;

	if (!td)
		return "no such type";
	if (aper_read(td, in->p, in->n, &m))
		return "does not decode";
	written = aper_write(m, out, sizeof(out));
	if (written != (long)in->n || memcmp(out, in->p, in->n))
		wrong = "encodes to something else";
	n = aper_leaves(m, &leaf);
	for (size_t i = 0; i < n; i++)
		if (!leaf_lies_there(&leaf[i], in))
			wrong = "has a leaf elsewhere";
	aper_free(m);
	return wrong;
}

/* At least so many lines. */
static void judge_file(const char *path, size_t at_least)
{
	FILE *f = fopen(path, "r");
	char *line = NULL, *save;
	size_t cap = 0, n = 0;

	cr_assert(ne(ptr, f, NULL), "%s", path);
	while (getline(&line, &cap, f) > 0) {
		const char *type = strtok_r(line, " \n", &save), *hex = strtok_r(NULL, " \n", &save), *wrong;
		struct octets in;

		if (!type || !hex || *type == '#')
			continue;
		in = octets_of(hex);
		wrong = judge(types_find(type), &in);
		cr_expect(eq(ptr, (void *)wrong, NULL), "%s, vector %zu: %s %s", path, n, type, wrong);
		free(in.p);
		n++;
	}
	cr_expect(ge(sz, n, at_least), "%s", path);
	free(line);
	fclose(f);
}

Test(aper_vectors, of_others)
{
	static const struct {
		const char *name;
		size_t lines;
	} row[] = {
		{ "h323/real/messages.txt", 32 },
		{ "h323/real/generated-setup-faststart.txt", 1 },
		{ "h323/vectors/ras-and-user-information.txt", 395 },
		{ "h323/vectors/system-control.txt", 497 },
		{ "h323/vectors/per-type.txt", 4668 },
		{ "h323/vectors/future-extensions.txt", 600 },
	};
	char path[4096];

	for (size_t i = 0; i < ROWS(row); i++) {
		outside_path(row[i].name, path, sizeof(path));
		judge_file(path, row[i].lines);
	}
}

Test(aper_vectors, of_our_own)
{
	static const char *const names[] = { "h323.txt", "h323-other.txt" };
	const char *srcdir = getenv("srcdir");
	char path[4096];

	for (size_t i = 0; i < ROWS(names); i++) {
		snprintf(path, sizeof(path), "%s/tests/asn1/vectors/%s", srcdir ? srcdir : ".", names[i]);
		judge_file(path, 500);
	}
}
