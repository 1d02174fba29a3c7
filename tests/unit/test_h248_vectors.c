/* Messages that nobody here wrote (outside.h): OTP's and the RFC's texts are read or refused as OTP
 * does, random BER of all types is read whole; what is changed and changed back gives the same
 * octets. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "outside.h"

static char data[200000], out[TEXT_MAX];

/* What OTP refuses, and we do. It also refuses four of the RFC's own, which are read here: an
 * empty Signals, a ServiceChange without a reason, a comment behind a comma. */
static const struct {
	const char *prefix;
	int err;
} refused[] = {
	{ "0001-", -EBADMSG }, { "0002-", -EBADMSG }, { "0025-", -EBADMSG },
	{ "0027-", -EBADMSG }, { "0041-", -EBADMSG }, { "0042-", -EPROTONOSUPPORT },
};

static int expected(const char *name)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (!strncmp(name, refused[i].prefix, strlen(refused[i].prefix)))
			return refused[i].err;
	return 0;
}

/* Another id everywhere, and another line in each description. */
static void change(struct msg *m)
{
	for (uint32_t i = 0; i < m->n_items; i++) {
		struct msg_item *item = &m->item[i];
		struct text t = { 0 };

		if (item->kind == MSG_ID)
			msg_put_id(item, item->id ^ 0x55);
		if ((item->kind != MSG_LOCAL && item->kind != MSG_REMOTE) || !item->sdp.len)
			continue;
		text_add(&t, item->sdp);
		text_put(&t, "a=more:1\r\n");
		msg_put_sdp(item, str_dup(text_str(&t)));
		text_free(&t);
	}
}

static void change_back(struct msg *m, const struct msg *was)
{
	for (uint32_t i = 0; i < m->n_items; i++) {
		if (m->item[i].kind == MSG_ID)
			msg_put_id(&m->item[i], was->item[i].id);
		if (m->item[i].kind == MSG_LOCAL || m->item[i].kind == MSG_REMOTE)
			msg_put_sdp(&m->item[i], str_dup(was->item[i].sdp));
	}
}

/* A number that is not written in the shortest way comes back in it. */
static bool has_odd_ids(const struct msg *m)
{
	for (uint32_t i = 0; i < m->n_items; i++)
		if (m->item[i].kind == MSG_ID && !m->item[i].len)
			return true;
	return false;
}

static void expect_lossless(struct msg *m, const char *name, size_t n)
{
	long len = msg_write(m, out, sizeof(out));
	struct msg *changed = NULL;

	cr_assert(eq(int, (int)len, (int)n), "%s", name);
	cr_expect(zero(int, memcmp(out, data, n)), "%s", name);
	change(m);
	len = msg_write(m, out, sizeof(out));
	cr_assert(ge(int, (int)len, 0), "%s", name);
	cr_expect(not(msg_changed(m) && (size_t)len == n && !memcmp(out, data, n)), "%s", name);
	msg_parse(out, (size_t)len, &changed);
	cr_assert(eq(u32, changed->n_items, m->n_items), "%s: %s", name, changed->why);
	change_back(changed, m);
	len = msg_write(changed, out, sizeof(out));
	if (!has_odd_ids(m)) {
		cr_assert(eq(int, (int)len, (int)n), "%s: changed back", name);
		cr_expect(zero(int, memcmp(out, data, n)), "%s: changed back", name);
	}
	msg_free(changed);
}

static size_t play_folder(const char *folder)
{
	char path[4096], file[4608];
	struct dirent *d;
	size_t seen = 0;
	DIR *dir;

	outside_path(folder, path, sizeof(path));
	dir = opendir(path);
	cr_assert(ne(ptr, dir, NULL));
	while ((d = readdir(dir))) {
		struct msg *m = NULL;
		size_t n;
		FILE *f;

		if (d->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, d->d_name);
		f = fopen(file, "rb");
		cr_assert(ne(ptr, f, NULL));
		n = fread(data, 1, sizeof(data), f);
		fclose(f);
		cr_expect(eq(int, msg_parse(data, n, &m), expected(d->d_name)), "%s: %s", d->d_name,
			  m && m->why ? m->why : "");
		if (!expected(d->d_name))
			expect_lossless(m, d->d_name, n);
		msg_free(m);
		seen++;
	}
	closedir(dir);
	return seen;
}

Test(h248_vectors, texts_of_otp)
{
	cr_expect(ge(sz, play_folder("h248/h248-otp-text"), 45));
}

Test(h248_vectors, texts_of_the_rfc)
{
	cr_expect(ge(sz, play_folder("h248/h248-rfc3015"), 28));
}

static size_t unhex(const char *hex)
{
	size_t n = 0;
	unsigned v;

	for (; sscanf(hex, "%2x", &v) == 1; hex += 2)
		data[n++] = (char)v;
	return n;
}

/* They are of random versions, mostly none that is spoken: that is found last. */
Test(h248_vectors, random_ber)
{
	static char line[300000];
	char path[4096];
	size_t seen = 0;
	FILE *f;

	outside_path("h248/vectors/ber-v3.txt", path, sizeof(path));
	f = fopen(path, "r");
	cr_assert(ne(ptr, f, NULL));
	while (fgets(line, sizeof(line), f)) {
		const char *hex = strchr(line, ' ');
		struct msg *m = NULL;
		size_t n;
		int err;

		cr_assert(ne(ptr, (void *)hex, NULL));
		n = unhex(hex + 1);
		err = msg_parse(data, n, &m);
		seen++;
		/* one has a name longer than any domain's */
		if (m->n_items)
			cr_expect(err == 0 || err == -EPROTONOSUPPORT, "line %zu: %s", seen,
				  m->why);
		if (m->n_items && !m->why)
			expect_lossless(m, "vector", n);
		msg_free(m);
	}
	fclose(f);
	cr_expect(eq(sz, seen, 600));
}
