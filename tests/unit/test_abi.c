#include "abi.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

static int init(const struct pn_services *svc, struct pn_host *h, void **self)
{
	(void)svc, (void)h, (void)self;
	return 0;
}

static int prepare(void *self, const struct pn_conf *conf, struct pn_conf_errors *e, void **next)
{
	(void)self, (void)conf, (void)e, (void)next;
	return 0;
}

static void commit(void *self, void *next)
{
	(void)self, (void)next;
}

static void on_message(void *self, const struct pn_msg *m)
{
	(void)self, (void)m;
}

static void unload(void *self)
{
	(void)self;
}

#define GOOD \
	.size = sizeof(struct pn_module), .major = PN_ABI_MAJOR, .minor = PN_ABI_MINOR, .name = "toy", \
	.init = init, .prepare = prepare, .commit = commit, .discard = commit, \
	.on_message = on_message, .unload = unload

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#ifdef __clang__
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#endif
static const struct {
	struct pn_module table;
	const char *name, *want; /* NULL: accepted */
} row[] = {
	{ { GOOD }, "toy", NULL },
	{ { GOOD }, NULL, NULL },
	{ { GOOD, .size = sizeof(struct pn_module) + 64 }, "toy", NULL }, /* a longer tail is not read */
	{ { GOOD, .size = 0 }, "toy",
	  "x.so: its table has 0 octets: expected 176 or more (its ABI unknown, ours 1.0)" },
	{ { GOOD, .size = offsetof(struct pn_module, default_route) }, "toy", NULL }, /* as ABI 1.0 was */
	{ { GOOD, .size = offsetof(struct pn_module, unload) }, "toy",
	  "x.so: its table has 168 octets: expected 176 or more (its ABI 1.0, ours 1.0)" },
	{ { GOOD, .major = 2 }, "toy", "x.so: the major versions differ (its ABI 2.0, ours 1.0)" },
	{ { GOOD, .major = 0 }, "toy", "x.so: the major versions differ (its ABI 0.0, ours 1.0)" },
	{ { GOOD, .minor = 1 }, "toy", "x.so: it needs a newer Postern (its ABI 1.1, ours 1.0)" },
	{ { GOOD, .name = NULL }, "toy", "x.so: it has no name (its ABI 1.0, ours 1.0)" },
	{ { GOOD, .name = "" }, NULL, "x.so: it has no name (its ABI 1.0, ours 1.0)" },
	{ { GOOD }, "sip", "x.so: it is module \"toy\": expected \"sip\" (its ABI 1.0, ours 1.0)" },
	{ { GOOD, .caps = 0x30 }, "toy",
	  "x.so: it needs capabilities 0x30: this Postern has none (its ABI 1.0, ours 1.0)" },
	{ { GOOD, .init = NULL }, "toy",
	  "x.so: required operations are missing: init (its ABI 1.0, ours 1.0)" },
	{ { GOOD, .prepare = NULL, .commit = NULL, .discard = NULL }, "toy",
	  "x.so: required operations are missing: prepare, commit, discard (its ABI 1.0, ours 1.0)" },
	{ { GOOD, .on_message = NULL, .unload = NULL }, "toy",
	  "x.so: required operations are missing: on_message, unload (its ABI 1.0, ours 1.0)" },
	{ { GOOD, .n_counters = 1 }, "toy", "x.so: it counts 1 counters and has none (its ABI 1.0, ours 1.0)" },
	/* the first of several reasons is told */
	{ { GOOD, .major = 2, .minor = 9, .name = NULL, .init = NULL }, "toy",
	  "x.so: the major versions differ (its ABI 2.9, ours 1.0)" },
};
#pragma GCC diagnostic pop

Test(abi, refuses_with_a_reason)
{
	for (size_t i = 0; i < ROWS(row); i++) {
		char why[ABI_REASON] = "";
		int err = abi_check(&row[i].table, "x.so", row[i].name, why, sizeof(why));

		cr_expect(eq(int, err, row[i].want ? -EINVAL : 0), "row %zu", i);
		cr_expect(eq(str, why, (char *)(row[i].want ? row[i].want : "")), "row %zu", i);
	}
}

/* Nothing past `size` may be touched: the rest of the page is not there. */
Test(abi, reads_no_more_than_size)
{
	struct pn_module *short_one = malloc(8);
	struct pn_module copy;
	char why[ABI_REASON];

	memset(short_one, 0, 8);
	memcpy(short_one, &(uint32_t){ 8 }, 4);
	cr_expect(eq(int, abi_check(short_one, "x.so", "toy", why, sizeof(why)), -EINVAL));
	abi_copy(short_one, &copy);
	cr_expect(eq(u32, copy.size, 8));
	cr_expect(eq(ptr, (void *)copy.name, NULL));
	free(short_one);

	short_one = malloc(4);
	memcpy(short_one, &(uint32_t){ 4 }, 4);
	cr_expect(eq(int, abi_check(short_one, "x.so", "toy", why, sizeof(why)), -EINVAL));
	free(short_one);
}

Test(abi, finds_the_file)
{
	static const struct {
		const char *dir, *name, *path, *want; /* want NULL: refused */
	} files[] = {
		{ "/m", "sip", NULL, "/m/sip.so" },
		{ "/m", "my-module_2.x", NULL, "/m/my-module_2.x.so" },
		{ "/m", "sip", "/opt/other.so", "/opt/other.so" },
		{ "/m", "", NULL, NULL },
		{ "/m", "../sip", NULL, NULL },
		{ "/m", ".sip", NULL, NULL },
		{ "", "sip", NULL, POSTERN_MODULEDIR "/sip.so" },
	};

	for (size_t i = 0; i < ROWS(files); i++) {
		char out[256];
		int err;

		setenv("POSTERN_MODULEDIR", files[i].dir, 1);
		err = abi_file(files[i].name, files[i].path, out, sizeof(out));
		cr_expect(eq(int, err, files[i].want ? 0 : -EINVAL), "row %zu", i);
		if (!err)
			cr_expect(eq(str, out, (char *)files[i].want), "row %zu", i);
	}
	char tiny[8];

	cr_expect(eq(int, abi_file("sip", "/opt/other.so", tiny, sizeof(tiny)), -EINVAL));
}
